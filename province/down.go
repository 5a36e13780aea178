package province

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"jike/internal/bus"
	"jike/internal/node"
	"jike/schemas/replica"
	"jike/sync/apply"
	"jike/sync/operate"
	"jike/sync/stream"
)

// openDown takes headquarters' reference data from now on.
func openDown(n *node.Node, c Config, leaf *bus.Leaf, control *stream.Control) error {
	down, err := apply.New(apply.Options{
		Province: int16(c.Code), Pool: n.Sync, NATS: leaf.Conn, Control: control, Tables: replica.Down, Down: true,
		Limits: stream.Limits{HubBytes: c.NATS.MaxBytes / 4}, Log: n.Log,
	})
	if err != nil {
		return err
	}
	operate.Commands{Provinces: map[int16]*apply.Apply{int16(c.Code): down}, Log: n.Log}.Register(n.Commands)
	n.Task(func(ctx context.Context) error {
		down.Run(ctx)
		return nil
	})
	gauge := func(name, help string, value func(apply.Status) float64) error {
		return n.Registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help},
			func() float64 { return value(down.Status()) }))
	}
	return errors.Join(
		gauge("jike_reference_version", "Version of headquarters' reference data that is here.",
			func(s apply.Status) float64 { return float64(s.Applied) }),
		gauge("jike_reference_head", "Newest version that headquarters has, as last heard.",
			func(s apply.Status) float64 { return float64(s.Head) }),
		gauge("jike_reference_epoch", "Rises when versions may be used again.",
			func(s apply.Status) float64 { return float64(s.Epoch) }),
		gauge("jike_reference_parked", "Versions that were refused here, in part or whole, and that nobody has dealt with.",
			func(s apply.Status) float64 { return float64(s.Parked) }),
		gauge("jike_reference_dirty_keys", "Keys whose rows here are not what headquarters has, because of them.",
			func(s apply.Status) float64 { return float64(s.Dirty) }),
		gauge("jike_reference_heard_seconds", "Since headquarters was last heard; -1: never since the start.",
			func(s apply.Status) float64 {
				if s.Heard.IsZero() {
					return -1
				}
				return time.Since(s.Heard).Seconds()
			}),
	)
}
