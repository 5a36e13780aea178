package replica

import (
	"fmt"
	"testing"
)

// hashes of all lists that were ever released: a list is never changed, the next one gets a number
// of its own.
var hashes = map[int]string{
	1: "2d662f7d6934ec215fe0e4aaf439f6afc447216c01b481125ff2876357f28629",
}

func TestEveryListKeepsItsNumber(t *testing.T) {
	lists := append([]List{{Number, Up}}, Previous...)
	for i, l := range lists {
		if got := fmt.Sprintf("%x", Hash(l.Tables)); got != hashes[l.Number] {
			t.Errorf("list %d has the hash %s, it was released with %q", l.Number, got, hashes[l.Number])
		}
		if want := Number - i; l.Number != want {
			t.Errorf("list %d stands where %d is expected", l.Number, want)
		}
		if got := NumberOf(l.Tables); got != l.Number {
			t.Errorf("list %d is found as %d", l.Number, got)
		}
	}
	if n := NumberOf(Up[:1]); n != 0 {
		t.Errorf("a part of a list is found as %d", n)
	}
}
