//go:build browser

package demo_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jike/cmd/jike/demo/browsertest"
	"jike/internal/account"
)

// importing uploads a file with a wrong line, lets the dry run say so, runs it, sends the error file again
// corrected, and takes the first import back.
func (v *visit) importing(t *testing.T) {
	b := v.open(t, v.fujian)
	signIn(b, v.fujian.Account(account.AccountManager))
	file := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil { // the browser may be another user
			t.Fatal(err)
		}
		return path
	}
	b.ClickCSS("[data-testid='menu'] a[href='/imports']")
	b.See("page-title", "客户导入")
	b.Choose(file("新客户.csv", "客户名称,行业,地市,企业简介\n福州闽越虚构软件有限公司,65,福州,甲\n厦门鼓浪虚构食品有限公司,14,厦门,乙\n泉州刺桐虚构鞋业有限公司,19,泉洲,丙\n"))
	b.See("block-import-set", "企业简介")
	b.Shot("import-columns")
	b.Click("import-try")
	b.See("block-import-try", "未处理 1")
	b.See("block-import-try", "不认识的城市")
	b.Shot("import-try")
	b.Click("import-run")
	b.Click("import-confirm")
	b.See("block-import-run", "新建 2")
	b.SeeAttribute("import", "data-step", "result")
	b.Shot("import-result")

	refused := b.Download("[data-testid^='job-refused-']")
	b.ClickCSS("a[href='/imports']")
	b.See("page-title", "客户导入")
	b.Choose(file("更正.csv", strings.ReplaceAll(refused, "泉洲", "泉州")))
	b.See("block-import-set", "企业简介")
	b.Click("import-try")
	b.See("block-import-try", "新建 1")
	b.Click("import-run")
	b.Click("import-confirm")
	b.See("block-import-run", "新建 1")

	b.ClickCSS("a[href='/imports']")
	b.Shot("imports")
	b.ClickText("[data-testid^='import-row-'] a", "新客户.csv")
	b.Click("import-revert")
	b.Click("import-confirm")
	b.See("block-import-revert", "已移除 2")
	b.Shot("import-reverted")
}

// exporting writes the customers that a head's list shows to a file, by keyboard and mouse.
func (v *visit) exporting(t *testing.T) {
	b := v.open(t, v.fujian)
	signIn(b, v.fujian.Account(account.DepartmentHead))
	b.Open(v.fujian.Portal + "/customers?class=A1,A2")
	b.See("hit-count", "共")
	total := b.Attribute("hit-count", "data-total")
	b.Click("customer-export")
	b.See("export-dialog", total)
	b.Shot("export")
	b.Click("export-start")
	b.See("export-dialog", "已完成 "+total+" / "+total)
	if content := b.Download("[data-testid^='job-result-']"); !strings.HasPrefix(content, "PK") {
		t.Errorf("no workbook: %.60q", content)
	}
	b.Shot("exported")
	v.approval(t, b)
}

// approval has an administrator approve a head's export that is above the limit, which is lowered for that; the head is
// told.
func (v *visit) approval(t *testing.T, head *browsertest.Browser) {
	admin := v.open(t, v.fujian)
	signIn(admin, v.fujian.Account(account.ProvinceAdministrator))
	admin.Open(v.fujian.Portal + "/approvals")
	admin.Click("approval-rule")
	admin.Type("field-mostAlone", "0")
	admin.Shot("approval-rule")
	admin.Click("save")
	admin.SeeGone("save")

	head.Open(v.fujian.Portal + "/customers?lifecycle=active")
	head.Allow(422, "POST", "/api/exports")
	head.Click("customer-export")
	head.Click("export-start")
	head.Type("export-reason", "年度盘点")
	head.Shot("export-ask")
	head.Click("export-ask")
	head.See("export-asked", "导出审批")

	admin.Open(v.fujian.Portal + "/approvals?state=waiting")
	admin.See("approval-row-1", "生命周期")
	admin.Click("approval-decline-1")
	admin.Shot("approval-decline")
	admin.ClickCSS(".ant-drawer-close")
	admin.Click("approval-approve-1")
	admin.Click("approval-approve-confirm")
	admin.SeeGone("approval-row-1")
	head.Open(v.fujian.Portal)
	head.See("export-notices", "批准了您的")
	head.Shot("export-notice")
	head.Click("export-acknowledge-1")
	head.SeeGone("export-notices")
	head.Open(v.fujian.Portal + "/approvals")
	head.See("approval-1", "已完成")
	head.Shot("approvals")
}
