package world

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"jike/internal/bus"
	"jike/internal/loopback"
	"jike/internal/pg"
	"jike/national"
	"jike/province"
	"jike/schemas/codes"
)

// layout says where things are in the world's directory.
type layout struct{ dir string }

// newLayout makes the directory. The user whom PostgreSQL runs as must be able to enter it, and
// finds its sockets by the real path.
func newLayout(dir string) (layout, error) {
	if err := errors.Join(os.MkdirAll(dir, 0o711), os.Chmod(dir, 0o711)); err != nil {
		return layout{}, err
	}
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return layout{}, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return layout{}, err
	}
	return layout{dir}, pg.CheckDir(filepath.Join(dir, "national", "pg"))
}

func (l layout) file(name ...string) string {
	return filepath.Join(append([]string{l.dir}, name...)...)
}

// state is what a later run must know of an earlier one.
type state struct {
	Separate  bool
	Customers int
	Seed      uint64
	Ports     map[string]int
}

// fixedPorts are those that the README names.
var fixedPorts = map[string]int{
	"portal national": 8000, "portal 591": 8591, "portal 571": 8571, "xml 591": 9591, "xml 571": 9571,
	"leaf": 7422, "hub": 7423,
}

// PortError says which ports something else listens on.
type PortError struct{ Taken []string }

// Error lists the ports.
func (e *PortError) Error() string {
	return "already in use by another program: " + strings.Join(e.Taken, ", ")
}

// prepare reads or makes the state and writes what the nodes are started with.
func (w *World) prepare() error {
	if err := w.readState(); err != nil {
		return err
	}
	if err := w.checkPorts(); err != nil {
		return err
	}
	if err := os.MkdirAll(w.layout.file("keys"), 0o700); err != nil {
		return err
	}
	var members []bus.Member
	hq := national.NewConfig()
	hq.Report.Movements = hq.Report.Schedule // nobody waits half an hour for a demo's first figures
	w.National = w.newNode("national", codes.Headquarters)
	for _, code := range provinces {
		n := w.newNode(code.String(), code)
		w.Provinces = append(w.Provinces, n)
		member, err := w.prepareProvince(n)
		if err != nil {
			return err
		}
		members = append(members, member)
		p := national.Province{Code: int(code), PublicKey: member.Leaf, TimeZone: "Asia/Shanghai", SeedFile: n.NationalSeed}
		if !w.options.Separate { // whoever breaks things by plan reconciles by plan
			p.Reconcile = "30 2 * * *"
		}
		hq.Provinces = append(hq.Provinces, p)
	}
	hq.Data, hq.HTTP.Listen, hq.NATS.LeafListen = w.National.Data, w.address("portal national"), w.address("leaf")
	if w.options.Separate {
		w.HubURL, w.HubDir = "nats://"+w.address("hub"), w.layout.file("hub")
		hq.NATS.URL, hq.Postgres = w.HubURL, w.National.postgres()
		hub := bus.HubOptions{Dir: w.HubDir, LeafListen: w.address("leaf"), ClientListen: w.address("hub"), Members: members}
		if err := writeJSON(w.layout.file("hub.json"), hub); err != nil {
			return err
		}
	}
	return writeConfig(w.National.Config, hq)
}

// newNode describes a node; nothing is written.
func (w *World) newNode(name string, code codes.Province) *Node {
	n := &Node{
		Name: name, Code: code, Part: Part(name), Data: w.layout.file(name), Config: w.layout.file(name + ".yaml"),
		Portal: "http://" + w.address("portal "+name),
	}
	cluster := filepath.Join(n.Data, "pg")
	n.LogFiles = []string{w.layout.file(name + ".log"), cluster + ".log"}
	for _, u := range []struct {
		url  *string
		role string
	}{{&n.OwnerURL, pg.RoleOwner}, {&n.AppURL, pg.RoleApp}, {&n.SyncURL, pg.RoleSync}, {&n.SuperuserURL, pg.Superuser}} {
		*u.url = pg.ClusterURL(cluster, u.role, pg.Database)
	}
	return n
}

// postgres are the settings of a node whose cluster runs apart.
func (n *Node) postgres() pg.Config {
	return pg.Config{OwnerURL: n.OwnerURL, AppURL: n.AppURL, SyncURL: n.SyncURL}
}

