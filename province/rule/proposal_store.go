package rule

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/pg"
	"jike/province/customer"
)

// pageSize is how many proposals a page has.
const pageSize = 50

// planned has PostgreSQL plan a statement with its arguments in sight.
const planned = pgx.QueryExecModeCacheDescribe

// proposalColumns are those of a proposal p for a customer c in the care of m, of a roster r in which the customer has the
// entry e. stands is the condition that it is open: nobody has decided it, and the customer still is what it would be
// changed from, which a person who has put it into the roster by hand does not want to be changed.
const (
	proposalColumns = `p.customer_id, coalesce(p.roster_id, 0) AS roster_id, coalesce(r.name, '') AS roster, c.number, c.name, coalesce(m.name, '') AS manager,
		p.value_from AS "from", p.value_to AS "to", p.grounds, p.at`
	managerOf = ` LEFT JOIN crm.organisation m ON m.id = c.manager_id`
	rosterOf  = ` LEFT JOIN crm.roster r ON r.id = p.roster_id LEFT JOIN crm.roster_entry e ON e.roster_id = p.roster_id AND e.customer_id = p.customer_id`
	stands    = `p.decided_at IS NULL AND c.merged_into IS NULL AND CASE WHEN p.roster_id IS NULL THEN c.class = p.value_from
		ELSE NOT r.closed AND CASE p.value_from WHEN 'in' THEN e.grounds IS NOT NULL ELSE e.customer_id IS NULL END END`
)

// propose writes what a run by a version proposes, and takes away what is open and not proposed any more of the same
// customers. Who was put into a roster by hand stays there. What was decided last of a customer is not proposed again by
// the same version.
func (s *Store) propose(ctx context.Context, tx pg.Tx, r Run, v Version, values []Values, list []proposed, t *tally) error {
	list = slices.DeleteFunc(list, func(p proposed) bool {
		stays := p.Entry == byHand
		if stays {
			t.held++
		}
		return stays
	})
	ids, from, to, why := make([]int64, len(list)), make([]string, len(list)), make([]string, len(list)), make([][]byte, len(list))
	for i, p := range list {
		var err error
		ids[i], from[i], to[i] = p.ID, v.Kind.value(p.Values), p.Outcome
		if why[i], err = json.Marshal(v.grounds(p.Verdict)); err != nil {
			return err
		}
	}
	const decided = `SELECT p.customer_id FROM crm.proposal p JOIN unnest($1::bigint[], $2::text[], $3::text[]) AS n (id, f, t) ON p.customer_id = n.id
		WHERE p.kind = $5 AND p.decided_at IS NOT NULL AND p.version = $4 AND p.value_from = n.f AND p.value_to = n.t`
	rows, err := tx.PGX().Query(ctx, decided, ids, from, to, r.Version, r.Kind)
	if err != nil {
		return err
	}
	said := map[int64]bool{}
	var id int64
	if _, err := pgx.ForEachRow(rows, []any{&id}, func() error { said[id] = true; return nil }); err != nil {
		return err
	}
	for i, p := range list {
		if said[p.ID] {
			t.held++
		} else {
			t.moves[Move{From: from[i], To: p.Outcome}]++
		}
	}
	if r.Dry {
		return nil
	}
	judged := make([]int64, len(values))
	for i, of := range values {
		judged[i] = of.ID
	}
	const gone = `DELETE FROM crm.proposal WHERE kind = $3 AND customer_id = ANY ($1) AND customer_id <> ALL ($2) AND (decided_at IS NULL OR version <> $4)`
	if _, err := tx.PGX().Exec(ctx, gone, judged, ids, r.Kind, r.Version); err != nil {
		return err
	}
	const write = `INSERT INTO crm.proposal AS p (kind, customer_id, value_from, value_to, version, grounds)
		SELECT $6, n.id, n.f, n.t, $4, n.g FROM unnest($1::bigint[], $2::text[], $3::text[], $5::jsonb[]) AS n (id, f, t, g)
		ON CONFLICT ON CONSTRAINT proposal_is_one_per_kind DO UPDATE
		SET value_from = excluded.value_from, value_to = excluded.value_to, version = excluded.version, grounds = excluded.grounds,
			at = CASE WHEN (p.value_from, p.value_to) = (excluded.value_from, excluded.value_to) AND p.decided_at IS NULL THEN p.at ELSE now() END,
			decided_by = '', decided_at = NULL, reason = ''
		WHERE (p.value_from, p.value_to, p.version) IS DISTINCT FROM (excluded.value_from, excluded.value_to, excluded.version)
			OR p.decided_at IS NULL AND p.grounds <> excluded.grounds`
	_, err = tx.PGX().Exec(ctx, write, ids, from, to, r.Version, why, r.Kind)
	return err
}

