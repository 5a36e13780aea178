package world

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"jike/internal/pg"
	"jike/schemas/codes"
)

// Part is something that runs by itself: a node, or with Separate the hub and a node's PostgreSQL.
type Part string

// The parts that are not named after a province.
const (
	National Part = "national"
	Hub      Part = "hub"
)

const postgresPrefix = "postgres/"

// Province is the process of a provincial node.
func Province(code codes.Province) Part { return Part(code.String()) }

// Postgres is the PostgreSQL cluster of a node, such as Postgres(National).
func Postgres(node Part) Part { return postgresPrefix + node }

func (p Part) isPostgres() bool { return strings.HasPrefix(string(p), postgresPrefix) }

// rank orders the parts: each needs those of lower rank only. Provinces would work without
// headquarters; the order makes what is said when starting and stopping easy to follow.
func (p Part) rank() int {
	switch {
	case p == Hub || p.isPostgres():
		return 0
	case p == National:
		return 1
	}
	return 2
}

// How long a part may take to become ready and to end.
const (
	readyWait = 90 * time.Second
	stopWait  = 30 * time.Second
	pollEvery = 20 * time.Millisecond
)

// Parts lists what can be started, killed and stopped in this mode, in the order of starting.
func (w *World) Parts() []Part {
	var all []Part
	if w.options.Separate {
		all = append(all, Hub)
		for _, n := range w.Nodes() {
			all = append(all, Postgres(n.Part))
		}
	}
	for _, n := range w.Nodes() {
		all = append(all, n.Part)
	}
	return all
}

// node is the node of a part: itself, or whose cluster it is; nil for the hub and unknown parts.
func (w *World) node(p Part) *Node {
	for _, n := range w.Nodes() {
		if n.Part == p || Postgres(n.Part) == p {
			return n
		}
	}
	return nil
}

// Begin starts a part that does not run. It waits for a cluster to take connections and for the hub
// to listen, but not for a node to be ready.
func (w *World) Begin(ctx context.Context, p Part) error {
	if w.find(p) != nil {
		return fmt.Errorf("%s already runs", p)
	}
	r, err := w.launch(ctx, p)
	if err != nil {
		return fmt.Errorf("%s: %w", p, err)
	}
	w.mu.Lock()
	w.running[p] = r
	w.mu.Unlock()
	go w.watch(p, r)
	if p != Hub {
		return nil
	}
	return w.await(ctx, p, "listen", func(context.Context) error {
		conn, err := net.Dial("tcp", strings.TrimPrefix(w.HubURL, "nats://"))
		if err != nil {
			return err
		}
		return conn.Close()
	})
}

func (w *World) launch(ctx context.Context, p Part) (*running, error) {
	switch n := w.node(p); {
	case p.isPostgres() && n != nil:
		return startCluster(ctx, filepath.Join(n.Data, "pg"))
	case p == Hub && w.options.Separate:
		return startProcess(w.options.Binary, w.layout.file("hub.log"), "demo", "hub", w.layout.file("hub.json"))
	case n != nil:
		return startProcess(w.options.Binary, n.LogFiles[0], n.command(), "--config", n.Config)
	}
	return nil, errors.New("no such part")
}

// watch waits for the end of a part and reports one that nobody asked for.
func (w *World) watch(p Part, r *running) {
	<-r.done
	w.mu.Lock()
	if w.running[p] == r {
		delete(w.running, p)
	}
	w.mu.Unlock()
	if !r.asked.Load() {
		w.ended <- fmt.Errorf("%s ended by itself%s", p, r.lastWords())
	}
	close(r.gone)
}

func (w *World) find(p Part) *running {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.running[p]
}

// AwaitReady waits until a node says that it is ready. It fails if the node ends meanwhile.
func (w *World) AwaitReady(ctx context.Context, p Part) error {
	n := w.node(p)
	if n == nil || n.Part != p {
		return nil // what is no node is ready when Begin returns
	}
	return w.await(ctx, p, "be ready", func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, n.Portal+"/readyz", nil)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		if response.StatusCode != http.StatusOK {
			err = fmt.Errorf("/readyz says %s", response.Status)
		}
		return errors.Join(err, response.Body.Close())
	})
}

// await asks a process again and again: being ready is a state that another process gives no signal
// of.
func (w *World) await(ctx context.Context, p Part, what string, ask func(context.Context) error) error {
	r := w.find(p)
	if r == nil {
		return fmt.Errorf("%s does not run", p)
	}
	ctx, cancel := context.WithTimeout(ctx, readyWait)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-r.done:
			return fmt.Errorf("%s ended before it could %s%s", p, what, r.lastWords())
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("%s did not %s: %w", p, what, err), ctx.Err())
		case <-tick.C:
		}
	}
}

// Restart starts a part that was killed or stopped and waits until it is ready.
func (w *World) Restart(ctx context.Context, p Part) error {
	if err := w.Begin(ctx, p); err != nil {
		return err
	}
	return w.AwaitReady(ctx, p)
}

// Kill ends a part as a crash would (SIGKILL), a cluster with all of its backends, and returns when
// it is gone.
func (w *World) Kill(p Part) error {
	r := w.find(p)
	if r == nil {
		return fmt.Errorf("%s does not run", p)
	}
	r.asked.Store(true)
	r.kill()
	<-r.gone
	return nil
}

// StopPart ends a part in good order and returns when it is gone; when ctx ends it is killed. A
// part that does not run is left alone.
func (w *World) StopPart(ctx context.Context, p Part) error {
	r := w.find(p)
	if r == nil {
		return nil
	}
	r.asked.Store(true)
	err := r.stop(ctx)
	<-r.gone
	if err != nil {
		return fmt.Errorf("%s: %w", p, err)
	}
	return nil
}

// WipeLeaf kills a province's node and removes the store of its leaf server, as a lost disk would:
// what the hub had not yet taken is gone from NATS. Restart brings the node back.
func (w *World) WipeLeaf(code codes.Province) error {
	n := w.Province(code)
	if n == nil {
		return fmt.Errorf("%s is not in this world", code)
	}
	if err := w.Kill(n.Part); err != nil {
		return err
	}
	return os.RemoveAll(n.LeafDir)
}

// startCluster starts a node's PostgreSQL apart from it. After a crash the last backends may still
// hold its memory; postgres refuses to start until they are gone, so it is tried again.
func startCluster(ctx context.Context, dir string) (*running, error) {
	ctx, cancel := context.WithTimeout(ctx, readyWait)
	defer cancel()
	tick := time.NewTicker(10 * pollEvery)
	defer tick.Stop()
	for {
		c, err := pg.StartCluster(ctx, pg.ClusterOptions{Dir: dir, Log: quiet()})
		if err == nil && c.PID() == 0 {
			err = errors.New("a cluster of an earlier run still runs there")
		}
		if err == nil {
			return &running{done: c.Done(), gone: make(chan struct{}), kill: c.Kill, stop: c.Stop, log: dir + ".log"}, nil
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-tick.C:
		}
	}
}