// prepareProvince writes a province's keys, secret and configuration, and gives what the hub must
// know of it.
func (w *World) prepareProvince(n *Node) (bus.Member, error) {
	seedFile := w.layout.file("keys", n.Name+".nk")
	seed, err := bus.EnsureSeed(seedFile)
	if err != nil {
		return bus.Member{}, err
	}
	member := bus.Member{Province: int16(n.Code), Leaf: seed.Public()}
	if w.options.Separate {
		n.NationalSeed = w.layout.file("keys", n.Name+"-national.nk")
		headquarters, err := bus.EnsureSeed(n.NationalSeed)
		if err != nil {
			return bus.Member{}, err
		}
		member.National = headquarters.Public()
	}
	n.Partner = Partner{
		KeyID: "boss-" + n.Name, SecretFile: w.layout.file("keys", n.Name+"-boss.secret"), Domain: "BOSS",
		Activities: []string{"T4011003", "T4990001", "T4990002"},
	}
	if err := ensureSecret(n.Partner.SecretFile); err != nil {
		return bus.Member{}, err
	}
	n.XML = "http://" + w.address("xml "+n.Name) + "/interboss"
	n.LeafDir = filepath.Join(n.Data, "leaf")

	c := province.NewConfig()
	c.Code, c.Data = int(n.Code), n.Data
	c.HTTP.Listen, c.XML.Listen = w.address("portal "+n.Name), w.address("xml "+n.Name)
	c.XML.Partners = []province.Partner{province.Partner(n.Partner)}
	c.NATS.HubURL, c.NATS.SeedFile = "nats-leaf://"+w.address("leaf"), seedFile
	c.Sync.Heartbeat = w.options.Heartbeat
	if w.options.Separate {
		c.Postgres = n.postgres()
	}
	return member, writeConfig(n.Config, c)
}

// readState finds what an earlier run left, or decides and keeps it.
func (w *World) readState() error {
	file := w.layout.file("world.json")
	content, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		w.state = state{Separate: w.options.Separate, Customers: w.options.Customers, Seed: w.options.Seed, Ports: fixedPorts}
		if w.options.FreePorts {
			if w.state.Ports, err = freePorts(); err != nil {
				return err
			}
		}
		return writeJSON(file, w.state)
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, &w.state); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if w.state.Separate != w.options.Separate {
		return fmt.Errorf("%s holds a world of the other mode (separate %t): choose another directory", w.layout.dir, w.state.Separate)
	}
	return nil
}

func (w *World) address(of string) string { return fmt.Sprintf("127.0.0.1:%d", w.state.Ports[of]) }

// checkPorts finds ports on which something listens already; a node would only say so in its log.
func (w *World) checkPorts() error {
	var taken []string
	for of := range w.state.Ports {
		if of == "hub" && !w.options.Separate {
			continue
		}
		l, err := net.Listen("tcp", w.address(of))
		if err != nil {
			taken = append(taken, fmt.Sprintf("%s (%s)", w.address(of), of))
			continue
		}
		if err := l.Close(); err != nil {
			return err
		}
	}
	if len(taken) == 0 {
		return nil
	}
	slices.Sort(taken)
	return &PortError{taken}
}

// freePorts gives each part a port that is free now.
func freePorts() (map[string]int, error) {
	ports, err := loopback.FreePorts(len(fixedPorts))
	if err != nil {
		return nil, err
	}
	free := map[string]int{}
	for of := range fixedPorts {
		free[of] = ports[len(free)]
	}
	return free, nil
}

// ensureSecret makes a random secret, readable by its owner only, unless the file is there.
func ensureSecret(file string) error {
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return replace(file, []byte(rand.Text()+rand.Text()+"\n"))
}

func writeJSON(file string, value any) error {
	content, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return replace(file, content)
}

func writeConfig(file string, config any) error {
	content, err := yaml.Marshal(config)
	if err != nil {
		return err
	}
	return replace(file, append([]byte("# Written by `jike demo`; edits are lost.\n"), content...))
}

// replace puts a private file into place whole, so that being killed leaves the old or the new one.
func replace(file string, content []byte) error {
	if err := os.WriteFile(file+".new", content, 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}
