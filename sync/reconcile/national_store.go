package reconcile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/fault"
	"jike/internal/pg"
)

// State is how far a run is.
type State string

// The states. A run that needs approval goes back to running when a person approves it.
const (
	Running       State = "running"
	NeedsApproval State = "needs_approval"
	Done          State = "done"
	Failed        State = "failed"
	Canceled      State = "canceled" // a person ended it
)

// Trigger is what began a run.
type Trigger string

// The triggers.
const (
	Scheduled Trigger = "schedule"
	Retry     Trigger = "retry"
	Demand    Trigger = "demand"
	Epoch     Trigger = "epoch" // nothing was proved yet in a new epoch
)

// Run is a row of sync.reconciliation.
type Run struct {
	ID          int64        `json:"id"`
	Province    int16        `json:"province"`
	State       State        `json:"state"`
	Trigger     Trigger      `json:"trigger"`
	RequestedBy string       `json:"requestedBy"`
	Scope       Scope        `json:"scope"`
	Resync      bool         `json:"resync"`  // with any number of differences
	Attempt     int          `json:"attempt"` // 2: repeats a run that failed, and so on
	Progress    Progress     `json:"progress"`
	Result      *Result      `json:"result"`
	ReasonCode  Reason       `json:"reasonCode"`
	Reason      string       `json:"reason"`
	Epoch       *int64       `json:"epoch"`
	Point       *LSN         `json:"point"`
	Rows        int64        `json:"rows"`
	Differences int64        `json:"differences"`
	Causes      []CauseCount `json:"causes"` // of the differences
	Repaired    int64        `json:"repaired"`
	ApprovedBy  *string      `json:"approvedBy"`
	Started     time.Time    `json:"started"`
	Ended       *time.Time   `json:"ended"`
	Certificate *Certificate `json:"certificate"`
}

// Progress is how far a running run is.
type Progress struct {
	Phase       Phase  `json:"phase"`
	Table       string `json:"table"` // that is being compared
	TablesDone  int    `json:"tablesDone"`
	Tables      int    `json:"tables"`
	Rows        int64  `json:"rows"`        // of the province, compared so far
	RowsInAll   int64  `json:"rowsInAll"`   // as estimated, 0: not known
	Ranges      int64  `json:"ranges"`      // compared so far
	Rate        int64  `json:"rate"`        // rows compared in a second
	SecondsLeft int64  `json:"secondsLeft"` // of the comparison, as estimated, 0: not known
	Differences int64  `json:"differences"`
	Repaired    int64  `json:"repaired"`
	Note        string `json:"note"` // what it waits for
}

// estimate says how fast the comparison is and how long it will take from here.
func (p *Progress) estimate(since time.Duration) {
	if since < time.Second/10 {
		return
	}
	p.Rate = int64(float64(p.Rows) / since.Seconds())
	p.SecondsLeft = 0
	if p.Rate > 0 && p.RowsInAll > p.Rows {
		p.SecondsLeft = (p.RowsInAll - p.Rows + p.Rate - 1) / p.Rate
	}
}

// Phase is a step of a run.
type Phase string

// The phases, in their order; repair and re-check only if there are differences.
const (
	PhaseQueued   Phase = "queued"   // other provinces' runs are going on, as many as may at once
	PhaseSnapshot Phase = "snapshot" // the province makes its snapshot and publishes the barrier
	PhaseBarrier  Phase = "barrier"  // the barrier comes through the stream
	PhaseCompare  Phase = "compare"
	PhaseRepair   Phase = "repair"
	PhaseRecheck  Phase = "recheck"
	PhaseSign     Phase = "sign"
)

// Reason is the stable key of why a run failed or waits.
type Reason string

// The reasons.
const (
	ReasonOffline     Reason = "offline"      // the province does not answer
	ReasonSnapshot    Reason = "snapshot"     // the province could not make its snapshot in time
	ReasonBarrierLost Reason = "barrier-lost" // the barrier did not come through the stream
	ReasonMismatch    Reason = "mismatch"     // both sides stand at different points or hold different certificates
	ReasonRefused     Reason = "refused"      // the province answered with an error
	ReasonInterrupted Reason = "interrupted"  // the national node was stopped or restarted
	ReasonInternal    Reason = "internal"     // something failed at headquarters
	ReasonTooMany     Reason = "too-many"     // over the limit: a person has to look at it
	ReasonSuperseded  Reason = "superseded"   // it waited for approval until a newer run began
	ReasonCanceled    Reason = "canceled"     // a person ended it
	ReasonOld         Reason = "old"          // the province's program is too old for what was asked
	ReasonNewer       Reason = "newer"        // the province's program is newer than headquarters'
)

