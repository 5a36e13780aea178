package capture

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"maps"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"pgregory.net/rapid"

	"jike/schemas/replica"
	"jike/sync/stream"
	"jike/sync/wire"
)

// The real packer, decoder and tracker are driven through random histories, cut sessions, lost and
// wiped stores, lost messages and refills, against a model that is a list of transactions. What PostgreSQL sends
// is made here, byte by byte; what NATS stores is a list.

var modelTables = []replica.Table{{Schema: "crm", Name: "thing", Key: "id", Columns: []replica.Column{
	{Name: "id", Type: "int8"}, {Name: "name", Type: "text"},
}}}

// modelTypes are the OIDs that PostgreSQL has for the types of modelTables.
var modelTypes = map[string]uint32{"int8": pgtype.Int8OID, "text": pgtype.TextOID}

// modelTx is a committed transaction: the pgoutput messages of its changes, and the rows after it.
type modelTx struct {
	lsn     wire.LSN
	changes [][]byte
	rows    map[int64]string
}

// model is the whole way from the log to a reader, without servers.
type model struct {
	history []modelTx
	rows    map[int64]string
	lsn     wire.LSN

	state  state    // sync.capture
	leaf   [][]byte // the leaf's stream of this incarnation
	hub    [][]byte // what the hub has taken, of all incarnations
	taken  int      // of leaf
	refill bool     // asked for
	seen   reading  // headquarters
	told   wire.LSN // applied, as capture knows it
	alive  *Capture // whose tracker outlives sessions
}

// reading is a reader of the hub's messages that knows the chain and nothing else.
type reading struct {
	at     int // messages of the hub that were looked at
	link   wire.Link
	rows   map[int64]string
	chunks []wire.Part // of the transaction that has begun
	sum    wire.Content
	count  int // transactions applied
}

func newModel() *model {
	m := &model{rows: map[int64]string{}, lsn: 1000, state: state{epoch: 1}}
	m.seen.rows = map[int64]string{}
	m.alive = &Capture{
		opts: Options{Log: slog.New(slog.DiscardHandler), Tables: modelTables},
		beat: make(chan struct{}, 1), wake: make(chan struct{}, 1),
	}
	return m
}

// write commits a transaction, sometimes one that leaves in chunks.
func (m *model) write(t *rapid.T) {
	tx := modelTx{}
	if rapid.IntRange(0, 9).Draw(t, "size") == 0 {
		name := rapid.StringMatching(`[a-c]`).Draw(t, "name")
		for key := range int64(rapid.IntRange(flushRows/2, 5*flushRows/2).Draw(t, "rows")) {
			tx.changes = append(tx.changes, m.set(100+key, name))
		}
	}
	for range rapid.IntRange(0, 8).Draw(t, "changes") {
		key := rapid.Int64Range(1, 20).Draw(t, "key")
		name := rapid.StringMatching(`[a-c]`).Draw(t, "name")
		_, there := m.rows[key]
		switch op := rapid.IntRange(0, 12).Draw(t, "op"); {
		case op == 12:
			tx.changes = append(tx.changes, pgTruncate())
			clear(m.rows)
		case there && op > 8:
			tx.changes = append(tx.changes, pgDelete(key))
			delete(m.rows, key)
		case there && op == 8 && m.rows[key+20] == "": // the key moves
			tx.changes = append(tx.changes, pgMove(key, key+20, name))
			delete(m.rows, key)
			m.rows[key+20] = name
		default:
			tx.changes = append(tx.changes, m.set(key, name))
		}
	}
	m.lsn += wire.LSN(rapid.IntRange(100, 3*flushBytes).Draw(t, "log"))
	tx.lsn, tx.rows = m.lsn, maps.Clone(m.rows)
	m.history = append(m.history, tx)
}

func (m *model) set(key int64, name string) []byte {
	kind := byte('I')
	if _, there := m.rows[key]; there {
		kind = 'U'
	}
	m.rows[key] = name
	return pgRow(kind, key, name)
}

