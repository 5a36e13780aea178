package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/pg"
)

// idle is how often it is looked whether a batch that failed is due again.
const idle = time.Second

// Run goes over the open jobs until ctx ends. callers gives an account's rights of the moment.
func (s *Store) Run(ctx context.Context, callers func(context.Context, int64) (account.Caller, error), log *slog.Logger) {
	for ctx.Err() == nil {
		worked, err := s.Advance(ctx, callers)
		if err != nil && ctx.Err() == nil {
			log.Error("job: a batch failed", "error", err)
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

// Advance makes one batch of the open job that has waited longest, and reports whether there was one. A
// batch that fails is noted in the job; the error says why, for the log.
func (s *Store) Advance(ctx context.Context, callers func(context.Context, int64) (account.Caller, error)) (worked bool, err error) {
	var j Job
	var caller account.Caller
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) (err error) {
		const next = `SELECT ` + columns + ` FROM crm.job j WHERE j.finished_at IS NULL AND j.retry_at <= now()
			ORDER BY j.updated_at, j.id LIMIT 1 FOR UPDATE SKIP LOCKED`
		if j, err = one(tx.PGX().Query(ctx, next)); err != nil {
			return err
		}
		if caller, err = callers(ctx, j.OwnerID); errors.Is(err, account.ErrNoAccount) {
			caller = account.System("job")
			return fault.New(fault.Denied, "job.owner_closed")
		} else if err != nil {
			return err
		}
		return s.batch(ctx, tx, caller, j)
	})
	if errors.Is(err, pgx.ErrNoRows) && j.ID == 0 {
		return false, nil
	}
	if err != nil && ctx.Err() == nil {
		err = errors.Join(fmt.Errorf("job %d, %s: %w", j.ID, j.Kind, err), s.note(ctx, caller, j, err))
	}
	return true, err
}

// batch goes over the next lines and writes their outcomes and the place reached.
func (s *Store) batch(ctx context.Context, tx pg.Tx, caller account.Caller, j Job) error {
	kind, known := s.kinds[j.Kind]
	if !known {
		return fault.New(fault.Rule, "job.kind.unknown")
	}
	const read = `SELECT number, cells, outcome, reason FROM crm.job_line WHERE job_id = $1 AND number > $2 ORDER BY number LIMIT $3`
	rows, err := tx.PGX().Query(ctx, read, j.ID, j.Done, cmp.Or(kind.Lines, batchLines))
	if err != nil {
		return err
	}
	lines, err := pgx.CollectRows(rows, pgx.RowToStructByName[Line])
	if err != nil {
		return err
	}
	todo := open(lines)
	if err := kind.Batch(ctx, tx, caller, j, todo); err != nil {
		return err
	}
	numbers, outcomes, reasons := make([]int, len(todo)), make([]string, len(todo)), make([]string, len(todo))
	for i, l := range todo {
		numbers[i], outcomes[i], reasons[i] = l.Number, l.Outcome, l.Reason
		j.Counts[l.Outcome]++
	}
	for _, l := range lines {
		if l.Outcome != "" {
			j.Counts[l.Outcome]++
		}
	}
	const outcome = `UPDATE crm.job_line AS l SET outcome = u.outcome, reason = u.reason
		FROM unnest($2::integer[], $3::text[], $4::text[]) AS u (number, outcome, reason) WHERE l.job_id = $1 AND l.number = u.number`
	if _, err := tx.PGX().Exec(ctx, outcome, j.ID, numbers, outcomes, reasons); err != nil {
		return err
	}
	j.Done += len(lines)
	const place = `UPDATE crm.job SET state = 'running', done = $2, counts = $3, trouble = '', attempts = 0, updated_at = now() WHERE id = $1`
	if _, err := tx.PGX().Exec(ctx, place, j.ID, j.Done, j.Counts); err != nil {
		return err
	}
	if j.Done < j.Total {
		return nil
	}
	_, err = s.end(ctx, tx, caller, j, Done, "")
	return err
}

// note writes that a batch failed: a fault ends the job, anything else is tried over a few times.
func (s *Store) note(ctx context.Context, caller account.Caller, j Job, cause error) error {
	trouble, ends := "internal", j.Attempts+1 >= maxAttempts
	if f, ok := errors.AsType[*fault.Error](cause); ok && f.Kind != fault.Internal {
		trouble, ends = f.Code, true
	}
	return pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		const lock = `SELECT ` + columns + ` FROM crm.job j WHERE j.id = $1 AND j.finished_at IS NULL FOR UPDATE`
		j, err := one(tx.PGX().Query(ctx, lock, j.ID))
		if errors.Is(err, pgx.ErrNoRows) {
			return nil // cancelled meanwhile
		}
		if err != nil {
			return err
		}
		if ends {
			_, err := s.end(ctx, tx, caller, j, Failed, trouble)
			return err
		}
		const retry = `UPDATE crm.job SET attempts = attempts + 1, trouble = $2, retry_at = now() + $3, updated_at = now() WHERE id = $1`
		_, err = tx.PGX().Exec(ctx, retry, j.ID, trouble, again(j.Attempts+1))
		return err
	})
}
