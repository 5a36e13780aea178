package customer_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/fault"
	"jike/province/customer"
	"jike/province/customer/customertest"
	"jike/schemas/codes"
)

// life is what happens to customers while they are listed.
type life struct {
	w      *customertest.World
	owner  *pgxpool.Pool
	units  []int64
	number atomic.Int64
	rounds atomic.Int64
}

// add inserts n random customers in one statement.
func (l *life) add(ctx context.Context, t *testing.T, n int) {
	random := rand.New(rand.NewPCG(1, 1))
	if err := l.insert(ctx, random, n); err != nil {
		t.Fatal(err)
	}
}

func (l *life) insert(ctx context.Context, random *rand.Rand, n int) error {
	numbers, names, terms := make([]string, n), make([]string, n), make([]string, n)
	for i := range n {
		names[i] = fmt.Sprintf("客户%d公司", random.IntN(20))
		numbers[i] = fmt.Sprintf("591%010d", l.number.Add(1))
		for _, term := range customer.Terms(names[i]) {
			terms[i] += " " + term
		}
	}
	const insert = `INSERT INTO crm.customer (number, name, name_terms, class, lifecycle, city, industry, national, sensitive, manager_id)
		SELECT number, name, string_to_array(ltrim(terms), ' '), $4, $5, $6, $7, $8, $9, $10
		FROM unnest($1::text[], $2::text[], $3::text[]) AS n (number, name, terms)`
	_, err := l.w.DB.Exec(ctx, insert, append([]any{numbers, names, terms}, l.facets(random)...)...)
	return err
}

// facets are random ones: class, lifecycle, city, industry, national, sensitive and manager.
func (l *life) facets(random *rand.Rand) []any {
	var manager any
	if unit := l.units[random.IntN(len(l.units))]; unit != 0 {
		manager = unit
	}
	sensitive := random.IntN(5) == 0
	return []any{
		string(codes.Classes()[random.IntN(6)]), string(codes.Lifecycles()[random.IntN(4)]),
		string(someCities[random.IntN(len(someCities))]), string(someIndustries[random.IntN(len(someIndustries))]),
		!sensitive && random.IntN(2) == 0, sensitive, manager,
	}
}

// live adds, changes, removes and folds until ctx ends.
func (l *life) live(ctx context.Context, random *rand.Rand) error {
	for ctx.Err() == nil {
		if err := l.step(ctx, random); err != nil && ctx.Err() == nil {
			return err
		}
		l.rounds.Add(1)
	}
	return nil
}

func (l *life) step(ctx context.Context, random *rand.Rand) error {
	some := random.Int64N(l.number.Load()) + 1
	switch random.IntN(9) {
	case 0:
		return l.insert(ctx, random, 1+random.IntN(3))
	case 1: // nobody but the owner of the database may remove one; those with a history stay
		_, err := l.owner.Exec(ctx, `DELETE FROM crm.customer WHERE id = $1`, some|1)
		return err
	case 2:
		_, err := l.w.Customers.FoldTally(ctx)
		return err
	case 3: // several at once
		_, err := l.w.DB.Exec(ctx, `UPDATE crm.customer SET class = $2, updated_at = now() WHERE id BETWEEN $1 AND $1 + 5`, some, string(codes.Classes()[random.IntN(6)]))
		return err
	case 5: // merged into another one, or not any more
		_, err := l.w.DB.Exec(ctx, `UPDATE crm.customer SET merged_into = CASE WHEN merged_into IS NULL THEN 2 END WHERE id = $1`, some&^3)
		return err
	case 4: // by the business
		c, err := l.w.Customers.Get(ctx, l.w.Everybody, some&^3|2)
		if fault.Is(err, fault.NotFound) {
			return nil // there is none so far on
		}
		if err != nil {
			return err
		}
		f := c.Facts
		f.City, f.Name = someCities[random.IntN(len(someCities))], fmt.Sprintf("客户%d公司", random.IntN(20))
		_, err = l.w.Customers.Change(ctx, l.w.Everybody, c.ID, c.Version, f)
		if _, conflict := errors.AsType[*fault.StaleError[customer.Customer]](err); conflict || fault.Is(err, fault.Rule) {
			return nil // the other one was faster, perhaps with a plain statement, which makes no version
		}
		return err
	default:
		const update = `UPDATE crm.customer SET class = $2, lifecycle = $3, city = $4, industry = $5, national = $6, sensitive = $7,
			manager_id = $8, updated_at = now() WHERE id = $1`
		_, err := l.w.DB.Exec(ctx, update, append([]any{some}, l.facets(random)...)...)
		return err
	}
}
