// Package wire is the form in which committed transactions travel from a province to headquarters.
//
// A message is a fixed header and a compressed body, protected by one checksum. The header says
// whose rows these are (province, epoch, incarnation), how to read them (version, table list,
// schema hash, selection version) and what they follow: Prev is the last whole transaction before this
// message. The body holds either parts or one barrier. A part is a whole transaction, or one chunk
// of a transaction too large for a message. A chunk carries the running content, a hash over the
// changes of this and all chunks before it, so that chunks of two attempts are never mixed. The
// last part also carries the digest, which capture reckoned over what PostgreSQL sent.
//
// The chain runs over transactions, never over messages, since the packing may differ after a
// restart: chain(tx) = SHA-256(previous chain, commit LSN, content digest). A reader that holds the
// link of its last transaction can tell for each part whether it follows (Prev equals its link),
// was already seen (its LSN is not above) or whether something is missing.
//
// A row is a binary COPY tuple without its field count: for each column of the replicated table a
// big-endian int32 length and the value, -1 for null. Only an update may hold unchanged fields
// (length -2): values that PostgreSQL stored out of line and did not write again.
package wire

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"time"
)

// Version is the format that this release writes. It reads this one and the one before, since
// headquarters is upgraded first and the provinces follow one by one.
//
// Version 1 lacked the number of the table list: of a province with other tables headquarters could
// say only that their hash is another, not whether to upgrade the province or itself.
const Version = 2

// oldest is the oldest format that is read.
const oldest = 1

// PostgresEpoch is where PostgreSQL's clock begins: its binary times count microseconds from there.
var PostgresEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// LSN is a position in a province's write-ahead log.
type LSN uint64

// String writes the position as PostgreSQL does, such as 0/16B3748.
func (l LSN) String() string { return fmt.Sprintf("%X/%X", uint32(l>>32), uint32(l)) }

// ParseLSN reads what String writes.
func ParseLSN(s string) (LSN, error) {
	var high, low uint32
	if n, err := fmt.Sscanf(s, "%X/%X", &high, &low); err != nil || n != 2 {
		return 0, fmt.Errorf("wire: %q is no log position", s)
	}
	return LSN(high)<<32 | LSN(low), nil
}

// Hash is a SHA-256 sum: of a schema, of a transaction's content, or a link of the chain.
type Hash [32]byte

// Link is a place in the chain: a transaction's commit position and the chain up to it. The zero
// Link is what an epoch's first transaction follows.
type Link struct {
	LSN   LSN
	Chain Hash
}

// Next is the link of a transaction that follows l.
func (l Link) Next(lsn LSN, digest Hash) Link {
	var buf [32 + 8 + 32]byte
	copy(buf[:], l.Chain[:])
	binary.BigEndian.PutUint64(buf[32:], uint64(lsn))
	copy(buf[40:], digest[:])
	return Link{LSN: lsn, Chain: sha256.Sum256(buf[:])}
}

// Op says what a change does.
type Op byte

// The operations. Their data is named in brackets.
const (
	Insert    Op = 'I' // a row that is new in the selection [tuple]
	Update    Op = 'U' // a row's new values [tuple, fields may be unchanged]
	Delete    Op = 'D' // a row left the selection or was deleted [key]
	Truncate  Op = 'T' // all rows of the province in this table are gone [nothing]
	Repair    Op = 'R' // a row as it is now: write it whatever is there [tuple]
	Absent    Op = 'X' // a key without a row: delete what is older than a position [key, LSN]
	Unknown   Op = 'P' // a row entered the selection with values that are not known: its repair follows [key]
	Heartbeat Op = 'H' // the province's clock [microseconds since 1970]
	Piece     Op = 'F' // of a change too large for a message: see Split
)

func (o Op) known() bool {
	switch o {
	case Insert, Update, Delete, Truncate, Repair, Absent, Unknown, Heartbeat, Piece:
		return true
	}
	return false
}

// Change is one change of a transaction. Data belongs to the message it was read from.
type Change struct {
	Op    Op
	Table int // index in the replicated tables
	Data  []byte
}

