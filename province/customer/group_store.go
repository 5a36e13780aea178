package customer

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/fault"
)

// groupings are the columns of what a list is grouped by.
var groupings = map[Grouping]string{
	GroupClass: "c.class", GroupLifecycle: "c.lifecycle", GroupManager: "c.manager_id", GroupCity: "c.city", GroupIndustry: "c.industry",
}

// Groups counts by a fact the customers within the caller's scope that the filter lets through, whatever its page and
// order; the groups are of one moment. An unknown grouping is a fault.
func (s *Store) Groups(ctx context.Context, caller account.Caller, f Filter, by Grouping) (all Groups, err error) {
	moment := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, s.db, moment, func(tx pgx.Tx) (err error) {
		all, err = groups(ctx, tx, caller, f, by)
		return err
	})
	return all, err
}

func groups(ctx context.Context, tx pgx.Tx, caller account.Caller, f Filter, by Grouping) (all Groups, err error) {
	column, known := groupings[by]
	if !known {
		return all, fault.Field(fault.Enumeration, "by", "input.not_in_list")
	}
	if f, err = f.within(ctx, tx); err != nil {
		return all, err
	}
	l := newListing(caller, f)
	if l.text {
		if _, all.More, err = l.hits(ctx, tx); err != nil {
			return all, err
		}
	}
	named, manager := `'' AS manager, '' AS unit`, ``
	if by == GroupManager {
		named = `coalesce(m.name, '') AS manager, coalesce(d.name, '') AS unit`
		manager = ` LEFT JOIN crm.organisation m ON m.id = g.value LEFT JOIN crm.organisation d ON d.id = m.parent_id`
	}
	rows, err := tx.Query(ctx, `SELECT coalesce(g.value::text, '') AS value, g.customers, `+named+` FROM (`+l.counted(column)+`) g`+manager+
		` ORDER BY g.customers DESC, 1`, planned, l.args)
	if err != nil {
		return all, err
	}
	all.List, err = pgx.CollectRows(rows, pgx.RowToStructByName[Group])
	for _, g := range all.List {
		all.Total += g.Customers
	}
	return all, err
}

// counted is the statement that gives each value of a column with its customers: from the tally where it counts by the
// column and answers the filter, else by counting them in an index, and of what a text finds only as many as a list
// counts (see hits).
func (l *listing) counted(column string) string {
	if l.tallied && slices.Contains(facets, column) {
		return `SELECT ` + column + ` AS value, sum(c.customers)::bigint AS customers FROM ` + tally + ` WHERE ` + l.facets +
			` GROUP BY 1 HAVING sum(c.customers) > 0`
	}
	from := `crm.customer c WHERE ` + l.where
	if l.text {
		l.args["counted"] = mostCounted
		from = `(SELECT ` + column + ` FROM crm.customer c WHERE ` + l.where + ` LIMIT @counted) c`
	}
	return `SELECT ` + column + ` AS value, count(*) AS customers FROM ` + from + ` GROUP BY 1`
}
