package completeness

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/customer"
)

// Store keeps the rule and the scores.
type Store struct {
	db        *pgxpool.Pool
	customers *customer.Store
}

// NewStore makes the store.
func NewStore(db *pgxpool.Pool, customers *customer.Store) *Store { return &Store{db, customers} }

// pageSize is how many customers a page of Customers holds, and groupsMost how many groups Groups gives.
const (
	pageSize   = 50
	groupsMost = 500
)

// held are the conditions that a customer c has a fact, in the order of Facts.
const held = `ARRAY[
	c.credit_code IS NOT NULL OR c.licence_number <> '', c.organisation_type <> '', c.legal_person <> '', c.registered_capital_fen IS NOT NULL,
	c.headcount IS NOT NULL, c.annual_sales_fen IS NOT NULL, c.address <> '', c.postcode <> '', c.profile <> '', c.manager_id IS NOT NULL,
	EXISTS (SELECT FROM crm.contact k WHERE k.customer_id = c.id),
	EXISTS (SELECT FROM crm.contact k WHERE k.customer_id = c.id AND (k.work_phone <> '' OR k.mobile <> '')),
	EXISTS (SELECT FROM crm.contact k WHERE k.customer_id = c.id AND (k.decision_role = 'decision_maker' OR k.role = 'decision')),
	EXISTS (SELECT FROM crm.site s WHERE s.customer_id = c.id AND s.closed_on IS NULL)]`

// Rule reads the rule.
func (s *Store) Rule(ctx context.Context, caller account.Caller) (r Rule, err error) {
	if err := caller.Demand(account.CustomerRead); err != nil {
		return Rule{}, err
	}
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		r, err = rule(ctx, tx, ``)
		return err
	})
	return r, err
}

func rule(ctx context.Context, tx pg.Tx, lock string) (r Rule, err error) {
	err = tx.PGX().QueryRow(ctx, `SELECT weights, version, reached IS NOT NULL, author, changed_at FROM crm.completeness_rule`+lock).
		Scan(&r.Weights, &r.Version, &r.Pending, &r.Author, &r.ChangedAt)
	return r, err
}

// State replaces the rule that the caller saw in the given version; the task carries it over the customers.
// Faults: Denied, weights out of bounds (joined), a rule by which nothing counts, a *fault.StaleError.
func (s *Store) State(ctx context.Context, caller account.Caller, version int32, weights map[Fact]int) (r Rule, err error) {
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if err := caller.Demand(account.RuleManage); err != nil {
			return err
		}
		if err := check(weights); err != nil {
			return err
		}
		before, err := rule(ctx, tx, ` FOR UPDATE`)
		if err != nil {
			return err
		}
		if before.Version != version {
			return fault.Stale("completeness.version.conflict", before.Version, before)
		}
		const update = `UPDATE crm.completeness_rule SET weights = $1, version = version + 1, reached = 0, author = $2, changed_at = now()`
		if _, err := tx.PGX().Exec(ctx, update, weights, caller.Actor()); err != nil {
			return err
		}
		was, is := audit.Differences(described(before.Weights), described(weights))
		if err := audit.Record(ctx, tx, audit.Entry{
			Actor: caller.Actor(), ActorID: caller.AccountID, Action: "completeness.change", ObjectKind: "completeness", Before: was, After: is,
		}); err != nil {
			return err
		}
		r, err = rule(ctx, tx, ``)
		return err
	})
	return r, err
}

func described(weights map[Fact]int) map[string]any {
	out := map[string]any{}
	for fact, weight := range weights {
		out[string(fact)] = weight
	}
	return out
}

// Of says what counts of a customer and what it has of that, as of now. One that does not exist or that the
// caller may not see is a NotFound fault.
func (s *Store) Of(ctx context.Context, caller account.Caller, customerID int64) (findings []Finding, err error) {
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if _, err := s.customers.GetIn(ctx, tx, caller, customerID); err != nil {
			return err
		}
		r, err := rule(ctx, tx, ``)
		if err != nil {
			return err
		}
		has := []bool{}
		if err := tx.PGX().QueryRow(ctx, `SELECT `+held+` FROM crm.customer c WHERE c.id = $1`, customerID).Scan(&has); err != nil {
			return err
		}
		findings = nil
		for i, fact := range Facts() {
			if r.Weights[fact] > 0 {
				findings = append(findings, Finding{fact, r.Weights[fact], has[i]})
			}
		}
		return nil
	})
	return findings, err
}

