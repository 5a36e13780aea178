package bench

import (
	"bytes"
	"regexp"
	"testing"
	"time"

	"jike/internal/pg/pgtest"
)

// Headquarters answers every grouping, small, and the lines are there.
func TestReportMeasures(t *testing.T) {
	var out bytes.Buffer
	if err := (Report{Provinces: 2, Months: 14, Rate: 20, Time: time.Second, Dir: pgtest.Dir(t)}).run(t.Context(), &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if !regexp.MustCompile(`(?m)^report_by_month,city_p50_ms [0-9.]+ ms\n(.*\n)*report_ms [0-9.]+ ms\n$`).Match(out.Bytes()) {
		t.Errorf("lines are missing in\n%s", out.String())
	}
}
