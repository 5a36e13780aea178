package apply_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"jike/sync/apply"
)

// A paused province's hub goes on storing, through a new incarnation too; nothing is applied, also
// after a restart, until it is resumed.
func TestPauseAndResume(t *testing.T) {
	f := newFake(t)
	a := f.apply()
	f.tx(insert(1, "a", 1, ""))
	f.applied()
	if err := a.It.Resume(t.Context(), false); !errors.Is(err, apply.ErrNotPaused) {
		t.Errorf("resumed what runs: %v", err)
	}
	f.Must(a.It.Pause(t.Context(), "operator", "disk is being moved"))
	f.state(apply.Paused)
	if got := f.Text(f.Target, `SELECT error FROM sync.province_state WHERE province = 591`); got != "by operator: disk is being moved" {
		t.Errorf("the board says %q", got)
	}
	f.tx(insert(2, "b", 1, ""))
	f.Until("the hub stores it", func() bool { return f.hubEnd() == 2 })
	a.Stop()
	a = f.apply()
	f.Until("it rests after a restart", func() bool { return a.It.Status().State == apply.Paused })
	f.incarnate(1, 2)
	f.tx(insert(3, "c", 1, ""))
	f.Until("the hub follows the new incarnation", func() bool { f.announce(); return f.hubEnd() == 3 })
	f.want("1,a,1,1,0/64")
	if len(f.refills) > 0 {
		t.Errorf("asked for %+v", <-f.refills)
	}
	f.Must(a.It.Resume(t.Context(), false))
	f.applied()
	f.state(apply.Running)
	f.want("1,a,1,1,0/64 2,b,1,1,0/C8 3,c,1,1,0/12C")
}

// A truncate removes this province's rows of its table and no others.
func TestTruncateIsOfOneProvinceAndTable(t *testing.T) {
	f := newFake(t)
	f.Exec(f.Target, `SELECT sync.add_province(571::smallint)`, `INSERT INTO crm.thing (province, id, name) VALUES (571, 1, 'other'), (571, 2, 'other')`)
	f.apply()
	f.tx(insert(1, "a", 1, ""), insert(2, "b", 1, ""))
	f.applied()
	f.tx(truncate())
	f.tx(insert(2, "c", 1, ""))
	f.applied()
	f.want("2,c,1,1,0/12C")
	if n := f.Int(f.Target, `SELECT count(*)::int FROM crm.thing WHERE province = 571 AND name = 'other'`); n != 2 {
		t.Errorf("%d rows of the other province", n)
	}
}

// By policy a truncate of many rows waits for a person, whole transactions or chunks, and what was
// in front of it is applied.
func TestALargeTruncateWaitsForAPerson(t *testing.T) {
	for name, chunk := range map[string]int{"whole": 100, "chunked": 2} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			a := f.apply(func(o *apply.Options) { o.TruncateRows = 2 })
			f.tx(insert(1, "a", 1, ""), insert(2, "b", 1, ""))
			f.tx(truncate(), insert(1, "few", 1, ""))
			f.tx(insert(2, "b", 1, ""))
			f.tx(insert(3, "c", 1, ""))
			before := f.link
			f.send(f.chunks(chunk, append(manyInserts(3)[:2], truncate(), insert(9, "many", 1, "")))...)
			f.tx(insert(10, "after", 1, ""))
			f.state(apply.Paused)
			if f.position() != before {
				t.Errorf("position %v, want %v", f.position(), before)
			}
			f.want("1,few,1,1,0/C8 2,b,1,1,0/12C 3,c,1,1,0/190")
			if why := a.It.Status().Error; !strings.Contains(why, "crm.thing") || !strings.Contains(why, "more than 2 rows") {
				t.Errorf("the board says %q", why)
			}
			f.Must(a.It.Resume(t.Context(), false)) // without a word it waits again
			f.Until("it waits again", func() bool {
				return f.Int(f.Target, `SELECT count(*)::int FROM sync.province_state WHERE paused_at IS NOT NULL AND held_lsn > '0/0'`) == 1
			})
			f.state(apply.Paused)
			f.Must(a.It.Resume(t.Context(), true))
			f.applied()
			f.want(fmt.Sprintf("9,many,1,1,0/1F4 10,after,1,1,%s", f.lsn))
		})
	}
}

// Keys change places in one transaction, and move onto a key that is freed in it: what is deleted
// goes before what is written, however few or many.
func TestKeysChangePlacesInOneTransaction(t *testing.T) {
	f := newFake(t)
	f.prove(1)
	a := f.apply()
	const n = 300
	first := manyInserts(2 * n)
	f.tx(first...)
	f.applied()
	swap := first[:0:0]
	for key := range int64(n) { // as capture sends key changes: the old key goes, the new one comes
		x, y := 2*key, 2*key+1
		swap = append(swap, remove(x), insert(-1-x, "large", int(x), fmt.Sprintf("profile of %d", x)),
			remove(y), insert(x, "large", int(y), fmt.Sprintf("profile of %d", y)),
			remove(-1-x), insert(y, "large", int(x), fmt.Sprintf("profile of %d", x)))
	}
	f.tx(swap[:6]...) // few
	f.tx(swap[6:]...) // many
	f.applied()
	if got := f.Int(f.Target, `SELECT count(*)::int FROM crm.thing WHERE profile = 'profile of ' || amount AND amount = id + CASE id % 2 WHEN 0 THEN 1 ELSE -1 END`); got != 2*n {
		t.Errorf("%d rows of %d changed places", got, 2*n)
	}
	if s := a.It.Status(); s.Divergences != 0 || s.Conflicts != 0 || s.Parked != 0 {
		t.Errorf("status %+v", s)
	}
}
