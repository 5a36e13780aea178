package selection_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/customer"
	"jike/province/customer/customertest"
	"jike/province/selection"
	"jike/schemas/codes"
)

// second is the other administrator.
var second = account.Caller{AccountID: 77, Login: "second", Role: account.ProvinceAdministrator}

// patience is how long a test waits for what must come.
const patience = 60 * time.Second

type world struct {
	*customertest.World
	*selection.Store
	t *testing.T
}

func newWorld(t *testing.T) world {
	w := customertest.New(t)
	return world{w, selection.NewStore(w.DB), t}
}

// fill adds customers with families by plain SQL: every third has class A1 and is national, the
// others have class C.
func (w world) fill(customers int) {
	w.t.Helper()
	owner := w.Database.Owner(w.t)
	for _, sql := range []string{
		`INSERT INTO crm.customer (national, number, name, name_terms, industry, city, class, lifecycle)
			SELECT n % 3 = 0, 'F' || n, 'customer ' || n, '{}', '65', CASE n % 2 WHEN 0 THEN '350100' ELSE '350200' END,
				CASE n % 3 WHEN 0 THEN 'A1' ELSE 'C' END, 'active' FROM generate_series(1, $1::int) n`,
		`INSERT INTO crm.contact (customer_id, national, role, name) SELECT id, national, 'other', 'n' FROM crm.customer WHERE id % $1::int >= 0`,
	} {
		if _, err := owner.Exec(w.t.Context(), sql, customers); err != nil {
			w.t.Fatal(err)
		}
	}
}

// approved proposes, tries and approves a rule.
func (w world) approved(p selection.Proposal) selection.Version {
	w.t.Helper()
	v, err := w.Propose(w.t.Context(), w.Administrator, p)
	if err == nil {
		v, err = w.Try(w.t.Context(), w.Administrator, v.Version)
	}
	if err == nil {
		v, err = w.Approve(w.t.Context(), second, v.Version)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

// keep runs the keeper until the returned function is called.
func (w world) keep(rate int) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		selection.NewStore(w.DB).Keep(ctx, selection.Settings{Rate: rate}, nil, slog.New(slog.DiscardHandler))
	})
	stop = func() { cancel(); done.Wait() }
	w.t.Cleanup(stop)
	return stop
}

