package synctest_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"jike/internal/bus/bustest"
	"jike/internal/pg/pgtest"
	"jike/sync/apply"
	"jike/sync/synctest"
	"jike/sync/wire"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// seed is logged, so that a history that failed can be made again.
func seed(t *testing.T) uint64 {
	s := uint64(time.Now().UnixNano())
	t.Logf("seed %d", s)
	return s
}

// Everything is committed once, whatever is stopped and started in between.
func TestARandomHistoryWithRestartsEndsEqual(t *testing.T) {
	p := synctest.New(t)
	p.Exec(p.Target, `INSERT INTO sync.certificate (province, sequence, reconciliation, digest, result, at, body)
		VALUES (591, 1, 1, '\x01', 'clean', now(), '{"statement": {"epoch": 1}}')`) // from now on a missing row is an incident
	s := seed(t)
	random := rand.New(rand.NewPCG(s, 99))
	c, a := p.Capture(), p.Apply(func(o *apply.Options) { o.Spill = 64 << 10 })
	w := p.Work(s, 3)
	for range rounds(8) {
		time.Sleep(time.Duration(200+random.IntN(800)) * time.Millisecond) // writers write
		switch random.IntN(3) {
		case 0:
			c.Stop()
			c = p.Capture()
		case 1:
			a.Stop()
			a = p.Apply(func(o *apply.Options) { o.Spill = 64 << 10 })
		case 2: // the leaf server crashes and comes back
			c.Stop()
			p.Leaf.Shutdown()
			p.StartLeaf()
			c = p.Capture()
		}
	}
	t.Logf("%d transactions", w.Stop())
	p.Settle()
	p.Same()
	if n := p.Int(p.Target, `SELECT count(*)::int FROM sync.divergence WHERE kind <> 'unknown'`); n > 0 {
		t.Errorf("%d changes met no row", n)
	}
	if n := p.Int(p.Target, `SELECT conflicts::int FROM sync.province_state WHERE province = 591`); n > 0 {
		t.Errorf("%d inserts met a row", n)
	}
}

// rounds is how often a disturbance is repeated: more in the long run.
func rounds(n int) int {
	if os.Getenv("JIKE_LONG") != "" {
		return 5 * n
	}
	return n
}

// long skips what takes too long for every run.
func long(t *testing.T) {
	t.Helper()
	if os.Getenv("JIKE_LONG") == "" {
		t.Skip("JIKE_LONG=1 runs it")
	}
}

// A leaf store that is wiped before the hub has its content loses nothing: the log still has it.
func TestAWipedLeafLosesNothing(t *testing.T) {
	p := synctest.New(t)
	a := p.Apply()
	c := p.Capture()
	w := p.Work(seed(t), 2)
	p.Settle()
	for range rounds(3) {
		a.Stop()
		p.Net.Hub.Shutdown() // nothing is taken any more
		head := c.It.Status().Published
		p.Until("messages only the leaf has", func() bool { return c.It.Status().Published > head+1000 })
		c.Stop()
		p.Leaf.Shutdown()
		p.Must(os.RemoveAll(p.LeafDir))
		p.Net.StartHub()
		p.StartLeaf()
		c, a = p.Capture(), p.Apply()
		p.Settle()
	}
	w.Stop()
	p.Settle()
	p.Same()
}

// A hub store that is wiped is filled again from the log, and from the position that is kept with
// the rows.
func TestAWipedHubLosesNothing(t *testing.T) {
	p := synctest.New(t)
	p.Apply()
	p.Capture()
	w := p.Work(seed(t), 2)
	p.Settle()
	js, err := jetstream.New(p.Net.National(synctest.Province))
	p.Must(err)
	for range rounds(2) {
		p.Must(js.DeleteStream(t.Context(), p.HubStream(1)))
		p.Settle()
	}
	w.Stop()
	p.Settle()
	p.Same()
}

// Two captures of one province: one has the lock, the other stands by, and nothing comes twice.
func TestASecondCaptureStandsBy(t *testing.T) {
	p := synctest.New(t)
	p.Apply()
	first := p.Capture()
	p.Until("the first captures", func() bool { return first.It.Status().Connected })
	second := p.Capture()
	w := p.Work(seed(t), 2)
	p.Settle()
	if second.It.Status().Connected || !second.It.Status().Standby || !first.It.Status().Connected {
		t.Errorf("first %+v, second %+v", first.It.Status(), second.It.Status())
	}
	first.Stop()
	p.Settle()
	p.Until("the second captures", func() bool { return second.It.Status().Connected })
	w.Stop()
	p.Settle()
	p.Same()
	if n := p.Int(p.Target, `SELECT conflicts::int FROM sync.province_state WHERE province = 591`); n > 0 {
		t.Errorf("%d inserts met a row", n)
	}
}