// session runs the packer once. The connection breaks after some bytes of the log, the stream stores some
// of what is sent, and capture hears of some of that.
func (m *model) session(t *rapid.T, whole bool) {
	tail := m.open(t)
	log := m.log()
	cut := len(log)
	if !whole {
		cut = rapid.IntRange(0, len(log)).Draw(t, "log until")
	}
	out := make(chan stream.Outgoing, 1<<14)
	c := m.alive
	c.tracker.restart(1, tail, m.lsn)
	witness, err := c.witnesses(m.state, tail)
	if err != nil {
		t.Fatal(err)
	}
	p := &packer{
		c: c, feed: &feed{conn: &script{data: log[:cut]}, buf: make([]byte, 4<<10)}, decoder: newDecoder(modelTables, modelTypes, nil),
		out: out, tail: tail, link: m.state.previous, first: m.state.confirmed.LSN, witness: witness,
		header: wire.Header{Province: 591, Epoch: 1, Incarnation: m.state.incarnation, Schema: replica.Hash(modelTables), Selection: 1},
	}
	if err := p.run(context.Background()); !errors.Is(err, io.EOF) {
		t.Fatalf("the packer ended with %v", err)
	}
	close(out)
	var sent []stream.Outgoing
	for o := range out {
		sent = append(sent, o)
	}
	stored, heard := len(sent), len(sent)
	if !whole {
		stored = rapid.IntRange(0, len(sent)).Draw(t, "stored")
		heard = rapid.IntRange(0, stored).Draw(t, "heard")
	}
	for i, o := range sent[:stored] {
		m.leaf = append(m.leaf, o.Data)
		if i < heard {
			o.Stored(uint64(len(m.leaf)))
		}
	}
}

// open does what Capture.open does with a stream.
func (m *model) open(t *rapid.T) (tail wire.Link) {
	fresh := m.refill || m.state.incarnation == 0 || m.taken > len(m.leaf)
	if !fresh {
		tail = m.state.previous
		if len(m.leaf) > 0 {
			last, err := wire.Decode(m.leaf[len(m.leaf)-1])
			if err != nil {
				t.Fatal(err)
			}
			tail = last.End()
		}
		fresh = tail.LSN < m.state.previous.LSN
	}
	if fresh {
		m.refill = false
		m.state.incarnation++
		m.leaf, m.taken = nil, 0
		tail = m.state.previous
	}
	return tail
}

// log is what PostgreSQL sends from the confirmed position on.
func (m *model) log() []byte {
	var log bytes.Buffer
	announced := false
	for _, tx := range m.history {
		if tx.lsn < m.state.confirmed.LSN {
			continue
		}
		frame(&log, pgBegin(tx.lsn))
		if !announced && len(tx.changes) > 0 {
			frame(&log, pgRelation())
			announced = true
		}
		for _, c := range tx.changes {
			frame(&log, c)
		}
		frame(&log, pgCommit(tx.lsn))
	}
	return log.Bytes()
}

// confirm writes the position that the tracker gives.
func (m *model) confirm() {
	m.alive.tracker.setApplied(1, m.told)
	if mark, _, ok := m.alive.tracker.due(1 << 62); ok && mark.link.LSN > m.state.confirmed.LSN {
		m.state.confirmed, m.state.previous = mark.link, mark.before
	}
}

// source takes messages over to the hub, some of them twice.
func (m *model) source(n int) {
	n = min(n, len(m.leaf)-m.taken)
	if n > 0 {
		m.hub = append(m.hub, m.leaf[m.taken:m.taken+n]...)
		m.taken += n
	}
}

// read reads on at headquarters. What does not follow is asked for again.
func (m *model) read(t *rapid.T, n int) {
	for ; n > 0 && m.seen.at < len(m.hub); n-- {
		message, err := wire.Decode(m.hub[m.seen.at])
		if err != nil {
			t.Fatal(err)
		}
		m.seen.at++
		if !m.seen.take(t, m, message) && message.Incarnation == m.state.incarnation {
			m.refill = true
		}
	}
	m.told = m.seen.link.LSN
}

