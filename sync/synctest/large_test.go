package synctest_test

import (
	"fmt"
	"testing"

	"jike/sync/apply"
	"jike/sync/capture"
	"jike/sync/synctest"
)

// large is SQL for a text of so many megabytes that does not compress.
func large(megabytes int) string {
	return fmt.Sprintf(`(SELECT string_agg(md5(i::text || random()::text), '') FROM generate_series(1, %d) i)`, megabytes<<20/32)
}

// A value that is larger than any message arrives: with its row, as a change, and by a repair when
// the row enters the selection without it.
func TestALargeValueArrives(t *testing.T) {
	p := synctest.New(t)
	p.Apply(func(o *apply.Options) { o.Limits.HubBytes = 1 << 30 })
	p.Capture(func(o *capture.Options) { o.Limits.LeafBytes = 1 << 30 })
	customers(p, 1, 5)
	p.Exec(p.Source, `UPDATE crm.customer SET profile = `+large(60)+` WHERE id = 1`,
		`UPDATE crm.customer SET national = false WHERE id = 1`, `UPDATE crm.customer SET national = true WHERE id = 1`,
		`UPDATE crm.customer SET profile = `+large(20)+`, address = `+large(20)+` WHERE id = 2`)
	customers(p, 6, 10)
	p.Settle()
	p.Same()
}