// What is not selected never leaves the province: neither rows nor columns, by no message.
func TestTheCanaryStaysInTheProvince(t *testing.T) {
	p := synctest.New(t)
	p.Apply()
	p.Capture()
	w := p.Work(seed(t), 2)
	time.Sleep(2 * time.Second)
	w.Stop()
	p.Exec(p.Source, `INSERT INTO crm.customer (id, national, number, name, name_terms, industry, city, class, lifecycle, remark)
		VALUES (5, false, '`+synctest.Canary+`', '`+synctest.Canary+`', '{}', '65', '350100', 'C', 'active', ''), (6, true, 'seen', 'TRACER', '{}', '65', '350100', 'C', 'active', '`+synctest.Canary+`')`)
	p.Settle()
	js, err := jetstream.New(p.Net.National(synctest.Province))
	p.Must(err)
	s, err := js.Stream(t.Context(), p.HubStream(1))
	p.Must(err)
	rows, traced := 0, false
	for sequence := s.CachedInfo().State.FirstSeq; sequence <= s.CachedInfo().State.LastSeq; sequence++ {
		raw, err := s.GetMsg(t.Context(), sequence)
		p.Must(err)
		m, err := wire.Decode(raw.Data)
		p.Must(err)
		for _, part := range m.Parts {
			for _, change := range part.Changes {
				rows++
				traced = traced || bytes.Contains(change.Data, []byte("TRACER"))
				if bytes.Contains(change.Data, []byte(synctest.Canary)) {
					t.Fatalf("message %d, transaction %s: the canary is in it", sequence, part.LSN)
				}
			}
		}
	}
	if !traced || rows < 100 {
		t.Errorf("%d changes were looked at, the selected row found: %v", rows, traced)
	}
}

// The hub is killed as by a power cut, again and again, while the province writes.
func TestAKilledHubLosesNothing(t *testing.T) {
	p := &synctest.Pair{TB: t, LeafDir: t.TempDir(), Database: pgtest.National(t)}
	net, hub := bustest.NewApart(t, synctest.Province)
	p.Net, p.Target = net, p.Database.Owner(t)
	p.StartLeaf()
	p.UseSource(pgtest.Province(t))
	p.Capture()
	p.ApplyAt(hub.URL)
	w := p.Work(seed(t), 2)
	for range rounds(2) {
		p.Settle()
		hub.Kill()
		hub.Start()
	}
	w.Stop()
	p.Settle()
	p.Same()
}

// Rows are refused at headquarters while writers write. What is parked is repaired, some of it in
// vain at first, and in the end both sides hold the same.
func TestParkedTransactionsAreRepairedUnderLoad(t *testing.T) {
	p := synctest.New(t)
	p.Exec(p.Target, `SELECT sync.add_province(591::smallint)`, `INSERT INTO sync.certificate (province, sequence, reconciliation, digest, result, at, body)
		VALUES (591, 1, 1, '\x01', 'clean', now(), '{"statement": {"epoch": 1}}')`)
	s := seed(t)
	a := p.Apply(func(o *apply.Options) { o.Spill = 64 << 10 })
	p.Capture()
	w := p.Work(s, 3)
	dirty := func() int { return p.Int(p.Target, `SELECT count(*)::int FROM sync.dirty`) }
	for round := range rounds(3) {
		p.Exec(p.Target, fmt.Sprintf(`ALTER TABLE crm.customer_591 ADD CONSTRAINT refused CHECK (id %% 50 <> %d) NOT VALID`, 7+round%40))
		p.Until("a transaction is parked", func() bool { return dirty() > 0 })
		if round%2 == 0 {
			_, err := a.It.Repair(t.Context(), 0)
			p.Must(err)
			p.Mark()
		}
		p.Until("more keys are dirty", func() bool { return dirty() > 5 })
		a.Stop()
		a = p.Apply(func(o *apply.Options) { o.Spill = 64 << 10 })
		p.Exec(p.Target, `ALTER TABLE crm.customer_591 DROP CONSTRAINT refused`)
		p.Until("the keys are clean", func() bool {
			_, err := a.It.Repair(t.Context(), 0)
			return errors.Is(err, apply.ErrNotParked)
		})
	}
	t.Logf("%d transactions, %s", w.Stop(), p.Text(p.Target, `SELECT count(*) || ' parked with ' || sum(keys) || ' keys' FROM sync.parked`))
	p.Settle()
	p.Same()
	if n := p.Int(p.Target, `SELECT count(*)::int FROM sync.divergence WHERE kind <> 'unknown'`); n > 0 {
		t.Errorf("%d changes met no row", n)
	}
	if n := p.Int(p.Target, `SELECT count(*)::int FROM sync.parked WHERE outcome <> 'repaired'`); n > 0 {
		t.Errorf("%d transactions are parked still", n)
	}
}

