package faulttest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Load is the writers of one province. They go on whatever happens to the database, and know after
// a broken connection whether their last transaction was committed.
type Load struct {
	pool    *pgxpool.Pool
	history *History
	sum     string // laneSQL of the province
	large   bool   // values that PostgreSQL stores out of line
	pause   time.Duration

	truncate atomic.Bool // lane 0's next transaction begins with one
	crossing atomic.Bool // mostly rows enter, leave and change keys, without a rest

	gate   sync.RWMutex // held by writers for a transaction, by who pauses them for long
	cancel context.CancelFunc
	group  sync.WaitGroup

	mu  sync.Mutex
	err error // what no fault explains
}

// schema is made in the province's database. It is in no publication.
const loadSchema = `
	CREATE SCHEMA IF NOT EXISTS fault;
	CREATE TABLE IF NOT EXISTS fault.history (lane integer, n integer, sum text NOT NULL, PRIMARY KEY (lane, n));
	CREATE TABLE IF NOT EXISTS fault.serial (n bigint NOT NULL);
	INSERT INTO fault.serial SELECT 0 WHERE NOT EXISTS (SELECT FROM fault.serial);`

// start begins to write; every writer is a lane with a random history that follows from seed.
func (l *Load) start(ctx context.Context, seed uint64) {
	ctx, l.cancel = context.WithCancel(ctx)
	for lane := range l.history.lanes {
		random := rand.New(rand.NewPCG(seed, uint64(lane)))
		l.group.Go(func() { l.write(ctx, lane, random) })
	}
}

// pauseAll lets running transactions end and keeps others from beginning until the returned
// function is called.
func (l *Load) pauseAll() (resume func()) {
	l.gate.Lock()
	return l.gate.Unlock
}

func (l *Load) stop() {
	l.cancel()
	l.group.Wait()
}

func (l *Load) failed() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// write makes transactions one after the other.
func (l *Load) write(ctx context.Context, lane int, random *rand.Rand) {
	for ctx.Err() == nil {
		if err := l.once(ctx, lane, random); err != nil && ctx.Err() == nil {
			l.mu.Lock()
			l.err = errors.Join(l.err, fmt.Errorf("writer %d: %w", lane, err))
			l.mu.Unlock()
			return
		}
		if l.pause > 0 && !l.crossing.Load() {
			time.Sleep(l.pause)
		}
	}
}

// once makes one transaction, or finds out what became of it.
func (l *Load) once(ctx context.Context, lane int, random *rand.Rand) error {
	l.gate.RLock()
	defer l.gate.RUnlock()
	n := l.history.last(lane) + 1
	began := time.Now()
	err := pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) error { return l.transaction(ctx, tx, lane, n, began, random) })
	if err == nil {
		l.history.settle(lane, n)
		return nil
	}
	if lasting(err) {
		return err
	}
	for ctx.Err() == nil { // the database may be away
		var committed int
		if err := l.pool.QueryRow(ctx, `SELECT coalesce(max(n), 0) FROM fault.history WHERE lane = $1`, lane).Scan(&committed); err == nil {
			l.history.settle(lane, committed)
			return nil
		}
		time.Sleep(50 * time.Millisecond) // a starting server gives no signal
	}
	return ctx.Err()
}

