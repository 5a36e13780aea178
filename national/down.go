package national

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"jike/internal/bus"
	"jike/internal/node"
	"jike/schemas/replica"
	"jike/sync/publish"
	"jike/sync/stream"
)

// downBytes bounds the stream of reference data of one province at the hub. It holds what the
// province has not taken yet, at most all rows a few times, compressed.
const downBytes = 128 << 20

// openDown sends reference data to a province from now on.
func openDown(n *node.Node, c Config, code int16, hub *bus.Hub, control *stream.Control) error {
	nc, err := hub.Conn(code)
	if err != nil {
		return err
	}
	down, err := publish.New(publish.Options{
		Province: code, Pool: n.Sync, NATS: nc, Control: control, Tables: replica.Down,
		Limits: stream.Limits{LeafBytes: downBytes, HubReplicas: c.NATS.Replicas}, Log: n.Log,
	})
	if err != nil {
		return err
	}
	n.Task(func(ctx context.Context) error {
		down.Run(ctx)
		return nil
	})
	labels := prometheus.Labels{"province": strconv.Itoa(int(code))}
	gauge := func(name, help string, value func(publish.Status) float64) error {
		return n.Registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels},
			func() float64 { return value(down.Status()) }))
	}
	return errors.Join(
		gauge("jike_reference_version", "Newest version of the reference data.", func(s publish.Status) float64 { return float64(s.Version) }),
		gauge("jike_reference_applied_version", "Version that the province has, as it said last.",
			func(s publish.Status) float64 { return float64(s.Applied) }),
		gauge("jike_reference_heard_seconds", "Since the province last said which version it has; -1: never since the start.",
			func(s publish.Status) float64 {
				if s.Heard.IsZero() {
					return -1
				}
				return time.Since(s.Heard).Seconds()
			}),
	)
}
