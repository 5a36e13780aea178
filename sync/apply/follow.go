package apply

import (
	"errors"
	"fmt"

	"jike/sync/wire"
)

// cursor is a place in a province's history: everything up to it was taken.
type cursor struct {
	epoch int64
	link  wire.Link
}

var (
	errOldEpoch = errors.New("apply: the message is of an older epoch")
	errGap      = errors.New("apply: something is missing")
)

// gap says what the province is asked for while something is missing.
type gap struct {
	from        cursor
	incarnation int64 // of the message that did not follow: a younger one is on its way already
}

// start is where a message's epoch is followed from.
func (c cursor) start(m *wire.Message) (cursor, error) {
	switch {
	case m.Epoch < c.epoch:
		return c, fmt.Errorf("%w: %d, this is %d", errOldEpoch, m.Epoch, c.epoch)
	case m.Epoch > c.epoch:
		return cursor{epoch: m.Epoch}, nil
	}
	return c, nil
}

// unseen gives the parts of m that follow c; none if all were seen. It returns errGap when
// something is missing in front of what was not seen, or when what was seen is not what c holds.
func (c cursor) unseen(m *wire.Message) ([]wire.Part, error) {
	link := m.Prev
	for i, p := range m.Parts {
		if p.LSN > c.link.LSN {
			return m.Parts[i:], c.meets(link)
		}
		if !p.Last {
			continue
		}
		if link = link.Next(p.LSN, p.Digest); link.LSN == c.link.LSN && link != c.link {
			return nil, c.meets(link)
		}
	}
	return nil, nil
}

// passed reports whether a barrier that follows prev lies behind c; at it neither passed nor errGap.
func (c cursor) passed(prev wire.Link) (bool, error) {
	if prev.LSN < c.link.LSN {
		return true, nil
	}
	return false, c.meets(prev)
}

// meets returns errGap unless link is where c stands.
func (c cursor) meets(link wire.Link) error {
	switch {
	case link == c.link:
		return nil
	case link.LSN == c.link.LSN:
		return fmt.Errorf("%w: transaction %s came with another chain than was applied", errGap, link.LSN)
	}
	return fmt.Errorf("%w: %s is applied, what comes follows %s", errGap, c.link.LSN, link.LSN)
}

// large is a transaction of which chunks came and the last did not.
type large struct {
	lsn     wire.LSN
	next    uint32 // chunk that must come
	content wire.Content
	first   uint64   // sequence of the first chunk's message: where reading begins after a crash
	kept    [][]byte // messages in memory, the youngest
	size    int      // bytes of kept
	staged  uint32   // chunks in sync.staged, those before kept
	layout  *layout  // of all its chunks: a province does not change it within a transaction
}

// follows reports whether p is the transaction's next chunk.
func (l *large) follows(p wire.Part) bool {
	return l != nil && p.LSN == l.lsn && p.Chunk == l.next && l.content.Follows(p)
}
