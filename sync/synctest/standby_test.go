package synctest_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"jike/sync/capture"
	"jike/sync/synctest"
)

// Of two captures one captures. It dies at random moments, or loses one of its connections, while
// the province writes; the other takes over within seconds, and nothing is lost or comes twice.
func TestAStandByTakesOver(t *testing.T) {
	p := synctest.New(t)
	p.Exec(p.Target, `INSERT INTO sync.certificate (province, sequence, reconciliation, digest, result, at, body)
		VALUES (591, 1, 1, '\x01', 'clean', now(), '{"statement": {"epoch": 1}}')`) // from now on a missing row is an incident
	super, err := pgxpool.New(t.Context(), p.ProvinceDB.SuperuserURL)
	p.Must(err)
	defer super.Close()
	s := seed(t)
	random := rand.New(rand.NewPCG(s, 3))
	p.Apply()
	both := []*synctest.Running[*capture.Capture]{p.Capture(), p.Capture()}
	leader := func() int {
		p.Until("one captures and the other stands by", func() bool {
			a, b := both[0].It.Status(), both[1].It.Status()
			return a.Connected && b.Standby && !b.Connected || b.Connected && a.Standby && !a.Connected
		})
		if both[0].It.Status().Connected {
			return 0
		}
		return 1
	}
	w := p.Work(s, 3)
	var slowest time.Duration
	for range rounds(6) {
		time.Sleep(time.Duration(random.IntN(1000)) * time.Millisecond) // writers write
		first := leader()
		died := time.Now()
		switch random.IntN(3) {
		case 0: // the process
			both[first].Stop()
			p.Until("the other took over", func() bool { return both[1-first].It.Status().Connected })
			slowest = max(slowest, time.Since(died))
			both[first] = p.Capture()
		case 1: // the connection that reads the log
			p.Exec(super, `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = 'jike_up' AND database = '`+p.ProvinceDB.Name+`' AND active`)
		case 2: // the connection that says who captures
			p.Exec(super, `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = '`+p.ProvinceDB.Name+`')`)
		}
	}
	leader()
	t.Logf("%d transactions; the slowest take-over took %s", w.Stop(), slowest)
	p.Settle()
	p.Same()
	if n := p.Int(p.Target, `SELECT count(*)::int FROM sync.divergence WHERE kind <> 'unknown'`); n > 0 {
		t.Errorf("%d changes met no row", n)
	}
	if n := p.Int(p.Target, `SELECT conflicts::int FROM sync.province_state WHERE province = 591`); n > 0 {
		t.Errorf("%d inserts met a row", n)
	}
	if n := p.Int(p.Source, `SELECT epoch::int FROM sync.capture`); n != 1 {
		t.Errorf("the epoch became %d", n)
	}
}

// The leaf's stream was full when capture stopped, and headquarters has applied all of it since then:
// nothing can be stored before it is purged, and no later transaction says that it may be.
func TestACaptureThatStartsBeforeAFullStreamGoesOn(t *testing.T) {
	p := synctest.New(t)
	small := func(o *capture.Options) { o.Limits.LeafBytes = 2 << 20 }
	c, a := p.Capture(small), p.Apply()
	customers(p, 1, 200)
	p.Settle()
	a.Stop()
	p.Until("the stream is full", func() bool {
		p.Exec(p.Source, `UPDATE crm.customer SET address = md5(random()::text) || md5(random()::text)`)
		return c.It.Status().Full
	})
	published := c.It.Status().Published
	c.Stop()
	a = p.Apply()
	p.Until("what was stored is applied", func() bool {
		_, at := a.It.Applied()
		return at >= published
	})
	p.Capture(small)
	p.Settle()
	p.Same()
}

// One transaction is larger than all that the leaf's stream may hold: it can never be there whole, so
// headquarters takes nothing and nothing is purged. That is said, and ends when there is more room.
func TestAStreamThatIsSmallerThanATransactionIsTold(t *testing.T) {
	p := synctest.New(t)
	room := func(bytes int64) func(*capture.Options) {
		return func(o *capture.Options) { o.Limits.LeafBytes = bytes }
	}
	c := p.Capture(room(1 << 20))
	p.Apply()
	customers(p, 1, 200)
	p.Settle()
	p.Exec(p.Source, `UPDATE crm.customer SET profile = (SELECT string_agg(md5(random()::text || g), '') FROM generate_series(1, 500) g WHERE id > 0)`)
	p.Until("the stream is said to be too small", func() bool { return c.It.Status().TooSmall })
	c.Stop()
	c = p.Capture(room(64 << 20))
	p.Settle()
	p.Same()
	if s := c.It.Status(); s.Full || s.TooSmall {
		t.Errorf("full %t, too small %t", s.Full, s.TooSmall)
	}
}
