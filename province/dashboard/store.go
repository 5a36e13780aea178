package dashboard

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/pg"
	"jike/province/completeness"
	"jike/province/customer"
)

// Store reads dashboards and keeps the sums of managers.
type Store struct {
	db           *pgxpool.Pool
	customers    *customer.Store
	completeness *completeness.Store
	zone         *time.Location // in which months begin and end
}

// NewStore makes the store of a province in a time zone.
func NewStore(db *pgxpool.Pool, customers *customer.Store, judged *completeness.Store, zone *time.Location) *Store {
	return &Store{db, customers, judged, zone}
}

// Of is the dashboard of a caller: of everything within their scope, with the managers of one department, 0 for all
// that are shown first. Fault: Denied without customer.read.
func (s *Store) Of(ctx context.Context, caller account.Caller, department int64) (d Dashboard, err error) {
	if err := caller.Demand(account.CustomerRead); err != nil {
		return Dashboard{}, err
	}
	d.Month = lastMonth(time.Now().In(s.zone))
	if d.Counts, err = s.customers.CountByStage(ctx, caller); err != nil {
		return Dashboard{}, err
	}
	d.Departments = department == 0 && caller.Scope().Reach >= account.ReachProvince
	var judged []completeness.Group
	if d.Departments {
		judged, err = s.completeness.Departments(ctx, caller)
	} else {
		judged, err = s.completeness.Managers(ctx, caller, department)
	}
	if err != nil {
		return Dashboard{}, err
	}
	billed, err := s.billed(ctx, caller, &d)
	if err != nil {
		return Dashboard{}, err
	}
	var shown []Group
	groups := map[int64]int{}
	for _, m := range billed {
		d.Total = d.Total.plus(m.Income)
		g := Group{ID: m.ID, Name: m.Name, Department: m.Department, Income: m.Income}
		switch {
		case d.Departments:
			g = Group{ID: m.DepartmentID, Name: m.Department, Income: m.Income}
		case department != 0 && m.DepartmentID != department:
			continue
		}
		i, there := groups[g.ID]
		if there {
			shown[i].Income = shown[i].plus(g.Income)
			continue
		}
		groups[g.ID] = len(shown)
		shown = append(shown, g)
	}
	d.Groups = joined(judged, shown)
	return d, nil
}

// manager is one account manager with the amounts of the customers that a caller may see.
type manager struct {
	ID           int64
	Name         string
	DepartmentID int64
	Department   string
	Income
}

// billed reads the amounts by manager, and as of when they are. Of sensitive customers in the care of others the sums
// are not told apart by who may see them, so these are looked at one by one where the caller is named for some, and so
// are the customers in whose teams the caller is.
func (s *Store) billed(ctx context.Context, caller account.Caller, d *Dashboard) ([]manager, error) {
	args := pgx.NamedArgs{"month": d.Month}
	cells := `SELECT coalesce(c.manager_id, 0) AS manager_id, c.last_fen, c.before_fen, c.arrears_fen
		FROM (SELECT nullif(t.manager_id, 0) AS manager_id, t.sensitive, t.last_fen, t.before_fen, t.arrears_fen, NULL::bigint AS id
			FROM crm.manager_figure t) c WHERE ` + customer.Within(caller, args)
	if !caller.May(account.CustomerSensitive) {
		cells += ` UNION ALL SELECT coalesce(c.manager_id, 0), f.last_fen, f.before_fen, f.arrears_fen
			FROM crm.sensitive_viewer v JOIN crm.customer c ON c.id = v.customer_id JOIN crm.customer_figure f ON f.customer_id = c.id
			WHERE v.account_id = @scope_account AND c.sensitive AND c.manager_id IS DISTINCT FROM @scope_unit AND c.merged_into IS NULL
				AND ` + customer.Within(caller, args)
	}
	if caller.Teams {
		cells += ` UNION ALL SELECT coalesce(c.manager_id, 0), f.last_fen, f.before_fen, f.arrears_fen
			FROM crm.customer c JOIN crm.customer_figure f ON f.customer_id = c.id
			WHERE c.merged_into IS NULL AND ` + customer.WithinByTeam(caller, args)
	}
	query := `SELECT coalesce(u.id, 0) AS id, coalesce(u.name, '') AS name, coalesce(p.id, 0) AS department_id, coalesce(p.name, '') AS department,
			sum(c.last_fen)::bigint AS last_fen, sum(c.before_fen)::bigint AS before_fen, sum(c.arrears_fen)::bigint AS arrears_fen
		FROM (` + cells + `) c LEFT JOIN crm.organisation u ON u.id = c.manager_id LEFT JOIN crm.organisation p ON p.id = u.parent_id
		GROUP BY 1, 2, 3, 4 ORDER BY 1`
	var list []manager
	moment := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, s.db, moment, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, `SELECT max(as_of) FROM crm.manager_figure_time WHERE month = $1`, d.Month).Scan(&d.AsOf); err != nil || d.AsOf == nil {
			return err
		}
		rows, err := tx.Query(ctx, query, args)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, pgx.RowToStructByName[manager])
		return err
	})
	return list, err
}

// Compute adds up what each manager's customers have. Only what is other than before is written.
func (s *Store) Compute(ctx context.Context, now time.Time) error {
	month := lastMonth(now.In(s.zone))
	return pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if _, err := tx.PGX().Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('crm.manager_figure'))`); err != nil {
			return err
		}
		const compute = `WITH cell AS (
				SELECT coalesce(c.manager_id, 0) AS manager_id, c.sensitive, coalesce(sum(f.last_fen) FILTER (WHERE f.since = @since), 0) AS last_fen,
					coalesce(sum(f.before_fen) FILTER (WHERE f.since = @since), 0) AS before_fen, sum(f.arrears_fen) AS arrears_fen
				FROM crm.customer_figure f JOIN crm.customer c ON c.id = f.customer_id WHERE c.merged_into IS NULL GROUP BY 1, 2),
			gone AS (DELETE FROM crm.manager_figure o WHERE NOT EXISTS (
				SELECT FROM cell n WHERE (n.manager_id, n.sensitive) = (o.manager_id, o.sensitive))),
			written AS (INSERT INTO crm.manager_figure AS o (manager_id, sensitive, last_fen, before_fen, arrears_fen) SELECT * FROM cell
				ON CONFLICT ON CONSTRAINT manager_figure_is_one_per_cell DO UPDATE
					SET last_fen = excluded.last_fen, before_fen = excluded.before_fen, arrears_fen = excluded.arrears_fen
					WHERE (o.last_fen, o.before_fen, o.arrears_fen) IS DISTINCT FROM (excluded.last_fen, excluded.before_fen, excluded.arrears_fen))
			UPDATE crm.manager_figure_time SET month = @month, as_of = coalesce((SELECT min(at) FROM crm.customer_figure_change), now())`
		_, err := tx.PGX().Exec(ctx, compute, pgx.NamedArgs{"since": month.AddDate(0, -11, 0), "month": month})
		return err
	})
}

// The clock: how often sums are computed at most, and how long it rests for the time that they took.
const (
	computeEvery = time.Minute
	restFor      = 60
)

// Keep computes the sums again and again until ctx ends.
func (s *Store) Keep(ctx context.Context, log *slog.Logger) {
	for {
		began := time.Now()
		if err := s.Compute(ctx, began); err != nil && ctx.Err() == nil {
			log.Error("figures of managers not computed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(max(computeEvery, restFor*time.Since(began))):
		}
	}
}
