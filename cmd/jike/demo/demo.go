// Package demo is the command `jike demo`: headquarters and two provinces on this machine, with
// fictional customers, a simulated BOSS that goes on changing them, and addresses to look at. `jike
// demo check` does the same unattended and checks from outside that everything promised holds.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"jike/cmd/jike/demo/check"
	"jike/cmd/jike/demo/world"
)

// Cmd groups the commands; without a name `run` is meant.
type Cmd struct {
	Run   RunCmd       `cmd:"" default:"withargs" help:"Run two provinces and headquarters on this machine, with live traffic, until Ctrl-C."`
	Check check.Cmd    `cmd:"" help:"Check the main job unattended and from outside, with kills."`
	Hub   world.HubCmd `cmd:"" hidden:""`
}

// RunCmd runs the demo.
type RunCmd struct {
	Dir       string  `default:"data/demo" help:"Directory of everything; a later run goes on with what is there."`
	Customers int     `default:"20000" help:"Group customers of each province; for a new directory."`
	Seed      uint64  `default:"1" help:"The same number and day give the same data; for a new directory."`
	Rate      float64 `default:"5" help:"Messages a second that BOSS sends to each province; 0 for none."`
	FreePorts bool    `help:"Free ports instead of 8000, 8591, 8571, 9591, 9571 and 7422; for a new directory."`
}

// Run runs the demo until ctx ends. It is then ended in order; a second signal ends it at once.
func (c RunCmd) Run(ctx context.Context) error {
	began := time.Now()
	say := func(format string, a ...any) {
		fmt.Printf("%7.1f s  %s\n", time.Since(began).Seconds(), fmt.Sprintf(format, a...))
	}
	if c.Rate < 0 || c.Rate > maxRate {
		return fmt.Errorf("--rate: from 0 to %d messages a second", maxRate)
	}
	if err := place(c.Dir, say); err != nil {
		return err
	}
	w, err := world.New(world.Options{Dir: c.Dir, Customers: c.Customers, Seed: c.Seed, FreePorts: c.FreePorts, Say: say})
	if taken, ok := errors.AsType[*world.PortError](err); ok {
		return fmt.Errorf("%w: end what listens there, or give --free-ports with a new --dir", taken)
	}
	if err != nil {
		return err
	}
	err = c.run(ctx, w, say)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = nil
	}
	return errors.Join(err, stop(ctx, w, say))
}

const maxRate = 200

// run brings the world up and lets it live until ctx ends, which is no error, or a part of it ends.
func (c RunCmd) run(ctx context.Context, w *world.World, say func(string, ...any)) error {
	say("three nodes are starting: %s, %s and %s", w.National.Title(), w.Provinces[0].Title(), w.Provinces[1].Title())
	if err := w.Start(ctx); err != nil {
		return err
	}
	if err := w.Fill(ctx); err != nil {
		return err
	}
	if err := w.AwaitArrival(ctx); err != nil {
		return err
	}
	tell(os.Stdout, w)
	t, err := startTraffic(ctx, w, c.Rate)
	if err != nil {
		return err
	}
	status := time.NewTicker(statusEvery)
	defer status.Stop()
	for {
		select {
		case <-ctx.Done():
			return t.stop()
		case err := <-w.Ended():
			return errors.Join(err, t.stop())
		case err := <-t.failed:
			return errors.Join(err, t.stop())
		case <-status.C:
			if line, err := statusLine(ctx, w, t); err == nil {
				say("%s", line)
			} else if ctx.Err() == nil {
				say("headquarters does not answer: %v", err)
			}
		}
	}
}

// statusEvery is how often a line tells how things are.
const statusEvery = 15 * time.Second

// errAtOnce is how a demo ends that was interrupted twice.
var errAtOnce = errors.New("ended at once; the next run recovers the data")

// stop ends the world in order, and at once when another signal comes.
func stop(ctx context.Context, w *world.World, say func(string, ...any)) error {
	again := make(chan os.Signal, 1)
	signal.Notify(again, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(again)
	if ctx.Err() != nil {
		say("ending; Ctrl-C once more ends everything at once") // after Notify: from here on it is heard
	}
	ending, kill := context.WithCancel(context.WithoutCancel(ctx))
	defer kill()
	var watching sync.WaitGroup
	watching.Go(func() {
		select {
		case <-again:
			kill()
		case <-ending.Done():
		}
	})
	err := w.Stop(ending)
	switch {
	case ending.Err() != nil:
		err = errAtOnce
	case err == nil:
		say("everything has ended; `jike demo` goes on from here")
	}
	kill()
	watching.Wait()
	return err
}

// tell prints what one can now do.
func tell(out io.Writer, w *world.World) {
	_, _ = fmt.Fprintln(out) // a terminal that is gone does not stop the demo
	for _, n := range w.Nodes() {
		_, _ = fmt.Fprintf(out, "  %-18s %s\n", n.Title(), n.Portal)
		for _, a := range n.Accounts {
			_, _ = fmt.Fprintf(out, "  %18s %-8s %s  %s\n", "", a.Login, a.Password, a.Role)
		}
		if n.XML != "" {
			_, _ = fmt.Fprintf(out, "  %18s partner messages: %s, key %s\n", "", n.XML, n.Partner.KeyID)
		}
	}
	_, _ = fmt.Fprint(out, "\n  Fictional data, reachable from this machine only. Ctrl-C ends everything; the data stays.\n\n")
}
