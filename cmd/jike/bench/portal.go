package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"time"
)

// Portal measures the portal's operations at a provincial node with real data: lists by twelve
// filters and orders, search by two characters in the list and by everything in the global search, the
// overview of a customer, the roll-up of a tree, other screens, a hand-over, and an import of customers against COPY. Requests are
// sent at a set rate whether or not earlier ones are answered, and timed from when they were due, so that
// a slow answer does not hide others. Node, database and browsers share the machine.
type Portal struct {
	Customers int           `default:"1000000" help:"Customers of the province."`
	Dir       string        `required:"" help:"Data directory of the node: seeded once, kept, and used again."`
	Rate      int           `default:"50" help:"Requests a second."`
	Time      time.Duration `default:"60s" help:"How long each of the first four is measured."`
	Imported  int           `default:"100000" help:"Customers of a measured import."`
	Pairs     int           `default:"3" help:"How often an import is measured against COPY."`
	Plans     bool          `default:"true" negatable:"" help:"Print the plans of the statements of lists and search."`
}

// Run measures and prints lines of the form "name value unit".
func (p Portal) Run(ctx context.Context) error {
	if p.Customers < 100 || p.Rate < 1 || p.Time < time.Second {
		return errors.New("at least 100 customers, one request a second and a second are needed")
	}
	return p.run(ctx, os.Stdout)
}

func (p Portal) run(ctx context.Context, w io.Writer) (err error) {
	place, err := openBigProvince(ctx, p.Dir, p.Customers)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, place.close()) }()
	if err := place.counted(ctx); err != nil {
		return err
	}
	out := &printer{w: w}
	if err := place.describe(ctx, out); err != nil {
		return err
	}
	if p.Plans {
		if err := place.plans(ctx, out); err != nil {
			return err
		}
	}
	random := rand.New(rand.NewPCG(1, 2)) // the same requests with every run
	p99 := map[string]float64{}
	for _, line := range []struct {
		name string
		next func(context.Context, *rand.Rand) (request, error)
	}{{"list", place.list}, {"search_in_list", place.search}, {"search_global", place.everything}, {"page360", place.overview}} {
		if p99[line.name], err = p.measure(ctx, out, line.name, random, line.next); err != nil {
			return fmt.Errorf("%s: %w", line.name, err)
		}
	}
	out.line("search_p99_ms %.1f ms", max(p99["search_in_list"], p99["search_global"]))
	if err := place.rollups(ctx, out); err != nil {
		return fmt.Errorf("rollup: %w", err)
	}
	if err := place.screens(ctx, out, 1+int(p.Time/(3*time.Second))); err != nil {
		return fmt.Errorf("screens: %w", err)
	}
	if err := place.handover(ctx, out); err != nil {
		return fmt.Errorf("hand-over: %w", err)
	}
	if p.Pairs > 0 {
		return place.imports(ctx, out, p.Imported, p.Pairs)
	}
	return out.err
}

// request is one of a browser; its label says which figure it counts for beside the common one.
type request struct {
	browser browser
	label   string
	path    string
}

// measure draws the requests beforehand, sends them at the rate, and prints the figures: each label's
// own, the greatest 99th percentile of a label, and that of all, which it gives.
func (p Portal) measure(ctx context.Context, out *printer, name string, random *rand.Rand, next func(context.Context, *rand.Rand) (request, error)) (float64, error) {
	requests := make([]request, int(p.Time.Seconds()*float64(p.Rate)))
	for i := range requests {
		var err error
		if requests[i], err = next(ctx, random); err != nil {
			return 0, err
		}
	}
	took, err := send(ctx, requests, p.Rate)
	if err != nil {
		return 0, err
	}
	labels := map[string][]float64{}
	for i, r := range requests {
		labels[r.label] = append(labels[r.label], took[i])
	}
	var worst float64
	for _, label := range slices.Sorted(maps.Keys(labels)) {
		p99 := percentile(labels[label], 0.99)
		worst = max(worst, p99)
		if len(labels) > 1 {
			out.line("%s_%s_p50_ms %.1f ms", name, label, percentile(labels[label], 0.5))
			out.line("%s_%s_p99_ms %.1f ms", name, label, p99)
		}
	}
	out.line("%s_worst_p99_ms %.1f ms", name, worst)
	out.line("%s_p50_ms %.1f ms", name, percentile(took, 0.5))
	all := percentile(took, 0.99)
	out.line("%s_p99_ms %.1f ms", name, all)
	return all, out.err
}
