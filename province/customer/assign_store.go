package customer

import (
	"context"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/pg"
)

const (
	careColumns = `c.id, c.number, c.name, coalesce(m.id, 0), coalesce(m.code, ''), coalesce(m.name, ''), c.merged_into IS NOT NULL`
	careTables  = `crm.customer c LEFT JOIN crm.organisation m ON m.id = c.manager_id`
)

// Chosen reads the customers of a choice that are in the caller's charge, with who cares for them, in the order of their
// ids. Merged ones are left out. Faults: none, or more than most.
func (s *Store) Chosen(ctx context.Context, caller account.Caller, choice Choice, most int) ([]Care, error) {
	caller = caller.InCharge()
	var where string
	var args pgx.NamedArgs
	if choice.Filter != nil {
		filter, err := choice.Filter.within(ctx, s.db)
		if err != nil {
			return nil, err
		}
		where, args = conditions(caller, filter)
		where += ` AND c.merged_into IS NULL`
	} else {
		args = pgx.NamedArgs{"ids": choice.IDs}
		where = `c.id = ANY (@ids) AND c.merged_into IS NULL AND ` + Within(caller, args)
	}
	args["most"] = most + 1
	rows, err := s.db.Query(ctx, `SELECT `+careColumns+` FROM `+careTables+` WHERE `+where+` LIMIT @most`, planned, args)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, scanCare)
	if err != nil {
		return nil, err
	}
	return atMost(list, most)
}

// Values counts customers within the caller's scope by what they have in a column of crm.customer: class, lifecycle
// or sensitive.
func (s *Store) Values(ctx context.Context, caller account.Caller, column string, ids []int64) (map[string]int, error) {
	args := pgx.NamedArgs{"ids": ids}
	query := `SELECT c.` + pgx.Identifier{column}.Sanitize() + `::text, count(*) FROM crm.customer c WHERE c.id = ANY (@ids) AND ` + Within(caller, args) + ` GROUP BY 1`
	rows, err := s.db.Query(ctx, query, planned, args)
	if err != nil {
		return nil, err
	}
	values := map[string]int{}
	var value string
	var n int
	_, err = pgx.ForEachRow(rows, []any{&value, &n}, func() error { values[value] = n; return nil })
	return values, err
}

// HoldCare reads in whose care customers are, by their numbers and in the caller's charge, and keeps others
// from changing them until the transaction ends.
func (s *Store) HoldCare(ctx context.Context, tx pg.Tx, caller account.Caller, numbers []string) (map[string]Care, error) {
	args := pgx.NamedArgs{"numbers": numbers}
	which := ` WHERE c.number = ANY (@numbers) AND ` + Within(caller.InCharge(), args)
	if _, err := tx.PGX().Exec(ctx, `SELECT FROM crm.customer c`+which+` ORDER BY c.id FOR NO KEY UPDATE OF c`, planned, args); err != nil {
		return nil, err
	}
	// Only a statement that begins when the rows are held is sure to see their managers.
	rows, err := tx.PGX().Query(ctx, `SELECT `+careColumns+` FROM `+careTables+which, planned, args)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, scanCare)
	held := make(map[string]Care, len(list))
	for _, c := range list {
		held[c.Number] = c
	}
	return held, err
}

func scanCare(row pgx.CollectableRow) (c Care, err error) {
	err = row.Scan(&c.ID, &c.Number, &c.Name, &c.Manager.ID, &c.Manager.Code, &c.Manager.Name, &c.Merged)
	return c, err
}

