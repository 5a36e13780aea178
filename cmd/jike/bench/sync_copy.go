package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go"

	"jike/internal/pg"
	"jike/sync/apply"
	"jike/sync/capture"
	"jike/sync/copy"
	"jike/sync/stream"
)

// SyncCopy compares the first copy of a table, through leaf server and hub while capture runs, with
// psql: COPY TO STDOUT piped into COPY FROM STDIN. Both write a table with the same two indexes, in
// a fresh database each time, from the same source.
type SyncCopy struct {
	Rows    int           `default:"1000000" help:"Rows that exist when the province joins."`
	Pairs   int           `default:"7" help:"How often both sides take turns; the ratio is the median."`
	Dir     string        `type:"existingdir" help:"Where the temporary servers keep their files; default: the system's temporary directory."`
	Limit   time.Duration `default:"40m" help:"The whole comparison ends after this time."`
	Profile string        `placeholder:"PREFIX" help:"Write CPU profiles of our side to PREFIX-copy-1.pprof and so on."`
}

// Run measures and prints lines of the form "name value unit".
func (s SyncCopy) Run(ctx context.Context) error {
	if s.Rows < 1 || s.Pairs < 1 {
		return errors.New("rows and pairs must be positive")
	}
	ctx, cancel := context.WithTimeout(ctx, s.Limit)
	defer cancel()
	return s.run(ctx, os.Stdout)
}

// copySource is the province's database, for all pairs.
const copySource = "bench_copy_source"

func (s SyncCopy) run(ctx context.Context, w io.Writer) (err error) {
	r, err := startRig(ctx, s.Dir, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	if err := r.printSettings(ctx, w); err != nil {
		return err
	}
	if err := s.fill(ctx, r); err != nil {
		return fmt.Errorf("source: %w", err)
	}
	p := printer{w: w}
	p.line("# our side: copy through leaf server and hub in this process, %s, capture running; commits with the server's synchronous_commit", streamSync())
	p.line("# the other side: psql COPY (SELECT ...) TO STDOUT | psql COPY ... FROM STDIN, text form, one transaction")
	p.line("# %d rows of %d columns into a table with two indexes; sides take turns, ours first", s.Rows, len(row.Columns))
	var ratios []float64
	seconds := map[string][]float64{}
	cpu := map[string][]usage{}
	for pair := range s.Pairs {
		for _, side := range []struct {
			name string
			copy func(context.Context, *rig, string, int) (time.Duration, usage, error)
		}{{oursName, s.ours}, {"psql", s.psql}} {
			took, used, err := s.session(ctx, r, side.name, pair+1, side.copy)
			if err != nil {
				return fmt.Errorf("%s, pair %d: %w", side.name, pair+1, err)
			}
			seconds[side.name] = append(seconds[side.name], took.Seconds())
			cpu[side.name] = append(cpu[side.name], used)
			p.line("first_copy_%s_%d %.2f s", side.name, pair+1, took.Seconds())
		}
		ratios = append(ratios, seconds["psql"][pair]/seconds[oursName][pair])
	}
	for _, name := range []string{oursName, "psql"} {
		p.line("first_copy_%s %.2f s", name, median(seconds[name]))
		var of [3][]float64
		for _, u := range cpu[name] {
			of[0], of[1], of[2] = append(of[0], u.province.Seconds()), append(of[1], u.national.Seconds()), append(of[2], u.own.Seconds())
		}
		p.line("first_copy_%s_cpu_province %.2f s", name, median(of[0]))
		p.line("first_copy_%s_cpu_national %.2f s", name, median(of[1]))
		p.line("first_copy_%s_cpu_process %.2f s", name, median(of[2]))
	}
	p.line("first_copy_vs_copy_min %.3f ratio", slices.Min(ratios))
	p.line("first_copy_vs_copy_max %.3f ratio", slices.Max(ratios))
	p.line("first_copy_vs_copy %.3f ratio", median(ratios))
	return p.err
}

// fill makes the source with its rows, and the publication.
func (s SyncCopy) fill(ctx context.Context, r *rig) error {
	if err := r.province.CreateDatabase(ctx, copySource, "template0"); err != nil {
		return err
	}
	if err := pg.Migrate(ctx, r.province.URL(pg.RoleOwner, copySource), pg.Province); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, r.province.SuperuserURL(copySource))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, sourceTables); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, strings.Replace(stock, "bench.stock", "bench.row", 1), s.Rows, unselected); err != nil {
		return err
	}
	for _, sql := range []string{
		`ALTER TABLE bench.row OWNER TO jike_owner`, `ALTER SCHEMA bench OWNER TO jike_owner`, `VACUUM ANALYZE bench.row`,
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return capture.EnsurePublication(ctx, r.province.URL(pg.RoleOwner, copySource), tables)
}

