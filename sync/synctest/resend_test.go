package synctest_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"jike/schemas/replica"
	"jike/sync/apply"
	"jike/sync/capture"
	"jike/sync/synctest"
)

// without gives this release's tables as the release before had them: no profile of a customer, no
// work phone of a contact.
func without() []replica.Table {
	tables := slices.Clone(replica.Up)
	for i := range tables {
		tables[i].Columns = slices.DeleteFunc(slices.Clone(tables[i].Columns), func(c replica.Column) bool {
			return c.Name == "profile" || c.Name == "work_phone"
		})
	}
	return tables
}

// A release that replicates one column more sends the rows again, while people write, killed and
// started in between, and both levels are equal without a reconciliation.
func TestANewColumnIsSentAgainUnderTraffic(t *testing.T) {
	p := synctest.New(t)
	ctx, old := t.Context(), without()
	p.Must(capture.EnsurePublication(ctx, p.ProvinceDB.OwnerURL, old))
	selection := p.Int(p.Source, `SELECT selection FROM sync.capture`)
	p.Exec(p.Source, `INSERT INTO crm.customer (id, national, number, name, name_terms, industry, city, class, lifecycle, profile)
		SELECT n, true, 'Q' || n, 'quiet ' || n, '{}', '65', '350100', 'A1', 'active', repeat('profile ' || n, 500) FROM generate_series(1, 3000) n`,
		`INSERT INTO crm.contact (customer_id, national, role, name, work_phone) SELECT id, true, 'other', 'n', '0591-' || id FROM crm.customer`)
	c := p.Capture(func(o *capture.Options) { o.Tables = old })
	a := p.Apply(func(o *apply.Options) { o.Tables = old })
	w := p.Work(seed(t), 2)
	p.Settle()
	if n := p.Int(p.Target, `SELECT count(*)::int FROM crm.customer WHERE profile IS NOT NULL`); n != 0 {
		t.Fatalf("%d profiles came before the release that sends them", n)
	}
	c.Stop()
	p.Until("all that was published is applied", func() bool {
		return p.Int(p.Target, `SELECT count(*)::int FROM sync.position WHERE lsn >= $1::text::pg_lsn`, c.It.Status().Published.String()) == 1
	})
	a.Stop()
	// What is written now lies in the log without the columns; one transaction lasts over the upgrade.
	rows := p.Int(p.Source, `SELECT count(*)::int FROM crm.customer`)
	p.Until("traffic without a capture", func() bool { return p.Int(p.Source, `SELECT count(*)::int FROM crm.customer`) > rows+20 })
	straddles, err := p.Source.Begin(ctx)
	p.Must(err)
	_, err = straddles.Exec(ctx, `INSERT INTO crm.customer (id, national, number, name, name_terms, industry, city, class, lifecycle, profile)
		VALUES (0, true, 'S1', 'straddles', '{}', '65', '350100', 'A1', 'active', 'written before, committed after')`)
	p.Must(err)

	p.Must(capture.EnsurePublication(ctx, p.ProvinceDB.OwnerURL, replica.Up))
	p.Must(capture.EnsurePublication(ctx, p.ProvinceDB.OwnerURL, replica.Up)) // nothing to do
	rate := func(o *capture.Options) { o.ResendRate = 1500 }
	p.Apply()
	c = p.Capture(rate)
	p.Until("the horizon", func() bool {
		return p.Int(p.Source, `SELECT count(*)::int FROM sync.resend WHERE horizon IS NOT NULL`) > 0
	})
	time.Sleep(500 * time.Millisecond) // what must not happen gives no signal
	if n := p.Int(p.Source, `SELECT sum(sent)::int FROM sync.resend`); n != 0 {
		t.Errorf("%d rows were sent again while a transaction of before is open", n)
	}
	p.Must(straddles.Commit(ctx))
	p.Until("the first range", func() bool { return p.Int(p.Source, `SELECT sum(sent)::int FROM sync.resend`) > 0 })
	c.Stop()
	before := p.Int(p.Source, `SELECT sum(sent)::int FROM sync.resend`)
	c = p.Capture(rate)
	p.Until("the end", func() bool {
		return p.Int(p.Source, `SELECT count(*)::int FROM sync.resend WHERE finished_at IS NULL`) == 0
	})
	w.Stop()
	p.Settle()
	p.Same()
	if n := p.Int(p.Source, `SELECT selection FROM sync.capture`); n != selection+1 {
		t.Errorf("the selection's version was %d and is %d", selection, n)
	}
	list, err := capture.Resends(context.Background(), p.Source)
	p.Must(err)
	if len(list) != 2 || list[0].Relation != "crm.contact" || list[1].Relation != "crm.customer" || list[1].Sent < 3000 || list[1].Total < 3000 || before == 0 {
		t.Errorf("%+v, %d before the restart", list, before)
	}
	if n := p.Int(p.Target, `SELECT count(*)::int FROM sync.certificate`); n != 0 {
		t.Errorf("%d reconciliations ran", n)
	}
	t.Logf("sent again: %d contacts, %d customers", list[0].Sent, list[1].Sent)
}