// Assignable reads, and holds against being closed, the active persons with these staff numbers into whose care the caller may give customers.
func (s *Store) Assignable(ctx context.Context, tx pg.Tx, caller account.Caller, numbers []string) (map[string]Person, error) {
	const query = `SELECT id, code, name, path FROM crm.organisation WHERE kind = 'person' AND active AND code = ANY ($1) FOR KEY SHARE`
	rows, err := tx.PGX().Query(ctx, query, numbers)
	if err != nil {
		return nil, err
	}
	scope, persons := caller.Scope(), map[string]Person{}
	var p Person
	var path string
	_, err = pgx.ForEachRow(rows, []any{&p.ID, &p.Code, &p.Name, &path}, func() error {
		if scope.Covers(p.ID, path) {
			persons[p.Code] = p
		}
		return nil
	})
	return persons, err
}

// Assign gives customers, which HoldCare holds and whose new managers Assignable gave, into other hands, and
// keeps it in their histories.
func (s *Store) Assign(ctx context.Context, tx pg.Tx, caller account.Caller, list []Assignment, why Cause) error {
	if err := caller.Demand(account.CustomerAssign); err != nil || len(list) == 0 {
		return err
	}
	return give(ctx, tx, caller, list, why, audit.Entry{Action: "customer.assign", ObjectKind: "handover", ObjectID: why.HandoverID})
}

// give puts customers, which are held, into other hands, keeps it in their histories, and in the trail by lines like the given one.
func give(ctx context.Context, tx pg.Tx, caller account.Caller, list []Assignment, why Cause, line audit.Entry) error {
	ids, from, to := make([]int64, len(list)), make([]int64, len(list)), make([]int64, len(list))
	trail := make([]audit.Entry, len(list))
	for i, a := range list {
		ids[i], from[i], to[i] = a.CustomerID, a.From.ID, a.To.ID
		line.Actor, line.ActorID, line.CustomerID = caller.Actor(), caller.AccountID, a.CustomerID
		line.After = map[string]any{"from": a.From.Name, "to": a.To.Name, "reason": why.Reason}
		trail[i] = line
	}
	const update = `UPDATE crm.customer AS c SET manager_id = nullif(u.to_id, 0), version = version + 1, updated_at = now()
		FROM unnest($1::bigint[], $2::bigint[]) AS u (id, to_id) WHERE c.id = u.id`
	if _, err := tx.PGX().Exec(ctx, update, planned, ids, to); err != nil {
		return err
	}
	const insert = `INSERT INTO crm.responsibility (customer_id, from_id, to_id, actor, reason, handover_id)
		SELECT u.id, nullif(u.from_id, 0), nullif(u.to_id, 0), $4, $5, nullif($6::bigint, 0) FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS u (id, from_id, to_id)`
	if _, err := tx.PGX().Exec(ctx, insert, ids, from, to, caller.Actor(), why.Reason, why.HandoverID); err != nil {
		return err
	}
	return audit.RecordAll(ctx, tx, trail)
}

// Responsibilities lists who cared for a customer within the caller's scope, the newest change first.
func (s *Store) Responsibilities(ctx context.Context, caller account.Caller, id int64) ([]Responsibility, error) {
	if _, err := s.Get(ctx, caller, id); err != nil {
		return nil, err
	}
	const query = `SELECT coalesce(f.name, '') AS "from", coalesce(t.name, '') AS "to", r.at, r.actor, r.reason, coalesce(r.handover_id, 0) AS handover_id
		FROM crm.responsibility r LEFT JOIN crm.organisation f ON f.id = r.from_id LEFT JOIN crm.organisation t ON t.id = r.to_id
		WHERE r.customer_id = $1 ORDER BY r.id DESC LIMIT 200`
	rows, err := s.db.Query(ctx, query, id)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Responsibility])
}

// recordManager keeps a change of one customer's manager in its history.
func recordManager(ctx context.Context, tx pg.Tx, caller account.Caller, id, from, to int64) error {
	const insert = `INSERT INTO crm.responsibility (customer_id, from_id, to_id, actor, reason) VALUES ($1, nullif($2::bigint, 0), nullif($3::bigint, 0), $4, '')`
	_, err := tx.PGX().Exec(ctx, insert, id, from, to, caller.Actor())
	return err
}
