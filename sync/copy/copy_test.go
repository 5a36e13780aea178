package copy

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"jike/internal/bus/bustest"
	"jike/internal/pg"
	"jike/internal/pg/pgtest"
	"jike/schemas/replica"
	"jike/sync/apply"
	"jike/sync/capture"
	"jike/sync/stream"
	"jike/sync/synctest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// site is a province with headquarters, wired as the nodes wire them.
type site struct {
	*synctest.Pair
	options  Options // of headquarters' side
	national *National
	control  *stream.Control // of ask
}

func newSite(t *testing.T, o Options) *site { return &site{Pair: synctest.New(t), options: o} }

// fill makes selected rows, and others, that are there before the epoch begins.
func (s *site) fill(summaries, customers int) {
	s.Helper()
	s.Exec(s.Source, fmt.Sprintf(`INSERT INTO crm.monthly_summary (month, city, class, industry, customers, members, income_fen)
		SELECT '2025-01-01', '350100', 'A1', 'i' || i, i, i, i FROM generate_series(1, %d) i`, summaries),
		fmt.Sprintf(`INSERT INTO crm.customer (id, national, number, name, name_terms, industry, city, class, lifecycle, profile, remark)
		SELECT i, i %% 3 > 0, 'G' || i, 'customer ' || i, '{}', '65', '350100', 'A1', 'active', repeat(md5(i::text), i %% 90),
		'%s' FROM generate_series(10, %d) i`, synctest.Canary, customers+9),
		fmt.Sprintf(`INSERT INTO crm.contact (customer_id, national, role, name, mobile, family)
		SELECT id, national, 'liaison', 'n' || n, '%s', '%[1]s' FROM crm.customer, generate_series(1, 3) n WHERE id BETWEEN 10 AND %d`, synctest.Canary, customers+9))
	s.begin()
}

// begin makes the slot behind what is there: the epoch's stream begins now.
func (s *site) begin() {
	s.Helper()
	s.DropSlot()
	s.Must(capture.EnsureSlot(s.Context(), s.ProvinceDB.SyncURL, s.ProvinceDB.Sync(s)))
}

func (s *site) province() *synctest.Running[*capture.Capture] {
	s.Helper()
	return s.Capture(func(o *capture.Options) {
		_, err := NewProvince(ProvinceOptions{Pool: o.Pool, Tables: o.Tables, RangeBytes: 256 << 10}, o.Control.Handle)
		s.Must(err)
	})
}

func (s *site) headquarters() *synctest.Running[*apply.Apply] {
	s.Helper()
	return s.Apply(func(o *apply.Options) {
		options := s.options
		options.Pool, options.Tables, options.Log = o.Pool, o.Tables, o.Log
		n, err := OpenNational(s.Context(), options)
		s.Must(err)
		s.Cleanup(n.Close)
		s.national = n
		o.Join = func(ctx context.Context, epoch int64) error {
			return n.Join(ctx, Site{Province: o.Province, Control: o.Control}, epoch)
		}
	})
}

// progress waits until the copy is where want says.
func (s *site) progress(what string, want func(Progress) bool) (p Progress) {
	s.Helper()
	store := store{s.Target}
	s.Until(what, func() bool {
		all, err := store.progress(s.Context(), synctest.Province)
		s.Must(err)
		if len(all) == 1 {
			p = all[0]
		}
		return len(all) == 1 && want(p)
	})
	return p
}

func (s *site) done() Progress {
	s.Helper()
	return s.progress("the copy to be done", func(p Progress) bool { return p.State == Done })
}

func (s *site) selected() (rows int) {
	s.Helper()
	for _, t := range replica.Up {
		rows += s.Int(s.Source, fmt.Sprintf(`SELECT count(*)::int FROM %s WHERE national`, t.Qualified()))
	}
	return rows
}

func seed(t *testing.T) uint64 {
	s := uint64(time.Now().UnixNano())
	t.Logf("seed %d", s)
	return s
}

// What was there before the epoch comes by the copy, what is written meanwhile by the stream.
func TestAProvinceJoinsWhileItWrites(t *testing.T) {
	s := newSite(t, Options{Chunk: 32 << 10, Rate: 4 << 20})
	w := s.Work(seed(t), 2)
	s.fill(20_000, 3_000)
	s.province()
	s.headquarters()
	p := s.progress("chunks", func(p Progress) bool { return p.Rows > 1000 && p.State == Running })
	if n := s.Int(s.Target, `SELECT count(*)::int FROM sync.position WHERE epoch > 0`); n > 0 {
		t.Error("the stream was applied during the copy")
	}
	if p.Ranges < 10 || p.Expected < 20_000 {
		t.Errorf("planned: %+v", p)
	}
	p = s.done()
	t.Logf("%d transactions during the copy and after; %+v", w.Stop(), p)
	s.Settle()
	s.Same()
	if p.Rows < 20_000 || p.RangesDone != 0 || p.EndedAt == nil {
		t.Errorf("%+v", p)
	}
}

