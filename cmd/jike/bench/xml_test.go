package bench

import (
	"bytes"
	"regexp"
	"testing"

	"jike/internal/pg/pgtest"
)

// The whole comparison, small: the figures do not matter, that both sides tell the same does.
func TestXMLAgainstJSON(t *testing.T) {
	var out bytes.Buffer
	x := XML{Customers: 60, Asked: 30, Requests: 60, Workers: 4, Pairs: 2, Dir: pgtest.Dir(t)}
	if err := x.run(t.Context(), &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, want := range []string{`(?m)^query_xml_2 [0-9]+ requests/s$`, `(?m)^query_json_2 [0-9]+ requests/s$`, `(?m)^query_vs_json [0-9.]+ ratio$`} {
		if !regexp.MustCompile(want).Match(out.Bytes()) {
			t.Errorf("no line %s in\n%s", want, out.String())
		}
	}
}

func TestDifferentFactsAreNamed(t *testing.T) {
	if d := differ([]string{"a", "b"}, []string{"a", "c"}); d == "" {
		t.Error("no difference")
	}
	if d := differ([]string{"a"}, []string{"a", "c"}); d == "" {
		t.Error("no difference")
	}
	if d := differ([]string{"a"}, []string{"a"}); d != "" {
		t.Error(d)
	}
}
