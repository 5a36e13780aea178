//go:build browser

package demo_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/jackc/pgx/v5"

	"jike/internal/account"
)

// hierarchy looks at the customer with the most below it and goes down its tree by keyboard, and enters a site of
// one of its subsidiaries, closes it, says how the subsidiary was called and what it is worth.
func (v *visit) hierarchy(t *testing.T) {
	conn, err := pgx.Connect(t.Context(), v.fujian.AppURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var top, child, grandchild, customers int64
	const largest = `WITH RECURSIVE below AS (
			SELECT id AS top, id FROM crm.customer WHERE parent_id IS NULL
			UNION ALL SELECT b.top, c.id FROM below b JOIN crm.customer c ON c.parent_id = b.id),
		sizes AS (SELECT top, count(*) AS customers FROM below GROUP BY top)
		SELECT s.top, c.id, min(g.id), s.customers FROM sizes s JOIN crm.customer c ON c.parent_id = s.top JOIN crm.customer g ON g.parent_id = c.id
		GROUP BY s.top, c.id, s.customers ORDER BY s.customers DESC, c.id LIMIT 1`
	if err := conn.QueryRow(t.Context(), largest).Scan(&top, &child, &grandchild, &customers); err != nil {
		t.Fatal("no customer has any below those below it: ", err)
	}
	b := v.open(t, v.fujian)
	signIn(b, v.fujian.Account(account.ProvinceAdministrator))
	b.Open(fmt.Sprintf("%s/customers/%d", v.fujian.Portal, top))
	b.SeeAttribute("tree-rollup", "data-customers", fmt.Sprint(customers))
	opener := fmt.Sprintf("tree-open-%d", child)
	b.TabTo(opener)
	b.Press(kb.Enter)
	b.SeeAttribute(opener, "aria-expanded", "true")
	b.See(fmt.Sprintf("tree-level-%d", child), "收入")
	b.SeeURL(fmt.Sprintf("opened=%d", child))
	b.Shot("hierarchy")
	b.ClickCSS(fmt.Sprintf("[data-testid='tree-level-%d'] a[href='/customers/%d']", child, grandchild))
	b.SeeCount("[data-testid='tree-path'] a", 2)

	b.Click("site-new")
	b.Type("field-name", "二号厂区")
	b.Type("field-city", "杭州")
	b.Press(kb.Enter)
	b.Type("field-street", "澄川路18号")
	b.Shot("site")
	b.Click("save")
	b.See("block-sites", "二号厂区")
	b.See("block-sites", "规划中")
	for _, day := range []struct{ field, text, status string }{{"field-openedOn", "2026-01-01", "在用"}, {"field-closedOn", "2026-02-01", "已关闭"}} {
		b.ClickCSS("[data-testid^='site-edit-']")
		b.Type(day.field, day.text)
		b.Press(kb.Enter) // takes the day and saves
		b.See("block-sites", day.status)
		b.SeeGone("side-form")
	}
	b.See("block-timeline", "修改地址分支")
	b.Type("former-name", "鹭岛旧称有限公司")
	b.Press(kb.Enter)
	b.See("block-names", "鹭岛旧称有限公司")
	b.See("block-timeline", "添加曾用名")
	b.Type("value-score-input", "85")
	b.Type("value-reason", "新签专线")
	b.Press(kb.Enter)
	b.See("value-score", "85")
	b.Shot("value")
}
