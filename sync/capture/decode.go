package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"jike/schemas/replica"
	"jike/sync/wire"
)

// ErrSchema says that the log holds another shape of a table than this release replicates.
var ErrSchema = errors.New("capture: the table is not what this release replicates")

// Prefixes of the logical messages that capture itself puts into the log.
const (
	prefixHeartbeat = "jike.heartbeat"
	prefixRepair    = "jike.repair"
)

// relation maps the columns that pgoutput sends to those that travel.
type relation struct {
	table int
	place []int // for each replicated column, its place in pgoutput's tuple; -1: the log lacks it (late)
	key   int   // place of the key
	count int   // columns in pgoutput's tuple
}

// decoder turns pgoutput's binary messages into changes. A field without its kind byte is a field
// of a binary COPY tuple already, so values are copied and never understood.
type decoder struct {
	tables    []replica.Table
	types     map[string]uint32   // OIDs of the tables' types
	late      map[string][]string // by table: columns that older changes lack, their rows are sent again
	relations map[uint32]*relation
	fields    []field
	scratch   []byte
	recent    *recent
}

// field is one column of a pgoutput tuple: its kind and, for a value, length and bytes as sent.
type field struct {
	kind byte
	data []byte
}

func newDecoder(tables []replica.Table, types map[string]uint32, late map[string][]string) *decoder {
	return &decoder{tables: tables, types: types, late: late, relations: map[uint32]*relation{}, recent: newRecent()}
}

// relation reads a Relation message and checks it against what is replicated.
func (d *decoder) relation(m []byte) error {
	r := reader{m}
	oid := r.uint32()
	schema, name := r.text(), r.text()
	r.skip(1)
	count := int(r.uint16())
	names := make(map[string]int, count)
	types := make([]uint32, count)
	for i := range count {
		r.skip(1)
		names[r.text()] = i
		types[i] = r.uint32()
		r.skip(4)
	}
	if r.bad() {
		return errShort
	}
	for i, t := range d.tables {
		if t.Schema != schema || t.Name != name {
			continue
		}
		rel := &relation{table: i, count: count, place: make([]int, len(t.Columns))}
		for j, c := range t.Columns {
			at, ok := names[c.Name]
			if !ok && slices.Contains(d.late[t.Qualified()], c.Name) {
				rel.place[j] = -1
				continue
			}
			if !ok || types[at] != d.types[c.Type] {
				return fmt.Errorf("%w: column %s of %s.%s is missing or not %s", ErrSchema, c.Name, schema, name, c.Type)
			}
			rel.place[j] = at
			if c.Name == t.Key {
				rel.key = at
			}
		}
		d.relations[oid] = rel
		return nil
	}
	return fmt.Errorf("%w: %s.%s is in the publication and not replicated", ErrSchema, schema, name)
}

// change decodes one Insert, Update, Delete or Truncate and hands what it means to pack, unless it
// changes nothing. The data of a change is valid only during the call.
func (d *decoder) change(kind byte, m []byte, pack func(wire.Change)) error {
	emit := func(c wire.Change) {
		if d.recent.changes(c) {
			pack(c)
		}
	}
	if kind == 'T' {
		return d.truncate(m, emit)
	}
	r := reader{m}
	rel := d.relations[r.uint32()]
	if rel == nil {
		return fmt.Errorf("%w: change of a relation that was not announced", ErrSchema)
	}
	var old []byte // key before the change, if the change moved it
	mark := r.byte()
	if mark == 'K' || mark == 'O' {
		if err := d.tuple(&r, rel); err != nil {
			return err
		}
		key, err := d.keyOf(rel)
		if err != nil {
			return err
		}
		if kind == 'D' {
			emit(wire.Change{Op: wire.Delete, Table: rel.table, Data: key})
			return nil
		}
		old = bytes.Clone(key)
		mark = r.byte()
	}
	if mark != 'N' {
		return fmt.Errorf("capture: tuple of kind %q", mark)
	}
	if err := d.tuple(&r, rel); err != nil {
		return err
	}
	return d.row(kind, rel, old, emit)
}

