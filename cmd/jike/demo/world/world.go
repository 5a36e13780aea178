// Package world is the whole system on one machine: headquarters and two provinces as processes of
// this binary, each with its own PostgreSQL, their keys, their configuration and their fictional
// data, in one directory and on loopback only.
//
// A world is in one of two modes. In the ordinary one there are three processes, and each node runs
// its private PostgreSQL and its NATS server itself, as `jike province` does without any setting.
// With Separate the PostgreSQL clusters and the hub are processes of their own that the nodes get
// by URL, so that each can be killed alone; a province's leaf server stays inside its node.
//
//	New ──► Start ──► Fill ──► … Kill, Restart … ──► Stop
//
// New writes what the nodes are made from and takes the directory for this process. Start returns
// when every node is ready; publication and slot exist then. Fill seeds the provinces, so that the
// seed flows to headquarters by the stream. A world that was stopped, or whose process was killed,
// goes on where it was: New on the same directory finds ports, keys and data again. Whatever ends
// this process ends all of its parts.
package world

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"jike/schemas/codes"
)

// Options say what world to make.
type Options struct {
	Dir       string                        // of everything; made if it is not there
	Customers int                           // of each province, 20,000 if 0; a world that has data keeps its own number
	Seed      uint64                        // of the fictional data, 1 if 0; as above
	FreePorts bool                          // free ports instead of the fixed ones; the next run has the same
	Separate  bool                          // clusters and hub are processes of their own
	Heartbeat time.Duration                 // of the provinces' capture, 1 s if 0
	Binary    string                        // the jike binary, this one if empty
	Say       func(format string, a ...any) // told one line per step, never by two at a time; nil: nobody
}

// The demo's provinces: Fujian and Zhejiang.
var provinces = []codes.Province{591, 571}

// World is the system on this machine. Its methods may be called by several goroutines.
type World struct {
	National  *Node
	Provinces []*Node
	HubURL    string // where clients reach the hub; empty unless Separate
	HubDir    string // the hub's store; empty unless Separate

	options Options
	layout  layout
	state   state
	lock    *os.File
	say     func(format string, a ...any)
	ended   chan error

	mu      sync.Mutex
	running map[Part]*running
}

// ErrBusy says that another process has the directory.
var ErrBusy = errors.New("another demo already runs on this directory")

// New takes the directory and writes keys, secrets and configurations there; it starts nothing. It
// fails with ErrBusy, with a *PortError if something else listens on a port that is needed, and for a
// directory that belongs to a world of the other mode.
func New(o Options) (*World, error) {
	o.Customers, o.Seed = cmp.Or(o.Customers, 20000), cmp.Or(o.Seed, 1)
	o.Heartbeat = cmp.Or(o.Heartbeat, time.Second)
	if o.Binary == "" {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		o.Binary = self
	}
	l, err := newLayout(o.Dir)
	if err != nil {
		return nil, err
	}
	lock, err := take(l.file("lock"))
	if err != nil {
		return nil, err
	}
	w := &World{options: o, layout: l, lock: lock, ended: make(chan error, 16), running: map[Part]*running{}}
	var mu sync.Mutex
	w.say = func(format string, a ...any) {
		mu.Lock()
		defer mu.Unlock()
		if o.Say != nil {
			o.Say(format, a...)
		}
	}
	if err := w.prepare(); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return w, nil
}

// take locks the file for as long as this process has it open.
func take(file string) (*os.File, error) {
	lock, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errors.Join(fmt.Errorf("%s: %w", filepath.Dir(file), ErrBusy), lock.Close())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", file, err), lock.Close())
	}
	return lock, nil
}

// Nodes lists the nodes, headquarters first.
func (w *World) Nodes() []*Node { return append([]*Node{w.National}, w.Provinces...) }

// Province is the node of a province, nil for a province that this world does not have.
func (w *World) Province(code codes.Province) *Node {
	for _, n := range w.Provinces {
		if n.Code == code {
			return n
		}
	}
	return nil
}

// Customers is how many customers each province was or will be filled with.
func (w *World) Customers() int { return w.state.Customers }

// Seed is the number that the fictional data follows from.
func (w *World) Seed() uint64 { return w.state.Seed }

// Ended gives an error for each part that ends without having been killed or stopped.
func (w *World) Ended() <-chan error { return w.ended }

// Start starts all parts and returns when every node is ready. If one cannot start, those that did
// are stopped and the error says which and why. It must not be called on a started world.
func (w *World) Start(ctx context.Context) error {
	if err := w.start(ctx); err != nil {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWait)
		defer cancel()
		return errors.Join(err, w.stopAll(stop))
	}
	return nil
}

func (w *World) start(ctx context.Context) error {
	for _, p := range w.Parts() {
		if err := w.Begin(ctx, p); err != nil {
			return err
		}
	}
	for _, n := range w.Nodes() {
		began := time.Now()
		if err := w.AwaitReady(ctx, n.Part); err != nil {
			return err
		}
		w.say("%s is ready after %.1f s", n.Title(), time.Since(began).Seconds())
	}
	return nil
}

// Stop ends all parts in good order and gives the directory back. When ctx ends it kills what is
// left. A second call does nothing.
func (w *World) Stop(ctx context.Context) error {
	err := w.stopAll(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lock == nil {
		return err
	}
	err = errors.Join(err, w.lock.Close())
	w.lock = nil
	return err
}

// stopAll ends the provinces, then headquarters, then the hub and the clusters that all of them
// need; parts of one rank end at the same time.
func (w *World) stopAll(ctx context.Context) error {
	ranks := [3][]Part{}
	for _, p := range w.Parts() {
		ranks[p.rank()] = append(ranks[p.rank()], p)
	}
	var all []error
	for _, parts := range slices.Backward(ranks[:]) {
		errs := make([]error, len(parts))
		var group sync.WaitGroup
		for i, p := range parts {
			group.Go(func() { errs[i] = w.StopPart(ctx, p) })
		}
		group.Wait()
		all = append(all, errs...)
	}
	return errors.Join(all...)
}
