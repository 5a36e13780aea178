package apply_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"

	"jike/schemas/replica"
	"jike/sync/apply"
	"jike/sync/wire"
)

// A province of the release before sends format 1; when it is upgraded format 2 goes on where that
// ended.
func TestBothFormatsAreApplied(t *testing.T) {
	f := newFake(t)
	arrivals := make(chan apply.Arrival, 1)
	a := f.apply(func(o *apply.Options) { o.Barrier = func(a apply.Arrival) { arrivals <- a } })
	for _, name := range []string{"1-whole", "2-first", "3-middle", "4-last", "5-barrier", "6-rest"} {
		data, err := os.ReadFile("../wire/testdata/v1/" + name + ".bin")
		f.Must(err)
		if m, err := wire.Decode(data); err != nil {
			t.Fatal(err)
		} else if m.Barrier == nil {
			f.link = m.End()
			f.lsn = f.link.LSN
		}
		f.send(data)
	}
	arrival := receive(f, arrivals)
	defer arrival.Close()
	var rows string
	f.Must(arrival.Tx.QueryRow(t.Context(), `SELECT string_agg(concat_ws(',', id, name, amount, profile), ' ' ORDER BY id) FROM crm.thing`).Scan(&rows))
	if rows != "1,A,10,one 3,c,3,three 10,chunk,0,四 11,chunk,1,四 12,chunk,2,四" {
		t.Errorf("at the barrier: %s", rows)
	}
	f.header.List = 7
	f.tx(insert(2, "format 2", 2, ""))
	f.applied()
	f.want("1,again,1,1,0/190 2,format 2,2,1,0/1F4 5,repaired,-5,five,1,0/190")
	if s := a.It.Status(); s.State != apply.Running || s.Parked != 0 {
		t.Errorf("status %+v", s)
	}
}

// older is the list of the release before things: it had another table in front and another column,
// another order, and no profile.
var older = replica.List{Number: 3, Tables: []replica.Table{
	{Schema: "crm", Name: "gone", Key: "id", Columns: []replica.Column{{Name: "id", Type: "int8"}}},
	{Schema: "crm", Name: "thing", Key: "id", Columns: []replica.Column{
		{Name: "id", Type: "int8"}, {Name: "dropped", Type: "text"}, {Name: "amount", Type: "int4"}, {Name: "name", Type: "text"},
	}},
}}

func oldThing(op wire.Op, key int64, name string, amount int) wire.Change {
	d := binary.BigEndian.AppendUint64([]byte{0, 0, 0, 8}, uint64(key))
	d = append(d, 0, 0, 0, 4, 'l', 'e', 'f', 't')
	d = binary.BigEndian.AppendUint32(append(d, 0, 0, 0, 4), uint32(int32(amount)))
	if name == keep {
		d = append(d, 0xff, 0xff, 0xff, 0xfe)
	} else {
		d = append(binary.BigEndian.AppendUint32(d, uint32(len(name))), name...)
	}
	return wire.Change{Op: op, Table: 1, Data: d}
}

// A province one release behind: its columns are written, those that it does not know keep their
// value or get their default. The upgraded province goes on in the same stream.
func TestAProvinceOneReleaseBehindIsApplied(t *testing.T) {
	for _, n := range []int64{5, 500} { // arrays and COPY
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			f := newFake(t)
			f.Exec(f.Target, `ALTER TABLE crm.thing ALTER profile SET DEFAULT 'default'`)
			a := f.apply(func(o *apply.Options) { o.Previous = []replica.List{older} })
			now := f.header.Schema
			var first, second, third, fourth []wire.Change
			for key := range n {
				first = append(first, insert(key, "new", 1, "known"))
				second = append(second, oldThing(wire.Update, key, "old", 2), oldThing(wire.Insert, 1000+key, "old", 2))
				third = append(third, oldThing(wire.Update, key, keep, 3), oldThing(wire.Update, 1000+key, keep, 3),
					oldThing(wire.Repair, 2000+key, "repaired", 3))
				fourth = append(fourth, oldThing(wire.Repair, key, "old", 4), oldThing(wire.Update, 3000+key, "not proven", 4))
			}
			f.tx(first...)
			f.header.Schema, f.header.List = replica.Hash(older.Tables), 3
			prev := f.link
			gone := wire.Change{Op: wire.Delete, Table: 0, Data: make([]byte, 8)}
			f.send(f.message(prev, f.part(append(second, gone)...), f.part(third...)))
			f.applied()
			f.tx(fourth...)
			f.applied()
			f.header.Schema, f.header.List = now, 4
			f.tx(update(1000, "new", 5, keep), update(0, "new", 5, "young"))
			f.applied()
			for what, query := range map[string]string{
				"updated and repaired": `id BETWEEN 1 AND 999 AND name = 'old' AND amount = 4 AND profile = 'known'`,
				"inserted":             `id BETWEEN 1001 AND 1999 AND name = 'old' AND amount = 3 AND profile = 'default'`,
				"repaired":             `id BETWEEN 2001 AND 2999 AND name = 'repaired' AND amount = 3 AND profile = 'default'`,
				"put by an update":     `id BETWEEN 3001 AND 3999 AND name = 'not proven' AND amount = 4 AND profile = 'default'`,
			} {
				if got := f.Int(f.Target, `SELECT count(*)::int FROM crm.thing WHERE `+query); int64(got) != n-1 {
					t.Errorf("%s: %d rows of %d", what, got, n-1)
				}
			}
			if got := f.Text(f.Target, `SELECT string_agg(concat_ws(',', name, amount, profile), ' ' ORDER BY id) FROM crm.thing WHERE id IN (0, 1000)`); got != "new,5,young new,5,default" {
				t.Errorf("after the upgrade: %s", got)
			}
			if s := a.It.Status(); s.Divergences != 0 || s.Conflicts != 0 || s.Parked != 0 {
				t.Errorf("status %+v", s)
			}
		})
	}
}