// session lets one side copy once into a database of its own.
func (s SyncCopy) session(ctx context.Context, r *rig, name string, pair int, copy func(context.Context, *rig, string, int) (time.Duration, usage, error)) (took time.Duration, used usage, err error) {
	database := fmt.Sprintf("bench_copy_%s_%d", name, pair)
	if err := r.national.CreateDatabase(ctx, database, "template0"); err != nil {
		return 0, used, err
	}
	if err := pg.Migrate(ctx, r.national.URL(pg.RoleOwner, database), pg.National); err != nil {
		return 0, used, err
	}
	partitions := ""
	if name == oursName {
		partitions = fmt.Sprintf("PARTITION BY LIST (province); CREATE TABLE bench.row_%d PARTITION OF bench.row FOR VALUES IN (%[1]d)", province)
	}
	if err := execAt(ctx, r.national, database, fmt.Sprintf(target, province, "province, id", partitions)+`CREATE INDEX row_number ON bench.row (number)`); err != nil {
		return 0, used, fmt.Errorf("target: %w", err)
	}
	if err := errors.Join(execAt(ctx, r.province, copySource, `CHECKPOINT`), execAt(ctx, r.national, database, `CHECKPOINT`)); err != nil {
		return 0, used, err
	}
	if took, used, err = copy(ctx, r, database, pair); err != nil {
		return 0, used, err
	}
	if err := s.compare(ctx, r, database); err != nil {
		return 0, used, err
	}
	return took, used, execAt(ctx, r.national, "postgres", fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", database))
}

func (s SyncCopy) compare(ctx context.Context, r *rig, database string) error {
	source, err := pgx.Connect(ctx, r.province.SuperuserURL(copySource))
	if err != nil {
		return err
	}
	defer func() { _ = source.Close(context.WithoutCancel(ctx)) }()
	nation, err := pgx.Connect(ctx, r.national.SuperuserURL(database))
	if err != nil {
		return err
	}
	defer func() { _ = nation.Close(context.WithoutCancel(ctx)) }()
	return site{province, source, nation}.same(ctx)
}

// psql is what an administrator would type.
func (s SyncCopy) psql(ctx context.Context, r *rig, database string, _ int) (took time.Duration, used usage, err error) {
	program, err := exec.LookPath("psql")
	if err != nil {
		return 0, used, fmt.Errorf("PostgreSQL's client is needed (Debian: apt-get install postgresql-client): %w", err)
	}
	before, err := r.usage()
	if err != nil {
		return 0, used, err
	}
	psql := func(url, sql string) *exec.Cmd {
		c := exec.CommandContext(ctx, program, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname="+url, "--command="+sql)
		c.Stderr = os.Stderr
		return c
	}
	out := psql(r.province.SuperuserURL(copySource), fmt.Sprintf("COPY (SELECT %s FROM bench.row WHERE national) TO STDOUT", columns()))
	in := psql(r.national.SuperuserURL(database), fmt.Sprintf("COPY bench.row (%s) FROM STDIN", columns()))
	if in.Stdin, err = out.StdoutPipe(); err != nil {
		return 0, used, err
	}
	began := time.Now()
	if err := errors.Join(in.Start(), out.Start()); err != nil {
		return 0, used, err
	}
	if err := errors.Join(in.Wait(), out.Wait()); err != nil {
		return 0, used, err
	}
	took = time.Since(began)
	after, err := r.usage()
	return took, after.since(before), err
}

// ours lets the province join. The clock runs from the moment when headquarters begins to look
// after a province that is there, until its rows are copied and its stream is applied.
func (s SyncCopy) ours(ctx context.Context, r *rig, database string, pair int) (took time.Duration, used usage, err error) {
	o := &ours{rig: r}
	defer func() { err = errors.Join(err, o.stop(context.WithoutCancel(ctx), nil)) }()
	links, err := o.servers(1)
	if err != nil {
		return 0, used, err
	}
	if err := s.province(ctx, o, links[0].leaf); err != nil {
		return 0, used, err
	}
	run, err := s.headquarters(ctx, o, database, links[0].hub)
	if err != nil {
		return 0, used, err
	}
	end, err := Sync{Profile: s.Profile}.profile(o, "copy")
	if err != nil {
		return 0, used, err
	}
	before, err := r.usage()
	if err != nil {
		return 0, used, err
	}
	began := time.Now()
	o.background(ctx, run)
	err = awaitJoined(ctx, r, database)
	took = time.Since(began)
	after, more := r.usage()
	return took, after.since(before), errors.Join(err, more, end())
}

// province starts capture behind the rows, and what answers to the copy.
func (s SyncCopy) province(ctx context.Context, o *ours, leaf *nats.Conn) error {
	if err := execAt(ctx, o.rig.province, copySource, `DELETE FROM sync.capture; INSERT INTO sync.capture DEFAULT VALUES`); err != nil {
		return err
	}
	url := o.rig.province.URL(pg.RoleSync, copySource)
	pool, err := o.pool(ctx, url)
	if err != nil {
		return err
	}
	if err := capture.EnsureSlot(ctx, url, pool); err != nil {
		return err
	}
	o.later(func() error { return o.dropSlot(context.WithoutCancel(ctx), o.rig.province, copySource) })
	control := stream.NewControl(leaf, province, stream.Province, o.rig.log)
	o.later(func() error { control.Close(); return nil })
	if _, err := copy.NewProvince(copy.ProvinceOptions{Pool: pool, Tables: tables}, control.Handle); err != nil {
		return err
	}
	c, err := capture.New(capture.Options{Province: province, URL: url, Pool: pool, NATS: leaf, Control: control, Tables: tables, Log: o.rig.log})
	if err != nil {
		return err
	}
	o.background(ctx, c.Run)
	return waitFor(ctx, func() bool { return c.Status().Published > 0 })
}

// headquarters makes apply with the copy before it, and gives what runs it.
func (s SyncCopy) headquarters(ctx context.Context, o *ours, database string, hub *nats.Conn) (func(context.Context) error, error) {
	pool, err := o.pool(ctx, o.rig.national.URL(pg.RoleSync, database))
	if err != nil {
		return nil, err
	}
	first, err := copy.OpenNational(ctx, copy.Options{Pool: pool, Tables: tables, Log: o.rig.log})
	if err != nil {
		return nil, err
	}
	o.later(func() error { first.Close(); return nil })
	control := stream.NewControl(hub, province, stream.National, o.rig.log)
	o.later(func() error { control.Close(); return nil })
	a, err := apply.New(apply.Options{
		Province: province, Pool: pool, NATS: hub, Control: control, Tables: tables, Log: o.rig.log,
		Join: func(ctx context.Context, epoch int64) error {
			return first.Join(ctx, copy.Site{Province: province, Control: control}, epoch)
		},
	})
	if err != nil {
		return nil, err
	}
	err = waitFor(ctx, func() bool { // the province is linked
		limited, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		_, err := control.Call(limited, stream.CallHello, nil)
		return err == nil
	})
	return func(ctx context.Context) error { a.Run(ctx); return nil }, err
}

// waitFor looks again and again, outside of what is measured.
func waitFor(ctx context.Context, f func() bool) error {
	for !f() {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// awaitJoined returns when the province's rows are copied and its stream is applied. It looks seldom
// enough that the looking costs headquarters nothing that counts.
func awaitJoined(ctx context.Context, r *rig, database string) error {
	conn, err := pgx.Connect(ctx, r.national.SuperuserURL(database))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var failed error
	err = waitFor(ctx, func() bool {
		var joined bool
		failed = conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM sync.copy JOIN sync.position USING (province, epoch) WHERE state = 'done')`).Scan(&joined)
		return joined || failed != nil
	})
	return errors.Join(err, failed)
}
