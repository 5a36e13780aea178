package bench

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
)

// writers is how many connections write at once in the small part.
const writers = 4

// small measures transactions of one row: first how fast four writers are while their rows are
// replicated, then, at a steady rate, how long a row takes from its commit until it is visible.
func (s Sync) small(ctx context.Context, r *rig, side side, out *series) error {
	steady := int(s.Steady.Seconds() * float64(s.Rate))
	return r.session(ctx, side, 1, s.Transactions+steady, func(sites []site) error {
		w := oneByOne{site: sites[0]}
		if err := w.connect(ctx); err != nil {
			return err
		}
		defer w.close(ctx)
		end, err := s.profile(side, "small")
		if err != nil {
			return err
		}
		before, err := r.usage()
		if err != nil {
			return err
		}
		began := time.Now()
		if err := w.write(ctx, 0, s.Transactions, 0, nil); err != nil {
			return err
		}
		took := time.Since(began)
		if side.name() != noneName {
			if err := w.arrived(ctx, s.Transactions); err != nil {
				return err
			}
		}
		after, err := r.usage()
		if err := end(); err != nil {
			return err
		}
		if err != nil {
			return err
		}
		out.record("small_writers", side, float64(s.Transactions)/took.Seconds(), "tx/s")
		out.record("small_national_cpu", side, after.since(before).national.Seconds(), "s")
		if side.name() == noneName {
			return nil
		}
		latencies, err := w.latencies(ctx, s.Transactions, steady, s.Rate)
		if err != nil {
			return err
		}
		out.record("latency_p50", side, percentile(latencies, 0.5), "ms")
		out.record("latency_p99", side, percentile(latencies, 0.99), "ms")
		return sites[0].same(ctx)
	})
}

func summarizeSmall(out *series) {
	out.medians("small_national_cpu", "s", oursName, nativeName)
	out.medians("small_writers", "tx/s", oursName, nativeName, noneName)
	for _, metric := range []string{"latency_p50", "latency_p99"} {
		out.medians(metric, "ms", oursName, nativeName)
	}
	out.ratio("small_writers_vs_native", "small_writers", nativeName)
	out.ratio("small_writers_vs_none", "small_writers", noneName)
	out.ratio("latency_p50_vs_native", "latency_p50", nativeName)
	out.ratio("latency_p99_vs_native", "latency_p99", nativeName)
}

// oneByOne writes the rows of the stock in transactions of one. A writer takes every fourth row, in
// order.
type oneByOne struct {
	site
	conns [writers]*pgx.Conn
}

func (w *oneByOne) connect(ctx context.Context) error {
	for i := range w.conns {
		conn, err := pgx.ConnectConfig(ctx, w.source.Config())
		if err != nil {
			return err
		}
		w.conns[i] = conn
	}
	return nil
}

func (w *oneByOne) close(ctx context.Context) {
	for _, conn := range w.conns {
		if conn != nil {
			_ = conn.Close(context.WithoutCancel(ctx)) // nothing is lost with it
		}
	}
}

// write commits count rows after the first ones. A rate keeps to a timetable of so many commits a
// second; 0 writes at full speed. committed is told when a row's commit has returned.
func (w *oneByOne) write(ctx context.Context, first, count, rate int, committed func(writer int, id int64)) error {
	began := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	for i, conn := range w.conns {
		group.Go(func() error {
			for n := i; n < count; n += writers {
				if rate > 0 {
					time.Sleep(time.Until(began.Add(time.Duration(n) * time.Second / time.Duration(rate)))) // the timetable
				}
				id := int64(first + n + 1)
				if _, err := conn.Exec(ctx, `INSERT INTO bench.row SELECT * FROM bench.stock WHERE id = $1`, id); err != nil {
					return err
				}
				if committed != nil {
					committed(i, id)
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// arrived waits until headquarters has so many rows.
func (w *oneByOne) arrived(ctx context.Context, rows int) error {
	return w.wait(ctx, `SELECT count(*) = $2 FROM bench.row WHERE province = $1`, rows)
}

// latencies writes at a steady rate and gives for each row the milliseconds from the return of its
// commit until an observer at headquarters, who asks all the time, has seen it.
func (w *oneByOne) latencies(ctx context.Context, first, count, rate int) ([]float64, error) {
	var mu sync.Mutex
	waiting := [writers][]commit{}
	written := make(chan error, 1)
	go func() {
		written <- w.write(ctx, first, count, rate, func(writer int, id int64) {
			at := time.Now()
			mu.Lock()
			waiting[writer] = append(waiting[writer], commit{id, at})
			mu.Unlock()
		})
	}()
	seen := [writers]int64{}
	latencies := make([]float64, 0, count)
	for done := false; !done || len(latencies) < count; {
		if err := w.look(ctx, int64(first), &seen); err != nil {
			return nil, err
		}
		now := time.Now()
		mu.Lock()
		for i := range waiting {
			for len(waiting[i]) > 0 && waiting[i][0].id <= seen[i] {
				latencies = append(latencies, float64(now.Sub(waiting[i][0].at).Microseconds())/1000)
				waiting[i] = waiting[i][1:]
			}
		}
		mu.Unlock()
		select {
		case err := <-written:
			if err != nil {
				return nil, err
			}
			done = true
		default:
		}
	}
	return latencies, nil
}

type commit struct {
	id int64
	at time.Time
}

// look learns for each writer the last row that is visible: a writer's rows come in order, so the
// ones before are, too.
func (w *oneByOne) look(ctx context.Context, first int64, seen *[writers]int64) error {
	rows, err := w.nation.Query(ctx, `SELECT (id - $3 - 1) % $4, max(id) FROM bench.row WHERE province = $1 AND id > $2 GROUP BY 1`,
		w.code, max(first, slices.Min(seen[:])), first, int64(writers))
	if err != nil {
		return fmt.Errorf("look: %w", err)
	}
	var writer, id int64
	_, err = pgx.ForEachRow(rows, []any{&writer, &id}, func() error {
		seen[writer] = id
		return nil
	})
	return err
}
