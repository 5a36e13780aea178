package customer_test

import (
	"strings"
	"testing"

	"jike/internal/fault"
	"jike/province/customer"
	"jike/province/customer/customertest"
)

func TestCreditIsDecidedByWhoMay(t *testing.T) {
	w := customertest.New(t)
	limit, other := int64(5_000_00), int64(5_000_00)
	f := customertest.Facts("榕澄电力设备有限公司", w.ManagerUnit.ID)
	f.CreditLevel = "A"
	if _, err := w.Customers.Create(t.Context(), w.Manager, f); !fault.Is(err, fault.Denied) {
		t.Errorf("an account manager rates a new customer: %v", err)
	}
	f.CreditLimitFen = &limit
	c := w.Add(t, f)
	edit := c.Facts
	edit.CreditLimitFen, edit.Address = &other, "福州市" // the same limit, sent back
	c, err := w.Customers.Change(t.Context(), w.Manager, c.ID, c.Version, edit)
	if err != nil {
		t.Errorf("an edit that leaves the credit as it is: %v", err)
	}
	edit.CreditLimitFen = nil
	if _, err := w.Customers.Change(t.Context(), w.Manager, c.ID, c.Version, edit); !fault.Is(err, fault.Denied) {
		t.Errorf("an account manager lifts the limit: %v", err)
	}
	if _, err := w.Customers.Change(t.Context(), w.HeadA, c.ID, c.Version, edit); err != nil {
		t.Errorf("the head of the department: %v", err)
	}
	line := customertest.Value[string](t, w.DB, `SELECT before->>'creditLimitFen' FROM audit.line WHERE customer_id = $1 ORDER BY id DESC LIMIT 1`, c.ID)
	if line != "500000" {
		t.Errorf("the trail says %q", line)
	}
}

func TestAWrongStandingIsRefused(t *testing.T) {
	w := customertest.New(t)
	negative := int64(-1)
	for code, s := range map[string]customer.Standing{
		"field organisationType":      {OrganisationType: "club"},
		"field licenceType":           {LicenceType: "passport", LicenceNumber: "1"},
		"field creditLevel":           {CreditLevel: "E"},
		"customer.licence.incomplete": {LicenceType: "tax"},
		"input.format":                {LicenceType: "tax", LicenceNumber: "号"},
		"input.too_long":              {LicenceType: "tax", LicenceNumber: strings.Repeat("1", 41)},
		"input.below_minimum":         {CreditLimitFen: &negative},
	} {
		f := customertest.Facts("榕澄电力设备有限公司", 0)
		f.Standing = s
		if _, err := w.Customers.Create(t.Context(), w.Everybody, f); err == nil || !strings.Contains(err.Error(), code) {
			t.Errorf("%+v: %v, want %s", s, err, code)
		}
	}
}
