//go:build browser

package demo_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/jackc/pgx/v5"

	"jike/cmd/jike/demo/browsertest"
	"jike/internal/account"
	"jike/schemas/codes"
)

// handover gives 500 customers of a colleague, in the team of one of which the manager is, to the manager, who is told of
// both, and takes them back.
func (v *visit) handover(t *testing.T) {
	colleague, one := v.colleague(t, 500)
	head, manager := v.fujian.Account(account.DepartmentHead), v.fujian.Account(account.AccountManager)
	b := v.open(t, v.fujian)
	signIn(b, head)
	v.team(b, one)
	b.ClickCSS("[data-testid='menu'] a[href='/handovers']")
	b.Click("handover-new")
	b.Type("handover-from", colleague)
	b.SeeCount(".ant-select-item-option-active", 1)
	b.Press(kb.Enter)
	b.SeeURL("manager=")
	b.SeeAttribute("handover-preview", "data-customers", "500")
	b.Type("handover-to", manager.Name)
	b.SeeCount(".ant-select-item-option-active", 1)
	b.Press(kb.Enter)
	b.Type("handover-reason", "离职")
	b.See("handover-teams", "保留")
	b.Shot("handover")
	b.Click("handover-make")
	b.See("page-title", "客户移交")
	b.SeeCount("[data-testid^='handover-row-'] [data-state='done']", 1)
	b.Shot("handovers")

	told := v.open(t, v.fujian)
	signIn(told, manager)
	told.See("handover-notices", "500")
	told.Shot("handover-notice")
	told.ClickCSS("[data-testid^='handover-acknowledge-']")
	told.SeeGone("handover-notices")
	told.See("team-notices", "项目经理")
	told.Shot("team-notice")
	told.ClickCSS("[data-testid^='team-acknowledge-']")
	told.SeeGone("team-notices")
	v.pool(t, told)
	v.deputies(b, told)

	b.ClickCSS("[data-testid='menu'] a[href='/handovers']")
	b.ClickCSS("[data-testid^='handover-undo-']")
	b.Type("handover-undo-reason", "误移交")
	b.Shot("handover-undo")
	b.Click("handover-undo-make")
	b.SeeCount("[data-testid^='handover-row-'] [data-state='done']", 2)
	bulk(b, v.fujian.Portal)
}

// bulk suspends those of the 500 whose number begins with H4.
func bulk(b *browsertest.Browser, portal string) {
	b.Open(portal + "/customers?q=H4")
	b.SeeAttribute("hit-count", "data-total", "111")
	b.Click("bulk-open")
	b.Type("bulk-field", "生命周期")
	b.ClickText(".ant-select-item-option", "生命周期") // the form would be sent by Enter before the options are there
	b.Type("bulk-value", "暂停")
	b.ClickText(".ant-select-item-option", "暂停")
	b.Click("bulk-submit")
	b.SeeAttribute("bulk-preview", "data-changed", "111")
	b.Shot("bulk")
	b.Click("bulk-submit")
	b.SeeCount("[data-testid='bulk-dialog'] [data-state='done']", 1)
}

