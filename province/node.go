// Package province is a provincial node: it owns its group customers and works with headquarters
// switched off. node.go wires the parts; a folder per capability holds the business.
package province

import (
	"context"
	"fmt"
	"io/fs"
	"time"

	"github.com/robfig/cron/v3"

	"jike/internal/build"
	"jike/internal/node"
	"jike/internal/pg"
	"jike/internal/portal"
	"jike/schemas/codes"
	"jike/xmlapi/identity"
	"jike/xmlapi/server"
)

// Run runs the node until ctx ends, and then returns nil. static is the built front end. It fails
// if a setting cannot work, a port is taken or another node runs on the data directory.
func Run(ctx context.Context, c Config, static fs.FS) error {
	log, err := node.Logger(c.Log, fmt.Sprint(c.Code))
	if err != nil {
		return err
	}
	n, err := node.Open(ctx, node.Options{Level: pg.Province, Data: c.Data, Postgres: c.Postgres, Logger: log})
	if err != nil {
		return err
	}
	if err := assemble(ctx, n, c, static); err != nil {
		n.Close()
		return err
	}
	return n.Run(ctx)
}

// assemble adds everything that a province does to the common node.
func assemble(ctx context.Context, n *node.Node, c Config, static fs.FS) error {
	zone, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		return fmt.Errorf("time_zone: %w", err)
	}
	if err := openUp(ctx, n, c); err != nil {
		return err
	}
	all := NewStores(n.App, codes.Province(c.Code), zone)
	err = n.OpenPortal(node.PortalOptions{
		Title: "Jike, provincial node", Listen: c.HTTP.Listen, Secure: c.HTTP.Secure, Accounts: c.Account, OIDC: c.OIDC,
		PlaceOf: all.Organisation.PlaceOf, Closed: all.Teams.EndAll, Static: static,
		Identity: func(context.Context) portal.Node {
			return portal.Node{
				Level: "province", Province: int16(c.Code), Name: codes.Province(c.Code).Name().Chinese,
				Version: build.Version(), DataTime: time.Now(),
			}
		},
	})
	if err != nil {
		return err
	}
	all.Register(n.Portal)
	n.Task(func(ctx context.Context) error {
		all.KeyAccounts.Run(ctx, n.Log)
		return nil
	})
	n.Task(func(ctx context.Context) error {
		all.Customers.CompleteNames(ctx, n.Log)
		return nil
	})
	n.Task(func(ctx context.Context) error {
		all.Customers.KeepTally(ctx, n.Log)
		return nil
	})
	n.Task(func(ctx context.Context) error {
		all.Hierarchy.Keep(ctx, n.Log)
		return nil
	})
	n.Task(func(ctx context.Context) error {
		all.Completeness.Keep(ctx, n.Log)
		return nil
	})
	n.Task(func(ctx context.Context) error {
		all.Rules.Keep(ctx, n.Log)
		return nil
	})
	n.Task(func(ctx context.Context) error {
		all.Dashboard.Keep(ctx, n.Log)
		return nil
	})
	n.Task(func(ctx context.Context) error {
		all.Contracts.KeepClock(ctx, n.Log)
		return nil
	})
	if err := openPartners(n, c, all); err != nil {
		return err
	}
	n.Task(func(ctx context.Context) error {
		all.Selection.Keep(ctx, c.Selection, all.Reference.Policies, n.Log)
		return nil
	})
	n.Task(func(ctx context.Context) error {
		all.Jobs.Run(ctx, n.Accounts.Caller, n.Log)
		return nil
	})
	command(n, all)
	if err := observeProgress(n, all); err != nil {
		return err
	}
	return schedule(n, c, zone, all)
}

// openPartners listens to partners' messages.
func openPartners(n *node.Node, c Config, all *Stores) error {
	settings := make([]identity.Setting, len(c.XML.Partners))
	for i, p := range c.XML.Partners {
		settings[i] = identity.Setting(p)
	}
	partners, err := identity.Load(settings, c.XML.ClockSkew)
	if err != nil {
		return err
	}
	s, err := server.New(server.Options{
		Operations: all.Operations(), Partners: partners, Journal: all.Journal, Log: n.Log,
		Province: fmt.Sprint(c.Code), MaxBytes: c.XML.MaxBytes,
	})
	if err != nil {
		return err
	}
	if err := n.Registry.Register(s); err != nil {
		return fmt.Errorf("partner metrics: %w", err)
	}
	return n.Serve("partner messages", c.XML.Listen, s)
}

// schedule adds what happens by the clock: the summary, customers judged by rule, and once a day the journal's
// partitions, old jobs and imports.
func schedule(n *node.Node, c Config, zone *time.Location, all *Stores) error {
	clock := cron.New(cron.WithLocation(zone), cron.WithChain(cron.SkipIfStillRunning(cron.DiscardLogger)))
	var running context.Context // of the task below, which starts the clock
	summary := func() {
		if changed, err := all.Summary.Refresh(running, time.Now()); err != nil {
			n.Log.Error("monthly summary not refreshed", "error", err)
		} else {
			n.Log.Debug("monthly summary refreshed", "changed", changed)
		}
	}
	maintain := func() {
		if err := all.Journal.Maintain(running, c.XML.Retention); err != nil {
			n.Log.Error("journal not maintained", "error", err)
		}
		if err := all.Jobs.Forget(running, time.Now()); err != nil {
			n.Log.Error("ended jobs not forgotten", "error", err)
		}
		if returned, err := all.Pool.ReturnIdle(running, time.Now()); err != nil {
			n.Log.Error("idle customers not returned to the pool", "error", err)
		} else if returned > 0 {
			n.Log.Info("idle customers returned to the pool", "customers", returned)
		}
		if err := all.Imports.Forget(running, time.Now()); err != nil {
			n.Log.Error("old imports not forgotten", "error", err)
		}
	}
	if _, err := clock.AddFunc(c.Summary.Schedule, summary); err != nil {
		return fmt.Errorf("summary.schedule: %w", err)
	}
	judge := func() {
		if err := all.Rules.BeginAll(running); err != nil {
			n.Log.Error("customers not judged by rule", "error", err)
		}
	}
	if _, err := clock.AddFunc(c.Rules.Schedule, judge); err != nil {
		return fmt.Errorf("rules.schedule: %w", err)
	}
	if _, err := clock.AddFunc("@daily", maintain); err != nil {
		return err
	}
	n.Task(func(ctx context.Context) error {
		running = ctx
		maintain()
		clock.Start()
		<-ctx.Done()
		<-clock.Stop().Done()
		return nil
	})
	return nil
}
