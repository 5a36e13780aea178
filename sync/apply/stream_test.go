package apply_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"jike/sync/apply"
	"jike/sync/stream"
	"jike/sync/synctest"
	"jike/sync/wire"
)

func TestWhatCameTwiceIsDropped(t *testing.T) {
	f := newFake(t)
	a := f.apply()
	prev := f.link
	one, two, three := f.part(insert(1, "a", 1, "")), f.part(update(1, "b", 2, "")), f.part(remove(1), insert(2, "c", 3, ""))
	second := prev.Next(one.LSN, one.Digest)
	f.send(
		f.message(prev, one), f.message(prev, one, two), // overlapping, as after a restart
		f.message(prev, one), f.message(second, two, three), f.message(second, two, three),
	)
	f.applied()
	f.tx(insert(4, "d", 4, "")) // behind the copies: they are read by now
	f.applied()
	f.want("2,c,3,1,0/12C 4,d,4,1,0/190")
	if s := a.It.Status(); s.Transactions != 4 || s.Conflicts != 0 || s.State != apply.Running {
		t.Errorf("status %+v", s)
	}
}

// A transaction that is missing is asked for and nothing behind it is applied before it came.
func TestAGapIsRefilledAndNeverSkipped(t *testing.T) {
	f := newFake(t)
	f.apply()
	f.tx(insert(1, "a", 1, ""))
	f.applied()
	at := f.link
	lost := f.part(update(1, "lost", 2, ""))
	after := f.link
	last := f.part(insert(2, "b", 2, ""))
	f.send(f.message(after, last))
	r := receive(f, f.refills)
	if r.Epoch != 1 || r.LSN != at.LSN || r.Incarnation != 1 {
		t.Errorf("asked for %+v, position %+v", r, at)
	}
	f.state(apply.Refilling)
	if again := receive(f, f.refills); !reflect.DeepEqual(again, r) { // until it comes
		t.Errorf("asked %+v, then %+v", r, again)
	}
	f.want("1,a,1,1,0/64")
	f.incarnate(1, 2)
	f.send(f.message(at, lost), f.message(after, last))
	f.applied()
	f.want("1,lost,2,1,0/C8 2,b,2,1,0/12C")
	f.state(apply.Running)
}

// A refill that is under way is not asked for again because of what is left of the old stream.
func TestAGapInTheNewStreamIsAskedForThere(t *testing.T) {
	f := newFake(t)
	f.apply()
	f.tx(insert(1, "a", 1, ""))
	f.applied()
	at := f.link
	one, mid := f.part(insert(2, "b", 1, "")), f.link
	two, end := f.part(insert(3, "c", 1, "")), f.link
	three := f.part(insert(4, "d", 1, ""))
	f.send(f.message(mid, two))
	receive(f, f.refills)
	f.incarnate(1, 2)
	f.send(f.message(mid, two), f.message(end, three)) // the refill lost its first message
	f.Until("the gap in the second incarnation", func() bool { return receive(f, f.refills).Incarnation == 2 })
	f.incarnate(1, 3)
	f.send(f.message(at, one, two, three))
	f.applied()
	f.want("1,a,1,1,0/64 2,b,1,1,0/C8 3,c,1,1,0/12C 4,d,1,1,0/190")
}

func TestADamagedMessageIsRefilled(t *testing.T) {
	f := newFake(t)
	f.apply()
	f.tx(insert(1, "a", 1, ""))
	f.applied()
	at := f.link
	p := f.part(update(1, "b", 2, ""))
	bad := f.message(at, p)
	bad[len(bad)-3] ^= 1
	f.send(bad)
	if r := receive(f, f.refills); r.LSN != at.LSN || r.Incarnation != 1 {
		t.Errorf("asked for %+v", r)
	}
	f.want("1,a,1,1,0/64")
	f.incarnate(1, 2)
	f.send(f.message(at, p))
	f.applied()
	f.want("1,b,2,1,0/C8")
}

// Content that does not belong to the position's chain is not applied, though its LSN follows.
func TestAnotherHistoryIsRefused(t *testing.T) {
	f := newFake(t)
	f.apply()
	f.tx(insert(1, "a", 1, ""))
	f.applied()
	at := f.link
	forged := at
	forged.Chain[0] ^= 1
	f.send(f.message(forged, f.part(update(1, "forged", 2, ""))))
	receive(f, f.refills)
	f.want("1,a,1,1,0/64")
	if f.position() != at {
		t.Error("the position moved")
	}
}

