package capture

import (
	"crypto/sha256"

	"jike/sync/wire"
)

// recentRows is how many rows' last updates are remembered at least, and twice as many at most.
const recentRows = 1 << 15

// recent remembers what was sent of rows that were updated lately. PostgreSQL logs an update of a
// selected row also when only columns changed that do not travel, and does not say what they were
// before; one that says the same as the last is dropped. It belongs to one session: what it
// remembers has been packed by it.
type recent struct {
	young, old map[rowID][16]byte
}

type rowID struct {
	table int
	key   int64
}

func newRecent() *recent {
	return &recent{young: map[rowID][16]byte{}, old: map[rowID][16]byte{}}
}

// changes reports whether c has an effect after what was sent before, and remembers it.
func (r *recent) changes(c wire.Change) bool {
	id := rowID{c.Table, c.Key()}
	switch c.Op {
	case wire.Update:
		whole := sha256.Sum256(c.Data)
		sum := [16]byte(whole[:16])
		if last, ok := r.last(id); ok && last == sum {
			return false
		}
		if len(r.young) >= recentRows {
			r.young, r.old = map[rowID][16]byte{}, r.young
		}
		r.young[id] = sum
	case wire.Truncate:
		clear(r.young)
		clear(r.old)
	default:
		delete(r.young, id)
		delete(r.old, id)
	}
	return true
}

func (r *recent) last(id rowID) ([16]byte, bool) {
	if sum, ok := r.young[id]; ok {
		return sum, true
	}
	sum, ok := r.old[id]
	return sum, ok
}
