package bill

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/pg"
)

// Store keeps the bills. All its methods join a transaction.
type Store struct{}

// NewStore makes the store.
func NewStore() *Store { return &Store{} }

// List reads a customer's bills of the newest months, the newest first. The bills of customers that
// were merged into it stay theirs, since billing goes on to name them by their numbers; they are added
// month by month here. The caller must have been shown the customer.
func (s *Store) List(ctx context.Context, tx pg.Tx, customerID int64, months int) ([]Bill, error) {
	const query = `WITH RECURSIVE one AS (
			SELECT $1::bigint AS id UNION SELECT c.id FROM crm.customer c JOIN one ON c.merged_into = one.id)
		SELECT min(id) AS id, $1 AS customer_id, month, sum(amount_fen)::bigint AS amount_fen, sum(paid_fen)::bigint AS paid_fen,
			max(updated_at) AS updated_at
		FROM crm.bill WHERE customer_id IN (SELECT id FROM one) GROUP BY month ORDER BY month DESC LIMIT $2`
	rows, err := tx.PGX().Query(ctx, query, customerID, months)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Bill])
}

// owner is a customer that a batch has lines for.
type owner struct {
	Number   string
	ID       int64
	National bool
}

// PutBatch stores the lines of a batch in three statements, whatever their number: lines for
// unknown customers and repeated ones are reported and left out, the others add or replace bills.
// The customers are held until the transaction ends, in the order of their ids, so that neither a
// change of class nor another batch can meet it half-way. One audit line tells of the whole batch.
// A line that is wrong by itself (Line.Check) is a fault and nothing is stored.
func (s *Store) PutBatch(ctx context.Context, tx pg.Tx, caller account.Caller, lines []Line) (Result, error) {
	if err := caller.Demand(account.BillWrite); err != nil {
		return Result{}, err
	}
	for i, l := range lines {
		if err := l.Check(); err != nil {
			return Result{}, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	first, repeated := split(lines)
	result := Result{Repeated: repeated}
	owners, err := s.hold(ctx, tx, lines, first)
	if err != nil {
		return Result{}, err
	}
	var rows columns
	for _, i := range first {
		if o, known := owners[lines[i].CustomerNumber]; known {
			rows.add(o, lines[i])
		} else {
			result.Unknown = append(result.Unknown, i)
		}
	}
	if len(rows.customer) == 0 {
		return result, nil
	}
	const upsert = `INSERT INTO crm.bill AS b (customer_id, national, month, amount_fen, paid_fen)
		SELECT * FROM unnest($1::bigint[], $2::boolean[], $3::date[], $4::bigint[], $5::bigint[]) AS n (customer_id, national, month, amount_fen, paid_fen)
		ORDER BY n.customer_id, n.month
		ON CONFLICT (customer_id, month) DO UPDATE
			SET amount_fen = excluded.amount_fen, paid_fen = excluded.paid_fen, updated_at = now()
			WHERE (b.amount_fen, b.paid_fen) IS DISTINCT FROM (excluded.amount_fen, excluded.paid_fen)`
	tag, err := tx.PGX().Exec(ctx, upsert, rows.customer, rows.national, rows.month, rows.amount, rows.paid)
	if err != nil {
		return Result{}, err
	}
	result.Written = int(tag.RowsAffected())
	result.Unchanged = len(rows.customer) - result.Written
	return result, recordBatch(ctx, tx, caller, result, rows)
}

// hold finds the customers of the lines and keeps them from changing sides until the transaction
// ends.
func (s *Store) hold(ctx context.Context, tx pg.Tx, lines []Line, which []int) (map[string]owner, error) {
	numbers := make([]string, 0, len(which))
	for _, i := range which {
		numbers = append(numbers, lines[i].CustomerNumber)
	}
	slices.Sort(numbers)
	const query = `SELECT number, id, national FROM crm.customer WHERE number = ANY ($1) ORDER BY id FOR KEY SHARE`
	rows, err := tx.PGX().Query(ctx, query, slices.Compact(numbers))
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[owner])
	owners := make(map[string]owner, len(list))
	for _, o := range list {
		owners[o.Number] = o
	}
	return owners, err
}

// columns are the rows of a batch, column by column, as unnest takes them.
type columns struct {
	customer     []int64
	national     []bool
	month        []time.Time
	amount, paid []int64
}

func (c *columns) add(o owner, l Line) {
	c.customer, c.national, c.month = append(c.customer, o.ID), append(c.national, o.National), append(c.month, l.Month)
	c.amount, c.paid = append(c.amount, l.AmountFen), append(c.paid, l.PaidFen)
}

func recordBatch(ctx context.Context, tx pg.Tx, caller account.Caller, r Result, c columns) error {
	if r.Written == 0 {
		return nil
	}
	var amount, paid int64
	for i := range c.amount {
		amount, paid = amount+c.amount[i], paid+c.paid[i]
	}
	e := audit.Entry{
		Actor: caller.Actor(), ActorID: caller.AccountID, Action: "bill.batch", ObjectKind: "bill",
		After: map[string]any{"written": r.Written, "unchanged": r.Unchanged, "amountFen": amount, "paidFen": paid},
	}
	if len(c.customer) == 1 {
		e.CustomerID = c.customer[0]
	}
	return audit.Record(ctx, tx, e)
}
