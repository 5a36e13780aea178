package selection_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go/jetstream"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/contact"
	"jike/province/customer"
	"jike/province/customer/customertest"
	"jike/province/selection"
	"jike/schemas/codes"
	"jike/sync/synctest"
	"jike/sync/wire"
)

// live is a province with headquarters behind it.
type live struct {
	*synctest.Pair
	db        *pgxpool.Pool // the province's, as jike_app
	customers *customer.Store
	contacts  *contact.Store
	policies  *selection.Store
	caller    account.Caller
}

func newLive(t *testing.T) live {
	p := synctest.New(t)
	db := p.ProvinceDB.App(t)
	l := live{Pair: p, db: db, customers: customer.NewStore(db, customertest.Province), policies: selection.NewStore(db), caller: account.System("test")}
	l.contacts = contact.NewStore(db, l.customers, time.UTC)
	// Class A1 goes up, class C does not yet; class D never does and carries the canary. A fifth has a
	// profile that PostgreSQL stores out of line.
	p.Exec(p.Source, `INSERT INTO crm.customer (national, number, name, name_terms, industry, city, class, lifecycle, profile, remark)
		SELECT n % 3 = 0, 'F' || n, CASE n % 3 WHEN 2 THEN '`+synctest.Canary+`' ELSE 'customer ' END || n, '{}', '65', '350100',
			(ARRAY['A1', 'C', 'D'])[n % 3 + 1], 'active',
			CASE WHEN n % 5 = 0 THEN (SELECT string_agg(md5(n::text || i), '') FROM generate_series(1, 150) i) ELSE 'short' END
				|| CASE n % 3 WHEN 2 THEN '`+synctest.Canary+`' ELSE '' END, '`+synctest.Canary+`' FROM generate_series(1, 3600) n`,
		`INSERT INTO crm.contact (customer_id, national, role, name, family) SELECT c.id, c.national, 'other',
			CASE c.class WHEN 'D' THEN '`+synctest.Canary+`' ELSE 'n' END, '`+synctest.Canary+`' FROM crm.customer c, generate_series(1, 3)`,
		`INSERT INTO crm.bill (customer_id, national, month, amount_fen, paid_fen) SELECT id, national, '2026-01-01', id, 0 FROM crm.customer`)
	p.Apply()
	p.Capture()
	return l
}

// people save until stop is called: they create customers, move them between the classes A1 and C, write
// large profiles, and add contacts, also where a batch is at work.
func (l live) people(writers int) (stop func() int64) {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	var mu sync.Mutex
	var saves int64
	for i := range writers {
		done.Go(func() {
			r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), uint64(i)))
			for n := 0; ctx.Err() == nil; n++ {
				if err := l.save(r, i, n); err != nil && !fault.Is(err, fault.NotFound) {
					l.Errorf("a save failed: %v", err)
					return
				}
				mu.Lock()
				saves++
				mu.Unlock()
			}
		})
	}
	stop = func() int64 { cancel(); done.Wait(); return saves }
	l.Cleanup(func() { stop() })
	return stop
}

func (l live) save(r *rand.Rand, writer, n int) error {
	ctx := context.Background()
	class := []codes.Class{codes.ClassA1, codes.ClassC}[r.IntN(2)]
	number := fmt.Sprintf("F%d", 3*r.IntN(1200)+r.IntN(2)) // never one of class D
	switch r.IntN(5) {
	case 0:
		f := customertest.Facts(fmt.Sprintf("新%d-%d", writer, n), 0)
		f.Class, f.Remark = class, synctest.Canary
		c, err := l.customers.Create(ctx, l.caller, f)
		if err == nil {
			_, err = l.contacts.Add(ctx, l.caller, c.ID, contact.Facts{Role: contact.Other, Name: "张某"})
		}
		return err
	case 1:
		var id int64
		err := pg.InTx(ctx, l.db, func(tx pg.Tx) error {
			c, err := l.customers.ByNumber(ctx, tx, l.caller, number)
			id = c.ID
			return err
		})
		if err == nil {
			_, err = l.contacts.Add(ctx, l.caller, id, contact.Facts{Role: contact.Other, Name: "李某"})
		}
		return err
	}
	return pg.InTx(ctx, l.db, func(tx pg.Tx) error {
		c, err := l.customers.LockByNumber(ctx, tx, number)
		if err != nil {
			return err
		}
		f := c.Facts
		f.Class = class
		if r.IntN(4) == 0 {
			f.Profile = fmt.Sprintf("%x", bytes.Repeat(fmt.Append(nil, r.Uint64()), 200))
		}
		_, err = l.customers.ChangeIn(ctx, tx, l.caller, c, f)
		return err
	})
}

