package apply

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jike/schemas/replica"
	"jike/sync/wire"
)

// The real writer and reader of messages, cursor, chunks and fold are driven through random histories that
// are packed, repacked, doubled, lost, damaged, refilled, read again and begun anew in another
// epoch, against a model that is a list of transactions. The database is a map: what a fold says
// is carried out on it here, and rows and position change in one step, as they do in one transaction.

var modelTables = []replica.Table{{Schema: "crm", Name: "thing", Key: "id", Columns: []replica.Column{
	{Name: "id", Type: "int8"}, {Name: "name", Type: "text"}, {Name: "profile", Type: "text"},
}}}

type modelRow struct{ name, profile string }

// modelTx is a committed transaction and the rows after it.
type modelTx struct {
	lsn     wire.LSN
	digest  wire.Hash
	changes []wire.Change
	rows    map[int64]modelRow
	waits   map[int64]bool // keys whose repair has not come yet
}

// model is a province with its stream, and headquarters.
type model struct {
	epoch, incarnation int64
	history            []modelTx // of this epoch, after its beginning
	begin              map[int64]modelRow
	rows               map[int64]modelRow
	waits              map[int64]bool
	lsn                wire.LSN
	packed             int      // transactions of history that are in the stream
	hub                [][]byte // messages as the hub stores them

	schema  wire.Hash
	at      cursor // as the worker's
	fold    *fold
	pending *large
	kept    []wire.Part // of pending
	read    int         // messages of hub that were taken
	stored  struct {    // what headquarters' database holds
		cursor   cursor
		sequence uint64
		rows     map[int64]modelRow
		waits    map[int64]bool
	}
}

func newModel(t *rapid.T) *model {
	m := &model{epoch: 1, incarnation: 1, rows: map[int64]modelRow{}, waits: map[int64]bool{}, lsn: 100}
	m.stored.rows, m.stored.waits = map[int64]modelRow{}, map[int64]bool{}
	m.begin = map[int64]modelRow{}
	first, err := newTarget(591, false, 0, modelTables[0])
	if err != nil {
		t.Fatal(err)
	}
	m.schema, m.fold = replica.Hash(modelTables), newFold([]*target{first})
	m.restart(true)
	return m
}

// restart reads on from what the database holds, as a session does.
func (m *model) restart(trusted bool) {
	m.read = 0 // the stream is another one
	if trusted {
		m.read = int(m.stored.sequence)
	}
	m.at, m.pending = m.stored.cursor, nil
	m.fold.reset()
}

// write commits a transaction in the province.
func (m *model) write(t *rapid.T) {
	m.lsn += wire.LSN(rapid.IntRange(1, 1000).Draw(t, "log"))
	tx := modelTx{lsn: m.lsn}
	binary.BigEndian.PutUint64(tx.digest[:], uint64(m.lsn))
	binary.BigEndian.PutUint64(tx.digest[8:], uint64(m.epoch))
	add := func(op wire.Op, data []byte) { tx.changes = append(tx.changes, wire.Change{Op: op, Data: data}) }
	for range rapid.IntRange(0, 6).Draw(t, "changes") {
		key := rapid.Int64Range(1, 8).Draw(t, "key")
		name, profile := rapid.StringMatching(`[a-c]`).Draw(t, "name"), rapid.StringMatching(`[x-z]`).Draw(t, "profile")
		row, there := m.rows[key]
		switch op := rapid.IntRange(0, 19).Draw(t, "op"); {
		case op == 19:
			add(wire.Truncate, nil)
			clear(m.rows)
			clear(m.waits)
		case !there && op > 16: // it enters the selection with values that are not in the log
			add(wire.Unknown, keyData(key))
			m.rows[key], m.waits[key] = modelRow{name, profile}, true
		case !there:
			add(wire.Insert, tuple(key, name, profile))
			m.rows[key] = modelRow{name, profile}
		case m.waits[key] && op > 8 || op == 18: // its repair, or another one
			add(wire.Repair, tuple(key, row.name, row.profile))
			delete(m.waits, key)
		case op > 14:
			add(wire.Delete, keyData(key))
			delete(m.rows, key)
			delete(m.waits, key)
		case op > 10: // the large value is not written again
			add(wire.Update, tuple(key, name, unchanged))
			m.rows[key] = modelRow{name, row.profile}
		default:
			add(wire.Update, tuple(key, name, profile))
			m.rows[key] = modelRow{name, profile}
			// An update with all its values is none for a row that waits: its repair brings it.
		}
	}
	tx.rows, tx.waits = maps.Clone(m.rows), maps.Clone(m.waits)
	m.history = append(m.history, tx)
}

