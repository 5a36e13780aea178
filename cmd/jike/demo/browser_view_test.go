//go:build browser

package demo_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"jike/internal/account"
)

// views has a head of department keep a view by the keyboard and share it with the department, where the manager
// begins with it, changes it and goes back to it. The board of the department counts what the list does.
func (v *visit) views(t *testing.T) {
	head, manager := v.fujian.Account(account.DepartmentHead), v.fujian.Account(account.AccountManager)
	b := v.open(t, v.fujian)
	signIn(b, head)
	b.See("view-bar", "全部客户")
	b.Open(v.fujian.Portal + "/customers?class=D&sort=name&dir=desc")
	b.See("view-bar", "全部客户")
	b.TabTo("view-columns")
	b.Press(kb.Enter)
	b.TabTo("column-city")
	b.Press(" ")
	b.SeeGone("column-down-city")
	b.SeeURL("columns=")
	b.TabTo("column-up-manager")
	b.Press(kb.Enter)
	b.Shot("view-columns")
	b.Press(kb.Escape)
	b.SeeGone("column-chooser")
	b.TabTo("view-save-as")
	b.Press(kb.Enter)
	b.Type("field-name", "D 类客户")
	b.Type("field-audience", "的所有人")
	b.ClickText(".ant-select-item-option", strings.TrimSuffix(head.Name, "主管")+"的所有人")
	b.Shot("view-share")
	b.Click("save")
	b.SeeGone("field-name")
	b.SeeURL("view=")
	total := b.Attribute("hit-count", "data-total")

	shared := v.open(t, v.fujian)
	signIn(shared, manager)
	shared.Type("view-select", "D 类")
	shared.Press(kb.Enter)
	shared.SeeURL("view=")
	shared.See("view-bar", head.Name)
	shared.SeeGone("view-changed")
	shared.Click("view-default")
	shared.ClickCSS("[data-testid='menu'] a[href='/customers']")
	shared.SeeURL("view=")
	shared.Type("search", "有限")
	shared.See("view-changed", "已改动")
	shared.Shot("view")
	shared.Click("view-revert")
	shared.SeeGone("view-changed")

	b.ClickCSS("[data-testid='menu'] a[href='/customers']")
	b.Type("view-select", "D 类")
	b.Press(kb.Enter)
	b.SeeAttribute("hit-count", "data-total", total)
	b.Type("filter-unit", strings.TrimSuffix(head.Name, "主管")) // everything that a head reaches
	b.Press(kb.Enter)
	b.SeeURL("unit=")
	b.SeeAttribute("hit-count", "data-total", total)
	b.Click("chip-week")
	b.SeeURL("changed=week")
	b.Click("chip-week")
	b.SeeAttribute("hit-count", "data-total", total)

	b.ClickCSS("[data-testid='menu'] a[href='/dashboard']")
	b.SeeCount("[data-testid='chart'] canvas", 2)
	b.Shot("department-board")
	b.ClickCSS("[data-testid='stages-form'] label:last-child")
	b.See("board-row-"+fmt.Sprint(manager.UnitID), manager.Name)
	b.Shot("department-board-table")
	b.ClickCSS("tbody a[href='/customers?class=D']") // as many as the list has
	b.SeeAttribute("hit-count", "data-total", total)
}
