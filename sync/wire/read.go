package wire

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/klauspost/compress/s2"
)

// maxBody bounds what a message may unfold to: more than one row of PostgreSQL's largest value that
// a NATS message can carry.
const maxBody = 1 << 28

// Decode reads a message. It returns ErrVersion for a format it does not know and ErrCorrupt for
// anything that was not written by Writer or WriteBarrier.
func Decode(data []byte) (*Message, error) {
	if len(data) == 0 {
		return nil, fmt.Errorf("%w: empty", ErrCorrupt)
	}
	if data[0] < oldest || data[0] > Version {
		return nil, fmt.Errorf("%w: %d, want %d to %d", ErrVersion, data[0], oldest, Version)
	}
	headerSize := headerSize
	if data[0] == 1 {
		headerSize -= listSize
	}
	if len(data) < headerSize+sumSize {
		return nil, fmt.Errorf("%w: %d bytes", ErrCorrupt, len(data))
	}
	m := &Message{Header: readHeader(data)}
	packed := data[headerSize+sumSize:]
	size, err := s2.DecodedLen(packed)
	if err != nil || size > maxBody {
		return nil, fmt.Errorf("%w: body of %d bytes", ErrCorrupt, size)
	}
	body, err := s2.Decode(nil, packed)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	sum := crc32.Update(crc32.Checksum(data[:headerSize], castagnoli), castagnoli, body)
	if sum != binary.BigEndian.Uint32(data[headerSize:]) {
		return nil, fmt.Errorf("%w: checksum", ErrCorrupt)
	}
	switch data[1] {
	case kindParts:
		m.Parts, err = readParts(body)
	case kindBarrier:
		m.Barrier, err = readBarrier(body)
	default:
		err = fmt.Errorf("%w: kind %d", ErrCorrupt, data[1])
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

func readHeader(d []byte) Header {
	h := Header{
		Province:    int16(binary.BigEndian.Uint16(d[2:])),
		Epoch:       int64(binary.BigEndian.Uint64(d[4:])),
		Incarnation: int64(binary.BigEndian.Uint64(d[12:])),
		Schema:      Hash(d[20:52]),
		Selection:   binary.BigEndian.Uint32(d[52:]),
	}
	h.Prev.LSN = LSN(binary.BigEndian.Uint64(d[56:]))
	h.Prev.Chain = Hash(d[64:96])
	if d[0] > 1 {
		h.List = binary.BigEndian.Uint16(d[96:])
	}
	return h
}

func readBarrier(body []byte) (*Barrier, error) {
	if len(body) != 24 {
		return nil, fmt.Errorf("%w: barrier of %d bytes", ErrCorrupt, len(body))
	}
	return &Barrier{ID: [16]byte(body[:16]), LSN: LSN(binary.BigEndian.Uint64(body[16:]))}, nil
}

func readParts(body []byte) ([]Part, error) {
	var parts []Part
	for len(body) > 0 {
		if len(body) < 20 {
			return nil, fmt.Errorf("%w: part ends early", ErrCorrupt)
		}
		p := Part{
			LSN:   LSN(binary.BigEndian.Uint64(body)),
			Time:  time.UnixMicro(int64(binary.BigEndian.Uint64(body[8:]))),
			Chunk: binary.BigEndian.Uint32(body[16:]),
		}
		var err error
		if body, err = p.read(body[20:]); err != nil {
			return nil, err
		}
		if !p.Last && len(body) > 0 || len(parts) > 0 && (p.LSN <= parts[len(parts)-1].LSN || p.Chunk > 0) {
			return nil, fmt.Errorf("%w: parts out of order", ErrCorrupt)
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// read takes the changes and the end of the part from body and returns what is left.
func (p *Part) read(body []byte) ([]byte, error) {
	for {
		if len(body) < 2 {
			return nil, fmt.Errorf("%w: part without end", ErrCorrupt)
		}
		if body[0] == 0 {
			return p.readEnd(body[1:])
		}
		c := Change{Op: Op(body[0])}
		table, n := binary.Uvarint(body[1:])
		if n <= 0 || table > 1<<16 {
			return nil, fmt.Errorf("%w: table", ErrCorrupt)
		}
		body = body[1+n:]
		size, n := binary.Uvarint(body)
		if n <= 0 || size > uint64(len(body)-n) {
			return nil, fmt.Errorf("%w: length of a change", ErrCorrupt)
		}
		c.Table, c.Data = int(table), body[n:n+int(size):n+int(size)]
		if err := c.check(); err != nil {
			return nil, err
		}
		p.Changes = append(p.Changes, c)
		body = body[n+int(size):]
	}
}

func (p *Part) readEnd(body []byte) ([]byte, error) {
	mark := body[0]
	body = body[1:]
	p.Last = mark != endCut
	if mark > endLast || p.Last && (p.Chunk == 0) != (mark == endWhole) {
		return nil, fmt.Errorf("%w: end mark %d of chunk %d", ErrCorrupt, mark, p.Chunk)
	}
	if mark != endWhole {
		if len(body) < len(p.Content) {
			return nil, fmt.Errorf("%w: content", ErrCorrupt)
		}
		p.Content, body = Hash(body[:len(p.Content)]), body[len(p.Content):]
	}
	if p.Last {
		if len(body) < len(p.Digest) {
			return nil, fmt.Errorf("%w: digest", ErrCorrupt)
		}
		p.Digest, body = Hash(body[:len(p.Digest)]), body[len(p.Digest):]
	}
	return body, nil
}

// check refuses a change whose data cannot be what its operation needs, so that Key, Before and
// Clock need not.
func (c Change) check() error {
	want := -1
	switch c.Op {
	case Insert, Update, Repair:
		if len(c.Data) < 12 || binary.BigEndian.Uint32(c.Data) != 8 {
			return fmt.Errorf("%w: tuple without a key", ErrCorrupt)
		}
		return nil
	case Piece:
		if len(c.Data) < pieceHeader || c.Data[1] > 1 {
			return fmt.Errorf("%w: piece of %d bytes", ErrCorrupt, len(c.Data))
		}
		return nil
	case Delete, Unknown, Heartbeat:
		want = 8
	case Absent:
		want = 16
	case Truncate:
		want = 0
	}
	if !c.Op.known() || len(c.Data) != want {
		return fmt.Errorf("%w: operation %q with %d bytes", ErrCorrupt, c.Op, len(c.Data))
	}
	return nil
}
