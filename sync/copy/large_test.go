// Under the race detector a row of 48 MB takes so long that it hides what the test is about.

//go:build !race

package copy

import (
	"fmt"
	"testing"
)

// A row that no message can carry is named and comes by repair.
func TestALargeRowComesByRepair(t *testing.T) {
	s := newSite(t, Options{})
	s.fill(10, 10)
	s.Exec(s.Source, fmt.Sprintf(`UPDATE crm.customer SET profile = repeat(md5('x'), %d) WHERE id = 11`, maxRow/32+1))
	s.begin()
	s.province()
	s.headquarters()
	p := s.done()
	s.Settle()
	s.Same()
	if p.Rows != int64(s.selected()-1) {
		t.Errorf("%d rows copied of %d", p.Rows, s.selected())
	}
}
