package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/cmd/jike/seed"
	"jike/internal/account"
	"jike/internal/pg"
	node "jike/province"
)

// bigProvince is a provincial node on a database that is seeded once and kept, with an
// administrator, who reaches the whole province, the head of a department and an account manager at it.
type bigProvince struct {
	running
	config               node.Config
	customers            int64
	db                   *pgxpool.Pool
	admin, head, manager browser
}

// password is that of the accounts of a node that this machine alone reaches.
const password = "Measured-By-Jike-1"

// bigServer are the settings of the database server: memory, none of the planner's.
var bigServer = map[string]string{"shared_buffers": "1GB"}

// staff gives a province with a million customers two thousand account managers in ninety departments.
var staff = seed.Staff{CustomersPerManager: 500, ManagersPerDepartment: 23}

// openBigProvince seeds the directory unless an earlier run did, and starts the node on it.
func openBigProvince(ctx context.Context, dir string, customers int) (p *bigProvince, err error) {
	p = &bigProvince{config: node.NewConfig(), customers: int64(customers)}
	p.config.Code, p.config.Log, p.config.Postgres.Settings = province, "error", bigServer
	p.config.Summary.Schedule = "@daily" // the first refresh after a start computes two years, for minutes
	if p.config.Data, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(p.config.Data, 0o711); err != nil { // the database's user must be able to enter
		return nil, err
	}
	if err := p.seed(ctx, customers); err != nil {
		return nil, fmt.Errorf("seed: %w", err)
	}
	if err := onFreePorts(&p.config.HTTP.Listen, &p.config.XML.Listen); err != nil {
		return nil, err
	}
	if err := p.start(ctx, p.config.HTTP.Listen, func(ctx context.Context) error { return node.Run(ctx, p.config, nil) }); err != nil {
		return nil, errors.Join(err, p.close())
	}
	if err := p.enter(ctx); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

// seed fills the database while no node runs on it, and without waiting for the disk. A database that is there
// already is vacuumed again, since an earlier run imported customers and took them back.
func (p *bigProvince) seed(ctx context.Context, customers int) (err error) {
	settings := map[string]string{"max_wal_size": "8GB", "checkpoint_timeout": "30min", "maintenance_work_mem": "512MB"}
	for name, value := range bigServer {
		settings[name] = value
	}
	cluster, err := pg.StartCluster(ctx, pg.ClusterOptions{Dir: filepath.Join(p.config.Data, "pg"), NoSync: true, Settings: settings})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cluster.Stop(context.WithoutCancel(ctx))) }()
	owner := cluster.URL(pg.RoleOwner, pg.Database)
	if err := pg.Migrate(ctx, owner, pg.Province); err != nil {
		return err
	}
	db, err := pg.Open(ctx, owner, 2)
	if err != nil {
		return err
	}
	defer db.Close()
	seeded, err := p.seeded(ctx, db, customers)
	if err == nil && !seeded {
		err = p.fill(ctx, db, customers)
	}
	if err == nil {
		err = p.plantTree(ctx, db)
	}
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, `VACUUM (ANALYZE)`)
	return err
}

// fill seeds an empty database.
func (p *bigProvince) fill(ctx context.Context, db *pgxpool.Pool, customers int) error {
	again, err := withoutChecks(ctx, db)
	if err != nil {
		return err
	}
	report, err := seed.Fill(ctx, db, seed.Options{
		Province: province, Customers: customers, Seed: 1, Staff: staff, Unstreamed: true,
		Progress: seed.Progress(os.Stderr, province, 30*time.Second),
	})
	if err != nil {
		return err
	}
	for _, statement := range append(again, members, `ANALYZE`) { // the tree is planted by plans that know the sizes
		if _, err := db.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	_, err = fmt.Fprintln(os.Stderr, report)
	return err
}

// members gives each customer ten phone lines.
const members = `INSERT INTO crm.member (customer_id, phone, name, department, short_number, joined_on)
	SELECT c.id, '160' || lpad((c.id * 10 + n)::text, 8, '0'), '成员' || n, '部门' || n % 3, (600 + n)::text, date '2024-01-01' + (c.id % 600)::int
	FROM crm.customer c CROSS JOIN generate_series(0, 9) n ORDER BY c.id, n`

// seeded reports whether an earlier run seeded the directory. It refuses one that holds another
// number of customers, or that an interrupted run left without its constraints.
func (p *bigProvince) seeded(ctx context.Context, db *pgxpool.Pool, customers int) (bool, error) {
	var there int
	var whole bool
	const query = `SELECT (SELECT count(*) FROM crm.customer), EXISTS (SELECT FROM audit.line WHERE action = 'seed.end')`
	if err := db.QueryRow(ctx, query).Scan(&there, &whole); err != nil {
		return false, err
	}
	if there == 0 && !whole {
		return false, nil
	}
	if there != customers || !whole {
		return false, fmt.Errorf("%s holds %d customers, whole: %t; name another directory, or ask for so many", p.config.Data, there, whole)
	}
	return true, nil
}

// withoutChecks drops the foreign keys and the plain indexes of what belongs to customers, which one
// by one take longer than the rows, and gives the statements that bring them back.
func withoutChecks(ctx context.Context, db *pgxpool.Pool) (again []string, err error) {
	const query = `WITH family AS (SELECT oid, oid::regclass::text AS name FROM pg_class
			WHERE relnamespace = 'crm'::regnamespace AND relname IN ('contact', 'contract', 'subscription', 'bill', 'member_count', 'class_history'))
		SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', f.name, c.conname),
			format('ALTER TABLE %s ADD CONSTRAINT %I %s', f.name, c.conname, pg_get_constraintdef(c.oid))
		FROM pg_constraint c JOIN family f ON f.oid = c.conrelid WHERE c.contype = 'f'
		UNION ALL SELECT format('DROP INDEX %s', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid)
		FROM pg_index i JOIN family f ON f.oid = i.indrelid WHERE NOT i.indisunique`
	rows, err := db.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	type both struct{ Drop, Again string }
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[both])
	for _, b := range list {
		if err == nil {
			_, err = db.Exec(ctx, b.Drop)
		}
		again = append(again, b.Again)
	}
	return again, err
}

// enter makes the accounts, if they are not there, and signs these people in.
func (p *bigProvince) enter(ctx context.Context) (err error) {
	if p.db, err = pg.Open(ctx, pg.ClusterURL(filepath.Join(p.config.Data, "pg"), pg.RoleApp, pg.Database), 4); err != nil {
		return err
	}
	accounts, err := account.NewStore(p.db, p.config.Account, nil)
	if err != nil {
		return err
	}
	if _, err := seed.Accounts(ctx, p.db, accounts, password); err != nil {
		return err
	}
	for login, b := range map[string]*browser{"admin": &p.admin, "head": &p.head, "manager": &p.manager} {
		if *b, err = newBrowser(p.config.HTTP.Listen); err != nil {
			return err
		}
		if err := b.signIn(ctx, login, password); err != nil {
			return fmt.Errorf("%s: %w", login, err)
		}
	}
	return nil
}

// close ends the node and keeps its files.
func (p *bigProvince) close() error {
	if p.db != nil {
		p.db.Close()
	}
	return p.stop()
}
