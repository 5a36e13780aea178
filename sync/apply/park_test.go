package apply_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"jike/sync/apply"
	"jike/sync/wire"
)

// newPoisonable is a fake whose partition refuses negative amounts.
func newPoisonable(t *testing.T) *fake {
	t.Helper()
	f := newFake(t)
	f.Exec(f.Target, `SELECT sync.add_province(591::smallint)`,
		`ALTER TABLE crm.thing_591 ADD CONSTRAINT amount_is_not_negative CHECK (amount >= 0)`)
	return f
}

// dirty is the dirty keys as text: key, whether the province has it, changes skipped.
func (f *fake) dirty() string {
	f.Helper()
	return f.Text(f.Target, `SELECT coalesce(string_agg(concat_ws(',', key, present, skipped), ' ' ORDER BY key), '') FROM sync.dirty
		WHERE province = 591 AND relation = 'crm.thing'`)
}

func (f *fake) wantDirty(keys string) {
	f.Helper()
	if got := f.dirty(); got != keys {
		f.Errorf("dirty keys %q, want %q", got, keys)
	}
}

// parked is the one transaction that is parked.
func (f *fake) parked(a *apply.Apply) apply.Parked {
	f.Helper()
	list, err := a.Parked(f.Context())
	f.Must(err)
	if len(list) != 1 {
		f.Fatalf("%d transactions are parked: %+v", len(list), list)
	}
	return list[0]
}

// The transaction that is refused is found among those of its batch and left out; all others are
// applied, before and after it, except what they change of its keys. The repair brings those.
//
// What is refused is the last state that a batch leaves: a transaction whose bad row the next one
// mends is no poison when both are applied together.
func TestAPoisonTransactionIsParkedAlone(t *testing.T) {
	f := newPoisonable(t)
	f.prove(1)
	prev := f.link
	parts := []wire.Part{
		f.part(insert(1, "a", 1, "p1"), insert(2, "b", 2, "p2"), insert(3, "c", 3, "p3")),
		f.part(update(3, "C", 30, keep)),
		f.part(update(1, "A", 10, keep), remove(2), insert(4, "d", 4, "p4"), insert(6, "f", -1, "")),
		f.part(update(1, "A", 11, keep), update(3, "CC", 33, keep), update(6, "F", -2, keep)),
		f.part(insert(2, "again", 22, "p22"), insert(5, "e", 5, "p5")),
		f.part(remove(4)),
	}
	poison := parts[2].LSN
	f.send(f.message(prev, parts...))
	a := f.apply()
	f.applied()
	f.want("1,a,1,p1,1,0/64 2,b,2,p2,1,0/64 3,CC,33,p3,1,0/190 5,e,5,p5,1,0/1F4")
	f.wantDirty("1,t,1 2,t,1 4,f,1 6,t,1")
	p := f.parked(a.It)
	if p.LSN != poison.String() || p.Epoch != 1 || p.Changes != 4 || p.Keys != 4 || p.Dirty != 4 || p.Skipped != 4 {
		t.Errorf("parked %+v", p)
	}
	if s := a.It.Status(); s.State != apply.Running || s.Parked != 1 || s.Dirty != 4 || s.Divergences != 0 {
		t.Errorf("status %+v", s)
	}
	f.tx(update(1, "A", 12, keep), update(5, "E", 50, keep))
	a.Stop()
	a = f.apply() // what is dirty is known after a restart
	f.tx(update(1, "A", 13, keep))
	f.applied()
	f.wantDirty("1,t,3 2,t,1 4,f,1 6,t,1")
	p, keys, err := a.It.ParkedKeys(t.Context(), p.ID, 2)
	f.Must(err)
	if len(keys) != 2 || keys[0].Key != 1 || keys[0].Relation != "crm.thing" || keys[0].Skipped != 3 || keys[0].Since != poison.String() || p.Skipped != 6 {
		t.Errorf("%+v, %+v", p, keys)
	}
	if len(f.repairs) > 0 {
		t.Errorf("asked for %+v before a person wanted it", <-f.repairs)
	}
	if n, err := a.It.Repair(t.Context(), p.ID); n != 4 || err != nil {
		t.Errorf("repair of %d keys, %v", n, err)
	}
	if r := receive(f, f.repairs); r.Table != "crm.thing" || len(r.Keys) != 4 {
		t.Errorf("asked for %+v", r)
	}
	last := f.tx(repair(1, "A", 13, "p1"), repair(2, "again", 22, "p22"), absent(4, 0), repair(6, "F", 6, ""))
	f.tx(update(1, "A", 14, keep))
	f.applied()
	f.wantDirty("")
	f.want(fmt.Sprintf("1,A,14,p1,1,%s 2,again,22,p22,1,%s 3,CC,33,p3,1,0/190 5,E,50,p5,1,0/2BC 6,F,6,1,%[2]s", f.lsn, last))
	if s := a.It.Status(); s.Parked != 0 || s.Dirty != 0 || s.Divergences != 0 || s.Conflicts != 0 {
		t.Errorf("status %+v", s)
	}
	if got := f.Text(f.Target, `SELECT outcome FROM sync.parked`); got != "repaired" {
		t.Errorf("outcome %s", got)
	}
}

