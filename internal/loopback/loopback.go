// Package loopback finds ports on this machine for what several processes must agree on before one
// of them listens.
package loopback

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
)

// The ports lie below those that Linux gives to outgoing connections (from 32768), of which one
// could take the port of a part that is not up yet or down for a moment.
const (
	first = 20000
	last  = 32000
	tries = 1000
)

// reserved are the names that this process holds until it ends, one for each port that it found.
var (
	mu       sync.Mutex
	reserved []net.Listener
)

// FreePorts finds n different ports on 127.0.0.1 on which nothing listens now, and which no process
// that is still there was given before: who was given one may listen later.
func FreePorts(n int) ([]int, error) {
	mu.Lock()
	defer mu.Unlock()
	var ports []int
	for try := 0; len(ports) < n; try++ {
		port := first + rand.IntN(last-first)
		name, err := reserve(port)
		if err != nil && try < tries {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("no free port: %w", err)
		}
		ports, reserved = append(ports, port), append(reserved, name)
	}
	return ports, nil
}

// reserve takes the name of a port, an abstract Unix socket, which goes with the process, and looks
// whether the port is free.
func reserve(port int) (net.Listener, error) {
	name, err := net.Listen("unix", fmt.Sprintf("@jike-port-%d", port))
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		_ = name.Close() // nobody was given it
		return nil, err
	}
	return name, l.Close()
}
