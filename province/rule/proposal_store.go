package rule

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/pg"
	"jike/province/customer"
	"jike/schemas/codes"
)

// pageSize is how many proposals a page has.
const pageSize = 50

// proposalColumns and proposalTables read open proposals p of customers c.
const (
	proposalColumns = `p.customer_id, c.number, c.name, coalesce(m.name, '') AS manager, p.class_from AS "from", p.class_to AS "to", p.grounds, p.at`
	proposalTables  = `crm.class_proposal p JOIN crm.customer c ON c.id = p.customer_id AND c.class = p.class_from AND c.merged_into IS NULL
		LEFT JOIN crm.organisation m ON m.id = c.manager_id`
)

// propose writes what a run by a version proposes, and takes away what is not proposed any more of the same customers.
// What was declined and is proposed again by the same version stays declined.
func (s *Store) propose(ctx context.Context, tx pg.Tx, r Run, v Version, values []Values, list []proposed, t *tally) error {
	ids, from, to, why := make([]int64, len(list)), make([]string, len(list)), make([]string, len(list)), make([][]byte, len(list))
	for i, p := range list {
		var err error
		ids[i], from[i], to[i] = p.ID, p.Class, p.Outcome
		if why[i], err = json.Marshal(v.grounds(p.Verdict)); err != nil {
			return err
		}
	}
	const declined = `SELECT p.customer_id FROM crm.class_proposal p JOIN unnest($1::bigint[], $2::text[], $3::text[]) AS n (id, f, t) ON p.customer_id = n.id
		WHERE p.declined_at IS NOT NULL AND p.version = $4 AND p.class_from = n.f AND p.class_to = n.t`
	rows, err := tx.PGX().Query(ctx, declined, ids, from, to, r.Version)
	if err != nil {
		return err
	}
	said := map[int64]bool{}
	var id int64
	if _, err := pgx.ForEachRow(rows, []any{&id}, func() error { said[id] = true; return nil }); err != nil {
		return err
	}
	for _, p := range list {
		if said[p.ID] {
			t.held++
		} else {
			t.moves[Move{From: p.Class, To: p.Outcome}]++
		}
	}
	if r.Dry {
		return nil
	}
	judged := make([]int64, len(values))
	for i, of := range values {
		judged[i] = of.ID
	}
	const gone = `DELETE FROM crm.class_proposal WHERE customer_id = ANY ($1) AND customer_id <> ALL ($2)`
	if _, err := tx.PGX().Exec(ctx, gone, judged, ids); err != nil {
		return err
	}
	const write = `INSERT INTO crm.class_proposal AS p (customer_id, class_from, class_to, version, grounds)
		SELECT n.id, n.f, n.t, $4, n.g FROM unnest($1::bigint[], $2::text[], $3::text[], $5::jsonb[]) AS n (id, f, t, g)
		ON CONFLICT (customer_id) DO UPDATE SET class_from = excluded.class_from, class_to = excluded.class_to, version = excluded.version, grounds = excluded.grounds,
			at = CASE WHEN (p.class_from, p.class_to) = (excluded.class_from, excluded.class_to) AND p.declined_at IS NULL THEN p.at ELSE now() END,
			declined_by = '', declined_at = NULL, reason = ''
		WHERE (p.class_from, p.class_to, p.version) IS DISTINCT FROM (excluded.class_from, excluded.class_to, excluded.version)
			OR p.declined_at IS NULL AND p.grounds <> excluded.grounds`
	_, err = tx.PGX().Exec(ctx, write, ids, from, to, r.Version, why)
	return err
}

// Proposals lists open proposals for customers within the caller's scope. Whoever reaches a part of the customers has
// his own looked at, the others the proposals in their order: each is the shorter way to a page.
func (s *Store) Proposals(ctx context.Context, caller account.Caller, q Question) (Page, error) {
	if err := caller.Demand(account.CustomerRead); err != nil {
		return Page{}, err
	}
	args := pgx.NamedArgs{"from": string(q.From), "to": string(q.To), "after": q.After, "most": pageSize + 1}
	where := `p.declined_at IS NULL AND p.customer_id > @after AND ` + customer.Within(caller, args)
	if q.From != "" {
		where += ` AND p.class_from = @from`
	}
	if q.To != "" {
		where += ` AND p.class_to = @to`
	}
	query := `SELECT ` + proposalColumns + ` FROM ` + proposalTables + ` WHERE ` + where + ` ORDER BY p.customer_id LIMIT @most`
	if caller.Scope().Reach < account.ReachProvince {
		query = `WITH own AS MATERIALIZED (SELECT ` + proposalColumns + ` FROM ` + proposalTables + ` WHERE ` + where + `)
			SELECT * FROM own ORDER BY customer_id LIMIT @most`
	}
	rows, err := s.db.Query(ctx, query, pgx.QueryExecModeCacheDescribe, args)
	if err != nil {
		return Page{}, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Proposal])
	page := Page{Items: list}
	if len(list) > pageSize {
		page.Items, page.More = list[:pageSize], true
	}
	return page, err
}