// Whatever is wrong with a row, only its transaction is parked.
func TestEveryKindOfPoisonIsParked(t *testing.T) {
	short := insert(1, "short", 1, "")
	short.Data = append(binary.BigEndian.AppendUint64([]byte{0, 0, 0, 8}, 1), 0, 0, 0, 1, 'x', 0, 0, 0, 2, 0, 1, 0xff, 0xff, 0xff, 0xff)
	few := insert(1, "few", 1, "")
	few.Data = few.Data[:len(few.Data)-4]
	more := insert(1, "more", 1, "")
	more.Data = append(more.Data, 0xff, 0xff, 0xff, 0xff)
	for name, c := range map[string]wire.Change{
		"constraint":         insert(1, "negative", -1, ""),
		"trigger":            insert(1, "forbidden", 1, ""),
		"not the encoding":   insert(1, "\xff\xfe", 1, ""),
		"a zero byte":        insert(1, "\x00", 1, ""),
		"value ends early":   short,
		"too few columns":    few,
		"too many columns":   more,
		"a new row in parts": insert(1, "parts", 1, keep),
		"not of this table":  {Op: wire.Insert, Table: 5, Data: thing(1, "a", 1, "")},
	} {
		for _, many := range []int64{0, 500} { // arrays or COPY
			t.Run(fmt.Sprint(name, many), func(t *testing.T) {
				f := newPoisonable(t)
				f.Exec(f.Target, `CREATE FUNCTION public.forbid() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'forbidden'; END $$`,
					`CREATE TRIGGER forbid BEFORE INSERT ON crm.thing_591 FOR EACH ROW WHEN (NEW.name = 'forbidden') EXECUTE FUNCTION public.forbid()`)
				a := f.apply()
				prev := f.link
				changes := []wire.Change{c}
				for key := range many {
					changes = append(changes, insert(1000+key, "many", 1, ""))
				}
				f.send(f.message(prev, f.part(insert(2, "before", 1, "")), f.part(changes...), f.part(insert(3, "after", 1, ""))))
				f.applied()
				f.want("2,before,1,1,0/64 3,after,1,1,0/12C")
				want := many
				if c.Table == 0 {
					want++
				}
				if p := f.parked(a.It); p.Keys != want || p.LSN != "0/C8" {
					t.Errorf("parked %+v", p)
				}
			})
		}
	}
}

// What is not of a row stops the province and parks nothing.
func TestWhatIsNotOfARowIsNotParked(t *testing.T) {
	f := newPoisonable(t)
	a := f.apply()
	f.tx(insert(1, "a", 1, ""))
	f.applied()
	f.Exec(f.Target, `REVOKE INSERT ON crm.thing_591 FROM jike_sync`)
	f.tx(insert(2, "b", 1, ""))
	f.state(apply.Stopped)
	if list, err := a.It.Parked(t.Context()); err != nil || len(list) > 0 {
		t.Errorf("parked %+v, %v", list, err)
	}
	f.Exec(f.Target, `GRANT INSERT ON crm.thing_591 TO jike_sync`)
	f.applied()
	f.state(apply.Running)
	f.want("1,a,1,1,0/64 2,b,1,1,0/C8")
}

