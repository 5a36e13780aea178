//go:build browser

package demo_test

import (
	"testing"

	"github.com/chromedp/chromedp/kb"

	"jike/internal/account"
)

// search finds things by the keyboard alone, in both languages.
func (v *visit) search(t *testing.T) {
	b := v.open(t, v.fujian)
	signIn(b, v.fujian.Account(account.AccountManager))
	b.See("page-title", "客户")
	find := func(text, kind, hit string) {
		b.PressCtrl("k")
		b.SeeFocus("search-text")
		b.Press(text)
		b.SeeAttribute("search-status", "data-settled", "true")
		b.See("search-"+kind, hit)
	}
	find(v.number, "customers", v.name)
	b.Shot("search")
	b.Press(kb.Enter)
	b.See("page-title", v.name)
	b.SeeGone("search-dialog")

	find(string([]rune(v.name)[2:4]), "customers", v.name)
	b.Press(kb.Escape)
	b.SeeGone("search-dialog")

	find("客户", "pages", "新建客户")
	b.Press(kb.ArrowUp) // round to the last
	b.Press(kb.Enter)
	b.See("page-title", "新建客户")
	b.Click("language-switch")
	b.SeeLanguage("en")
	find("cust", "pages", "New customer")
	b.Press(kb.Escape)
	b.Click("language-switch")
	b.SeeLanguage("zh-CN")
}