// Headquarters' database goes back to a backup while the province writes, as often as one likes: the
// position goes back with the rows, and the hub holds what follows.
func TestARestoredHeadquartersEndsEqual(t *testing.T) {
	p := synctest.New(t)
	a := p.Apply()
	p.Capture()
	w := p.Work(seed(t), 2)
	p.Settle()
	for range rounds(2) {
		a.Stop()
		restore := p.Backup()
		a = p.Apply()
		p.Settle()
		a.Stop()
		restore()
		a = p.Apply()
	}
	w.Stop()
	p.Settle()
	p.Same()
	if n := p.Int(p.Target, `SELECT conflicts::int FROM sync.province_state WHERE province = 591`); n > 0 {
		t.Errorf("%d inserts met a row", n)
	}
}

// A row with values that PostgreSQL keeps out of line crosses the selection both ways, alone and
// several times in one transaction: no value is lost on the way, whether it was in the log or not.
func TestARowCrossesTheSelectionWithLargeValues(t *testing.T) {
	p := synctest.New(t)
	p.Apply()
	p.Capture()
	large := `(SELECT string_agg(md5(g::text || %[1]d), '') FROM generate_series(1, 400) g)`
	add := func(id int, national bool) string {
		return fmt.Sprintf(`INSERT INTO crm.customer (id, national, number, name, name_terms, industry, city, class, lifecycle, profile)
			VALUES (%d, %t, 'G%[1]d', 'customer %[1]d', '{}', '65', '350100', 'A1', 'active', `+large+`)`, id, national)
	}
	flip := func(id int, national bool) string {
		return fmt.Sprintf(`UPDATE crm.customer SET national = %t WHERE id = %d`, national, id)
	}
	for i, transaction := range [][]string{
		{add(1, false)},
		{flip(1, true)}, // enters with what is not in the log
		{flip(1, false)},
		{flip(1, true), flip(1, false), flip(1, true)},
		{add(2, true)},
		{flip(2, false), flip(2, true)}, // was here a moment ago
		{add(3, false), flip(3, true), flip(3, false)},
		{flip(3, true), `UPDATE crm.customer SET name = name || '+' WHERE id = 3`},
		{add(4, true), flip(4, false)},
		{add(5, false)},
		{flip(5, true), `UPDATE crm.customer SET id = 6 WHERE id = 5`},
		{add(7, false)},
		{flip(7, true), fmt.Sprintf(`UPDATE crm.customer SET profile = `+large+` WHERE id = 7`, 77), flip(7, false), flip(7, true)},
		{flip(1, false), `UPDATE crm.customer SET id = 1 WHERE id = 7`}, // refused: the key is taken
		{`DELETE FROM crm.customer WHERE id = 1`, `UPDATE crm.customer SET id = 1 WHERE id = 7`},
	} {
		tx, err := p.Source.Begin(t.Context())
		p.Must(err)
		for _, sql := range transaction {
			if _, err = tx.Exec(t.Context(), sql); err != nil {
				break
			}
		}
		if err != nil {
			p.Must(tx.Rollback(t.Context()))
			if i != 13 {
				t.Fatalf("transaction %d: %v", i, err)
			}
		} else {
			p.Must(tx.Commit(t.Context()))
		}
		if i%3 == 0 {
			p.Settle() // else the next follows at once
		}
	}
	p.Settle()
	p.Same()
	if n := p.Int(p.Target, `SELECT count(*)::int FROM crm.customer WHERE length(profile) = 12800`); n != 4 {
		t.Errorf("%d customers have their profile", n)
	}
}