// A large transaction is parked whole, in memory and staged; one with too many keys stops.
func TestALargePoisonTransactionIsParked(t *testing.T) {
	for name, spill := range map[string]int{"in memory": 0, "staged": 20_000} {
		t.Run(name, func(t *testing.T) {
			f := newPoisonable(t)
			a := f.apply(func(o *apply.Options) { o.Spill = spill })
			f.tx(insert(7, "before", 1, ""))
			changes := append(manyInserts(30_000)[8:], insert(100_000, "poison", -1, ""), update(7, "skipped", 2, ""))
			f.send(f.chunks(1000, changes)...)
			f.tx(insert(2, "after", 1, ""), update(100, "skipped", 1, ""))
			f.applied()
			f.want("2,after,1,1,0/12C 7,before,1,1,0/64")
			if p := f.parked(a.It); p.Keys != 29_994 || p.Changes != 29_994 || p.Skipped != 1 {
				t.Errorf("parked %+v", p)
			}
			if n := f.Int(f.Target, `SELECT count(*)::int FROM sync.staged`); n != 0 {
				t.Errorf("%d chunks are left", n)
			}
		})
	}
}

// What comes before it waits with it, so that both are in one batch, and is committed all the same;
// the transaction is read again from its first chunk.
func TestMoreThanMayBeParkedStops(t *testing.T) {
	f := newPoisonable(t)
	f.tx(insert(-1, "before", 1, ""))
	f.send(f.chunks(10_000, append(manyInserts(100_001), insert(-2, "poison", -1, "")))...)
	a := f.apply()
	f.state(apply.Stopped)
	f.want("-1,before,1,1,0/64")
	if list, err := a.It.Parked(t.Context()); err != nil || len(list) > 0 {
		t.Errorf("parked %+v, %v", list, err)
	}
	f.Exec(f.Target, `ALTER TABLE crm.thing_591 DROP CONSTRAINT amount_is_not_negative`)
	f.applied()
	f.state(apply.Running)
}

// Repairs come several to a transaction. One that is refused does not keep the others away, and is
// not asked for without end.
func TestARefusedRepairLeavesOnlyItsOwnKeyDirty(t *testing.T) {
	f := newPoisonable(t)
	a := f.apply()
	f.tx(insert(1, "a", 1, ""), insert(2, "b", -2, ""), insert(3, "c", 3, ""))
	f.applied()
	id := f.parked(a.It).ID
	_, err := a.It.Repair(t.Context(), 0)
	f.Must(err)
	receive(f, f.repairs)
	f.tx(repair(1, "a", 1, ""), repair(2, "b", -2, ""), repair(3, "c", 3, ""))
	f.applied()
	f.want("1,a,1,1,0/C8 3,c,3,1,0/C8")
	f.wantDirty("2,t,0")
	p, keys, err := a.It.ParkedKeys(t.Context(), id, 10)
	f.Must(err)
	if p.Wanted != 0 || len(keys) != 1 || keys[0].Refused == "" {
		t.Errorf("%+v, %+v", p, keys)
	}
	// A repair that nobody asked for here, as of a reconciliation, parks like any transaction.
	f.tx(repair(8, "h", 8, ""), repair(9, "i", -9, ""))
	f.applied()
	f.tx(update(9, "i", 9, ""))
	f.applied()
	f.wantDirty("2,t,0 9,t,1")
	f.want("1,a,1,1,0/C8 3,c,3,1,0/C8 8,h,8,1,0/12C")
	_, err = a.It.Repair(t.Context(), 0)
	f.Must(err)
	f.tx(repair(2, "b", 2, ""), repair(9, "i", 9, ""))
	f.applied()
	f.wantDirty("")
}

// An absence that was read before a commit became visible does not take away what that commit
// wrote: the stream knows that the key exists.
func TestAnAbsenceDoesNotOutrunTheStream(t *testing.T) {
	f := newPoisonable(t)
	f.apply()
	f.tx(insert(1, "a", 1, ""))
	f.tx(update(1, "a", -1, ""))
	f.applied() // or the last state of the batch would be all that counts
	f.tx(remove(1), insert(1, "new", 2, ""))
	f.tx(absent(1, 0))
	f.applied()
	f.wantDirty("1,t,2")
	f.tx(absent(1, f.lsn-50)) // a point before which the last change was: proven
	f.applied()
	f.wantDirty("")
	f.want("")
	f.tx(insert(2, "b", 1, ""))
	f.tx(update(2, "b", -1, ""))
	f.applied()
	f.tx(remove(2))
	f.tx(absent(2, 0), insert(2, "new", 2, ""))
	f.applied()
	f.wantDirty("")
	f.want(fmt.Sprintf("2,new,2,1,%s", f.lsn))
}

