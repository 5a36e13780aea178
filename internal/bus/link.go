package bus

import (
	"fmt"

	"github.com/nats-io/nats.go"
)

// Leaf is a province's leaf server as its node uses it: embedded, or one that runs apart.
type Leaf struct {
	Conn   *nats.Conn
	server *Server // nil: it runs apart
}

// OpenLeaf connects to the leaf server at url or, without one, starts it in this process.
func OpenLeaf(url string, o LeafOptions) (*Leaf, error) {
	if url != "" {
		nc, err := Dial(url, o.Seed)
		return &Leaf{Conn: nc}, err
	}
	server, err := StartLeaf(o)
	if err != nil {
		return nil, err
	}
	nc, err := server.Connect(o.Seed)
	if err != nil {
		server.Shutdown()
		return nil, err
	}
	return &Leaf{nc, server}, nil
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

// Close ends the connections and the embedded server.
func (h *Hub) Close() {
	for _, nc := range h.conns {
		nc.Close()
	}
	if h.server != nil {
		h.server.Shutdown()
	}
}