// pool lets a manager return a customer to the pool, who may not take it again at once.
func (v *visit) pool(t *testing.T, b *browsertest.Browser) {
	conn, err := pgx.Connect(t.Context(), v.fujian.AppURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var id int64
	var number string
	const own = `SELECT id, number FROM crm.customer WHERE manager_id = $1 AND id <> $2 AND NOT sensitive AND merged_into IS NULL AND number NOT LIKE 'H%' AND city = '350100' ORDER BY national, id DESC LIMIT 1`
	if err := conn.QueryRow(t.Context(), own, v.fujian.Account(account.AccountManager).UnitID, v.id).Scan(&id, &number); err != nil {
		t.Fatal(err)
	}
	b.Open(fmt.Sprintf("%s/customers/%d", v.fujian.Portal, id))
	b.Click("pool-return")
	b.Type("pool-return-reason", "无法服务")
	b.Shot("pool-return")
	b.Click("pool-return-make")
	b.SeeGone("overview")
	b.ClickCSS("[data-testid='menu'] a[href='/pool']")
	b.See("pool-row-"+number, "无法服务")
	b.Shot("pool")
	b.Allow(422, "POST", fmt.Sprintf("/api/customers/%d/claim", id))
	b.ClickCSS(fmt.Sprintf("[data-testid='pool-row-%s'] input", number))
	b.Click("pool-claim")
	b.See("pool-refused", "不能再领取")
	b.Shot("pool-refused")
	b.ClickCSS(".ant-modal-close")
}

// deputies has the manager name the head as deputy, who is told of it.
func (v *visit) deputies(head, manager *browsertest.Browser) {
	manager.ClickCSS("[data-testid='menu'] a[href='/deputies']")
	manager.Click("deputy-new")
	manager.Type("deputy-person", v.fujian.Account(account.DepartmentHead).Login)
	manager.SeeCount(".ant-select-item-option-active", 1)
	manager.Press(kb.Enter)
	for _, field := range []string{"from", "until"} {
		manager.ClickCSS("#deputy_" + field)
		manager.Press(codes.Day(time.Now(), codes.China).Format(time.DateOnly))
		manager.Press(kb.Enter) // takes the day
	}
	manager.Type("deputy-reason", "年休假")
	manager.Shot("deputy-form")
	manager.Click("deputy-name")
	manager.SeeCount("[data-testid^='deputy-row-']", 1)
	manager.Shot("deputies")
	manager.Click("session-user")
	manager.See("block-own-deputies", "年休假")
	manager.Shot("own-deputies")
	head.Open(v.fujian.Portal)
	head.See("deputy-notices", "年休假")
	head.ClickCSS("[data-testid^='deputy-acknowledge-']")
	head.SeeGone("deputy-notices")
}

// team has the head name the manager for the team of a customer.
func (v *visit) team(b *browsertest.Browser, id int64) {
	b.Open(fmt.Sprintf("%s/customers/%d", v.fujian.Portal, id))
	b.Click("team-new")
	b.Click("team-person")
	b.ClickCSS(fmt.Sprintf(".ant-select-item-option[title*='(%s)']", v.fujian.Account(account.AccountManager).Login))
	for _, field := range []string{"from", "until"} {
		b.ClickCSS("#team_" + field)
		b.Press(codes.Day(time.Now(), codes.China).Format(time.DateOnly))
		b.Press(kb.Enter) // takes the day
	}
	b.Click("team-duty") // with it Enter would send the form
	b.ClickCSS(".ant-select-item-option[title='项目经理']")
	b.Shot("team-form")
	b.Click("team-name")
	b.See("block-team", "项目经理")
	b.Shot("team")
}

// colleague is a new person in the manager's department with so many customers; it gives the staff number and a customer.
func (v *visit) colleague(t *testing.T, customers int) (code string, customer int64) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), v.fujian.AppURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	const insert = `WITH colleague AS (INSERT INTO crm.organisation (id, parent_id, kind, code, name, path)
			SELECT n.id, m.parent_id, 'person', 'H' || n.id, '离任', d.path || n.id || '/'
			FROM crm.organisation m JOIN crm.organisation d ON d.id = m.parent_id,
				(SELECT nextval(pg_get_serial_sequence('crm.organisation', 'id')) AS id) n
			WHERE m.id = $1 RETURNING id, code),
		made AS (INSERT INTO crm.customer (number, name, name_terms, industry, city, class, lifecycle, manager_id)
			SELECT 'H' || i, '虚构移交' || i || '有限公司', '{}', '65', '350100', 'D', 'active', id FROM colleague, generate_series(1, $2::int) i RETURNING id)
		SELECT code, (SELECT min(id) FROM made) FROM colleague`
	if err := conn.QueryRow(t.Context(), insert, v.fujian.Account(account.AccountManager).UnitID, customers).Scan(&code, &customer); err != nil {
		t.Fatal(err)
	}
	return code, customer
}
