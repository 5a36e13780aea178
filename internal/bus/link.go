package bus

import (
	"errors"
	"fmt"
	"sync"

	"github.com/nats-io/nats.go"
)

// ErrApart says that a server runs apart: its keys are changed where it is configured.
var ErrApart = errors.New("bus: the server runs apart")

// Leaf is a province's leaf server as its node uses it: embedded, or one that runs apart.
type Leaf struct {
	Conn   *nats.Conn
	server *Server // nil: it runs apart

	mu      sync.Mutex
	options LeafOptions
}

// OpenLeaf connects to the leaf server at url or, without one, starts it in this process. To an
// embedded server the node connects with a key of its own that is never stored, so that the
// province's key, which opens the link, may change.
func OpenLeaf(url string, o LeafOptions) (*Leaf, error) {
	if url != "" {
		nc, err := Dial(url, o.Seed, nats.CustomInboxPrefix(inbox(o.Province)))
		return &Leaf{Conn: nc}, err
	}
	own, err := NewSeed()
	if err != nil {
		return nil, err
	}
	o.own = own.Public()
	server, err := StartLeaf(o)
	if err != nil {
		return nil, err
	}
	nc, err := server.Connect(own)
	if err != nil {
		server.Shutdown()
		return nil, err
	}
	return &Leaf{Conn: nc, server: server, options: o}, nil
}

// Use dials the hub with another key from now on. Nothing that the leaf server stores is touched,
// and the link is there again within a second. It returns ErrApart for a server that runs apart.
func (l *Leaf) Use(seed Seed) error {
	if l.server == nil {
		return fmt.Errorf("%w: change the key in the leaf server's configuration", ErrApart)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	o := l.options
	o.Seed = seed
	if err := l.server.ReloadLeaf(o); err != nil {
		return err
	}
	l.options = o
	return nil
}

// Close ends the connection and the embedded server.
func (l *Leaf) Close() {
	l.Conn.Close()
	if l.server != nil {
		l.server.Shutdown()
	}
}

// Hub is the national hub as headquarters' node uses it: embedded, or one that runs apart. There
// is a connection for each province, in that province's account.
type Hub struct {
	conns  map[int16]*nats.Conn
	server *Server // nil: it runs apart
}

// OpenHub connects to the hub at url or, without one, starts it in this process. seeds are
// headquarters' own keys, one in each province's account.
func OpenHub(url string, o HubOptions, seeds map[int16]Seed) (*Hub, error) {
	h := &Hub{conns: map[int16]*nats.Conn{}}
	if err := h.open(url, o, seeds); err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

func (h *Hub) open(url string, o HubOptions, seeds map[int16]Seed) (err error) {
	connect := func(seed Seed) (*nats.Conn, error) { return Dial(url, seed) }
	if url == "" {
		if h.server, err = StartHub(o); err != nil {
			return err
		}
		connect = func(seed Seed) (*nats.Conn, error) { return h.server.Connect(seed) }
	}
	for province, seed := range seeds {
		if h.conns[province], err = connect(seed); err != nil {
			delete(h.conns, province)
			return err
		}
	}
	return nil
}

// Conn is the connection in a province's account.
func (h *Hub) Conn(province int16) (*nats.Conn, error) {
	nc, ok := h.conns[province]
	if !ok {
		return nil, fmt.Errorf("bus: the hub was not told of province %d", province)
	}
	return nc, nil
}

// Reload has an embedded hub admit other keys of the provinces that it knows; o differs from what it
// was opened with in nothing else. Whoever is connected with a key that is gone is cut off at once.
// It returns ErrApart for a hub that runs apart.
func (h *Hub) Reload(o HubOptions) error {
	if h.server == nil {
		return fmt.Errorf("%w: give it the accounts that `jike admin hub-accounts` prints, and a signal", ErrApart)
	}
	return h.server.ReloadHub(o)
}

// Close ends the connections and the embedded server.
func (h *Hub) Close() {
	for _, nc := range h.conns {
		nc.Close()
	}
	if h.server != nil {
		h.server.Shutdown()
	}
}
