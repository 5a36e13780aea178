// Package bus runs and reaches the NATS servers that carry rows between the levels.
//
// The national node has the hub, every province a leaf server that dials the hub. Both keep
// JetStream in their own domain ("hub" and "p591") and fsync every message before they acknowledge
// it. Each province has one account of the same name at both ends; the hub knows a province by the
// public half of an nkey whose seed never leaves the province. Nothing is shared between accounts,
// so a stolen credential reaches its own province's traffic and no other, and of the hub's
// JetStream nothing at all: only the national node's own key of that account may use it.
//
// # Rights
//
// A province's key opens a leaf link and nothing else, with the list of subjects that sourcing,
// calls and notices need (mayPublish, mayTake). Permissions cannot hold what a server does by
// itself, though: a stream that sources answers a flow-control message on whatever subject that
// message names, also on $JS.API.STREAM.DELETE of a stream of the account. Against that the names
// of the hub's streams are secret (package stream), and nothing that the key may listen to tells
// them. Limits of each account keep one province from taking what the others need.
//
// # Changing keys
//
// Hub.Reload and Leaf.Use take other keys while everything runs: whoever is connected with a key
// that is gone is cut off at once, whoever has one that stays notices nothing. A hub that runs apart
// takes its new accounts by a signal; nats-server then admits no new link with an old key, but cuts
// off a link that is up only when it restarts.
//
// The same text configures an embedded server and a nats-server that runs apart: HubConfig and
// LeafConfig write it, StartHub and StartLeaf load exactly that text.
package bus

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// readyWait is how long a server may take to open its store and listen.
const readyWait = 30 * time.Second

// Server is an embedded nats-server.
type Server struct {
	nats    *server.Server
	role    string // hub or leaf
	dir     string
	private bool   // only reached by connections inside the process
	inbox   string // prefix of the inboxes of connections; empty: the usual one
	log     *slog.Logger
}

// StartHub starts the national hub inside this process. It fails if a port is taken, a store is
// unreadable or the server is not ready within 30 s.
func StartHub(o HubOptions) (*Server, error) {
	return start(&Server{role: "hub", dir: o.Dir, private: o.ClientListen == "", log: o.Log}, HubConfig(o))
}

// StartLeaf starts a province's leaf server inside this process and lets it dial the hub, whether
// or not the hub answers. It fails as StartHub does.
func StartLeaf(o LeafOptions) (*Server, error) {
	return start(&Server{role: "leaf", dir: o.Dir, private: o.ClientListen == "", inbox: inbox(o.Province), log: o.Log}, LeafConfig(o))
}

// start loads the text as nats-server itself would load its file, so that what is tested embedded
// is what runs apart.
func start(s *Server, text string) (*Server, error) {
	opts, err := s.load(text)
	if err != nil {
		return nil, err
	}
	if s.nats, err = server.NewServer(opts); err != nil {
		return nil, fmt.Errorf("bus: %s: %w", s.role, err)
	}
	if s.log != nil {
		s.nats.SetLoggerV2(serverLog{s.log}, false, false, false)
	}
	go s.nats.Start()
	if !s.nats.ReadyForConnections(readyWait) {
		s.nats.Shutdown()
		return nil, fmt.Errorf("bus: %s is not ready after %s", s.role, readyWait)
	}
	return s, nil
}

// load writes the text to the server's file and reads it from there.
func (s *Server) load(text string) (*server.Options, error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, fmt.Errorf("bus: %s: %w", s.role, err)
	}
	path := filepath.Join(s.dir, s.role+".conf")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("bus: %s: %w", s.role, err)
	}
	opts, err := server.ProcessConfigFile(path)
	if err != nil {
		return nil, fmt.Errorf("bus: %s: configuration: %w", s.role, err)
	}
	opts.DontListen = s.private // only by InProcessConn
	opts.NoSigs = true
	opts.NoLog = true // only to s.log
	return opts, nil
}

// reload has the running server take another text: it fails, and changes nothing, when that
// changes more than keys and rights.
func (s *Server) reload(text string) error {
	opts, err := s.load(text)
	if err != nil {
		return err
	}
	if err := s.nats.ReloadOptions(opts); err != nil {
		return fmt.Errorf("bus: %s: reload: %w", s.role, err)
	}
	return nil
}

// ReloadHub has the hub take another list of members, under the options that it was started with
// otherwise. Connections whose key is no longer in it are cut off at once.
func (s *Server) ReloadHub(o HubOptions) error {
	if err := s.reload(HubConfig(o)); err != nil {
		return err
	}
	return s.cut(o.Members)
}

// cut ends the leaf links whose key is none of the members'. nats-server does that by itself with
// clients only.
func (s *Server) cut(members []Member) error {
	admitted := map[string]bool{}
	for _, m := range members {
		admitted[m.Leaf], admitted[m.Next] = true, true
	}
	links, err := s.nats.Leafz(nil)
	if err != nil {
		return fmt.Errorf("bus: list the links: %w", err)
	}
	for _, link := range links.Leafs {
		if c := s.nats.GetLeafNode(link.ID); c != nil && !admitted[c.GetOpts().Nkey] {
			_ = s.nats.DisconnectClientByID(link.ID) // it has gone already if this fails
		}
	}
	return nil
}

// ReloadLeaf has the leaf server dial the hub with another key. What is stored and who is connected
// to the leaf server stays.
func (s *Server) ReloadLeaf(o LeafOptions) error { return s.reload(LeafConfig(o)) }

// Connect opens a connection inside the process, without a socket.
func (s *Server) Connect(seed Seed, options ...nats.Option) (*nats.Conn, error) {
	if s.inbox != "" {
		options = append(options, nats.CustomInboxPrefix(s.inbox))
	}
	return connect(s.nats.ClientURL(), seed, append(options, nats.InProcessServer(s.nats)))
}

// Dial opens a connection to servers that run apart; url may name several, separated by commas.
// It returns at once even when none answers, and goes on trying.
func Dial(url string, seed Seed, options ...nats.Option) (*nats.Conn, error) {
	return connect(url, seed, append(options, nats.RetryOnFailedConnect(true)))
}

func connect(url string, seed Seed, options []nats.Option) (*nats.Conn, error) {
	all := append([]nats.Option{
		nats.Nkey(seed.Public(), seed.Sign),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(250 * time.Millisecond),
		nats.PingInterval(5 * time.Second),
		nats.MaxPingsOutstanding(2),
		nats.ReconnectBufSize(-1), // while disconnected a publish fails at once: what waits, waits in the log
	}, options...)
	nc, err := nats.Connect(url, all...)
	if err != nil {
		return nil, fmt.Errorf("bus: connect: %w", err)
	}
	return nc, nil
}

// LeafAddress is the host:port at which the hub takes leaf links, "" for a server without.
func (s *Server) LeafAddress() string {
	o, err := s.nats.Varz(nil)
	if err != nil || o.LeafNode.Port == 0 {
		return ""
	}
	return net.JoinHostPort(o.LeafNode.Host, fmt.Sprint(o.LeafNode.Port))
}

// Shutdown stops the server after its stores are closed.
func (s *Server) Shutdown() {
	s.nats.Shutdown()
	s.nats.WaitForShutdown()
}

// ErrSeed is returned for a seed file whose content is not a user's seed.
var ErrSeed = errors.New("bus: not the seed of a user's nkey")
