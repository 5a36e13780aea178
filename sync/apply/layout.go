package apply

import (
	"encoding/binary"
	"fmt"

	"jike/schemas/replica"
	"jike/sync/wire"
)

// layout says how the rows of a table list that a province may send lie in the targets. The zero
// layout is that of today's list.
type layout struct {
	tables []tableLayout
}

// tableLayout is a layout's table.
type tableLayout struct {
	target int   // -1: the table is not replicated any more
	fields int   // of a tuple as it is sent
	from   []int // for each column of the target, its place in the tuple; -1: the older list lacks it
}

// newLayout compares an older list with today's. It returns errTable for a column that changed its
// type or a table that changed its key: rows of both could not lie in one table.
func newLayout(old, now []replica.Table) (*layout, error) {
	l := &layout{tables: make([]tableLayout, len(old))}
	for i, t := range old {
		l.tables[i] = tableLayout{target: -1, fields: len(t.Columns)}
		for j, n := range now {
			if n.Qualified() != t.Qualified() {
				continue
			}
			if n.Key != t.Key || len(t.Columns) == 0 || t.Columns[0].Name != t.Key {
				return nil, fmt.Errorf("%w: %s has the key %s in an older list", errTable, n.Qualified(), t.Key)
			}
			l.tables[i].target = j
			for _, c := range n.Columns {
				at, err := place(t, c)
				if err != nil {
					return nil, err
				}
				l.tables[i].from = append(l.tables[i].from, at)
			}
		}
	}
	return l, nil
}

func place(t replica.Table, c replica.Column) (int, error) {
	for i, old := range t.Columns {
		if old.Name != c.Name {
			continue
		}
		if old.Type != c.Type {
			return 0, fmt.Errorf("%w: column %s of %s is %s in an older list and %s today", errTable, c.Name, t.Qualified(), old.Type, c.Type)
		}
		return i, nil
	}
	return -1, nil
}

// read turns changes as they were sent into changes of the targets. What does not fit the list that
// it was sent by will not fit the target either, so that its transaction is refused and parked.
func (l *layout) read(changes []wire.Change) []wire.Change {
	if l.tables == nil {
		return changes
	}
	out := make([]wire.Change, 0, len(changes))
	var fields []wire.Field
	for _, c := range changes {
		if c.Op != wire.Heartbeat {
			if c.Table >= len(l.tables) {
				c.Table = noTable
			} else if t := l.tables[c.Table]; t.target < 0 {
				continue
			} else {
				fields = t.read(&c, fields[:0])
			}
		}
		out = append(out, c)
	}
	return out
}

// noTable is a table that no list has.
const noTable = 1 << 16

func (t tableLayout) read(c *wire.Change, fields []wire.Field) []wire.Field {
	c.Table = t.target
	if c.Op != wire.Insert && c.Op != wire.Update && c.Op != wire.Repair {
		return fields
	}
	fields, err := wire.Fields(c.Data, t.fields, fields)
	if err != nil {
		c.Data = append(c.Data[:12:12], 0) // the key, and a byte that is no field
	} else {
		c.Data = t.tuple(c.Data, fields)
	}
	return fields
}

// tuple orders the fields as the target's columns are.
func (t tableLayout) tuple(sent []byte, fields []wire.Field) []byte {
	out := make([]byte, 0, len(sent)+4*len(t.from))
	for _, at := range t.from {
		if at < 0 {
			size := int32(wire.MissingField)
			out = binary.BigEndian.AppendUint32(out, uint32(size))
			continue
		}
		f := fields[at]
		out = append(out, sent[f[0]-4:f[0]+max(f[1], 0)]...)
	}
	return out
}

// otherSchema says that a message was written by a table list that is not known here.
func (a *Apply) otherSchema(m *wire.Message) error {
	what := "another table list"
	if m.List > 0 {
		what = fmt.Sprintf("table list %d", m.List)
	}
	here := []int{replica.NumberOf(a.opts.Tables)}
	for _, old := range a.opts.Previous {
		here = append(here, old.Number)
	}
	return fmt.Errorf("%w: the province sends %s (%x…), headquarters reads %v: the older of both must be upgraded", errRefused, what, m.Schema[:6], here)
}