// link is the chain's link after n transactions of the epoch.
func (m *model) link(n int) (l wire.Link) {
	for _, tx := range m.history[:n] {
		l = l.Next(tx.lsn, tx.digest)
	}
	return l
}

// pack packs what is not packed yet, cut at random, and may break off in the middle.
func (m *model) pack(t *rapid.T, whole bool) {
	var w wire.Writer
	reset := func(n int) {
		w.Reset(wire.Header{
			Province: 591, Epoch: m.epoch, Incarnation: m.incarnation, Schema: m.schema, Selection: 1, Prev: m.link(n),
		})
	}
	reset(m.packed)
	last := len(m.history)
	if !whole {
		last = m.packed + rapid.IntRange(0, last-m.packed).Draw(t, "transactions")
	}
	for m.packed < last {
		tx := m.history[m.packed]
		chunk := uint32(0)
		w.Begin(tx.lsn, time.UnixMicro(1), chunk)
		for i, c := range tx.changes {
			w.Change(c)
			if i+1 < len(tx.changes) && rapid.IntRange(0, 4).Draw(t, "cut") == 0 {
				w.Cut()
				m.hub = append(m.hub, w.Bytes())
				if !whole && rapid.IntRange(0, 5).Draw(t, "broken off") == 0 {
					return
				}
				reset(m.packed)
				chunk++
				w.Begin(tx.lsn, time.UnixMicro(1), chunk)
			}
		}
		w.End(tx.digest)
		m.packed++
		if rapid.IntRange(0, 2).Draw(t, "flush") == 0 || m.packed == last {
			m.hub = append(m.hub, w.Bytes())
			reset(m.packed)
		}
	}
}

// take takes some messages, as the worker does: it commits after each, or what it took of it.
func (m *model) take(t *rapid.T, n int) {
	for ; n > 0 && m.read < len(m.hub); n-- {
		data := m.hub[m.read]
		m.read++
		err := m.message(data)
		if err != nil && !errors.Is(err, errGap) && !errors.Is(err, errOldEpoch) && !errors.Is(err, wire.ErrCorrupt) && !errors.Is(err, wire.ErrVersion) {
			t.Fatal(err)
		}
		if err != nil && !errors.Is(err, errOldEpoch) {
			m.pending = nil
		}
		m.commit(t)
	}
}

// message takes the parts of a message that were not seen.
func (m *model) message(data []byte) error {
	message, err := wire.Decode(data)
	if err != nil {
		return err
	}
	start, err := m.at.start(message)
	if err != nil {
		return err
	}
	parts, err := start.unseen(message)
	if err != nil || len(parts) == 0 {
		return err
	}
	if start.epoch != m.at.epoch {
		m.at, m.pending = start, nil
	}
	for _, p := range parts {
		if err := m.part(p); err != nil {
			return err
		}
	}
	return nil
}

func (m *model) part(p wire.Part) error {
	if p.Chunk == 0 && p.Last {
		if m.pending != nil && p.LSN != m.pending.lsn {
			return errGap
		}
		m.pending = nil
		return m.add(p)
	}
	if p.Chunk == 0 {
		m.pending, m.kept = &large{lsn: p.LSN, first: uint64(m.read)}, nil
	}
	if !m.pending.follows(p) {
		return errGap
	}
	m.pending.next++
	if m.kept = append(m.kept, p); !p.Last {
		return nil
	}
	m.pending = nil
	return m.add(m.kept...)
}

