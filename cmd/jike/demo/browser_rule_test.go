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

	b.Open(fmt.Sprintf("%s/customers/%d", v.fujian.Portal, id))
	b.Click("stage-set")
	b.Type("field-until", time.Now().AddDate(0, 1, 0).Format(time.DateOnly))
	b.Press(kb.Enter)
	b.Type("field-reason", "续约谈判中")
	b.Shot("stage")
	b.Click("save")
	b.See("stage-hold", "续约谈判中")
}
