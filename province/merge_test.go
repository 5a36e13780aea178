package province_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"jike/internal/fault"
	"jike/internal/pg"
	"jike/internal/pg/pgtest"
	"jike/province/bill"
	"jike/province/contact"
	"jike/province/customer"
	"jike/province/customer/customertest"
	"jike/province/member"
	"jike/province/merge"
	"jike/schemas/codes"
)

// pair is a site with two customers that are one company: the survivor is not selected for
// headquarters, the other is, and has a family, a subsidiary and bills.
type pair struct {
	*site
	survivor, merged, child customer.Customer
}

func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{site: newSite(t)}
	p.survivor = p.Add(t, customertest.Facts("榕澄电力设备有限公司", p.ManagerUnit.ID))
	f := customertest.Facts("福州榕澄电力设备有限公司（原沐岸电器有限公司）", p.ColleagueUnit.ID)
	f.Class, f.CreditCode, f.Address, f.Lifecycle = codes.ClassA1, customertest.CreditCode(t, 3), "福州市鼓楼区", codes.Potential
	family := p.make(t, "own", 1)
	p.merged = p.Add(t, f)
	for _, table := range []string{"contact", "contract"} {
		if _, err := p.DB.Exec(t.Context(), `UPDATE crm.`+table+` SET customer_id = $1, national = true WHERE customer_id = $2`, p.merged.ID, family.customer); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := p.DB.Exec(t.Context(), `UPDATE crm.member SET customer_id = $1, short_number = '601' WHERE customer_id = $2`, p.merged.ID, family.customer); err != nil {
		t.Fatal(err)
	}
	if _, err := p.DB.Exec(t.Context(), `UPDATE crm.site SET customer_id = $1 WHERE customer_id = $2`, p.merged.ID, family.customer); err != nil {
		t.Fatal(err)
	}
	f = customertest.Facts("榕澄配件有限公司", p.ManagerUnit.ID)
	f.ParentID = p.merged.ID
	p.child = p.Add(t, f)
	month := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	p.InTx(t, func(tx pg.Tx) {
		_, err := p.all.Bills.PutBatch(t.Context(), tx, p.BOSS, []bill.Line{
			{CustomerNumber: p.survivor.Number, Month: month, AmountFen: 100}, {CustomerNumber: p.merged.Number, Month: month, AmountFen: 23},
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	return p
}

// joins makes a line a member.
func (p *pair) joins(t *testing.T, customerID int64, phone codes.Phone, short string) {
	t.Helper()
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if _, err := p.all.Members.Join(t.Context(), p.HeadA, customerID, phone, day, member.Facts{ShortNumber: short}); err != nil {
		t.Fatal(err)
	}
}

func (p *pair) merge(t *testing.T, take ...string) merge.Merge {
	t.Helper()
	m, err := p.all.Merges.Make(t.Context(), p.HeadA, merge.Order{
		SurvivorID: p.survivor.ID, SurvivorVersion: p.survivor.Version, MergedID: p.merged.ID, MergedVersion: p.merged.Version, Take: take, Reason: "同一信用代码",
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// families lists the rows below both customers with the sides that they are on.
func (p *pair) families(t *testing.T) string {
	t.Helper()
	return customertest.Value[string](t, p.DB, `SELECT string_agg(x, ' ' ORDER BY x) FROM (
		SELECT 'contact ' || customer_id || national AS x FROM crm.contact UNION ALL SELECT 'contract ' || customer_id || national FROM crm.contract
		UNION ALL SELECT 'child ' || parent_id FROM crm.customer WHERE parent_id IS NOT NULL AND merged_into IS NULL
		UNION ALL SELECT 'member ' || customer_id FROM crm.member UNION ALL SELECT 'site ' || customer_id FROM crm.site
		UNION ALL SELECT 'bill ' || customer_id || national FROM crm.bill) AS rows`)
}

func TestAMergeMovesTheFamilyAndItsUndoPutsEverythingBack(t *testing.T) {
	p := newPair(t)
	before := p.families(t)
	m := p.merge(t, "creditCode", "class", "address")
	survivor, err := p.Customers.Get(t.Context(), p.HeadA, p.survivor.ID)
	if err != nil || survivor.CreditCode != p.merged.CreditCode || survivor.Class != codes.ClassA1 || survivor.Name != p.survivor.Name || !survivor.National {
		t.Fatalf("%+v %v", survivor, err)
	}
	if want := map[string]int{"contact": 1, "contract": 1, "member": 1, "site": 1, "child": 1}; fmt.Sprint(m.Moved) != fmt.Sprint(want) {
		t.Errorf("moved %v, want %v", m.Moved, want)
	}
	s, g := p.survivor.ID, p.merged.ID
	if got, want := p.families(t), fmt.Sprintf("bill %dtrue bill %dtrue child %d contact %dtrue contract %dtrue member %d site %d", s, g, s, s, s, s, s); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	merged, err := p.Customers.Get(t.Context(), p.HeadA, g)
	if err != nil || merged.MergedInto != s || merged.MergedIntoNumber != p.survivor.Number || merged.Lifecycle != codes.Lost || merged.CreditCode != "" || merged.ParentID != s {
		t.Fatalf("%+v %v", merged, err)
	}
	o, err := p.all.Overview.ByID(t.Context(), p.HeadA, s)
	if err != nil || len(o.Bills) != 1 || o.Bills[0].AmountFen != 123 || len(o.Contacts) != 1 || len(o.Children) != 1 {
		t.Errorf("overview: %+v %v", o, err)
	}
	if found, err := p.Customers.LookAlikes(t.Context(), p.HeadA, customer.Question{Name: "沐岸电器"}); err != nil || len(found.Shown) != 1 || found.Shown[0].ID != s {
		t.Errorf("its old name leads to %+v, %v", found, err)
	}

	if _, err := p.all.Merges.Undo(t.Context(), p.HeadA, m.ID); err != nil {
		t.Fatal(err)
	}
	if after := p.families(t); after != before {
		t.Errorf("after the undo %s, want %s", after, before)
	}
	for _, was := range []customer.Customer{p.survivor, p.merged} {
		is, err := p.Customers.Get(t.Context(), p.HeadA, was.ID)
		if err != nil || is.Facts != was.Facts || is.National != was.National || is.MergedInto != 0 {
			t.Errorf("%+v, want %+v, %v", is, was, err)
		}
	}
	if found, err := p.Customers.LookAlikes(t.Context(), p.HeadA, customer.Question{Name: "沐岸电器"}); err != nil || len(found.Shown) != 1 || found.Shown[0].ID != g {
		t.Errorf("its old name leads to %+v, %v", found, err)
	}
	if _, err := p.all.Merges.Undo(t.Context(), p.HeadA, m.ID); !fault.Is(err, fault.Rule) {
		t.Errorf("undone twice: %v", err)
	}
	lines := customertest.Value[string](t, p.DB, `SELECT string_agg(action || customer_id, ' ' ORDER BY id) FROM audit.line WHERE object_kind = 'merge'`)
	if want := fmt.Sprintf("customer.merge%d customer.merge%d customer.unmerge%d customer.unmerge%d", s, g, s, g); lines != want {
		t.Errorf("%s, want %s", lines, want)
	}
	if list, err := p.all.Merges.Of(t.Context(), p.HeadA, g); err != nil || len(list) != 1 || list[0].UndoneBy != "head-a" {
		t.Errorf("%+v %v", list, err)
	}
	if list, err := p.all.Merges.Of(t.Context(), p.Colleague, g); err != nil || len(list) != 0 {
		t.Errorf("who cannot see the survivor is told of it: %+v %v", list, err)
	}
}

func TestNothingIsWrittenToAMergedCustomer(t *testing.T) {
	p := newPair(t)
	p.merge(t)
	merged, err := p.Customers.Get(t.Context(), p.HeadA, p.merged.ID)
	if err != nil {
		t.Fatal(err)
	}
	f := merged.Facts
	f.Address = "新"
	_, changed := p.Customers.Change(t.Context(), p.HeadA, merged.ID, merged.Version, f)
	_, added := p.all.Contacts.Add(t.Context(), p.HeadA, merged.ID, contact.Facts{Role: contact.Other, Name: "张某"})
	for name, err := range map[string]error{"change": changed, "contact": added} {
		if !fault.Is(err, fault.Rule) || !strings.Contains(err.Error(), "number="+p.survivor.Number) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for text, want := range map[string]int{"": 3, "榕澄电力": 1, merged.Number: 1, p.survivor.Number: 1} {
		page, err := p.Customers.Search(t.Context(), p.HeadA, customer.Filter{Text: text, Sort: "id", Page: 1, Size: 10})
		if err != nil || page.Total != want {
			t.Errorf("%q: %d customers, want %d, %v", text, page.Total, want, err)
		}
	}
}

// The parent of the merged customer went below a subsidiary that the merge took away: with the subsidiary
// back nobody would be on top.
func TestAnUndoneMergeClosesNoCircle(t *testing.T) {
	p := newPair(t)
	parent := p.Add(t, customertest.Facts("母公司", p.ManagerUnit.ID))
	p.merged = p.Change(t, p.merged, func(f *customer.Facts) { f.ParentID = parent.ID })
	m := p.merge(t, "creditCode")
	p.Change(t, parent, func(f *customer.Facts) { f.ParentID = p.child.ID })
	before := pgtest.Digest(t, p.Database.Owner(t))
	if _, err := p.all.Merges.Undo(t.Context(), p.HeadA, m.ID); !fault.Is(err, fault.Rule) || !strings.Contains(err.Error(), "merge.undo.circle") {
		t.Errorf("undone with %v", err)
	}
	if after := pgtest.Digest(t, p.Database.Owner(t)); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Error("what was refused has changed something")
	}
}

func TestWhatStandsAgainstAMergeOrItsUndoIsSaid(t *testing.T) {
	for name, test := range map[string]struct {
		between func(t *testing.T, p *pair)
		code    string
	}{
		"a fact that was taken was changed": {func(t *testing.T, p *pair) {
			now, _ := p.Customers.Get(t.Context(), p.Everybody, p.survivor.ID)
			p.Change(t, now, func(f *customer.Facts) { f.Address = "后来" })
		}, "merge.undo.changed fields=address"},
		"a contact was removed": {func(t *testing.T, p *pair) {
			if _, err := p.DB.Exec(t.Context(), `DELETE FROM crm.contact WHERE customer_id = $1`, p.survivor.ID); err != nil {
				t.Fatal(err)
			}
		}, "merge.undo.gone count=1 relation=contact"},
		"a subsidiary went elsewhere": {func(t *testing.T, p *pair) {
			now, _ := p.Customers.Get(t.Context(), p.Everybody, p.child.ID)
			p.Change(t, now, func(f *customer.Facts) { f.ParentID = 0 })
		}, "merge.undo.gone count=1 relation=child"},
		"another took the credit code": {func(t *testing.T, p *pair) {
			now, _ := p.Customers.Get(t.Context(), p.Everybody, p.survivor.ID)
			p.Change(t, now, func(f *customer.Facts) { f.CreditCode = "" })
		}, "merge.undo.changed fields=creditCode"},
		"the survivor was merged": {func(t *testing.T, p *pair) {
			third := p.Add(t, customertest.Facts("三号公司", p.ManagerUnit.ID))
			now, _ := p.Customers.Get(t.Context(), p.Everybody, p.survivor.ID)
			if _, err := p.all.Merges.Make(t.Context(), p.HeadA, merge.Order{SurvivorID: third.ID, SurvivorVersion: 1, MergedID: now.ID, MergedVersion: now.Version, Reason: "同"}); err != nil {
				t.Fatal(err)
			}
		}, "merge.undo.survivor_merged"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t)
			m := p.merge(t, "creditCode", "address")
			test.between(t, p)
			before := pgtest.Digest(t, p.Database.Owner(t))
			if _, err := p.all.Merges.Undo(t.Context(), p.HeadA, m.ID); !fault.Is(err, fault.Rule) || !strings.Contains(err.Error(), test.code) {
				t.Errorf("%v, want %s", err, test.code)
			}
			if after := pgtest.Digest(t, p.Database.Owner(t)); fmt.Sprint(after) != fmt.Sprint(before) {
				t.Error("what was refused has changed something")
			}
		})
	}
	p := newPair(t)
	order := merge.Order{SurvivorID: p.child.ID, SurvivorVersion: 1, MergedID: p.merged.ID, MergedVersion: 1, Reason: "同"}
	if _, err := p.all.Merges.Make(t.Context(), p.HeadA, order); err == nil || !strings.Contains(err.Error(), "merge.below") {
		t.Errorf("merged into its own subsidiary: %v", err)
	}
	order.SurvivorID, order.SurvivorVersion = p.survivor.ID, 7
	if _, err := p.all.Merges.Make(t.Context(), p.HeadA, order); !fault.Is(err, fault.Conflict) {
		t.Errorf("of a version that nobody saw: %v", err)
	}
	order.SurvivorVersion = 1
	if _, err := p.all.Merges.Make(t.Context(), p.HeadB, order); !fault.Is(err, fault.NotFound) {
		t.Errorf("by who sees neither: %v", err)
	}
	p.joins(t, p.survivor.ID, "13900000002", "601")
	if _, err := p.all.Merges.Make(t.Context(), p.HeadA, order); err == nil || !strings.Contains(err.Error(), "merge.short_number") {
		t.Errorf("with a short number twice: %v", err)
	}
	if _, err := p.all.Merges.Make(t.Context(), p.Manager, order); !fault.Is(err, fault.Denied) {
		t.Errorf("by an account manager: %v", err)
	}
}

// TestEveryTableOfACustomerIsMovedOrStaysForAReason fails when a table is added that a merge does not
// know.
func TestEveryTableOfACustomerIsMovedOrStaysForAReason(t *testing.T) {
	known := []string{
		"contact", "contract", "subscription", "member", "site", "interaction", "situation", "wish", // move
		"customer",             // subsidiaries move; merged_into is the pointer
		"bill", "member_count", // stay, and are added up where the survivor is shown
		"customer_figure",     // is counted from what moved
		"sensitive_viewer",    // may see the merged one
		"team_member",         // serve the merged one; the survivor has a team of its own
		"responsibility",      // is about the merged one
		"class_history",       // is about the merged one
		"lifecycle_history",   // too
		"lifecycle_hold",      // holds the merged one's stage, which no rule judges
		"roster_entry",        // too, and the survivor is put into rosters by its own reasons
		"proposal",            // is of the merged one, and is not shown
		"selection_flip",      // too
		"value_score",         // too
		"customer_attributes", // are what was stated of the merged one
		"customer_name",       // copied to the survivor
		"customer_merge",      // the merge itself
		"job",                 // tells what was done to the merged one; what is left of an open one is refused
	}
	rows, err := newSite(t).Database.Owner(t).Query(t.Context(), `SELECT DISTINCT conrelid::regclass::text FROM pg_constraint
		WHERE contype = 'f' AND confrelid = 'crm.customer'::regclass`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			t.Fatal(err)
		}
		if table = strings.TrimPrefix(table, "crm."); !slices.Contains(known, table) {
			t.Errorf("what becomes of crm.%s when its customer is merged?", table)
		}
	}
}
