package bench

import (
	"bytes"
	"regexp"
	"testing"

	"jike/internal/pg/pgtest"
)

// The comparison runs through, small: the planted differences are found and repaired, and the lines
// are there.
func TestReconcileComparesBothSides(t *testing.T) {
	var out bytes.Buffer
	if err := (Reconcile{Rows: 5000, Pairs: 2, Dir: pgtest.Dir(t)}).run(t.Context(), &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, line := range []string{
		`(?m)^reconcile_psql_1 [0-9.]+ s$`, `(?m)^reconcile_ours_2 [0-9.]+ s$`, `(?m)^reconcile_bytes_2 [1-9]\d+ B over the link`,
		`\nreconcile_vs_psql [0-9.]+ ratio\nreconcile_bytes_share 0\.[0-9]+ ratio\nreconcile_repair_s_max [0-9.]+ s\nreconcile_repair_s [0-9.]+ s\n$`,
	} {
		if !regexp.MustCompile(line).Match(out.Bytes()) {
			t.Errorf("no line %s in\n%s", line, out.String())
		}
	}
}
