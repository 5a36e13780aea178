//go:build browser

package demo_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"jike/internal/account"
)

// reveal has a masked phone shown to the head of a department, who says why, and the timeline tell it.
func (v *visit) reveal(t *testing.T) {
	b := v.open(t, v.fujian)
	signIn(b, v.fujian.Account(account.DepartmentHead))
	b.Open(fmt.Sprintf("%s/customers/%d", v.fujian.Portal, v.id))
	b.See("block-contacts", "160****")
	b.ClickCSS("[data-testid^='reveal-mobile-']")
	b.See("reveal-dialog", "手机")
	b.Type("reveal-reason", "客户来电，回拨确认")
	b.Shot("reveal")
	b.Press(kb.Enter)
	b.SeeGone("reveal-dialog")
	b.SeeCount("[data-testid^='revealed-mobile-']", 1)
	b.See("block-timeline", "客户来电，回拨确认")
	b.Shot("revealed")
	b.Check()
}
