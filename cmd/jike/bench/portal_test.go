package bench

import (
	"bytes"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"jike/internal/pg/pgtest"
)

// The whole measurement, small, twice: the second run uses what the first one seeded. The figures do
// not matter, that every operation answers and every line is there does.
func TestPortalIsMeasured(t *testing.T) {
	p := Portal{Customers: 300, Dir: filepath.Join(pgtest.Dir(t), "province"), Rate: 60, Time: 2 * time.Second, Imported: 50, Pairs: 1, Plans: true}
	var out bytes.Buffer
	if err := p.run(t.Context(), &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, line := range []string{
		`(?m)^list_by_class_first_p99_ms [0-9.]+ ms$`, `(?m)^list_worst_p99_ms [0-9.]+ ms$`, `(?m)^list_p99_ms [0-9.]+ ms$`,
		`(?m)^import_vs_copy [0-9.]+ ratio$`,
		`(?m)^search_global_initials_p99_ms [0-9.]+ ms$`, `(?m)^search_p99_ms [0-9.]+ ms$`, `(?m)^page360_p99_ms [0-9.]+ ms$`, `(?m)^# a tree of 30 customers in 4 levels`, `(?m)^rollup_ms [0-9.]+ ms$`,
		`(?m)^screen_board_p99_ms [0-9.]+ ms$`, `(?m)^screen_worst_p99_ms [0-9.]+ ms$`,
		`(?m)^# [1-9]\d* of \d+ customers handed over, and handed back$`, `(?m)^handover_s [0-9.]+ s$`, `(?m)^#   .*Index.* on customer`,
	} {
		if !regexp.MustCompile(line).Match(out.Bytes()) {
			t.Errorf("no line %s in\n%s", line, out.String())
		}
	}
	if strings.Contains(out.String(), "planner setting") {
		t.Errorf("the planner's settings are touched:\n%s", out.String())
	}
	p.Plans, p.Time, p.Pairs = false, time.Second, 0
	if err := p.run(t.Context(), &bytes.Buffer{}); err != nil {
		t.Errorf("again: %v", err)
	}
	p.Customers = 301
	if err := p.run(t.Context(), &bytes.Buffer{}); err == nil {
		t.Error("another number of customers is measured in the same directory")
	}
}
