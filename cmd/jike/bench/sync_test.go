package bench

import (
	"bytes"
	"regexp"
	"testing"
	"time"

	"jike/internal/pg/pgtest"
)

// The comparison runs through, small: all sides bring the same rows and the lines are there.
func TestSyncComparesTheSides(t *testing.T) {
	var out bytes.Buffer
	s := Sync{
		Parts: []string{"bulk", "small", "four", "memory"}, Rows: 4000, Pairs: 1, Transactions: 400, Rate: 500, Steady: time.Second, Memory: 4000,
		Dir: pgtest.Dir(t),
	}
	if err := s.run(t.Context(), &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	lines := []string{
		`(?m)^# both servers: wal_retrieve_retry_interval = 100ms$`,
		`(?m)^bulk_insert_ours_1 [1-9][\d.e+]* rows/s$`, `(?m)^bulk_update_native_1 [1-9][\d.e+]* rows/s$`,
		`(?m)^small_writers_none_1 [1-9][\d.]* tx/s$`, `(?m)^memory_growth_mb [\d.]+ MB$`,
	}
	for _, ratio := range []string{
		"bulk_insert_vs_native", "bulk_update_vs_native", "cpu_vs_native", "national_cpu_vs_native",
		"small_writers_vs_native", "small_writers_vs_none", "latency_p50_vs_native", "latency_p99_vs_native",
		"four_insert_vs_native", "four_update_vs_native", "four_national_cpu_vs_native",
	} {
		lines = append(lines, `(?m)^`+ratio+` [0-9.]+ ratio$`)
	}
	for _, line := range lines {
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

func TestPercentile(t *testing.T) {
	if got := percentile([]float64{3, 1, 2, 4}, 0.5); got != 3 {
		t.Errorf("half: %v", got)
	}
	if got := percentile([]float64{3, 1, 2, 4}, 0.99); got != 4 {
		t.Errorf("nearly all: %v", got)
	}
}
