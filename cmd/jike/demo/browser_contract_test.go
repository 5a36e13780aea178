//go:build browser

package demo_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"jike/cmd/jike/demo/browsertest"
	"jike/internal/account"
	"jike/schemas/codes"
)

// contracts enters a contract, adds a document to it, renews it, and looks at what ends soon.
func (v *visit) contracts(t *testing.T) {
	b := v.open(t, v.fujian)
	signIn(b, v.fujian.Account(account.AccountManager))
	b.Open(fmt.Sprintf("%s/customers/%d", v.fujian.Portal, v.id))
	b.Click("contract-new")
	b.Type("field-number", "XY-2026-1")
	b.Type("field-name", "虚构专线协议")
	b.Click("field-status")
	b.ClickText(".ant-select-item-option-content", "生效")
	b.Click("save")
	b.SeeGone("form-contract")
	b.Click("contract-documents-XY-2026-1")
	b.Upload("document-add", scan(t, "正本.pdf"))
	b.See("document-正本.pdf", "正本.pdf")
	b.Shot("documents")
	b.ClickCSS(".ant-drawer-close")
	b.Click("contract-renew-XY-2026-1")
	b.Type("field-number", "XY-2027-1")
	b.Shot("renewal")
	b.Click("save")
	b.SeeGone("form-contract")
	b.See("contract-row-XY-2027-1", "续签自 XY-2026-1")
	b.See("contract-row-XY-2026-1", "由 XY-2027-1 续签")
	b.See("contract-row-XY-2026-1", "附件（1）")
	b.ClickCSS("[data-testid='menu'] a[href='/contracts']")
	b.See("page-title", "到期合同")
	b.SeeCount("[data-testid^='due-row-']", 1)
	b.ClickText("[data-testid='due-days'] label", "60 天内到期")
	b.SeeURL("days=60")
	b.Shot("contracts-due")
	b.Check()
}

// scan writes a file that is a scan by its name and its first bytes.
func scan(t *testing.T, name string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte("%PDF-1.7 fictional "+name), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// interactions records a visit with its minutes, sees it at the head of the timeline, narrows that to contracts and
// back, and adds another file.
func (v *visit) interactions(t *testing.T) {
	b := v.open(t, v.fujian)
	signIn(b, v.fujian.Account(account.AccountManager))
	b.Open(fmt.Sprintf("%s/customers/%d", v.fujian.Portal, v.id))
	b.SeeCount("[data-testid='timeline-entry']", 1)
	b.See("selection", "")
	v.wishes(b)
	b.Click("interaction-new")
	b.Type("field-subject", "虚构拜访：谈专线扩容")
	b.Type("field-body", "客户希望下月扩容")
	b.Type("field-nextStep", "送报价单")
	b.Click("field-nextOn")
	b.Press(codes.Day(time.Now(), codes.China).Format(time.DateOnly))
	b.Press(kb.Tab) // takes the day
	b.SeeGoneCSS(".ant-picker-dropdown")
	b.Upload("file-choose", scan(t, "纪要.pdf"))
	b.See("files-to-add", "纪要.pdf")
	b.Shot("interaction-form")
	b.Click("save")
	b.SeeGone("form-interaction")
	b.See("block-timeline", "谈专线扩容")
	b.See("document-纪要.pdf", "纪要.pdf")
	b.See("block-timeline", "送报价单")
	b.ClickText("[data-testid='timeline-kinds'] label", "合同")
	b.SeeURL("events=contract")
	b.SeeGoneCSS("[data-kind='interaction']")
	b.SeeCount("[data-kind='contract']", 1)
	b.ClickText("[data-testid='timeline-kinds'] label", "合同")
	b.ClickText("[data-testid='timeline-kinds'] label", "交往")
	b.SeeCount("[data-kind='interaction']", 1)
	b.Shot("timeline")
	b.ClickCSS("[data-testid^='interaction-edit-']")
	b.ClickCSS("#interaction_nextDone")
	b.Upload("document-add", scan(t, "报价.pdf"))
	b.See("documents", "报价.pdf")
	b.Click("save")
	b.SeeGone("form-interaction")
	b.See("block-timeline", "已完成")
	v.answers(b)
	b.Check()
}

// wishes notes how the customer's business goes and what it wishes for.
func (v *visit) wishes(b *browsertest.Browser) {
	b.Click("situation-new")
	b.Click("field-sales")
	b.ClickText(".ant-select-item-option-content", "增长")
	b.Type("field-supplier", "虚构软件公司")
	b.Shot("situation-form")
	b.Click("save")
	b.SeeGone("form-situation")
	b.See("block-situation", "虚构软件公司")
	b.Click("wish-new")
	b.Type("field-body", "虚构：专线月费降一成")
	b.Click("save")
	b.SeeGone("form-wish")
	b.See("block-wishes", "专线月费降一成")
	b.SeeCount("[data-kind='wish']", 1)
}

// answers opens the list of wishes and answers the only one.
func (v *visit) answers(b *browsertest.Browser) {
	b.ClickCSS("[data-testid='menu'] a[href='/wishes']")
	b.See("page-title", "待答复的客户需求")
	b.SeeCount("[data-testid^='wish-row-']", 1)
	b.Shot("wishes")
	b.ClickCSS("[data-testid^='wish-answer-']")
	b.Click("field-status")
	b.ClickText(".ant-select-item-option-content", "已答复")
	b.Type("field-answer", "下月起执行")
	b.Shot("wish-form")
	b.Click("save")
	b.SeeGone("form-wish")
	b.SeeGoneCSS("[data-testid^='wish-row-']")
}