// until waits for what a version becomes.
func (w world) until(version int32, what string, f func(selection.Version) bool) selection.Version {
	w.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		v, err := w.Get(w.t.Context(), w.Administrator, version)
		if err != nil {
			w.t.Fatal(err)
		}
		if f(v) {
			return v
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("waited in vain: %s; %+v, rollout %+v", what, v, v.Rollout)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func inForce(v selection.Version) bool { return v.State == selection.InPower }

// wrong counts, by SQL that is written here, customers against "class C, or across provinces" or
// against the built-in policy, and families against their customer.
func (w world) wrong(rule string) int {
	return customertest.Value[int](w.t, w.DB, `SELECT (SELECT count(*) FROM crm.customer WHERE national <> (NOT sensitive AND (`+rule+`)))
		+ (SELECT count(*) FROM crm.contact k JOIN crm.customer c ON c.id = k.customer_id WHERE k.national <> c.national)`)
}

const (
	builtIn = `class IN ('A1', 'A2', 'B1', 'B2') OR cross_province`
	classC  = `class = 'C' OR cross_province`
)

var ruleC = selection.Rule{Classes: []codes.Class{codes.ClassC}, CrossProvince: true}

func TestApprovalTakesADryRunAndTwoPersons(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	if _, err := w.Propose(ctx, w.Administrator, selection.Proposal{}); !fault.Is(err, fault.Rule) {
		t.Errorf("a rule that selects nobody: %v", err)
	}
	v, err := w.Propose(ctx, w.Administrator, selection.Proposal{Rule: ruleC, Note: "pilot"})
	if err != nil || v.Version != 2 || v.State != selection.Draft || v.Author != "administrator" || v.Note != "pilot" {
		t.Fatalf("%+v %v", v, err)
	}
	if _, err := w.Approve(ctx, second, v.Version); !fault.Is(err, fault.Conflict) {
		t.Errorf("approved without a dry run: %v", err)
	}
	if _, err := w.Try(ctx, w.Administrator, v.Version); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Approve(ctx, w.Administrator, v.Version); !fault.Is(err, fault.Denied) {
		t.Errorf("approved by its author: %v", err)
	}
	if _, err := w.Database.Owner(t).Exec(ctx, `UPDATE crm.selection_policy SET approver = author WHERE version = 2`); !pg.Violates(err, "selection_policy_takes_two_persons") {
		t.Errorf("the database takes one person for two: %v", err)
	}
	if _, err := w.Approve(ctx, w.Manager, v.Version); !fault.Is(err, fault.Denied) {
		t.Errorf("approved by an account manager: %v", err)
	}
	if v, err = w.Approve(ctx, second, v.Version); err != nil || v.State != selection.Approved || v.Approver != "second" {
		t.Fatalf("%+v %v", v, err)
	}
	if v, err = w.Cancel(ctx, w.Administrator, v.Version); err != nil || v.State != selection.Cancelled {
		t.Fatalf("%+v %v", v, err)
	}
	if _, err := w.Approve(ctx, second, v.Version); !fault.Is(err, fault.Conflict) {
		t.Errorf("a cancelled version was approved: %v", err)
	}
	if n := customertest.Value[int](t, w.DB, `SELECT count(*) FROM audit.line WHERE object_kind = 'selection_policy' AND object_id = 2`); n != 4 {
		t.Errorf("%d audit lines, want 4", n)
	}
}

// A dry run counts exactly what the rollout then moves, while somebody holds a customer.
func TestADryRunCountsAndHoldsUpNobody(t *testing.T) {
	w := newWorld(t)
	w.fill(300)
	v, err := w.Propose(t.Context(), w.Administrator, selection.Proposal{Rule: ruleC})
	if err != nil {
		t.Fatal(err)
	}
	w.InTx(t, func(tx pg.Tx) {
		if _, err := tx.PGX().Exec(t.Context(), `UPDATE crm.customer SET address = 'x' WHERE number = 'F1'`); err != nil {
			t.Fatal(err)
		}
		if v, err = w.Try(t.Context(), w.Administrator, v.Version); err != nil { // it would hang here
			t.Fatal(err)
		}
	})
	trial := v.Trial
	if v.State != selection.Tried || trial.Customers != (selection.Side{Enter: 200, Leave: 100}) || trial.Stay != 0 || trial.Bytes < 20_000 {
		t.Errorf("%+v", trial)
	}
	if len(trial.Cells) != 4 || trial.Cells[0].Class != "A1" || trial.Cells[0].Leave != 50 || trial.Cells[2].Enter != 100 {
		t.Errorf("cells %+v", trial.Cells)
	}
	if len(trial.Rows) != 5 || trial.Rows[1] != (selection.TrialRows{Table: "crm.contact", Side: selection.Side{Enter: 200, Leave: 100}}) {
		t.Errorf("rows %+v", trial.Rows)
	}
	if len(trial.Sample) != 40 || !trial.Sample[0].Enters || trial.Sample[0].Clause != selection.ClauseClass || trial.Sample[39].Enters {
		t.Errorf("sample %+v", trial.Sample)
	}
	if n := w.wrong(builtIn); n != 0 {
		t.Errorf("the dry run moved %d customers", n)
	}
}

// saves changes and creates customers as people do, until stop is called.
func (w world) saves(writers int) (stop func() int) {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	count := make([]int, writers)
	for i := range writers {
		done.Go(func() {
			r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), uint64(i)))
			for ctx.Err() == nil {
				if err := w.save(r, fmt.Sprint(i, "-", count[i])); err != nil {
					w.t.Errorf("a save failed: %v", err)
					return
				}
				count[i]++
			}
		})
	}
	stop = func() (n int) {
		cancel()
		done.Wait()
		for _, c := range count {
			n += c
		}
		return n
	}
	w.t.Cleanup(func() { stop() })
	return stop
}

