package deploy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"jike/internal/bus"
	"jike/internal/bus/bustest"
	"jike/internal/pg/pgtest"
	"jike/sync/apply"
	"jike/sync/stream"
	"jike/sync/synctest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// hub is the hub of three of deploy/nats, on this machine's free ports and in directories of the
// test.
type hub struct {
	dir     string
	servers []*bustest.Process
	clients []string // addresses
	leafs   []string
	routes  []string
}

// place puts the files of deploy/nats, with the accounts that a configuration gives, into a
// directory of the test.
func (h *hub) place(t *testing.T) (files []string, net *bustest.Net) {
	t.Helper()
	h.dir = t.TempDir()
	ports := []string{"/var/lib/jike", h.dir}
	for n := 1; n <= 3; n++ {
		client, leaf, route := bustest.FreeAddress(t), bustest.FreeAddress(t), bustest.FreeAddress(t)
		h.clients, h.leafs, h.routes = append(h.clients, client), append(h.leafs, leaf), append(h.routes, route)
		ports = append(ports, fmt.Sprintf("127.0.0.1:422%d", n), client, fmt.Sprintf("127.0.0.1:742%d", n), leaf, fmt.Sprintf("127.0.0.1:622%d", n), route,
			fmt.Sprintf("127.0.0.1:822%d", n), bustest.FreeAddress(t))
	}
	net, options := bustest.NewOn(t, h.leafs, synctest.Province)
	h.write(t, "accounts.conf", bus.HubAccounts(options))
	h.write(t, "routes.conf", fmt.Sprintf("authorization { user: hub, password: among-the-three, timeout: 5 }\nroutes: [ \"%s\" ]\n",
		"nats-route://hub:among-the-three@"+strings.Join(h.routes, `", "nats-route://hub:among-the-three@`)))
	for n := 1; n <= 3; n++ {
		name := fmt.Sprintf("hub-%d.conf", n)
		content, err := os.ReadFile(filepath.Join("nats", name))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, h.write(t, name, strings.NewReplacer(ports...).Replace(string(content))))
	}
	return files, net
}

func (h *hub) write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(h.dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// start runs the three servers.
func (h *hub) start(t *testing.T, files []string) {
	t.Helper()
	for i, file := range files {
		config, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			h.servers = append(h.servers, bustest.Apart(t, file, string(config), h.clients[i]))
		} else {
			h.servers = append(h.servers, h.servers[0].Beside(file, string(config), h.clients[i]))
		}
	}
}

func (h *hub) url() string { return "nats://" + strings.Join(h.clients, ",nats://") }

// TestTheHubOfThreeIsTheEmbeddedHub holds the files to what the node writes for its embedded server,
// except for places, and to being three of one cluster whose routes prove themselves.
func TestTheHubOfThreeIsTheEmbeddedHub(t *testing.T) {
	var h hub
	files, _ := h.place(t)
	for i, file := range files {
		apart, err := server.ProcessConfigFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := bus.HubConfig(bus.HubOptions{Dir: filepath.Join(h.dir, fmt.Sprintf("hub-%d", i+1)), LeafListen: h.leafs[i], ClientListen: h.clients[i]})
		embedded, err := server.ProcessConfigFile(h.write(t, "embedded.conf", text))
		if err != nil {
			t.Fatal(err)
		}
		what := func(o *server.Options) string {
			return fmt.Sprintln(o.Host, o.Port, o.MaxPayload, o.MaxPending, o.StoreDir, o.JetStreamDomain, o.SyncAlways, o.JetStreamMaxMemory,
				o.LeafNode.Host, o.LeafNode.Port, o.LeafNode.NoAdvertise, o.LeafNode.Compression)
		}
		if there, here := what(apart), what(embedded); there != here {
			t.Errorf("%s:\n%sembedded:\n%s", filepath.Base(file), there, here)
		}
		if c := apart.Cluster; apart.ServerName != fmt.Sprintf("hub-%d", i+1) || c.Name != "jike" || c.Password == "" || len(apart.Routes) != 3 {
			t.Errorf("%s: server %s of cluster %q with %d routes", filepath.Base(file), apart.ServerName, c.Name, len(apart.Routes))
		}
	}
}

