package synctest_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"jike/schemas/replica"
	"jike/sync/capture"
	"jike/sync/reconcile"
	"jike/sync/synctest"
)

// Whatever changes in columns and tables that do not travel, while everybody writes, disturbs nothing.
func TestAStormOfSchemaChangesDisturbsNothing(t *testing.T) {
	p := synctest.New(t)
	p.Apply()
	p.Capture()
	w := p.Work(seed(t), 2)
	for range rounds(4) {
		for _, ddl := range []string{
			`ALTER TABLE crm.customer ADD storm text NOT NULL DEFAULT 'storm'`, `ALTER TABLE crm.bill ADD storm numeric DEFAULT 1`,
			`ALTER TABLE crm.customer ALTER remark TYPE varchar(4000)`, `CREATE INDEX storm_index ON crm.contact (mobile)`,
			`ALTER TABLE crm.customer RENAME storm TO squall`, `ALTER TABLE crm.contact ADD storm int GENERATED ALWAYS AS IDENTITY`,
			`CREATE TABLE crm.storm (id int PRIMARY KEY, filler text)`, `INSERT INTO crm.storm SELECT i, repeat('x', 500) FROM generate_series(1, 500) i`,
			`ALTER TABLE crm.storm ALTER filler TYPE varchar`, `ALTER TABLE crm.customer ALTER remark TYPE text`,
			`VACUUM FULL crm.bill`, `DROP TABLE crm.storm`, `DROP INDEX crm.storm_index`,
			`ALTER TABLE crm.customer DROP squall`, `ALTER TABLE crm.bill DROP storm`, `ALTER TABLE crm.contact DROP storm`,
		} {
			p.Until(ddl, func() bool {
				_, err := p.Source.Exec(t.Context(), ddl)
				var server *pgconn.PgError
				if errors.As(err, &server) && server.Code == "40P01" { // writers hold what it wants
					return false
				}
				p.Must(err)
				return true
			})
		}
	}
	t.Logf("%d transactions", w.Stop())
	p.Settle()
	p.Same()
	if n := p.Int(p.Source, `SELECT epoch::int FROM sync.capture`); n != 1 {
		t.Errorf("the epoch became %d", n)
	}
}

// A column that travels gets another type: nothing is sent in a shape that headquarters would misread,
// the reason is shown, and once the column is right again everything goes on by itself.
func TestAChangedColumnThatTravelsIsRefusedUntilItIsRight(t *testing.T) {
	p := synctest.New(t)
	n := headquarters(p)
	c := provinceNode(p)
	customers(p, 1, 20)
	p.Exec(p.Source, `INSERT INTO crm.bill (id, customer_id, national, month, amount_fen, paid_fen)
		SELECT i, i, true, '2026-01-01', i, 0 FROM generate_series(1, 20) i`)
	p.Settle()
	// PostgreSQL lets nobody do this to a published column: whoever does it goes out of his way.
	change := func(kind string) {
		p.Exec(p.Source, `ALTER PUBLICATION jike_up DROP TABLE crm.bill`, `ALTER TABLE crm.bill ALTER amount_fen TYPE `+kind,
			`ALTER PUBLICATION jike_up ADD TABLE crm.bill (id, national, customer_id, month, amount_fen, paid_fen, updated_at) WHERE (national)`)
	}
	change("numeric")
	p.Exec(p.Source, `UPDATE crm.bill SET amount_fen = 1.0 WHERE id <= 3`)
	p.Until("the change is refused", func() bool {
		s := c.It.Status()
		return !s.Connected && strings.Contains(s.Error, capture.ErrPublication.Error()) && strings.Contains(s.Error, "amount_fen")
	})
	p.Exec(p.Source, `UPDATE crm.customer SET name = 'meanwhile' WHERE id = 20`)
	change("bigint")
	recovered(p, n, epoch(p, 1))
}

// A province that is a release behind: its certificates are about the columns that both sides have, and what
// headquarters has more is proved from the upgrade on.
func TestAProvinceAReleaseBehindIsProved(t *testing.T) {
	p := synctest.New(t)
	old := without()
	p.Must(capture.EnsurePublication(t.Context(), p.ProvinceDB.OwnerURL, old))
	n := headquarters(p, replica.List{Number: 0, Tables: old})
	c := provinceNode(p, func(o *capture.Options) { o.Tables = old })
	linked(p)
	w := p.WorkSmall(seed(t), 2)
	run := reconcileOnce(p, n)
	if run.State != reconcile.Done || *run.Result != reconcile.Clean {
		t.Fatalf("%s, %v: %s", run.State, run.Result, run.Reason)
	}
	p.Exec(p.Source, `INSERT INTO crm.customer (id, national, number, name, name_terms, industry, city, class, lifecycle, profile)
		VALUES (-1, true, 'Q1', 'quiet', '{}', '65', '350100', 'A1', 'active', 'not sent yet')`)
	p.Settle()
	p.Exec(p.Target, `UPDATE crm.customer SET name = 'damaged', profile = 'invented' WHERE id = -1`)
	run = reconcileOnce(p, n)
	if run.State != reconcile.Done || *run.Result != reconcile.Repaired || run.Differences != 1 {
		t.Fatalf("after damage: %s, %v, %d differences: %s", run.State, run.Result, run.Differences, run.Reason)
	}
	if found := run.Certificate.Statement.Found.Listed[0]; found.Key != -1 || !slices.Equal(found.Columns, []string{"name"}) {
		t.Errorf("found %+v", found)
	}
	if columns := run.Certificate.Statement.Tables[0].Columns; slices.Contains(columns, "profile") || len(columns) != len(old[0].Columns) {
		t.Errorf("compared %v", columns)
	}
	c.Stop()
	p.Must(capture.EnsurePublication(t.Context(), p.ProvinceDB.OwnerURL, replica.Up))
	provinceNode(p)
	p.Until("the new columns have come", func() bool {
		return p.Int(p.Source, `SELECT count(*)::int FROM sync.resend WHERE finished_at IS NOT NULL`) == 2
	})
	p.Settle()
	run = reconcileOnce(p, n)
	if run.State != reconcile.Done || *run.Result != reconcile.Clean {
		t.Fatalf("after the upgrade: %s, %v: %s", run.State, run.Result, run.Reason)
	}
	if columns := run.Certificate.Statement.Tables[0].Columns; len(columns) != len(replica.Up[0].Columns) {
		t.Errorf("compared after the upgrade: %v", columns)
	}
	w.Stop()
	p.Settle()
	p.Same()
}