// save creates a customer, or gives an existing one another class.
func (w world) save(r *rand.Rand, name string) error {
	ctx := context.Background()
	class := codes.Classes()[r.IntN(6)]
	if r.IntN(3) == 0 {
		f := customertest.Facts("新"+name, 0)
		f.Class = class
		_, err := w.Customers.Create(ctx, w.Everybody, f)
		return err
	}
	return pg.InTx(ctx, w.DB, func(tx pg.Tx) error {
		c, err := w.Customers.Lock(ctx, tx, w.Everybody, 1+r.Int64N(2500))
		if fault.Is(err, fault.NotFound) {
			return nil
		} else if err != nil {
			return err
		}
		f := c.Facts
		f.Class, f.CrossProvince, f.Sensitive = class, r.IntN(4) == 0, r.IntN(8) == 0
		_, err = w.Customers.ChangeIn(ctx, tx, w.Everybody, c, f)
		return err
	})
}

// A rollout runs while people save, is killed and started again, and ends with every customer as the
// new rule says.
func TestARolloutUnderSavesIsResumedAndExact(t *testing.T) {
	w := newWorld(t)
	w.fill(4500)
	stopSaves := w.saves(3)
	v := w.approved(selection.Proposal{Rule: ruleC})
	stop := w.keep(2000)
	v = w.until(v.Version, "the first batch", func(v selection.Version) bool { return v.Rollout != nil && v.Rollout.Judged > 0 })
	stop()
	// A second store, as after a restart; its first batch is cut off inside.
	owner := w.Database.Owner(t)
	before := v.Rollout.Reached
	if _, err := owner.Exec(t.Context(), `CREATE FUNCTION cut_off() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$`); err != nil {
		t.Fatal(err)
	}
	if _, err := owner.Exec(t.Context(), `CREATE TRIGGER cut_off BEFORE UPDATE ON crm.selection_rollout EXECUTE FUNCTION cut_off()`); err != nil {
		t.Fatal(err)
	}
	_, err := selection.NewStore(w.DB).Advance(t.Context())
	if _, dropErr := owner.Exec(t.Context(), `DROP TRIGGER cut_off ON crm.selection_rollout`); dropErr != nil {
		t.Fatal(dropErr)
	}
	if v, _ = w.Get(t.Context(), w.Administrator, v.Version); err == nil || v.Rollout.Reached < before || v.State != selection.Applying {
		t.Fatalf("cut off: %v, %+v", err, v.Rollout)
	}
	stop = w.keep(5000)
	v = w.until(v.Version, "the end", inForce)
	n := stopSaves()
	stop()
	if wrong := w.wrong(classC); wrong != 0 {
		t.Errorf("%d rows are not as the rule says", wrong)
	}
	proof, err := w.Prove(t.Context(), w.Administrator)
	if err != nil || proof.Wrong != 0 || proof.Version != 2 || proof.Customers < 4500 {
		t.Errorf("proof %+v %v", proof, err)
	}
	if old, _ := w.Get(t.Context(), w.Administrator, 1); old.State != selection.Superseded {
		t.Errorf("the old version is %s", old.State)
	}
	if v.Rollout.Passes != 1 || v.Rollout.Entered == 0 || v.Rollout.Left == 0 || v.Rollout.FinishedAt == nil {
		t.Errorf("rollout %+v", v.Rollout)
	}
	last := customertest.Value[int](t, w.DB, `SELECT count(*) FROM (SELECT DISTINCT ON (customer_id) customer_id, entered
		FROM crm.selection_flip ORDER BY customer_id, id DESC) f JOIN crm.customer c ON c.id = f.customer_id WHERE f.entered <> c.national`)
	if last != 0 {
		t.Errorf("the history of %d customers does not end with what they are", last)
	}
	t.Logf("%d saves beside the rollout, %+v", n, v.Rollout)
}

