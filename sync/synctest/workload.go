package synctest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Canary stands in columns and rows that are never selected. It must not be found on the wire.
const Canary = "CANARY-7f3a-must-stay-here"

// Workload writes random transactions into the province until Stop: customers with their family
// enter and leave the selection, keys and large values change, rows exchange their values.
type Workload struct {
	p         *Pair
	cancel    context.CancelFunc
	writers   sync.WaitGroup
	committed atomic.Int64
	large     bool
}

// familyTables are the children of a customer that the workload writes.
var familyTables = []string{"contact", "bill"}

// Work starts writers, each with customers of its own.
func (p *Pair) Work(seed uint64, writers int) *Workload { return p.work(seed, writers, true) }

// WorkSmall is Work without values that PostgreSQL stores out of line. Every row is then known when
// it enters the selection, and none has to wait for its repair.
func (p *Pair) WorkSmall(seed uint64, writers int) *Workload { return p.work(seed, writers, false) }

func (p *Pair) work(seed uint64, writers int, large bool) *Workload {
	ctx, cancel := context.WithCancel(context.Background())
	w := &Workload{p: p, cancel: cancel, large: large}
	for i := range writers {
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		w.writers.Go(func() { w.write(ctx, random, int64(i+1)*1_000_000) })
	}
	p.Cleanup(func() { w.Stop() })
	return w
}

// Stop ends the writers and gives the number of transactions committed.
func (w *Workload) Stop() int64 {
	w.cancel()
	w.writers.Wait()
	return w.committed.Load()
}

func (w *Workload) write(ctx context.Context, random *rand.Rand, base int64) {
	for ctx.Err() == nil {
		err := pgx.BeginFunc(ctx, w.p.Source, func(tx pgx.Tx) error {
			for range 1 + random.IntN(4) {
				if err := w.step(ctx, tx, random, base); err != nil {
					return err
				}
			}
			return nil
		})
		var server *pgconn.PgError
		switch {
		case err == nil:
			w.committed.Add(1)
		case ctx.Err() != nil, errors.As(err, &server) && (server.Code == "23505" || server.Code == "40P01"):
			// the key is taken: a writer draws keys at random
		default:
			w.p.Errorf("workload: %v", err)
			return
		}
	}
}

// step makes one random statement about the customers from base to base+200.
func (w *Workload) step(ctx context.Context, tx pgx.Tx, random *rand.Rand, base int64) error {
	id := base + random.Int64N(200)
	var sql string
	switch random.IntN(12) {
	case 0, 1, 2:
		sql = fmt.Sprintf(`WITH c AS (INSERT INTO crm.customer (id, national, number, name, name_terms, industry, city, class, lifecycle, profile, remark)
			VALUES (%d, %t, 'G%[1]d', 'customer %[1]d', '{}', '65', '350100', 'A1', 'active', %[3]s, '%[4]s') ON CONFLICT DO NOTHING RETURNING id, national),
			k AS (INSERT INTO crm.contact (customer_id, national, role, name, mobile, family) SELECT id, national, 'liaison', 'n' || n, '%[4]s', '%[4]s' FROM c, generate_series(1, 3) n)
			INSERT INTO crm.bill (customer_id, national, month, amount_fen, paid_fen)
			SELECT id, national, date '2026-01-01' + make_interval(months => m), m, 0 FROM c, generate_series(0, 4) m`,
			id, random.IntN(3) > 0, w.profile(random), Canary)
	case 3:
		sql = fmt.Sprintf(`UPDATE crm.customer SET national = NOT national, remark = '%s' WHERE id = %d`, Canary, id)
	case 4:
		sql = fmt.Sprintf(`UPDATE crm.customer SET profile = %s WHERE id = %d`, w.profile(random), id)
	case 5:
		sql = fmt.Sprintf(`UPDATE crm.customer SET name = name || '+', version = version + 1, updated_at = now() WHERE id = %d`, id)
	case 6:
		sql = fmt.Sprintf(`UPDATE crm.customer SET remark = remark || '%s' WHERE id = %d`, Canary, id) // nothing that travels
	case 7:
		sql = fmt.Sprintf(`UPDATE crm.%s SET id = -id WHERE customer_id = %d`, familyTables[random.IntN(2)], id)
	case 8:
		sql = fmt.Sprintf(`DELETE FROM crm.%s WHERE customer_id = %d AND id %% 2 = 0`, familyTables[random.IntN(2)], id)
	case 9:
		sql = fmt.Sprintf(`UPDATE crm.bill a SET amount_fen = b.amount_fen, paid_fen = b.paid_fen + 1 FROM crm.bill b
			WHERE a.customer_id = %d AND b.customer_id = a.customer_id AND a.month <> b.month AND extract(month FROM a.month) + extract(month FROM b.month) = 4`, id)
	case 10:
		sql = fmt.Sprintf(`UPDATE crm.customer SET id = %d WHERE id = %d`, base+random.Int64N(200), id) // the family follows
	case 11:
		sql = fmt.Sprintf(`UPDATE crm.contact SET name = name || '*' WHERE customer_id BETWEEN %d AND %d`, id, id+20)
	}
	if random.IntN(400) == 0 {
		sql = fmt.Sprintf(`INSERT INTO crm.monthly_summary (month, city, class, industry, customers, members, income_fen)
			SELECT '2026-01-01', '350100', 'A1', '%d-' || i, i, i, i FROM generate_series(1, 5000) i`, random.Int64())
	}
	_, err := tx.Exec(ctx, sql)
	return err
}

// profile is a small value, or one that PostgreSQL stores out of line.
func (w *Workload) profile(random *rand.Rand) string {
	if !w.large || random.IntN(3) > 0 {
		return fmt.Sprintf("'short %d'", random.IntN(1000))
	}
	var b strings.Builder
	for range 400 {
		fmt.Fprintf(&b, "%016x", random.Uint64())
	}
	return "'" + b.String() + "'"
}
