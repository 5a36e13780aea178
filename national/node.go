// Package national is the national node: it receives the selected rows of every province, reports
// on them, and proves every night that both levels hold the same. node.go wires the parts; a folder
// per capability holds the business.
package national

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"

	"jike/internal/build"
	"jike/internal/bus"
	"jike/internal/node"
	"jike/internal/pg"
	"jike/internal/portal"
	"jike/national/board"
	"jike/schemas/codes"
	"jike/schemas/replica"
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
	hub, err := openHub(n, c)
	if err != nil {
		return err
	}
	proof, err := openProof(ctx, n, c)
	if err != nil {
		return err
	}
	for _, p := range c.Provinces {
		if err := join(n, c, hub, proof, p); err != nil {
			return fmt.Errorf("province %d: %w", p.Code, err)
		}
	}
	all := NewStores(n.App, begin(proof))
	err = n.OpenPortal(node.PortalOptions{
		Title: "Jike, national node", Listen: c.HTTP.Listen, Secure: c.HTTP.Secure, Accounts: c.Account, Static: static,
		Identity: identity(n, all.Board),
	})
	if err != nil {
		return err
	}
	all.Register(n.Portal)
	n.Commands.Handle("POST /reconciliations", reconciliations{all.Reconciliations, proof})
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

// openHub connects to the hub with headquarters' key in each province's account: a hub that runs
// apart, or an embedded one.
func openHub(n *node.Node, c Config) (*bus.Hub, error) {
	seeds := map[int16]bus.Seed{}
	o := bus.HubOptions{Dir: filepath.Join(c.Data, "hub"), LeafListen: c.NATS.LeafListen, MaxStore: (c.NATS.MaxBytes + downBytes) * int64(max(1, len(c.Provinces)))}
	for _, p := range c.Provinces {
		file := p.SeedFile
		if file == "" {
			file = filepath.Join(keys(c), fmt.Sprintf("national-%d.nk", p.Code))
		}
		seed, err := bus.EnsureSeed(file)
		if err != nil {
			return nil, err
		}
		seeds[int16(p.Code)] = seed
		o.Members = append(o.Members, bus.Member{Province: int16(p.Code), Leaf: p.PublicKey, National: seed.Public()})
	}
	hub, err := bus.OpenHub(c.NATS.URL, o, seeds)
	if err != nil {
		return nil, err
	}
	n.OnClose(hub.Close)
	return hub, nil
}

// openProof makes headquarters' side of reconciliation.
func openProof(ctx context.Context, n *node.Node, c Config) (*reconcile.National, error) {
	key, err := reconcile.LoadKey(keys(c))
	if err != nil {
		return nil, err
	}
	proof, err := reconcile.OpenNational(ctx, reconcile.NationalOptions{
		Pool: n.Sync, Tables: replica.Up, Key: key, Version: build.Version(), Log: n.Log,
	})
	if err != nil {
		return nil, err
	}
	n.OnClose(proof.Close)
	return proof, nil
}

// keys is where the node keeps its secrets.
func keys(c Config) string { return filepath.Join(c.Data, "keys") }
