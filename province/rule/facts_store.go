package rule

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/internal/pg"
)

// top are the customers that are asked for, one each of them with what was merged into it: its bills, members and
// BOSS's count of members stay where they are. Whatever is read of a customer is found by an index on its id, in a
// subquery of its own, which OFFSET 0 keeps apart, so that no plan for many customers goes over a whole table.
const facts = `one AS (
		SELECT id AS top, id FROM top
		UNION ALL SELECT o.top, m.id FROM one o CROSS JOIN LATERAL (SELECT m.id FROM crm.customer m WHERE m.merged_into = o.id OFFSET 0) m)
	SELECT one.top AS id, c.number, c.lifecycle AS stage, c.class, c.created_at AS entered_at, c.id <> one.top AS merged,
		coalesce(f.arrears_fen, 0) AS arrears, coalesce(f.members, 0) AS members, coalesce(f.stated, 0) AS stated,
		(SELECT count(*) FROM crm.contract k WHERE k.customer_id = c.id AND k.status = 'active' AND @today::date BETWEEN k.effective_on AND k.expires_on) AS contracts,
		(SELECT count(*) FROM crm.subscription k WHERE k.customer_id = c.id AND k.status = 'active') AS subscriptions,
		b.billed, b.amounts, (SELECT max(l.month) FROM crm.bill l WHERE l.customer_id = c.id) AS newest_bill,
		(SELECT max(i.at) FROM crm.interaction i WHERE i.customer_id = c.id) AS interaction,
		coalesce((SELECT CASE WHEN e.grounds IS NULL THEN 'hand' ELSE 'rule' END FROM crm.roster_entry e
			WHERE e.roster_id = @roster AND e.customer_id = c.id), '') AS entry
	FROM one CROSS JOIN LATERAL (SELECT * FROM crm.customer c WHERE c.id = one.id OFFSET 0) c
	LEFT JOIN LATERAL (SELECT * FROM crm.customer_figure f WHERE f.customer_id = one.id OFFSET 0) f ON true
	CROSS JOIN LATERAL (
		SELECT coalesce(array_agg(l.month), '{}') AS billed, coalesce(array_agg(l.amount_fen), '{}') AS amounts
		FROM crm.bill l WHERE l.customer_id = c.id AND l.month >= @since AND l.month < @until) b
	ORDER BY one.top, merged`

// read is a row of facts: of a customer, or of one that was merged into it.
type read struct {
	Values
	Stated int64 // members that BOSS counts
	Merged bool
}

// following reads the facts of the next customers of a run, for rules of its kind. Those that were merged into another
// are passed over.
func following(ctx context.Context, tx pg.Tx, r Run, most int, today time.Time) ([]Values, error) {
	const query = `WITH RECURSIVE top AS MATERIALIZED (
			SELECT id FROM crm.customer WHERE id > @after AND id <= @upto AND merged_into IS NULL ORDER BY id LIMIT @most), ` + facts
	until := firstOfMonth(today)
	// A recursion is taken to find a hundred times what it does, and compiling the statement for that many takes a second.
	if _, err := tx.PGX().Exec(ctx, `SET LOCAL jit = off`); err != nil {
		return nil, err
	}
	rows, err := tx.PGX().Query(ctx, query, pgx.NamedArgs{
		"after": r.Reached, "upto": r.Upto, "roster": r.Kind.roster(), "most": most, "today": today.Format(time.DateOnly), "since": until.AddDate(0, -maxMonths, 0), "until": until,
	})
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[read])
	return fold(list), err
}

// fold adds what was merged into customers to what they have. Members are the lines kept here, or BOSS's count if that
// is greater; who has paid more than was billed owes nothing.
func fold(rows []read) []Values {
	var list []Values
	var stated []int64
	for _, r := range rows {
		if !r.Merged {
			list, stated = append(list, r.Values), append(stated, r.Stated)
			continue
		}
		v := &list[len(list)-1]
		stated[len(list)-1] += r.Stated
		v.Arrears, v.Members = v.Arrears+r.Arrears, v.Members+r.Members
		v.Contracts, v.Subscriptions = v.Contracts+r.Contracts, v.Subscriptions+r.Subscriptions
		v.Billed, v.Amounts = append(v.Billed, r.Billed...), append(v.Amounts, r.Amounts...)
		v.NewestBill, v.Interaction = later(v.NewestBill, r.NewestBill), later(v.Interaction, r.Interaction)
	}
	for i := range list {
		list[i].Members, list[i].Arrears = max(list[i].Members, stated[i]), max(list[i].Arrears, 0)
	}
	return list
}

func later(a, b *time.Time) *time.Time {
	if a == nil || b != nil && b.After(*a) {
		return b
	}
	return a
}
