// Package national is the national node: it receives the selected rows of every province, reports
// on them, and proves every night that both levels hold the same. node.go wires the parts; a folder
// per capability holds the business.
package national

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/robfig/cron/v3"

	"jike/internal/build"
	"jike/internal/node"
	"jike/internal/pg"
	"jike/internal/portal"
	"jike/national/board"
	"jike/schemas/codes"
	"jike/schemas/replica"
	"jike/sync/apply"
	"jike/sync/operate"
	"jike/sync/reconcile"
)

// Run runs the node until ctx ends, and then returns nil. static is the built front end. It fails
// if a setting cannot work, a port is taken or another node runs on the data directory.
func Run(ctx context.Context, c Config, static fs.FS) error {
	log, err := node.Logger(c.Log, "national")
	if err != nil {
		return err
	}
	n, err := node.Open(ctx, node.Options{Level: pg.National, Data: c.Data, Postgres: c.Postgres, Logger: log})
	if err != nil {
		return err
	}
	if err := assemble(ctx, n, c, static); err != nil {
		n.Close()
		return err
	}
	return n.Run(ctx)
}

// assemble adds everything that headquarters does to the common node.
func assemble(ctx context.Context, n *node.Node, c Config, static fs.FS) error {
	zone, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		return fmt.Errorf("time_zone: %w", err)
	}
	hub, err := openHub(n, c)
	if err != nil {
		return err
	}
	alarms, err := openAlarms(n, c)
	if err != nil {
		return err
	}
	proof, err := openProof(ctx, n, c, tellEnded(n, alarms))
	if err != nil {
		return err
	}
	first, err := openCopy(ctx, n, c)
	if err != nil {
		return err
	}
	commands := operate.Commands{Provinces: map[int16]*apply.Apply{}, Log: n.Log}
	for _, p := range c.Provinces {
		if err := join(n, c, hub, proof, first, commands, p); err != nil {
			return fmt.Errorf("province %d: %w", p.Code, err)
		}
	}
	all := NewStores(n.App, zone, runner(proof))
	err = n.OpenPortal(node.PortalOptions{
		Title: "Jike, national node", Listen: c.HTTP.Listen, Secure: c.HTTP.Secure, Accounts: c.Account, OIDC: c.OIDC, Static: static,
		Identity: identity(n, all.Board),
	})
	if err != nil {
		return err
	}
	all.Register(n.Portal)
	if err := n.Registry.Register(board.NewMetrics(all.Board)); err != nil {
		return err
	}
	commands.Register(n.Commands)
	reconciliations{all.Reconciliations, proof}.register(n.Commands)
	n.Commands.Handle("POST /keys", &keyring{hub: hub, config: c})
	n.Commands.Handle("/copies", copies{first})
	n.Task(func(ctx context.Context) error {
		all.SavedReports.Work(ctx, n.Accounts.Caller, n.Log)
		return nil
	})
	return schedule(n, c, zone, all)
}

// schedule adds what happens by the clock, and at once when the node begins: the sums of reports, new
// and lost customers, and the companies that span provinces.
func schedule(n *node.Node, c Config, zone *time.Location, all *Stores) error {
	clock := cron.New(cron.WithLocation(zone), cron.WithChain(cron.SkipIfStillRunning(cron.DiscardLogger)))
	var running context.Context // of the task below, which starts the clock
	var first []func()
	for _, work := range []struct {
		setting, schedule string
		compute           func(context.Context) error
	}{
		{"report.schedule", c.Report.Schedule, all.Reports.Compute},
		{"report.movements", c.Report.Movements, all.Reports.ComputeMovements},
		{"company.schedule", c.Company.Schedule, all.Companies.Compute},
	} {
		do := func() {
			if err := work.compute(running); err != nil && running.Err() == nil {
				n.Log.Error("not computed by the clock", "schedule", work.setting, "error", err)
			}
		}
		if _, err := clock.AddFunc(work.schedule, do); err != nil {
			return fmt.Errorf("%s: %w", work.setting, err)
		}
		first = append(first, do)
	}
	n.Task(func(ctx context.Context) error {
		running = ctx
		for _, do := range first {
			do()
		}
		clock.Start()
		<-ctx.Done()
		<-clock.Stop().Done()
		return nil
	})
	return nil
}

// identity names the node in every session, with the age of the oldest data on its pages.
func identity(n *node.Node, b *board.Store) func(context.Context) portal.Node {
	return func(ctx context.Context) portal.Node {
		at, err := b.DataTime(ctx)
		if err != nil {
			n.Log.Warn("age of the data not known", "error", err)
		}
		return portal.Node{Level: "national", Name: codes.Headquarters.Name().Chinese, Version: build.Version(), DataTime: at}
	}
}

// openProof makes headquarters' side of reconciliation.
func openProof(ctx context.Context, n *node.Node, c Config, ended func(reconcile.Run, bool)) (*reconcile.National, error) {
	key, err := reconcile.LoadKey(keys(c))
	if err != nil {
		return nil, err
	}
	proof, err := reconcile.OpenNational(ctx, reconcile.NationalOptions{
		Pool: n.Sync, Tables: replica.Up, Previous: replica.Previous, Key: key, Version: build.Version(), Log: n.Log,
		Parallel: c.Reconcile.Parallel, RowsPerSecond: c.Reconcile.RowsPerSecond,
		Dirty: apply.DirtyAmong, Ended: ended,
	})
	if err != nil {
		return nil, err
	}
	n.OnClose(proof.Close)
	return proof, nil
}

// keys is where the node keeps its secrets.
func keys(c Config) string { return filepath.Join(c.Data, "keys") }
