//go:build browser

package demo_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/jackc/pgx/v5"

	"jike/cmd/jike/demo/browsertest"
	"jike/cmd/jike/demo/world"
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

	v.board(b, head)

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

// board has a head group the list, open a group, and move a customer on the board, by the keyboard and by the mouse.
func (v *visit) board(b *browsertest.Browser, head world.Account) {
	b.See("view-bar", "D 类客户") // or the page would still be the one before
	b.ClickCSS("[data-testid='menu'] a[href='/customers']")
	b.See("view-bar", "全部客户")
	b.Type("display-select", "分组：客户等级")
	b.Press(kb.Enter)
	b.SeeURL("group=class")
	b.Shot("groups")
	customers := b.Attribute("group-row-C", "data-customers")
	b.ClickCSS("[data-testid='group-row-C'] a")
	b.SeeURL("class=C")
	b.SeeAttribute("hit-count", "data-total", customers)
	b.Type("display-select", "看板：客户等级")
	b.Press(kb.Enter)
	b.SeeAttribute("board-column-C", "data-total", customers) // the only column: the list is narrowed to it
	b.Click("filter-reset")
	b.SeeCount("[data-testid^='board-column-'][data-total]", 6)
	b.Shot("board-of-classes")
	number := v.ofClass("C", head.UnitID)
	b.Type("search", number)
	b.SeeAttribute("board-column-C", "data-total", "1")
	b.TabTo("card-move-" + number)
	b.Press(kb.Enter)
	b.Type("field-class", "B2")
	b.Press(kb.Enter)
	b.Type("field-classReason", "收入增长")
	b.Shot("board-move")
	b.Press(kb.Enter)
	b.SeeAttribute("board-column-C", "data-total", "0")
	b.SeeAttribute("board-column-B2", "data-total", "1")
	b.SeeGone("field-classReason")
	b.Type("display-select", "看板：生命周期")
	b.Press(kb.Enter)
	b.SeeAttribute("board-column-active", "data-total", "1")
	drop := b.Drag("card-"+number, "board-column-potential") // where no active customer goes
	b.SeeCount("[data-testid^='board-column-'].target", 2)
	drop()
	b.SeeGoneCSS(".target")
	b.Drag("card-"+number, "board-column-suspended")() // no form lies over the board
	b.See("form-move", "暂停")
	b.Click("save")
	b.SeeAttribute("board-column-suspended", "data-total", "1")
	b.SeeGone("form-move")
	b.Click("filter-reset")
	b.SeeCount("[data-testid^='card-move-']", 2)
	b.Click("view-save-as")
	b.Type("field-name", "生命周期看板")
	b.Click("save")
	b.SeeGone("field-name")
	b.SeeURL("view=")
	b.SeeCount("[data-testid^='board-column-'][data-total]", 4)
}

// ofClass is the number of an active customer of a class in the care of a department.
func (v *visit) ofClass(class string, department int64) (number string) {
	v.t.Helper()
	conn, err := pgx.Connect(v.t.Context(), v.fujian.AppURL)
	if err != nil {
		v.t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	const query = `SELECT c.number FROM crm.customer c JOIN crm.organisation m ON m.id = c.manager_id
		WHERE c.class = $1 AND c.lifecycle = 'active' AND m.parent_id = $2 AND NOT c.sensitive AND c.merged_into IS NULL ORDER BY c.id LIMIT 1`
	if err := conn.QueryRow(v.t.Context(), query, class, department).Scan(&number); err != nil {
		v.t.Fatal(err)
	}
	return number
}
