package roster

import (
	"context"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/customer"
)

// Enter puts customers, which the transaction holds, into a roster as its rules have proposed, with the grounds of each.
// The caller has been allowed it. Who is in it stays as it is. A roster that is closed is a Rule fault.
func (s *Store) Enter(ctx context.Context, tx pg.Tx, caller account.Caller, id int64, grounds map[int64][]byte, reason string) error {
	r, err := opened(ctx, tx, id)
	if err != nil {
		return err
	}
	customers, documents := make([]int64, 0, len(grounds)), make([][]byte, 0, len(grounds))
	for customerID, document := range grounds {
		customers, documents = append(customers, customerID), append(documents, document)
	}
	const insert = `INSERT INTO crm.roster_entry (roster_id, customer_id, reason, added_by, grounds)
		SELECT $1, id, $4, $5, g FROM unnest($2::bigint[], $3::jsonb[]) AS u (id, g) ORDER BY id ON CONFLICT DO NOTHING RETURNING customer_id`
	rows, err := tx.PGX().Query(ctx, insert, id, customers, documents, reason, caller.Actor())
	if err != nil {
		return err
	}
	fresh, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	return recordEach(ctx, tx, caller, "roster.put", r, fresh, grounds, reason)
}

// Leave takes customers, which the transaction holds, out of a roster, as far as its rules have put them in. The caller has
// been allowed it. A roster that is closed is a Rule fault.
func (s *Store) Leave(ctx context.Context, tx pg.Tx, caller account.Caller, id int64, customers []int64, reason string) error {
	r, err := opened(ctx, tx, id)
	if err != nil {
		return err
	}
	const remove = `DELETE FROM crm.roster_entry WHERE roster_id = $1 AND customer_id = ANY ($2) AND grounds IS NOT NULL RETURNING customer_id`
	rows, err := tx.PGX().Query(ctx, remove, id, customers)
	if err != nil {
		return err
	}
	gone, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	return recordEach(ctx, tx, caller, "roster.take", r, gone, nil, reason)
}

// opened reads a roster and keeps it from being closed until the transaction ends.
func opened(ctx context.Context, tx pg.Tx, id int64) (Roster, error) {
	r, err := hold(ctx, tx, id, ` FOR SHARE`)
	if err == nil && r.Closed {
		err = fault.New(fault.Rule, "roster.closed")
	}
	return r, err
}

// Entries lists the customers of a roster that are within the caller's scope, after one of them. Whoever reaches a part of
// the customers has his own looked at, the others the entries in their order. Faults: Denied, NotFound.
func (s *Store) Entries(ctx context.Context, caller account.Caller, id, after int64) (r Roster, page Page, err error) {
	if err := caller.Demand(account.CustomerRead); err != nil {
		return Roster{}, Page{}, err
	}
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if r, err = hold(ctx, tx, id, ``); err != nil {
			return err
		}
		args := pgx.NamedArgs{"id": id, "after": after, "most": pageSize + 1}
		within := customer.Within(caller, args)
		everywhere := caller.Scope().Reach >= account.ReachProvince
		customers := `JOIN crm.customer c ON c.id = e.customer_id`
		if everywhere {
			customers = `CROSS JOIN LATERAL (SELECT c.* FROM crm.customer c WHERE c.id = e.customer_id OFFSET 0) c`
		}
		query := `SELECT e.customer_id, c.number, c.name, coalesce(m.name, '') AS manager, e.reason, e.grounds, e.added_by, e.at
			FROM crm.roster_entry e ` + customers + ` LEFT JOIN crm.organisation m ON m.id = c.manager_id
			WHERE e.roster_id = @id AND e.customer_id > @after AND ` + within
		if everywhere {
			query += ` ORDER BY e.customer_id LIMIT @most`
		} else {
			query = `WITH own AS MATERIALIZED (` + query + `) SELECT * FROM own ORDER BY customer_id LIMIT @most`
		}
		rows, err := tx.PGX().Query(ctx, query, pgx.QueryExecModeCacheDescribe, args)
		if err != nil {
			return err
		}
		list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Listed])
		page.Items = list
		if len(list) > pageSize {
			page.Items, page.More = list[:pageSize], true
		}
		return err
	})
	return r, page, err
}