// carried looks for a text in everything that is in the province's stream at the hub.
func (l live) carried(text string) (changes int, found bool) {
	l.Helper()
	js, err := jetstream.New(l.Net.National(synctest.Province))
	l.Must(err)
	s, err := js.Stream(l.Context(), l.HubStream(1))
	l.Must(err)
	for sequence := s.CachedInfo().State.FirstSeq; sequence <= s.CachedInfo().State.LastSeq; sequence++ {
		raw, err := s.GetMsg(l.Context(), sequence)
		l.Must(err)
		m, err := wire.Decode(raw.Data)
		l.Must(err)
		for _, part := range m.Parts {
			for _, change := range part.Changes {
				changes++
				found = found || bytes.Contains(change.Data, []byte(text))
			}
		}
	}
	return changes, found
}

// The policy changes from class A1 to class C and, half way, a second change is cancelled, while people
// write and everything travels: both levels end equal, by the rule, and nothing else was on the wire.
func TestThePolicyIsChangedLive(t *testing.T) {
	l := newLive(t)
	stop := l.people(3)
	w := world{&customertest.World{Database: l.ProvinceDB, DB: l.db, Administrator: account.Caller{AccountID: 5, Login: "administrator", Role: account.ProvinceAdministrator}}, l.policies, t}
	v := w.approved(selection.Proposal{Rule: ruleC})
	ctx, cancel := context.WithCancel(context.Background())
	var keeper sync.WaitGroup
	keeper.Go(func() { l.policies.Keep(ctx, selection.Settings{Rate: 1500}, nil, slog.New(slog.DiscardHandler)) })
	defer keeper.Wait()
	defer cancel()
	v = w.until(v.Version, "the first policy is in force", inForce)
	t.Logf("forward: %+v", v.Rollout)
	v = w.approved(selection.Proposal{Rule: selection.Rule{Classes: []codes.Class{codes.ClassA1}}})
	w.until(v.Version, "a batch of the second", func(v selection.Version) bool { return v.Rollout != nil && v.Rollout.Judged > 0 })
	if _, err := l.policies.Cancel(t.Context(), w.Administrator, v.Version); err != nil {
		t.Fatal(err)
	}
	v = w.until(v.Version, "the second is undone", func(v selection.Version) bool { return v.State == selection.Cancelled })
	t.Logf("back: %+v", v.Rollout)
	t.Logf("%d saves", stop())
	l.Settle()
	l.Same()
	if n := w.wrong(classC); n != 0 {
		t.Errorf("%d rows are not as the rule says", n)
	}
	if n := l.Int(l.Target, `SELECT count(*)::int FROM crm.customer`); n < 1000 || n != l.Int(l.Source, `SELECT count(*)::int FROM crm.customer WHERE class = 'C'`) {
		t.Errorf("headquarters holds %d customers", n)
	}
	if n := l.Int(l.Target, `SELECT count(*)::int FROM sync.divergence WHERE kind <> 'unknown'`); n > 0 {
		t.Errorf("%d changes met no row", n)
	}
	changes, leaked := l.carried(synctest.Canary)
	if _, traced := l.carried("customer "); leaked || !traced || changes < 1000 {
		t.Errorf("%d changes were looked at, a selected name found: %t, the canary found: %t", changes, traced, leaked)
	}
}
