package apply_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"jike/internal/bus/bustest"
	"jike/internal/pg/pgtest"
	"jike/schemas/replica"
	"jike/sync/apply"
	"jike/sync/stream"
	"jike/sync/synctest"
	"jike/sync/wire"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// things is the one table of these tests; profile stands for a column with large values.
var things = []replica.Table{{Schema: "crm", Name: "thing", Key: "id", Columns: []replica.Column{
	{Name: "id", Type: "int8"}, {Name: "name", Type: "text"}, {Name: "amount", Type: "int4"}, {Name: "profile", Type: "text"},
}}}

// fake is a province without a database: it writes messages as capture would, or as it would not.
type fake struct {
	synctest.Pair
	nc      *nats.Conn
	control *stream.Control
	leaf    *stream.Leaf
	id      stream.Identity
	header  wire.Header
	link    wire.Link // last transaction written
	lsn     wire.LSN
	refills chan stream.RefillRequest
	repairs chan stream.RepairRequest
	applies []*synctest.Running[*apply.Apply]

	mu     sync.Mutex
	notice stream.CaptureNotice
	told   wire.LSN // newest NoticeApplied
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{refills: make(chan stream.RefillRequest, 100), repairs: make(chan stream.RepairRequest, 100)}
	f.TB, f.Net, f.LeafDir, f.Database = t, bustest.New(t, synctest.Province), t.TempDir(), pgtest.National(t)
	f.Target = f.Database.Owner(t)
	f.Exec(f.Target, `CREATE TABLE crm.thing (province smallint NOT NULL, id bigint NOT NULL, name text, amount integer, profile text,
		stamp_epoch bigint, stamp_lsn pg_lsn, PRIMARY KEY (province, id)) PARTITION BY LIST (province)`, `GRANT SELECT ON crm.thing TO jike_sync`)
	f.StartLeaf()
	f.nc = f.LeafNATS
	f.control = stream.NewControl(f.nc, synctest.Province, stream.Province, synctest.Log(t))
	t.Cleanup(f.control.Close)
	f.Must(f.control.Handle(stream.CallHello, func(context.Context, []byte) ([]byte, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		return json.Marshal(f.notice)
	}))
	f.Must(f.control.Handle(stream.CallRefill, func(_ context.Context, request []byte) (_ []byte, err error) {
		var r stream.RefillRequest
		err = json.Unmarshal(request, &r)
		f.refills <- r
		return nil, err
	}))
	f.Must(f.control.Handle(stream.CallRepair, func(_ context.Context, request []byte) (_ []byte, err error) {
		var r stream.RepairRequest
		err = json.Unmarshal(request, &r)
		f.repairs <- r
		return nil, err
	}))
	f.Must(f.control.OnNotice(stream.NoticeApplied, func(data []byte) {
		var n stream.AppliedNotice
		if json.Unmarshal(data, &n) == nil {
			f.mu.Lock()
			f.told = n.LSN
			f.mu.Unlock()
		}
	}))
	f.incarnate(1, 1)
	return f
}

// incarnate begins a new stream and announces it.
func (f *fake) incarnate(epoch, incarnation int64) {
	f.Helper()
	f.id = stream.Identity{Province: synctest.Province, Epoch: epoch, Incarnation: incarnation}
	f.header = wire.Header{Province: synctest.Province, Epoch: epoch, Incarnation: incarnation, Schema: replica.Hash(things), Selection: 1}
	leaf, err := stream.OpenLeaf(f.Context(), f.nc, f.id, synctest.Limits)
	f.Must(err)
	f.leaf = leaf
	f.announce()
}

func (f *fake) announce() {
	f.Helper()
	f.mu.Lock()
	f.notice = stream.CaptureNotice{Stream: f.id, Head: f.lsn + 1, Published: f.lsn}
	data, err := json.Marshal(f.notice)
	f.mu.Unlock()
	f.Must(err)
	f.Must(f.control.Notify(stream.NoticeCapture, data))
}

// apply starts headquarters' side for the things.
func (f *fake) apply(change ...func(*apply.Options)) *synctest.Running[*apply.Apply] {
	f.Helper()
	a := f.Apply(append([]func(*apply.Options){func(o *apply.Options) {
		o.Tables, o.Retry = things, 200*time.Millisecond
	}}, change...)...)
	f.applies = append(f.applies, a)
	return a
}

// part makes the next whole transaction; its digest stands for its content.
func (f *fake) part(changes ...wire.Change) wire.Part {
	f.lsn += 100
	p := wire.Part{LSN: f.lsn, Time: time.Now(), Last: true, Changes: changes}
	binary.BigEndian.PutUint64(p.Digest[:], uint64(f.lsn))
	f.link = f.link.Next(p.LSN, p.Digest)
	return p
}

// message packs parts that were made after prev.
func (f *fake) message(prev wire.Link, parts ...wire.Part) []byte {
	h := f.header
	h.Prev = prev
	return wire.Encode(&wire.Message{Header: h, Parts: parts})
}

// tx sends one transaction in one message and gives its position.
func (f *fake) tx(changes ...wire.Change) wire.LSN {
	f.Helper()
	prev := f.link
	f.send(f.message(prev, f.part(changes...)))
	return f.lsn
}

