package reconcile

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/pg/pgtest"
	"jike/schemas/replica"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const testProvince = 591

// pair is a province's database and headquarters', with both sides of reconciliation between
// them. In this harness rows are copied instead of streamed, so that single steps can be made to
// fail; package synctest has the real stream.
type pair struct {
	*testing.T
	provinceDB, nationalDB *pgtest.DB
	province, national     *pgxpool.Pool // as their owners
	source                 *Province
	n                      *National
	tables                 []replica.Table // that the province replicates
	point                  LSN
	lose                   bool // barriers get lost
	down                   bool // the province does not answer
	intercept              func(operation string) error
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func newPair(t *testing.T, customers int) *pair {
	t.Helper()
	p := &pair{T: t, provinceDB: pgtest.Province(t), nationalDB: pgtest.National(t), tables: replica.Up, point: 1000}
	p.province, p.national = p.provinceDB.Owner(t), p.nationalDB.Owner(t)
	p.exec(p.national, `SELECT sync.add_province(591::smallint)`)
	fill(t, p.province, customers)
	for _, table := range replica.Up {
		p.copy(table, nil)
	}
	p.startProvince(0)
	p.startNational(NationalOptions{})
	return p
}

func (p *pair) startProvince(lease time.Duration) {
	p.source = NewProvince(ProvinceOptions{
		Province: testProvince, Pool: p.provinceDB.Sync(p.T), Tables: p.tables, Key: newKey(p.T), Version: "test",
		Barrier: p.barrier, Log: quiet(), Lease: lease,
		Repair: func(_ context.Context, t replica.Table, keys []int64, _ int64, _ LSN) error {
			p.copy(t, keys)
			return nil
		},
	})
	p.Cleanup(p.source.Close)
}

func (p *pair) startNational(opts NationalOptions) {
	if opts.Patience == 0 {
		opts.Patience = 100 * time.Millisecond
	}
	if opts.Tables == nil {
		opts.Tables = replica.Up
	}
	opts.Pool, opts.Key, opts.Version, opts.Log = p.nationalDB.Sync(p.T), newKey(p.T), "test", quiet()
	n, err := OpenNational(p.Context(), opts)
	if err != nil {
		p.Fatal(err)
	}
	p.n = n
	p.Cleanup(n.Close)
	p.addSite("")
}

func (p *pair) addSite(schedule string) {
	err := p.n.AddSite(Site{
		Province: testProvince, Schedule: schedule, Zone: "Asia/Shanghai",
		Call: func(ctx context.Context, operation string, request []byte) ([]byte, error) {
			if p.down {
				return nil, fmt.Errorf("no responders")
			}
			if p.intercept != nil {
				if err := p.intercept(operation); err != nil {
					return nil, err
				}
			}
			raw, err := p.source.Answer(ctx, operation, request)
			if err != nil {
				return nil, fmt.Errorf("%w: %w", ErrRefused, err)
			}
			return raw, nil
		},
		Applied: func() (int64, LSN) { return 1, p.point + 1 },
	})
	if err != nil {
		p.Fatal(err)
	}
}

// barrier stands for capture and apply: both databases rest, so any two snapshots agree.
func (p *pair) barrier(ctx context.Context, id uuid.UUID) (*Snapshot, error) {
	p.point += 1000
	point := p.point
	there, closeThere, err := snapshot(ctx, p.source.opts.Pool)
	if err != nil {
		return nil, err
	}
	if !p.lose {
		here, closeHere, err := snapshot(ctx, p.n.opts.Pool)
		if err != nil {
			closeThere()
			return nil, err
		}
		p.n.Barrier(Arrival{Barrier: id, Epoch: 1, Point: point, Tx: here, Close: closeHere})
	}
	return &Snapshot{Epoch: 1, Point: point, Tx: there, Close: closeThere}, nil
}

// snapshot waits for a connection only so long: a leaked one must fail the test, not hang it.
func snapshot(ctx context.Context, pool *pgxpool.Pool) (pgx.Tx, func(), error) {
	limited, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	conn, err := pool.Acquire(limited)
	if err != nil {
		return nil, nil, err
	}
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err == nil {
		_, err = tx.Exec(ctx, `SELECT 1`)
	}
	end := func() {
		if tx != nil {
			_ = tx.Rollback(context.Background()) // a read-only transaction
		}
		conn.Release()
	}
	if err != nil {
		end()
		return nil, nil, err
	}
	return tx, end, nil
}

// copy brings rows up as the stream would: all, or the given keys.
func (p *pair) copy(t replica.Table, keys []int64) {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	all := keys == nil
	rows, err := p.province.Query(p.Context(), fmt.Sprintf(`SELECT %s FROM %s WHERE national AND ($1 OR id = ANY($2))`,
		strings.Join(names, ", "), t.Qualified()), all, keys)
	if err != nil {
		p.Fatal(err)
	}
	values, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]any, error) {
		v, err := row.Values()
		return append(append([]any{int16(testProvince)}, v...), int64(1), "0/1"), err
	})
	if err != nil {
		p.Fatal(err)
	}
	if !all {
		p.exec(p.national, fmt.Sprintf(`DELETE FROM %s WHERE id = ANY($1)`, t.Qualified()), keys)
	}
	columns := append(append([]string{"province"}, names...), "stamp_epoch", "stamp_lsn")
	placeholders := make([]string, len(columns))
	for i := range columns {
		placeholders[i] = fmt.Sprintf("$%d", i+1)
	}
	batch := &pgx.Batch{}
	for _, v := range values {
		batch.Queue(fmt.Sprintf(`INSERT INTO %s (%s) VALUES (%s)`, t.Qualified(), strings.Join(columns, ", "), strings.Join(placeholders, ", ")), v...)
	}
	if err := p.national.SendBatch(p.Context(), batch).Close(); err != nil {
		p.Fatal(err)
	}
}

