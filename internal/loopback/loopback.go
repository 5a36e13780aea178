// Package loopback finds ports on this machine for what several processes must agree on before one
// of them listens.
package loopback

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// The ports lie below those that Linux gives to outgoing connections (from 32768), of which one
// could take the port of a part that is not up yet or down for a moment.
const (
	first = 20000
	last  = 32000
	tries = 1000
)

// FreePorts finds n different ports on 127.0.0.1 on which nothing listens now.
func FreePorts(n int) ([]int, error) {
	var ports []int
	for try := 0; len(ports) < n; try++ {
		port := first + rand.IntN(last-first)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil && try < tries {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("no free port: %w", err)
		}
		ports = append(ports, port)
		defer func() { _ = l.Close() }() // held until all are found, so that they differ
	}
	return ports, nil
}
