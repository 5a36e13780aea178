package capture_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"jike/internal/pg/pgtest"
	"jike/sync/capture"
	"jike/sync/stream"
	"jike/sync/synctest"
	"jike/sync/wire"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const customer = `INSERT INTO crm.customer (id, national, number, name, name_terms, industry, city, class, lifecycle, profile)
	SELECT i, true, 'G' || i, 'n', '{}', '65', '350100', 'A1', 'active', 'p' FROM generate_series(%d, %d) i`

func identity(incarnation int64) stream.Identity {
	return stream.Identity{Province: synctest.Province, Epoch: 1, Incarnation: incarnation}
}

// messages reads what the leaf's stream holds.
func messages(p *synctest.Pair, id stream.Identity) (out []*wire.Message) {
	p.Helper()
	js, err := jetstream.New(p.LeafNATS)
	p.Must(err)
	s, err := js.Stream(p.Context(), id.Leaf())
	p.Must(err)
	for sequence := s.CachedInfo().State.FirstSeq; sequence <= s.CachedInfo().State.LastSeq; sequence++ {
		raw, err := s.GetMsg(p.Context(), sequence)
		p.Must(err)
		m, err := wire.Decode(raw.Data)
		p.Must(err)
		out = append(out, m)
	}
	return out
}

// published waits until the leaf has everything that is committed now.
func published(p *synctest.Pair, c *capture.Capture) {
	p.Helper()
	mark := p.Mark()
	p.Until("published "+mark.String(), func() bool { return c.Status().Published >= mark })
}

// changes lists the changes of a table in the stream, by operation.
func changes(ms []*wire.Message, table int) (ops string) {
	for _, m := range ms {
		for _, part := range m.Parts {
			for _, c := range part.Changes {
				if c.Op != wire.Heartbeat && c.Table == table {
					ops += string(rune(c.Op))
				}
			}
		}
	}
	return ops
}

// A publication with which the application's own statements could fail, or that is not what is
// replicated, is refused before anything is read.
func TestADangerousPublicationIsRefused(t *testing.T) {
	p := synctest.NewSource(t)
	for name, c := range map[string]struct {
		spoil, mend string
	}{
		"full identity": {
			`ALTER TABLE crm.bill REPLICA IDENTITY FULL`, `ALTER TABLE crm.bill REPLICA IDENTITY USING INDEX bill_identity`,
		},
		"no identity": {
			`ALTER TABLE crm.bill REPLICA IDENTITY NOTHING`, `ALTER TABLE crm.bill REPLICA IDENTITY USING INDEX bill_identity`,
		},
		"filter outside the identity": {
			`ALTER TABLE crm.bill REPLICA IDENTITY DEFAULT`, `ALTER TABLE crm.bill REPLICA IDENTITY USING INDEX bill_identity`,
		},
		"another filter": {
			set("bill", "id, national, customer_id, month, amount_fen, paid_fen, updated_at", "national AND id > 0"), set("bill", "id, national, customer_id, month, amount_fen, paid_fen, updated_at", "national"),
		},
		"no filter": {
			set("bill", "id, national, customer_id, month, amount_fen, paid_fen, updated_at", ""), set("bill", "id, national, customer_id, month, amount_fen, paid_fen, updated_at", "national"),
		},
		"a private column": {
			set("contact", "id, national, customer_id, role, name, work_phone, mobile", "national"), set("contact", "id, national, customer_id, role, name, work_phone", "national"),
		},
		"a column is missing": {
			set("contact", "id, national, customer_id, role, name", "national"), set("contact", "id, national, customer_id, role, name, work_phone", "national"),
		},
		"a table is missing": {
			`ALTER PUBLICATION jike_up DROP TABLE crm.contact`, `ALTER PUBLICATION jike_up ADD TABLE crm.contact (id, national, customer_id, role, name, work_phone) WHERE (national)`,
		},
		"a table too many": {
			`ALTER PUBLICATION jike_up ADD TABLE crm.organisation`, `ALTER PUBLICATION jike_up DROP TABLE crm.organisation`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			p.Exec(p.Source, c.spoil)
			bad := p.Capture()
			p.Until("the publication is refused", func() bool {
				return strings.Contains(bad.It.Status().Error, capture.ErrPublication.Error())
			})
			bad.Stop()
			p.Exec(p.Source, c.mend)
		})
	}
	good := p.Capture()
	published(p, good.It)
}