// add folds a whole transaction.
func (m *model) add(chunks ...wire.Part) error {
	for _, p := range chunks {
		for _, c := range p.Changes {
			if err := m.fold.add(c, p.LSN); err != nil {
				return err
			}
		}
	}
	last := chunks[len(chunks)-1]
	m.at.link = m.at.link.Next(last.LSN, last.Digest)
	return nil
}

// commit writes rows and position, if there is anything.
func (m *model) commit(t *rapid.T) {
	if m.at == m.stored.cursor {
		return
	}
	p := &m.fold.piles[0]
	if p.truncated {
		clear(m.stored.rows)
		clear(m.stored.waits)
	}
	for i := range p.entries {
		m.carryOut(t, &p.entries[i])
	}
	m.stored.cursor, m.stored.sequence = m.at, uint64(m.read)
	if m.pending != nil {
		m.stored.sequence = m.pending.first - 1
	}
	m.fold.reset()
	m.check(t)
}

// carryOut brings the last state of a key into the database, deletes before writes.
func (m *model) carryOut(t *rapid.T, e *entry) {
	rows, waits := m.stored.rows, m.stored.waits
	_, there := rows[e.key]
	switch e.removal {
	case removeExpected:
		if !there && !waits[e.key] && m.epoch == 1 {
			t.Fatalf("key %d: a delete met no row", e.key)
		}
		delete(rows, e.key)
	case removeAny, removeOlder:
		delete(rows, e.key)
	}
	if e.settled {
		delete(waits, e.key)
	}
	if e.unknown {
		waits[e.key] = true
	}
	row, there := rows[e.key]
	switch e.write {
	case writeInsert:
		if there && m.epoch == 1 {
			t.Fatalf("key %d: an insert met a row", e.key)
		}
		rows[e.key] = rowOf(t, e.tuple, row)
	case writePut:
		rows[e.key] = rowOf(t, e.tuple, row)
	case writeUpdate:
		switch {
		case there:
			rows[e.key] = rowOf(t, e.tuple, row)
		case !waits[e.key] && m.epoch == 1:
			t.Fatalf("key %d: an update met no row", e.key)
		default:
			waits[e.key] = true // a divergence: its repair is asked for
		}
	}
}

// check compares the database with the model at its position: a state between two transactions.
func (m *model) check(t *rapid.T) {
	c := m.stored.cursor
	if c.epoch != m.epoch {
		return // what it holds of an older epoch was judged then
	}
	for n := range len(m.history) + 1 {
		if m.link(n) != c.link {
			continue
		}
		want, waits := m.begin, map[int64]bool{}
		if n > 0 {
			want, waits = m.history[n-1].rows, m.history[n-1].waits
		}
		for key := range maps.Keys(waits) {
			if !m.stored.waits[key] {
				t.Fatalf("after %d transactions nobody knows that key %d waits", n, key)
			}
		}
		if got := m.known(m.stored.rows, m.stored.waits); !maps.Equal(got, m.known(want, m.stored.waits)) {
			t.Fatalf("after %d transactions of epoch %d: %v, want %v", n, m.epoch, got, want)
		}
		return
	}
	t.Fatalf("position %s is none of the history", c.link.LSN)
}

// known are the rows that wait for nothing.
func (m *model) known(rows map[int64]modelRow, waits map[int64]bool) map[int64]modelRow {
	known := maps.Clone(rows)
	maps.DeleteFunc(known, func(key int64, _ modelRow) bool { return waits[key] })
	return known
}

// refill begins a new incarnation behind a position that headquarters has.
func (m *model) refill(t *rapid.T) {
	m.incarnation++
	m.packed = 0
	if m.stored.cursor.epoch != m.epoch {
		return
	}
	for n := range len(m.history) + 1 {
		if m.link(n) == m.stored.cursor.link {
			m.packed = rapid.IntRange(0, n).Draw(t, "from")
		}
	}
}