// transaction is what every transaction does: some random steps, the lane's number in its head and
// in an appended row, and in the end what the lane then is.
func (l *Load) transaction(ctx context.Context, tx pgx.Tx, lane, n int, began time.Time, random *rand.Rand) error {
	if lane == 0 && l.truncate.CompareAndSwap(true, false) {
		if _, err := tx.Exec(ctx, `TRUNCATE crm.subscription`); err != nil {
			return err
		}
	}
	for range 1 + random.IntN(4) {
		if err := l.step(ctx, tx, lane, random); err != nil {
			return err
		}
	}
	head, ledger := int64(lane)*laneSize, int64(lane+1)*ledgerSize+int64(n)
	number := `0`
	if random.IntN(3) == 0 {
		number = `(SELECT n FROM serial)`
	}
	if _, err := tx.Exec(ctx, `INSERT INTO crm.customer (id, national, number, name, name_terms, industry, city, class, lifecycle, address, remark, headcount)
		VALUES ($1::bigint, true, 'H' || $1::bigint, 'head', '{}', '65', '350100', 'A1', 'active', $3, $4, $2::int)
		ON CONFLICT (id) DO UPDATE SET headcount = $2::int`, head, n, Tracer, Canary); err != nil {
		return err
	}
	var sum string
	if err := tx.QueryRow(ctx, l.sum, head, head+laneSize-1).Scan(nil, &sum); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO fault.history (lane, n, sum) VALUES ($1, $2, $3)`, lane, n, sum); err != nil {
		return err
	}
	l.history.intend(lane, n, entry{sum: sum, began: began})
	with := ``
	if number != `0` {
		with = `WITH serial AS (UPDATE fault.serial SET n = n + 1 RETURNING n) `
	}
	_, err := tx.Exec(ctx, with+`INSERT INTO crm.monthly_summary (id, month, city, class, industry, customers, members, income_fen)
		SELECT $1::bigint, '2026-01-01', 'fault', 'L' || $2::int, $3::int::text, $2::int, $3::int, `+number, ledger, lane, n)
	return err
}

// step makes one statement, sometimes in a savepoint that is given up.
func (l *Load) step(ctx context.Context, tx pgx.Tx, lane int, random *rand.Rand) error {
	sql := l.statement(lane, random)
	if random.IntN(6) > 0 {
		_, err := tx.Exec(ctx, sql)
		return err
	}
	inner, err := tx.Begin(ctx)
	if err != nil {
		return err
	}
	if _, err := inner.Exec(ctx, sql); err != nil {
		return errors.Join(err, inner.Rollback(ctx))
	}
	if random.IntN(2) == 0 {
		return inner.Rollback(ctx)
	}
	return inner.Commit(ctx)
}

// statement draws what happens to a customer of the lane and its family. Keys above the head's are
// the lane's; negative ones of children are the same row's other key.
func (l *Load) statement(lane int, random *rand.Rand) string {
	customers := int64(30)
	base := int64(lane)*laneSize + 1
	id := base + random.Int64N(customers)
	if lane == 0 && random.IntN(8) == 0 {
		return l.subscriptions(id, random)
	}
	child := []string{"contact", "bill", "contract"}[random.IntN(3)]
	kind := random.IntN(15)
	if l.crossing.Load() && random.IntN(4) > 0 {
		customers = 6 // again and again
		id = base + random.Int64N(customers)
		kind = []int{0, 3, 5, 11, 11}[random.IntN(5)]
	}
	switch kind {
	case 0, 1, 2:
		return fmt.Sprintf(`WITH c AS (INSERT INTO crm.customer (id, national, number, name, name_terms, industry, city, class, lifecycle, profile, remark)
			VALUES (%[1]d, %[2]t, 'G%[1]d', '客户 %[1]d', '{}', '65', '350100', 'A1', 'active', %[3]s, '%[4]s') ON CONFLICT DO NOTHING RETURNING id, national),
			k AS (INSERT INTO crm.contact (customer_id, national, role, name, mobile, family, hobbies) SELECT id, national, 'liaison', 'n' || n, '%[4]s', '%[4]s', '%[4]s' FROM c, generate_series(1, 3) n),
			t AS (INSERT INTO crm.contract (customer_id, national, number, name, signed_on, effective_on, expires_on, amount_fen, status)
				SELECT id, national, 'C' || id || '-' || n || '-%[5]d', 'contract', '2026-01-01', '2026-01-01', 'infinity', 100 * n, 'active' FROM c, generate_series(1, 2) n)
			INSERT INTO crm.bill (customer_id, national, month, amount_fen, paid_fen)
			SELECT id, national, date '2026-01-01' + make_interval(months => m), m, 0 FROM c, generate_series(0, 4) m`,
			id, random.IntN(3) > 0, l.profile(random), Canary, random.Uint32())
	case 3, 4: // enters or leaves the selection with its family
		return fmt.Sprintf(`UPDATE crm.customer SET national = NOT national, remark = '%s' WHERE id = %d`, Canary, id)
	case 5:
		return fmt.Sprintf(`UPDATE crm.customer SET profile = %s WHERE id = %d`, l.profile(random), id)
	case 6:
		return fmt.Sprintf(`UPDATE crm.customer SET name = left(name || '+', 60), version = version + 1, updated_at = now() WHERE id = %d`, id)
	case 7: // nothing that travels
		return fmt.Sprintf(`UPDATE crm.customer SET remark = '%s' || %d WHERE id = %d`, Canary, random.Uint32(), id)
	case 8: // keys move
		return fmt.Sprintf(`UPDATE crm.%s SET id = -id WHERE customer_id = %d`, child, id)
	case 9:
		return fmt.Sprintf(`DELETE FROM crm.%s WHERE customer_id = %d AND id %% 3 = 0`, child, id)
	case 10: // two rows exchange their values
		return fmt.Sprintf(`UPDATE crm.bill a SET amount_fen = b.amount_fen, paid_fen = b.paid_fen + 1 FROM crm.bill b
			WHERE a.customer_id = %d AND b.customer_id = a.customer_id AND a.month <> b.month AND extract(month FROM a.month) + extract(month FROM b.month) = 4`, id)
	case 11: // the customer's key moves and the family follows
		return fmt.Sprintf(`UPDATE crm.customer SET id = %d WHERE id = %d AND NOT EXISTS (SELECT FROM crm.customer WHERE id = %[1]d)`,
			base+random.Int64N(customers), id)
	case 12: // two keys are exchanged in one transaction
		return fmt.Sprintf(`DO $$
			DECLARE a bigint; b bigint;
			BEGIN
				SELECT min(id), max(id) INTO a, b FROM crm.contact WHERE customer_id = %[1]d;
				IF a < b THEN
					UPDATE crm.contact SET id = 900000000 + %[1]d WHERE id = a;
					UPDATE crm.contact SET id = a WHERE id = b;
					UPDATE crm.contact SET id = b WHERE id = 900000000 + %[1]d;
				END IF;
			END $$`, id)
	case 13: // never selected: nothing of it may be seen anywhere
		return fmt.Sprintf(`WITH c AS (INSERT INTO crm.customer (id, national, number, name, name_terms, industry, city, class, lifecycle, address, profile, sensitive)
			VALUES (%[1]d, false, '%[2]s%[1]d', '%[2]s', '{}', '65', '350100', 'D', 'active', '%[2]s', '%[2]s', true)
			ON CONFLICT (id) DO UPDATE SET address = '%[2]s' || %[3]d RETURNING id, national)
			INSERT INTO crm.contact (customer_id, national, role, name, work_phone) SELECT id, national, 'liaison', '%[2]s', '%[2]s' FROM c`,
			base+1000+random.Int64N(customers), Canary, random.Uint32())
	}
	return fmt.Sprintf(`UPDATE crm.contact SET name = left(name || '*', 40) WHERE customer_id BETWEEN %d AND %d`, id, min(id+10, base+customers))
}

// subscriptions are lane 0's alone: they are added, changed, and sometimes all truncated.
func (l *Load) subscriptions(id int64, random *rand.Rand) string {
	switch random.IntN(8) {
	case 0:
		return `TRUNCATE crm.subscription`
	case 1, 2:
		return fmt.Sprintf(`UPDATE crm.subscription SET quantity = quantity + 1 WHERE customer_id = %d`, id)
	}
	return fmt.Sprintf(`INSERT INTO crm.subscription (customer_id, national, product_code, product_name, quantity, monthly_fee_fen, status, started_on)
		SELECT id, national, 'P%d', 'product', 1, 100, 'active', '2026-01-01' FROM crm.customer WHERE id = %d`, random.IntN(5), id)
}

// profile is a small value, or one that PostgreSQL stores out of line, sometimes of some 100 kB.
func (l *Load) profile(random *rand.Rand) string {
	if !l.large || random.IntN(3) > 0 && !l.crossing.Load() {
		return fmt.Sprintf("'short %d'", random.IntN(1000))
	}
	words := 300 + random.IntN(300)
	if random.IntN(12) == 0 {
		words = 7000
	}
	var b strings.Builder
	for range words {
		fmt.Fprintf(&b, "%016x", random.Uint64())
	}
	return "'" + b.String() + "'"
}

// lasting reports whether an error is none that a fault explains: not a broken connection, a server
// that stops or is full, a deadlock, or a key that is taken.
func lasting(err error) bool {
	var server *pgconn.PgError
	if !errors.As(err, &server) {
		return false
	}
	switch server.Code[:2] {
	case "08", "40", "53", "55", "57", "58":
		return false
	}
	return server.Code != "23505" && server.Code != "XX000"
}