func (r Run) resultText() string {
	if r.Result == nil {
		return ""
	}
	return string(*r.Result)
}

// nationalStore is headquarters' tables of runs, differences and certificates.
type nationalStore struct{ pool *pgxpool.Pool }

const runColumns = `id, province, state, trigger, requested_by, table_name, key_from, key_to, resync, attempt, causes, progress, result, reason_code, reason, epoch, point::text,
	rows, differences, repaired, approved_by, started, ended, certificate`

func scanRun(row pgx.CollectableRow) (r Run, err error) {
	var progress, certificate, causes []byte
	var point *string
	err = row.Scan(&r.ID, &r.Province, &r.State, &r.Trigger, &r.RequestedBy, &r.Scope.Table, &r.Scope.From, &r.Scope.To,
		&r.Resync, &r.Attempt, &causes, &progress, &r.Result, &r.ReasonCode, &r.Reason,
		&r.Epoch, &point, &r.Rows, &r.Differences, &r.Repaired, &r.ApprovedBy, &r.Started, &r.Ended, &certificate)
	if err != nil {
		return r, err
	}
	if point != nil {
		r.Point = new(LSN)
		err = r.Point.UnmarshalText([]byte(*point))
	}
	if certificate != nil {
		r.Certificate = new(Certificate)
		err = errors.Join(err, json.Unmarshal(certificate, r.Certificate))
	}
	return r, errors.Join(err, json.Unmarshal(progress, &r.Progress), json.Unmarshal(causes, &r.Causes))
}

func (s nationalStore) run(ctx context.Context, id int64) (Run, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+runColumns+` FROM sync.reconciliation WHERE id = $1`, id)
	if err != nil {
		return Run{}, fmt.Errorf("reconciliation %d: %w", id, err)
	}
	r, err := pgx.CollectExactlyOneRow(rows, scanRun)
	if errors.Is(err, pgx.ErrNoRows) {
		return r, fault.New(fault.NotFound, "reconciliation.unknown", "id", id)
	}
	return r, err
}

// begin records a new run, or takes up the one that waits for approval.
func (s nationalStore) begin(ctx context.Context, req Request) (r Run, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if req.Approve {
			r, err = resume(ctx, tx, req)
		} else {
			r, err = insert(ctx, tx, req)
		}
		return err
	})
	if pg.Violates(err, "reconciliation_one_running") {
		return r, fault.New(fault.Conflict, "reconciliation.running", "province", req.Province)
	}
	return r, err
}

func insert(ctx context.Context, tx pgx.Tx, req Request) (Run, error) {
	// Looked at first, so that who asks again and again uses up no numbers; the index decides.
	rows, err := tx.Query(ctx, `INSERT INTO sync.reconciliation
		(province, state, trigger, requested_by, table_name, key_from, key_to, resync, attempt)
		SELECT $1, 'running', $2, $3, $4, $5, $6, $7, $8
		WHERE NOT EXISTS (SELECT FROM sync.reconciliation WHERE province = $1 AND state = 'running') RETURNING `+runColumns,
		req.Province, req.trigger, req.By, req.Scope.Table, req.Scope.From, req.Scope.To, req.Resync, max(req.attempt, 1))
	if err != nil {
		return Run{}, err
	}
	r, err := pgx.CollectExactlyOneRow(rows, scanRun)
	if errors.Is(err, pgx.ErrNoRows) {
		return r, fault.New(fault.Conflict, "reconciliation.running", "province", req.Province)
	}
	if err != nil {
		return r, err
	}
	_, err = tx.Exec(ctx, `UPDATE sync.reconciliation SET state = 'failed', reason_code = $3, reason = $4
		WHERE province = $1 AND state = 'needs_approval' AND id < $2`,
		req.Province, r.ID, ReasonSuperseded, fmt.Sprintf("it waited for approval until run %d began", r.ID))
	return r, err
}

func resume(ctx context.Context, tx pgx.Tx, req Request) (Run, error) {
	rows, err := tx.Query(ctx, `UPDATE sync.reconciliation SET state = 'running', ended = NULL, approved_by = $2, reason_code = '', reason = ''
		WHERE id = (SELECT id FROM sync.reconciliation WHERE province = $1 AND state = 'needs_approval' ORDER BY id DESC LIMIT 1)
		RETURNING `+runColumns, req.Province, req.By)
	if err != nil {
		return Run{}, err
	}
	r, err := pgx.CollectExactlyOneRow(rows, scanRun)
	if errors.Is(err, pgx.ErrNoRows) {
		return r, fault.New(fault.NotFound, "reconciliation.nothing_to_approve", "province", req.Province)
	}
	return r, err
}

