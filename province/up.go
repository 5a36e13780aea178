package province

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"jike/internal/build"
	"jike/internal/bus"
	"jike/internal/node"
	"jike/schemas/replica"
	"jike/sync/capture"
	"jike/sync/copy"
	"jike/sync/reconcile"
	"jike/sync/stream"
	"jike/sync/wire"
)

// openUp makes what sends selected rows to headquarters and answers in a reconciliation:
// publication and slot first, so that no row is written before the stream would carry it.
func openUp(ctx context.Context, n *node.Node, c Config) error {
	if err := capture.EnsurePublication(ctx, n.Server.OwnerURL, replica.Up); err != nil {
		return err
	}
	if err := capture.EnsureSlot(ctx, n.Server.SyncURL, n.Sync); err != nil {
		return err
	}
	leaf, err := openLeaf(n, c)
	if err != nil {
		return err
	}
	control := stream.NewControl(leaf.Conn, int16(c.Code), stream.Province, n.Log)
	n.OnClose(control.Close)
	up, err := capture.New(capture.Options{
		Province: int16(c.Code), URL: n.Server.SyncURL, Pool: n.Sync, NATS: leaf.Conn, Control: control, Tables: replica.Up,
		Limits: stream.Limits{LeafBytes: c.NATS.MaxBytes}, Heartbeat: c.Sync.Heartbeat, Cap: uint64(c.Sync.HoldBytes), Log: n.Log,
		ResendRate: c.Sync.ResendRate,
	})
	if err != nil {
		return err
	}
	if _, err := copy.NewProvince(copy.ProvinceOptions{Pool: n.Sync, Tables: replica.Up}, up.Handle); err != nil {
		return err
	}
	n.Task(up.Run)
	if err := observe(n.Registry, up); err != nil {
		return err
	}
	if err := openDown(n, c, leaf, control); err != nil {
		return err
	}
	return openProof(n, c, up)
}

// openLeaf connects to the province's leaf server: one that runs apart, or an embedded one.
func openLeaf(n *node.Node, c Config) (*bus.Leaf, error) {
	seed, err := bus.EnsureSeed(SeedFile(c))
	if err != nil {
		return nil, err
	}
	leaf, err := bus.OpenLeaf(c.NATS.URL, bus.LeafOptions{
		Dir: filepath.Join(c.Data, "leaf"), Province: int16(c.Code), Seed: seed, Hubs: strings.Split(c.NATS.HubURL, ","),
		// An old and a new incarnation side by side, and room for their indexes; and at least what a
		// higher limit reserved before it was lowered, or the streams that are there could not be opened.
		MaxStore: max(3*c.NATS.MaxBytes, leastStore),
		Log:      n.Log,
	})
	if err != nil {
		return nil, err
	}
	n.OnClose(leaf.Close)
	n.Commands.Handle("POST /keys", keyring{leaf})
	n.Log.Info("leaf server reached", "public_key", seed.Public())
	return leaf, nil
}

// openProof lets headquarters' reconciliation ask this node.
func openProof(n *node.Node, c Config, up *capture.Capture) error {
	key, err := reconcile.LoadKey(keys(c))
	if err != nil {
		return err
	}
	proof := reconcile.NewProvince(reconcile.ProvinceOptions{
		Province: int16(c.Code), Pool: n.Sync, Tables: replica.Up, Key: key, Version: build.Version(), Log: n.Log,
		Share: c.Sync.DigestShare,
		Barrier: func(ctx context.Context, id uuid.UUID) (*reconcile.Snapshot, error) {
			s, err := up.Barrier(ctx, id)
			if err != nil {
				return nil, err
			}
			return &reconcile.Snapshot{Epoch: s.Epoch, Point: reconcile.LSN(s.LSN), Tx: s.Tx, Close: s.Close}, nil
		},
		Repair: func(ctx context.Context, t replica.Table, keys []int64, epoch int64, point reconcile.LSN) error {
			if now := up.Status().Epoch; now != epoch {
				return fmt.Errorf("the comparison was made in epoch %d, this is %d", epoch, now)
			}
			return up.Repair(ctx, t, keys, wire.LSN(point))
		},
	})
	n.OnClose(proof.Close)
	for _, operation := range reconcile.Operations() {
		err = errors.Join(err, up.Handle(operation, func(ctx context.Context, request []byte) ([]byte, error) {
			return proof.Answer(ctx, operation, request)
		}))
	}
	return err
}

// leastStore is the least that the leaf server may store. The streams have lower limits of their own.
const leastStore = 64 << 30

// keys is where the node keeps its secrets.
func keys(c Config) string { return filepath.Join(c.Data, "keys") }

// observe shows how far headquarters is behind.
func observe(registry *prometheus.Registry, up *capture.Capture) error {
	gauge := func(name, help string, value func(capture.Status) float64) error {
		return registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help},
			func() float64 { return value(up.Status()) }))
	}
	return errors.Join(
		gauge("jike_sync_connected", "1 while committed changes are read from the log.",
			func(s capture.Status) float64 { return flag(s.Connected) }),
		gauge("jike_sync_lag_seconds", "Since when headquarters has not applied what was published.",
			func(s capture.Status) float64 { return s.LagSeconds }),
		gauge("jike_sync_lag_bytes", "Log between what headquarters applied and its end.",
			func(s capture.Status) float64 { return float64(s.LagBytes) }),
		gauge("jike_sync_backlog_messages", "Messages on the leaf server that the hub has not taken.",
			func(s capture.Status) float64 { return float64(s.BacklogMessages) }),
		gauge("jike_sync_backlog_bytes", "Bytes on the leaf server that the hub has not taken.",
			func(s capture.Status) float64 { return float64(s.BacklogBytes) }),
		gauge("jike_sync_epoch", "Rises when log positions may be used again.",
			func(s capture.Status) float64 { return float64(s.Epoch) }),
		gauge("jike_sync_standby", "1 while another process of the province reads the log.",
			func(s capture.Status) float64 { return flag(s.Standby) }),
		gauge("jike_sync_log_left_bytes", "Log until PostgreSQL may give up the slot; -1 without max_slot_wal_keep_size.",
			func(s capture.Status) float64 { return float64(s.Budget.LogLeft) }),
		gauge("jike_sync_log_left_days", "The same at the rate of the last minutes.",
			func(s capture.Status) float64 { return s.Budget.LogDays }),
		gauge("jike_sync_leaf_full", "1 while the leaf server's stream refuses more, and the log holds what follows.",
			func(s capture.Status) float64 { return flag(s.Full) }),
		gauge("jike_sync_leaf_too_small", "1 while all that the full stream holds is a part of one transaction: nats.max_bytes must be raised.",
			func(s capture.Status) float64 { return flag(s.TooSmall) }),
		gauge("jike_sync_leaf_left_bytes", "Room in the leaf server's stream.",
			func(s capture.Status) float64 { return float64(s.Budget.LeafLeft) }),
		gauge("jike_sync_leaf_left_days", "The same at the rate of the last minutes.",
			func(s capture.Status) float64 { return s.Budget.LeafDays }),
	)
}

// flag is a state as a metric.
func flag(state bool) float64 {
	if state {
		return 1
	}
	return 0
}