// A save that judged by the old policy before the rollout began is waited for, and no other save is
// held up meanwhile for long.
func TestASaveUnderWayIsWaitedForAndCaught(t *testing.T) {
	w := newWorld(t)
	w.fill(10)
	v := w.approved(selection.Proposal{Rule: ruleC})
	var late customer.Customer
	w.InTx(t, func(tx pg.Tx) {
		f := customertest.Facts("晚到", 0)
		f.Class = codes.ClassC
		var err error
		if late, err = w.Customers.CreateIn(t.Context(), tx, w.Everybody, f, ""); err != nil || late.National {
			t.Fatalf("%+v %v", late, err)
		}
		w.keep(1_000_000)
		if _, err := tx.PGX().Exec(t.Context(), `SELECT pg_sleep(0.5)`); err != nil { // the keeper asks for the lock
			t.Fatal(err)
		}
		began := time.Now()
		w.Add(t, customertest.Facts("另一个", 0))
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("a save waited %s", took)
		}
		if now, _ := w.Get(t.Context(), w.Administrator, v.Version); now.State != selection.Approved {
			t.Errorf("the rollout began while a save was under way: %s", now.State)
		}
	})
	w.until(v.Version, "the end", inForce)
	if c, err := w.Customers.Get(t.Context(), w.Everybody, late.ID); err != nil || !c.National {
		t.Errorf("the customer that was being created was missed: %+v %v", c, err)
	}
	if n := w.wrong(classC); n != 0 {
		t.Errorf("%d rows are not as the rule says", n)
	}
}

// A batch gives way to somebody who holds a customer, and goes on when it is free.
func TestABatchGivesWay(t *testing.T) {
	w := newWorld(t)
	w.fill(30)
	v := w.approved(selection.Proposal{Rule: ruleC})
	w.InTx(t, func(tx pg.Tx) {
		c, err := w.Customers.LockByNumber(t.Context(), tx, "F1")
		if err != nil {
			t.Fatal(err)
		}
		w.keep(1_000_000)
		w.until(v.Version, "trouble", func(v selection.Version) bool { return v.Rollout != nil && v.Rollout.Trouble != "" })
		f := c.Facts
		f.Address = "新地址"
		if c, err = w.Customers.ChangeIn(t.Context(), tx, w.Everybody, c, f); err != nil || !c.National {
			t.Fatalf("a save during the rollout judges by the new rule: %+v %v", c, err)
		}
	})
	w.until(v.Version, "the end", inForce)
	if n := w.wrong(classC); n != 0 {
		t.Errorf("%d rows are not as the rule says", n)
	}
}

