package apply_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"jike/sync/apply"
	"jike/sync/wire"
)

func TestEveryChangeHasItsEffectAndItsStamp(t *testing.T) {
	f := newFake(t)
	a := f.apply()
	f.tx(insert(1, "a", 1, "one"), insert(2, "b", 2, ""), insert(3, "c", 3, "three"))
	f.tx(update(1, "A", 10, "ONE"), remove(2))
	f.tx(insert(4, "d", -4, "四"))
	f.applied()
	f.want("1,A,10,ONE,1,0/C8 3,c,3,three,1,0/64 4,d,-4,四,1,0/12C")
	f.tx(truncate(), insert(9, "z", 0, ""))
	f.applied()
	f.want("9,z,0,1,0/190")
	at := time.Now().Truncate(time.Microsecond)
	heartbeat := keyed(wire.Heartbeat, at.UnixMicro())
	f.tx(heartbeat)
	f.applied()
	if s := a.It.Status(); s.State != apply.Running || !s.Heartbeat.Equal(at) || s.Applied != f.lsn || s.Conflicts != 0 || s.Divergences != 0 {
		t.Errorf("status %+v", s)
	}
	if n := f.Int(f.Target, `SELECT count(*)::int FROM sync.province_state WHERE heartbeat_at = $1 AND committed_at > now() - interval '1 minute' AND conflicts = 0`, at); n != 1 {
		t.Error("the board does not show the heartbeat")
	}
	f.Until("the province is told", func() bool { f.mu.Lock(); defer f.mu.Unlock(); return f.told == f.lsn })
}

// Two rows exchange their values, a key moves, and a row is deleted and made again: all in
// messages that are applied as one batch.
func TestFoldedTransactionsEndInTheLastState(t *testing.T) {
	f := newFake(t)
	prev := f.link
	f.send(f.message(prev,
		f.part(insert(1, "a", 1, "p1"), insert(2, "b", 2, "p2"), insert(3, "c", 3, "p3")),
		f.part(update(1, "b", 2, keep), update(2, "a", 1, keep)),
		f.part(remove(3), insert(33, "c", 3, "p3")),
		f.part(remove(1), insert(1, "again", 5, "")),
		f.part(insert(7, "short", 0, ""), remove(7)),
	))
	f.apply()
	f.applied()
	f.want("1,again,5,1,0/190 2,a,1,p2,1,0/C8 33,c,3,p3,1,0/12C")
}

// Unchanged large values are kept, few rows or many, with the value in the table or in the batch.
func TestUnchangedValuesAreKept(t *testing.T) {
	for _, n := range []int64{3, 500} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			f := newFake(t)
			f.apply()
			var first, second, third []wire.Change
			for key := range n {
				first = append(first, insert(key, "n", 0, fmt.Sprintf("profile %d", key)))
				second = append(second, update(key, "m", 1, keep))
				third = append(third, update(key, "o", 2, keep))
			}
			f.tx(first...)
			f.applied()
			prev := f.link
			f.send(f.message(prev, f.part(second...), f.part(third...)))
			f.applied()
			if got := f.Int(f.Target, `SELECT count(*)::int FROM crm.thing WHERE province = 591 AND name = 'o' AND amount = 2 AND profile = 'profile ' || id`); int64(got) != n {
				t.Errorf("%d of %d rows are right", got, n)
			}
		})
	}
}

// A random history, packed at random, ends as a model of it does. Transactions are small and large,
// so rows go by all ways into the table.
func TestRandomHistoryEndsAsItsModel(t *testing.T) {
	f := newFake(t)
	f.prove(1) // so that a change that misses its row would be an incident
	a := f.apply()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	model := map[int64][3]string{}
	for range 40 {
		prev := f.link
		var parts []wire.Part
		for range 1 + random.IntN(4) {
			size := 1 + random.IntN(20)
			if random.IntN(4) == 0 {
				size = 200 + random.IntN(1500)
			}
			parts = append(parts, f.part(randomChanges(random, model, size)...))
		}
		f.send(f.message(prev, parts...))
		if random.IntN(3) == 0 {
			f.applied() // else messages wait and are merged
		}
	}
	f.applied()
	var want []string
	for key := range int64(3000) {
		if row, ok := model[key]; ok {
			want = append(want, fmt.Sprintf("%d,%s,%s,%s", key, row[0], row[1], row[2]))
		}
	}
	got := f.Text(f.Target, `SELECT coalesce(string_agg(concat_ws(',', id, name, amount, coalesce(profile, '')), ' ' ORDER BY id), '') FROM crm.thing WHERE province = 591`)
	if got != strings.Join(want, " ") {
		t.Errorf("headquarters holds another state than the model's %d rows", len(want))
	}
	if s := a.It.Status(); s.Divergences != 0 || s.Conflicts != 0 {
		t.Errorf("%d divergences, %d conflicts in a consistent history", s.Divergences, s.Conflicts)
	}
}

// randomChanges makes changes that are possible after model, and makes them there.
func randomChanges(random *rand.Rand, model map[int64][3]string, n int) (changes []wire.Change) {
	mostly := random.IntN(3)
	for range n {
		key := random.Int64N(3000)
		name, amount, profile := fmt.Sprintf("n%d", random.IntN(1000)), random.IntN(1000), fmt.Sprintf("p%d", random.IntN(1000))
		row, there := model[key]
		switch {
		case !there:
			changes = append(changes, insert(key, name, amount, profile))
			model[key] = [3]string{name, fmt.Sprint(amount), profile}
		case random.IntN(4) == 0 || mostly == 0:
			changes = append(changes, remove(key))
			delete(model, key)
		case random.IntN(2) == 0:
			changes = append(changes, update(key, name, amount, keep))
			model[key] = [3]string{name, fmt.Sprint(amount), row[2]}
		default:
			changes = append(changes, update(key, name, amount, profile))
			model[key] = [3]string{name, fmt.Sprint(amount), profile}
		}
	}
	if random.IntN(30) == 0 {
		changes = append(changes, truncate())
		clear(model)
	}
	return changes
}

// An insert that meets a row replaces it and is counted, few rows or many.
func TestConflictsAreCounted(t *testing.T) {
	f := newFake(t)
	a := f.apply()
	const n = 400
	var all, again []wire.Change
	for key := range int64(n) {
		all = append(all, insert(key, "first", 0, ""))
		if key%4 == 0 {
			again = append(again, insert(key, "second", 0, ""))
		} else {
			again = append(again, insert(key+n, "second", 0, ""))
		}
	}
	f.tx(all...)
	f.applied()
	f.tx(again...)
	f.tx(insert(1, "third", 0, ""), insert(5*n, "third", 0, ""))
	f.applied()
	if s := a.It.Status(); s.Conflicts != n/4+1 {
		t.Errorf("%d conflicts, want %d", s.Conflicts, n/4+1)
	}
	if got := f.Int(f.Target, `SELECT conflicts::int FROM sync.province_state WHERE province = 591`); got != n/4+1 {
		t.Errorf("the board shows %d conflicts", got)
	}
	if got := f.Int(f.Target, `SELECT count(*)::int FROM crm.thing WHERE name = 'second'`); got != n {
		t.Errorf("%d rows were replaced or new, want %d", got, n)
	}
}