// failUnfinished ends runs whose process is gone.
func (s nationalStore) failUnfinished(ctx context.Context) error {
	_, err := s.pool.Exec(ctx, `UPDATE sync.reconciliation SET state = 'failed', ended = now(), reason_code = $1, reason = $2
		WHERE state = 'running'`, ReasonInterrupted, "the national node was restarted during the run")
	if err != nil {
		return fmt.Errorf("unfinished reconciliations: %w", err)
	}
	return nil
}

// failOrphans ends what a request may have begun and nobody carries out.
func (s nationalStore) failOrphans(ctx context.Context, req Request, carried []int64) error {
	_, err := s.pool.Exec(ctx, `UPDATE sync.reconciliation SET state = 'failed', ended = now(), reason_code = $4, reason = $5
		WHERE province = $1 AND requested_by = $2 AND state = 'running' AND id <> ALL ($3)`,
		req.Province, req.By, carried, ReasonInternal, "the database went away while the run began")
	if err != nil {
		return fmt.Errorf("a run that nobody carries out: %w", err)
	}
	return nil
}

// interrupted gives for each province the request of its newest run, if that was cut off by a stop
// of the node less than a day ago.
func (s nationalStore) interrupted(ctx context.Context) (map[int16]Request, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+runColumns+` FROM (
		SELECT DISTINCT ON (province) * FROM sync.reconciliation ORDER BY province, id DESC) newest
		WHERE reason_code = $1 AND started > now() - interval '1 day'`, ReasonInterrupted)
	if err != nil {
		return nil, fmt.Errorf("interrupted reconciliations: %w", err)
	}
	runs, err := pgx.CollectRows(rows, scanRun)
	out := map[int16]Request{}
	for _, r := range runs {
		out[r.Province] = Request{
			Province: r.Province, By: r.RequestedBy, Scope: r.Scope, Resync: r.Resync,
			trigger: repeatedAs(r.Trigger), attempt: r.Attempt + 1,
		}
	}
	return out, err
}

// decline ends a run that waits for approval.
func (s nationalStore) decline(ctx context.Context, id int64, by string) error {
	tag, err := s.pool.Exec(ctx, `UPDATE sync.reconciliation SET state = 'canceled', reason_code = $2, reason = $3
		WHERE id = $1 AND state = 'needs_approval'`, id, ReasonCanceled, "canceled by "+by)
	if err != nil {
		return fmt.Errorf("cancel reconciliation %d: %w", id, err)
	}
	if tag.RowsAffected() == 0 {
		return fault.New(fault.Conflict, "reconciliation.ended", "id", id)
	}
	return nil
}

// save writes what changes during a run.
func (s nationalStore) save(ctx context.Context, r Run) error {
	progress, err := json.Marshal(r.Progress)
	if err != nil {
		return err
	}
	if r.Causes == nil {
		r.Causes = []CauseCount{}
	}
	causes, err := json.Marshal(r.Causes)
	if err != nil {
		return err
	}
	var point *string
	if r.Point != nil {
		text := r.Point.String()
		point = &text
	}
	var certificate []byte
	if r.Certificate != nil {
		if certificate, err = json.Marshal(r.Certificate); err != nil {
			return err
		}
	}
	_, err = s.pool.Exec(ctx, `UPDATE sync.reconciliation SET state = $2, progress = $3, result = $4, reason_code = $5, reason = $6,
		epoch = $7, point = $8::text::pg_lsn, rows = $9, differences = $10, repaired = $11, ended = $12, certificate = $13, causes = $14 WHERE id = $1`,
		r.ID, r.State, progress, r.Result, r.ReasonCode, r.Reason, r.Epoch, point, r.Rows, r.Differences, r.Repaired, r.Ended, certificate, causes)
	if err != nil {
		return fmt.Errorf("record reconciliation %d: %w", r.ID, err)
	}
	return nil
}

// saveDifferences replaces what a run found in one of its two comparisons.
func (s nationalStore) saveDifferences(ctx context.Context, id int64, recheck bool, list []Difference) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM sync.difference WHERE reconciliation = $1 AND recheck >= $2`, id, recheck); err != nil {
			return err
		}
		_, err := tx.CopyFrom(ctx, pgx.Identifier{"sync", "difference"},
			[]string{"reconciliation", "recheck", "table_name", "key", "kind", "columns", "cause"},
			pgx.CopyFromSlice(len(list), func(i int) ([]any, error) {
				d := list[i]
				return []any{id, recheck, d.Table, d.Key, string(d.Kind), d.Columns, string(d.Cause)}, nil
			}))
		return err
	})
	if err != nil {
		return fmt.Errorf("record differences of reconciliation %d: %w", id, err)
	}
	return nil
}