// open is what follows the columns in a statement on the open proposals that a question means, for customers in the
// caller's charge. Who reaches every customer goes over the proposals in their order and looks each one's customer up.
func (q Question) open(caller account.Caller, args pgx.NamedArgs) string {
	args["kind"], args["from"], args["to"], args["after"] = string(q.Kind), q.From, q.To, q.After
	customers := `JOIN crm.customer c ON c.id = p.customer_id`
	if everywhere(caller) {
		customers = `CROSS JOIN LATERAL (SELECT c.* FROM crm.customer c WHERE c.id = p.customer_id OFFSET 0) c`
	}
	open := ` FROM crm.proposal p ` + customers + managerOf + rosterOf + ` WHERE p.kind = @kind AND p.customer_id > @after AND ` + stands + ` AND ` + customer.Within(caller.InCharge(), args)
	if q.From != "" {
		open += ` AND p.value_from = @from`
	}
	if q.To != "" {
		open += ` AND p.value_to = @to`
	}
	return open
}

// everywhere reports whether a caller reaches every customer.
func everywhere(caller account.Caller) bool { return caller.Scope().Reach >= account.ReachProvince }

// Proposals lists open proposals for customers within the caller's scope. Whoever reaches a part of the customers has
// his own looked at, the others the proposals in their order: each is the shorter way to a page. Faults: Denied, a value
// that the kind does not have, a roster that does not exist.
func (s *Store) Proposals(ctx context.Context, caller account.Caller, q Question) (Page, error) {
	if err := s.ask(ctx, caller, q); err != nil {
		return Page{}, err
	}
	args := pgx.NamedArgs{"most": pageSize + 1}
	query := `SELECT ` + proposalColumns + q.open(caller, args)
	if everywhere(caller) {
		query += ` ORDER BY p.customer_id LIMIT @most`
	} else {
		query = `WITH own AS MATERIALIZED (` + query + `) SELECT * FROM own ORDER BY customer_id LIMIT @most`
	}
	rows, err := s.db.Query(ctx, query, planned, args)
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

// ask gives the faults of a question: Denied, a value that the kind does not have, a roster that does not exist.
func (s *Store) ask(ctx context.Context, caller account.Caller, q Question) error {
	if err := caller.Demand(account.CustomerRead); err != nil {
		return err
	}
	if err := q.check(); err != nil {
		return err
	}
	return pg.InTx(ctx, s.db, func(tx pg.Tx) error { return exists(ctx, tx, q.Kind, false) })
}

// ProposalsOf reads the open proposals for a customer, that of a class first. A customer that does not exist or that the
// caller may not see is a NotFound fault.
func (s *Store) ProposalsOf(ctx context.Context, caller account.Caller, customerID int64) (list []Proposal, err error) {
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if _, err := s.customers.GetIn(ctx, tx, caller, customerID); err != nil {
			return err
		}
		const query = `SELECT ` + proposalColumns + ` FROM crm.proposal p JOIN crm.customer c ON c.id = p.customer_id` + managerOf + rosterOf + ` WHERE p.customer_id = $1 AND ` + stands + ` ORDER BY p.roster_id NULLS FIRST`
		rows, err := tx.PGX().Query(ctx, query, customerID)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, pgx.RowToStructByName[Proposal])
		return err
	})
	return list, err
}
