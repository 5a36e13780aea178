package savedreport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/national/report"
)

// mostRuns is how many runs of a report are shown.
const mostRuns = 400

const runColumns = `r.id, r.report_id, r.due_at, r.ordered_by, r.state, r.attempts, r.trouble,
	coalesce(to_char(r.first_month, 'YYYY-MM'), '') AS "from", coalesce(to_char(r.last_month, 'YYYY-MM'), '') AS "to",
	coalesce(r.rows, 0) AS rows, coalesce(length(r.content), 0) AS bytes, r.data_time, r.finished_at`

// Runs gives a report that the caller may see, with its runs, the newest first. Faults: Denied without report.read,
// NotFound.
func (s *Store) Runs(ctx context.Context, caller account.Caller, id int64) (r Report, runs []Run, err error) {
	if err := caller.Demand(account.ReportRead); err != nil {
		return Report{}, nil, err
	}
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if r, err = one(ctx, tx, caller, id, ""); err != nil {
			return err
		}
		rows, err := tx.PGX().Query(ctx, `SELECT `+runColumns+` FROM crm.saved_report_run r WHERE r.report_id = $1 ORDER BY r.due_at DESC LIMIT $2`, id, mostRuns)
		if err != nil {
			return err
		}
		runs, err = pgx.CollectRows(rows, pgx.RowToStructByName[Run])
		return err
	})
	return r, runs, err
}

// Order has a report that the caller may see made now. Faults: Denied without report.read, NotFound, one that waits
// for its making already (Rule).
func (s *Store) Order(ctx context.Context, caller account.Caller, id int64) (run Run, err error) {
	if err := caller.Demand(account.ReportRead); err != nil {
		return Run{}, err
	}
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		r, err := one(ctx, tx, caller, id, ` FOR NO KEY UPDATE OF s`)
		if err != nil {
			return err
		}
		if r.LastState == Queued {
			return fault.New(fault.Rule, "saved_report.run.open")
		}
		rows, err := tx.PGX().Query(ctx, `INSERT INTO crm.saved_report_run AS r (report_id, due_at, ordered_by) VALUES ($1, clock_timestamp(), $2) RETURNING `+runColumns,
			id, caller.Actor())
		if err != nil {
			return err
		}
		if run, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Run]); err != nil {
			return err
		}
		return record(ctx, tx, caller, id, audit.Entry{Action: "report.order", After: map[string]any{"name": r.Name, "run": run.ID}})
	})
	if err == nil {
		select {
		case s.wake <- struct{}{}:
		default: // it is awake
		}
	}
	return run, err
}

// File is the workbook of a run of a report that the caller may see; who fetches it is in the trail. Faults: Denied
// without report.read, NotFound, a run that is not done (Rule).
func (s *Store) File(ctx context.Context, caller account.Caller, runID int64) (f File, err error) {
	if err := caller.Demand(account.ReportRead); err != nil {
		return File{}, err
	}
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		const query = `SELECT ` + runColumns + `, s.name, r.content FROM crm.saved_report_run r JOIN crm.saved_report s ON s.id = r.report_id
			WHERE r.id = @id AND ` + seen
		rows, err := tx.PGX().Query(ctx, query, pgx.NamedArgs{"id": runID, "account": caller.AccountID})
		if err != nil {
			return err
		}
		kept, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[struct {
			Run
			Name    string
			Content []byte
		}])
		if err != nil {
			return known(err, "saved_report.run.unknown")
		}
		if kept.State != Done {
			return fault.New(fault.Rule, "saved_report.run.not_done")
		}
		f = File{fileName(kept.Name, kept.Run), kept.Content}
		return record(ctx, tx, caller, kept.ReportID, audit.Entry{Action: "report.fetch", After: map[string]any{"name": kept.Name, "run": runID, "rows": kept.Rows}})
	})
	return f, err
}

// Callers gives an account's rights of the moment.
type Callers func(context.Context, int64) (account.Caller, error)

// How often the clock is looked at, and what is over forgotten.
const (
	idle        = 10 * time.Second
	forgetEvery = time.Hour
)

// Work makes what is due and what is ordered until ctx ends.
func (s *Store) Work(ctx context.Context, callers Callers, log *slog.Logger) {
	var forgotten time.Time
	for ctx.Err() == nil {
		worked, err := s.Advance(ctx, callers)
		if err == nil && time.Since(forgotten) > forgetEvery {
			forgotten, err = time.Now(), s.Forget(ctx)
		}
		if err != nil && ctx.Err() == nil {
			log.Error("saved reports", "error", err)
		}
		if worked {
			continue
		}
		select {
		case <-time.After(idle):
		case <-s.wake:
		case <-ctx.Done():
		}
	}
}

// Advance queues what is due and makes the run that has waited longest; it reports whether there was one. A run that
// fails is noted; the error says why, for the log.
func (s *Store) Advance(ctx context.Context, callers Callers) (worked bool, err error) {
	if err := s.queue(ctx); err != nil {
		return false, fmt.Errorf("queue what is due: %w", err)
	}
	return s.make(ctx, callers)
}

