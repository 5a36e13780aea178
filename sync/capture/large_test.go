package capture_test

import (
	"fmt"
	"testing"

	"jike/schemas/replica"
	"jike/sync/stream"
	"jike/sync/synctest"
	"jike/sync/wire"
)

// A repair of large rows is cut into messages that both sides can hold, and tells of every key.
func TestARepairOfLargeRowsTellsOfEveryKey(t *testing.T) {
	p := synctest.NewSource(t)
	c := p.Capture()
	p.Exec(p.Source, fmt.Sprintf(customer, 1, 5), `UPDATE crm.customer SET profile = repeat('0123456789abcdef', 200000) WHERE id < 5`,
		`UPDATE crm.customer SET national = false WHERE id = 3`)
	published(p, c.It)
	p.Must(c.It.Repair(t.Context(), replica.Up[0], []int64{9, 5, 3, 1, 0, 2, 4, 4}, 77))
	published(p, c.It)
	got := ""
	var j wire.Joiner
	for _, m := range messages(p, stream.Identity{Province: synctest.Province, Epoch: 1, Incarnation: 1}) {
		for _, part := range m.Parts {
			for _, change := range part.Changes {
				whole, ok, err := j.Join(change)
				p.Must(err)
				if ok && (whole.Op == wire.Absent || whole.Op == wire.Repair) {
					got += fmt.Sprintf("%c%d ", whole.Op, whole.Key())
				}
			}
		}
	}
	if got != "X0 R1 R2 X3 R4 R5 X9 " {
		t.Errorf("the stream has %s", got)
	}
}
