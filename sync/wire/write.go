package wire

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"hash/crc32"
	"time"

	"github.com/klauspost/compress/s2"
)

const (
	kindParts   = 1
	kindBarrier = 2
	headerSize  = 2 + 2 + 8 + 8 + 32 + 4 + 8 + 32 + listSize
	listSize    = 2 // since version 2
	sumSize     = 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Writer packs parts into one message. A Writer may be used again after Reset.
type Writer struct {
	header  Header
	body    []byte
	packed  []byte // where the body is compressed
	rows    int
	chunk   uint32    // of the open part
	start   int       // where the open part's changes begin in body
	content hash.Hash // of the chunks written of one transaction; it outlives a message
}

// Reset begins a message. Header.Prev must be the link before the first part.
func (w *Writer) Reset(h Header) {
	body := w.body[:0]
	if cap(body) > keptBody {
		body = nil
	}
	*w = Writer{header: h, body: body, packed: w.packed, content: w.content}
}

// keptBody is how large a buffer may be to be used again: one very large message must not be paid for
// in memory for ever.
const keptBody = 8 << 20

// Begin opens a part. The chunks of a transaction must come from one Writer, in their order.
func (w *Writer) Begin(lsn LSN, at time.Time, chunk uint32) {
	w.body = binary.BigEndian.AppendUint64(w.body, uint64(lsn))
	w.body = binary.BigEndian.AppendUint64(w.body, uint64(at.UnixMicro()))
	w.body = binary.BigEndian.AppendUint32(w.body, chunk)
	w.chunk, w.start = chunk, len(w.body)
}

// Change adds a change to the open part.
func (w *Writer) Change(c Change) {
	w.body = appendChange(w.body, c)
	w.rows++
}

func appendChange(to []byte, c Change) []byte {
	to = append(to, byte(c.Op))
	to = binary.AppendUvarint(to, uint64(c.Table))
	to = binary.AppendUvarint(to, uint64(len(c.Data)))
	return append(to, c.Data...)
}

// Cut ends the open part as a chunk that another one follows.
func (w *Writer) Cut() { w.cut(w.sum()) }

// End ends the open part as the whole transaction or its last chunk.
func (w *Writer) End(digest Hash) {
	if w.chunk == 0 {
		w.end(Hash{}, digest)
		return
	}
	w.end(w.sum(), digest)
}

// sum adds the open part to its transaction's content. It is reckoned at a cut only: a transaction
// that fits into a message is protected by the message's checksum.
func (w *Writer) sum() Hash {
	if w.content == nil {
		w.content = sha256.New()
	}
	if w.chunk == 0 {
		w.content.Reset()
	}
	w.content.Write(w.body[w.start:]) // a hash never fails
	return Hash(w.content.Sum(nil))
}

// The marks that end a part.
const (
	endCut   = 0 // content
	endWhole = 1 // digest
	endLast  = 2 // content, digest
)

func (w *Writer) cut(content Hash) {
	w.body = append(append(w.body, 0, endCut), content[:]...)
}

func (w *Writer) end(content, digest Hash) {
	if w.chunk == 0 {
		w.body = append(w.body, 0, endWhole)
	} else {
		w.body = append(append(w.body, 0, endLast), content[:]...)
	}
	w.body = append(w.body, digest[:]...)
}

// Size is the number of bytes packed, before compression.
func (w *Writer) Size() int { return len(w.body) }

// Rows is the number of changes packed.
func (w *Writer) Rows() int { return w.rows }

// Bytes is the message. Every part must be ended. The slice is the caller's.
func (w *Writer) Bytes() []byte {
	data, packed := seal(kindParts, w.header, w.body, w.packed)
	if cap(packed) <= keptBody {
		w.packed = packed
	}
	return data
}

// WriteBarrier writes a barrier that follows h.Prev.
func WriteBarrier(h Header, b Barrier) []byte {
	data, _ := seal(kindBarrier, h, binary.BigEndian.AppendUint64(append([]byte{}, b.ID[:]...), uint64(b.LSN)), nil)
	return data
}

// Encode writes a message that was read: parts in their order, or the barrier.
func Encode(m *Message) []byte {
	if m.Barrier != nil {
		return WriteBarrier(m.Header, *m.Barrier)
	}
	var w Writer
	w.Reset(m.Header)
	for _, p := range m.Parts {
		w.Begin(p.LSN, p.Time, p.Chunk)
		for _, c := range p.Changes {
			w.Change(c)
		}
		if p.Last {
			w.end(p.Content, p.Digest)
		} else {
			w.cut(p.Content)
		}
	}
	return w.Bytes()
}

// seal makes a message. It is no larger than it must be, as it lies in memory until the server has
// stored it: the body is compressed apart, in scratch or something larger, which is given back.
func seal(kind byte, h Header, body, scratch []byte) (message, packed []byte) {
	packed = s2.Encode(scratch, body)
	out := make([]byte, 0, headerSize+sumSize+len(packed))
	out = append(out, Version, kind)
	out = binary.BigEndian.AppendUint16(out, uint16(h.Province))
	out = binary.BigEndian.AppendUint64(out, uint64(h.Epoch))
	out = binary.BigEndian.AppendUint64(out, uint64(h.Incarnation))
	out = append(out, h.Schema[:]...)
	out = binary.BigEndian.AppendUint32(out, h.Selection)
	out = binary.BigEndian.AppendUint64(out, uint64(h.Prev.LSN))
	out = append(out, h.Prev.Chain[:]...)
	out = binary.BigEndian.AppendUint16(out, h.List)
	sum := crc32.Update(crc32.Checksum(out, castagnoli), castagnoli, body)
	out = binary.BigEndian.AppendUint32(out, sum)
	return append(out, packed...), packed
}