func TestAnotherSchemaStopsUntilBothAgree(t *testing.T) {
	f := newFake(t)
	f.apply()
	f.tx(insert(1, "a", 1, ""))
	f.applied()
	at, good := f.link, f.header.Schema
	f.header.Schema = wire.Hash{1}
	p := f.part(update(1, "b", 2, ""))
	f.send(f.message(at, p))
	f.state(apply.Stopped)
	if why := f.Text(f.Target, `SELECT error FROM sync.province_state WHERE province = 591`); why == "" {
		t.Error("the board does not say why")
	}
	f.want("1,a,1,1,0/64")
	f.incarnate(1, 2) // the province's other release sends anew
	f.header.Schema = good
	f.send(f.message(at, p))
	f.applied()
	f.state(apply.Running)
	f.want("1,b,2,1,0/C8")
}

func TestAnUnknownFormatStops(t *testing.T) {
	f := newFake(t)
	f.apply()
	f.tx(insert(1, "a", 1, ""))
	f.applied()
	at := f.link
	p := f.part(update(1, "b", 2, ""))
	future := f.message(at, p)
	future[0] = wire.Version + 1
	f.send(future)
	f.state(apply.Stopped)
	f.send(f.message(at, p))
	f.applied()
	f.state(apply.Running)
}

// A table that lacks a column stops the province and goes on by itself when it is there.
func TestAMissingColumnStopsUntilItIsThere(t *testing.T) {
	f := newFake(t)
	f.Exec(f.Target, `ALTER TABLE crm.thing RENAME COLUMN profile TO other`)
	f.apply()
	f.tx(insert(1, "a", 1, ""))
	f.state(apply.Stopped)
	f.Exec(f.Target, `ALTER TABLE crm.thing RENAME COLUMN other TO profile`)
	f.applied()
	f.state(apply.Running)
}

// A younger epoch begins with the transaction that follows nothing; older messages are refused.
func TestEpochs(t *testing.T) {
	f := newFake(t)
	f.apply()
	f.tx(insert(1, "a", 1, ""), insert(2, "b", 2, ""))
	f.applied()
	old := f.header
	end := f.link
	f.link, f.lsn = wire.Link{}, 50 // positions are used again
	f.incarnate(2, 1)
	stale := old
	stale.Prev = end
	f.tx(update(2, "B", 20, ""), update(3, "was here before", 3, ""), remove(4))
	f.send(wire.Encode(&wire.Message{Header: stale, Parts: []wire.Part{{LSN: end.LSN + 1, Last: true, Changes: []wire.Change{remove(1)}}}}))
	f.tx(keyed(wire.Heartbeat, 1))
	f.applied()
	f.want("1,a,1,1,0/64 2,B,20,2,0/96 3,was here before,3,2,0/96")
	if n := f.Int(f.Target, `SELECT count(*)::int FROM sync.divergence`); n != 0 {
		t.Errorf("%d divergences before the epoch's first certificate", n)
	}
	if epoch := f.Int(f.Target, `SELECT epoch::int FROM sync.position WHERE province = 591`); epoch != 2 {
		t.Errorf("epoch %d", epoch)
	}
}

// The remembered sequence is worth nothing when the hub's stream was made anew.
func TestALostHubStreamIsReadFromItsBeginning(t *testing.T) {
	f := newFake(t)
	f.apply()
	for key := range int64(5) {
		f.tx(insert(key, "a", 1, ""))
	}
	f.applied()
	js, err := jetstream.New(f.Net.National(591))
	f.Must(err)
	const place = `SELECT stream FROM sync.position WHERE province = 591`
	was, old := f.HubStream(f.id.Epoch), f.Text(f.Target, place)
	f.Must(js.DeleteStream(t.Context(), was))
	f.Until("the stream is made anew", func() bool {
		names, err := stream.HubStreams(t.Context(), f.Net.National(591), f.id)
		return err == nil && len(names) > 0 && names[0] != was
	})
	at := f.link
	f.incarnate(1, 2) // what a refill would do
	f.send(f.message(at, f.part(update(1, "b", 2, ""))))
	f.applied()
	if got := f.Int(f.Target, `SELECT count(*)::int FROM crm.thing WHERE name = 'b'`); got != 1 {
		t.Errorf("%d rows", got)
	}
	// The new stream may have had the five again before the sixth.
	if now, sequence := f.Text(f.Target, place), f.Int(f.Target, `SELECT sequence::int FROM sync.position WHERE province = 591`); now == old || sequence > int(f.hubEnd()) {
		t.Errorf("sequence %d of %s; before it was of %s", sequence, now, old)
	}
}

// A hub that does not take what the province has, though the province is heard, is set going again.
func TestAStalledSourceIsReset(t *testing.T) {
	f := newFake(t)
	f.apply()
	f.tx(insert(1, "a", 1, ""))
	f.applied()
	nowhere := f.id
	nowhere.Incarnation = 0
	_, err := stream.OpenHub(t.Context(), f.Net.National(synctest.Province), nowhere, synctest.Limits)
	f.Must(err)
	f.tx(insert(2, "b", 1, ""))
	f.Until("the second transaction", func() bool { f.announce(); return f.position() == f.link })
	f.want("1,a,1,1,0/64 2,b,1,1,0/C8")
}