// set replaces a table of the publication.
func set(table, columns, filter string) string {
	if filter != "" {
		filter = " WHERE (" + filter + ")"
	}
	return fmt.Sprintf(`DO $$ BEGIN ALTER PUBLICATION jike_up DROP TABLE crm.%s; ALTER PUBLICATION jike_up ADD TABLE crm.%[1]s (%s)%s; END $$`, table, columns, filter)
}

// The publication never makes the application's statements fail.
func TestTheApplicationIsNotDisturbed(t *testing.T) {
	p := synctest.NewSource(t)
	p.Exec(p.Source, fmt.Sprintf(customer, 1, 3),
		`UPDATE crm.customer SET national = false WHERE id = 1`, `UPDATE crm.customer SET national = true, id = 10 WHERE id = 1`,
		`UPDATE crm.customer SET remark = 'x'`, `DELETE FROM crm.customer WHERE id = 2`)
}

// Making the slot waits for transactions that write, and nobody waits for it.
func TestTheSlotWaitsForOpenTransactions(t *testing.T) {
	p := synctest.NewSource(t)
	p.DropSlot()
	tx, err := p.Source.Begin(t.Context())
	p.Must(err)
	defer func() { _ = tx.Rollback(context.Background()) }()
	sync := p.ProvinceDB.Sync(t)
	_, err = tx.Exec(t.Context(), fmt.Sprintf(customer, 1, 1))
	p.Must(err)
	done := make(chan error, 1)
	go func() { done <- capture.EnsureSlot(t.Context(), p.ProvinceDB.SyncURL, p.ProvinceDB.Sync(t)) }()
	p.Until("the slot is being made", func() bool {
		return p.Int(sync, `SELECT count(*)::int FROM pg_stat_activity WHERE query LIKE 'CREATE_REPLICATION_SLOT jike_up%' AND state = 'active'`) > 0
	})
	began := time.Now()
	p.Exec(p.Source, fmt.Sprintf(customer, 2, 2))
	if time.Since(began) > time.Second {
		t.Errorf("another transaction waited %s", time.Since(began))
	}
	select {
	case err := <-done:
		t.Fatalf("the slot did not wait: %v", err)
	default:
	}
	p.Must(tx.Commit(t.Context()))
	p.Must(<-done)
}

// A barrier's snapshot and the stream agree: what the snapshot sees is before the barrier in the
// stream, what it does not see is after it, under writers.
func TestABarrierStandsWhereItsSnapshotDoes(t *testing.T) {
	p := synctest.NewSource(t)
	c := p.Capture()
	w := p.Work(1, 2)
	for n := range 4 {
		id := [16]byte{byte(n + 1)}
		s, err := c.It.Barrier(t.Context(), id)
		p.Must(err)
		var seen int
		p.Must(s.Tx.QueryRow(t.Context(), `SELECT count(*) FROM crm.customer WHERE national`).Scan(&seen))
		s.Close()
		published(p, c.It)
		rows := 0
		for _, m := range messages(p, identity(1)) {
			for _, part := range m.Parts {
				if part.LSN >= s.LSN {
					t.Fatalf("transaction %s is in front of the barrier at %s", part.LSN, s.LSN)
				}
				for _, change := range part.Changes {
					if change.Table == 0 && (change.Op == wire.Insert || change.Op == wire.Unknown) {
						rows++
					} else if change.Table == 0 && change.Op == wire.Delete {
						rows--
					}
				}
			}
			if m.Barrier != nil && m.Barrier.ID == id {
				if m.Barrier.LSN != s.LSN {
					t.Errorf("the barrier says %s, the snapshot %s", m.Barrier.LSN, s.LSN)
				}
				break
			}
		}
		if rows != seen {
			t.Errorf("%d customers are in front of the barrier, the snapshot sees %d", rows, seen)
		}
	}
	w.Stop()
}