func (p *pair) exec(pool *pgxpool.Pool, sql string, args ...any) int64 {
	p.Helper()
	tag, err := pool.Exec(p.Context(), sql, args...)
	if err != nil {
		p.Fatalf("%s: %v", sql, err)
	}
	return tag.RowsAffected()
}

// reconcile carries out a run and gives its end.
func (p *pair) reconcile(req Request) Run {
	p.Helper()
	return reconcileOnce(p.T, p.n, req)
}

func reconcileOnce(t *testing.T, n *National, req Request) (end Run) {
	t.Helper()
	req.Province, req.By = testProvince, "tester"
	id, err := n.Start(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Follow(t.Context(), id, func(r Run) { end = r }); err != nil {
		t.Fatal(err)
	}
	stored, err := n.store.run(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if stored.State != end.State || stored.Reason != end.Reason || stored.Differences != end.Differences {
		t.Fatalf("stored %+v, told %+v", stored, end)
	}
	return stored
}

// fill makes customers with their family in a province; every second customer is selected.
func fill(t *testing.T, pool *pgxpool.Pool, customers int) {
	t.Helper()
	for _, sql := range []string{
		`INSERT INTO crm.customer (id, national, number, name, name_terms, industry, city, class, lifecycle, address, profile, registered_capital_fen, headcount)
			SELECT i, i % 2 = 0, 'G' || i, '福建测试 "' || i || '", (有限)\公司', '{}', '65', '350100', CASE WHEN i % 2 = 0 THEN 'A1' ELSE 'C' END,
				'active', CASE WHEN i % 3 = 0 THEN '' ELSE '五一路 ' || i || ' 号' END, repeat('简介', (i % 7)::int), NULLIF(i % 5, 0) * 1000, i % 900
			FROM generate_series(1, $1::int8) i`,
		`INSERT INTO crm.contact (id, customer_id, national, role, name, work_phone)
			SELECT i, i, i % 2 = 0, 'liaison', '联系人' || i, '0591-8' || i FROM generate_series(1, $1::int8) i`,
		`INSERT INTO crm.contract (id, customer_id, national, number, name, signed_on, effective_on, expires_on, amount_fen, status)
			SELECT i, i, i % 2 = 0, 'K' || i, '合同', '2026-01-01', '2026-01-01', '2026-12-31', i * 100, 'active' FROM generate_series(1, $1::int8) i`,
		`INSERT INTO crm.subscription (id, customer_id, national, product_code, product_name, quantity, monthly_fee_fen, status, started_on)
			SELECT i, i, i % 2 = 0, 'P1', '专线', 1, 5000, 'active', '2026-01-01' FROM generate_series(1, $1::int8) i`,
		`INSERT INTO crm.bill (id, customer_id, national, month, amount_fen, paid_fen)
			SELECT (i - 1) * 6 + m, i, i % 2 = 0, date '2026-01-01' + make_interval(months => m - 1), 1000 + i, 0
			FROM generate_series(1, $1::int8) i, generate_series(1, 6) m`,
		`INSERT INTO crm.monthly_summary (month, city, class, industry, customers, members, income_fen)
			SELECT date '2026-01-01', '350' || lpad(i::text, 3, '0'), 'A1', 'I', i, i * 10, i * 1000 FROM generate_series(1, LEAST($1, 40::int8)) i`,
	} {
		if _, err := pool.Exec(t.Context(), sql, customers); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// planter damages headquarters' rows at random and keeps the list of what it did.
type planter struct {
	*testing.T
	pool    *pgxpool.Pool
	random  *rand.Rand
	planted map[string]map[int64]Difference // table, key
}

func newPlanter(t *testing.T, pool *pgxpool.Pool) *planter {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed of the planted differences: %d", seed)
	return &planter{T: t, pool: pool, random: rand.New(rand.NewPCG(seed, 0)), planted: map[string]map[int64]Difference{}}
}

// other is an expression for a value of the type that is not the column's.
var other = map[string]string{
	"int8": "coalesce(%[1]s, 0) + 1", "int4": "coalesce(%[1]s, 0) + 1", "text": "coalesce(%[1]s, '') || ' '", "bool": "%[1]s IS NOT TRUE",
	"timestamptz": "coalesce(%[1]s, now()) + interval '1 microsecond'", "date": "coalesce(%[1]s, current_date) + 1",
}

// victim picks a random key of a table that is not damaged yet.
func (p *planter) victim(t replica.Table) int64 {
	for {
		var key int64
		err := p.pool.QueryRow(p.Context(), fmt.Sprintf(`SELECT id FROM %s WHERE province = 591 ORDER BY id OFFSET floor($1::float8 * (SELECT count(*) FROM %[1]s)) LIMIT 1`,
			t.Qualified()), p.random.Float64()).Scan(&key)
		if err != nil {
			p.Fatal(err)
		}
		if _, taken := p.planted[t.Qualified()][key]; !taken {
			return key
		}
	}
}

func (p *planter) plan(t replica.Table, d Difference) {
	if p.planted[t.Qualified()] == nil {
		p.planted[t.Qualified()] = map[int64]Difference{}
	}
	d.Table = t.Qualified()
	p.planted[t.Qualified()][d.Key] = d
}

func (p *planter) exec(sql string, args ...any) {
	p.Helper()
	tag, err := p.pool.Exec(p.Context(), sql, args...)
	if err != nil {
		p.Fatalf("%s: %v", sql, err)
	}
	if tag.RowsAffected() == 0 {
		p.Fatalf("%s: no row damaged", sql)
	}
}

// edit changes one random column of a random row.
func (p *planter) edit() {
	t := replica.Up[p.random.IntN(len(replica.Up))]
	c := t.Columns[1+p.random.IntN(len(t.Columns)-1)]
	key := p.victim(t)
	p.exec(fmt.Sprintf(`UPDATE %s SET %s = %s WHERE province = 591 AND id = $1`, t.Qualified(), c.Name, fmt.Sprintf(other[c.Type], c.Name)), key)
	p.plan(t, Difference{Key: key, Kind: Different, Columns: []string{c.Name}, Cause: Unknown})
}

// remove deletes a random row.
func (p *planter) remove() {
	t := replica.Up[p.random.IntN(len(replica.Up))]
	key := p.victim(t)
	p.exec(fmt.Sprintf(`DELETE FROM %s WHERE province = 591 AND id = $1`, t.Qualified()), key)
	p.plan(t, Difference{Key: key, Kind: Missing, Columns: []string{}, Cause: Unknown})
}

// invent copies a random row to a key that the province does not have: far below, far above or
// near the others, with the stamp of its model, with none, or with one of the future.
func (p *planter) invent() {
	t := replica.Up[p.random.IntN(len(replica.Up))]
	model := p.victim(t)
	key := []int64{-1, 1, 1 << 40, 9_000_000_000_000_000_000}[p.random.IntN(4)] * (1 + p.random.Int64N(1000))
	if key >= 0 && key < 1<<40 {
		key = 1<<50 + key
	}
	stamp := []string{"stamp_epoch, stamp_lsn", "NULL, NULL", "stamp_epoch, 'FFFFFFFF/0'::pg_lsn"}[p.random.IntN(3)]
	names := make([]string, 0, len(t.Columns))
	for _, c := range t.Columns[1:] {
		names = append(names, c.Name)
	}
	list := strings.Join(names, ", ")
	p.exec(fmt.Sprintf(`INSERT INTO %s (province, id, %s, stamp_epoch, stamp_lsn) SELECT province, $2, %[2]s, %s FROM %[1]s WHERE province = 591 AND id = $1`,
		t.Qualified(), list, stamp), model, key)
	cause := OutsideStream
	if stamp == "stamp_epoch, stamp_lsn" {
		cause = Unknown
	}
	p.plan(t, Difference{Key: key, Kind: Extra, Columns: []string{}, Cause: cause})
}

// swap exchanges a value between two rows: counts and sums stay equal.
func (p *planter) swap() {
	t := replica.Up[4]
	a := p.victim(t)
	var b int64
	err := p.pool.QueryRow(p.Context(), `SELECT id FROM crm.bill WHERE province = 591 AND id <> ALL($2)
		AND amount_fen <> (SELECT amount_fen FROM crm.bill WHERE province = 591 AND id = $1) ORDER BY id LIMIT 1`, a, p.taken(t)).Scan(&b)
	if err != nil {
		p.Fatal(err)
	}
	p.exec(`UPDATE crm.bill x SET amount_fen = y.amount_fen FROM crm.bill y
		WHERE x.province = 591 AND y.province = 591 AND (x.id, y.id) IN (($1, $2), ($2, $1))`, a, b)
	for _, key := range []int64{a, b} {
		p.plan(t, Difference{Key: key, Kind: Different, Columns: []string{"amount_fen"}, Cause: Unknown})
	}
}

func (p *planter) taken(t replica.Table) []int64 {
	keys := []int64{}
	for key := range p.planted[t.Qualified()] {
		keys = append(keys, key)
	}
	return keys
}

// check holds what a certificate lists against what was planted.
func (p *planter) check(c *Certificate) {
	p.Helper()
	count := 0
	for _, d := range c.Statement.Found.Listed {
		d.foreign = false
		want, ok := p.planted[d.Table][d.Key]
		if !ok {
			p.Errorf("false difference: %+v", d)
			continue
		}
		if fmt.Sprint(d) != fmt.Sprint(want) {
			p.Errorf("found %+v, planted %+v", d, want)
		}
		count++
	}
	total := 0
	for _, keys := range p.planted {
		total += len(keys)
	}
	if count != total {
		p.Errorf("%d of %d planted differences found", count, total)
	}
}
