package boss

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// effects compares the messages with what is in the province: the audit trail has a line for each
// effect, and the rows show the last one. Lines are told by what only one message said: the marker
// in the address, the amount of a bill, the one deletion of a customer.
const effects = `
	WITH sent AS (
		SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) AS s (id, op, number, amount)
	), found AS (
		SELECT s.*, c.id AS customer_id FROM sent s LEFT JOIN crm.customer c ON c.number = s.number
	)
	SELECT f.id, f.op, f.number, (SELECT count(*) FROM audit.line l WHERE l.customer_id = f.customer_id AND CASE f.op
		WHEN 'create' THEN l.action = 'customer.create' AND l.after->>'address' LIKE '% ' || f.id
		WHEN 'modify' THEN l.action = 'customer.change' AND l.after->>'address' LIKE '% ' || f.id
		WHEN 'delete' THEN l.action = 'customer.change' AND l.after->>'lifecycle' = 'lost'
		WHEN 'bill' THEN l.action = 'bill.batch' AND l.after->>'amountFen' = f.amount::text
		ELSE false END) AS effects
	FROM found f WHERE f.op <> 'query'`

const customersAre = `
	SELECT c.number, c.version, c.class, c.lifecycle, c.address FROM crm.customer c WHERE c.number = ANY ($1)`

const billsAre = `
	SELECT c.number, to_char(b.month, 'YYYY-MM'), b.amount_fen, b.paid_fen FROM crm.bill b JOIN crm.customer c ON c.id = b.customer_id
	WHERE c.number = ANY ($1)`

// Check compares a ledger with the province's database, in plain SQL: each message that was
// answered 0000 has exactly one effect, each with another code none, an unanswered one at most
// one, and customers and bills are what the last of them says. It gives the number of messages
// that were compared, and what is wrong, each with its transaction id. Nobody else may have
// changed the simulator's customers.
func (l *Ledger) Check(ctx context.Context, db *pgxpool.Pool) (compared int, wrong []string, err error) {
	if compared, wrong, err = l.checkEffects(ctx, db); err != nil {
		return compared, wrong, err
	}
	last := l.last()
	for _, check := range []func(context.Context, *pgxpool.Pool, lastEffects) ([]string, error){checkCustomers, checkBills} {
		more, err := check(ctx, db, last)
		if err != nil {
			return compared, wrong, err
		}
		wrong = append(wrong, more...)
	}
	return compared, wrong, nil
}

func (l *Ledger) checkEffects(ctx context.Context, db *pgxpool.Pool) (compared int, wrong []string, err error) {
	var ids, ops, numbers []string
	var amounts []int64
	codes := map[string]string{}
	for _, e := range l.Exchanges {
		ids, ops, numbers, amounts = append(ids, e.ID), append(ops, string(e.Op)), append(numbers, e.Number), append(amounts, e.Effect.AmountFen)
		codes[e.ID] = e.Code
	}
	rows, err := db.Query(ctx, effects, ids, ops, numbers, amounts)
	if err != nil {
		return 0, nil, fmt.Errorf("boss: check: %w", err)
	}
	var id, op, number string
	var count int64
	_, err = pgx.ForEachRow(rows, []any{&id, &op, &number, &count}, func() error {
		compared++
		code := codes[id]
		switch {
		case code == "0000" && count != 1, code == "" && count > 1, code != "0000" && code != "" && count != 0:
			wrong = append(wrong, fmt.Sprintf("%s (%s %s) was answered %q and has %d effects", id, op, number, code, count))
		}
		return nil
	})
	if err != nil {
		return compared, wrong, fmt.Errorf("boss: check: %w", err)
	}
	return compared, wrong, nil
}

// bill is one bill of a customer.
type bill struct{ number, month string }

// lastEffects are the messages that the rows must show. A customer or bill of an unanswered
// message may be either; it is left out.
type lastEffects struct {
	customers map[string]Exchange
	bills     map[bill]Exchange
	numbers   []string
}

func (l *Ledger) last() lastEffects {
	last := lastEffects{customers: map[string]Exchange{}, bills: map[bill]Exchange{}}
	for _, e := range l.Exchanges {
		switch b := (bill{e.Number, e.Effect.Month}); {
		case e.Op == Query || e.Code != "0000" && e.Code != "":
		case e.Op == Bill && e.Code == "":
			delete(last.bills, b)
		case e.Op == Bill:
			last.bills[b] = e
		case e.Code == "":
			delete(last.customers, e.Number)
		default:
			last.customers[e.Number] = e
		}
	}
	seen := map[string]bool{}
	for _, e := range l.Exchanges {
		if !seen[e.Number] {
			seen[e.Number] = true
			last.numbers = append(last.numbers, e.Number)
		}
	}
	return last
}

func checkCustomers(ctx context.Context, db *pgxpool.Pool, last lastEffects) (wrong []string, err error) {
	rows, err := db.Query(ctx, customersAre, last.numbers)
	if err != nil {
		return nil, fmt.Errorf("boss: check customers: %w", err)
	}
	var number, class, lifecycle, address string
	var version int32
	seen := map[string]bool{}
	_, err = pgx.ForEachRow(rows, []any{&number, &version, &class, &lifecycle, &address}, func() error {
		seen[number] = true
		e, known := last.customers[number]
		if !known {
			return nil
		}
		found := Effect{Version: version, Class: class, Lifecycle: lifecycle, Marker: ending(address)}
		if found != e.Effect {
			wrong = append(wrong, fmt.Sprintf("%s: customer %s is %+v, not %+v", e.ID, number, found, e.Effect))
		}
		return nil
	})
	for number, e := range last.customers {
		if !seen[number] {
			wrong = append(wrong, fmt.Sprintf("%s: customer %s is not there", e.ID, number))
		}
	}
	return wrong, err
}

func checkBills(ctx context.Context, db *pgxpool.Pool, last lastEffects) (wrong []string, err error) {
	rows, err := db.Query(ctx, billsAre, last.numbers)
	if err != nil {
		return nil, fmt.Errorf("boss: check bills: %w", err)
	}
	var b bill
	var amount, paid int64
	seen := map[bill]bool{}
	_, err = pgx.ForEachRow(rows, []any{&b.number, &b.month, &amount, &paid}, func() error {
		seen[b] = true
		if e, known := last.bills[b]; known && (e.Effect.AmountFen != amount || e.Effect.PaidFen != paid) {
			wrong = append(wrong, fmt.Sprintf("%s: bill %s of %s is %d fen, %d paid, not %d, %d", e.ID, b.month, b.number, amount, paid, e.Effect.AmountFen, e.Effect.PaidFen))
		}
		return nil
	})
	for b, e := range last.bills {
		if !seen[b] {
			wrong = append(wrong, fmt.Sprintf("%s: bill %s of %s is not there", e.ID, b.month, b.number))
		}
	}
	return wrong, err
}

// ending is what an address has after its last space.
func ending(address string) string {
	for i := len(address) - 1; i >= 0; i-- {
		if address[i] == ' ' {
			return address[i+1:]
		}
	}
	return ""
}
