package synctest_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"jike/sync/apply"
	"jike/sync/capture"
	"jike/sync/stream"
	"jike/sync/synctest"
)

// large is SQL for a text of so many megabytes. In the long run it does not compress.
func large(megabytes int) string {
	if os.Getenv("JIKE_LONG") == "" {
		return fmt.Sprintf(`repeat('0123456789abcdef', %d)`, megabytes<<20/16)
	}
	return fmt.Sprintf(`(SELECT string_agg(md5(i::text || random()::text), '') FROM generate_series(1, %d) i)`, megabytes<<20/32)
}

// A value that is larger than any message arrives: as a change, and by a repair when the row enters
// the selection without it.
func TestALargeValueArrives(t *testing.T) {
	p := synctest.New(t)
	p.Apply(func(o *apply.Options) { o.Limits.HubBytes = 1 << 30 })
	p.Capture(func(o *capture.Options) { o.Limits.LeafBytes = 1 << 30 })
	customers(p, 1, 5)
	megabytes := 6 // as many pieces; make faults has a value of 60 MB
	if os.Getenv("JIKE_LONG") != "" {
		megabytes = 60
	}
	p.Exec(p.Source, `UPDATE crm.customer SET profile = `+large(megabytes)+` WHERE id = 1`,
		`UPDATE crm.customer SET national = false WHERE id = 1`, `UPDATE crm.customer SET national = true WHERE id = 1`,
		`UPDATE crm.customer SET profile = `+large(megabytes/3)+`, address = `+large(megabytes/3)+` WHERE id = 2`)
	customers(p, 6, 10)
	p.Settle()
	p.Same()
}

// many is how many rows a large transaction has: 5,000,000 in the long run.
func many() int {
	if os.Getenv("JIKE_LONG") != "" {
		return 5_000_000
	}
	return 100_000
}

// A transaction of very many rows, in thousands of savepoints of which a third is rolled back, is
// seen whole or not at all.
func TestALargeTransactionIsSeenWhole(t *testing.T) {
	p := synctest.New(t)
	big := func(o *stream.Limits) { o.LeafBytes, o.HubBytes = 4<<30, 4<<30 }
	p.Apply(func(o *apply.Options) { big(&o.Limits) })
	p.Capture(func(o *capture.Options) { big(&o.Limits) })
	const savepoints = 3000
	per := many() * 3 / 2 / savepoints
	whole := per * (savepoints - savepoints/3)
	statement := fmt.Sprintf(`DO $$ BEGIN
		FOR i IN 1..%[1]d LOOP
			BEGIN
				INSERT INTO crm.monthly_summary (month, city, class, industry, customers, members, income_fen)
					SELECT '2026-01-01', '350100', 'A1', i || '-' || n, i, n, i * n FROM generate_series(1, %[2]d) n;
				IF i %% 3 = 0 THEN RAISE EXCEPTION 'rolled back'; END IF;
			EXCEPTION WHEN raise_exception THEN NULL;
			END;
		END LOOP;
	END $$`, savepoints, per)
	seen := map[int]bool{}
	done := make(chan error, 1)
	go func() {
		_, err := p.Source.Exec(context.Background(), statement)
		done <- err
	}()
	look := func() bool {
		n := p.Int(p.Target, `SELECT count(*)::int FROM crm.monthly_summary WHERE province = 591`)
		seen[n] = true
		return n == whole
	}
	for running := true; running; look() {
		select {
		case err := <-done:
			p.Must(err)
			running = false
		case <-time.After(200 * time.Millisecond):
		}
	}
	mark := p.Mark()
	for deadline := time.Now().Add(time.Duration(many()) * time.Millisecond); !look() && time.Now().Before(deadline); {
		time.Sleep(100 * time.Millisecond)
	}
	if len(seen) > 2 || !seen[whole] {
		t.Fatalf("headquarters showed %v rows, want 0 or %d (position %s)", seen, whole, mark)
	}
	p.Settle()
	p.Same()
}

// Keys change and are exchanged within one transaction, tables are truncated, with the family and
// without.
func TestKeysThatAreExchangedAndTruncate(t *testing.T) {
	p := synctest.New(t)
	p.Apply()
	p.Capture()
	customers(p, 1, 20)
	p.Exec(p.Source, `INSERT INTO crm.bill (id, customer_id, national, month, amount_fen, paid_fen)
		SELECT i, i, true, '2026-01-01', i, 0 FROM generate_series(1, 20) i`,
		`UPDATE crm.customer SET id = 1000 + id WHERE id BETWEEN 5 AND 8`,
		`DO $$ BEGIN
			UPDATE crm.customer SET id = -1 WHERE id = 1; UPDATE crm.customer SET id = 1 WHERE id = 2; UPDATE crm.customer SET id = 2 WHERE id = -1;
			UPDATE crm.bill SET id = -3 WHERE id = 3; UPDATE crm.bill SET id = 3 WHERE id = 4; UPDATE crm.bill SET id = 4 WHERE id = -3;
		END $$`,
		`DO $$ BEGIN INSERT INTO crm.monthly_summary (month, city, class, industry, customers, members, income_fen)
			SELECT '2026-01-01', '350100', 'A1', 'a' || n, n, n, n FROM generate_series(1, 50) n; TRUNCATE crm.monthly_summary;
			INSERT INTO crm.monthly_summary (month, city, class, industry, customers, members, income_fen)
			SELECT '2026-01-01', '350100', 'A1', 'b' || n, n, n, n FROM generate_series(1, 30) n; END $$`)
	p.Settle()
	p.Same()
	if n := p.Int(p.Target, `SELECT count(*)::int FROM crm.monthly_summary WHERE province = 591`); n != 30 {
		t.Errorf("%d rows are left of the truncated table", n)
	}
	p.Exec(p.Source, `TRUNCATE crm.bill`, `UPDATE crm.customer SET name = name || '+'`)
	p.Settle()
	p.Same()
	if n := p.Int(p.Target, `SELECT count(*)::int FROM crm.bill WHERE province = 591`); n != 0 {
		t.Errorf("%d bills are left", n)
	}
}
