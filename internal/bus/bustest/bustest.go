// Package bustest starts hubs and leaf servers for tests, on free ports and in directories of the
// test, embedded or as a process of its own that a test may kill.
package bustest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"jike/internal/bus"
	"jike/internal/loopback"
)

// Net is a hub with the keys of its provinces and the leaf servers started on it.
type Net struct {
	tb       testing.TB
	Hub      *bus.Server // nil while the hub runs apart
	options  bus.HubOptions
	leafURLs []string
	keys     string // directory of the seed files
	province map[int16]bus.Seed
	national map[int16]bus.Seed
}

// New starts an embedded hub that knows the given provinces.
func New(tb testing.TB, provinces ...int16) *Net {
	tb.Helper()
	n := prepare(tb, provinces)
	n.StartHub()
	return n
}

func prepare(tb testing.TB, provinces []int16) *Net {
	tb.Helper()
	n := &Net{tb: tb, province: map[int16]bus.Seed{}, national: map[int16]bus.Seed{}}
	n.options = bus.HubOptions{Dir: tb.TempDir(), LeafListen: FreeAddress(tb)}
	n.leafURLs = []string{"nats-leaf://" + n.options.LeafListen}
	n.keys = tb.TempDir()
	for _, code := range provinces {
		n.province[code], n.national[code] = seed(tb, n.SeedFile(code)), seed(tb, filepath.Join(n.keys, fmt.Sprintf("national-%d.nk", code)))
		n.options.Members = append(n.options.Members, bus.Member{
			Province: code, Leaf: n.province[code].Public(), National: n.national[code].Public(),
		})
	}
	return n
}

// NewOn gives provinces keys for a hub that the test starts from options, and that takes leaf links
// at the addresses.
func NewOn(tb testing.TB, leafAddresses []string, provinces ...int16) (n *Net, options bus.HubOptions) {
	tb.Helper()
	n = prepare(tb, provinces)
	n.leafURLs = nil
	for _, address := range leafAddresses {
		n.leafURLs = append(n.leafURLs, "nats-leaf://"+address)
	}
	return n, n.options
}

// StartHub starts the embedded hub again, on the same port and store.
func (n *Net) StartHub() {
	n.tb.Helper()
	hub, err := bus.StartHub(n.options)
	if err != nil {
		n.tb.Fatal(err)
	}
	n.Hub = hub
	n.tb.Cleanup(hub.Shutdown)
}

// HubDir is where the hub stores.
func (n *Net) HubDir() string { return n.options.Dir }

// Leaf starts a leaf server of a province with its store in dir, or in a new one if dir is "".
func (n *Net) Leaf(province int16, dir string) *bus.Server {
	n.tb.Helper()
	leaf, err := bus.StartLeaf(n.LeafOptions(province, dir))
	if err != nil {
		n.tb.Fatal(err)
	}
	n.tb.Cleanup(leaf.Shutdown)
	return leaf
}

// LeafOptions are the options with which Leaf starts.
func (n *Net) LeafOptions(province int16, dir string) bus.LeafOptions {
	if dir == "" {
		dir = n.tb.TempDir()
	}
	return bus.LeafOptions{Dir: dir, Province: province, Seed: n.province[province], Hubs: n.leafURLs}
}

// ProvinceSeed is the key that the hub knows as the province's.
func (n *Net) ProvinceSeed(province int16) bus.Seed { return n.province[province] }

// SeedFile is where the province keeps its key.
func (n *Net) SeedFile(province int16) string {
	return filepath.Join(n.keys, fmt.Sprintf("%d.nk", province))
}

// LeafAddress is the host:port at which the hub takes leaf links.
func (n *Net) LeafAddress() string { return n.options.LeafListen }

// NationalSeed is the key of the national node in the province's account.
func (n *Net) NationalSeed(province int16) bus.Seed { return n.national[province] }