// chunks cuts changes into the chunks of one transaction, a message for each.
func (f *fake) chunks(size int, changes []wire.Change) (messages [][]byte) {
	f.lsn += 100
	h := f.header
	h.Prev = f.link
	digest := wire.Hash{byte(f.lsn), 7}
	var w wire.Writer
	for chunk := 0; ; chunk++ {
		w.Reset(h)
		w.Begin(f.lsn, time.Now(), uint32(chunk))
		n := min(size, len(changes))
		for _, c := range changes[:n] {
			w.Change(c)
		}
		if changes = changes[n:]; len(changes) == 0 {
			w.End(digest)
			f.link = f.link.Next(f.lsn, digest)
			return append(messages, w.Bytes())
		}
		w.Cut()
		messages = append(messages, w.Bytes())
	}
}

func manyInserts(n int64) (changes []wire.Change) {
	for key := range n {
		changes = append(changes, insert(key, "large", int(key), fmt.Sprintf("profile of %d", key)))
	}
	return changes
}

// A large transaction is seen whole or not at all: while its chunks come, after a crash in the
// middle of them, in memory and staged.
func TestALargeTransactionIsNeverSeenInHalf(t *testing.T) {
	for name, spill := range map[string]int{"in memory": 0, "staged": 20_000} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			options := func(o *apply.Options) { o.Spill = spill }
			first := f.apply(options)
			whole := f.part(insert(-1, "before", 0, ""))
			before := f.link
			const n = 30_000
			messages := f.chunks(1000, manyInserts(n))
			shared, err := wire.Decode(messages[0]) // holds the end of what can be committed, too
			f.Must(err)
			shared.Prev, shared.Parts = wire.Link{}, append([]wire.Part{whole}, shared.Parts...)
			messages[0] = wire.Encode(shared)
			half := len(messages) / 2
			f.send(messages[:half]...)
			f.Until("the first transaction", func() bool { return f.position() == before })
			if spill > 0 {
				f.Until("chunks are staged", func() bool { return f.Int(f.Target, `SELECT count(*)::int FROM sync.staged`) > half/2 })
			}
			first.Stop() // as a crash would: nothing is said
			f.apply(options)
			f.want("-1,before,0,1,0/64")
			seen := make(chan map[int]bool)
			stop := make(chan struct{})
			go func() {
				counts := map[int]bool{}
				for {
					select {
					case <-stop:
						seen <- counts
						return
					default:
						counts[f.Int(f.Target, `SELECT count(*)::int FROM crm.thing`)] = true
					}
				}
			}()
			f.send(messages[half:]...)
			f.tx(update(0, "after", 0, keep))
			f.applied()
			close(stop)
			for count := range <-seen {
				if count != 1 && count != n+1 {
					t.Errorf("%d rows were visible", count)
				}
			}
			if got := f.Int(f.Target, `SELECT count(*)::int FROM crm.thing WHERE profile = 'profile of ' || id`); got != n {
				t.Errorf("%d rows of %d are right", got, n)
			}
			if got := f.Int(f.Target, `SELECT count(*)::int FROM sync.staged`); got != 0 {
				t.Errorf("%d chunks are left", got)
			}
		})
	}
}

// An attempt that was cut off is followed by one that is cut elsewhere.
func TestALargeTransactionBeginsAnew(t *testing.T) {
	f := newFake(t)
	f.apply(func(o *apply.Options) { o.Spill = 2000 })
	at, lsn := f.link, f.lsn
	one := f.chunks(300, manyInserts(2000))
	f.link, f.lsn = at, lsn
	messages := f.chunks(170, manyInserts(2000))
	f.send(one[:4]...)
	f.send(messages...)
	f.applied()
	if got := f.Int(f.Target, `SELECT count(*)::int FROM crm.thing WHERE profile = 'profile of ' || id`); got != 2000 {
		t.Errorf("%d rows", got)
	}
}

// A chunk that is lost, with those of another attempt in its place, is a gap and not a mixture.
func TestALostChunkIsAGap(t *testing.T) {
	f := newFake(t)
	f.apply(func(o *apply.Options) { o.Spill = 2000 })
	at, lsn := f.link, f.lsn
	messages := f.chunks(300, manyInserts(1000))
	f.link, f.lsn = at, lsn
	other := f.chunks(250, manyInserts(1000))
	f.send(messages[0], other[1], other[2], other[3])
	if r := receive(f, f.refills); r.LSN != at.LSN {
		t.Errorf("asked for %+v", r)
	}
	f.want("")
	f.incarnate(1, 2)
	f.link, f.lsn = at, lsn
	f.send(f.chunks(400, manyInserts(1000))...)
	f.applied()
	if got := f.Int(f.Target, `SELECT count(*)::int FROM crm.thing`); got != 1000 {
		t.Errorf("%d rows", got)
	}
}
