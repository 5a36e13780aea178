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

	"github.com/jackc/pgx/v5"
)

// province is the code that the measured rows carry at headquarters.
const province = 591

// Sync compares the way of rows from a province to headquarters with PostgreSQL's own logical
// replication. Both sides take turns on the same two servers, each time in fresh databases; what
// is measured runs from the first commit in the province to the moment when the last transaction
// is visible at headquarters.
type Sync struct {
	Rows    int           `default:"200000" help:"Rows that are inserted and then updated, in transactions of 1,000."`
	Pairs   int           `default:"5" help:"How often both sides take turns; the ratio is the median."`
	Dir     string        `type:"existingdir" help:"Where the temporary servers keep their files; default: the system's temporary directory."`
	Limit   time.Duration `default:"20m" help:"The whole comparison ends after this time."`
	Profile string        `placeholder:"PREFIX" help:"Write CPU profiles of our side to PREFIX-insert-1.pprof and so on."`
}

// Run measures and prints lines of the form "name value unit".
func (s Sync) Run(ctx context.Context) error {
	if s.Rows < 1 || s.Pairs < 1 {
		return errors.New("rows and pairs must be positive")
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
	p := printer{w: w}
	p.line("# our side: leaf server, hub, capture and apply in this process, %s; apply commits with the server's synchronous_commit", streamSync())
	p.line("# native side: subscription with binary = true, synchronous_commit = on, copy_data = false")
	p.line("# %d rows of %d columns, in transactions of %d; sides take turns, ours first", s.Rows, len(row.Columns), batchRows)
	results := map[string][]result{} // by work and side
	for pair := range s.Pairs {
		for _, side := range []side{&ours{rig: r}, native{r}} {
			measured, err := s.session(ctx, r, side, pair+1)
			if err != nil {
				return fmt.Errorf("%s, pair %d: %w", side.name(), pair+1, err)
			}
			for i, m := range measured {
				key := works[i].name + "_" + side.name()
				results[key] = append(results[key], m)
				p.line("bulk_%s_%d %.0f rows/s", key, pair+1, m.rate)
			}
		}
	}
	summarize(&p, results)
	return p.err
}

// side is one of the two ways that are compared.
type side interface {
	name() string
	// start makes headquarters' table and begins to replicate bench.row of the database.
	start(ctx context.Context, database string) error
	// stop ends it and leaves no slot.
	stop(ctx context.Context, database string) error
}

// result is one measurement.
type result struct {
	rate float64 // rows a second
	cpu  usage
}

// session lets one side replicate everything once, in databases of its own.
func (s Sync) session(ctx context.Context, r *rig, side side, pair int) (results []result, err error) {
	name := fmt.Sprintf("bench_%s_%d", side.name(), pair)
	if err := r.databases(ctx, name); err != nil {
		return nil, err
	}
	source, err := pgx.Connect(ctx, r.province.SuperuserURL(name))
	if err != nil {
		return nil, err
	}
	defer func() { _ = source.Close(context.WithoutCancel(ctx)) }()
	if err := fillSource(ctx, source, s.Rows); err != nil {
		return nil, err
	}
	if err := side.start(ctx, name); err != nil {
		return nil, errors.Join(err, side.stop(context.WithoutCancel(ctx), name))
	}
	results, err = s.measureAll(ctx, r, side, source, pair)
	if err := errors.Join(err, side.stop(context.WithoutCancel(ctx), name)); err != nil {
		return nil, err
	}
	return results, r.drop(ctx, name)
}

func (s Sync) measureAll(ctx context.Context, r *rig, side side, source *pgx.Conn, pair int) ([]result, error) {
	database := source.Config().Database
	nation, err := pgx.Connect(ctx, r.national.SuperuserURL(database))
	if err != nil {
		return nil, err
	}
	defer func() { _ = nation.Close(context.WithoutCancel(ctx)) }()
	if _, err := source.Exec(ctx, `INSERT INTO bench.row SELECT * FROM bench.stock WHERE NOT national`); err != nil {
		return nil, err
	}
	if err := r.both(ctx, database, `CHECKPOINT`); err != nil {
		return nil, err
	}
	var results []result
	for _, w := range works {
		if err := r.both(ctx, database, `VACUUM ANALYZE bench.row`); err != nil {
			return nil, err
		}
		end, err := s.profile(side, w, pair)
		if err != nil {
			return nil, err
		}
		m, err := s.measure(ctx, r, w, source, nation)
		if err := errors.Join(err, end()); err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		if err := same(ctx, source, nation); err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		results = append(results, m)
	}
	return results, nil
}

// measure writes in the province and waits for headquarters. The clock starts when the first
// commit returns.
func (s Sync) measure(ctx context.Context, r *rig, w work, source, nation *pgx.Conn) (result, error) {
	batches := (s.Rows + batchRows - 1) / batchRows
	var last int64
	if err := source.QueryRow(ctx, w.last, batches-1).Scan(&last); err != nil {
		return result{}, err
	}
	before, err := r.usage()
	if err != nil {
		return result{}, err
	}
	var began time.Time
	for batch := range batches {
		if _, err := source.Exec(ctx, w.change, batch, batchRows); err != nil {
			return result{}, err
		}
		if batch == 0 {
			began = time.Now()
		}
	}
	if err := waitTrue(ctx, nation, w.seen, last); err != nil {
		return result{}, err
	}
	took := time.Since(began)
	after, err := r.usage()
	return result{rate: float64(s.Rows) / took.Seconds(), cpu: after.since(before)}, err
}

// same compares every row and column.
func same(ctx context.Context, source, nation *pgx.Conn) error {
	want, err := contents(ctx, source, "national")
	if err != nil {
		return err
	}
	got, err := contents(ctx, nation, "true")
	if err != nil {
		return err
	}
	if want != got {
		return fmt.Errorf("headquarters holds %d rows, digest %s; the province %d rows, digest %s", got.Rows, got.Sum, want.Rows, want.Sum)
	}
	return nil
}

// profile begins a CPU profile of our side, if one is wanted.
func (s Sync) profile(side side, w work, pair int) (end func() error, err error) {
	if s.Profile == "" || side.name() != oursName {
		return func() error { return nil }, nil
	}
	file, err := os.Create(fmt.Sprintf("%s-%s-%d.pprof", s.Profile, w.name, pair))
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

// summarize prints medians: processor time first, the ratios last.
func summarize(p *printer, results map[string][]result) {
	for _, w := range works {
		for _, side := range []string{oursName, "native"} {
			key := w.name + "_" + side
			for _, part := range []struct {
				name string
				of   func(usage) time.Duration
			}{
				{"province", func(u usage) time.Duration { return u.province }},
				{"national", func(u usage) time.Duration { return u.national }},
				{"process", func(u usage) time.Duration { return u.own }},
			} {
				var seconds []float64
				for _, m := range results[key] {
					seconds = append(seconds, part.of(m.cpu).Seconds())
				}
				p.line("bulk_%s_cpu_%s %.2f s", key, part.name, median(seconds))
			}
		}
	}
	ratios := map[string][]float64{}
	for _, w := range works {
		for i, m := range results[w.name+"_"+oursName] {
			ratios[w.name] = append(ratios[w.name], m.rate/results[w.name+"_native"][i].rate)
		}
		p.line("bulk_%s_vs_native_min %.3f ratio", w.name, slices.Min(ratios[w.name]))
		p.line("bulk_%s_vs_native_max %.3f ratio", w.name, slices.Max(ratios[w.name]))
	}
	for _, w := range works {
		p.line("bulk_%s_vs_native %.3f ratio", w.name, median(ratios[w.name]))
	}
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// printer writes lines and keeps the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}
