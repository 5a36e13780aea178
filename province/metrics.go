package province

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"jike/internal/node"
	"jike/province/selection"
	"jike/sync/capture"
)

// scrapeWait bounds the reading of the database for one scrape.
const scrapeWait = 5 * time.Second

// progress shows to Prometheus how far the long works of a province are: the rollout of a selection
// policy, and the tables whose rows are sent again. What is not under way is not shown.
type progress struct {
	policies func(context.Context) ([]selection.Version, error)
	resends  func(context.Context) ([]capture.Resending, error)
	log      *slog.Logger
}

// observeProgress registers it.
func observeProgress(n *node.Node, all *Stores) error {
	return n.Registry.Register(progress{
		policies: func(ctx context.Context) ([]selection.Version, error) { return all.Selection.List(ctx, operator) },
		resends:  func(ctx context.Context) ([]capture.Resending, error) { return capture.Resends(ctx, n.Sync) },
		log:      n.Log,
	})
}

func description(name, help, label string) *prometheus.Desc {
	return prometheus.NewDesc("jike_"+name, help, []string{label}, nil)
}

var (
	rolloutDone   = description("selection_rollout_customers", "Customers that the rollout under way has gone over.", "version")
	rolloutTotal  = description("selection_rollout_expected_customers", "Customers that there were when it began.", "version")
	rolloutPaused = description("selection_rollout_paused", "1 while a person stopped it.", "version")
	resendDone    = description("sync_resend_rows", "Rows of the table that were sent again since a release added a column.", "relation")
	resendTotal   = description("sync_resend_expected_rows", "Rows of it that there were when that began; 0: not counted yet.", "relation")
)

// Describe is part of prometheus.Collector.
func (p progress) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{rolloutDone, rolloutTotal, rolloutPaused, resendDone, resendTotal} {
		out <- d
	}
}

// Collect is part of prometheus.Collector. What cannot be read is left out.
func (p progress) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeWait)
	defer cancel()
	show := func(d *prometheus.Desc, value float64, label string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, label)
	}
	versions, err := p.policies(ctx)
	if err != nil {
		p.log.Error("metrics: selection policies", "error", err)
	}
	for _, v := range versions {
		if r := v.Rollout; r != nil && r.FinishedAt == nil {
			label := fmt.Sprint(v.Version)
			show(rolloutDone, float64(r.Judged), label)
			show(rolloutTotal, float64(r.Total), label)
			show(rolloutPaused, map[bool]float64{true: 1}[r.Paused], label)
		}
	}
	tables, err := p.resends(ctx)
	if err != nil {
		p.log.Error("metrics: tables that are sent again", "error", err)
	}
	for _, t := range tables {
		if t.FinishedAt == nil {
			show(resendDone, float64(t.Sent), t.Relation)
			show(resendTotal, float64(t.Total), t.Relation)
		}
	}
}
