//go:build browser

package demo_test

import (
	"testing"

	"github.com/chromedp/chromedp/kb"

	"jike/internal/account"
)

// duplicate enters a customer whose name is near-equal to that of one who is there.
func (v *visit) duplicate(t *testing.T) {
	b := v.open(t, v.fujian)
	signIn(b, v.fujian.Account(account.AccountManager))
	b.Allow(422, "POST", "/api/customers") // before it is confirmed
	b.Click("customer-new")
	b.Type("field-name", v.name+"（中国）")
	b.SeeAttribute("look-alikes", "data-near", "1")
	b.See("look-alike-"+v.number, v.name)
	for field, text := range map[string]string{"field-industry": "65", "field-city": "福州"} {
		b.Type(field, text)
		b.Press(kb.Enter)
	}
	b.Shot("look-alikes")
	b.Click("save")
	b.See("save-problem", "核对")
	b.Click("look-alikes-confirm")
	b.Click("save")
	b.See("page-title", v.name+"（中国）")
	b.See("block-timeline", "确认与名称相近的客户不同")
}