// A truncate makes its table's keys clean; one that is parked makes all that it would have
// removed dirty.
func TestTruncateAndDirtyKeys(t *testing.T) {
	f := newPoisonable(t)
	a := f.apply()
	f.tx(insert(1, "a", -1, ""), insert(2, "b", 1, ""))
	f.applied()
	f.tx(truncate(), insert(1, "new", 1, ""))
	f.applied()
	f.wantDirty("")
	f.want("1,new,1,1,0/C8")
	if s := a.It.Status(); s.Parked != 0 {
		t.Errorf("status %+v", s)
	}
	f.tx(insert(2, "b", 1, ""), insert(3, "c", 1, ""))
	f.tx(truncate(), insert(3, "poison", -1, ""))
	f.tx(insert(4, "d", 1, ""))
	f.applied()
	f.wantDirty("1,f,0 2,f,0 3,t,0")
	f.want("1,new,1,1,0/C8 2,b,1,1,0/12C 3,c,1,1,0/12C 4,d,1,1,0/1F4")
	f.tx(absent(1, 0), absent(2, 0), repair(3, "c", 3, ""))
	f.applied()
	f.wantDirty("")
	f.want("3,c,3,1,0/258 4,d,1,1,0/1F4")
}

// Who accepts the rows as they are says so; changes are applied to them from then on.
func TestRelease(t *testing.T) {
	f := newPoisonable(t)
	f.prove(1)
	a := f.apply()
	f.tx(insert(1, "a", 1, ""))
	f.tx(update(1, "a", -1, ""))
	f.applied()
	f.tx(update(1, "skipped", 2, keep))
	f.applied()
	id := f.parked(a.It).ID
	if err := a.It.Release(t.Context(), id, "test", false); !errors.Is(err, apply.ErrDirty) {
		t.Errorf("released with dirty keys: %v", err)
	}
	if err := a.It.Release(t.Context(), id+1, "test", true); !errors.Is(err, apply.ErrNotParked) {
		t.Errorf("released what is not there: %v", err)
	}
	if _, err := a.It.Repair(t.Context(), id+1); !errors.Is(err, apply.ErrNotParked) {
		t.Errorf("repaired what is not there: %v", err)
	}
	f.Must(a.It.Release(t.Context(), id, "test", true))
	f.tx(update(1, "taken", 3, keep))
	f.applied()
	f.want("1,taken,3,1,0/190")
	f.wantDirty("")
	if got := f.Text(f.Target, `SELECT outcome || ' by ' || ended_by FROM sync.parked`); got != "accepted by test" {
		t.Error(got)
	}
}

// What the stream told of a dirty key says nothing about another epoch's history.
func TestADirtyKeyOutlivesItsEpoch(t *testing.T) {
	f := newPoisonable(t)
	f.apply()
	f.tx(insert(1, "a", 1, ""), insert(2, "b", 1, ""))
	f.tx(update(1, "a", -1, ""), update(2, "b", -1, ""))
	f.applied()
	f.wantDirty("1,t,0 2,t,0")
	f.link, f.lsn = wire.Link{}, 50 // positions are used again
	f.incarnate(2, 1)
	f.tx(update(2, "B", 2, ""))
	f.applied()
	f.wantDirty("1,f,0 2,t,1")
	f.tx(absent(1, 0), absent(2, 0))
	f.applied()
	f.wantDirty("2,t,1")
	f.tx(repair(2, "B", 2, ""))
	f.applied()
	f.wantDirty("")
	f.want("2,B,2,2,0/15E")
}

// A flood of refused transactions is no matter of rows any more: it stops the province until a
// person has dealt with some of them.
func TestAFloodOfPoisonStops(t *testing.T) {
	f := newPoisonable(t)
	a := f.apply()
	prev := f.link
	var parts []wire.Part
	for key := range int64(101) {
		parts = append(parts, f.part(insert(key, "poison", -1, "")), f.part(insert(1000+key, "good", 1, "")))
	}
	f.send(f.message(prev, parts...))
	f.state(apply.Stopped)
	list, err := a.It.Parked(t.Context())
	f.Must(err)
	if len(list) != 100 {
		t.Fatalf("%d transactions are parked", len(list))
	}
	if n := f.Int(f.Target, `SELECT count(*)::int FROM crm.thing`); n != 100 {
		t.Errorf("%d rows are here before the one that stops", n)
	}
	f.Must(a.It.Release(t.Context(), list[0].ID, "test", true))
	f.applied()
	f.state(apply.Running)
	if n := f.Int(f.Target, `SELECT count(*)::int FROM crm.thing WHERE name = 'good'`); n != 101 {
		t.Errorf("%d rows", n)
	}
}