// another begins another epoch. Everything before it that headquarters has not got is repaired from the
// rows themselves, as the reconciliation of an epoch does.
func (m *model) another() {
	m.epoch++
	m.incarnation++
	m.packed, m.history, m.hub = 0, nil, nil
	m.begin = maps.Clone(m.rows)
	m.stored.rows, m.stored.waits = maps.Clone(m.rows), maps.Clone(m.waits)
	m.stored.sequence = 0
	m.restart(false)
}

func TestApplyKeepsItsInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(t)
		message := func(name string) (int, bool) { // one that the worker has not taken
			if m.read >= len(m.hub) {
				return 0, false
			}
			return rapid.IntRange(m.read, len(m.hub)-1).Draw(t, name), true
		}
		faults := map[string]func(*rapid.T){
			"message doubled": func(t *rapid.T) {
				if len(m.hub) > 0 {
					m.hub = append(m.hub, m.hub[rapid.IntRange(0, len(m.hub)-1).Draw(t, "which")])
				}
			},
			"message lost": func(*rapid.T) {
				if i, ok := message("lost"); ok {
					m.hub = append(m.hub[:i:i], m.hub[i+1:]...)
				}
			},
			"message damaged": func(t *rapid.T) {
				if i, ok := message("damaged"); ok {
					data := append([]byte(nil), m.hub[i]...)
					data[rapid.IntRange(1, len(data)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
					m.hub[i] = data
				}
			},
			"refill":         m.refill,
			"applier killed": func(*rapid.T) { m.restart(true) },
			"hub wiped": func(*rapid.T) {
				m.hub, m.stored.sequence = nil, 0 // which belongs to the stream that is gone
				m.restart(false)
			},
			"another epoch": func(*rapid.T) { m.another() },
		}
		names := slices.Sorted(maps.Keys(faults))
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				for range rapid.IntRange(1, 4).Draw(t, "transactions") {
					m.write(t)
				}
			},
			"pack":      func(t *rapid.T) { m.pack(t, false) },
			"take some": func(t *rapid.T) { m.take(t, rapid.IntRange(1, 6).Draw(t, "messages")) },
			"take all":  func(t *rapid.T) { m.take(t, 1<<30) },
			"fault":     func(t *rapid.T) { faults[rapid.SampledFrom(names).Draw(t, "fault")](t) },
		})
		// In the end everything that was committed comes.
		for range 2 {
			m.pack(t, true)
			m.take(t, 1<<30)
			if m.stored.cursor == (cursor{m.epoch, m.link(len(m.history))}) || len(m.history) == 0 {
				return
			}
			m.refill(t)
		}
		t.Fatalf("epoch %d is applied to %s, it ends at %s", m.stored.cursor.epoch, m.stored.cursor.link.LSN, m.lsn)
	})
}

const unchanged = "\x00"

func keyData(key int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(key)) }

func tuple(key int64, values ...string) []byte {
	d := binary.BigEndian.AppendUint64([]byte{0, 0, 0, 8}, uint64(key))
	for _, v := range values {
		if v == unchanged {
			d = append(d, 0xff, 0xff, 0xff, 0xfe)
			continue
		}
		d = append(binary.BigEndian.AppendUint32(d, uint32(len(v))), v...)
	}
	return d
}

// rowOf lays a tuple over the row that is there.
func rowOf(t *rapid.T, data []byte, there modelRow) modelRow {
	fields, err := wire.Fields(data, 3, nil)
	if err != nil {
		t.Fatal(err)
	}
	value := func(i int, old string) string {
		if fields[i][1] == wire.UnknownField {
			return old
		}
		return string(data[fields[i][0] : fields[i][0]+fields[i][1]])
	}
	return modelRow{value(1, there.name), value(2, there.profile)}
}
