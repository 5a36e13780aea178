package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"jike/internal/bus"
	"jike/internal/loopback"
)

// Servers is the hidden command `jike bench servers`: hub and leaf server of one province as a process
// of their own, so that the memory of capture and apply can be told from theirs.
type Servers struct {
	File string `arg:"" type:"existingfile" help:"Options of both, JSON."`
}

// serverOptions are what the file holds.
type serverOptions struct {
	Hub  bus.HubOptions
	Leaf bus.LeafOptions // without its seed
	Seed string          // the file of the province's seed
}

// Run runs both servers until ctx ends.
func (s Servers) Run(ctx context.Context) error {
	text, err := os.ReadFile(s.File)
	if err != nil {
		return err
	}
	var o serverOptions
	if err := json.Unmarshal(text, &o); err != nil {
		return fmt.Errorf("%s: %w", s.File, err)
	}
	if o.Leaf.Seed, err = bus.ReadSeed(o.Seed); err != nil {
		return err
	}
	hub, err := bus.StartHub(o.Hub)
	if err != nil {
		return err
	}
	defer hub.Shutdown()
	leaf, err := bus.StartLeaf(o.Leaf)
	if err != nil {
		return err
	}
	defer leaf.Shutdown()
	<-ctx.Done()
	return nil
}

// serversApart starts hub and leaf server of the first province as a process of their own.
func (o *ours) serversApart() (l link, err error) {
	store, err := os.MkdirTemp(o.rig.dir, "nats-")
	if err != nil {
		return l, err
	}
	o.later(func() error { return os.RemoveAll(store) })
	ports, err := loopback.FreePorts(3)
	if err != nil {
		return l, err
	}
	var listen [3]string
	for i, port := range ports {
		listen[i] = fmt.Sprintf("127.0.0.1:%d", port)
	}
	s := serverOptions{Seed: filepath.Join(store, "seed")}
	own, err := bus.EnsureSeed(s.Seed)
	if err != nil {
		return l, err
	}
	headquarters, err := bus.NewSeed()
	if err != nil {
		return l, err
	}
	l.province = province
	s.Hub = bus.HubOptions{
		Dir: filepath.Join(store, "hub"), LeafListen: listen[0], ClientListen: listen[1], MaxStore: 3 * hubBytes,
		Members: []bus.Member{{Province: l.province, Leaf: own.Public(), National: headquarters.Public()}},
	}
	s.Leaf = bus.LeafOptions{Dir: filepath.Join(store, "leaf"), Province: l.province, Hubs: []string{"nats-leaf://" + listen[0]}, ClientListen: listen[2]}
	if err := o.spawn(filepath.Join(store, "servers.json"), s); err != nil {
		return l, err
	}
	if l.hub, err = bus.Dial("nats://"+listen[1], headquarters); err != nil {
		return l, err
	}
	o.later(func() error { l.hub.Close(); return nil })
	leaf, err := bus.OpenLeaf("nats://"+listen[2], bus.LeafOptions{Province: l.province, Seed: own})
	if err != nil {
		return l, err
	}
	l.leaf = leaf.Conn
	o.later(func() error { l.leaf.Close(); return nil })
	return l, nil
}

// spawn starts this binary as Servers, until stop.
func (o *ours) spawn(file string, s serverOptions) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	own, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(own, "bench", "servers", file)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	o.later(func() error { return errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()) })
	return nil
}
