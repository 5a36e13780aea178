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

// viewers names a head of department who may see a sensitive customer, and takes that back.
func (v *visit) viewers(t *testing.T) {
	conn, err := pgx.Connect(t.Context(), v.fujian.AppURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var id int64
	const below = `UPDATE crm.customer SET sensitive = true, version = version + 1 WHERE id = (
		SELECT max(c.id) FROM crm.customer c JOIN crm.organisation m ON m.id = c.manager_id
		JOIN account.account a ON a.role = 'department_head' JOIN crm.organisation d ON d.id = a.unit_id AND m.path LIKE d.path || '%'
		WHERE c.merged_into IS NULL) RETURNING id`
	if err := conn.QueryRow(t.Context(), below).Scan(&id); err != nil {
		t.Fatal(err)
	}
	b := v.open(t, v.fujian)
	signIn(b, v.fujian.Account(account.ProvinceAdministrator))
	b.Open(fmt.Sprintf("%s/customers/%d", v.fujian.Portal, id))
	b.Click("why")
	b.See("why-dialog", "您可设置敏感客户")
	b.Shot("why")
	b.Press(kb.Escape)
	b.SeeGone("why-dialog")
	b.Type("viewer-reason", "专项服务")
	b.Click("viewer-person")
	b.ClickCSS(".ant-select-item-option")
	b.ClickCSS("#viewer_until")
	b.Press("2026-12-31")
	b.Press(kb.Enter) // takes the day
	b.Shot("viewers")
	b.Click("viewer-add")
	b.See("block-viewers", "2026-12-31")
	b.Click("viewer-remove")
	b.ClickCSS(".ant-popconfirm-buttons .ant-btn-primary")
	b.SeeGone("viewer-remove")
}
