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

// keyPersons lets the manager say who decides at the customer, and how they want to be reached.
func (v *visit) keyPersons(t *testing.T) {
	b := v.open(t, v.fujian)
	signIn(b, v.fujian.Account(account.AccountManager))
	b.Open(fmt.Sprintf("%s/customers/%d", v.fujian.Portal, v.id))
	b.Click("contact-new")
	b.Type("field-name", "周虚构")
	b.Type("field-email", "zhou@example.com")
	b.ClickCSS("#contact_doNotContact")
	b.Shot("key-person-form")
	b.Click("save")
	b.SeeGone("form-contact")
	b.See("key-persons-0-unknown", "周虚构")
	b.See("block-contacts", "勿扰")
	b.See("block-contacts", "zhou@example.com")
	b.Shot("key-persons")
	b.ClickCSS("[data-testid='menu'] a[href='/birthdays']")
	b.See("page-title", "生日")
	b.ClickText("[data-testid='birthday-days'] label", "90 天内")
	b.SeeURL("days=90")
	b.Shot("birthdays")
	b.Check()
}
