package bench

import (
	"bytes"
	"regexp"
	"testing"

	"jike/internal/pg/pgtest"
)

// The whole measurement, small: the figures do not matter, that names are found and by an index does.
func TestDuplicatesAreFoundByAnIndex(t *testing.T) {
	var out bytes.Buffer
	d := Duplicates{Customers: 5000, Requests: 40, Rate: 200, Dir: pgtest.Dir(t)}
	if err := d.run(t.Context(), &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, want := range []string{
		`(?m)^duplicate_p99_ms [0-9.]+ ms$`, `(?m)^# [1-9][0-9]* of 40 requests found a look-alike$`, `Index.* customer_name_core`, `Index.* customer_credit_code_is_unique`,
	} {
		if !regexp.MustCompile(want).Match(out.Bytes()) {
			t.Errorf("no line %s in\n%s", want, out.String())
		}
	}
	if regexp.MustCompile(`Seq Scan on customer`).Match(out.Bytes()) {
		t.Errorf("a table is read whole:\n%s", out.String())
	}
}