// take follows a message; false says that something is missing in front of it.
func (r *reading) take(t *rapid.T, m *model, message *wire.Message) bool {
	link := message.Prev
	for _, p := range message.Parts {
		if p.LSN <= r.link.LSN {
			if p.Last {
				link = link.Next(p.LSN, p.Digest)
			}
			continue
		}
		if link != r.link {
			if link.LSN == r.link.LSN {
				t.Fatalf("transaction %s has two chains", link.LSN)
			}
			return false
		}
		if p.Chunk == 0 {
			r.chunks, r.sum = nil, wire.Content{}
		}
		if (p.Chunk > 0 || !p.Last) && (int(p.Chunk) != len(r.chunks) || !r.sum.Follows(p)) {
			return false
		}
		if r.chunks = append(r.chunks, p); !p.Last {
			continue
		}
		link = link.Next(p.LSN, p.Digest)
		r.link = link
		r.apply(t, m, p.LSN)
	}
	return true
}

// apply applies a whole transaction, which must be the model's next.
func (r *reading) apply(t *rapid.T, m *model, lsn wire.LSN) {
	if r.count >= len(m.history) || m.history[r.count].lsn != lsn {
		t.Fatalf("transaction %s came as number %d", lsn, r.count)
	}
	for _, p := range r.chunks {
		for _, c := range p.Changes {
			switch c.Op {
			case wire.Insert, wire.Update:
				r.rows[c.Key()] = string(c.Data[16:])
			case wire.Delete:
				delete(r.rows, c.Key())
			case wire.Truncate:
				clear(r.rows)
			default:
				t.Fatalf("operation %q", c.Op)
			}
		}
	}
	if want := m.history[r.count].rows; !maps.Equal(r.rows, want) {
		t.Fatalf("after transaction %s: %v, want %v", lsn, r.rows, want)
	}
	r.chunks, r.count = nil, r.count+1
}

func TestCaptureKeepsItsInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newModel()
		t.Repeat(map[string]func(*rapid.T){
			"write":   m.write,
			"session": func(t *rapid.T) { m.session(t, false) },
			"source":  func(t *rapid.T) { m.source(rapid.IntRange(1, 5).Draw(t, "messages")) },
			"source again": func(t *rapid.T) { // a consumer that was set back
				m.taken = rapid.IntRange(0, min(m.taken, len(m.leaf))).Draw(t, "from")
			},
			"read":    func(t *rapid.T) { m.read(t, rapid.IntRange(1, 5).Draw(t, "messages")) },
			"confirm": func(*rapid.T) { m.confirm() },
			"leaf wiped": func(*rapid.T) {
				m.leaf, m.taken, m.refill = nil, 0, true // its stream does not exist
			},
			"leaf's end lost": func(t *rapid.T) {
				m.leaf = m.leaf[:rapid.IntRange(0, len(m.leaf)).Draw(t, "kept")]
			},
			"hub loses a message": func(t *rapid.T) {
				if unread := len(m.hub) - m.seen.at; unread > 0 {
					at := m.seen.at + rapid.IntRange(0, unread-1).Draw(t, "message")
					m.hub = append(m.hub[:at:at], m.hub[at+1:]...)
				}
			},
			"hub wiped": func(*rapid.T) { m.hub, m.seen.at, m.seen.chunks = nil, 0, nil },
			"headquarters begins to read anew": func(*rapid.T) {
				m.seen.at, m.seen.chunks = 0, nil
			},
			"": m.check,
		})
		// In the end everything that was committed comes, whatever is lost by now.
		for range 4 {
			m.session(t, true)
			m.source(1 << 30)
			m.read(t, 1<<30)
			if m.seen.count == len(m.history) {
				return
			}
			m.refill = true // nothing follows: headquarters asks again and again
		}
		t.Fatalf("%d of %d transactions came", m.seen.count, len(m.history))
	})
}

