package faulttest

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Link is the way from a leaf server to the hub: a TCP proxy that can be cut and spoilt. Everything
// that passes is shown to a Wiretap.
//
// What it can do is what TCP makes of a bad network, seen from its ends: packets never are lost,
// they come late or the connection ends.
type Link struct {
	listener net.Listener
	target   string
	tap      *Wiretap
	bytes    atomic.Int64

	mu    sync.Mutex
	state weather
	conns map[net.Conn]bool
}

// weather is how the link is.
type weather struct {
	Down  bool
	Delay time.Duration // of every piece, each way
	Rate  int           // bytes a second and direction; 0: as fast as it goes
	// Loss is the share of 1,448-byte segments that are lost. A lost one, and all behind it, wait
	// for retransmitTime, as they would for TCP's retransmission; one in resetEvery lost segments
	// ends the connection.
	Loss float64
}

const (
	segment        = 1448
	retransmitTime = 200 * time.Millisecond
	resetEvery     = 50
)

func newLink(listen, target string, tap *Wiretap) (*Link, error) {
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, err
	}
	l := &Link{listener: listener, target: target, tap: tap, conns: map[net.Conn]bool{}}
	go l.accept()
	return l, nil
}

func (l *Link) address() string { return l.listener.Addr().String() }

func (l *Link) close() {
	_ = l.listener.Close() // it only listens
	l.set(weather{Down: true})
}

// set changes the weather; Down ends the connections.
func (l *Link) set(w weather) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = w
	if w.Down {
		l.reset()
	}
}

// reset ends all connections; the mutex is held.
func (l *Link) reset() {
	for c := range l.conns {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a reset, not an orderly end; it may be gone already
		}
		_ = c.Close()
	}
	clear(l.conns)
}

func (l *Link) weather() weather {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

func (l *Link) accept() {
	for {
		leaf, err := l.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		if l.weather().Down {
			_ = leaf.Close() // refused
			continue
		}
		hub, err := net.DialTimeout("tcp", l.target, 5*time.Second)
		if err != nil {
			_ = leaf.Close() // the hub is down
			continue
		}
		if !l.keep(leaf, hub) {
			continue
		}
		go l.carry(leaf, hub)
		go l.carry(hub, leaf)
	}
}

// keep registers a connection unless the link went down meanwhile.
func (l *Link) keep(both ...net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range both {
		l.conns[c] = true
	}
	if l.state.Down {
		l.reset()
		return false
	}
	return true
}

// carry moves what comes from one end to the other, in pieces that are late as the weather says.
// Reading goes on meanwhile: a slow network takes up what it is given.
func (l *Link) carry(from, to net.Conn) {
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		_, _ = from.Close(), to.Close() // the other direction may have closed both
		delete(l.conns, from)
		delete(l.conns, to)
	}()
	reader := l.tap.reader()
	piece := make([]byte, 16*segment)
	for {
		n, err := from.Read(piece)
		if n > 0 {
			l.bytes.Add(int64(n))
			reader.write(piece[:n])
			if !l.pass(n) {
				return
			}
			if _, err := to.Write(piece[:n]); err != nil {
				return
			}
		}
		if err != nil { // io.EOF and all others end both directions
			_ = errors.Is(err, io.EOF)
			return
		}
	}
}

// pass waits as long as n bytes take now; false ends the connection.
func (l *Link) pass(n int) bool {
	w := l.weather()
	wait := w.Delay
	if w.Rate > 0 {
		wait += time.Duration(n) * time.Second / time.Duration(w.Rate)
	}
	if w.Loss > 0 {
		for range (n + segment - 1) / segment {
			if rand.Float64() < w.Loss {
				wait += retransmitTime
				if rand.IntN(resetEvery) == 0 {
					return false
				}
			}
		}
	}
	if wait > 0 {
		time.Sleep(wait)
	}
	return !w.Down
}
