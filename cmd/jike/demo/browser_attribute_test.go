//go:build browser

package demo_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/jackc/pgx/v5"

	"jike/cmd/jike/demo/browsertest"
	"jike/internal/account"
)

// attributes defines a custom attribute, states it of a customer, finds the customer by it, and chooses it for an export.
func (v *visit) attributes(t *testing.T) {
	conn, err := pgx.Connect(t.Context(), v.fujian.AppURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var id int64
	var number string
	if err := conn.QueryRow(t.Context(), `SELECT id, number FROM crm.customer WHERE merged_into IS NULL ORDER BY id DESC LIMIT 1`).Scan(&id, &number); err != nil {
		t.Fatal(err)
	}
	b := v.open(t, v.fujian)
	signIn(b, v.fujian.Account(account.ProvinceAdministrator))
	b.Open(v.fujian.Portal + "/attributes")
	b.Click("attribute-new")
	b.Type("field-code", "access")
	b.Type("field-kind", "选项")
	b.Press(kb.Enter)
	b.Type("field-nameZh", "接入方式")
	b.Type("field-nameEn", "Access")
	b.Type("field-choices", "fibre, 光纤, Fibre\nradio, 无线, Radio")
	b.Shot("attribute")
	b.Click("save")
	b.SeeCount("[data-testid='attribute-edit-access']", 1)

	b.Open(fmt.Sprintf("%s/customers/%d", v.fujian.Portal, id))
	b.Click("attributes-edit")
	b.Type("field-access", "光纤")
	b.ClickText(".ant-select-item-option", "光纤")
	b.Shot("attributes")
	b.Click("save")
	b.See("block-attributes", "光纤")
	b.See("block-timeline", "填写自定义属性")

	b.Open(v.fujian.Portal + "/customers?attribute=access&value=fibre")
	b.SeeAttribute("hit-count", "data-total", "1")
	b.See("customer-row-"+number, number)
	b.Shot("attribute-filter")
	b.Click("customer-export")
	b.Type("export-attributes", "接入方式")
	b.Press(kb.Enter)
	b.Shot("export-attributes")
	v.completeness(b, id)
	v.rules(b, id)
	v.rosters(b, number)
}

// completeness looks at what the file of a customer lacks, and whose files lack most; the rule changes.
func (v *visit) completeness(b *browsertest.Browser, id int64) {
	b.Open(fmt.Sprintf("%s/customers/%d", v.fujian.Portal, id))
	b.TabTo("missing-site")
	b.Press(kb.Enter)
	b.SeeURL("#block-sites")
	b.Open(v.fujian.Portal + "/completeness?by=department")
	b.ClickCSS("[data-testid^='completeness-open-']:not([data-testid$='-0'])") // not those that are nobody's
	b.SeeURL("department=")
	b.Shot("completeness")
	b.ClickCSS("[data-testid^='completeness-open-']")
	b.SeeCount("[data-testid^='completeness-row-']", 1)
	b.Shot("completeness-rows")
	b.Click("completeness-rule")
	b.Type("field-site", "9")
	b.Shot("completeness-rule")
	b.Click("save")
	b.SeeGone("side-form")
}