// A tuple that does not fit its own list is parked and never read by another.
func TestAnOldTupleThatDoesNotFitIsParked(t *testing.T) {
	f := newFake(t)
	a := f.apply(func(o *apply.Options) { o.Previous = []replica.List{older} })
	f.header.Schema = replica.Hash(older.Tables)
	short := oldThing(wire.Insert, 1, "short", 1)
	short.Data = short.Data[:len(short.Data)-9]
	f.tx(short)
	f.applied()
	f.tx(wire.Change{Op: wire.Delete, Table: 2, Data: make([]byte, 8)})
	f.tx(oldThing(wire.Insert, 2, "good", 1))
	f.applied()
	f.want("2,good,1,1,0/12C")
	f.wantDirty("1,t,0")
	if s := a.It.Status(); s.Parked != 2 {
		t.Errorf("status %+v", s)
	}
}

// A province that was upgraded before headquarters stops, alone and with a clear reason, without
// being asked to send anything again; with headquarters' next release it goes on by itself.
func TestANewerProvinceWaitsForHeadquarters(t *testing.T) {
	f := newFake(t)
	f.Exec(f.Target, `ALTER TABLE crm.thing ADD dropped text`)
	old := f.apply(func(o *apply.Options) { o.Tables = older.Tables[1:] })
	f.header.List = 4 // things, which is newer than older
	f.tx(insert(1, "a", 1, "p"))
	f.tx(update(1, "b", 2, "q"))
	h := f.header
	h.Prev = f.link
	f.send(wire.WriteBarrier(h, wire.Barrier{ID: [16]byte{1}, LSN: f.lsn + 1}))
	f.tx(insert(2, "c", 3, ""))
	f.state(apply.Stopped)
	f.Until("all is read", func() bool { return old.It.Status().State == apply.Stopped && f.hubEnd() == 4 })
	why := f.Text(f.Target, `SELECT error FROM sync.province_state WHERE province = 591`)
	if !strings.Contains(why, "table list 4") {
		t.Errorf("the board says %q", why)
	}
	f.want("")
	old.Stop()
	if len(f.refills) > 0 {
		t.Errorf("asked for %+v: nothing is missing", <-f.refills)
	}
	f.apply(func(o *apply.Options) {
		o.Previous = []replica.List{{Number: 3, Tables: older.Tables[1:]}}
	})
	f.applied()
	f.state(apply.Running)
	f.want("1,b,2,q,1,0/C8 2,c,3,1,0/12C")
}

func TestAListThatChangesATypeIsRefused(t *testing.T) {
	f := newFake(t)
	other := replica.List{Number: 1, Tables: []replica.Table{{Schema: "crm", Name: "thing", Key: "id", Columns: []replica.Column{
		{Name: "id", Type: "int8"}, {Name: "amount", Type: "text"},
	}}}}
	_, err := apply.New(apply.Options{Province: 591, Control: f.control, Tables: things, Previous: []replica.List{other}})
	if err == nil || !strings.Contains(err.Error(), "amount") {
		t.Errorf("%v", err)
	}
}
