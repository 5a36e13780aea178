package bench

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"jike/internal/pg"
)

// province is the code that the first province's rows carry at headquarters; the others count on
// from it.
const province = 591

// side is one of the ways that are compared.
type side interface {
	name() string
	// start makes headquarters' tables and begins to replicate bench.row of the databases, one a
	// province. The national server has databases of the same names.
	start(ctx context.Context, sources []string) error
	// nation is the national database in which a source's rows arrive.
	nation(sources []string, source int) string
	// stop ends it and leaves no slot.
	stop(ctx context.Context, sources []string) error
}

func bothSides(r *rig) []side { return []side{&ours{rig: r}, native{r}} }
func allSides(r *rig) []side  { return append(bothSides(r), none{}) }

// none replicates nothing: what writers reach by themselves.
type none struct{}

const noneName = "none"

func (none) name() string                               { return noneName }
func (none) start(context.Context, []string) error      { return nil }
func (none) nation(sources []string, source int) string { return sources[source] }
func (none) stop(context.Context, []string) error       { return nil }

// site is one province in a measurement, as superuser at both ends.
type site struct {
	code           int
	source, nation *pgx.Conn
}

// wait returns when a query says true at headquarters.
func (s site) wait(ctx context.Context, query string, args ...any) error {
	return waitTrue(ctx, s.nation, query, append([]any{s.code}, args...)...)
}

// session lets a side replicate some provinces with a stock of rows each, in databases of its own.
func (r *rig) session(ctx context.Context, side side, provinces, rows int, measure func([]site) error) (err error) {
	if err := r.sources(ctx, provinces); err != nil {
		return err
	}
	sources := make([]string, provinces)
	for i := range sources {
		sources[i] = fmt.Sprintf("bench_%s_%d", side.name(), i+1)
		for _, c := range []*pg.Cluster{r.source(i), r.national} {
			if err := c.CreateDatabase(ctx, sources[i], "template0"); err != nil {
				return err
			}
		}
	}
	sites := make([]site, provinces)
	defer func() {
		for _, s := range sites {
			err = errors.Join(err, s.close(context.WithoutCancel(ctx)))
		}
		for i, name := range sources {
			for _, c := range []*pg.Cluster{r.source(i), r.national} {
				err = errors.Join(err, execAt(context.WithoutCancel(ctx), c, "postgres", fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", name)))
			}
		}
	}()
	for i, name := range sources {
		sites[i].code = province + i
		if sites[i].source, err = pgx.Connect(ctx, r.source(i).SuperuserURL(name)); err != nil {
			return err
		}
		if err := fillSource(ctx, sites[i].source, rows); err != nil {
			return err
		}
	}
	defer func() { err = errors.Join(err, side.stop(context.WithoutCancel(ctx), sources)) }()
	if err := side.start(ctx, sources); err != nil {
		return err
	}
	for i := range sites {
		if sites[i].nation, err = pgx.Connect(ctx, r.national.SuperuserURL(side.nation(sources, i))); err != nil {
			return err
		}
		// Rows that are not selected: headquarters must not get them.
		if _, err := sites[i].source.Exec(ctx, `INSERT INTO bench.row SELECT * FROM bench.stock WHERE NOT national`); err != nil {
			return err
		}
	}
	for _, site := range sites {
		if err := errors.Join(execOn(ctx, site.source, `CHECKPOINT`), execOn(ctx, site.nation, `CHECKPOINT`)); err != nil {
			return err
		}
	}
	return measure(sites)
}

// close ends the connections, which a database that is dropped must not have.
func (s site) close(ctx context.Context) error {
	var errs []error
	for _, conn := range []*pgx.Conn{s.source, s.nation} {
		if conn != nil {
			errs = append(errs, conn.Close(ctx))
		}
	}
	return errors.Join(errs...)
}

// same compares every row and column.
func (s site) same(ctx context.Context) error {
	want, err := contents(ctx, s.source, "national")
	if err != nil {
		return err
	}
	got, err := contents(ctx, s.nation, fmt.Sprint("province = ", s.code))
	if err != nil {
		return err
	}
	if want != got {
		return fmt.Errorf("headquarters holds %d rows, digest %s; the province %d rows, digest %s", got.Rows, got.Sum, want.Rows, want.Sum)
	}
	return nil
}