// queue gives each report that is due a run. Nodes take turns at a report: the second finds it due no more.
func (s *Store) queue(ctx context.Context) error {
	return pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		const due = `SELECT id, settings, next_at, now() AS now FROM crm.saved_report WHERE next_at <= now() FOR NO KEY UPDATE SKIP LOCKED`
		rows, err := tx.PGX().Query(ctx, due)
		if err != nil {
			return err
		}
		list, err := pgx.CollectRows(rows, pgx.RowToStructByName[struct {
			ID          int64
			Settings    Settings
			NextAt, Now time.Time
		}])
		if err != nil {
			return err
		}
		for _, r := range list {
			next, err := r.Settings.Schedule.next(r.Now, s.zone)
			if err != nil {
				return err
			}
			if _, err := tx.PGX().Exec(ctx, `INSERT INTO crm.saved_report_run (report_id, due_at) VALUES ($1, $2)`, r.ID, r.NextAt); err != nil {
				return err
			}
			if _, err := tx.PGX().Exec(ctx, `UPDATE crm.saved_report SET next_at = $2 WHERE id = $1`, r.ID, next); err != nil {
				return err
			}
		}
		return nil
	})
}

// open is a run that has to be made, of a report.
type open struct {
	ID       int64
	ReportID int64
	DueAt    time.Time
	Attempts int16
	OwnerID  int64
	Name     string
	Settings Settings
}

const openRuns = `SELECT r.id, r.report_id, r.due_at, r.attempts, s.owner_id, s.name, s.settings
	FROM crm.saved_report_run r JOIN crm.saved_report s ON s.id = r.report_id WHERE r.state = 'queued' AND `

// make holds a run's row while it makes the workbook, so that no other node makes it; a node that is killed lets go.
func (s *Store) make(ctx context.Context, callers Callers) (worked bool, err error) {
	var run open
	caller := account.System("report")
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		rows, err := tx.PGX().Query(ctx, openRuns+`r.try_at <= now() ORDER BY r.try_at, r.id LIMIT 1 FOR UPDATE OF r SKIP LOCKED`)
		if err != nil {
			return err
		}
		if run, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[open]); err != nil {
			return err
		}
		owner, err := callers(ctx, run.OwnerID)
		if errors.Is(err, account.ErrNoAccount) {
			return fault.New(fault.Denied, "saved_report.owner_closed")
		} else if err != nil {
			return err
		}
		caller = owner
		return s.done(ctx, tx, caller, run)
	})
	if errors.Is(err, pgx.ErrNoRows) && run.ID == 0 {
		return false, nil
	}
	if err != nil && ctx.Err() == nil {
		err = errors.Join(fmt.Errorf("run %d of report %d: %w", run.ID, run.ReportID, err), s.note(ctx, caller, run, err))
	}
	return true, err
}

// done makes the workbook of a run that the transaction holds, and keeps it.
func (s *Store) done(ctx context.Context, tx pg.Tx, caller account.Caller, run open) error {
	q := run.Settings.question(run.DueAt.In(s.zone))
	answer, err := s.reports.Summary(ctx, caller, q)
	if err != nil {
		return err
	}
	book, err := answer.Sheet(q, report.Look{Chinese: run.Settings.Language == "zh", Measures: run.Settings.Measures, At: time.Now().In(s.zone)})
	if err != nil {
		return err
	}
	const keep = `UPDATE crm.saved_report_run SET state = 'done', trouble = '', first_month = $2, last_month = $3, rows = $4, data_time = $5, content = $6,
		finished_at = now() WHERE id = $1`
	if _, err := tx.PGX().Exec(ctx, keep, run.ID, q.From, q.To, len(answer.Rows), answer.AsOf(), book); err != nil {
		return err
	}
	return ended(ctx, tx, caller, run, Done, map[string]any{"rows": len(answer.Rows), "bytes": len(book)})
}

// note writes that a run failed: a fault ends it, anything else is tried over a few times.
func (s *Store) note(ctx context.Context, caller account.Caller, run open, cause error) error {
	trouble, ends := "internal", run.Attempts+1 >= maxAttempts
	if f, ok := errors.AsType[*fault.Error](cause); ok && f.Kind != fault.Internal {
		trouble, ends = f.Code, true
	}
	return pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		const retry = `UPDATE crm.saved_report_run SET attempts = attempts + 1, trouble = $2, try_at = now() + $3 WHERE id = $1 AND state = 'queued'`
		if !ends {
			_, err := tx.PGX().Exec(ctx, retry, run.ID, trouble, again(run.Attempts+1))
			return err
		}
		const fail = `UPDATE crm.saved_report_run SET attempts = attempts + 1, trouble = $2, state = 'failed', finished_at = now() WHERE id = $1 AND state = 'queued'`
		written, err := tx.PGX().Exec(ctx, fail, run.ID, trouble)
		if err != nil || written.RowsAffected() == 0 { // removed meanwhile, or made
			return err
		}
		return ended(ctx, tx, caller, run, Failed, map[string]any{"trouble": trouble})
	})
}

func ended(ctx context.Context, tx pg.Tx, caller account.Caller, run open, state State, facts map[string]any) error {
	facts["name"], facts["run"], facts["state"] = run.Name, run.ID, string(state)
	return record(ctx, tx, caller, run.ReportID, audit.Entry{Action: "report.end", After: facts})
}

// Forget removes the runs that are older than their report keeps them.
func (s *Store) Forget(ctx context.Context) error {
	_, err := s.db.Exec(ctx, `DELETE FROM crm.saved_report_run r USING crm.saved_report s
		WHERE s.id = r.report_id AND r.finished_at < now() - make_interval(days => s.keep_days)`)
	return err
}
