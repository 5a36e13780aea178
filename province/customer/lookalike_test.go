package customer_test

import (
	"log/slog"
	"strings"
	"sync"
	"testing"

	"jike/internal/fault"
	"jike/province/customer"
	"jike/province/customer/customertest"
)

func TestLookAlikesAreShownWithinScopeAndCountedBeyond(t *testing.T) {
	w := customertest.New(t)
	mine := w.Add(t, customertest.Facts("福州榕澄电力设备有限公司", w.ManagerUnit.ID))
	w.Add(t, customertest.Facts("榕澄电力设备集团有限公司", w.StrangerUnit.ID))
	w.Add(t, customertest.Facts("厦门榕澄电力设备有限公司", w.ManagerUnit.ID)) // another city
	secret := customertest.Facts("榕澄电力设备", w.StrangerUnit.ID)
	secret.Sensitive, secret.CreditCode = true, customertest.CreditCode(t, 1)
	hidden := w.Add(t, secret)

	found, err := w.Customers.LookAlikes(t.Context(), w.Manager, customer.Question{Name: "福州市榕澄电力设备股份有限公司"})
	if err != nil || len(found.Shown) != 1 || found.Shown[0].ID != mine.ID || found.Hidden != 2 || found.NearEqual() != 3 || found.CodeTaken {
		t.Fatalf("%+v %v", found, err)
	}
	found, err = w.Customers.LookAlikes(t.Context(), w.Manager, customer.Question{Name: "沐岸", CreditCode: secret.CreditCode})
	if err != nil || len(found.Shown) != 0 || found.Hidden != 0 || !found.CodeTaken {
		t.Fatalf("who has the code: %+v %v", found, err)
	}
	found, err = w.Customers.LookAlikes(t.Context(), w.Administrator, customer.Question{Name: "榕澄电力设备", CreditCode: secret.CreditCode, Except: mine.ID})
	if err != nil || len(found.Shown) != 3 || found.Shown[0].ID != hidden.ID || !found.Shown[0].SameCode || found.Shown[1].SameCode || found.NearEqual() != 2 {
		t.Fatalf("the administrator: %+v %v", found, err)
	}
	if _, err := w.Customers.LookAlikes(t.Context(), w.BOSS, customer.Question{}); err != nil {
		t.Error(err)
	}
}

func TestAnOldNameIsFoundAfterARename(t *testing.T) {
	w := customertest.New(t)
	c := w.Add(t, customertest.Facts("沐岸电器有限公司（原石泉电器厂）", w.ManagerUnit.ID))
	w.Change(t, c, func(f *customer.Facts) { f.Name = "榕澄电力设备有限公司" })
	for name, former := range map[string]bool{"沐岸电器": true, "石泉电器厂": true, "榕澄电力设备集团": false} {
		found, err := w.Customers.LookAlikes(t.Context(), w.Manager, customer.Question{Name: name})
		if err != nil || len(found.Shown) != 1 || found.Shown[0].Former != former || found.Shown[0].Name != "榕澄电力设备有限公司" {
			t.Errorf("%s: %+v %v", name, found, err)
		}
	}
}

func TestASaveBesideLookAlikesIsConfirmedAndAudited(t *testing.T) {
	w := customertest.New(t)
	mine := w.Add(t, customertest.Facts("榕澄电力设备有限公司", w.ManagerUnit.ID))
	w.Add(t, customertest.Facts("榕澄电力设备集团有限公司", w.StrangerUnit.ID))
	f := customertest.Facts("福州榕澄电力设备有限公司", w.ManagerUnit.ID)
	for confirmed, want := range []bool{false, false, true} {
		c, err := w.Customers.CreateConfirmed(t.Context(), w.Manager, f, confirmed)
		if (err == nil) != want || err != nil && (!fault.Is(err, fault.Rule) || !strings.Contains(err.Error(), "count=2")) {
			t.Fatalf("%d confirmed: %v", confirmed, err)
		}
		if err == nil {
			line := customertest.Value[string](t, w.DB, `SELECT (after->>'nearEqual') || ' ' || (after->>'others') FROM audit.line
				WHERE action = 'customer.distinct' AND customer_id = $1`, c.ID)
			if line != "2 "+mine.Number {
				t.Errorf("audit line %q", line)
			}
			// An edit that keeps the name asks nothing, one that changes it does.
			edit := c.Facts
			edit.Address = "福州市"
			if c, err = w.Customers.ChangeConfirmed(t.Context(), w.Manager, c.ID, c.Version, edit, customer.Word{}); err != nil {
				t.Error(err)
			}
			edit.Name = "榕澄电力设备股份有限公司"
			if _, err = w.Customers.ChangeConfirmed(t.Context(), w.Manager, c.ID, c.Version, edit, customer.Word{}); !fault.Is(err, fault.Rule) {
				t.Errorf("a new name was not asked about: %v", err)
			}
			if _, err = w.Customers.ChangeConfirmed(t.Context(), w.Manager, c.ID, c.Version, edit, customer.Word{Confirmed: 2}); err != nil {
				t.Error(err)
			}
		}
	}
	f.CreditCode = customertest.CreditCode(t, 7)
	w.Change(t, mine, func(g *customer.Facts) { g.CreditCode = f.CreditCode })
	if _, err := w.Customers.CreateConfirmed(t.Context(), w.Manager, f, 0); !fault.Is(err, fault.Exists) {
		t.Errorf("a taken credit code: %v", err)
	}
}

func TestTwoPersonsCannotEnterACompanyAtTheSameMoment(t *testing.T) {
	w := customertest.New(t)
	var entering sync.WaitGroup
	results := make([]error, 8)
	for i := range results {
		entering.Go(func() {
			_, results[i] = w.Customers.CreateConfirmed(t.Context(), w.Manager, customertest.Facts("榕澄电力设备有限公司", w.ManagerUnit.ID), 0)
		})
	}
	entering.Wait()
	entered := 0
	for _, err := range results {
		if err == nil {
			entered++
		} else if !fault.Is(err, fault.Rule) {
			t.Error(err)
		}
	}
	if entered != 1 {
		t.Errorf("%d times entered", entered)
	}
}

func TestNamesThatWereCopiedInWithoutAreCompleted(t *testing.T) {
	w := customertest.New(t)
	for range 3 {
		w.Add(t, customertest.Facts("榕澄电力设备有限公司", w.ManagerUnit.ID))
	}
	if _, err := w.DB.Exec(t.Context(), `DELETE FROM crm.customer_name WHERE customer_id > 1`); err != nil {
		t.Fatal(err)
	}
	w.Customers.CompleteNames(t.Context(), slog.New(slog.DiscardHandler))
	found, err := w.Customers.LookAlikes(t.Context(), w.Manager, customer.Question{Name: "榕澄电力设备"})
	if err != nil || len(found.Shown) != 3 {
		t.Fatalf("%+v %v", found, err)
	}
}