// A barrier waits for a writer that is open, and comes when that is done. Publishing goes on.
func TestABarrierWaitsForAnOpenWriter(t *testing.T) {
	p := synctest.NewSource(t)
	c := p.Capture()
	published(p, c.It)
	tx, err := p.Source.Begin(t.Context())
	p.Must(err)
	defer func() { _ = tx.Rollback(context.Background()) }()
	sync := p.ProvinceDB.Sync(t)
	_, err = tx.Exec(t.Context(), fmt.Sprintf(customer, 1, 1))
	p.Must(err)
	done := make(chan *capture.Snapshot, 1)
	go func() {
		s, err := c.It.Barrier(t.Context(), [16]byte{1})
		if err != nil {
			t.Error(err)
		}
		done <- s
	}()
	p.Until("the snapshot is being made", func() bool {
		return p.Int(sync, `SELECT count(*)::int FROM pg_stat_activity WHERE query LIKE 'CREATE_REPLICATION_SLOT jike_barrier%'`) > 0
	})
	p.Must(tx.Commit(t.Context()))
	s := <-done
	defer s.Close()
	var n int
	p.Must(s.Tx.QueryRow(t.Context(), `SELECT count(*) FROM crm.customer`).Scan(&n))
	if n != 1 {
		t.Errorf("the snapshot sees %d customers", n)
	}
}

// Updates that change nothing that travels are dropped, once what the row looks like is known.
func TestUpdatesThatChangeNothingAreDropped(t *testing.T) {
	p := synctest.NewSource(t)
	c := p.Capture()
	p.Exec(p.Source, fmt.Sprintf(customer, 1, 1), `UPDATE crm.customer SET name = 'm' WHERE id = 1`)
	for i := range 5 {
		p.Exec(p.Source, fmt.Sprintf(`UPDATE crm.customer SET remark = '%d' WHERE id = 1`, i))
	}
	p.Exec(p.Source, `UPDATE crm.customer SET name = 'o' WHERE id = 1`, `UPDATE crm.customer SET name = 'm' WHERE id = 1`,
		`UPDATE crm.customer SET national = false WHERE id = 1`, `UPDATE crm.customer SET national = true WHERE id = 1`, `UPDATE crm.customer SET remark = 'y' WHERE id = 1`)
	published(p, c.It)
	if got := changes(messages(p, identity(1)), 0); got != "IUUUDIU" {
		t.Errorf("the stream has %s, want IUUUDIU", got)
	}
}

// While the leaf takes nothing PostgreSQL still hears of its reader, and forgets nothing.
func TestPostgreSQLIsAnsweredWhileTheStreamIsFull(t *testing.T) {
	p := synctest.NewSource(t)
	separator := "?"
	if strings.Contains(p.ProvinceDB.SyncURL, "?") {
		separator = "&"
	}
	c := p.Capture(func(o *capture.Options) {
		o.URL += separator + "wal_sender_timeout=1500"
		o.Limits.LeafBytes = 256 << 10
	})
	reader := `SELECT coalesce(max(pid), 0)::int FROM pg_stat_replication WHERE application_name = 'jike_capture'
		AND pid IN (SELECT active_pid FROM pg_replication_slots WHERE slot_name = 'jike_up' AND database = current_database())`
	p.Exec(p.Source, fmt.Sprintf(customer, 1, 10_000))
	for range 3 {
		p.Exec(p.Source, `UPDATE crm.customer SET address = md5(random()::text) || md5(random()::text)`)
	}
	p.Until("the stream is full", func() bool { return c.It.Status().Full })
	sync := p.ProvinceDB.Sync(t)
	pid := p.Int(sync, reader)
	deadline := time.Now().Add(4 * time.Second) // more than twice the sender's patience
	for time.Now().Before(deadline) {
		time.Sleep(100 * time.Millisecond)
		if now := p.Int(sync, reader); now != pid || pid == 0 {
			t.Fatalf("the reader was %d and is %d: PostgreSQL gave it up", pid, now)
		}
	}
	if s := c.It.Status(); !s.Full || !s.Connected {
		t.Errorf("status %+v", s)
	}
}

func confirmed(p *synctest.Pair) wire.LSN {
	p.Helper()
	return position(p, `SELECT confirmed_flush_lsn::text FROM pg_replication_slots WHERE slot_name = 'jike_up' AND database = current_database()`)
}

func position(p *synctest.Pair, query string) wire.LSN {
	p.Helper()
	lsn, err := wire.ParseLSN(p.Text(p.Source, query))
	p.Must(err)
	return lsn
}

