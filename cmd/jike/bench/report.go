package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"jike/internal/account"
	"jike/internal/pg"
	node "jike/national"
	"jike/schemas/codes"
)

// Report measures headquarters' reports over the monthly summaries of all provinces, as a browser
// asks for them at the national node. Node, database and browser share the machine.
type Report struct {
	Provinces int           `default:"31" help:"Provinces that sent summaries."`
	Months    int           `default:"36" help:"Months of each, up to the last one."`
	Dir       string        `type:"existingdir" help:"Where the temporary node keeps its files; default: the system's temporary directory."`
	Rate      int           `default:"10" help:"Reports a second."`
	Time      time.Duration `default:"30s" help:"How long they are measured."`
}

// Run measures and prints lines of the form "name value unit".
func (r Report) Run(ctx context.Context) error {
	if r.Provinces < 1 || r.Provinces > len(codes.Provinces()) || r.Months < 1 || r.Rate < 1 || r.Time < time.Second {
		return fmt.Errorf("1 to %d provinces, a month, a report a second and a second are needed", len(codes.Provinces()))
	}
	return r.run(ctx, os.Stdout)
}

// cells are the summary of one province: eleven cities, six classes and eighteen sections a month.
const cells = `INSERT INTO crm.monthly_summary (province, id, month, city, class, industry, customers, members, income_fen, updated_at)
	SELECT $1::smallint, row_number() OVER (), (date_trunc('month', now()) - make_interval(months => $2::int - m))::date,
		$3::text || lpad(c::text, 2, '0') || '00', k, chr(64 + s), 3 + (m * c) % 7, 30, 100000 + m * c * s, now()
	FROM generate_series(0, $2::int - 1) m, generate_series(1, 11) c, unnest('{A1,A2,B1,B2,C,D}'::text[]) k, generate_series(1, 18) s
	ORDER BY m, c, k, s`

func (r Report) run(ctx context.Context, w io.Writer) (err error) {
	dir, err := os.MkdirTemp(r.Dir, "jike-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.Chmod(dir, 0o711); err != nil { // the database's user must be able to enter
		return err
	}
	config := node.NewConfig()
	config.Data, config.Log = dir, "error"
	if err := onFreePorts(&config.HTTP.Listen, &config.NATS.LeafListen); err != nil {
		return err
	}
	if err := r.fill(ctx, config); err != nil {
		return fmt.Errorf("fill: %w", err)
	}
	var headquarters running
	if err := headquarters.start(ctx, config.HTTP.Listen, func(ctx context.Context) error { return node.Run(ctx, config, nil) }); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, headquarters.stop()) }()
	analyst, err := newBrowser(config.HTTP.Listen)
	if err != nil {
		return err
	}
	if err := analyst.signIn(ctx, "analyst", password); err != nil {
		return err
	}
	return r.measure(ctx, analyst, &printer{w: w})
}

// moved are customers of the same cells, one or two new in each and every third lost.
const moved = `WITH known AS (
		INSERT INTO crm.customer_known (province, id, lifecycle, month, city, class, industry)
		SELECT province, row_number() OVER (), CASE WHEN id % 3 = 0 THEN 'lost' ELSE 'active' END, month, city, class, industry
		FROM crm.monthly_summary, generate_series(0, id % 2) WHERE province = $1
		RETURNING *),
	lost AS (
		INSERT INTO crm.customer_loss (province, id, month, city, class, industry)
		SELECT province, id, month, city, class, industry FROM known WHERE lifecycle = 'lost')
	INSERT INTO crm.movement_stale (province, month) SELECT DISTINCT province, month FROM known`

// fill makes the database with an analyst and the provinces' summaries, added up as the node's clock does it.
func (r Report) fill(ctx context.Context, config node.Config) (err error) {
	cluster, err := pg.StartCluster(ctx, pg.ClusterOptions{Dir: filepath.Join(config.Data, "pg"), NoSync: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cluster.Stop(context.WithoutCancel(ctx))) }()
	owner := cluster.URL(pg.RoleOwner, pg.Database)
	if err := pg.Migrate(ctx, owner, pg.National); err != nil {
		return err
	}
	db, err := pg.Open(ctx, owner, 1)
	if err != nil {
		return err
	}
	defer db.Close()
	for i, province := range codes.Provinces()[:r.Provinces] {
		if _, err := db.Exec(ctx, `SELECT sync.add_province($1::smallint)`, province); err != nil {
			return err
		}
		if _, err := db.Exec(ctx, cells, province, r.Months, fmt.Sprint(11+i)); err != nil {
			return err
		}
		if _, err := db.Exec(ctx, moved, province); err != nil {
			return err
		}
	}
	for _, statement := range []string{`SELECT crm.compute_sums()`, `SELECT crm.compute_movements('UTC', '{}', '{}')`, `VACUUM (ANALYZE)`} {
		if _, err := db.Exec(ctx, statement); err != nil {
			return err
		}
	}
	app, err := pg.Open(ctx, cluster.URL(pg.RoleApp, pg.Database), 1)
	if err != nil {
		return err
	}
	defer app.Close()
	accounts, err := account.NewStore(app, config.Account, nil)
	if err != nil {
		return err
	}
	_, err = accounts.Create(ctx, account.System("bench"), account.NewAccount{
		Login: "analyst", Name: "analyst", Role: account.HeadquartersAnalyst, Password: password,
	})
	return err
}

// groupings are what reports are grouped by: what people ask for, and the widest one.
var groupings = []string{"month", "month,province", "province", "month,class", "city", "month,industry", "province,class,industry", "month,city"}

// measure asks for all months of all provinces, each grouping in turn, at the rate.
func (r Report) measure(ctx context.Context, analyst browser, out *printer) error {
	to := time.Now().AddDate(0, 0, -time.Now().Day()) // a day of the last month
	requests := make([]request, int(r.Time.Seconds()*float64(r.Rate)))
	for i := range requests {
		by := groupings[i%len(groupings)]
		requests[i] = request{analyst, by, fmt.Sprintf("/api/reports/summary?from=%s&to=%s&groupBy=%s",
			to.AddDate(0, 1-r.Months, 1-to.Day()).Format("2006-01"), to.Format("2006-01"), by)}
	}
	took, err := send(ctx, requests, r.Rate)
	if err != nil {
		return err
	}
	of := map[string][]float64{}
	for i, request := range requests {
		of[request.label] = append(of[request.label], took[i])
	}
	out.line("# %d provinces of %d months, 1,188 cells each", r.Provinces, r.Months)
	for _, by := range slices.Sorted(maps.Keys(of)) {
		out.line("report_by_%s_p50_ms %.1f ms", by, percentile(of[by], 0.5))
		out.line("report_by_%s_p99_ms %.1f ms", by, percentile(of[by], 0.99))
	}
	out.line("report_all_p99_ms %.1f ms", percentile(took, 0.99))
	out.line("report_ms %.1f ms", percentile(of["month,province"], 0.99)) // a line for each province and month
	return out.err
}
