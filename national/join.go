package national

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"jike/internal/bus"
	"jike/internal/node"
	"jike/schemas/replica"
	"jike/sync/apply"
	"jike/sync/copy"
	"jike/sync/operate"
	"jike/sync/reconcile"
	"jike/sync/stream"
)

// join takes a province's records from now on and makes it known to reconciliation and to the
// commands.
func join(n *node.Node, c Config, hub *bus.Hub, proof *reconcile.National, first *copy.National, o operate.Commands, p Province) error {
	code := int16(p.Code)
	nc, err := hub.Conn(code)
	if err != nil {
		return err
	}
	control := stream.NewControl(nc, code, stream.National, n.Log)
	n.OnClose(control.Close)
	down, err := apply.New(apply.Options{
		Province: code, Pool: n.Sync, NATS: nc, Control: control, Tables: replica.Up, Previous: replica.Previous,
		Limits:       stream.Limits{HubBytes: c.NATS.MaxBytes, HubReplicas: c.NATS.Replicas},
		TruncateRows: c.Sync.TruncateRows, Log: n.Log,
		Join: func(ctx context.Context, epoch int64) error {
			return first.Join(ctx, copy.Site{Province: code, Control: control}, epoch)
		},
		Barrier: func(a apply.Arrival) {
			proof.Barrier(reconcile.Arrival{Barrier: a.Barrier, Epoch: a.Epoch, Point: reconcile.LSN(a.Point), Tx: a.Tx, Close: a.Close})
		},
	})
	if err != nil {
		return err
	}
	o.Provinces[code] = down
	n.Task(func(ctx context.Context) error {
		down.Run(ctx)
		return nil
	})
	if err := observe(n.Registry, code, down); err != nil {
		return err
	}
	if err := openDown(n, c, code, hub, control); err != nil {
		return err
	}
	return proof.AddSite(reconcile.Site{
		Province: code, Schedule: p.Reconcile, Zone: p.TimeZone,
		Call: func(ctx context.Context, operation string, request []byte) ([]byte, error) {
			reply, err := control.Call(ctx, operation, request)
			if errors.Is(err, stream.ErrRefused) {
				err = fmt.Errorf("%w: %w", reconcile.ErrRefused, err)
			}
			return reply, err
		},
		Applied: func() (int64, reconcile.LSN) {
			epoch, lsn := down.Applied()
			return epoch, reconcile.LSN(lsn)
		},
		Running: func() bool { return down.Status().State == apply.Running },
	})
}

// observe shows how far a province's stream is applied.
func observe(registry *prometheus.Registry, province int16, down *apply.Apply) error {
	labels := prometheus.Labels{"province": strconv.Itoa(int(province))}
	gauge := func(name, help string, value func(apply.Status) float64) error {
		return registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels},
			func() float64 { return value(down.Status()) }))
	}
	counter := func(name, help string, value func(apply.Status) int64) error {
		return registry.Register(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels},
			func() float64 { return float64(value(down.Status())) }))
	}
	return errors.Join(
		gauge("jike_apply_running", "1 while the province's transactions are applied as they come.", func(s apply.Status) float64 {
			if s.State == apply.Running {
				return 1
			}
			return 0
		}),
		gauge("jike_apply_lag_bytes", "Of the province's log, between what is applied and its end.",
			func(s apply.Status) float64 { return float64(s.LagBytes) }),
		gauge("jike_apply_heartbeat_seconds", "The province's clock in the last heartbeat applied, in seconds since 1970; 0: none yet.",
			func(s apply.Status) float64 {
				if s.Heartbeat.IsZero() {
					return 0
				}
				return float64(s.Heartbeat.UnixMilli()) / 1000
			}),
		gauge("jike_apply_epoch", "Epoch of the province's stream.", func(s apply.Status) float64 { return float64(s.Epoch) }),
		gauge("jike_apply_paused", "1 while a person stopped the province, or is to look at what comes next.", func(s apply.Status) float64 {
			if s.State == apply.Paused {
				return 1
			}
			return 0
		}),
		gauge("jike_apply_parked", "Transactions that were refused here and that nobody has dealt with.",
			func(s apply.Status) float64 { return float64(s.Parked) }),
		gauge("jike_apply_dirty_keys", "Keys whose rows here are not what the province has, because of parked transactions.",
			func(s apply.Status) float64 { return float64(s.Dirty) }),
		counter("jike_apply_transactions_total", "Transactions applied by this process.", func(s apply.Status) int64 { return s.Transactions }),
		counter("jike_apply_changes_total", "Changes in them.", func(s apply.Status) int64 { return s.Rows }),
		counter("jike_apply_divergences_total", "Changes that met no row.", func(s apply.Status) int64 { return s.Divergences }),
		counter("jike_apply_conflicts_total", "Inserts that met a row and replaced it.", func(s apply.Status) int64 { return s.Conflicts }),
	)
}