// Either side and its connections are cut off during the copy, again and again.
func TestACopyThatIsCutOffGoesOn(t *testing.T) {
	s := newSite(t, Options{Chunk: 32 << 10, Rate: 1 << 20, Workers: 4})
	from := seed(t)
	random := rand.New(rand.NewPCG(from, 1))
	w := s.Work(from, 2)
	s.fill(20_000, 3_000)
	c, a := s.province(), s.headquarters()
	var rows int64
	for i := range 8 {
		p := s.progress("more rows", func(p Progress) bool { return p.State != Running || p.Rows > rows })
		if p.State != Running {
			t.Fatalf("the copy was over after %d disturbances", i)
		}
		rows = p.Rows
		switch what := random.IntN(5); what {
		case 0:
			c.Stop()
			c = s.province()
		case 1:
			a.Stop()
			a = s.headquarters()
		case 2:
			c.Stop()
			s.Leaf.Shutdown()
			s.StartLeaf()
			c = s.province()
		default:
			pool := map[int]string{3: s.ProvinceDB.SuperuserURL, 4: s.Database.SuperuserURL}[what]
			s.terminate(pool)
		}
	}
	a.Stop()
	s.options.Rate = 0
	s.headquarters()
	s.done()
	w.Stop()
	s.Settle()
	s.Same()
}