// National connects the national node in the province's account of the embedded hub.
func (n *Net) National(province int16) *nats.Conn {
	n.tb.Helper()
	return Connect(n.tb, n.Hub, n.national[province])
}

// Connect opens an in-process connection that ends with the test.
func Connect(tb testing.TB, s *bus.Server, seed bus.Seed) *nats.Conn {
	tb.Helper()
	nc, err := s.Connect(seed)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(nc.Close)
	return nc
}

// Process is a nats-server that runs apart.
type Process struct {
	URL string // for clients
	tb  testing.TB
	bin string
	arg string
	run *exec.Cmd
}

// NewApart starts the hub as a separate nats-server process, which a test may kill.
func NewApart(tb testing.TB, provinces ...int16) (*Net, *Process) {
	tb.Helper()
	return NewApartWith(tb, func(config string) string { return config }, provinces...)
}

// NewApartWith is NewApart with a configuration that change has spoilt.
func NewApartWith(tb testing.TB, change func(config string) string, provinces ...int16) (*Net, *Process) {
	tb.Helper()
	n := prepare(tb, provinces)
	n.options.ClientListen = FreeAddress(tb)
	return n, Apart(tb, filepath.Join(n.options.Dir, "hub.conf"), change(bus.HubConfig(n.options)), n.options.ClientListen)
}

// Apart starts a nats-server of its own with a configuration, which it writes to a file; listen is
// the configuration's address for clients.
func Apart(tb testing.TB, file, config, listen string) *Process {
	tb.Helper()
	return apart(tb, Binary(tb), file, config, listen)
}

// Beside is Apart for a server of the same test.
func (p *Process) Beside(file, config, listen string) *Process {
	p.tb.Helper()
	return apart(p.tb, p.bin, file, config, listen)
}

func apart(tb testing.TB, bin, file, config, listen string) *Process {
	tb.Helper()
	p := &Process{tb: tb, URL: "nats://" + listen, arg: file, bin: bin}
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		tb.Fatal(err)
	}
	p.Start()
	tb.Cleanup(p.Kill)
	return p
}

// Start runs the server and waits until it takes connections.
func (p *Process) Start() {
	p.tb.Helper()
	p.run = exec.Command(p.bin, "-c", p.arg)
	if os.Getenv("JIKE_NATS_LOG") != "" {
		p.run.Stderr = os.Stderr
	}
	if err := p.run.Start(); err != nil {
		p.tb.Fatal(err)
	}
	deadline := time.Now().Add(20 * time.Second)
	for {
		conn, err := net.Dial("tcp", p.URL[len("nats://"):])
		if err == nil {
			_ = conn.Close()
			return
		}
		if time.Now().After(deadline) {
			p.tb.Fatalf("nats-server does not listen: %v", err)
		}
		time.Sleep(10 * time.Millisecond) // another process gives no signal
	}
}

// Kill ends the server as a power cut would (SIGKILL) and waits until it is gone.
func (p *Process) Kill() {
	if p.run == nil {
		return
	}
	_ = p.run.Process.Kill() // an error says that it is gone already
	_ = p.run.Wait()
	p.run = nil
}

// Binary is nats-server of the module that the node embeds, linked once and kept in Go's build cache.
func Binary(tb testing.TB) string {
	tb.Helper()
	var stderr strings.Builder
	build := exec.Command("go", "tool", "-n", "nats-server")
	build.Stderr = &stderr
	path, err := build.Output()
	if err != nil {
		tb.Fatalf("build nats-server: %v\n%s", err, stderr.String())
	}
	return strings.TrimSpace(string(path))
}

// FreeAddress is a loopback host:port that was free a moment ago.
func FreeAddress(tb testing.TB) string {
	tb.Helper()
	ports, err := loopback.FreePorts(1)
	if err != nil {
		tb.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", ports[0])
}

func seed(tb testing.TB, file string) bus.Seed {
	tb.Helper()
	s, err := bus.EnsureSeed(file)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}
