package wish

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/pg"
	"jike/province/customer"
	"jike/schemas/codes"
)

// due is the day by which open wishes w are ordered, as in the index wish_open.
const due = `coalesce(w.wanted_on, '9999-12-31'::date)`

// few is up to how many wishes of a part of the customers are looked at before they are ordered. More of them stand close
// enough together in the order of all open wishes for a page to be read there.
const few = 2000

// List lists the open wishes of customers within the caller's scope, the one that is wanted first before the others.
// Faults: Denied.
func (s *Store) List(ctx context.Context, caller account.Caller, f Filter) (Page, error) {
	if err := caller.Demand(account.CustomerRead); err != nil {
		return Page{}, err
	}
	page := Page{Today: codes.Day(time.Now(), s.zone)}
	args := pgx.NamedArgs{"today": page.Today, "counted": mostCounted + 1, "most": pageSize + 1}
	err := pgx.BeginTxFunc(ctx, s.db, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(t pgx.Tx) (err error) {
		tx := pg.AsTx(t)
		where, err := f.conditions(ctx, tx, caller, page.Today, args)
		if err != nil {
			return err
		}
		if page.Total, err = count(ctx, tx, where, args); err != nil || page.Total == 0 {
			return err
		}
		if page.Overdue, err = count(ctx, tx, where+` AND `+due+` < @today`, args); err != nil {
			return err
		}
		part := caller.Scope().Reach < account.ReachProvince || f.UnitID != 0
		page.Items, err = list(ctx, tx, caller, where, part && page.Total <= few, f.After, args)
		return err
	})
	if len(page.Items) > pageSize {
		page.Items, page.More = page.Items[:pageSize], true
	}
	return page, err
}

// conditions are those of scope and filter on wishes w of customers c, on every page.
func (f Filter) conditions(ctx context.Context, tx pg.Tx, caller account.Caller, today time.Time, args pgx.NamedArgs) (string, error) {
	where := `w.status = 'open' AND ` + customer.Within(caller, args)
	if len(f.Kinds) > 0 {
		where += ` AND w.kind = ANY (@kinds)`
		args["kinds"] = f.Kinds
	}
	if f.Days > 0 {
		where += ` AND ` + due + ` <= @until`
		args["until"] = today.AddDate(0, 0, f.Days)
	}
	if f.UnitID == 0 {
		return where, nil
	}
	// The people of the unit are read first: the planner knows how many customers each has.
	rows, err := tx.PGX().Query(ctx, `SELECT p.id FROM crm.organisation u JOIN crm.organisation p ON p.path LIKE u.path || '%' WHERE u.id = $1`, f.UnitID)
	if err != nil {
		return "", err
	}
	args["people"], err = pgx.CollectRows(rows, pgx.RowTo[int64])
	return where + ` AND c.manager_id = ANY (@people)`, err
}

// count counts up to one more than mostCounted wishes. The customer is joined by LEFT JOIN, so that it is not read at
// all where the scope does not ask for it.
func count(ctx context.Context, tx pg.Tx, where string, args pgx.NamedArgs) (n int, err error) {
	query := `SELECT count(*) FROM (SELECT FROM crm.wish w LEFT JOIN crm.customer c ON c.id = w.customer_id WHERE ` + where + ` LIMIT @counted) found`
	err = tx.PGX().QueryRow(ctx, query, pgx.QueryExecModeCacheDescribe, args).Scan(&n)
	return n, err
}

func list(ctx context.Context, tx pg.Tx, caller account.Caller, where string, first bool, after *Place, args pgx.NamedArgs) ([]Listed, error) {
	follows := `true`
	if after != nil {
		follows, args["after_day"], args["after_id"] = `(`+due+`, w.id) > (@after_day::date, @after_id)`, after.Day, after.ID
	}
	query := `SELECT ` + columns + `, c.name AS customer_name, coalesce(m.name, '') AS manager_name,
			(` + customer.Within(caller.InCharge(), args) + `) IS TRUE AS in_charge
		FROM crm.wish w JOIN crm.customer c ON c.id = w.customer_id LEFT JOIN crm.organisation m ON m.id = c.manager_id
		WHERE ` + where + ` AND ` + follows
	if first {
		query = `WITH w AS MATERIALIZED (` + query + `) SELECT w.* FROM w`
	}
	query += ` ORDER BY ` + due + `, w.id LIMIT @most`
	rows, err := tx.PGX().Query(ctx, query, pgx.QueryExecModeCacheDescribe, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Listed])
}
