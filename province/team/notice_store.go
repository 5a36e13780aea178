package team

import (
	"context"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/pg"
	"jike/province/customer"
)

// Notices reads the memberships of the caller, named or ended by others, which they have not acknowledged, until their last
// day; those that one hand-over released are one notice. Of a sensitive customer that the caller does not see they say
// nothing.
func (s *Store) Notices(ctx context.Context, caller account.Caller) ([]Notice, error) {
	args := pgx.NamedArgs{"account": caller.AccountID}
	sees := `(` + customer.Within(caller, args) + `) IS TRUE`
	query := `SELECT max(t.id) AS id, count(*) AS customers, bool_or(t.ended_at IS NOT NULL) AS released,
			max(coalesce(t.ended_by, t.named_by)) AS by, max(coalesce(t.ended_at, t.named_at)) AS at, coalesce(max(h.reason), '') AS reason,
			coalesce(max(c.id) FILTER (WHERE ` + sees + `), 0) AS customer_id, coalesce(max(c.name) FILTER (WHERE NOT c.sensitive OR ` + sees + `), '') AS customer,
			max(t.duty) AS duty, min(t.from_day) AS "from", max(t.until_day) AS until
		FROM crm.team_member t JOIN crm.customer c ON c.id = t.customer_id LEFT JOIN crm.handover h ON h.id = t.handover_id
		WHERE t.account_id = @account AND NOT t.member_seen AND ` + current + `
		GROUP BY coalesce(-t.handover_id, t.id) ORDER BY 1 DESC LIMIT 20`
	rows, err := s.db.Query(ctx, query, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Notice])
}

// Acknowledge takes a notice off the caller's; of one that is not the caller's nothing is said.
func (s *Store) Acknowledge(ctx context.Context, caller account.Caller, id int64) error {
	return pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		const update = `UPDATE crm.team_member t SET member_seen = true FROM crm.team_member one
			WHERE one.id = $1 AND one.account_id = $2 AND t.account_id = $2 AND NOT t.member_seen AND (t.id = one.id OR t.handover_id = one.handover_id)`
		_, err := tx.PGX().Exec(ctx, update, id, caller.AccountID)
		return err
	})
}
