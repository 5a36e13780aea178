package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/pprof"
	"slices"
	"time"
)

// Sync compares the way of rows from provinces to headquarters with PostgreSQL's own logical
// replication. Both sides take turns on the same two servers, each time in fresh databases, and
// our side has the same configuration in every part.
type Sync struct {
	Parts        []string      `default:"bulk,small,four,memory" enum:"bulk,small,four,memory" help:"What is measured: ${enum}."`
	Rows         int           `default:"200000" help:"Rows that are inserted and then updated, in transactions of 1,000; of all provinces together."`
	Transactions int           `default:"20000" help:"Transactions of one row that four writers make at full speed."`
	Rate         int           `default:"1500" help:"Transactions a second of the steady load under which the latency is measured."`
	Steady       time.Duration `default:"10s" help:"How long the steady load lasts."`
	Memory       int           `default:"10000000" help:"Rows over which memory must not grow; half of them once more in one transaction."`
	Pairs        int           `default:"7" help:"How often the sides take turns; a ratio is the median of the pairs' ratios."`
	Dir          string        `type:"existingdir" help:"Where the temporary servers keep their files; default: the system's temporary directory."`
	Limit        time.Duration `default:"2h" help:"The whole comparison ends after this time."`
	Profile      string        `placeholder:"PREFIX" help:"Write profiles of our side to PREFIX-bulk-insert-1.pprof and so on: of the CPU, and for memory of the heap."`
}

// part is one part of the comparison: measure lets one side work in one pair and records figures,
// summarize prints what they come to.
type part struct {
	name      string
	sides     func(*rig) []side
	measure   func(Sync, context.Context, *rig, side, *series) error
	summarize func(*series)
}

// parts in the order in which they are measured.
var parts = []part{
	bulkPart("bulk", 1),
	{name: "small", sides: allSides, measure: Sync.small, summarize: summarizeSmall},
	bulkPart("four", 4),
}

// Run measures and prints lines of the form "name value unit".
func (s Sync) Run(ctx context.Context) error {
	if s.Rows < 1 || s.Pairs < 1 || s.Transactions < 1 || s.Rate < 1 {
		return errors.New("rows, pairs, transactions and rate must be positive")
	}
	ctx, cancel := context.WithTimeout(ctx, s.Limit)
	defer cancel()
	return s.run(ctx, os.Stdout)
}

func (s Sync) run(ctx context.Context, w io.Writer) (err error) {
	r, err := startRig(ctx, s.Dir, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	if err := r.printSettings(ctx, w); err != nil {
		return err
	}
	out := newSeries(w)
	out.line("# our side: leaf servers, hub, capture and apply in this process, %s; apply commits with the server's synchronous_commit", streamSync())
	out.line("# native side: subscriptions with binary = true, synchronous_commit = on, copy_data = false")
	out.line("# rows of %d columns; sides take turns, ours first", len(row.Columns))
	for _, p := range parts {
		if !slices.Contains(s.Parts, p.name) {
			continue
		}
		for pair := range s.Pairs {
			for _, side := range p.sides(r) {
				if err := p.measure(s, ctx, r, side, out); err != nil {
					return fmt.Errorf("%s, %s, pair %d: %w", p.name, side.name(), pair+1, err)
				}
			}
		}
		p.summarize(out)
	}
	if slices.Contains(s.Parts, "memory") {
		if err := s.memory(ctx, r, out); err != nil {
			return fmt.Errorf("memory: %w", err)
		}
	}
	return out.err
}

// profile begins a CPU profile of our side, if one is wanted.
func (s Sync) profile(side side, work string) (end func() error, err error) {
	if s.Profile == "" || side.name() != oursName {
		return func() error { return nil }, nil
	}
	file, err := os.CreateTemp(".", fmt.Sprintf("%s-%s-*.pprof", s.Profile, work))
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return file.Close()
	}, nil
}
