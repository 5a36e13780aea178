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
	"jike/schemas/replica"
)

// State is how far a run is.
type State string

// The states. A run that needs approval goes back to running when a person approves it.
const (
	Running       State = "running"
	NeedsApproval State = "needs_approval"
	Done          State = "done"
	Failed        State = "failed"
)

// Trigger is what began a run.
type Trigger string

// The triggers.
const (
	Scheduled Trigger = "schedule"
	Retry     Trigger = "retry"
	Demand    Trigger = "demand"
)

// Run is a row of sync.reconciliation.
type Run struct {
	ID          int64        `json:"id"`
	Province    int16        `json:"province"`
	State       State        `json:"state"`
	Trigger     Trigger      `json:"trigger"`
	RequestedBy string       `json:"requestedBy"`
	Progress    Progress     `json:"progress"`
	Result      *Result      `json:"result"`
	ReasonCode  Reason       `json:"reasonCode"`
	Reason      string       `json:"reason"`
	Epoch       *int64       `json:"epoch"`
	Point       *LSN         `json:"point"`
	Rows        int64        `json:"rows"`
	Differences int64        `json:"differences"`
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
	Rows        int64  `json:"rows"`   // of the province, compared so far
	Ranges      int64  `json:"ranges"` // compared so far
	Differences int64  `json:"differences"`
	Repaired    int64  `json:"repaired"`
	Note        string `json:"note"` // what it waits for
}

// Phase is a step of a run.
type Phase string

// The phases, in their order; repair and re-check only if there are differences.
const (
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
)

func (r Run) resultText() string {
	if r.Result == nil {
		return ""
	}
	return string(*r.Result)
}

// nationalStore is headquarters' tables of runs, differences and certificates.
type nationalStore struct{ pool *pgxpool.Pool }

const runColumns = `id, province, state, trigger, requested_by, progress, result, reason_code, reason, epoch, point::text,
	rows, differences, repaired, approved_by, started, ended, certificate`

func scanRun(row pgx.CollectableRow) (r Run, err error) {
	var progress, certificate []byte
	var point *string
	err = row.Scan(&r.ID, &r.Province, &r.State, &r.Trigger, &r.RequestedBy, &progress, &r.Result, &r.ReasonCode, &r.Reason,
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
	return r, errors.Join(err, json.Unmarshal(progress, &r.Progress))
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
	rows, err := tx.Query(ctx, `INSERT INTO sync.reconciliation (province, state, trigger, requested_by)
		VALUES ($1, 'running', $2, $3) RETURNING `+runColumns, req.Province, req.trigger, req.By)
	if err != nil {
		return Run{}, err
	}
	r, err := pgx.CollectExactlyOneRow(rows, scanRun)
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

// save writes what changes during a run.
func (s nationalStore) save(ctx context.Context, r Run) error {
	progress, err := json.Marshal(r.Progress)
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
		epoch = $7, point = $8::text::pg_lsn, rows = $9, differences = $10, repaired = $11, ended = $12, certificate = $13 WHERE id = $1`,
		r.ID, r.State, progress, r.Result, r.ReasonCode, r.Reason, r.Epoch, point, r.Rows, r.Differences, r.Repaired, r.Ended, certificate)
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

// last is the newest certificate of a province, nil if none.
func (s nationalStore) last(ctx context.Context, province int16) (*Certificate, error) {
	var raw []byte
	err := s.pool.QueryRow(ctx, `SELECT body FROM sync.certificate WHERE province = $1 ORDER BY sequence DESC LIMIT 1`, province).Scan(&raw)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("newest certificate of province %d: %w", province, err)
	}
	return decodeCertificate(raw)
}

// keep stores a certificate. The run that it names, if headquarters knows it and had given it up,
// is done by that.
func (s nationalStore) keep(ctx context.Context, c Certificate) error {
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	st := c.Statement
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO sync.certificate (province, sequence, reconciliation, digest, previous, result, at, body)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, st.Province, st.Sequence, st.Reconciliation, []byte(c.Digest),
			nullable(st.Previous), st.Result, st.Ended, body)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE sync.reconciliation SET state = 'done', result = $3, certificate = $4, reason_code = '', reason = ''
			WHERE id = $1 AND province = $2 AND state = 'failed'`, st.Reconciliation, st.Province, st.Result, body)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep certificate %d of province %d: %w", st.Sequence, st.Province, err)
	}
	return nil
}

func (s nationalStore) chain(ctx context.Context, province int16, after int64, limit int) ([]Certificate, error) {
	rows, err := s.pool.Query(ctx, `SELECT body FROM sync.certificate WHERE province = $1 AND sequence > $2
		ORDER BY sequence LIMIT $3`, province, after, limit)
	if err != nil {
		return nil, fmt.Errorf("certificates of province %d: %w", province, err)
	}
	return pgx.CollectRows(rows, scanCertificate)
}

// causes says of keys what can be said: a stamp that the stream cannot have written below the
// point, or a divergence that apply has recorded and not seen repaired.
func (s *side) causes(ctx context.Context, t replica.Table, province int16, keys []int64, epoch int64, point LSN) (map[int64]Cause, error) {
	sql := fmt.Sprintf(`SELECT %[1]s, 'outside-stream' FROM %[2]s WHERE %[3]s AND %[1]s = ANY($1) AND `+foreignStamp+`
		UNION ALL
		SELECT key, 'known-divergence' FROM sync.divergence
		WHERE province = $4 AND relation = $5 AND key = ANY($1) AND repaired_at IS NULL`,
		pgx.Identifier{t.Key}.Sanitize(), tableName(t), s.filter)
	rows, err := s.tx.Query(ctx, sql, keys, epoch, point.String(), province, t.Qualified())
	if err != nil {
		return nil, fmt.Errorf("causes in %s: %w", t.Qualified(), err)
	}
	out := map[int64]Cause{}
	var key int64
	var cause Cause
	_, err = pgx.ForEachRow(rows, []any{&key, &cause}, func() error { out[key] = cause; return nil })
	return out, err
}

// foreignStamp holds for rows that the stream cannot have written before the point $3 of the
// epoch $2, although they were there.
const foreignStamp = `(stamp_epoch IS NULL OR stamp_lsn IS NULL OR stamp_epoch > $2 OR stamp_epoch = $2 AND stamp_lsn >= $3::text::pg_lsn)`

// disown takes the stamp from rows that were invented with a stamp at or above the point: the
// repair deletes what is older than the point, and would spare them. A row that apply has written
// since the point may lose its stamp too; that does no harm, because the repair begins afterwards
// and so meets that row in the province.
func (s nationalStore) disown(ctx context.Context, t replica.Table, province int16, keys []int64, epoch int64, point LSN) error {
	sql := fmt.Sprintf(`UPDATE %s SET stamp_epoch = NULL, stamp_lsn = NULL WHERE %s AND %s = ANY($1) AND `+foreignStamp,
		tableName(t), nationalFilter(province), pgx.Identifier{t.Key}.Sanitize())
	if _, err := s.pool.Exec(ctx, sql, keys, epoch, point.String()); err != nil {
		return fmt.Errorf("stamps of %s: %w", t.Qualified(), err)
	}
	return nil
}
