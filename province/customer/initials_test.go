package customer_test

import (
	"log/slog"
	"testing"

	"jike/province/customer"
	"jike/province/customer/customertest"
)

func TestInitials(t *testing.T) {
	for name, want := range map[string]string{
		"福建电力": "fjdl", "厦门长安银行": "xmcayh", "重庆重工": "cqzg", "大厦": "ds", "旅行社": "lxs", "ＡＢ科技（中国）2号": "abkjzg2h",
		"安达": "ad", "音乐厅": "yyt", "䶮喆": "yz", "！？": "", "Öko": "ko",
	} {
		if got := customer.Initials(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestInitialsOfOlderNamesAreMade(t *testing.T) {
	w := customertest.New(t)
	w.Add(t, customertest.Facts("福州喆镕有限公司（原名：榕城公司）", 0))
	want := customertest.Value[string](t, w.DB, `SELECT string_agg(initials || ' ' || core_initials, ', ' ORDER BY name) FROM crm.customer_name`)
	if _, err := w.DB.Exec(t.Context(), `UPDATE crm.customer_name SET initials = NULL, core_initials = NULL`); err != nil {
		t.Fatal(err)
	}
	w.Customers.CompleteNames(t.Context(), slog.New(slog.DiscardHandler))
	got := customertest.Value[string](t, w.DB, `SELECT string_agg(initials || ' ' || core_initials, ', ' ORDER BY name) FROM crm.customer_name`)
	if got != want || want == "" {
		t.Errorf("%q, want %q", got, want)
	}
}