func TestPauseAndCancelGoBack(t *testing.T) {
	w := newWorld(t)
	w.fill(2500)
	ctx := t.Context()
	v := w.approved(selection.Proposal{Rule: ruleC})
	for range 2 { // begin, one batch
		if _, err := w.Advance(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Pause(ctx, w.Administrator, v.Version); err != nil {
		t.Fatal(err)
	}
	if more, err := w.Advance(ctx); err != nil || more {
		t.Fatalf("a paused rollout goes on: %t %v", more, err)
	}
	v, err := w.Resume(ctx, w.Administrator, v.Version)
	if err != nil || v.Rollout.Judged != selection.BatchSize || w.wrong(builtIn) == 0 {
		t.Fatalf("%+v %v", v.Rollout, err)
	}
	f := customertest.Facts("新客户", 0)
	f.Class = codes.ClassC
	created := w.Add(t, f)
	if !created.National {
		t.Error("a save during the rollout does not judge by the new rule")
	}
	if v, err = w.Cancel(ctx, w.Administrator, v.Version); err != nil || v.State != selection.Returning {
		t.Fatalf("%+v %v", v, err)
	}
	if _, err := w.Prove(ctx, w.Administrator); !fault.Is(err, fault.Conflict) {
		t.Errorf("a proof during a rollout: %v", err)
	}
	w.keep(1_000_000)
	v = w.until(v.Version, "the end", func(v selection.Version) bool { return v.State == selection.Cancelled })
	if n := w.wrong(builtIn); n != 0 || v.Rollout.FinishedAt == nil {
		t.Errorf("%d rows are not as before, %+v", n, v.Rollout)
	}
	if old, _ := w.Get(ctx, w.Administrator, 1); old.State != selection.InPower {
		t.Errorf("version 1 is %s", old.State)
	}
	w.InTx(t, func(tx pg.Tx) {
		e, err := selection.Explain(ctx, tx, created.ID)
		if err != nil || e.National || len(e.Flips) != 2 || e.By.Reason != selection.RolledBack || e.Flips[1].Reason != selection.Created || e.By.Version != 1 {
			t.Errorf("%+v %v", e, err)
		}
	})
}

// Who writes the flag past the policy is found by the proof, and put right before a version is in force.
func TestTheProofFindsWhatWasWrittenPastThePolicy(t *testing.T) {
	w := newWorld(t)
	w.fill(30)
	owner := w.Database.Owner(t)
	v := w.approved(selection.Proposal{Rule: ruleC})
	for range 2 {
		if _, err := w.Advance(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := owner.Exec(t.Context(), `UPDATE crm.customer SET national = NOT national WHERE number = 'F2'`); err != nil {
		t.Fatal(err)
	}
	w.keep(1_000_000)
	if v = w.until(v.Version, "the end", inForce); v.Rollout.Passes != 2 || w.wrong(classC) != 0 {
		t.Errorf("%+v, %d wrong", v.Rollout, w.wrong(classC))
	}
	if _, err := owner.Exec(t.Context(), `UPDATE crm.customer SET national = NOT national WHERE number = 'F2'`); err != nil {
		t.Fatal(err)
	}
	if proof, err := w.Prove(t.Context(), w.Administrator); err != nil || proof.Wrong != 1 {
		t.Errorf("%+v %v", proof, err)
	}
}

// A version waits for its time, also over a restart.
func TestAVersionBeginsAtItsTime(t *testing.T) {
	w := newWorld(t)
	w.fill(30)
	at := customertest.Value[time.Time](t, w.DB, `SELECT now() + interval '2 seconds'`)
	v := w.approved(selection.Proposal{Rule: ruleC, EffectiveAt: &at})
	w.keep(1_000_000)()
	if v, _ = w.Get(t.Context(), w.Administrator, v.Version); v.State != selection.Approved {
		t.Fatalf("%s before its time", v.State)
	}
	w.keep(1_000_000)
	v = w.until(v.Version, "the end", inForce)
	if v.Rollout.StartedAt.Before(at) {
		t.Errorf("began at %s, its time was %s", v.Rollout.StartedAt, at)
	}
}

func TestHeadquartersPolicyIsAdoptedOnce(t *testing.T) {
	w := newWorld(t)
	w.fill(30)
	ctx := t.Context()
	d := selection.Delivered{Number: 12, Rule: []byte(`{"classes": ["C"], "crossProvince": true, "cities": [], "named": []}`), EffectiveAt: time.Now().Add(-time.Hour), Note: "集团"}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	refused := d
	refused.Number, refused.Rule = 13, []byte(`{"classes": ["C"], "moon": "full"}`)
	if err := w.Adopt(ctx, refused); err == nil {
		t.Error("a rule with an unknown clause was adopted")
	}
	var done sync.WaitGroup
	done.Go(func() {
		w.Keep(ctx, selection.DefaultSettings(), func(context.Context) ([]selection.Delivered, error) {
			return []selection.Delivered{refused, d}, errors.New("a wire is loose")
		}, slog.New(slog.DiscardHandler))
	})
	defer done.Wait()
	defer cancel()
	w.until(1, "the first version is superseded", func(v selection.Version) bool { return v.State == selection.Superseded })
	list, err := w.List(t.Context(), w.Administrator)
	if err != nil || len(list) != 2 || list[0].Origin != selection.OriginHeadquarters || *list[0].NationalNumber != 12 || list[0].Author != "headquarters" || list[0].Note != "集团" {
		t.Fatalf("%+v %v", list, err)
	}
	if _, err := w.Cancel(t.Context(), w.Administrator, 2); !fault.Is(err, fault.Conflict) {
		t.Errorf("headquarters' version was cancelled here: %v", err)
	}
	if err := w.Adopt(t.Context(), d); err != nil || customertest.Value[int](t, w.DB, `SELECT count(*) FROM crm.selection_policy`) != 2 {
		t.Errorf("adopted twice: %v", err)
	}
	if n := w.wrong(classC); n != 0 {
		t.Errorf("%d rows are not as the rule says", n)
	}
	changed := d
	changed.Rule = []byte(`{"classes": ["A1"]}`)
	if err := w.Adopt(t.Context(), changed); err == nil {
		t.Error("another rule under the same number was taken in silence")
	}
}

// Headquarters may take back what has not begun, and only that.
func TestHeadquartersWithdrawsAPolicy(t *testing.T) {
	w := newWorld(t)
	w.fill(30)
	d := selection.Delivered{Number: 5, Rule: []byte(`{"classes": ["C"], "crossProvince": true}`), EffectiveAt: time.Now().Add(time.Hour)}
	gone := d
	gone.Withdrawn = true
	for _, step := range []struct {
		d    selection.Delivered
		want string
	}{{gone, "1 in_force"}, {d, "2 approved"}, {gone, "2 cancelled"}, {gone, "2 cancelled"}, {d, "2 cancelled"}} {
		if err := w.Adopt(t.Context(), step.d); err != nil {
			t.Fatal(err)
		}
		if list, err := w.List(t.Context(), w.Administrator); err != nil || fmt.Sprint(list[0].Version, " ", list[0].State) != step.want {
			t.Errorf("%+v: %+v %v, want %s", step.d, list[0], err, step.want)
		}
	}
	d.Number, d.EffectiveAt = 6, time.Now().Add(-time.Hour)
	if err := w.Adopt(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	w.keep(1_000_000)
	w.until(3, "the end", inForce)
	gone.Number = 6
	if err := w.Adopt(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	if v, err := w.Get(t.Context(), w.Administrator, 3); err != nil || v.State != selection.InPower {
		t.Errorf("a policy in force was withdrawn: %+v %v", v, err)
	}
}

func TestExplain(t *testing.T) {
	w := newWorld(t)
	explain := func(id int64) (e selection.Explanation) {
		w.InTx(t, func(tx pg.Tx) {
			var err error
			if e, err = selection.Explain(t.Context(), tx, id); err != nil {
				t.Fatal(err)
			}
		})
		return e
	}
	c := w.Add(t, customertest.Facts("甲公司", 0))
	if e := explain(c.ID); e.National || e.Clause != selection.ClauseNone || len(e.Flips) != 0 || e.Version != 1 || !e.Since.Equal(c.CreatedAt) {
		t.Errorf("%+v", e)
	}
	c = w.Change(t, c, func(f *customer.Facts) { f.CrossProvince = true })
	if e := explain(c.ID); !e.National || e.Clause != selection.ClauseCrossProvince || e.By == nil || e.By.Reason != selection.Changed || !e.By.Entered {
		t.Errorf("%+v", e)
	}
	c = w.Change(t, c, func(f *customer.Facts) { f.Sensitive = true })
	e := explain(c.ID)
	if e.National || e.Clause != selection.ClauseSensitive || len(e.Flips) != 2 || e.By.Clause != selection.ClauseSensitive {
		t.Errorf("%+v", e)
	}
	holds := ""
	for _, f := range e.Findings {
		if f.Holds {
			holds += string(f.Clause) + " "
		}
	}
	if holds != "sensitive crossProvince " {
		t.Errorf("clauses that hold: %s", holds)
	}
}
