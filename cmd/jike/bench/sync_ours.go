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

// hubBytes is what the hub keeps of a province.
const hubBytes = 64 << 30

// tables is what capture and apply replicate here.
var tables = []replica.Table{row}

// ours is the product's way: capture, leaf servers, hub and apply as the nodes run them, the
// servers embedded in this process or, for one province, apart.
type ours struct {
	rig   *rig
	apart bool
	undo  []func() error // what stop does, last first
	// through gives the address at which the leaf finds the hub, if something stands between; nil: nothing.
	through func(hub string) (string, error)
}

func (*ours) name() string { return oursName }

// nation is one database for all provinces, as headquarters has it.
func (*ours) nation(sources []string, _ int) string { return sources[0] }

// later remembers what stop has to do.
func (o *ours) later(f func() error) { o.undo = append(o.undo, f) }

func (o *ours) start(ctx context.Context, sources []string) error {
	if err := o.migrate(ctx, sources); err != nil {
		return err
	}
	links, err := o.servers(len(sources))
	if err != nil {
		return err
	}
	pool, err := o.pool(ctx, o.rig.national.URL(pg.RoleSync, sources[0]))
	if err != nil {
		return err
	}
	for i, source := range sources {
		if err := o.apply(ctx, pool, links[i]); err != nil {
			return err
		}
		if err := o.capture(ctx, i, source, links[i]); err != nil {
			return err
		}
		if err := o.waitHeartbeat(ctx, sources[0], links[i].province); err != nil {
			return err
		}
	}
	return nil
}

// migrate makes the databases as the nodes do, and headquarters' table with a partition for each
// province.
func (o *ours) migrate(ctx context.Context, sources []string) error {
	if err := pg.Migrate(ctx, o.rig.national.URL(pg.RoleOwner, sources[0]), pg.National); err != nil {
		return err
	}
	partitions := "PARTITION BY LIST (province)"
	for i, source := range sources {
		partitions += fmt.Sprintf("; CREATE TABLE bench.row_%d PARTITION OF bench.row FOR VALUES IN (%[1]d)", province+i)
		if err := pg.Migrate(ctx, o.rig.source(i).URL(pg.RoleOwner, source), pg.Province); err != nil {
			return err
		}
		if err := execAt(ctx, o.rig.source(i), source, `ALTER TABLE bench.row OWNER TO jike_owner; ALTER SCHEMA bench OWNER TO jike_owner`); err != nil {
			return err
		}
	}
	if err := execAt(ctx, o.rig.national, sources[0], fmt.Sprintf(target, 0, "province, id", partitions)); err != nil {
		return fmt.Errorf("target: %w", err)
	}
	return nil
}

// link is a province's connections to both ends.
type link struct {
	province  int16
	leaf, hub *nats.Conn
}

// servers starts the hub and a leaf server for each province with new keys and stores and connects
// to each.
func (o *ours) servers(provinces int) ([]link, error) {
	if o.apart {
		l, err := o.serversApart()
		return []link{l}, err
	}
	store, err := os.MkdirTemp(o.rig.dir, "nats-")
	if err != nil {
		return nil, err
	}
	o.later(func() error { return os.RemoveAll(store) })
	links := make([]link, provinces)
	members := make([]bus.Member, provinces)
	own, headquarters := make([]bus.Seed, provinces), make([]bus.Seed, provinces)
	for i := range members {
		var errs [2]error
		own[i], errs[0] = bus.NewSeed()
		headquarters[i], errs[1] = bus.NewSeed()
		if err := errors.Join(errs[:]...); err != nil {
			return nil, err
		}
		links[i].province = int16(province + i)
		members[i] = bus.Member{Province: links[i].province, Leaf: own[i].Public(), National: headquarters[i].Public()}
	}
	hub, err := bus.StartHub(bus.HubOptions{
		Dir: filepath.Join(store, "hub"), LeafListen: "127.0.0.1:-1", Members: members,
		MaxStore: 3 * hubBytes * int64(provinces), // as the national node reckons
	})
	if err != nil {
		return nil, err
	}
	o.later(func() error { hub.Shutdown(); return nil })
	address := hub.LeafAddress()
	if o.through != nil {
		if address, err = o.through(address); err != nil {
			return nil, err
		}
	}
	for i := range links {
		l := &links[i]
		leaf, err := bus.StartLeaf(bus.LeafOptions{
			Dir: filepath.Join(store, fmt.Sprint("leaf-", l.province)), Province: l.province, Seed: own[i],
			Hubs: []string{"nats-leaf://" + address},
		})
		if err != nil {
			return nil, err
		}
		o.later(func() error { leaf.Shutdown(); return nil })
		if l.hub, err = hub.Connect(headquarters[i]); err != nil {
			return nil, err
		}
		o.later(func() error { l.hub.Close(); return nil })
		if l.leaf, err = leaf.Connect(own[i]); err != nil {
			return nil, err
		}
		o.later(func() error { l.leaf.Close(); return nil })
	}
	return links, nil
}

func (o *ours) apply(ctx context.Context, pool *pgxpool.Pool, l link) error {
	control := stream.NewControl(l.hub, l.province, stream.National, o.rig.log)
	o.later(func() error { control.Close(); return nil })
	a, err := apply.New(apply.Options{
		Province: l.province, Pool: pool, NATS: l.hub, Control: control, Tables: tables, Log: o.rig.log,
		Limits: stream.Limits{HubBytes: hubBytes},
	})
	if err != nil {
		return err
	}
	o.background(ctx, func(ctx context.Context) error {
		a.Run(ctx)
		return nil
	})
	return nil
}

func (o *ours) capture(ctx context.Context, source int, database string, l link) error {
	cluster := o.rig.source(source)
	if err := capture.EnsurePublication(ctx, cluster.URL(pg.RoleOwner, database), tables); err != nil {
		return err
	}
	url := cluster.URL(pg.RoleSync, database)
	pool, err := o.pool(ctx, url)
	if err != nil {
		return err
	}
	if err := capture.EnsureSlot(ctx, url, pool); err != nil {
		return err
	}
	o.later(func() error { return o.dropSlot(context.WithoutCancel(ctx), cluster, database) })
	control := stream.NewControl(l.leaf, l.province, stream.Province, o.rig.log)
	o.later(func() error { control.Close(); return nil })
	c, err := capture.New(capture.Options{
		Province: l.province, URL: url, Pool: pool, NATS: l.leaf, Control: control, Tables: tables, Log: o.rig.log,
	})
	if err != nil {
		return err
	}
	o.background(ctx, c.Run)
	return nil
}

// dropSlot removes capture's slot once PostgreSQL has noticed that its reader is gone.
func (o *ours) dropSlot(ctx context.Context, cluster *pg.Cluster, database string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	err := awaitAt(ctx, cluster, database, `SELECT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = $1 AND NOT active)`, capture.Slot)
	if err != nil {
		return fmt.Errorf("slot: %w", err)
	}
	return execAt(ctx, cluster, database, `SELECT pg_drop_replication_slot($1)`, capture.Slot)
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
func (o *ours) waitHeartbeat(ctx context.Context, database string, province int16) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	err := awaitAt(ctx, o.rig.national, database,
		`SELECT EXISTS (SELECT FROM sync.province_state WHERE province = $1 AND heartbeat_at IS NOT NULL)`, province)
	if err != nil {
		return fmt.Errorf("no heartbeat at headquarters: %w", err)
	}
	return nil
}

func (o *ours) stop(context.Context, []string) error {
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
