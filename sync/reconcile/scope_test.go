package reconcile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/internal/fault"
	"jike/schemas/replica"
)

func key(k int64) *int64 { return &k }

// A run of a table or a key range finds and repairs what differs there and nothing else, says so
// in its certificate, and proves nothing about the rest.
func TestAPartIsComparedAlone(t *testing.T) {
	p := newPair(t, 3000)
	damage := func() {
		p.exec(p.national, `UPDATE crm.contact SET name = 'x' WHERE id IN (2, 1000, 1400, 2600)`)
		p.exec(p.national, `DELETE FROM crm.customer WHERE id = 4`)
	}
	damage()
	part := Scope{Table: "crm.contact", From: key(1000), To: key(1400)}
	run := p.reconcile(Request{Scope: part})
	if run.State != Done || *run.Result != Repaired || run.Differences != 2 || run.Rows != 201 {
		t.Fatalf("%s, %d differences of %d rows: %s", run.State, run.Differences, run.Rows, run.Reason)
	}
	s := run.Certificate.Statement
	if s.Version != certificateForm || s.Scope == nil || !s.Scope.equal(part) || len(s.Tables) != 1 || !run.Scope.equal(part) {
		t.Fatalf("certificate %+v", s)
	}
	if proven, err := p.n.store.isProven(t.Context(), testProvince, 1); err != nil || proven {
		t.Fatalf("a part proves the epoch: %v, %v", proven, err)
	}
	if run := p.reconcile(Request{Scope: Scope{Table: "crm.contact", From: key(2601)}}); *run.Result != Clean {
		t.Fatalf("behind the damage: %d differences", run.Differences)
	}
	if run := p.reconcile(Request{Scope: Scope{Table: "crm.customer"}}); *run.Result != Repaired || run.Differences != 1 {
		t.Fatalf("a table: %d differences", run.Differences)
	}
	whole := p.reconcile(Request{})
	if *whole.Result != Repaired || whole.Differences != 2 || whole.Certificate.Statement.Scope != nil {
		t.Fatalf("the rest: %d differences", whole.Differences)
	}
	if proven, err := p.n.store.isProven(t.Context(), testProvince, 1); err != nil || !proven {
		t.Fatalf("everything does not prove the epoch: %v, %v", proven, err)
	}
	chain, err := p.n.Chain(t.Context(), testProvince, 0, 10)
	if err != nil || len(chain) != 4 {
		t.Fatalf("%d certificates, %v", len(chain), err)
	}
	if err := VerifyChain(chain); err != nil {
		t.Fatal(err)
	}
	for name, wrong := range map[string]Scope{
		"no such table":        {Table: "crm.secret"},
		"keys without a table": {From: key(1)},
		"keys reversed":        {Table: "crm.contact", From: key(2), To: key(1)},
	} {
		if _, err := p.n.Start(t.Context(), Request{Province: testProvince, Scope: wrong}); !fault.Is(err, fault.Rule) && !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A resync repairs any number of differences unasked; without, a person is asked.
func TestAResyncAsksNobody(t *testing.T) {
	p := newPair(t, 1200)
	p.reconcile(Request{})
	p.exec(p.national, `UPDATE crm.contact SET name = 'x' WHERE id <= 240`)
	part := Scope{Table: "crm.contact", To: key(240)}
	if run := p.reconcile(Request{Scope: part}); run.State != NeedsApproval {
		t.Fatalf("%s: %s", run.State, run.Reason)
	}
	run := p.reconcile(Request{Scope: part, Resync: true})
	if run.State != Done || *run.Result != Repaired || run.Differences != 120 || run.Repaired != 120 {
		t.Fatalf("%s, %d differences: %s", run.State, run.Differences, run.Reason)
	}
}

// Every difference says what explains it, and the certificate counts them by kind and cause.
func TestDifferencesSayTheirCause(t *testing.T) {
	p := newPair(t, 100)
	p.n.Close()
	p.startNational(NationalOptions{
		Dirty: func(_ context.Context, tx pgx.Tx, province int16, table string, keys []int64) ([]int64, error) {
			if tx == nil || province != testProvince || table != "crm.contact" || !slices.Contains(keys, 10) {
				return nil, nil
			}
			return []int64{10}, nil
		},
	})
	spoil := func() {
		p.exec(p.national, `UPDATE crm.contact SET name = 'x' WHERE id IN (10, 12, 14)`)
		p.exec(p.national, `UPDATE crm.contact SET stamp_lsn = NULL WHERE id = 12`)
		p.exec(p.national, `DELETE FROM crm.contact WHERE id IN (16, 18)`)
		p.exec(p.national, `INSERT INTO sync.divergence (province, relation, key, kind, epoch, lsn) VALUES
			(591, 'crm.contact', 16, 'unknown', 1, '0/1'), (591, 'crm.contact', 18, 'update', 1, '0/1')
			ON CONFLICT DO NOTHING`)
	}
	check := func(rest Cause) {
		t.Helper()
		run := p.reconcile(Request{})
		if run.State != Done || *run.Result != Repaired {
			t.Fatalf("%s: %s", run.State, run.Reason)
		}
		causes := map[int64]Cause{}
		for _, d := range run.Certificate.Statement.Found.Listed {
			causes[d.Key] = d.Cause
		}
		for key, want := range map[int64]Cause{10: Parked, 12: OutsideStream, 14: rest, 16: LargeValue, 18: KnownDivergence} {
			if causes[key] != want {
				t.Errorf("key %d: %q, want %q", key, causes[key], want)
			}
		}
		if got := run.Causes; len(got) != 5 || !slices.Equal(got, run.Certificate.Statement.Found.Causes) || got[0].Count != 1 {
			t.Errorf("counted %+v", got)
		}
	}
	spoil()
	check(NewEpoch)
	spoil()
	check(Unknown)
	p.exec(p.province, `UPDATE sync.capture SET selection = selection + 1`)
	spoil()
	check(NewSelection)
}

// A run that somebody ends stops where it is, keeps no snapshot and gives no certificate.
func TestARunCanBeCanceled(t *testing.T) {
	p := newPair(t, 10)
	entered := make(chan struct{})
	site := p.n.sites[testProvince]
	call := site.Call
	site.Call = func(ctx context.Context, operation string, request []byte) ([]byte, error) {
		if operation != opCut {
			return call(ctx, operation, request)
		}
		close(entered)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	p.n.sites[testProvince] = site
	id, err := p.n.Start(t.Context(), Request{Province: testProvince, By: "one"})
	if err != nil {
		t.Fatal(err)
	}
	<-entered
	if err := p.n.Cancel(t.Context(), id, "two"); err != nil {
		t.Fatal(err)
	}
	var end Run
	if err := p.n.Follow(t.Context(), id, func(r Run) { end = r }); err != nil {
		t.Fatal(err)
	}
	if end.State != Canceled || end.ReasonCode != ReasonCanceled || !strings.Contains(end.Reason, "two") || end.Certificate != nil {
		t.Fatalf("%s: %s", end.State, end.Reason)
	}
	if n := p.open(); n != 0 {
		t.Errorf("%d snapshots are held on", n)
	}
	if err := p.n.Cancel(t.Context(), id, "two"); !fault.Is(err, fault.Conflict) {
		t.Errorf("canceled twice: %v", err)
	}
	if err := p.n.Cancel(t.Context(), 999, "two"); !fault.Is(err, fault.NotFound) {
		t.Errorf("an unknown run: %v", err)
	}
	site.Call = call
	p.n.sites[testProvince] = site
	p.reconcile(Request{})
	p.exec(p.national, `DELETE FROM crm.contact`)
	p.exec(p.national, `INSERT INTO crm.contact (province, id) SELECT 591, i FROM generate_series(1000, 1200) i`)
	waiting := p.reconcile(Request{})
	if waiting.State != NeedsApproval {
		t.Fatalf("%s: %s", waiting.State, waiting.Reason)
	}
	if err := p.n.Cancel(t.Context(), waiting.ID, "two"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.n.Start(t.Context(), Request{Province: testProvince, Approve: true}); !fault.Is(err, fault.NotFound) {
		t.Fatalf("a canceled run is approved: %v", err)
	}
}

// lines gives what is logged, line by line.
type lines chan string

func (l lines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

// A run whose end could not be recorded is recorded when that is possible again, without a new start
// of the node; and so is the end of one of which nobody knows that it began.
func TestAnEndIsRecordedLater(t *testing.T) {
	p := newPair(t, 10)
	logged := make(lines, 100)
	p.n.opts.Log = slog.New(slog.NewTextHandler(logged, nil))
	until := func(text string) {
		t.Helper()
		for {
			select {
			case line := <-logged:
				if strings.Contains(line, text) {
					return
				}
			case <-time.After(30 * time.Second):
				t.Fatalf("%q was not logged", text)
			}
		}
	}
	p.intercept = func(operation string) error {
		if operation == opCut {
			p.exec(p.national, `REVOKE UPDATE ON sync.reconciliation FROM jike_sync`)
			return errors.New("and the link is down")
		}
		return nil
	}
	id, err := p.n.Start(t.Context(), Request{Province: testProvince, By: "one"})
	if err != nil {
		t.Fatal(err)
	}
	until("its end is not recorded")
	p.intercept = nil
	p.exec(p.national, `GRANT UPDATE ON sync.reconciliation TO jike_sync`)
	var end Run
	if err := p.n.Follow(t.Context(), id, func(r Run) { end = r }); err != nil {
		t.Fatal(err)
	}
	if end.State != Failed {
		t.Errorf("%s: %s", end.State, end.Reason)
	}
	var state string
	if err := p.national.QueryRow(t.Context(), `SELECT state FROM sync.reconciliation WHERE id = $1`, id).Scan(&state); err != nil || state != string(Failed) {
		t.Errorf("recorded is %q, %v", state, err)
	}
	// The commit of a beginning was cut off: its row is there, and who asked does not know.
	p.exec(p.national, `INSERT INTO sync.reconciliation (province, state, trigger, requested_by) VALUES (591, 'running', 'demand', 'two'), (592, 'running', 'demand', 'two')`)
	p.n.giveUpBeginning(Request{Province: testProvince, By: "two"}, errors.New("the connection is gone"))
	for running := true; running; time.Sleep(10 * time.Millisecond) {
		var err error
		if running, err = p.n.store.isRunning(t.Context(), testProvince); err != nil {
			t.Fatal(err)
		}
	}
	if running, err := p.n.store.isRunning(t.Context(), 592); err != nil || !running {
		t.Errorf("another province's run was ended, %v", err)
	}
	if r := p.reconcile(Request{}); r.State != Done {
		t.Errorf("%s: %s", r.State, r.Reason)
	}
}

// A snapshot that is held keeps no TRUNCATE waiting, and one that a TRUNCATE has emptied finds no
// differences that are none.
func TestATruncateDoesNotWaitForASnapshot(t *testing.T) {
	p := newPair(t, 10)
	truncated := false
	p.intercept = func(operation string) error {
		if operation == opCut && !truncated {
			truncated = true
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			if _, err := p.province.Exec(ctx, `TRUNCATE crm.bill`); err != nil {
				t.Errorf("the application waits: %v", err)
			}
		}
		return nil
	}
	r := p.reconcile(Request{})
	if r.State != Failed || !strings.Contains(r.Reason, "crm.bill was truncated") {
		t.Errorf("%s with %d differences: %s", r.State, r.Differences, r.Reason)
	}
	p.exec(p.national, `DELETE FROM crm.bill`)
	if r := p.reconcile(Request{}); r.State != Done || *r.Result != Clean {
		t.Errorf("%s: %s", r.State, r.Reason)
	}
}

// A link that is down for a moment does not cost the run.
func TestARunOutlivesAShortSilence(t *testing.T) {
	p := newPair(t, 10)
	p.n.Close()
	p.startNational(NationalOptions{Patience: time.Minute})
	silent := map[string]int{opAwait: 1, opCut: 2, opSign: 1}
	site := p.n.sites[testProvince]
	call := site.Call
	site.Call = func(ctx context.Context, operation string, request []byte) ([]byte, error) {
		if silent[operation] > 0 {
			silent[operation]--
			_, _ = call(ctx, operation, request) // it came; the answer got lost
			return nil, context.DeadlineExceeded
		}
		return call(ctx, operation, request)
	}
	p.n.sites[testProvince] = site
	if run := p.reconcile(Request{}); run.State != Done || *run.Result != Clean {
		t.Fatalf("%s: %s", run.State, run.Reason)
	}
}

// A barrier that gets lost is put in anew by the same run.
func TestALostBarrierIsPutInAnew(t *testing.T) {
	p := newPair(t, 10)
	barriers := 0
	p.intercept = func(operation string) error {
		if operation == opOpen {
			barriers++
			p.lose = barriers == 1
		}
		return nil
	}
	if run := p.reconcile(Request{}); run.State != Done || barriers != 2 {
		t.Fatalf("%s after %d barriers: %s", run.State, barriers, run.Reason)
	}
}

// In an epoch in which nothing is proved a run begins by itself, is repeated until one is clean,
// and asks nobody about the number of differences.
func TestANewEpochIsProvedByItself(t *testing.T) {
	p := newPair(t, 1200)
	p.n.Close()
	p.exec(p.national, `UPDATE crm.contact SET name = 'x' WHERE id <= 240`)
	ended := make(chan Run, 10)
	p.lose = true
	p.startNational(NationalOptions{
		Look: 10 * time.Millisecond, EpochAfter: 10 * time.Millisecond,
		Ended: func(r Run, again bool) {
			p.lose = false
			if again != (r.State == Failed) {
				t.Errorf("%s: repeated %v", r.State, again)
			}
			ended <- r
		},
	})
	site := p.n.sites[testProvince]
	site.Running = func() bool { return true }
	if err := p.n.AddSite(site); err != nil {
		t.Fatal(err)
	}
	if r := <-ended; r.State != Failed || r.ReasonCode != ReasonBarrierLost || r.Trigger != Epoch || r.Attempt != 1 {
		t.Fatalf("first: %s, %s, attempt %d: %s", r.State, r.Trigger, r.Attempt, r.Reason)
	}
	if r := <-ended; r.State != Done || *r.Result != Repaired || r.Differences != 120 || r.Trigger != Epoch || r.Attempt != 2 {
		t.Fatalf("second: %s, %s, attempt %d: %s", r.State, r.Trigger, r.Attempt, r.Reason)
	}
	if proven, err := p.n.store.isProven(t.Context(), testProvince, 1); err != nil || !proven {
		t.Fatalf("not proved: %v", err)
	}
}

// Runs that nobody waits for take turns; one that a person asked for does not wait.
func TestRunsTakeTurns(t *testing.T) {
	p := newPair(t, 10)
	p.n.Close()
	p.startNational(NationalOptions{Parallel: 1})
	p.n.turns <- struct{}{} // another province's run goes on
	ids, err := p.n.StartAll(t.Context(), "one")
	if err != nil || len(ids) != 1 {
		t.Fatalf("%d began, %v", len(ids), err)
	}
	freed := false
	err = p.n.Follow(t.Context(), ids[0], func(r Run) {
		switch {
		case r.Progress.Phase == PhaseQueued && !freed:
			freed = true
			<-p.n.turns
		case r.State != Running && (!freed || r.State != Done):
			t.Errorf("%s, freed %v: %s", r.State, freed, r.Reason)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	p.n.turns <- struct{}{}
	if run := p.reconcile(Request{}); run.State != Done {
		t.Fatalf("on demand: %s: %s", run.State, run.Reason)
	}
}

// Rate and share slow a run down, and progress says how far it is.
func TestRateAndProgress(t *testing.T) {
	p := newPair(t, 4000)
	p.n.Close()
	p.source.Close()
	p.startNational(NationalOptions{RowsPerSecond: 40000})
	p.source.opts.Share, p.source.closed = 0.2, false
	p.exec(p.province, `ANALYZE`)
	id, err := p.n.Start(t.Context(), Request{Province: testProvince, By: "one"})
	if err != nil {
		t.Fatal(err)
	}
	var last Run
	var inAll, rate int64
	if err := p.n.Follow(t.Context(), id, func(r Run) {
		last = r
		inAll, rate = max(inAll, r.Progress.RowsInAll), max(rate, r.Progress.Rate)
	}); err != nil {
		t.Fatal(err)
	}
	const rows = 2000*10 + 40
	if last.State != Done || last.Rows != rows || inAll < rows*8/10 || inAll > rows*12/10 || rate == 0 {
		t.Fatalf("%s: %d rows of %d estimated, %d rows/s: %s", last.State, last.Rows, inAll, rate, last.Reason)
	}
	// The last table's 12,000 bills may begin when the 8,040 rows before are due.
	if took := last.Ended.Sub(last.Started); took < 8040*time.Second/40000 {
		t.Errorf("%d rows took %s", rows, took)
	}
}

// A province whose program is of the release before signs the form that it knows, and is not asked
// for a part, which it would take for everything.
func TestAnOlderProvinceSignsItsForm(t *testing.T) {
	p := newPair(t, 10)
	site := p.n.sites[testProvince]
	call := site.Call
	site.Call = func(ctx context.Context, operation string, request []byte) ([]byte, error) {
		answer, err := call(ctx, operation, request)
		if operation == opOpen && err == nil {
			answer = bytes.Replace(answer, fmt.Appendf(nil, `"form":%d,`, certificateForm), nil, 1)
		}
		return answer, err
	}
	p.n.sites[testProvince] = site
	p.exec(p.national, `DELETE FROM crm.contact WHERE id = 2`)
	run := p.reconcile(Request{})
	if run.State != Done || run.Certificate.Statement.Version != 1 || run.Certificate.Statement.Found.Causes != nil || len(run.Causes) != 1 {
		t.Fatalf("%s: %s, %+v", run.State, run.Reason, run.Certificate)
	}
	if run := p.reconcile(Request{Scope: Scope{Table: "crm.bill"}}); run.State != Failed || run.ReasonCode != ReasonOld {
		t.Fatalf("a part: %s, %s", run.State, run.Reason)
	}
}

// What lies between ranges belongs to none: a re-check reads only what differed.
func TestRangesWithGapsHoldTheirOwnRowsOnly(t *testing.T) {
	p := newPair(t, 2000)
	tx, end, err := snapshot(t.Context(), p.national)
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	s, err := newSide(t.Context(), tx, nationalFilter(testProvince), TextMD5, 0)
	if err != nil {
		t.Fatal(err)
	}
	contact := Scope{Table: "crm.contact"}.tables(replica.Up)[0]
	bounds := []Range{{Low: 2, High: 11}, {Low: 12, High: 21}, {Low: 100, High: 119}, {Low: 5000, High: 6000}, {Low: 1999, High: 3000}}
	held, err := s.digest(t.Context(), contact, bounds)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int64{5, 5, 10, 0, 1} {
		if held[i].Rows != want || held[i].Low != bounds[i].Low || held[i].High != bounds[i].High {
			t.Errorf("range %d holds %+v, want %d rows", i, held[i], want)
		}
		alone, err := s.digest(t.Context(), contact, bounds[i:i+1])
		if err != nil || !bytes.Equal(alone[0].Digest, held[i].Digest) {
			t.Errorf("range %d alone: %+v, %v", i, alone, err)
		}
	}
}
