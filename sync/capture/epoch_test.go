package capture_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"jike/internal/pg"
	"jike/internal/pg/pgtest"
	"jike/schemas/replica"
	"jike/sync/capture"
	"jike/sync/stream"
	"jike/sync/synctest"
	"jike/sync/wire"
)

// begunAfter waits until a capture streams in an epoch after another, and gives it.
func begunAfter(p *synctest.Pair, c *capture.Capture, epoch int64) capture.Status {
	p.Helper()
	p.Until(fmt.Sprintf("an epoch after %d", epoch), func() bool {
		s := c.Status()
		return s.Connected && s.Epoch > epoch
	})
	return c.Status()
}

// holds checks that the stream of the status has an unbroken chain from nothing, and gives the
// operations on customers in it.
func holds(p *synctest.Pair, s capture.Status) string {
	p.Helper()
	ms := messages(p, stream.Identity{Province: synctest.Province, Epoch: s.Epoch, Incarnation: s.Incarnation})
	var link wire.Link
	for _, m := range ms {
		if m.Prev != link {
			p.Fatalf("a message follows %+v, the chain is at %+v", m.Prev, link)
		}
		if link = m.End(); link.LSN != 0 && link.LSN < s.Begun {
			p.Fatalf("transaction %s lies before the epoch's beginning at %s", link.LSN, s.Begun)
		}
	}
	return changes(ms, 0)
}

// Wherever the process dies while it begins an epoch, the next one finishes it, and the stream has
// exactly what is committed from the epoch's beginning on.
func TestBeginningAnEpochSurvivesADeathAtEachStep(t *testing.T) {
	p := synctest.NewSource(t)
	p.Exec(p.Source, fmt.Sprintf(customer, 1, 3))
	c := p.Capture()
	published(p, c.It)
	c.Stop()
	last, key := int64(1), 10
	died := errors.New("died")
	for _, step := range capture.Steps {
		t.Run(step, func(t *testing.T) {
			p.DropSlot()
			reached := make(chan struct{}, 100)
			dying := p.Capture(func(o *capture.Options) {
				capture.SetStep(o, func(at string) error {
					if at != step {
						return nil
					}
					reached <- struct{}{}
					return died
				})
			})
			<-reached
			dying.Stop()
			p.Exec(p.Source, fmt.Sprintf(customer, key, key))
			next := p.Capture()
			s := begunAfter(p, next.It, last)
			p.Exec(p.Source, fmt.Sprintf(customer, key+1, key+2))
			published(p, next.It)
			// What is committed after the row was written belongs to the epoch, the rest to the digest.
			want := "II"
			if step == stepBegunName {
				want = "III"
			}
			if got := holds(p, s); got != want || !s.Existing {
				t.Errorf("the stream has %q, want %q; status %+v", got, want, s)
			}
			if n := p.Int(p.Source, `SELECT count(*)::int FROM pg_replication_slots WHERE database = current_database()`); n != 1 {
				t.Errorf("%d slots are left", n)
			}
			next.Stop()
			last, key = s.Epoch, key+10
		})
	}
}

var stepBegunName = capture.Steps[len(capture.Steps)-1]

// A province without selected rows says so, and the first epoch is the first.
func TestTheFirstEpochOfAnEmptyProvince(t *testing.T) {
	p := synctest.NewSource(t)
	c := p.Capture()
	published(p, c.It)
	if s := c.It.Status(); s.Epoch != 1 || s.Existing || s.Begun == 0 || s.Reason != "first start" {
		t.Errorf("status %+v", s)
	}
}

// What headquarters says can show that the database was restored, or that it needs what the log no
// longer has.
func TestHeadquartersCanShowThatANewEpochIsNeeded(t *testing.T) {
	p := synctest.NewSource(t)
	c := p.Capture()
	p.Exec(p.Source, fmt.Sprintf(customer, 1, 3))
	published(p, c.It)
	control := stream.NewControl(p.Net.National(synctest.Province), synctest.Province, stream.National, synctest.Log(t))
	t.Cleanup(control.Close)
	notify := func(n stream.AppliedNotice) {
		data, err := json.Marshal(n)
		p.Must(err)
		p.Must(control.Notify(stream.NoticeApplied, data))
	}
	refill := func(r stream.RefillRequest) error {
		data, err := json.Marshal(r)
		p.Must(err)
		_, err = control.Call(t.Context(), stream.CallRefill, data)
		return err
	}
	p.Until("the province answers", func() bool { return !errors.Is(refill(stream.RefillRequest{Epoch: -1}), stream.ErrAway) })
	s := c.It.Status()
	again := func(reason string) {
		p.Helper()
		before := s.Epoch
		s = begunAfter(p, c.It, before)
		published(p, c.It)
		if !strings.Contains(s.Reason, reason) || holds(p, s) != "" {
			t.Errorf("status %+v, want the reason %q", s, reason)
		}
	}
	notify(stream.AppliedNotice{Epoch: s.Epoch + 1<<32, LSN: 1})
	again("headquarters is at epoch")
	if s.Epoch <= 1+1<<32 {
		t.Errorf("epoch %d is not above headquarters'", s.Epoch)
	}
	notify(stream.AppliedNotice{Epoch: s.Epoch, LSN: s.Head + 1<<40})
	again("headquarters has applied")
	// A refill from a position that the log has, with a chain that it has not.
	p.Must(refill(stream.RefillRequest{Epoch: s.Epoch, LSN: c.It.Status().Published, Incarnation: s.Incarnation, Chain: strings.Repeat("ab", 32)}))
	again("other content")
	// A refill from before what was confirmed.
	published(p, c.It)
	notify(stream.AppliedNotice{Epoch: s.Epoch, LSN: c.It.Status().Published})
	p.Until("something is confirmed", func() bool {
		p.Mark()
		notify(stream.AppliedNotice{Epoch: s.Epoch, LSN: c.It.Status().Published})
		return p.Int(p.Source, `SELECT count(*)::int FROM sync.capture WHERE previous_lsn > begun_lsn`) == 1
	})
	p.Must(refill(stream.RefillRequest{Epoch: s.Epoch, LSN: 0, Incarnation: s.Incarnation}))
	again("only a digest can tell")
}

