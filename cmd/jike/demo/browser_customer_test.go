//go:build browser

package demo_test

import (
	"fmt"
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

// merge makes one of the customer and the duplicate that was entered, and undoes it.
func (v *visit) merge(t *testing.T) {
	b := v.open(t, v.fujian)
	signIn(b, v.fujian.Account(account.DepartmentHead))
	b.Open(fmt.Sprintf("%s/customers/%d", v.fujian.Portal, v.id))
	b.Click("merge-open")
	b.Type("merge-other", v.name+"（中国）")
	b.ClickCSS(".ant-select-item-option")
	b.Click("merge-take-name")
	b.Type("merge-reason", "同一家企业")
	b.Shot("merge")
	b.Click("merge-make")
	b.See("page-title", v.name+"（中国）")
	b.See("block-merges", "同一家企业")
	b.ClickCSS("[data-testid='block-merges'] a")
	b.See("merged-banner", "仅供查阅")
	b.Shot("merged")
	b.ClickCSS("[data-testid='merged-banner'] a")
	b.ClickCSS("[data-testid^='merge-undo-']")
	b.Click("merge-undo-confirm")
	b.See("block-merges", "撤销")
	b.See("page-title", v.name)
	b.SeeGone("merged-banner")
}