// send stores messages in the leaf's stream.
func (f *fake) send(messages ...[]byte) {
	f.Helper()
	in := make(chan stream.Outgoing, len(messages))
	for _, data := range messages {
		in <- stream.Outgoing{Data: data, Stored: func(uint64) {}}
	}
	close(in)
	f.Must(f.leaf.Pump(f.Context(), in, func(err error) {
		if err != nil {
			f.Error(err)
		}
	}))
}

// applied waits until everything sent is committed at headquarters, and who applied it knows.
func (f *fake) applied() {
	f.Helper()
	f.Until("apply "+f.lsn.String(), func() bool { return f.position() == f.link })
	f.Until("status of "+f.lsn.String(), func() bool {
		return len(f.applies) == 0 || slices.ContainsFunc(f.applies, func(a *synctest.Running[*apply.Apply]) bool {
			return a.It.Status().Applied == f.lsn
		})
	})
}

func (f *fake) position() (l wire.Link) {
	f.Helper()
	var lsn string
	var chain []byte
	f.Must(f.Target.QueryRow(f.Context(), `SELECT coalesce(max(lsn), '0/0')::text, coalesce((array_agg(chain))[1], '')
		FROM sync.position WHERE province = 591`).Scan(&lsn, &chain))
	var err error
	l.LSN, err = wire.ParseLSN(lsn)
	f.Must(err)
	copy(l.Chain[:], chain)
	return l
}

func (f *fake) state(want apply.State) {
	f.Helper()
	f.Until("state "+string(want), func() bool {
		return f.Int(f.Target, `SELECT count(*)::int FROM sync.province_state WHERE province = 591 AND state = $1`, string(want)) == 1
	})
}

// rows is the table's content as text.
func (f *fake) rows() string {
	f.Helper()
	return f.Text(f.Target, `SELECT coalesce(string_agg(concat_ws(',', id, name, amount, profile, stamp_epoch, stamp_lsn), ' ' ORDER BY id), '') FROM crm.thing WHERE province = 591`)
}

func (f *fake) want(rows string) {
	f.Helper()
	if got := f.rows(); got != rows {
		f.Errorf("got  %s\nwant %s", got, rows)
	}
}

// prove makes the epoch one whose first certificate is there: from now on a change without a row
// is an incident.
func (f *fake) prove(epoch int64) {
	f.Helper()
	f.Exec(f.Target, fmt.Sprintf(`INSERT INTO sync.certificate (province, sequence, reconciliation, digest, result, at, body)
		VALUES (591, %d, 1, '\x%02d', 'clean', now(), '{"statement": {"epoch": %[1]d}}')`, epoch, epoch))
}

// receive takes what the province was asked, in time.
func receive[T any](f *fake, from chan T) (v T) {
	f.Helper()
	select {
	case v = <-from:
	case <-time.After(synctest.Patience):
		f.Fatal("the province was not asked")
	}
	return v
}

// Changes of the one table. A nil name or amount is null; keep is an unchanged profile.

const keep = "\x00keep"

func thing(key int64, name string, amount int, profile string) []byte {
	d := binary.BigEndian.AppendUint64([]byte{0, 0, 0, 8}, uint64(key))
	d = append(binary.BigEndian.AppendUint32(d, uint32(len(name))), name...)
	d = binary.BigEndian.AppendUint32(append(d, 0, 0, 0, 4), uint32(int32(amount)))
	switch profile {
	case keep:
		return append(d, 0xff, 0xff, 0xff, 0xfe)
	case "":
		return append(d, 0xff, 0xff, 0xff, 0xff)
	}
	return append(binary.BigEndian.AppendUint32(d, uint32(len(profile))), profile...)
}

func insert(key int64, name string, amount int, profile string) wire.Change {
	return wire.Change{Op: wire.Insert, Data: thing(key, name, amount, profile)}
}

func update(key int64, name string, amount int, profile string) wire.Change {
	return wire.Change{Op: wire.Update, Data: thing(key, name, amount, profile)}
}

func repair(key int64, name string, amount int, profile string) wire.Change {
	return wire.Change{Op: wire.Repair, Data: thing(key, name, amount, profile)}
}

func keyed(op wire.Op, key int64) wire.Change {
	return wire.Change{Op: op, Data: binary.BigEndian.AppendUint64(nil, uint64(key))}
}

func remove(key int64) wire.Change  { return keyed(wire.Delete, key) }
func unknown(key int64) wire.Change { return keyed(wire.Unknown, key) }

func absent(key int64, before wire.LSN) wire.Change {
	c := keyed(wire.Absent, key)
	c.Data, c.Op = binary.BigEndian.AppendUint64(c.Data, uint64(before)), wire.Absent
	return c
}

func truncate() wire.Change { return wire.Change{Op: wire.Truncate} }

// hubEnd is the sequence of the hub's last message.
func (f *fake) hubEnd() uint64 {
	f.Helper()
	js, err := jetstream.New(f.Net.National(synctest.Province))
	f.Must(err)
	s, err := js.Stream(f.Context(), f.HubStream(f.id.Epoch))
	f.Must(err)
	return s.CachedInfo().State.LastSeq
}