// The row was restored, and the leaf's streams were not.
func TestALeafWithAYoungerEpochIsOvertaken(t *testing.T) {
	p := synctest.NewSource(t)
	c := p.Capture()
	published(p, c.It)
	c.Stop()
	leaf, err := stream.OpenLeaf(t.Context(), p.LeafNATS, stream.Identity{Province: synctest.Province, Epoch: 1 << 40, Incarnation: 3}, synctest.Limits)
	p.Must(err)
	c = p.Capture()
	if s := begunAfter(p, c.It, leaf.Identity().Epoch); !strings.Contains(s.Reason, "stream of epoch") {
		t.Errorf("status %+v", s)
	}
	if left, err := stream.LeafExists(t.Context(), p.LeafNATS, leaf.Identity()); err != nil || left {
		t.Errorf("the old stream is left: %v", err)
	}
}

// A slot that somebody else read from lacks what that reader took.
func TestASlotThatWasMovedBeginsANewEpoch(t *testing.T) {
	p := synctest.NewSource(t)
	c := p.Capture()
	published(p, c.It)
	c.Stop()
	p.Exec(p.Source, fmt.Sprintf(customer, 1, 3))
	p.SlotFree()
	p.Exec(p.ProvinceDB.Sync(t), `SELECT pg_replication_slot_advance('jike_up', pg_current_wal_lsn())`)
	c = p.Capture()
	if s := begunAfter(p, c.It, 1); !strings.Contains(s.Reason, "another reader moved it") || !s.Existing {
		t.Errorf("status %+v", s)
	}
}

// Changes that are older in the log than the publication cannot be decoded, by anybody and ever.
func TestAPublicationThatIsYoungerThanTheLogBeginsANewEpoch(t *testing.T) {
	p := synctest.NewSource(t)
	c := p.Capture()
	published(p, c.It)
	c.Stop()
	p.Exec(p.Source, `DROP PUBLICATION jike_up`, fmt.Sprintf(customer, 1, 3))
	p.Must(capture.EnsurePublication(t.Context(), p.ProvinceDB.OwnerURL, replica.Up))
	c = p.Capture()
	s := begunAfter(p, c.It, 1)
	p.Exec(p.Source, fmt.Sprintf(customer, 4, 6))
	published(p, c.It)
	if got := holds(p, s); got != "III" || !s.Existing || !strings.Contains(s.Reason, "publication") {
		t.Errorf("the stream has %q; status %+v", got, s)
	}
}

// Status says how much log and room is left, and for how long.
func TestTheBudgetOfLogAndLeafIsShown(t *testing.T) {
	cluster := pgtest.Cluster(t, map[string]string{"max_slot_wal_keep_size": "256MB"})
	p := synctest.NewOnCluster(t, cluster)
	c := p.Capture(func(o *capture.Options) { o.Limits.LeafBytes = 64 << 20 })
	p.Until("both are known", func() bool {
		b := c.It.Status().Budget
		return b.Wal == "reserved" && b.LogLeft > 0 && b.LogLeft <= 512<<20 && b.LeafLeft > 0 && b.LeafLeft <= 64<<20
	})
	before := c.It.Status().Budget
	p.Exec(p.Source, fmt.Sprintf(customer, 1, 20_000))
	published(p, c.It)
	p.Until("less is left, for a time that can be told", func() bool {
		s := c.It.Status()
		b := s.Budget
		return s.BacklogMessages > 0 && s.BacklogBytes > 0 && // nobody takes it here
			b.LogLeft < before.LogLeft && b.LeafLeft < before.LeafLeft && b.LogDays < capture.Forever && b.LeafDays < capture.Forever && b.LogDays > 0
	})
}

// A slot's name is one for the whole cluster: a second province in it is told so, and does not wait.
func TestASecondProvinceInTheClusterIsRefused(t *testing.T) {
	cluster := pgtest.Cluster(t, nil)
	synctest.NewOnCluster(t, cluster)
	second := pgtest.On(t, cluster, pg.Province)
	if err := capture.EnsurePublication(t.Context(), second.OwnerURL, replica.Up); err != nil {
		t.Fatal(err)
	}
	err := capture.EnsureSlot(t.Context(), second.SyncURL, second.Sync(t))
	if err == nil || !strings.Contains(err.Error(), "a cluster of its own") {
		t.Errorf("the second province got %v", err)
	}
}