// row emits the new state of a row. A row that enters the selection, or moves to another key, has
// no former state at headquarters: if some of its values are not in the log, it must be fetched
// (Unknown) and is never sent with nulls instead.
func (d *decoder) row(kind byte, rel *relation, old []byte, emit func(wire.Change)) error {
	key, err := d.keyOf(rel)
	if err != nil {
		return err
	}
	fresh := kind == 'I'
	if old != nil && !bytes.Equal(old, key) {
		emit(wire.Change{Op: wire.Delete, Table: rel.table, Data: old})
		fresh = true
	}
	missing := byte(0xfe) // unchanged
	if fresh {
		missing = 0xff // null, until the row is sent again
	}
	tuple := d.scratch[:0]
	for _, at := range rel.place {
		if at < 0 {
			tuple = append(tuple, 0xff, 0xff, 0xff, missing)
			continue
		}
		switch f := d.fields[at]; f.kind {
		case 'b':
			tuple = append(tuple, f.data...)
		case 'n':
			tuple = append(tuple, 0xff, 0xff, 0xff, 0xff)
		case 'u':
			if fresh {
				emit(wire.Change{Op: wire.Unknown, Table: rel.table, Data: key})
				return nil
			}
			tuple = append(tuple, 0xff, 0xff, 0xff, 0xfe)
		default:
			return fmt.Errorf("capture: column of kind %q, want binary", f.kind)
		}
	}
	if d.scratch = tuple; cap(tuple) > keptBuffer {
		d.scratch = nil
	}
	op := wire.Update
	if fresh {
		op = wire.Insert
	}
	emit(wire.Change{Op: op, Table: rel.table, Data: tuple})
	return nil
}

func (d *decoder) truncate(m []byte, emit func(wire.Change)) error {
	r := reader{m}
	count := r.uint32()
	r.skip(1)
	for range count {
		rel := d.relations[r.uint32()]
		if rel == nil {
			return fmt.Errorf("%w: truncate of a relation that was not announced", ErrSchema)
		}
		emit(wire.Change{Op: wire.Truncate, Table: rel.table})
	}
	if r.bad() {
		return errShort
	}
	return nil
}

// message decodes a logical message. Those of others are passed over.
func (d *decoder) message(m []byte, emit func(wire.Change)) error {
	r := reader{m}
	r.skip(1 + 8)
	prefix := r.text()
	content := r.take(int(r.uint32()))
	if r.bad() {
		return errShort
	}
	switch prefix {
	case prefixHeartbeat:
		if len(content) != 8 {
			return fmt.Errorf("capture: heartbeat of %d bytes", len(content))
		}
		emit(wire.Change{Op: wire.Heartbeat, Data: content})
	case prefixRepair:
		return readRepair(content, d.tables, emit)
	}
	return nil
}

// tuple reads a TupleData into d.fields.
func (d *decoder) tuple(r *reader, rel *relation) error {
	if count := int(r.uint16()); count != rel.count {
		return fmt.Errorf("%w: tuple of %d columns, announced were %d", ErrSchema, count, rel.count)
	}
	d.fields = d.fields[:0]
	for range rel.count {
		f := field{kind: r.byte()}
		if f.kind == 'b' || f.kind == 't' {
			start := r.rest
			size := int(r.uint32())
			if r.take(size); r.bad() {
				return errShort
			}
			f.data = start[:4+size]
		}
		d.fields = append(d.fields, f)
	}
	if r.bad() {
		return errShort
	}
	return nil
}

// keyOf is the key's eight bytes in the tuple that was read last.
func (d *decoder) keyOf(rel *relation) ([]byte, error) {
	f := d.fields[rel.key]
	if f.kind != 'b' || len(f.data) != 12 {
		return nil, fmt.Errorf("%w: row without a bigint key", ErrSchema)
	}
	return f.data[4:], nil
}

// transaction is what Begin says.
type transaction struct {
	lsn wire.LSN // of the commit record
	at  time.Time
}

func readBegin(m []byte) (transaction, error) {
	r := reader{m}
	t := transaction{lsn: wire.LSN(r.uint64())}
	t.at = wire.PostgresEpoch.Add(time.Duration(r.uint64()) * time.Microsecond)
	if r.bad() {
		return t, errShort
	}
	return t, nil
}

var errShort = errors.New("capture: pgoutput message ends early")

// reader takes values from a message; after the end it gives zeroes and is bad.
type reader struct{ rest []byte }

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.rest) || r.rest == nil {
		r.rest = nil
		return nil
	}
	v := r.rest[:n]
	r.rest = r.rest[n:]
	return v
}

func (r *reader) bad() bool { return r.rest == nil }

func (r *reader) skip(n int) { r.take(n) }

func (r *reader) byte() byte {
	if v := r.take(1); v != nil {
		return v[0]
	}
	return 0
}

func (r *reader) uint16() uint16 {
	if v := r.take(2); v != nil {
		return binary.BigEndian.Uint16(v)
	}
	return 0
}

func (r *reader) uint32() uint32 {
	if v := r.take(4); v != nil {
		return binary.BigEndian.Uint32(v)
	}
	return 0
}

func (r *reader) uint64() uint64 {
	if v := r.take(8); v != nil {
		return binary.BigEndian.Uint64(v)
	}
	return 0
}

func (r *reader) text() string {
	end := bytes.IndexByte(r.rest, 0)
	if end < 0 {
		r.rest = nil
		return ""
	}
	return string(r.take(end + 1)[:end])
}
