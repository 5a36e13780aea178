package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"

	"jike/internal/bus"
	"jike/internal/pg"
	"jike/schemas/replica"
	"jike/sync/apply"
	"jike/sync/capture"
	"jike/sync/stream"
)

const oursName = "ours"

// tables is what capture and apply replicate here.
var tables = []replica.Table{row}

// ours is the product's way: capture, leaf server, hub and apply as the nodes run them, the
// servers embedded in this process.
type ours struct {
	rig   *rig
	undo  []func() error // what stop does, last first
	store string
	// through gives the address at which the leaf finds the hub, if something stands between; nil: nothing.
	through func(hub string) (string, error)
}

func (*ours) name() string { return oursName }

// later remembers what stop has to do.
func (o *ours) later(f func() error) { o.undo = append(o.undo, f) }

func (o *ours) start(ctx context.Context, database string) error {
	if err := o.migrate(ctx, database); err != nil {
		return err
	}
	leaf, hub, err := o.servers()
	if err != nil {
		return err
	}
	if err := o.apply(ctx, database, hub); err != nil {
		return err
	}
	return o.capture(ctx, database, leaf)
}

// migrate makes both databases as the nodes do, and headquarters' table with the province's
// partition.
func (o *ours) migrate(ctx context.Context, database string) error {
	if err := errors.Join(
		pg.Migrate(ctx, o.rig.province.URL(pg.RoleOwner, database), pg.Province),
		pg.Migrate(ctx, o.rig.national.URL(pg.RoleOwner, database), pg.National),
	); err != nil {
		return err
	}
	partitions := fmt.Sprintf("PARTITION BY LIST (province); CREATE TABLE bench.row_%d PARTITION OF bench.row FOR VALUES IN (%[1]d)", province)
	table := fmt.Sprintf(target, province, "province, id", partitions)
	if err := execAt(ctx, o.rig.national, database, table); err != nil {
		return fmt.Errorf("target: %w", err)
	}
	return execAt(ctx, o.rig.province, database, `ALTER TABLE bench.row OWNER TO jike_owner; ALTER SCHEMA bench OWNER TO jike_owner`)
}

// servers starts hub and leaf with new keys and stores and connects to each.
func (o *ours) servers() (leaf, hub *nats.Conn, err error) {
	o.store, err = os.MkdirTemp(o.rig.dir, "nats-")
	if err != nil {
		return nil, nil, err
	}
	o.later(func() error { return os.RemoveAll(o.store) })
	own, err := bus.NewSeed()
	if err != nil {
		return nil, nil, err
	}
	headquarters, err := bus.NewSeed()
	if err != nil {
		return nil, nil, err
	}
	hubServer, err := bus.StartHub(bus.HubOptions{
		Dir: filepath.Join(o.store, "hub"), LeafListen: "127.0.0.1:-1",
		Members: []bus.Member{{Province: province, Leaf: own.Public(), National: headquarters.Public()}},
	})
	if err != nil {
		return nil, nil, err
	}
	o.later(func() error { hubServer.Shutdown(); return nil })
	address := hubServer.LeafAddress()
	if o.through != nil {
		if address, err = o.through(address); err != nil {
			return nil, nil, err
		}
	}
	leafServer, err := bus.StartLeaf(bus.LeafOptions{
		Dir: filepath.Join(o.store, "leaf"), Province: province, Seed: own, Hubs: []string{"nats-leaf://" + address},
	})
	if err != nil {
		return nil, nil, err
	}
	o.later(func() error { leafServer.Shutdown(); return nil })
	if hub, err = hubServer.Connect(headquarters); err != nil {
		return nil, nil, err
	}
	o.later(func() error { hub.Close(); return nil })
	if leaf, err = leafServer.Connect(own); err != nil {
		return nil, nil, err
	}
	o.later(func() error { leaf.Close(); return nil })
	return leaf, hub, nil
}

func (o *ours) apply(ctx context.Context, database string, hub *nats.Conn) error {
	pool, err := o.pool(ctx, o.rig.national.URL(pg.RoleSync, database))
	if err != nil {
		return err
	}
	control := stream.NewControl(hub, province, stream.National, o.rig.log)
	o.later(func() error { control.Close(); return nil })
	a, err := apply.New(apply.Options{Province: province, Pool: pool, NATS: hub, Control: control, Tables: tables, Log: o.rig.log})
	if err != nil {
		return err
	}
	o.background(ctx, func(ctx context.Context) error {
		a.Run(ctx)
		return nil
	})
	return nil
}

func (o *ours) capture(ctx context.Context, database string, leaf *nats.Conn) error {
	if err := capture.EnsurePublication(ctx, o.rig.province.URL(pg.RoleOwner, database), tables); err != nil {
		return err
	}
	url := o.rig.province.URL(pg.RoleSync, database)
	pool, err := o.pool(ctx, url)
	if err != nil {
		return err
	}
	if err := capture.EnsureSlot(ctx, url, pool); err != nil {
		return err
	}
	o.later(func() error { return o.dropSlot(context.WithoutCancel(ctx), database) })
	control := stream.NewControl(leaf, province, stream.Province, o.rig.log)
	o.later(func() error { control.Close(); return nil })
	c, err := capture.New(capture.Options{
		Province: province, URL: url, Pool: pool, NATS: leaf, Control: control, Tables: tables, Log: o.rig.log,
	})
	if err != nil {
		return err
	}
	o.background(ctx, c.Run)
	return o.waitHeartbeat(ctx, database)
}

// dropSlot removes capture's slot once PostgreSQL has noticed that its reader is gone.
func (o *ours) dropSlot(ctx context.Context, database string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	err := awaitAt(ctx, o.rig.province, database, `SELECT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = $1 AND NOT active)`, capture.Slot)
	if err != nil {
		return fmt.Errorf("slot: %w", err)
	}
	return execAt(ctx, o.rig.province, database, `SELECT pg_drop_replication_slot($1)`, capture.Slot)
}

// background runs f until stop.
func (o *ours) background(ctx context.Context, f func(context.Context) error) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- f(ctx) }()
	o.later(func() error {
		cancel()
		return <-ended
	})
}

func (o *ours) pool(ctx context.Context, url string) (*pgxpool.Pool, error) {
	pool, err := pg.Open(ctx, url, 0)
	if err != nil {
		return nil, err
	}
	o.later(func() error { pool.Close(); return nil })
	return pool, nil
}

// waitHeartbeat returns when a heartbeat of the province is applied: the way is open from end to
// end, and none of its start is measured.
func (o *ours) waitHeartbeat(ctx context.Context, database string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	err := awaitAt(ctx, o.rig.national, database,
		`SELECT EXISTS (SELECT FROM sync.province_state WHERE province = $1 AND heartbeat_at IS NOT NULL)`, province)
	if err != nil {
		return fmt.Errorf("no heartbeat at headquarters: %w", err)
	}
	return nil
}

func (o *ours) stop(context.Context, string) error {
	var errs []error
	for i := len(o.undo) - 1; i >= 0; i-- {
		errs = append(errs, o.undo[i]())
	}
	o.undo = nil
	return errors.Join(errs...)
}

// streamSync is the setting with which leaf and hub store messages, as their configuration has it.
func streamSync() string {
	return strings.TrimSpace(regexp.MustCompile(`(?m)^\s*sync_interval:.*$`).FindString(bus.HubConfig(bus.HubOptions{})))
}