// TestTheHubOfThreeLosesNothing kills the servers one by one while a province writes and
// headquarters applies: with two of three left nothing stops for long, with one nothing is applied,
// and all goes on by itself when there are two again. In the end both sides hold the same.
func TestTheHubOfThreeLosesNothing(t *testing.T) {
	var h hub
	files, net := h.place(t)
	h.start(t, files)
	p := synctest.NewOnHub(t, net)
	a := p.ApplyAt(h.url(), func(o *apply.Options) { o.Limits.HubReplicas = 3 })
	c := p.Capture()
	w := p.Work(7, 2)
	p.Settle()
	leaders := map[string]bool{h.leader(p): true}
	for _, server := range h.servers {
		server.Kill()
		p.Settle() // two are left: what is committed now arrives
		leaders[h.leader(p)] = true
		server.Start()
		h.whole(p)
	}
	if len(leaders) < 2 {
		t.Errorf("the leader never moved: %v", leaders)
	}
	h.servers[0].Kill()
	h.servers[1].Kill()
	before := a.It.Status().Transactions
	mark := p.Mark()
	p.Until("capture publishes while the hub is away", func() bool { return c.It.Status().Published >= mark })
	if _, at := a.It.Applied(); at >= mark {
		t.Errorf("one server of three stored what came after %s", mark)
	}
	t.Logf("%d transactions applied by then, the leaf holds the rest", before)
	h.servers[0].Start()
	h.servers[1].Start()
	p.Settle()
	w.Stop()
	p.Settle()
	p.Same()
}

// TestTheHubOfThreeSendsDown kills the servers one by one while reference data goes down: what was
// published while two were left arrives.
func TestTheHubOfThreeSendsDown(t *testing.T) {
	if os.Getenv("JIKE_LONG") == "" {
		t.Skip("takes a minute: make long")
	}
	var h hub
	files, net := h.place(t)
	h.start(t, files)
	id := stream.Identity{Province: synctest.Province, Epoch: 1, Incarnation: 1, Down: true}
	limits := stream.Limits{HubReplicas: 3}
	leaf := bustest.Connect(t, net.Leaf(synctest.Province, ""), net.ProvinceSeed(synctest.Province))
	there, err := stream.OpenHub(t.Context(), leaf, id, stream.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want := uint64(0)
	for _, away := range append([]*bustest.Process{nil}, h.servers...) {
		if away != nil {
			away.Kill()
		}
		want += 10
		eventually(t, fmt.Sprintf("%d messages are down", want), func() error {
			if err := h.publish(t, net, id, limits, want); err != nil {
				return err
			}
			last, err := there.Check(t.Context())
			if err == nil && last != want {
				err = fmt.Errorf("%d are", last)
			}
			return err
		})
		if away != nil {
			away.Start()
		}
	}
}

// publish adds messages to the stream that goes down until it has so many.
func (h *hub) publish(t *testing.T, net *bustest.Net, id stream.Identity, limits stream.Limits, want uint64) error {
	nc, err := bus.Dial(h.url(), net.NationalSeed(synctest.Province))
	if err != nil {
		return err
	}
	defer nc.Close()
	source, err := stream.OpenLeaf(t.Context(), nc, id, limits)
	if err != nil {
		return err
	}
	in := make(chan stream.Outgoing, want)
	for n := source.Last(); n < want; n++ {
		in <- stream.Outgoing{Data: []byte("a version"), Stored: func(uint64) {}}
	}
	close(in)
	return source.Pump(t.Context(), in, func(error) {})
}

// eventually waits for what other processes do.
func eventually(t *testing.T, what string, f func() error) {
	t.Helper()
	began := time.Now()
	for deadline := began.Add(2 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		err := f()
		if err == nil {
			t.Logf("%s after %s", what, time.Since(began).Round(time.Millisecond))
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s: %v", what, err)
		}
	}
}

// leader is the server that leads the province's stream.
func (h *hub) leader(p *synctest.Pair) (name string) {
	p.Helper()
	h.stream(p, "a leader", func(info *jetstream.StreamInfo) bool {
		name = info.Cluster.Leader
		return name != ""
	})
	return name
}

// whole waits until all three servers have what the leader has.
func (h *hub) whole(p *synctest.Pair) {
	p.Helper()
	h.stream(p, "all three have everything", func(info *jetstream.StreamInfo) bool {
		for _, replica := range info.Cluster.Replicas {
			if replica.Offline || !replica.Current {
				return false
			}
		}
		return info.Cluster.Leader != "" && len(info.Cluster.Replicas) == 2
	})
}

func (h *hub) stream(p *synctest.Pair, what string, fits func(*jetstream.StreamInfo) bool) {
	p.Helper()
	nc, err := bus.Dial(h.url(), p.Net.NationalSeed(synctest.Province))
	p.Must(err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	p.Must(err)
	p.Until(what, func() bool {
		list := js.ListStreams(p.Context())
		found := false
		for info := range list.Info() {
			found = strings.HasPrefix(info.Config.Name, "HUB_") && info.Cluster != nil && fits(info) || found
		}
		return found
	})
}
