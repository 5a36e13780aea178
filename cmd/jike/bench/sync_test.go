package bench

import (
	"bytes"
	"regexp"
	"testing"

	"jike/internal/pg/pgtest"
)

// The comparison runs through, small: both sides bring the same rows and the lines are there.
func TestSyncComparesBothSides(t *testing.T) {
	var out bytes.Buffer
	s := Sync{Rows: 3000, Pairs: 1, Dir: pgtest.Dir(t)}
	if err := s.run(t.Context(), &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, line := range []string{
		`(?m)^# both servers: wal_retrieve_retry_interval = 100ms$`,
		`(?m)^bulk_insert_ours_1 [1-9]\d* rows/s$`, `(?m)^bulk_insert_native_1 [1-9]\d* rows/s$`,
		`(?m)^bulk_update_ours_1 [1-9]\d* rows/s$`, `(?m)^bulk_update_native_1 [1-9]\d* rows/s$`,
		`\nbulk_insert_vs_native [0-9.]+ ratio\nbulk_update_vs_native [0-9.]+ ratio\n$`,
	} {
		if !regexp.MustCompile(line).Match(out.Bytes()) {
			t.Errorf("no line %s in\n%s", line, out.String())
		}
	}
}

func TestMedian(t *testing.T) {
	if got := median([]float64{3, 1, 2}); got != 2 {
		t.Errorf("of three: %v", got)
	}
	if got := median([]float64{4, 1, 2, 3}); got != 2.5 {
		t.Errorf("of four: %v", got)
	}
}