// terminate ends every connection of jike_sync to a database.
func (s *site) terminate(url string) {
	s.Helper()
	pool, err := openPool(s.Context(), url)
	s.Must(err)
	defer pool.Close()
	s.Exec(pool, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'jike_sync' AND backend_type = 'client backend'`)
}

// No row is copied twice: what is copied and where the copy stands are committed together.
func TestEveryRowIsCopiedOnce(t *testing.T) {
	s := newSite(t, Options{Chunk: 16 << 10, Rate: 1 << 20})
	s.fill(10_000, 500)
	s.province()
	var rows int64
	for range 3 {
		a := s.headquarters()
		rows = s.progress("more rows", func(p Progress) bool {
			return p.Rows > rows && s.Int(s.Target, `SELECT count(*)::int FROM crm.monthly_summary`) > 0
		}).Rows
		a.Stop()
	}
	if n := s.Int(s.Target, `SELECT count(*)::int FROM crm.monthly_summary`); n == 0 || n >= 10_000 {
		t.Fatalf("the copy was cut off after %d rows", n)
	}
	s.options.Rate = 0
	s.headquarters()
	if p := s.done(); p.Rows != int64(s.selected()) {
		t.Errorf("%d rows copied of %d", p.Rows, s.selected())
	}
	s.Settle()
	s.Same()
	if n := s.Int(s.Target, `SELECT conflicts::int FROM sync.province_state`); n != 0 {
		t.Errorf("%d rows came twice", n)
	}
}

// Nothing is copied of a province whose rows are all in its stream, nor of one that is here already.
func TestNothingIsCopiedWithoutNeed(t *testing.T) {
	s := newSite(t, Options{})
	s.Exec(s.Source, `INSERT INTO crm.monthly_summary (month, city, class, industry, customers, members, income_fen) VALUES ('2025-01-01', '350100', 'A1', 'i', 1, 1, 1)`)
	c, a := s.province(), s.headquarters()
	s.Settle()
	s.Same()
	if c.It.Status().Existing {
		t.Error("rows existed when the epoch began")
	}
	c.Stop()
	a.Stop()
	young := s.epoch()
	c = s.province()
	s.headquarters()
	s.Until("the new epoch to be applied", func() bool { return s.Int(s.Target, `SELECT epoch::int FROM sync.position`) == young })
	if !c.It.Status().Existing {
		t.Error("no rows existed when the new epoch began")
	}
	s.Same()
	if n := s.Int(s.Target, `SELECT count(*)::int FROM sync.copy`); n != 0 {
		t.Error("a copy was begun")
	}
}

// epoch begins an epoch as capture would, and gives its number; no capture runs.
func (s *site) epoch() int {
	s.Helper()
	s.begin()
	return s.Int(s.Source, `SELECT epoch::int FROM sync.capture`)
}

// A copy that a new epoch overtakes goes on for the new one.
func TestACopyGoesOnInANewEpoch(t *testing.T) {
	s := newSite(t, Options{Chunk: 16 << 10, Rate: 1 << 20})
	s.fill(10_000, 500)
	c := s.province()
	s.headquarters()
	s.progress("chunks", func(p Progress) bool { return p.Rows > 500 })
	c.Stop()
	young := s.epoch()
	w := s.Work(seed(t), 2)
	s.province()
	s.progress("the copy to go on", func(p Progress) bool { return p.Epoch == int64(young) && p.State == Running })
	s.done()
	w.Stop()
	s.Settle()
	s.Same()
	if n := s.Int(s.Target, `SELECT count(DISTINCT stamp_epoch)::int FROM crm.monthly_summary WHERE industry LIKE 'i%' AND stamp_lsn = '0/0'`); n != 2 {
		t.Errorf("rows of %d epochs were copied, want 2", n)
	}
}

// A copy that is given up is not begun again: the stream is applied.
func TestACancelledCopyStaysCancelled(t *testing.T) {
	s := newSite(t, Options{Chunk: 16 << 10, Rate: 1 << 20})
	s.fill(10_000, 500)
	s.province()
	a := s.headquarters()
	if err := s.national.Cancel(t.Context(), synctest.Province); !errors.Is(err, ErrNotRunning) && err != nil {
		t.Fatal(err)
	}
	s.progress("chunks", func(p Progress) bool { return p.Rows > 500 })
	s.Must(s.national.Cancel(t.Context(), synctest.Province))
	s.Settle()
	p := s.progress("the state", func(p Progress) bool { return true })
	if p.State != Cancelled || p.Rows < 500 || p.Rows >= 10_000 {
		t.Errorf("%+v", p)
	}
	if err := s.national.Cancel(t.Context(), synctest.Province); !errors.Is(err, ErrNotRunning) {
		t.Errorf("cancelled again: %v", err)
	}
	a.Stop()
	s.headquarters()
	s.Settle()
	if p := s.progress("the state", func(p Progress) bool { return true }); p.State != Cancelled {
		t.Errorf("%+v", p)
	}
}

// The copy waits for a transaction that may have been committed before the epoch began and is not
// visible yet; nobody can tell it from one that is just open.
func TestTheCopyWaitsForOpenTransactions(t *testing.T) {
	s := newSite(t, Options{})
	s.fill(10, 10)
	tx, err := s.Source.Begin(t.Context())
	s.Must(err)
	_, err = tx.Exec(t.Context(), `UPDATE crm.monthly_summary SET members = 77 WHERE industry = 'i7'`)
	s.Must(err)
	s.province()
	s.headquarters()
	s.Until("headquarters to join", func() bool {
		return s.Int(s.Target, `SELECT count(*)::int FROM sync.province_state WHERE state = 'joining'`) == 1
	})
	if _, err := s.ask(CallPlan, planRequest{1}); !errors.Is(err, stream.ErrRefused) {
		t.Errorf("the province answered: %v", err)
	}
	if n := s.Int(s.Target, `SELECT count(*)::int FROM sync.copy`); n != 0 {
		t.Error("the copy has begun")
	}
	s.Must(tx.Commit(t.Context()))
	s.done()
	s.Settle()
	s.Same()
}

// ask calls the province as headquarters does.
func (s *site) ask(name string, request any) ([]byte, error) {
	s.Helper()
	if s.control == nil {
		nc := bustest.Connect(s, s.Net.Hub, s.Net.NationalSeed(synctest.Province))
		s.control = stream.NewControl(nc, synctest.Province, stream.National, synctest.Log(s))
		s.Cleanup(s.control.Close)
	}
	j := &joining{site: Site{synctest.Province, s.control}}
	var answer []byte
	var err error
	s.Until("the province is linked", func() bool {
		answer, err = j.call(s.Context(), name, planPatience, request)
		return !errors.Is(err, stream.ErrAway)
	})
	return answer, err
}

// Headquarters' database crashes during the copy and after it. Chunks are committed without waiting
// for the disk: what a crash takes back it takes back with the place, and a copy that is done is safe.
func TestACrashOfTheDatabaseLosesNothing(t *testing.T) {
	s := newSite(t, Options{Chunk: 16 << 10, Rate: 1 << 20})
	s.fill(10_000, 500)
	dir := filepath.Join(pgtest.Dir(t), "pg")
	pgtest.Prepare(t, dir)
	var cluster *pg.Cluster
	start := func() { // the memory of the one before may still be in use for a moment
		s.Until("the database to start", func() bool {
			c, err := pg.StartCluster(t.Context(), pg.ClusterOptions{Dir: dir, Settings: map[string]string{"wal_writer_delay": "2s"}, Log: synctest.Log(t)})
			if err == nil {
				cluster = c
			}
			return err == nil
		})
		s.Target.Reset() // its connections may be to the server that was killed
	}
	start()
	t.Cleanup(func() { _ = cluster.Stop(context.Background()) })
	s.Database = pgtest.On(t, cluster, pg.National)
	s.Target = s.Database.Owner(t)
	s.province()
	s.headquarters()
	for _, rows := range []int64{500, 3000} {
		s.progress("rows", func(p Progress) bool { return p.Rows > rows })
		cluster.Kill()
		start()
	}
	p := s.done()
	cluster.Kill()
	start()
	if p.Rows != int64(s.selected()) {
		t.Errorf("%d rows copied of %d", p.Rows, s.selected())
	}
	s.Settle()
	s.Same()
	if p := s.done(); p.Rows != int64(s.selected()) {
		t.Errorf("after the crash: %+v", p)
	}
}
