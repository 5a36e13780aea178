//go:build browser

package demo_test

import (
	"testing"

	"jike/internal/account"
)

// reference changes reference data at headquarters and sees it in a province.
func (v *visit) reference(t *testing.T) {
	b := v.open(t, v.world.National)
	signIn(b, v.world.National.Account(account.HeadquartersAnalyst))
	b.ClickCSS("[data-testid='menu'] a[href='/reference']")
	b.See("reference-row-1", "IDL100")
	b.SeeAttribute("reference-receivers", "data-current", "2")
	b.Shot("national-reference")
	b.Click("reference-edit-1")
	b.Shot("national-reference-edit")
	b.Type("field-nameZh", "互联网专线 100M（新）")
	b.Click("save")
	b.See("reference-row-1", "（新）")

	b.Click("reference-kind-key-accounts")
	b.SeeURL("kind=key-accounts")
	b.SeeCount("label:has(:checked) [data-testid='reference-kind-key-accounts']", 1) // the address is there before the page
	b.Click("reference-import")
	b.Type("import-text", "creditCode,name,since\n91000000MA00000158,澄川集团,2026-01-01")
	b.Click("import-try")
	b.See("import-result", "未写入")
	b.Shot("national-reference-import")

	p := v.open(t, v.fujian)
	signIn(p, v.fujian.Account(account.ProvinceAdministrator))
	p.See("notices", "满意度")
	p.Shot("notices")
	p.ClickCSS("[data-testid='menu'] a[href='/reference']")
	p.See("reference-row-1", "（新）")
	p.See("reference-freshness", "版本")
	p.Click("extend-1")
	p.Type("field-localName", "福建快线")
	p.Click("save")
	p.See("reference-row-1", "福建快线")
	p.Shot("reference")
}