// ProposalOf reads the open proposal for a customer; without one it is nil. A customer that does not exist or that the
// caller may not see is a NotFound fault.
func (s *Store) ProposalOf(ctx context.Context, caller account.Caller, customerID int64) (p *Proposal, err error) {
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if _, err := s.customers.GetIn(ctx, tx, caller, customerID); err != nil {
			return err
		}
		rows, err := tx.PGX().Query(ctx, `SELECT `+proposalColumns+` FROM `+proposalTables+` WHERE p.customer_id = $1 AND p.declined_at IS NULL`, customerID)
		if err != nil {
			return err
		}
		found, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Proposal])
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		p = &found
		return err
	})
	return p, err
}

// Decide confirms or declines proposals for customers within the caller's scope. Faults: Denied, no customers or too
// many, no reason.
func (s *Store) Decide(ctx context.Context, caller account.Caller, d Decision) (done Decided, err error) {
	if err := caller.Demand(account.CustomerClassify); err != nil {
		return Decided{}, err
	}
	if d, err = d.check(); err != nil {
		return Decided{}, err
	}
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		open, err := s.held(ctx, tx, caller, d.Customers)
		if err != nil || len(open) == 0 {
			return err
		}
		if d.Confirm {
			done, err = s.confirm(ctx, tx, caller, open, d.Reason)
			return err
		}
		done.Done = len(open)
		return decline(ctx, tx, caller, open, d.Reason)
	})
	return done, err
}

// standing is an open proposal with its customer, which the transaction has locked.
type standing struct {
	customer.Customer
	to codes.Class
}

// held reads the open proposals for customers within the caller's scope and keeps both as they are until the
// transaction ends.
func (s *Store) held(ctx context.Context, tx pg.Tx, caller account.Caller, ids []int64) ([]standing, error) {
	args := pgx.NamedArgs{"ids": ids}
	rows, err := tx.PGX().Query(ctx, `SELECT c.number FROM `+proposalTables+` WHERE p.customer_id = ANY (@ids) AND p.declined_at IS NULL AND `+
		customer.Within(caller, args), args)
	if err != nil {
		return nil, err
	}
	numbers, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	found, err := s.customers.Match(ctx, tx, caller, customer.ByNumber, numbers, true)
	if err != nil {
		return nil, err
	}
	// A run may have written others meanwhile, and locks no customers for that.
	rows, err = tx.PGX().Query(ctx, `SELECT c.number, p.class_to FROM crm.class_proposal p JOIN crm.customer c ON c.id = p.customer_id AND c.class = p.class_from
		WHERE p.customer_id = ANY ($1) AND p.declined_at IS NULL ORDER BY p.customer_id FOR UPDATE OF p`, ids)
	if err != nil {
		return nil, err
	}
	var list []standing
	var number string
	var to codes.Class
	_, err = pgx.ForEachRow(rows, []any{&number, &to}, func() error {
		for _, c := range found[number] {
			if c.MergedInto == 0 {
				list = append(list, standing{c, to})
			}
		}
		return nil
	})
	return list, err
}

func (s *Store) confirm(ctx context.Context, tx pg.Tx, caller account.Caller, open []standing, reason string) (done Decided, err error) {
	asked := make([]customer.Asked, len(open))
	for i, p := range open {
		asked[i] = customer.Asked{Before: p.Customer, Facts: p.Facts, ClassReason: reason}
		asked[i].Facts.Class = p.to
	}
	saved, err := s.customers.SaveAll(ctx, tx, caller, asked, customer.How{})
	if err != nil {
		return Decided{}, err
	}
	var confirmed []int64
	for i, result := range saved {
		if result.Err != nil {
			done.Refused++
			continue
		}
		done.Done, confirmed = done.Done+1, append(confirmed, open[i].ID)
	}
	_, err = tx.PGX().Exec(ctx, `DELETE FROM crm.class_proposal WHERE customer_id = ANY ($1)`, confirmed)
	return done, err
}

func decline(ctx context.Context, tx pg.Tx, caller account.Caller, open []standing, reason string) error {
	ids, trail := make([]int64, len(open)), make([]audit.Entry, len(open))
	for i, p := range open {
		ids[i] = p.ID
		trail[i] = audit.Entry{
			Actor: caller.Actor(), ActorID: caller.AccountID, Action: "customer.class.decline", ObjectKind: "proposal", ObjectID: p.ID, CustomerID: p.ID,
			After: map[string]any{"from": p.Class, "to": p.to, "reason": reason},
		}
	}
	const update = `UPDATE crm.class_proposal SET declined_by = $2, declined_at = now(), reason = $3 WHERE customer_id = ANY ($1)`
	if _, err := tx.PGX().Exec(ctx, update, ids, caller.Actor(), reason); err != nil {
		return err
	}
	return audit.RecordAll(ctx, tx, trail)
}
