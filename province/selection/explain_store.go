package selection

import (
	"context"

	"github.com/jackc/pgx/v5"

	"jike/internal/pg"
)

// Explain says why a customer is national or not: what made it so and since when, and what a save
// would decide now. The transaction reads one moment, and the caller must have been shown the customer.
func Explain(ctx context.Context, tx pg.Tx, id int64) (Explanation, error) {
	var e Explanation
	f := &e.Facts
	const query = `SELECT c.national, c.created_at, c.number, coalesce(c.credit_code, ''), c.class, c.industry, c.city, c.cross_province, c.sensitive,
			p.version, p.state, p.rule
		FROM crm.customer c, (SELECT version, state, rule FROM crm.selection_policy
			WHERE state IN ('applying', 'in_force') ORDER BY state LIMIT 1) p WHERE c.id = $1`
	err := tx.PGX().QueryRow(ctx, query, id).Scan(&e.National, &e.Since, &f.Number, &f.CreditCode, &f.Class, &f.Industry, &f.City,
		&f.CrossProvince, &f.Sensitive, &e.Version, &e.State, &e.Rule)
	if err != nil {
		return e, err
	}
	e.Findings = e.Rule.Findings(*f)
	e.Would, e.Clause = e.Rule.Judge(*f)
	if err := tx.PGX().QueryRow(ctx, `SELECT EXISTS (SELECT FROM crm.selection_policy WHERE state IN ('applying', 'returning'))`).Scan(&e.InRollout); err != nil {
		return e, err
	}
	rows, err := tx.PGX().Query(ctx, `SELECT at, entered, version, clause, reason FROM crm.selection_flip
		WHERE customer_id = $1 ORDER BY id DESC LIMIT $2`, id, historySize)
	if err != nil {
		return e, err
	}
	if e.Flips, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Flip]); err != nil {
		return e, err
	}
	if len(e.Flips) > 0 {
		e.By, e.Since = &e.Flips[0], e.Flips[0].At
	}
	return e, nil
}
