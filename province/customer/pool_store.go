package customer

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/schemas/codes"
)

// open is the condition that a row c may be seen by the caller in the pool, were it in it: it is of the caller's city,
// for who reaches the whole province of any, and not sensitive, except for who may mark customers.
func open(caller account.Caller, args pgx.NamedArgs) string {
	condition := `c.merged_into IS NULL`
	if !caller.May(account.CustomerSensitive) {
		condition += ` AND NOT c.sensitive`
	}
	switch scope := caller.Scope(); scope.Reach {
	case account.ReachOwn, account.ReachDepartment:
		args["pool_path"] = scope.Path
		return condition + ` AND c.city = ANY (ARRAY(SELECT u.code FROM crm.organisation u WHERE u.kind = 'city' AND @pool_path::text LIKE u.path || '%'))`
	case account.ReachProvince, account.ReachNation:
		return condition
	}
	return `false`
}

// Pool reads a page of the caller's pool, in the order of the customers' ids, and how many there are; no class is any.
// The index of managers has first those in nobody's care, with all that is asked for. It needs customer.claim, else Denied.
func (s *Store) Pool(ctx context.Context, caller account.Caller, classes []codes.Class, page, size int) (list []Pooled, total int, err error) {
	if err := caller.Demand(account.CustomerClaim); err != nil {
		return nil, 0, err
	}
	args := pgx.NamedArgs{"size": size, "skip": (page - 1) * size}
	where := `c.manager_id IS NULL AND ` + open(caller, args)
	if len(classes) > 0 {
		where += ` AND c.class = ANY (@classes)`
		args["classes"] = classes
	}
	err = pgx.BeginTxFunc(ctx, s.db, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM crm.customer c WHERE `+where, planned, args).Scan(&total); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `WITH page AS MATERIALIZED (SELECT c.id FROM crm.customer c WHERE `+where+` ORDER BY c.id OFFSET @skip LIMIT @size)
			SELECT c.id, c.number, c.name, c.class, c.lifecycle, c.industry, c.city, coalesce(r.at, c.created_at) AS since,
				coalesce(f.name, '') AS "from", coalesce(r.reason, '') AS reason
			FROM page JOIN crm.customer c ON c.id = page.id
				LEFT JOIN LATERAL (SELECT * FROM crm.responsibility r WHERE r.customer_id = c.id ORDER BY r.id DESC LIMIT 1) r ON true
				LEFT JOIN crm.organisation f ON f.id = r.from_id
			ORDER BY c.id`, planned, args)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, pgx.RowToStructByName[Pooled])
		return err
	})
	return list, total, err
}

// HoldPooled reads a customer of the caller's pool and keeps others from changing it until the transaction ends. Faults:
// a Conflict for one that somebody has just taken out of the pool, NotFound for every other one that is not in it.
func (s *Store) HoldPooled(ctx context.Context, tx pg.Tx, caller account.Caller, id int64) (Care, error) {
	args := pgx.NamedArgs{"id": id}
	if _, err := tx.PGX().Exec(ctx, `SELECT FROM crm.customer c WHERE c.id = @id AND `+open(caller, args)+` FOR NO KEY UPDATE`, args); err != nil {
		return Care{}, err
	}
	// Only a statement that begins when the row is held is sure to see its manager.
	rows, err := tx.PGX().Query(ctx, `SELECT `+careColumns+` FROM `+careTables+` WHERE c.id = @id AND `+open(caller, args), args)
	if err != nil {
		return Care{}, err
	}
	c, err := pgx.CollectExactlyOneRow(rows, scanCare)
	if err != nil || c.Manager.ID == 0 {
		return c, unknown(err)
	}
	const last = `SELECT r.from_id IS NULL AND r.at > c.created_at FROM crm.responsibility r JOIN crm.customer c ON c.id = r.customer_id
		WHERE r.customer_id = $1 ORDER BY r.id DESC LIMIT 1`
	var taken bool // what was somebody's from the beginning was not
	if err := tx.PGX().QueryRow(ctx, last, id).Scan(&taken); err != nil {
		return c, unknown(err)
	}
	if taken {
		return c, fault.New(fault.Conflict, "pool.taken", "manager", c.Manager.Name)
	}
	return c, unknown(pgx.ErrNoRows)
}

// Claim gives customers, which HoldPooled holds, into somebody's care, and keeps it in their histories. It needs
// customer.claim, else Denied.
func (s *Store) Claim(ctx context.Context, tx pg.Tx, caller account.Caller, a Assignment) error {
	if err := caller.Demand(account.CustomerClaim); err != nil {
		return err
	}
	return give(ctx, tx, caller, []Assignment{a}, Cause{}, audit.Entry{Action: "customer.claim", ObjectKind: "customer", ObjectID: a.CustomerID})
}

// Return gives customers, which are held, back into the pool, and keeps it in their histories. It needs customer.claim,
// else Denied.
func (s *Store) Return(ctx context.Context, tx pg.Tx, caller account.Caller, list []Assignment, reason string) error {
	if err := caller.Demand(account.CustomerClaim); err != nil || len(list) == 0 {
		return err
	}
	return give(ctx, tx, caller, list, Cause{Reason: reason}, audit.Entry{Action: "customer.return", ObjectKind: "customer"})
}

// Idle reads, in the order of their last change, customers of some states in somebody's care that nobody has changed or
// dealt with since a moment, from the one that follows after (of a zero time: from the first), and holds them. Those that
// somebody else holds are passed by. last is where the next part begins.
func (s *Store) Idle(ctx context.Context, tx pg.Tx, states []codes.Lifecycle, since time.Time, after Moment, most int) (list []Assignment, last Moment, err error) {
	const query = `SELECT c.id, c.updated_at, m.id, m.code, m.name FROM crm.customer c JOIN crm.organisation m ON m.id = c.manager_id
		WHERE c.merged_into IS NULL AND c.lifecycle = ANY ($1) AND c.updated_at < $2 AND (c.updated_at, c.id) > ($3, $4)
			AND NOT EXISTS (SELECT FROM crm.interaction i WHERE i.customer_id = c.id AND i.at >= $2)
		ORDER BY c.updated_at, c.id LIMIT $5 FOR NO KEY UPDATE OF c SKIP LOCKED`
	rows, err := tx.PGX().Query(ctx, query, planned, states, since, after.At, after.ID, most)
	if err != nil {
		return nil, after, err
	}
	var a Assignment
	last = after
	_, err = pgx.ForEachRow(rows, []any{&a.CustomerID, &last.At, &a.From.ID, &a.From.Code, &a.From.Name}, func() error {
		last.ID = a.CustomerID
		list = append(list, a)
		return nil
	})
	return list, last, err
}

// Moment is a place in the order of customers' last changes.
type Moment struct {
	At time.Time
	ID int64
}
