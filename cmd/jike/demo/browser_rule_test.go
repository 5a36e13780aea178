//go:build browser

package demo_test

import (
	"fmt"
	"time"

	"github.com/chromedp/chromedp/kb"

	"jike/cmd/jike/demo/browsertest"
)

// rules tries the rules of the life cycle dry, looks at their form, and holds the stage of a customer.
func (v *visit) rules(b *browsertest.Browser, id int64) {
	b.Open(v.fujian.Portal + "/rules")
	b.Click("rule-try-1")
	b.SeeCount("[data-testid='rule-put-1']", 1) // it was tried to the end
	b.Shot("rules")
	b.Click("rule-edit")
	b.Click("rule-line-add")
	b.Shot("rule-form")

	b.Open(v.fujian.Portal + "/rules?kind=class")
	b.Click("rule-try-1")
	b.Click("rule-put-1")
	b.ClickCSS(".ant-popconfirm-buttons .ant-btn-primary")
	b.Click("rule-run")
	b.ClickCSS(".ant-popconfirm-buttons .ant-btn-primary")
	b.SeeCount("[data-testid='rule-run-row'][data-state='done'][data-dry='false']", 1)
	b.Open(v.fujian.Portal + "/class-proposals")
	b.SeeCount("[data-testid^='proposal-row-']", 1)
	b.Shot("class-proposals")
	b.Click("proposal-all")
	b.Shot("class-proposals-all")
	b.Press(kb.Escape)
	b.SeeGone("proposal-dialog")
	b.ClickCSS("[data-testid^='proposal-row-'] a")
	b.See("class-proposal", "规则建议")
	b.Type("proposal-reason", "收入已核实")
	b.Shot("class-proposal")
	b.Click("proposal-confirm")
	b.SeeGone("class-proposal")

	b.Open(fmt.Sprintf("%s/customers/%d", v.fujian.Portal, id))
	b.Click("stage-set")
	b.Type("field-until", time.Now().AddDate(0, 1, 0).Format(time.DateOnly))
	b.Press(kb.Enter)
	b.Type("field-reason", "续约谈判中")
	b.Shot("stage")
	b.Click("save")
	b.See("stage-hold", "续约谈判中")
}

// rosters makes a roster, puts a customer of the list into it with a reason, and lists by it.
func (v *visit) rosters(b *browsertest.Browser, number string) {
	b.Open(v.fujian.Portal + "/rosters")
	b.Click("roster-new")
	b.Type("field-name", "节前走访")
	b.Type("field-purpose", "春节前走访重点客户")
	b.Click("save")
	b.SeeCount("[data-testid^='roster-row-']", 1)
	b.Shot("rosters")
	b.Open(v.fujian.Portal + "/customers?q=" + number)
	b.Click("customer-select-" + number)
	b.Click("roster-put-open")
	b.Type("roster-choice", "节前")
	b.ClickText(".ant-select-item-option", "节前走访")
	b.Type("roster-reason", "合同年内到期")
	b.Shot("roster-put")
	b.Click("roster-put")
	b.SeeGone("roster-dialog")
	b.Open(v.fujian.Portal + "/rosters")
	b.ClickCSS("[data-testid^='roster-open-']")
	b.See("roster-customer-"+number, "人工加入")
	v.rosterRules(b)
	b.Click("roster-list")
	b.SeeAttribute("hit-count", "data-total", "1")
	b.ClickCSS("[data-testid='customer-row-" + number + "'] a")
	b.See("block-rosters", "合同年内到期")
}

// rosterRules states a rule for the roster that is shown, tries it and lets it propose, and declines all that it proposes.
func (v *visit) rosterRules(b *browsertest.Browser) {
	b.Click("roster-rules")
	b.Click("rule-edit")
	b.Click("rule-line-add")
	b.Click("rule-outcome-0")
	b.ClickText(".ant-select-item-option", "在名单中")
	b.Type("rule-number-0-0", "5")
	b.Click("save")
	b.Click("rule-try-1")
	b.Click("rule-put-1")
	b.ClickCSS(".ant-popconfirm-buttons .ant-btn-primary")
	b.Click("rule-run")
	b.ClickCSS(".ant-popconfirm-buttons .ant-btn-primary")
	b.SeeCount("[data-testid='rule-run-row'][data-state='done'][data-dry='false']", 1)
	b.Shot("roster-rules")
	b.Open(v.fujian.Portal + "/rosters")
	b.ClickCSS("[data-testid^='roster-open-']")
	b.SeeCount("[data-testid^='proposal-row-']", 1)
	b.Shot("roster")
	b.Click("proposal-all")
	b.Type("proposal-all-reason", "名额已满")
	b.Click("proposal-decline-all")
	b.SeeCount("[data-testid^='job-'][data-state='done']", 1)
	b.Click("proposal-close")
}