// Nothing is confirmed that headquarters has not applied, until the log would grow beyond the cap.
func TestTheLogIsKeptForHeadquartersUpToTheCap(t *testing.T) {
	p := synctest.NewSource(t)
	const limit = 4 << 20
	c := p.Capture(func(o *capture.Options) { o.Cap = limit })
	published(p, c.It)
	first := confirmed(p)
	p.Exec(p.Source, fmt.Sprintf(customer, 1, 100))
	published(p, c.It)
	time.Sleep(2 * time.Second) // two confirmations would have been made
	if now := confirmed(p); now > c.It.Status().Published || now > first+(1<<20) {
		t.Errorf("confirmed %s, though headquarters has applied nothing", now)
	}
	var before, end wire.LSN
	for i := range 8 {
		before = position(p, `SELECT pg_current_wal_insert_lsn()::text`)
		p.Exec(p.Source, fmt.Sprintf(customer, 1000+4000*i, 4000*i+4999))
		end = position(p, `SELECT pg_current_wal_insert_lsn()::text`)
	}
	published(p, c.It)
	one := end - before // no position within a transaction can be confirmed
	p.Until("the cap is kept", func() bool {
		p.Mark()
		s := c.It.Status()
		return s.Head-confirmed(p) < limit+one+(1<<20) && confirmed(p) > first
	})
}

// A busy database whose selected tables rest does not keep its log.
func TestAQuietPublicationLetsTheLogGo(t *testing.T) {
	p := synctest.New(t)
	p.Apply()
	c := p.Capture(func(o *capture.Options) { o.Heartbeat = time.Hour })
	p.Settle()
	p.Exec(p.Source, `CREATE TABLE crm.noise (filler text)`)
	start := confirmed(p)
	for range 4 {
		p.Exec(p.Source, `INSERT INTO crm.noise SELECT repeat('x', 1000) FROM generate_series(1, 20000)`)
	}
	p.Until("the slot moves on", func() bool { return confirmed(p) > start+(40<<20) })
	if s := c.It.Status(); s.Error != "" || !s.Connected {
		t.Errorf("status %+v", s)
	}
}

// A refill begins a new incarnation behind the position that is confirmed, with an unbroken chain.
func TestARefillContinuesTheChain(t *testing.T) {
	p := synctest.NewSource(t)
	c := p.Capture()
	p.Exec(p.Source, fmt.Sprintf(customer, 1, 3))
	published(p, c.It)
	control := stream.NewControl(p.Net.National(synctest.Province), synctest.Province, stream.National, synctest.Log(t))
	t.Cleanup(control.Close)
	ask := func(request string) error {
		var err error
		p.Until("the province answers", func() bool {
			_, err = control.Call(t.Context(), stream.CallRefill, []byte(request))
			return !errors.Is(err, stream.ErrAway)
		})
		return err
	}
	p.Must(ask(`{"epoch": 1, "lsn": 0, "incarnation": 1}`))
	p.Until("the second incarnation", func() bool { return c.It.Status().Incarnation == 2 && c.It.Status().Connected })
	p.Must(ask(`{"epoch": 1, "lsn": 0, "incarnation": 1}`)) // asked twice, done once
	if err := ask(`{"epoch": -1, "lsn": 0, "incarnation": 9}`); !errors.Is(err, stream.ErrRefused) {
		t.Errorf("a former epoch's refill: %v", err)
	}
	published(p, c.It)
	var link wire.Link
	for _, m := range messages(p, identity(2)) {
		if m.Prev != link {
			t.Fatalf("a message follows %+v, the chain is at %+v", m.Prev, link)
		}
		link = m.End()
	}
	if got := changes(messages(p, identity(2)), 0); got != "III" || c.It.Status().Incarnation != 2 {
		t.Errorf("incarnation %d has %s", c.It.Status().Incarnation, got)
	}
}

func TestRunEndsPromptlyAndLeavesNothing(t *testing.T) {
	p := synctest.NewSource(t)
	first := p.Capture()
	published(p, first.It)
	first.Stop()
	before := goleak.IgnoreCurrent()
	c := p.Capture()
	published(p, c.It)
	began := time.Now()
	c.Stop()
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("Run went on for %s", took)
	}
	// A connection that was interrupted is closed by the driver in its own time.
	goleak.VerifyNone(t, before, goleak.IgnoreAnyFunction("github.com/jackc/pgx/v5/pgconn/internal/bgreader.(*BGReader).bgRead"))
}
