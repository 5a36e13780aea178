package faulttest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"jike/sync/reconcile"
)

// still are the customers that no writer touches: differences are planted in them, since of a row
// that is being written nobody could say from outside what headquarters should have.
const (
	stillFirst = 800_000_000
	stillCount = 200
)

// makeStill makes them once and waits for them.
func (r *Rig) makeStill(ctx context.Context) error {
	var there int
	err := r.source.QueryRow(ctx, `SELECT count(*)::int FROM crm.customer WHERE id BETWEEN $1 AND $2`, stillFirst, stillFirst+stillCount-1).Scan(&there)
	if err != nil || there == stillCount {
		return err
	}
	for i := range int64(stillCount) {
		if err := r.customer(ctx, stillFirst+i, 5); err != nil {
			return err
		}
	}
	deadline := time.Now().Add(time.Minute)
	for there < stillCount {
		if time.Now().After(deadline) {
			return errors.New("the still customers did not come")
		}
		time.Sleep(pollEvery)
		if err := r.target.QueryRow(ctx, `SELECT count(*)::int FROM crm.customer WHERE id BETWEEN $1 AND $2`, stillFirst, stillFirst+stillCount-1).Scan(&there); err != nil {
			return err
		}
	}
	return nil
}

// plant damages headquarters' copy of still rows and gives what must be found: kind by table and key.
func (r *Rig) plant(ctx context.Context, random *rand.Rand, count int) (map[string]string, error) {
	planted := map[string]string{}
	for range count {
		id := stillFirst + random.Int64N(stillCount)
		key := fmt.Sprintf("crm.customer %d", id)
		if _, twice := planted[key]; twice {
			continue
		}
		var sql, kind string
		switch random.IntN(4) {
		case 0:
			sql, kind = `DELETE FROM crm.customer WHERE id = $1`, "missing"
		case 1:
			sql, kind = `UPDATE crm.customer SET headcount = coalesce(headcount, 0) + 1 WHERE id = $1`, "different"
		case 2:
			sql, kind = `UPDATE crm.customer SET profile = profile || ' ', credit_code = '' WHERE id = $1`, "different"
		case 3:
			id += stillCount // nobody's
			key = fmt.Sprintf("crm.customer %d", id)
			sql, kind = fmt.Sprintf(`INSERT INTO crm.customer (province, id, name, stamp_epoch, stamp_lsn) VALUES (%d, $1, 'nobody', 1, '0/1') ON CONFLICT DO NOTHING`, Province), "extra"
		}
		if _, twice := planted[key]; twice {
			continue
		}
		if _, err := r.target.Exec(ctx, sql, id); err != nil {
			return nil, err
		}
		planted[key] = kind
	}
	r.differencesPlanted += len(planted)
	return planted, nil
}

// Reconcile runs one reconciliation under load after planting differences, and finds fault with
// whatever it did not find or found too much. Rows that wait for their repair are known to differ.
func (r *Rig) Reconcile(ctx context.Context, random *rand.Rand) error {
	if err := r.makeStill(ctx); err != nil {
		return err
	}
	planted, err := r.plant(ctx, random, random.IntN(6))
	if err != nil {
		return err
	}
	end, err := r.reconcile(ctx)
	if err != nil {
		return err
	}
	if end.State != string(reconcile.Done) {
		return fmt.Errorf("reconciliation %s: %s%s", end.State, end.Error, end.Reason)
	}
	r.reconciled++
	r.judgeRun(end, planted)
	return nil
}

// judgeRun compares what a run found with what was planted.
func (r *Rig) judgeRun(end outcome, planted map[string]string) {
	for _, d := range end.Listed {
		key := fmt.Sprintf("%s %d", d.Table, d.Key)
		kind, known := planted[key]
		switch lost := d.Cause == reconcile.NewEpoch; { // the epoch is not proved yet: what the lost stream had to say is found now
		case known && (kind == string(d.Kind) || lost):
			delete(planted, key)
		case !known && (waits(d) || lost):
		default:
			r.observer.find(False, "%s %s (%s), planted was %q", d.Kind, key, d.Cause, kind)
		}
	}
	for key, kind := range planted {
		r.observer.find(Missed, "%s %s", kind, key)
	}
	for _, d := range end.Left {
		if !waits(d) {
			r.observer.find(Missed, "%s %s %d is left after the repair", d.Kind, d.Table, d.Key)
		}
	}
}

// waits reports whether a difference is one that headquarters knew before: the row's large values
// were not in the log, or a change of it was parked.
func waits(d reconcile.Difference) bool {
	return d.Cause == reconcile.LargeValue || d.Cause == reconcile.Parked
}

// runPatience is how long a run may go on after a kill.
const runPatience = 90 * time.Second

// reconcile asks headquarters for a run, again while another one is going on. One that does not end
// is an error.
func (r *Rig) reconcile(ctx context.Context) (end outcome, err error) {
	deadline := time.Now().Add(runPatience)
	for {
		end = outcome{}
		if err := r.Apply.Ask(ctx, question{Reconcile: Province}, &end); err != nil {
			return end, err
		}
		switch {
		case end.State == "" && strings.Contains(end.Error, "running"):
			if time.Now().After(deadline) {
				return end, fmt.Errorf("a reconciliation goes on for more than %s", runPatience)
			}
			time.Sleep(pollEvery)
		case strings.Contains(end.Reason, "was truncated") && time.Now().Before(deadline):
			// the snapshot's rows are gone: another one is made
		case (strings.Contains(end.Reason, "does not answer") || strings.Contains(end.Reason, "reconcile.open")) && time.Now().Before(deadline):
			time.Sleep(pollEvery) // what was killed a moment ago is not connected again yet
		case end.State == string(reconcile.NeedsApproval):
			err := r.Apply.Ask(ctx, question{Reconcile: Province, Approve: true}, &end)
			return end, err
		default:
			return end, nil
		}
	}
}

// plantedDifferences reconciles a few times.
func plantedDifferences(ctx context.Context, r *Rig, random *rand.Rand) error {
	for range 3 {
		if err := r.Reconcile(ctx, random); err != nil {
			return err
		}
	}
	return nil
}

// killDuringReconciliation kills a part while a run goes on. The run may fail; a later one finds
// and repairs everything.
func killDuringReconciliation(ctx context.Context, r *Rig, random *rand.Rand) error {
	if err := r.makeStill(ctx); err != nil {
		return err
	}
	if _, err := r.plant(ctx, random, 5); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = r.reconcile(ctx) // whatever becomes of it
	}()
	pause(random, 300)
	all := r.parts()
	if err := r.Restart(ctx, random, all[random.IntN(len(all))]); err != nil {
		return err
	}
	<-ended
	for attempt := range 10 {
		end, err := r.reconcile(ctx)
		if err == nil && end.State == string(reconcile.Done) {
			return nil
		}
		if attempt == 9 {
			return fmt.Errorf("no reconciliation after a kill: %s %s%s, %w", end.State, end.Error, end.Reason, err)
		}
		time.Sleep(time.Second)
	}
	return nil
}
