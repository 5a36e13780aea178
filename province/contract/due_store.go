package contract

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/pg"
	"jike/province/customer"
	"jike/schemas/codes"
)

// dueSize is how many contracts a page of Due holds.
const dueSize = 50

// today is the province's day.
func (s *Store) today() time.Time { return codes.Day(time.Now(), s.zone) }

// Due reads which contracts with customers within the caller's scope end within days, from the one that
// follows after (nil: from the first).
func (s *Store) Due(ctx context.Context, caller account.Caller, days int, after *Due) (DuePage, error) {
	if err := caller.Demand(account.CustomerRead); err != nil {
		return DuePage{}, err
	}
	page := DuePage{Today: s.today()}
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) (err error) {
		if page.Sums, err = s.dueSums(ctx, tx, caller, page.Today); err != nil {
			return err
		}
		page.Items, err = s.due(ctx, tx, caller, page.Today, days, after)
		return err
	})
	if len(page.Items) > dueSize {
		page.Items, page.More = page.Items[:dueSize], true
	}
	return page, err
}

// renewed is the condition that another contract, in force, renews k.
const renewed = `EXISTS (SELECT FROM crm.contract r WHERE r.renews_id = k.id AND r.status = 'active')`

// dueSums adds up by step. The customer is joined by LEFT JOIN, so that it is not read at all where the
// scope does not ask for it.
func (s *Store) dueSums(ctx context.Context, tx pg.Tx, caller account.Caller, today time.Time) ([]DueSum, error) {
	steps := slices.Sorted(slices.Values(Steps))
	args := pgx.NamedArgs{"today": today, "until": today.AddDate(0, 0, Steps[0]), "steps": steps}
	query := `WITH ending AS (
			SELECT k.expires_on - @today::date AS days, count(*) AS n, sum(k.amount_fen) AS fen
			FROM crm.contract k LEFT JOIN crm.customer c ON c.id = k.customer_id
			WHERE k.status = 'active' AND k.expires_on BETWEEN @today AND @until AND NOT ` + renewed + ` AND ` + customer.Within(caller, args) + `
			GROUP BY 1)
		SELECT step AS days, coalesce(sum(n), 0)::bigint AS contracts, coalesce(sum(fen), 0)::bigint AS amount_fen
		FROM unnest(@steps::int[]) AS step LEFT JOIN ending ON ending.days <= step GROUP BY step ORDER BY step`
	rows, err := tx.PGX().Query(ctx, query, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[DueSum])
}

func (s *Store) due(ctx context.Context, tx pg.Tx, caller account.Caller, today time.Time, days int, after *Due) ([]Due, error) {
	args := pgx.NamedArgs{"today": today, "until": today.AddDate(0, 0, days), "most": dueSize + 1}
	follows := `true`
	if after != nil {
		follows, args["after_day"], args["after_id"] = `(k.expires_on, k.id) > (@after_day::date, @after_id)`, after.ExpiresOn, after.ID
	}
	query := `SELECT k.id, k.customer_id, c.name AS customer_name, coalesce(m.name, '') AS manager_name, k.number, k.name, k.expires_on,
			k.amount_fen, k.auto_renew, coalesce(d.number, '') AS renewed_by_number,
			(SELECT max(n.at) FROM crm.contract_notice n WHERE n.contract_id = k.id AND n.expires_on = k.expires_on) AS noticed_at
		FROM crm.contract k JOIN crm.customer c ON c.id = k.customer_id
		LEFT JOIN crm.organisation m ON m.id = c.manager_id
		LEFT JOIN crm.contract d ON d.renews_id = k.id AND d.status <> 'terminated'
		WHERE k.status = 'active' AND k.expires_on BETWEEN @today AND @until AND ` + follows + `
			AND NOT ` + renewed + ` AND ` + customer.Within(caller, args) + `
		ORDER BY k.expires_on, k.id LIMIT @most`
	rows, err := tx.PGX().Query(ctx, query, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Due])
}

// clockBatch is how many contracts a transaction of Watch writes.
const clockBatch = 500

// Watch does what the clock does to contracts on the province's day: those whose end is past expire, unless they renew
// themselves, and those that have come a step nearer to their end are told of, once for each step. It gives how many of both.
func (s *Store) Watch(ctx context.Context) (expired, noticed int, err error) {
	for {
		n := 0
		err := pg.InTx(ctx, s.db, func(tx pg.Tx) (err error) {
			n, err = s.expire(ctx, tx, s.today())
			return err
		})
		expired += n
		if err != nil {
			return expired, 0, err
		}
		if n < clockBatch {
			break
		}
	}
	const notice = `INSERT INTO crm.contract_notice (contract_id, expires_on, step)
		SELECT k.id, k.expires_on, (SELECT min(step) FROM unnest($3::int[]) AS step WHERE k.expires_on - $1::date <= step)
		FROM crm.contract k
		WHERE k.status = 'active' AND k.expires_on BETWEEN $1 AND $2 AND NOT ` + renewed + `
		ON CONFLICT DO NOTHING`
	tag, err := s.db.Exec(ctx, notice, s.today(), s.today().AddDate(0, 0, Steps[0]), Steps)
	return expired, int(tag.RowsAffected()), err
}

// expire ends some of the contracts whose end is past. It passes by those that somebody holds.
func (s *Store) expire(ctx context.Context, tx pg.Tx, today time.Time) (int, error) {
	clock := account.System("contract-clock")
	const update = `UPDATE crm.contract SET status = 'expired', version = version + 1, updated_at = now()
		WHERE id IN (SELECT id FROM crm.contract WHERE status = 'active' AND NOT auto_renew AND expires_on < $1
			ORDER BY expires_on, id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED)
		RETURNING ` + columns
	rows, err := tx.PGX().Query(ctx, update, today, clockBatch)
	if err != nil {
		return 0, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Contract])
	if err != nil {
		return 0, err
	}
	for _, c := range list {
		if err := record(ctx, tx, clock, "contract.change", c.ID, c.CustomerID,
			map[string]any{"status": Active}, map[string]any{"status": Expired}); err != nil {
			return 0, err
		}
	}
	return len(list), nil
}

// KeepClock watches at once and then every hour, until ctx ends: a node that was down over midnight loses
// nothing.
func (s *Store) KeepClock(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if expired, noticed, err := s.Watch(ctx); err != nil && ctx.Err() == nil {
			log.Error("contracts are not watched", "error", err)
		} else if expired+noticed > 0 {
			log.Info("contracts end", "expired", expired, "noticed", noticed)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
