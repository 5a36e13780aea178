package report

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
)

// Moved gives one page of the customers behind a figure of new or lost ones, the latest month first, and
// how many they are in all: the figure itself. Faults: a filter out of bounds, Denied without
// report.read or without nation.customer.read.
func (s *Store) Moved(ctx context.Context, caller account.Caller, f MovementFilter) (page []Moved, total int64, err error) {
	if err := caller.Demand(account.ReportRead); err != nil {
		return nil, 0, err
	}
	if err := caller.Demand(account.NationCustomerRead); err != nil {
		return nil, 0, err
	}
	if err := f.check(); err != nil {
		return nil, 0, err
	}
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, s.db, options, func(tx pgx.Tx) error {
		count, query := f.statements()
		args := f.arguments()
		if err := tx.QueryRow(ctx, count, args).Scan(&total); err != nil {
			return fmt.Errorf("count customers: %w", err)
		}
		args["limit"], args["offset"] = f.Size, (f.Page-1)*f.Size
		rows, err := tx.Query(ctx, query, args)
		if err != nil {
			return fmt.Errorf("list customers: %w", err)
		}
		page, err = pgx.CollectRows(rows, pgx.RowToStructByName[Moved])
		return err
	})
	return page, total, err
}

// statements count the customers, by the sums that reports read, and list them by the index of months.
func (f MovementFilter) statements() (count, list string) {
	table, sum := "crm.customer_known", "new_customers"
	if f.Kind == Lost {
		table, sum = "crm.customer_loss", "lost_customers"
	}
	condition := `month >= @from::date AND ` + f.filter() + isReported
	count = `SELECT coalesce(sum(` + sum + `), 0)::bigint FROM crm.movement_sum WHERE ` + fmt.Sprintf(`across = %d AND `, f.across()) + condition
	list = `WITH page AS (SELECT province, id, month, city, class, industry FROM ` + table + ` WHERE ` + condition + `
			ORDER BY month DESC, province DESC, id DESC LIMIT @limit OFFSET @offset)
		SELECT m.province, m.id, to_char(m.month, 'YYYY-MM') AS month, m.city, m.class, m.industry,
			c.id IS NOT NULL AS here, coalesce(c.number, '') AS number, coalesce(c.name, '') AS name
		FROM page m LEFT JOIN crm.customer c ON c.province = m.province AND c.id = m.id
		ORDER BY m.month DESC, m.province DESC, m.id DESC`
	return count, list
}