// Key is the key of the row that the change concerns; 0 for a truncate, heartbeat or piece.
func (c Change) Key() int64 {
	switch c.Op {
	case Insert, Update, Repair:
		if len(c.Data) >= 12 {
			return int64(binary.BigEndian.Uint64(c.Data[4:12]))
		}
	case Delete, Absent, Unknown:
		return int64(binary.BigEndian.Uint64(c.Data))
	}
	return 0
}

// Before is the position of an Absent: a row that was written before it may be deleted.
func (c Change) Before() LSN { return LSN(binary.BigEndian.Uint64(c.Data[8:])) }

// Clock is the time of a Heartbeat.
func (c Change) Clock() time.Time {
	return time.UnixMicro(int64(binary.BigEndian.Uint64(c.Data)))
}

// Part is a transaction or a chunk of one.
type Part struct {
	LSN     LSN       // of the commit record: of pgoutput's Commit
	Time    time.Time // when it was committed, by the province's clock
	Chunk   uint32    // 0 for the first
	Last    bool
	Content Hash // running content; zero for a whole transaction
	Digest  Hash // of the whole transaction as PostgreSQL sent it; zero unless Last
	Changes []Change
}

// Content follows the chunks of one transaction. The zero Content is ready for the first.
type Content struct{ sum hash.Hash }

// Follows takes the next chunk and reports whether it is what was written after the ones before.
func (c *Content) Follows(p Part) bool {
	if c.sum == nil {
		c.sum = sha256.New()
	}
	var buf []byte
	for _, change := range p.Changes {
		buf = appendChange(buf[:0], change)
		c.sum.Write(buf) // a hash never fails
	}
	return Hash(c.sum.Sum(nil)) == p.Content
}

// Barrier marks a position: everything committed before LSN is in front of it, nothing else is.
type Barrier struct {
	ID  [16]byte
	LSN LSN
}

// Header is what every message begins with.
type Header struct {
	Province    int16
	Epoch       int64
	Incarnation int64
	List        uint16 // number of the table list; 0: not known, as in version 1
	Schema      Hash   // of the table list
	Selection   uint32 // version of row filter and column list
	Prev        Link   // the last whole transaction before the message
}

// Message is one message, read.
type Message struct {
	Header
	Parts   []Part
	Barrier *Barrier
}

// End is the link after the message's last whole transaction, Prev if it completes none.
func (m *Message) End() Link {
	link := m.Prev
	for i := range m.Parts {
		if m.Parts[i].Last {
			link = link.Next(m.Parts[i].LSN, m.Parts[i].Digest)
		}
	}
	return link
}

var (
	// ErrVersion says that the message was written by a release that this one cannot read.
	ErrVersion = errors.New("wire: version not known here")
	// ErrCorrupt says that the message is not what was written.
	ErrCorrupt = errors.New("wire: message is damaged")
)

// UnknownField is the length of an unchanged field.
const UnknownField = -2

// MissingField is the length of a field of a column that the sender's table list does not have. It
// is never on the wire: apply puts it where an older province sends nothing.
const MissingField = -3

// NullField is the length of a null.
const NullField = -1

// Field is where a field's value begins in its tuple and how long it is, or a negative length. It is
// small, as a batch has hundreds of thousands of them.
type Field [2]int32

// Fields cuts a tuple into its columns. It returns ErrCorrupt when the tuple has not exactly n
// fields.
func Fields(data []byte, n int, into []Field) ([]Field, error) {
	at := 0
	for range n {
		if len(data)-at < 4 {
			return nil, fmt.Errorf("%w: tuple ends early", ErrCorrupt)
		}
		size := int(int32(binary.BigEndian.Uint32(data[at:])))
		at += 4
		if size < MissingField || size > len(data)-at {
			return nil, fmt.Errorf("%w: field of length %d", ErrCorrupt, size)
		}
		into = append(into, Field{int32(at), int32(size)})
		at += max(size, 0)
	}
	if at != len(data) {
		return nil, fmt.Errorf("%w: %d bytes after the tuple", ErrCorrupt, len(data)-at)
	}
	return into, nil
}
