package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// What a person does about a province: look at what is parked, have it repaired, accept it.
// All of it lies in the database, so it works in whichever process leads the province.

var (
	// ErrNotParked says that the province has no such open parked transaction.
	ErrNotParked = errors.New("no such transaction is parked")
	// ErrDirty says that rows may differ from the province's as long as keys are dirty.
	ErrDirty = errors.New("keys are dirty: their rows may differ from the province's")
)

// Parked is a transaction that was not applied.
type Parked struct {
	ID        int64     `json:"id"`
	Province  int16     `json:"province"`
	Epoch     int64     `json:"epoch"`
	LSN       string    `json:"lsn"`
	Committed time.Time `json:"committed"` // by the province's clock
	Parked    time.Time `json:"parked"`
	Reason    string    `json:"reason"`  // what the database or the tuple's form said
	Changes   int64     `json:"changes"` // of the transaction
	Keys      int64     `json:"keys"`    // that became dirty
	Dirty     int64     `json:"dirty"`   // of them, still
	Skipped   int64     `json:"skipped"` // later changes of those
	Wanted    int64     `json:"wanted"`  // of them, asked for from the province
}

// DirtyKey is a key whose row here is not what the province has.
type DirtyKey struct {
	Relation string `json:"relation"`
	Key      int64  `json:"key"`
	Present  bool   `json:"present"` // whether the province has a row, as far as its stream was read
	Since    string `json:"since"`
	Last     string `json:"last"` // the last change that was skipped
	Skipped  int64  `json:"skipped"`
	Wanted   bool   `json:"wanted"`            // the province is asked for its current state
	Refused  string `json:"refused,omitempty"` // why its current state was refused, too
}

const parkedQuery = `SELECT p.id, p.province, p.epoch, p.lsn::text, p.committed_at, p.parked_at, p.reason, p.changes, p.keys,
		count(d.key), coalesce(sum(d.skipped), 0)::bigint, count(d.key) FILTER (WHERE d.wanted)
	FROM sync.parked p LEFT JOIN sync.dirty d ON d.parked = p.id WHERE p.province = $1 AND p.outcome = 'open'`

// Parked lists what is parked and not dealt with, the oldest first.
func (a *Apply) Parked(ctx context.Context) ([]Parked, error) {
	rows, err := a.opts.Pool.Query(ctx, parkedQuery+` GROUP BY p.id ORDER BY p.id`, a.opts.Province)
	if err != nil {
		return nil, fmt.Errorf("apply: read what is parked: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Parked])
}

// ParkedKeys gives one parked transaction and up to limit of its dirty keys. It returns
// ErrNotParked if there is none of that number.
func (a *Apply) ParkedKeys(ctx context.Context, id int64, limit int) (Parked, []DirtyKey, error) {
	rows, err := a.opts.Pool.Query(ctx, parkedQuery+` AND p.id = $2 GROUP BY p.id`, a.opts.Province, id)
	if err != nil {
		return Parked{}, nil, fmt.Errorf("apply: read what is parked: %w", err)
	}
	p, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Parked])
	if errors.Is(err, pgx.ErrNoRows) {
		return p, nil, ErrNotParked
	}
	if err != nil {
		return p, nil, fmt.Errorf("apply: read what is parked: %w", err)
	}
	rows, err = a.opts.Pool.Query(ctx, `SELECT relation, key, present, since_lsn::text, last_lsn::text, skipped, wanted, refused
		FROM sync.dirty WHERE parked = $1 ORDER BY relation, key LIMIT $2`, id, limit)
	if err != nil {
		return p, nil, fmt.Errorf("apply: read dirty keys: %w", err)
	}
	keys, err := pgx.CollectRows(rows, pgx.RowToStructByPos[DirtyKey])
	return p, keys, err
}

// Repair has the province asked for the current state of the keys that a parked transaction left
// dirty, of all of them if id is 0, until it has come. Old changes are never done again. A state
// that is refused here, too, is asked for once. It returns for how many keys, or ErrNotParked.
//
// What comes down is asked for as a whole: the position goes back to the epoch's beginning, and
// headquarters sends everything in one transaction that empties the tables first.
func (a *Apply) Repair(ctx context.Context, id int64) (int64, error) {
	var keys int64
	err := pgx.BeginFunc(ctx, a.opts.Pool, func(tx pgx.Tx) error {
		// The applier locks the same row before it touches dirty keys.
		if _, err := tx.Exec(ctx, `SELECT FROM sync.position WHERE province = $1 FOR UPDATE`, a.opts.Province); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `UPDATE sync.dirty SET wanted = true, refused = '' WHERE province = $1 AND ($2::int8 = 0 OR parked = $2::int8)`, a.opts.Province, id)
		keys = tag.RowsAffected()
		if err != nil || keys == 0 || !a.opts.Down {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE sync.position SET lsn = '0/0', chain = decode(repeat('00', 32), 'hex'), dirty_version = dirty_version + 1
			WHERE province = $1`, a.opts.Province)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("apply: repair: %w", err)
	}
	if keys == 0 {
		return 0, ErrNotParked
	}
	poke(a.ask)
	poke(a.turn)
	return keys, nil
}

// Release forgets a parked transaction: its keys are applied to as all others from now on. by says
// who did it. It returns ErrNotParked, or ErrDirty if keys are dirty and accept does not say that
// their rows are taken as they are.
func (a *Apply) Release(ctx context.Context, id int64, by string, accept bool) error {
	return pgx.BeginFunc(ctx, a.opts.Pool, func(tx pgx.Tx) error {
		// The applier locks the same row, and finds the version changed.
		if _, err := tx.Exec(ctx, `UPDATE sync.position SET dirty_version = dirty_version + 1 WHERE province = $1`, a.opts.Province); err != nil {
			return fmt.Errorf("apply: release: %w", err)
		}
		var dirty int64
		err := tx.QueryRow(ctx, `SELECT (SELECT count(*) FROM sync.dirty WHERE parked = p.id) FROM sync.parked p
			WHERE id = $2 AND province = $1 AND outcome = 'open' FOR UPDATE`, a.opts.Province, id).Scan(&dirty)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return ErrNotParked
		case err != nil:
			return fmt.Errorf("apply: release: %w", err)
		case dirty > 0 && !accept:
			return fmt.Errorf("%w: %d of them", ErrDirty, dirty)
		}
		b := &pgx.Batch{}
		b.Queue(`UPDATE sync.divergence v SET repaired_at = now() FROM sync.dirty d WHERE d.parked = $1
			AND v.province = d.province AND v.relation = d.relation AND v.key = d.key AND v.repaired_at IS NULL`, id)
		b.Queue(`DELETE FROM sync.dirty WHERE parked = $1`, id)
		b.Queue(`UPDATE sync.parked SET outcome = 'accepted', ended_at = now(), ended_by = $2 WHERE id = $1`, id, by)
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return fmt.Errorf("apply: release: %w", err)
		}
		return nil
	})
}
