package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"jike/internal/pg"
	"jike/schemas/codes"
	"jike/schemas/replica"
)

// SyncJoin has provinces join headquarters all at once, each with rows that are selected already:
// a database server with a real slot, a leaf server and a capture for each. The national node runs
// as a process of its own, in its default configuration with the hub inside, so that its memory can
// be told; the leaf servers and captures share this process.
type SyncJoin struct {
	Provinces int           `default:"31" help:"Provinces that join at once."`
	Rows      int           `default:"20000" help:"Selected rows of each."`
	Dir       string        `type:"existingdir" help:"Where the temporary servers keep their files; default: the system's temporary directory."`
	Limit     time.Duration `default:"20m" help:"The whole measurement ends after this time."`
}

// Run measures and prints lines of the form "name value unit".
func (s SyncJoin) Run(ctx context.Context) error {
	if s.Provinces < 1 || s.Provinces > len(codes.Provinces()) || s.Rows < 10 {
		return fmt.Errorf("provinces must be from 1 to %d, rows 10 at least", len(codes.Provinces()))
	}
	ctx, cancel := context.WithTimeout(ctx, s.Limit)
	defer cancel()
	return s.run(ctx, os.Stdout)
}

func (s SyncJoin) run(ctx context.Context, w io.Writer) (err error) {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	p := printer{w: w}
	p.line("# %d provinces of %d selected rows, each with a database server, slot, leaf server and capture of its own; hub in the national process, %s", s.Provinces, s.Rows, streamSync())
	r, err := startJoinRig(ctx, s, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	idle, err := peakMemory(r.node.Process.Pid)
	if err != nil {
		return err
	}
	began := time.Now()
	var group errgroup.Group
	for _, j := range r.joiners {
		group.Go(func() error { return j.join(ctx, r) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	seconds, err := r.await(ctx, began)
	if err != nil {
		return err
	}
	peak, err := peakMemory(r.node.Process.Pid)
	if err != nil {
		return err
	}
	rows := 0
	for _, j := range r.joiners {
		n, err := r.compare(ctx, j)
		if err != nil {
			return fmt.Errorf("province %s: %w", j.code, err)
		}
		rows += n
		p.line("join%d_%s %.2f s", s.Provinces, j.code, seconds[j.code])
	}
	var all []float64
	for _, v := range seconds {
		all = append(all, v)
	}
	p.line("# every row of %d is the same on both sides", rows)
	p.line("join%d_idle_mb %.1f MB", s.Provinces, idle)
	p.line("join%d_median %.2f s", s.Provinces, median(all))
	p.line("join%d_slowest %.2f s", s.Provinces, slices.Max(all))
	p.line("join%d_peak_mb %.1f MB", s.Provinces, peak)
	p.line("join%d_slowest_vs_median %.3f ratio", s.Provinces, slices.Max(all)/median(all))
	return p.err
}

// await gives the seconds until each province's rows were copied and its stream applied beyond the
// moment when it joined.
func (r *joinRig) await(ctx context.Context, began time.Time) (map[codes.Province]float64, error) {
	conn, err := pgx.Connect(ctx, r.national.SuperuserURL(pg.Database))
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	seconds := map[codes.Province]float64{}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for len(seconds) < len(r.joiners) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("%d of %d provinces have joined: %w", len(seconds), len(r.joiners), ctx.Err())
		}
		rows, err := conn.Query(ctx, `SELECT p.province, p.lsn::text FROM sync.position p JOIN sync.copy c USING (province, epoch) WHERE c.state = 'done'`)
		if err != nil {
			return nil, err
		}
		var province int16
		var lsn string
		_, err = pgx.ForEachRow(rows, []any{&province, &lsn}, func() error {
			if _, known := seconds[codes.Province(province)]; !known && r.passed(codes.Province(province), lsn) {
				seconds[codes.Province(province)] = time.Since(began).Seconds()
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return seconds, nil
}

// compare reads every replicated row and column of a province on both sides, and gives their number.
func (r *joinRig) compare(ctx context.Context, j *joiner) (rows int, err error) {
	there, err := pgx.Connect(ctx, j.database.SuperuserURL(pg.Database))
	if err != nil {
		return 0, err
	}
	defer func() { _ = there.Close(context.WithoutCancel(ctx)) }()
	here, err := pgx.Connect(ctx, r.national.SuperuserURL(pg.Database))
	if err != nil {
		return 0, err
	}
	defer func() { _ = here.Close(context.WithoutCancel(ctx)) }()
	for _, t := range replica.Up {
		names := make([]string, len(t.Columns))
		for i, c := range t.Columns {
			names[i] = c.Name
		}
		var want, got digest
		read := func(conn *pgx.Conn, where string, d *digest) error {
			return conn.QueryRow(ctx, fmt.Sprintf(`SELECT count(*), coalesce(md5(string_agg(md5(ROW(%s)::text), '' ORDER BY %s)), '') FROM %s WHERE %s`,
				strings.Join(names, ", "), t.Key, t.Qualified(), where)).Scan(&d.Rows, &d.Sum)
		}
		if err := errors.Join(read(there, "national", &want), read(here, fmt.Sprintf("province = %d", j.code), &got)); err != nil {
			return 0, err
		}
		if want != got {
			return 0, fmt.Errorf("%s: headquarters holds %+v, the province %+v", t.Qualified(), got, want)
		}
		rows += int(want.Rows)
	}
	return rows, nil
}
