//go:build browser

package demo_test

import (
	"context"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/jackc/pgx/v5"

	"jike/internal/account"
)

// handover gives 500 customers of a colleague to the manager, who is told of it, and takes them back.
func (v *visit) handover(t *testing.T) {
	colleague := v.colleague(t, 500)
	head, manager := v.fujian.Account(account.DepartmentHead), v.fujian.Account(account.AccountManager)
	b := v.open(t, v.fujian)
	signIn(b, head)
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

	b.ClickCSS("[data-testid^='handover-undo-']")
	b.Type("handover-undo-reason", "误移交")
	b.Shot("handover-undo")
	b.Click("handover-undo-make")
	b.SeeCount("[data-testid^='handover-row-'] [data-state='done']", 2)
}

// colleague is a new person in the manager's department with so many customers; it gives the staff number.
func (v *visit) colleague(t *testing.T, customers int) (code string) {
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
			SELECT 'H' || i, '虚构移交' || i || '有限公司', '{}', '65', '350100', 'D', 'active', id FROM colleague, generate_series(1, $2::int) i)
		SELECT code FROM colleague`
	if err := conn.QueryRow(t.Context(), insert, v.fujian.Account(account.AccountManager).UnitID, customers).Scan(&code); err != nil {
		t.Fatal(err)
	}
	return code
}