// check holds what package capture promises of its position at every moment.
func (m *model) check(t *rapid.T) {
	if m.state.confirmed.LSN > m.seen.link.LSN {
		t.Fatalf("%s is confirmed, headquarters has %s", m.state.confirmed.LSN, m.seen.link.LSN)
	}
	if m.state.confirmed.LSN != 0 && m.state.previous.LSN >= m.state.confirmed.LSN {
		t.Fatalf("%s is confirmed after %s", m.state.confirmed.LSN, m.state.previous.LSN)
	}
}

// script is a connection that gives what it has and then breaks.
type script struct {
	data  []byte
	pause bool
}

func (s *script) Read(p []byte) (int, error) {
	if s.pause = !s.pause; s.pause {
		return 0, os.ErrDeadlineExceeded // nothing comes for a moment: the packer may flush
	}
	if len(s.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.data[:min(len(s.data), 3000)])
	s.data = s.data[n:]
	return n, nil
}

func (s *script) Write(p []byte) (int, error)      { return len(p), nil }
func (s *script) Close() error                     { return nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }

// frame wraps a pgoutput message as the walsender does.
func frame(to *bytes.Buffer, m []byte) {
	to.WriteByte('d')
	_ = binary.Write(to, binary.BigEndian, uint32(4+25+len(m))) // a buffer takes everything
	to.WriteByte('w')
	to.Write(make([]byte, 24))
	to.Write(m)
}

const relationID = 4711

func pgBegin(lsn wire.LSN) []byte {
	m := binary.BigEndian.AppendUint64([]byte{'B'}, uint64(lsn))
	return append(m, make([]byte, 12)...)
}

func pgCommit(lsn wire.LSN) []byte {
	m := binary.BigEndian.AppendUint64([]byte{'C', 0}, uint64(lsn))
	m = binary.BigEndian.AppendUint64(m, uint64(lsn)+48)
	return append(m, make([]byte, 8)...)
}

func pgRelation() []byte {
	m := binary.BigEndian.AppendUint32([]byte{'R'}, relationID)
	m = append(m, "crm\x00thing\x00i\x00\x03"...)
	for _, c := range []struct {
		name string
		oid  uint32
	}{{"id", 20}, {"name", 25}, {"national", 16}} {
		m = append(append(m, 1), c.name+"\x00"...)
		m = append(binary.BigEndian.AppendUint32(m, c.oid), 0xff, 0xff, 0xff, 0xff)
	}
	return m
}

func pgTuple(m []byte, key int64, name string) []byte {
	m = append(m, 0, 3, 'b', 0, 0, 0, 8)
	m = binary.BigEndian.AppendUint64(m, uint64(key))
	m = append(m, 'b')
	m = append(binary.BigEndian.AppendUint32(m, uint32(len(name))), name...)
	return append(m, 'b', 0, 0, 0, 1, 1)
}

func pgKey(m []byte, key int64) []byte {
	m = append(m, 'K', 0, 3, 'b', 0, 0, 0, 8)
	m = binary.BigEndian.AppendUint64(m, uint64(key))
	return append(m, 'n', 'b', 0, 0, 0, 1, 1)
}

func pgRow(kind byte, key int64, name string) []byte {
	return pgTuple(append(binary.BigEndian.AppendUint32([]byte{kind}, relationID), 'N'), key, name)
}

func pgDelete(key int64) []byte {
	return pgKey(binary.BigEndian.AppendUint32([]byte{'D'}, relationID), key)
}

func pgMove(from, to int64, name string) []byte {
	return pgTuple(append(pgKey(binary.BigEndian.AppendUint32([]byte{'U'}, relationID), from), 'N'), to, name)
}

func pgTruncate() []byte {
	m := append([]byte{'T'}, 0, 0, 0, 1, 0)
	return binary.BigEndian.AppendUint32(m, relationID)
}
