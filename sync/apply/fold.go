package apply

import (
	"encoding/binary"
	"errors"
	"fmt"

	"jike/sync/wire"
)

// removal is what is deleted of a key before anything is written.
type removal uint8

const (
	removeNone     removal = iota
	removeExpected         // the row must be there
	removeAny              // whatever is there
	removeOlder            // what was written before a position
)

// write is what is written of a key in the end.
type write uint8

const (
	writeNone   write = iota
	writeInsert       // a row must not be there: if one is, it is replaced and counted
	writeUpdate       // a row must be there
	writePut          // whatever is there
)

// entry is what several changes of one key come to.
type entry struct {
	key      int64
	removal  removal
	write    write
	settled  bool     // a repair or a deletion: what was recorded of the key is done with
	absent   bool     // an absence: what was recorded before it was read is done with
	unknown  bool     // the row cannot be written before its repair comes
	before   wire.LSN // of removeOlder and absent; 0: nobody knows
	lsn      wire.LSN // of the last transaction that changed the key
	tuple    []byte   // of write
	replaced int      // inserts on top of a row that this batch itself had written
}

// pile is what is folded of one table.
type pile struct {
	columns   int
	truncated bool
	entries   []entry
	at        map[int64]int
	conflicts int // of entries that a truncate took away
	dirty     map[int64]stain
	touched   map[int64]stain // of dirty, by this fold
}

// fold takes changes in their order and keeps the last state of each key.
type fold struct {
	piles     []pile
	changes   int
	heartbeat int64 // the province's clock, microseconds; 0: none
}

func newFold(targets []*target) *fold {
	f := &fold{piles: make([]pile, len(targets))}
	for i, t := range targets {
		f.piles[i].columns = len(t.names)
		f.piles[i].at = map[int64]int{}
	}
	return f
}

func (f *fold) reset() {
	for i := range f.piles {
		f.piles[i].clear()
		f.piles[i].truncated, f.piles[i].conflicts, f.piles[i].touched = false, 0, nil
	}
	f.changes, f.heartbeat = 0, 0
}

func (p *pile) clear() {
	clear(p.entries) // lets go of the messages that the tuples lie in
	p.entries = p.entries[:0]
	clear(p.at)
}

// errChange says what is wrong with a change that no capture writes.
var errChange = errors.New("a change does not fit its table")

// add takes one change of the transaction at lsn. It returns errChange for what no capture writes;
// the fold is of no use then.
func (f *fold) add(c wire.Change, lsn wire.LSN) error {
	f.changes++
	if c.Op == wire.Heartbeat {
		f.heartbeat = c.Clock().UnixMicro()
		return nil
	}
	if c.Table >= len(f.piles) {
		return errChange
	}
	p := &f.piles[c.Table]
	if c.Op == wire.Truncate {
		for i := range p.entries {
			p.conflicts += p.entries[i].replaced
		}
		p.clear()
		p.truncated = true
		return nil
	}
	if len(p.dirty) > 0 {
		skip, cleans := p.pass(c, lsn)
		if skip {
			return nil
		}
		if cleans && c.Op == wire.Absent {
			p.entry(c.Key()).gone()
			return nil
		}
	}
	return p.entry(c.Key()).add(c, lsn, p.columns)
}

// all adds the chunks of a transaction.
func (f *fold) all(chunks [][]wire.Change, lsn wire.LSN) error {
	for _, changes := range chunks {
		for _, c := range changes {
			if err := f.add(c, lsn); err != nil {
				return fmt.Errorf("%w: table %d, key %d", err, c.Table, c.Key())
			}
		}
	}
	return nil
}

func (p *pile) entry(key int64) *entry {
	i, ok := p.at[key]
	if !ok {
		i = len(p.entries)
		p.at[key] = i
		p.entries = append(p.entries, entry{key: key})
	}
	return &p.entries[i]
}

func (e *entry) add(c wire.Change, lsn wire.LSN, columns int) error {
	switch c.Op {
	case wire.Insert:
		if e.write == writeInsert || e.write == writePut {
			e.replaced++ // a second insert without a delete between
		} else {
			e.write = writeInsert
		}
		e.tuple, e.unknown, e.lsn = c.Data, false, lsn
	case wire.Update:
		return e.update(c.Data, lsn, columns)
	case wire.Delete:
		e.delete()
		e.lsn = lsn
	case wire.Repair:
		e.settle()
		e.write, e.tuple, e.lsn = writePut, c.Data, lsn
	case wire.Absent:
		e.lack(c.Before())
	case wire.Unknown:
		if e.write != writeNone {
			e.delete()
		}
		e.unknown, e.settled, e.lsn = true, false, lsn
	}
	return nil
}

// update lays a row over the one before; fields that did not change keep the value they had there.
func (e *entry) update(tuple []byte, lsn wire.LSN, columns int) error {
	e.lsn = lsn
	if e.write == writeNone {
		if !e.unknown { // else its repair brings this change too
			e.write, e.tuple = writeUpdate, tuple
		}
		return nil
	}
	merged, err := merge(e.tuple, tuple, columns)
	e.tuple = merged
	return err
}

func (e *entry) delete() {
	switch {
	case e.write == writeNone && e.unknown:
		e.removal = removeAny // the row never was here
	case e.write == writeNone && e.removal != removeAny:
		e.removal = removeExpected
	case e.write == writeUpdate:
		e.removal = removeExpected
	case e.write != writeNone && e.removal != removeExpected:
		e.removal = removeAny // the row is of this batch; one that it replaced goes too
	}
	e.write, e.tuple, e.unknown, e.settled = writeNone, nil, false, true
}

// settle ends what is or would be recorded of the key.
func (e *entry) settle() {
	e.settled, e.unknown = true, false
	if e.removal == removeExpected {
		e.removal = removeAny
	}
}

// lack takes a key that the province does not have. What was written at or after before may be a
// commit that the province's reader could not see yet, so it stays; and a row that was to come at or
// after before is still to come. 0 is before everything: the stream itself says when such a row goes.
func (e *entry) lack(before wire.LSN) {
	if e.unknown && e.lsn >= before {
		return
	}
	e.absent, e.unknown = true, false
	if e.removal == removeExpected {
		e.removal = removeAny
	}
	switch {
	case before == 0:
	case e.write == writeNone && e.removal == removeNone:
		e.removal = removeOlder
	case e.write != writeNone && e.lsn < before:
		e.removal, e.write, e.tuple = removeAny, writeNone, nil
	}
	e.before = max(e.before, before)
}

// gone settles a key that the province surely does not have: whatever is here goes.
func (e *entry) gone() {
	e.settle()
	e.removal, e.write, e.tuple = removeAny, writeNone, nil
}

// merge lays the tuple young over old.
func merge(old, young []byte, columns int) ([]byte, error) {
	var fields [2][64]wire.Field
	there, err := wire.Fields(young, columns, fields[0][:0])
	if err != nil {
		return nil, fmt.Errorf("%w: %s", errChange, err.Error())
	}
	if known(there) == 1<<columns-1 {
		return young, nil
	}
	here, err := wire.Fields(old, columns, fields[1][:0])
	if err != nil {
		return nil, fmt.Errorf("%w: %s", errChange, err.Error())
	}
	merged := make([]byte, 0, len(old)+len(young))
	for i := range there {
		from, f := young, there[i]
		if f[1] < wire.NullField {
			from, f = old, here[i]
		}
		merged = binary.BigEndian.AppendUint32(merged, uint32(f[1]))
		merged = append(merged, from[f[0]:f[0]+max(f[1], 0)]...)
	}
	return merged, nil
}
