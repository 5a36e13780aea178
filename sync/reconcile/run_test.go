package reconcile

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"jike/internal/fault"
	"jike/schemas/replica"
)

func TestEqualSidesAreClean(t *testing.T) {
	p := newPair(t, 2500)
	for i := range 2 {
		run := p.reconcile(Request{})
		if run.State != Done || *run.Result != Clean || run.Differences != 0 {
			t.Fatalf("run %d: %s, %s: %s", i, run.State, run.resultText(), run.Reason)
		}
		if run.Rows != 1250*4+1250*6+40 {
			t.Fatalf("%d rows compared", run.Rows)
		}
	}
	theirs, err := p.source.Chain(t.Context(), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := p.n.Chain(t.Context(), testProvince, 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, chain := range [][]Certificate{ours, theirs} {
		if len(chain) != 2 || chain[1].Statement.Method != TypedHash {
			t.Fatalf("chain %+v", chain)
		}
		if err := VerifyChain(chain); err != nil {
			t.Fatal(err)
		}
	}
	if ours[1].Digest.String() != theirs[1].Digest.String() {
		t.Fatal("both sides keep different certificates")
	}
}

func TestPlantedDifferencesAreNamedExactlyAndRepaired(t *testing.T) {
	p := newPair(t, 1500)
	p.reconcile(Request{}) // proves the epoch, so that nothing explains a planted difference
	plants := newPlanter(t, p.national)
	for range 12 {
		plants.edit()
		plants.remove()
		plants.invent()
		plants.swap()
	}
	run := p.reconcile(Request{})
	if run.State != Done || *run.Result != Repaired {
		t.Fatalf("%s, %s: %s", run.State, run.resultText(), run.Reason)
	}
	plants.check(run.Certificate)
	if run = p.reconcile(Request{}); run.State != Done || *run.Result != Clean {
		t.Fatalf("second run: %s, %s: %s", run.State, run.resultText(), run.Reason)
	}
	var listed int
	if err := p.nationalDB.App(t).QueryRow(t.Context(), `SELECT count(*) FROM sync.difference WHERE NOT recheck`).Scan(&listed); err != nil || listed == 0 {
		t.Fatalf("the portal reads %d differences, %v", listed, err)
	}
}

// TestBothMethodsFindTheSame also holds the text form to what typed values print.
func TestBothMethodsFindTheSame(t *testing.T) {
	p := newPair(t, 300)
	plants := newPlanter(t, p.national)
	for range 10 {
		plants.edit()
	}
	tx, end, err := snapshot(t.Context(), p.province)
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	here, endHere, err := snapshot(t.Context(), p.national)
	if err != nil {
		t.Fatal(err)
	}
	defer endHere()
	for _, method := range []Method{TextMD5, TypedHash} {
		a, err := newSide(t.Context(), tx, provinceFilter, method, 5)
		if err != nil {
			t.Fatal(err)
		}
		b, err := newSide(t.Context(), here, nationalFilter(testProvince), method, 5)
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range replica.Up {
			ranges, _, err := a.cut(t.Context(), table, -1<<63, 1<<63-1, 1000, 7)
			if err != nil {
				t.Fatal(err)
			}
			held, err := b.digest(t.Context(), table, ranges)
			if err != nil {
				t.Fatal(err)
			}
			var found []Difference
			for _, i := range differing(ranges, held) {
				there, err := a.rows(t.Context(), table, ranges[i].Low, ranges[i].High, 100)
				if err != nil {
					t.Fatal(err)
				}
				hashes, err := b.rows(t.Context(), table, ranges[i].Low, ranges[i].High, 100)
				if err != nil {
					t.Fatal(err)
				}
				found = append(found, merge(table.Qualified(), there, hashes)...)
			}
			if len(found) != len(plants.planted[table.Qualified()]) {
				t.Errorf("%s finds %d differences in %s, planted %d", method, len(found), table.Qualified(), len(plants.planted[table.Qualified()]))
			}
		}
	}
}

func TestTooManyDifferencesWaitForAPerson(t *testing.T) {
	p := newPair(t, 1200)
	if run := p.reconcile(Request{}); *run.Result != Clean { // the first in an epoch never asks
		t.Fatal(run.Reason)
	}
	p.exec(p.national, `UPDATE crm.contact SET name = 'x' WHERE id <= 240`) // 120 rows of 600
	run := p.reconcile(Request{})
	if run.State != NeedsApproval || run.Differences != 120 || run.ReasonCode != ReasonTooMany {
		t.Fatalf("%s, %d differences: %s", run.State, run.Differences, run.Reason)
	}
	var damaged int
	if err := p.national.QueryRow(t.Context(), `SELECT count(*) FROM crm.contact WHERE name = 'x'`).Scan(&damaged); err != nil || damaged != 120 {
		t.Fatalf("%d rows still damaged before the approval, %v", damaged, err)
	}
	approved := p.reconcile(Request{Approve: true})
	if approved.ID != run.ID || approved.State != Done || *approved.Result != Repaired || approved.Certificate.Statement.ApprovedBy != "tester" {
		t.Fatalf("run %d: %s: %s", approved.ID, approved.State, approved.Reason)
	}
	if _, err := p.n.Start(t.Context(), Request{Province: testProvince, Approve: true}); !fault.Is(err, fault.NotFound) {
		t.Fatalf("approving nothing: %v", err)
	}
	p.exec(p.national, `UPDATE crm.contact SET name = 'x' WHERE id <= 240`)
	waiting := p.reconcile(Request{})
	if next := p.reconcile(Request{}); waiting.State != NeedsApproval || next.State != NeedsApproval {
		t.Fatalf("%s, then %s", waiting.State, next.State)
	}
	if waiting, err := p.n.store.run(t.Context(), waiting.ID); err != nil || waiting.ReasonCode != ReasonSuperseded {
		t.Fatalf("a run that waited while a newer one began: %+v, %v", waiting, err)
	}
}

func TestFewDifferencesOfASmallTableAreRepairedUnasked(t *testing.T) {
	p := newPair(t, 10)
	p.reconcile(Request{})
	p.exec(p.national, `DELETE FROM crm.customer`)
	if run := p.reconcile(Request{}); run.State != Done || *run.Result != Repaired || run.Differences != 5 {
		t.Fatalf("%s: %s", run.State, run.Reason)
	}
}

func TestOneRunAtATime(t *testing.T) {
	p := newPair(t, 10)
	entered, goOn := make(chan struct{}), make(chan struct{})
	p.intercept = func(operation string) error {
		if operation == opSign {
			close(entered)
			<-goOn
		}
		return nil
	}
	id, err := p.n.Start(t.Context(), Request{Province: testProvince, By: "one"})
	if err != nil {
		t.Fatal(err)
	}
	<-entered
	if _, err := p.n.Start(t.Context(), Request{Province: testProvince, By: "two"}); !fault.Is(err, fault.Conflict) {
		t.Fatalf("a second run at the same time: %v", err)
	}
	if _, err := p.n.Start(t.Context(), Request{Province: 999, By: "two"}); !fault.Is(err, fault.NotFound) {
		t.Fatalf("an unknown province: %v", err)
	}
	var phases []Phase
	ended := make(chan Run, 1)
	go func() {
		var last Run
		err := p.n.Follow(t.Context(), id, func(r Run) { phases, last = append(phases, r.Progress.Phase), r })
		if err != nil {
			t.Error(err)
		}
		ended <- last
	}()
	close(goOn)
	if end := <-ended; end.State != Done {
		t.Fatalf("%s: %s, phases %v", end.State, end.Reason, phases)
	}
}

func TestFailuresEndARunWithTheirReason(t *testing.T) {
	p := newPair(t, 10)
	check := func(name string, reason Reason, says string) {
		t.Helper()
		run := p.reconcile(Request{})
		if run.State != Failed || run.ReasonCode != reason || !strings.Contains(run.Reason, says) {
			t.Errorf("%s: %s, %s: %s", name, run.State, run.ReasonCode, run.Reason)
		}
	}
	p.down = true
	check("off-line", ReasonOffline, "does not answer")
	p.down, p.lose = false, true
	check("barrier lost", ReasonBarrierLost, "did not come")
	p.lose = false
	for _, operation := range []string{opAwait, opCut, opRelease, opSign} {
		p.intercept = func(got string) error {
			if got == operation {
				return errors.New("connection lost")
			}
			return nil
		}
		if operation == opRelease {
			if run := p.reconcile(Request{}); run.State != Done {
				t.Errorf("a lost release fails the run: %s", run.Reason)
			}
			continue
		}
		check("lost at "+operation, ReasonOffline, "connection lost")
	}
	p.intercept = func(got string) error {
		if got == opSign { // the province restarts: it remembers nothing it could sign
			p.source.Close()
			p.startProvince(0)
		}
		return nil
	}
	check("restart of the province", ReasonRefused, "holds no snapshot")
	p.intercept = nil
	if run := p.reconcile(Request{}); run.State != Done || *run.Result != Clean {
		t.Fatalf("afterwards: %s: %s", run.State, run.Reason)
	}
}

func TestRestartOfTheNationalNodeFailsItsRunsAndRepeatsThem(t *testing.T) {
	p := newPair(t, 10)
	entered := make(chan struct{})
	p.intercept = func(operation string) error {
		if operation == opSign {
			close(entered)
			<-p.n.ctx.Done()
			return p.n.ctx.Err()
		}
		return nil
	}
	id, err := p.n.Start(t.Context(), Request{Province: testProvince, By: "one"})
	if err != nil {
		t.Fatal(err)
	}
	<-entered
	p.n.Close()
	if run, err := p.n.store.run(t.Context(), id); err != nil || run.State != Failed || run.ReasonCode != ReasonInterrupted {
		t.Fatalf("stopped: %+v, %v", run, err)
	}
	// A killed node leaves the row as it was; its next start ends it.
	p.exec(p.national, `UPDATE sync.reconciliation SET state = 'running', ended = NULL, reason = '' WHERE id = $1`, id)
	p.intercept = nil
	p.startNational(NationalOptions{})
	if run, err := p.n.store.run(t.Context(), id); err != nil || run.State != Failed || run.ReasonCode != ReasonInterrupted {
		t.Fatalf("killed: %+v, %v", run, err)
	}
	// And repeats it by itself.
	for {
		var done bool
		err := p.national.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM sync.reconciliation
			WHERE state = 'done' AND trigger = 'retry' AND attempt = 2 AND requested_by = 'one' AND id > $1)`, id).Scan(&done)
		if err != nil {
			t.Fatal(err)
		}
		if done {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestScheduleRunsAndRepeatsWhatFailed(t *testing.T) {
	p := newPair(t, 10)
	p.n.Close()
	p.down = true
	refused := make(chan struct{}, 100)
	p.startNational(NationalOptions{RetryAfter: time.Millisecond, Retries: 100})
	p.down = false
	p.intercept = func(string) error {
		select {
		case refused <- struct{}{}:
			return errors.New("link down")
		default:
			return nil
		}
	}
	for range 98 { // two requests fail, then the link is up
		refused <- struct{}{}
	}
	p.addSite("@every 1s")
	for {
		var done, failed int
		err := p.national.QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE state = 'done' AND trigger IN ('schedule', 'retry')),
			count(*) FILTER (WHERE state = 'failed') FROM sync.reconciliation`).Scan(&done, &failed)
		if err != nil {
			t.Fatal(err)
		}
		if done > 0 && failed > 0 {
			return
		}
		select {
		case <-t.Context().Done():
			t.Fatal("no scheduled run came to its end")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func TestAnUnusedSnapshotIsLetGo(t *testing.T) {
	p := newPair(t, 10)
	p.source.Close()
	p.startProvince(300 * time.Millisecond)
	p.intercept = func(operation string) error {
		if operation == opCut {
			for p.open() > 0 { // headquarters hangs for longer than the lease
				time.Sleep(10 * time.Millisecond)
			}
		}
		return nil
	}
	if run := p.reconcile(Request{}); run.State != Failed || !strings.Contains(run.Reason, "holds no snapshot") {
		t.Fatalf("%s: %s", run.State, run.Reason)
	}
}

// open counts the snapshots that the province's sync role holds; only that role sees them.
func (p *pair) open() (n int) {
	err := p.source.opts.Pool.QueryRow(p.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
		AND usename = 'jike_sync' AND state LIKE 'idle in transaction%'`).Scan(&n)
	if err != nil {
		p.Fatal(err)
	}
	return n
}

func TestChainsSurviveLossAndRestore(t *testing.T) {
	p := newPair(t, 10)
	p.reconcile(Request{})
	lostAnswer := false
	p.intercept = func(operation string) error { return nil }
	// The province signs and keeps, but its answer gets lost.
	site := p.n.sites[testProvince]
	call := site.Call
	site.Call = func(ctx context.Context, operation string, request []byte) ([]byte, error) {
		raw, err := call(ctx, operation, request)
		if operation == opSign && !lostAnswer {
			lostAnswer = true
			return nil, errors.New("answer lost")
		}
		return raw, err
	}
	p.n.sites[testProvince] = site
	failed := p.reconcile(Request{})
	if failed.State != Failed {
		t.Fatalf("%s", failed.State)
	}
	if run := p.reconcile(Request{}); run.State != Done || run.Certificate.Statement.Sequence != 3 {
		t.Fatalf("%s: %s", run.State, run.Reason)
	}
	if run, err := p.n.store.run(t.Context(), failed.ID); err != nil || run.State != Done {
		t.Fatalf("the run whose answer was lost: %s, %v", run.State, err)
	}
	// Headquarters is restored to a state with fewer certificates, then the province.
	p.exec(p.national, `DELETE FROM sync.certificate WHERE sequence = 3`)
	if run := p.reconcile(Request{}); run.State != Done || run.Certificate.Statement.Sequence != 4 {
		t.Fatalf("%s: %s", run.State, run.Reason)
	}
	p.exec(p.province, `DELETE FROM sync.certificate WHERE sequence > 1`)
	if run := p.reconcile(Request{}); run.State != Done || run.Certificate.Statement.Sequence != 5 {
		t.Fatalf("%s: %s", run.State, run.Reason)
	}
	chain, err := p.n.Chain(t.Context(), testProvince, 0, 10)
	if err != nil || len(chain) != 5 {
		t.Fatalf("%d certificates, %v", len(chain), err)
	}
	if err := VerifyChain(chain); err != nil {
		t.Fatal(err)
	}
	// A certificate that was changed in a database is noticed, not continued.
	p.exec(p.province, `UPDATE sync.certificate SET body = jsonb_set(body, '{digest}', '"00"') WHERE sequence = 5`)
	if run := p.reconcile(Request{}); run.State != Failed || run.ReasonCode != ReasonMismatch {
		t.Fatalf("%s: %s", run.State, run.Reason)
	}
}
