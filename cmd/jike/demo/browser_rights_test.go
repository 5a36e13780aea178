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

// accounts lets the administrator open an account, its owner change the first password, and the
// administrator end the owner's session.
func (v *visit) accounts(t *testing.T) {
	b := v.open(t, v.fujian)
	signIn(b, v.fujian.Account(account.ProvinceAdministrator))
	b.ClickCSS("[data-testid='menu'] a[href='/accounts']")
	b.See("account-row-manager", "客户经理")
	b.Shot("accounts")
	b.Click("account-new")
	b.Type("field-login", "newcomer")
	b.Type("field-name", "钱虚构")
	b.ClickCSS("#account_role")
	b.ClickText(".ant-select-item-option-content", "省管理员")
	b.Shot("account-new")
	b.Click("save")
	password := b.Text("first-password")
	b.Shot("first-password")
	b.Click("first-password-close")
	b.See("account-row-newcomer", "钱虚构")

	owner := v.open(t, v.fujian)
	owner.Type("sign-in-login", "newcomer")
	owner.Type("sign-in-password", password)
	owner.Press(kb.Enter)
	owner.See("forced-password", "")
	owner.Type("field-old", password)
	owner.Type("field-password", "Autumn-leaf-77")
	owner.Type("field-again", "Autumn-leaf-77")
	owner.Shot("forced-password")
	owner.Press(kb.Enter)
	owner.See("session-user", "钱虚构")
	owner.Click("session-user")
	owner.See("block-own-sessions", "127.0.0.1")
	owner.See("rights-detail", "可独自导出")
	owner.Shot("own-account")

	b.ClickCSS("[data-testid='account-row-newcomer'] a")
	b.See("block-sessions", "127.0.0.1")
	b.See("block-rights", "管理账号")
	b.See("rights-detail", "可独自导出")
	b.Shot("account")
	b.ClickCSS("[data-testid^='session-end-']")
	b.SeeCount("[data-testid='block-sessions'] .ant-empty", 1)
	owner.Allow(401, "GET", "/api/")
	owner.ClickCSS("[data-testid='menu'] a[href='/jobs']") // which nothing has read yet
	owner.See("sign-in-form", "")
	owner.Check()
	b.ClickCSS("[data-testid='menu'] a[href='/organisation']")
	b.ClickCSS("[data-testid^='unit-create-']") // below the province
	b.Type("unit-code", "999999")
	b.Type("unit-name", "虚构分公司")
	b.Allow(422, "POST", "/api/organisation")
	b.Click("unit-save")
	b.See("unit-problem", "城市代码")
	b.Shot("unit-new")
	b.ClickCSS(".ant-drawer-close")
	b.ClickCSS("[data-testid^='unit-close-']") // of a city, which has customers
	b.ClickCSS(".ant-popconfirm-buttons .ant-btn-primary")
	b.Allow(422, "POST", "/api/organisation/")
	b.See("unit-refused", "尚")
	b.Shot("organisation")
	b.Check()
}

// trail lets the administrator see who did what, and that the chain holds.
func (v *visit) trail(t *testing.T) {
	b, administrator := v.open(t, v.fujian), v.fujian.Account(account.ProvinceAdministrator)
	signIn(b, administrator)
	b.ClickCSS("[data-testid='menu'] a[href='/audit']")
	b.See("page-title", "审计日志")
	b.Type("filter-actor", administrator.Login)
	b.Press(kb.Enter)
	b.SeeURL("actor=" + administrator.Login)
	b.See("trail-row-session.open", "登录")
	b.Click("verification-start")
	b.SeeCount("[data-state='holds']", 1)
	b.See("block-verification", "完整")
	b.Shot("audit")
	b.Check()
}

// administration lets headquarters' administrator see accounts and trail of the node, and no customer.
func (v *visit) administration(t *testing.T) {
	b := v.open(t, v.world.National)
	signIn(b, v.world.National.Account(account.HeadquartersAdmin))
	b.ClickCSS("[data-testid='menu'] a[href='/accounts']")
	b.See("account-row-analyst", "总部分析员")
	b.SeeGoneCSS("[data-testid='menu'] a[href='/customers']")
	b.Shot("national-accounts")
	b.ClickCSS("[data-testid='menu'] a[href='/audit']")
	b.See("trail-row-session.open", "登录")
	b.Shot("national-audit")
}