// cells are the sums that the caller's scope covers. Of sensitive customers in the care of others the sums
// are not told apart by who may see them, so these are looked at one by one where the caller is named for some, and so
// are the customers in whose teams the caller is.
func cells(caller account.Caller, args pgx.NamedArgs) string {
	query := `SELECT coalesce(c.manager_id, 0) AS manager_id, c.customers, c.points, c.whole
		FROM (SELECT nullif(t.manager_id, 0) AS manager_id, t.sensitive, t.customers, t.points, t.whole, NULL::bigint AS id
			FROM crm.completeness_tally t WHERE t.customers > 0) c WHERE ` + customer.Within(caller, args)
	if caller.May(account.CustomerSensitive) {
		return query
	}
	if caller.Teams {
		query += ` UNION ALL SELECT p.manager_id, 1, p.score, CASE WHEN p.score = 100 THEN 1 ELSE 0 END
			FROM crm.customer c JOIN crm.customer_completeness p ON p.customer_id = c.id
			WHERE c.merged_into IS NULL AND ` + customer.WithinByTeam(caller, args)
	}
	return query + ` UNION ALL SELECT p.manager_id, 1, p.score, CASE WHEN p.score = 100 THEN 1 ELSE 0 END
		FROM crm.sensitive_viewer v JOIN crm.customer c ON c.id = v.customer_id JOIN crm.customer_completeness p ON p.customer_id = c.id
		WHERE v.account_id = @scope_account AND c.sensitive AND p.sensitive AND p.manager_id <> @scope_unit AND ` + customer.Within(caller, args)
}

// Managers adds up what the customers within the caller's scope have, by their managers, the least complete
// first; department 0 is any.
func (s *Store) Managers(ctx context.Context, caller account.Caller, department int64) ([]Group, error) {
	args := pgx.NamedArgs{"department": department}
	return s.groups(ctx, caller, args, `SELECT coalesce(u.id, 0) AS id, coalesce(u.name, '') AS name, coalesce(d.name, '') AS department, `+sums+`
		FROM cell c LEFT JOIN crm.organisation u ON u.id = c.manager_id LEFT JOIN crm.organisation d ON d.id = u.parent_id
		WHERE @department::bigint = 0 OR u.parent_id = @department GROUP BY 1, 2, 3`)
}

// Departments is Managers by department.
func (s *Store) Departments(ctx context.Context, caller account.Caller) ([]Group, error) {
	return s.groups(ctx, caller, pgx.NamedArgs{}, `SELECT coalesce(d.id, 0) AS id, coalesce(d.name, '') AS name, '' AS department, `+sums+`
		FROM cell c LEFT JOIN crm.organisation u ON u.id = c.manager_id LEFT JOIN crm.organisation d ON d.id = u.parent_id GROUP BY 1, 2`)
}

const sums = `sum(c.customers)::int AS customers, sum(c.points)::bigint AS points, sum(c.whole)::int AS whole`

func (s *Store) groups(ctx context.Context, caller account.Caller, args pgx.NamedArgs, grouped string) ([]Group, error) {
	if err := caller.Demand(account.CustomerRead); err != nil {
		return nil, err
	}
	args["most"] = groupsMost
	rows, err := s.db.Query(ctx, `WITH cell AS (`+cells(caller, args)+`) SELECT * FROM (`+grouped+`) g
		ORDER BY g.points::numeric / g.customers, g.id LIMIT @most`, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Group])
}

// Customers lists the customers of a manager (0: nobody's) within the caller's scope, the least complete first,
// from the one that follows after (nil: from the first).
func (s *Store) Customers(ctx context.Context, caller account.Caller, manager int64, after *Row) (Page, error) {
	if err := caller.Demand(account.CustomerRead); err != nil {
		return Page{}, err
	}
	args := pgx.NamedArgs{"manager": manager, "most": pageSize + 1}
	follows := `true`
	if after != nil {
		follows, args["score"], args["id"] = `(p.score, p.customer_id) > (@score, @id)`, after.Score, after.ID
	}
	rows, err := s.db.Query(ctx, `SELECT c.id, c.number, c.name, c.class, p.score, p.missing
		FROM crm.customer_completeness p JOIN crm.customer c ON c.id = p.customer_id
		WHERE p.manager_id = @manager AND `+follows+` AND c.merged_into IS NULL AND `+customer.Within(caller, args)+`
		ORDER BY p.score, p.customer_id LIMIT @most`, args)
	if err != nil {
		return Page{}, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Row])
	page := Page{Items: list}
	if len(list) > pageSize {
		page.Items, page.More = list[:pageSize], true
	}
	return page, err
}
