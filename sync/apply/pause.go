package apply

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"jike/sync/wire"
)

// A province is paused by a person, or by apply itself when it wants one to look. That lies in the
// database: it survives every process, and whoever leads the province obeys it.

// ErrNotPaused says that there is nothing to resume.
var ErrNotPaused = errors.New("the province is not paused")

// errTurned ends a session because a person did something about the province.
var errTurned = errors.New("apply: paused, resumed, or what is dirty was changed")

// turn is what a person does about a province while a session goes on.
type turn struct {
	paused bool
	dirty  int64 // version of what is dirty
}

// Pause stops applying after the transaction that is being written. The hub goes on storing what
// the province sends. by and reason are shown.
func (a *Apply) Pause(ctx context.Context, by, reason string) error {
	return a.pause(ctx, by, reason, 0)
}

func (a *Apply) pause(ctx context.Context, by, reason string, held wire.LSN) error {
	err := pgx.BeginFunc(ctx, a.opts.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT sync.add_province($1)`, a.opts.Province); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE sync.province_state SET paused_at = now(), paused_by = $2, pause_reason = $3, held_lsn = $4::text::pg_lsn
			WHERE province = $1`, a.opts.Province, by, reason, held.String())
		return err
	})
	if err != nil {
		return fmt.Errorf("apply: pause: %w", err)
	}
	poke(a.turn)
	return nil
}

// Resume goes on applying. truncate lets the transaction through for whose truncate the province
// was paused; without it that pauses again. It returns ErrNotPaused.
func (a *Apply) Resume(ctx context.Context, truncate bool) error {
	tag, err := a.opts.Pool.Exec(ctx, `UPDATE sync.province_state SET paused_at = NULL, held_lsn = '0/0',
		approved_lsn = CASE WHEN $2 THEN held_lsn ELSE approved_lsn END WHERE province = $1 AND paused_at IS NOT NULL`, a.opts.Province, truncate)
	if err != nil {
		return fmt.Errorf("apply: resume: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ErrNotPaused
	}
	poke(a.turn)
	return nil
}

// look reads what persons did, and why the province is paused if it is.
func (a *Apply) look(ctx context.Context) (now turn, why string, err error) {
	limited, cancel := context.WithTimeout(ctx, writePatience)
	defer cancel()
	err = a.opts.Pool.QueryRow(limited, `SELECT s.paused_at IS NOT NULL, p.dirty_version, format('by %s: %s', s.paused_by, s.pause_reason)
		FROM sync.province_state s JOIN sync.position p USING (province) WHERE province = $1`, a.opts.Province).Scan(&now.paused, &now.dirty, &why)
	if err != nil {
		return now, "", fmt.Errorf("apply: look whether the province is paused: %w", err)
	}
	return now, why, nil
}

// rest shows that nothing is applied. What is missing will be found again.
func (a *Apply) rest(why string) {
	a.mu.Lock()
	a.gap = nil
	a.mu.Unlock()
	a.setState(Paused, why)
}

// holdTruncate pauses the province in front of a transaction that would empty a table with more
// rows than may go without a person's word.
func (w *worker) holdTruncate(ctx context.Context, p wire.Part, l *layout) error {
	limit := w.a.opts.TruncateRows
	if limit == 0 {
		return nil
	}
	for _, c := range l.read(p.Changes) {
		if c.Op != wire.Truncate || c.Table >= len(w.a.targets) {
			continue
		}
		if err := w.commit(ctx); err != nil {
			return err
		}
		g := w.a.targets[c.Table]
		var over, approved bool
		err := w.conn.QueryRow(ctx, fmt.Sprintf(`SELECT (SELECT count(*) FROM (SELECT FROM %s LIMIT $2::int8 + 1) t) > $2::int8, approved_lsn = $3::text::pg_lsn
			FROM sync.province_state WHERE province = $1`, g.partition), w.a.opts.Province, limit, p.LSN.String()).Scan(&over, &approved)
		if err != nil {
			return fmt.Errorf("apply: count what a truncate removes: %w", err)
		}
		if over && !approved {
			why := fmt.Sprintf("transaction %s empties %s, which has more than %d rows", p.LSN, g.table.Qualified(), limit)
			if err := w.a.pause(ctx, "apply", why, p.LSN); err != nil {
				return err
			}
			return errTurned
		}
	}
	return nil
}
