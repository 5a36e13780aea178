package province_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"jike/internal/account"
	"jike/internal/pg"
	"jike/province"
	"jike/province/customer"
	"jike/province/customer/customertest"
	"jike/province/roster"
	"jike/province/rule"
	"jike/province/wish"
)

// TestRulesRostersAndWishesReadNoWholeTable asks PostgreSQL itself, with the planner as it is, whether the statements of
// rules, proposals, rosters and wishes ever go over all customers, members or bills.
func TestRulesRostersAndWishesReadNoWholeTable(t *testing.T) {
	x := newSite(t)
	owner := x.Database.Owner(t)
	x.crowd(t, x.ManagerUnit.ID, 100)
	merged := x.crowd(t, x.ColleagueUnit.ID, 2)
	for _, fill := range []string{
		fmt.Sprintf(`INSERT INTO crm.organisation (id, parent_id, kind, code, name, path)
			SELECT 9000 + i, parent_id, kind, 'P' || i, '经理', regexp_replace(path, '[0-9]+/$', 9000 + i || '/') FROM crm.organisation, generate_series(0, 49) i WHERE id = %d`, x.StrangerUnit.ID),
		`INSERT INTO crm.customer (number, name, name_terms, industry, city, class, lifecycle, manager_id)
			SELECT 'N' || i, '甲公司', '{}', '65', '350100', 'D', 'active', 9000 + i / 100 FROM generate_series(0, 4999) i`,
		fmt.Sprintf(`UPDATE crm.customer SET merged_into = %d WHERE id = %d`, merged[0], merged[1]),
		`ALTER TABLE crm.bill DISABLE TRIGGER USER; ALTER TABLE crm.member DISABLE TRIGGER USER`, // the rows count, not the figures
		`INSERT INTO crm.bill (customer_id, national, month, amount_fen, paid_fen) SELECT id, false, date_trunc('month', now())::date, 100, 100 FROM crm.customer`,
		`INSERT INTO crm.member (customer_id, phone, joined_on) SELECT id, '1380' || id, '2026-01-01' FROM crm.customer`,
		`INSERT INTO crm.wish (customer_id, kind, body, wanted_on, status, answer, author, answered_by)
			SELECT id, 'price', '降价', current_date + (id % 400)::int, 'open', '', 'x', '' FROM crm.customer WHERE id % 2 = 0`,
		`ANALYZE crm.wish, crm.customer, crm.bill, crm.member, crm.organisation`,
	} {
		if _, err := owner.Exec(t.Context(), fill); err != nil {
			t.Fatal(err)
		}
	}
	one, err := pg.Open(t.Context(), x.Database.AppURL, 1) // one backend, whose counters can be flushed
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	scans := func() (n int64) {
		t.Helper()
		if _, err := one.Exec(t.Context(), `SELECT pg_stat_force_next_flush(), pg_stat_clear_snapshot()`); err != nil {
			t.Fatal(err)
		}
		const query = `SELECT sum(seq_scan)::bigint FROM pg_stat_user_tables WHERE relid IN ('crm.customer'::regclass, 'crm.member'::regclass, 'crm.bill'::regclass)`
		if err := one.QueryRow(t.Context(), query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	all := province.NewStores(one, customertest.Province, time.UTC)
	ctx := t.Context()
	within := func(what string, f func() error) {
		t.Helper()
		before := scans()
		if err := f(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if n := scans() - before; n != 0 {
			t.Errorf("%s: %d scans of a whole table", what, n)
		}
	}

	r, err := all.Rosters.Make(ctx, x.Administrator, roster.Facts{Name: "全部", Purpose: "检查"})
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[rule.Kind]string{rule.Grade: "C", rule.OfRoster(r.ID): rule.In}
	for kind, outcome := range kinds {
		base := int32(0)
		if kind == rule.Grade {
			base = 1
		}
		v, err := all.Rules.Draft(ctx, x.Administrator, kind, base, rule.Set{Lines: []rule.Line{{
			Outcome: outcome, Match: rule.All, Conditions: []rule.Condition{{Fact: rule.Members, Comparison: rule.AtMost}},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := all.Rules.Begin(ctx, x.Administrator, kind, v.Version, true); err != nil {
			t.Fatal(err)
		}
		within("facts", func() error { return all.Rules.Advance(ctx, time.Now()) })
		const propose = `INSERT INTO crm.proposal (kind, customer_id, value_from, value_to, version, grounds)
			SELECT $1, id, CASE WHEN $3 = 'in' THEN 'out' ELSE class END, $3, $2, '{}' FROM crm.customer WHERE merged_into IS NULL`
		if _, err := owner.Exec(ctx, propose, string(kind), v.Version, outcome); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := owner.Exec(ctx, `INSERT INTO crm.roster_entry (roster_id, customer_id, reason, added_by) SELECT $1, id, '检查', 'x' FROM crm.customer WHERE id % 3 = 0`, r.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := owner.Exec(ctx, `ANALYZE crm.proposal, crm.roster_entry, crm.roster, crm.rule_set`); err != nil {
		t.Fatal(err)
	}
	for _, caller := range []account.Caller{x.Manager, x.HeadA, x.Administrator} {
		for kind, outcome := range kinds {
			q := rule.Question{Kind: kind, To: outcome}
			what := fmt.Sprintf("%s of %s: ", kind, caller.Login)
			within(what+"proposals", func() error { _, err := all.Rules.Proposals(ctx, caller, q); return err })
			within(what+"further proposals", func() error {
				_, err := all.Rules.Proposals(ctx, caller, rule.Question{Kind: kind, After: 300})
				return err
			})
			within(what+"count", func() error { _, err := all.Rules.Count(ctx, caller, q); return err })
		}
		within("wishes of "+caller.Login, func() error { _, err := all.Wishes.List(ctx, caller, wish.Filter{Days: 200}); return err })
		within("roster of "+caller.Login, func() error { _, _, err := all.Rosters.Entries(ctx, caller, r.ID, 0); return err })
		within("customer of "+caller.Login, func() error { return onPage(ctx, all, caller) })
	}
}

// onPage reads what the page of the first customer shows of rules, wishes and rosters.
func onPage(ctx context.Context, all *province.Stores, caller account.Caller) error {
	page, err := all.Customers.Search(ctx, caller, customer.Filter{Sort: "id", Page: 1, Size: 1})
	if err != nil {
		return err
	}
	if _, err := all.Rules.ProposalsOf(ctx, caller, page.Items[0].ID); err != nil {
		return err
	}
	if _, err := all.Wishes.Of(ctx, caller, page.Items[0].ID); err != nil {
		return err
	}
	_, err = all.Rosters.Of(ctx, caller, page.Items[0].ID)
	return err
}
