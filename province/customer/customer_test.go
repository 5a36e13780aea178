package customer_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/internal/pg/pgtest"
	"jike/province/customer"
	"jike/province/customer/customertest"
	"jike/schemas/codes"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestCreateIssuesANumberAndKeepsEveryFact(t *testing.T) {
	w := customertest.New(t)
	capital, sales, heads := int64(100_000_00), int64(5), int32(12)
	f := customertest.Facts("福建榕城电力设备有限公司", w.ManagerUnit.ID)
	f.CreditCode, f.Class, f.CrossProvince = customertest.CreditCode(t, 1), codes.ClassA1, true
	f.Address, f.Postcode, f.LegalPerson, f.Profile, f.Remark = "福州市鼓楼区", "350001", "张某", strings.Repeat("简介", 5000), "备注"
	f.RegisteredCapitalFen, f.AnnualSalesFen, f.Headcount = &capital, &sales, &heads
	f.Standing = customer.Standing{OrganisationType: "enterprise", LicenceType: "tax", LicenceNumber: "T-1", CreditLevel: "B", CreditLimitFen: &capital}
	c := w.Add(t, f)
	if c.Number != "5910000000001" || c.Version != 1 || !c.National || c.ManagerName != "林一" || c.DepartmentName != "集客一部" {
		t.Fatalf("%+v", c)
	}
	got, err := w.Customers.Get(t.Context(), w.Manager, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if *got.RegisteredCapitalFen != capital || *got.Headcount != heads || *got.AnnualSalesFen != sales {
		t.Errorf("amounts: %+v", got)
	}
	got.CreditLimitFen = f.CreditLimitFen
	got.RegisteredCapitalFen, got.AnnualSalesFen, got.Headcount = f.RegisteredCapitalFen, f.AnnualSalesFen, f.Headcount
	if got.Facts != f {
		t.Errorf("facts: %+v, want %+v", got.Facts, f)
	}
	line := customertest.Value[string](t, w.DB, `SELECT action || ' ' || (after->>'creditCode') FROM audit.line WHERE customer_id = $1`, c.ID)
	if line != "customer.create "+string(f.CreditCode) {
		t.Errorf("audit line %q", line)
	}
}

func TestChangeIsRefusedForAnOlderVersionAndTellsTheCurrentOne(t *testing.T) {
	w := customertest.New(t)
	c := w.Add(t, customertest.Facts("甲公司", w.ManagerUnit.ID))
	mine := c.Facts
	mine.Address = "mine"
	w.Change(t, c, func(f *customer.Facts) { f.Address = "theirs" })
	_, err := w.Customers.Change(t.Context(), w.Manager, c.ID, c.Version, mine)
	var conflict *fault.StaleError[customer.Customer]
	if !errors.As(err, &conflict) || !fault.Is(err, fault.Conflict) || conflict.Current.Address != "theirs" || conflict.Current.Version != 2 {
		t.Fatalf("%v", err)
	}
}

func TestSameFactsChangeNothing(t *testing.T) {
	w := customertest.New(t)
	c := w.Add(t, customertest.Facts("甲公司", w.ManagerUnit.ID))
	again := w.Change(t, c, func(*customer.Facts) {})
	lines := customertest.Value[int](t, w.DB, `SELECT count(*) FROM audit.line WHERE customer_id = $1`, c.ID)
	if again.Version != 1 || lines != 1 {
		t.Fatalf("version %d, %d audit lines", again.Version, lines)
	}
}

func TestChangeRollsBackWhenTheAuditLineCannotBeWritten(t *testing.T) {
	w := customertest.New(t)
	c := w.Add(t, customertest.Facts("甲公司", w.ManagerUnit.ID))
	if _, err := w.Database.Owner(t).Exec(t.Context(), `REVOKE INSERT ON audit.line FROM jike_app`); err != nil {
		t.Fatal(err)
	}
	f := c.Facts
	f.Class = codes.ClassA1
	if _, err := w.Customers.Change(t.Context(), w.Everybody, c.ID, c.Version, f); err == nil {
		t.Fatal("saved without an audit line")
	}
	after, err := w.Customers.Get(t.Context(), w.Everybody, c.ID)
	if err != nil || after.Version != 1 || after.Class != codes.ClassD || after.National {
		t.Fatalf("%+v %v", after, err)
	}
	if n := customertest.Value[int](t, w.DB, `SELECT count(*) FROM crm.class_history WHERE customer_id = $1`, c.ID); n != 1 {
		t.Fatalf("%d lines of class history", n)
	}
}

func TestWrongFactsAreAllNamed(t *testing.T) {
	w := customertest.New(t)
	negative := int64(-1)
	f := customertest.Facts(" ", 0)
	f.Industry, f.City, f.Class, f.Postcode, f.RegisteredCapitalFen = "99", "330100", "E", "35", &negative
	_, err := w.Customers.Create(t.Context(), w.Everybody, f)
	for _, code := range []string{"customer.name.missing", "industry.unknown", "customer.city.other_province", "class.unknown", "customer.postcode.format", "input.below_minimum"} {
		if err == nil || !strings.Contains(err.Error(), code) {
			t.Errorf("no %s in %v", code, err)
		}
	}
}

func TestCreditCodeIsUnique(t *testing.T) {
	w := customertest.New(t)
	f := customertest.Facts("甲公司", 0)
	f.CreditCode = customertest.CreditCode(t, 1)
	w.Add(t, f)
	f.Name = "乙公司"
	if _, err := w.Customers.Create(t.Context(), w.Everybody, f); !fault.Is(err, fault.Exists) {
		t.Fatal(err)
	}
	f.CreditCode = "" // any number of customers have none
	w.Add(t, f)
	w.Add(t, f)
}

func TestLifecycleGoesByItsTable(t *testing.T) {
	w := customertest.New(t)
	allowed := map[codes.Lifecycle]string{
		codes.Potential: "active lost", codes.Active: "suspended lost", codes.Suspended: "active lost", codes.Lost: "potential active",
	}
	for from, to := range allowed {
		for _, next := range codes.Lifecycles() {
			c := w.Add(t, customertest.Facts("甲公司", 0))
			if from != codes.Active {
				if _, err := w.DB.Exec(t.Context(), `UPDATE crm.customer SET lifecycle = $2 WHERE id = $1`, c.ID, string(from)); err != nil {
					t.Fatal(err)
				}
			}
			f := c.Facts
			f.Lifecycle = next
			_, err := w.Customers.Change(t.Context(), w.Everybody, c.ID, 1, f)
			if want := from == next || strings.Contains(to, string(next)); (err == nil) != want {
				t.Errorf("%s to %s: %v", from, next, err)
			}
		}
	}
	f := customertest.Facts("甲公司", 0)
	f.Lifecycle = codes.Lost
	if _, err := w.Customers.Create(t.Context(), w.Everybody, f); !fault.Is(err, fault.Rule) {
		t.Errorf("created lost: %v", err)
	}
}

func TestClassHistoryKeepsEveryChange(t *testing.T) {
	w := customertest.New(t)
	c := w.Add(t, customertest.Facts("甲公司", w.ManagerUnit.ID))
	c = w.Change(t, c, func(f *customer.Facts) { f.Class = codes.ClassA2 })
	c = w.Change(t, c, func(f *customer.Facts) { f.Class = codes.ClassB1 })
	var got []string
	w.InTx(t, func(tx pg.Tx) {
		history, err := w.Customers.ClassHistory(t.Context(), tx, c.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range history {
			got = append(got, string(h.From)+">"+string(h.To))
		}
	})
	if strings.Join(got, " ") != "A2>B1 D>A2 >D" {
		t.Fatal(got)
	}
}

func TestParentsMakeNoCircle(t *testing.T) {
	w := customertest.New(t)
	a := w.Add(t, customertest.Facts("甲公司", 0))
	f := customertest.Facts("乙公司", 0)
	f.ParentID = a.ID
	b := w.Add(t, f)
	f.ParentID = b.ID
	c := w.Add(t, f)
	for _, parent := range []int64{a.ID, b.ID, c.ID} {
		f := a.Facts
		f.ParentID = parent
		if _, err := w.Customers.Change(t.Context(), w.Everybody, a.ID, 1, f); !fault.Is(err, fault.Rule) {
			t.Errorf("parent %d: %v", parent, err)
		}
	}
	hidden := w.Add(t, customertest.Facts("丙公司", w.StrangerUnit.ID))
	mine := w.Add(t, customertest.Facts("丁公司", w.ManagerUnit.ID))
	f = mine.Facts
	f.ParentID = hidden.ID
	if _, err := w.Customers.Change(t.Context(), w.Manager, mine.ID, 1, f); err == nil || !strings.Contains(err.Error(), "customer.parent.unknown") {
		t.Errorf("a parent that the caller cannot see: %v", err)
	}
}

func TestTwoParentsSetAtOnceMakeNoCircle(t *testing.T) {
	w := customertest.New(t)
	a, b := w.Add(t, customertest.Facts("甲公司", 0)), w.Add(t, customertest.Facts("乙公司", 0))
	results := make(chan error, 2)
	set := func(c customer.Customer, parent int64) {
		f := c.Facts
		f.ParentID = parent
		_, err := w.Customers.Change(context.Background(), w.Everybody, c.ID, 1, f)
		results <- err
	}
	go set(a, b.ID)
	go set(b, a.ID)
	if one, two := <-results, <-results; (one == nil) == (two == nil) {
		t.Fatalf("%v, %v", one, two)
	}
}

func TestSelectionFollowsThePolicyWithEverySave(t *testing.T) {
	w := customertest.New(t)
	c := w.Add(t, customertest.Facts("甲公司", w.ManagerUnit.ID))
	for _, step := range []struct {
		name string
		edit func(f *customer.Facts)
		want bool
	}{
		{"class A2", func(f *customer.Facts) { f.Class = codes.ClassA2 }, true},
		{"sensitive", func(f *customer.Facts) { f.Sensitive = true }, false},
		{"no longer sensitive", func(f *customer.Facts) { f.Sensitive = false }, true},
		{"class C", func(f *customer.Facts) { f.Class = codes.ClassC }, false},
		{"across provinces", func(f *customer.Facts) { f.CrossProvince = true }, true},
		{"sensitive across provinces", func(f *customer.Facts) { f.Sensitive = true }, false},
	} {
		if c = w.Change(t, c, step.edit); c.National != step.want {
			t.Errorf("%s: selected is %v", step.name, c.National)
		}
	}
	if _, err := w.Database.Owner(t).Exec(t.Context(), `UPDATE crm.selection_policy SET rule = '{"classes": ["D"]}'`); err != nil {
		t.Fatal(err)
	}
	if d := w.Add(t, customertest.Facts("乙公司", 0)); !d.National {
		t.Error("the policy in force does not decide")
	}
}

func TestWhoMayDecideWhat(t *testing.T) {
	w := customertest.New(t)
	c := w.Add(t, customertest.Facts("甲公司", w.ManagerUnit.ID))
	edits := map[string]func(f *customer.Facts){
		"address":   func(f *customer.Facts) { f.Address = "x" },
		"class":     func(f *customer.Facts) { f.Class = codes.ClassA1 },
		"manager":   func(f *customer.Facts) { f.ManagerID = w.ColleagueUnit.ID },
		"elsewhere": func(f *customer.Facts) { f.ManagerID = w.StrangerUnit.ID },
		"sensitive": func(f *customer.Facts) { f.Sensitive = true },
	}
	for _, who := range []struct {
		caller account.Caller
		may    string
	}{
		{w.Manager, "address"},
		{w.HeadA, "address class manager"},
		{w.Administrator, "address class manager elsewhere sensitive"},
		{w.Colleague, ""},
		{w.HeadB, ""},
		{account.Caller{Role: account.HeadquartersAnalyst}, ""},
	} {
		for name, edit := range edits {
			err := pg.InTx(t.Context(), w.DB, func(tx pg.Tx) error {
				before, err := w.Customers.Lock(t.Context(), tx, who.caller, c.ID)
				if err != nil {
					return err
				}
				f := before.Facts
				edit(&f)
				if _, err := w.Customers.ChangeIn(t.Context(), tx, who.caller, before, f); err != nil {
					return err
				}
				return errUndo
			})
			if may := strings.Contains(who.may, name); may != errors.Is(err, errUndo) {
				t.Errorf("%s changes %s: %v", who.caller.Login, name, err)
			}
		}
	}
}

var errUndo = errors.New("undo")

func TestSensitiveCustomersAreSeenByTheirManagerAndTheAdministratorOnly(t *testing.T) {
	w := customertest.New(t)
	f := customertest.Facts("甲公司", w.ManagerUnit.ID)
	f.Sensitive = true
	c := w.Add(t, f)
	for _, who := range []struct {
		caller account.Caller
		sees   bool
	}{{w.Manager, true}, {w.Administrator, true}, {w.HeadA, false}, {w.Colleague, false}, {w.BOSS, false}} {
		_, err := w.Customers.Get(t.Context(), who.caller, c.ID)
		page, searchErr := w.Customers.Search(t.Context(), who.caller, customer.Filter{Sort: "id", Page: 1, Size: 10})
		if searchErr != nil || (err == nil) != who.sees || (page.Total == 1) != who.sees || len(page.Items) != page.Total {
			t.Errorf("%s: %v, %d in the list, %v", who.caller.Login, err, page.Total, searchErr)
		}
	}
	w.InTx(t, func(tx pg.Tx) {
		if locked, err := w.Customers.LockByNumber(t.Context(), tx, c.Number); err != nil || locked.ID != c.ID {
			t.Errorf("BOSS cannot keep it: %v", err)
		}
	})
}
