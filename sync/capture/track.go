package capture

import (
	"sync"

	"jike/sync/wire"
)

// mark is a place in the stream: the last whole transaction of a message and the one before it.
type mark struct {
	sequence uint64 // what lies before it goes once link is applied; 0: found in the stream, sequence not known
	link     wire.Link
	before   wire.Link
	whole    bool // the message completes a transaction
}

// maxMarks bounds the memory of a long outage. Beyond it every second mark is forgotten, which
// only makes the confirmed position coarser.
const maxMarks = 1 << 16

// tracker knows what the leaf has stored and what headquarters has applied, and from both what
// PostgreSQL may forget. It is shared by goroutines and outlives sessions.
type tracker struct {
	mu        sync.Mutex
	marks     []mark // stored, not yet confirmed, in order
	published wire.Link
	epoch     int64 // of applied
	applied   wire.LSN
	head      wire.LSN // end of the log
}

// restart begins with what the stream holds and where the log ends. What was applied in another
// epoch says nothing in this one.
func (t *tracker) restart(epoch int64, tail wire.Link, head wire.LSN) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.marks, t.published, t.head = nil, tail, head
	if t.epoch != epoch {
		t.epoch, t.applied = epoch, 0
	}
}

func (t *tracker) stored(m mark) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if m.sequence != 0 && !m.whole {
		return
	}
	if m.link.LSN > t.published.LSN {
		t.published = m.link
	}
	t.marks = append(t.marks, m)
	if len(t.marks) > maxMarks {
		kept := t.marks[:0]
		for i := range t.marks {
			if i%2 == 1 {
				kept = append(kept, t.marks[i])
			}
		}
		t.marks = kept
	}
}

func (t *tracker) seen(head wire.LSN) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.head = max(t.head, head)
}

// setApplied takes what headquarters says. It returns false, and believes nothing, if that lies
// behind the end of the log as far as it is known here.
func (t *tracker) setApplied(epoch int64, lsn wire.LSN) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if epoch != t.epoch {
		return true
	}
	if lsn > t.head {
		return false
	}
	t.applied = max(t.applied, lsn)
	return true
}

// due takes the youngest mark that may be confirmed: stored by the leaf, and either applied or so
// far back that the log cannot wait (limit bytes). purge is the sequence up to which everything is
// applied.
func (t *tracker) due(limit uint64) (m mark, purge uint64, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	upTo := t.applied
	if uint64(t.head) > limit {
		upTo = max(upTo, t.head-wire.LSN(limit))
	}
	n := 0
	for n < len(t.marks) && t.marks[n].link.LSN <= upTo {
		if t.marks[n].link.LSN <= t.applied && t.marks[n].sequence > 0 {
			purge = t.marks[n].sequence
		}
		n++
	}
	if n == 0 {
		return mark{}, 0, false
	}
	m = t.marks[n-1]
	t.marks = append(t.marks[:0], t.marks[n:]...)
	return m, purge, true
}

func (t *tracker) state() (published wire.LSN, applied, head wire.LSN) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.published.LSN, t.applied, t.head
}
