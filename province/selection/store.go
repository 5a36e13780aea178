package selection

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
)

// The advisory locks of the package comment.
const (
	judgeLock = 0x6a696b6502
	rollLock  = 0x6a696b6503
)

// judgeWait is how long a change of the judging policy waits for open saves at a time. Saves that
// begin meanwhile wait behind it, so it is short, and is tried again.
const judgeWait = "200ms"

// InForce reads the policy by which a save in this transaction must judge, and keeps it so until
// the transaction ends. The transaction must be read committed: the policy is read after the lock.
func InForce(ctx context.Context, tx pg.Tx) (Policy, error) {
	var b pgx.Batch
	b.Queue(`SELECT pg_advisory_xact_lock_shared($1)`, int64(judgeLock))
	b.Queue(`SELECT version, rule FROM crm.selection_policy WHERE state IN ('applying', 'in_force') ORDER BY state LIMIT 1`)
	results := tx.PGX().SendBatch(ctx, &b)
	_, err := results.Exec()
	var p Policy
	if err == nil {
		err = results.QueryRow().Scan(&p.Version, &p.Rule)
	}
	if err = errors.Join(err, results.Close()); err != nil {
		return Policy{}, fmt.Errorf("selection policy: %w", err)
	}
	return p, nil
}

// Note writes into the history that a save moved a customer into the selection or out of it.
func Note(ctx context.Context, tx pg.Tx, customerID int64, entered bool, p Policy, by Clause, reason Reason) error {
	const insert = `INSERT INTO crm.selection_flip (customer_id, entered, version, clause, reason) VALUES ($1, $2, $3, $4, $5)`
	_, err := tx.PGX().Exec(ctx, insert, customerID, entered, p.Version, string(by), string(reason))
	return err
}

// Crossing is a customer that a save moved into the selection or out of it.
type Crossing struct {
	CustomerID int64
	Entered    bool
	By         Clause
	Reason     Reason
}

// NoteAll is Note for many customers at once.
func NoteAll(ctx context.Context, tx pg.Tx, p Policy, flips []Crossing) error {
	rows := pgx.CopyFromSlice(len(flips), func(i int) ([]any, error) {
		f := flips[i]
		return []any{f.CustomerID, f.Entered, p.Version, string(f.By), string(f.Reason)}, nil
	})
	_, err := tx.PGX().CopyFrom(ctx, pgx.Identifier{"crm", "selection_flip"}, []string{"customer_id", "entered", "version", "clause", "reason"}, rows)
	return err
}

// Store keeps the policies of one province.
type Store struct {
	db   *pgxpool.Pool
	wake chan struct{} // something may be due
}

// NewStore makes the store; db is connected as jike_app.
func NewStore(db *pgxpool.Pool) *Store { return &Store{db: db, wake: make(chan struct{}, 1)} }

const versionColumns = `p.version, p.rule, p.state, p.origin, p.national_number, p.author, coalesce(p.approver, '') AS approver, p.note,
	p.effective_at, p.created_at, p.approved_at, p.trial,
	r.reached, r.total, r.judged, r.entered, r.gone, r.passes, r.paused, r.trouble, r.started_at, r.updated_at, r.finished_at`

// queryer is what both a pool and a transaction can do.
type queryer interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func versions(ctx context.Context, db queryer, where string, args ...any) ([]Version, error) {
	rows, err := db.Query(ctx, `SELECT `+versionColumns+` FROM crm.selection_policy p
		LEFT JOIN crm.selection_rollout r USING (version) WHERE `+where+` ORDER BY p.version DESC LIMIT 200`, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Version, error) {
		var v Version
		var trial []byte
		var reached, total, judged, entered, gone *int64
		var passes *int32
		var paused *bool
		var trouble *string
		var started, updated, finished *time.Time
		err := row.Scan(&v.Version, &v.Rule, &v.State, &v.Origin, &v.NationalNumber, &v.Author, &v.Approver, &v.Note,
			&v.EffectiveAt, &v.CreatedAt, &v.ApprovedAt, &trial,
			&reached, &total, &judged, &entered, &gone, &passes, &paused, &trouble, &started, &updated, &finished)
		if err == nil && trial != nil {
			err = json.Unmarshal(trial, &v.Trial)
		}
		if started != nil {
			v.Rollout = &Rollout{*reached, *total, *judged, *entered, *gone, *passes, *paused, *trouble, *started, *updated, finished}
		}
		return v, err
	})
}

// List gives the versions, the newest first.
func (s *Store) List(ctx context.Context, caller account.Caller) ([]Version, error) {
	if err := caller.Demand(account.SelectionRead); err != nil {
		return nil, err
	}
	return versions(ctx, s.db, `true`)
}

// Get gives one version. An unknown one is a NotFound fault.
func (s *Store) Get(ctx context.Context, caller account.Caller, version int32) (Version, error) {
	if err := caller.Demand(account.SelectionRead); err != nil {
		return Version{}, err
	}
	return get(ctx, s.db, version)
}

func get(ctx context.Context, db queryer, version int32) (Version, error) {
	list, err := versions(ctx, db, `p.version = $1`, version)
	if err == nil && len(list) == 0 {
		err = fault.New(fault.NotFound, "selection.version.unknown")
	}
	if err != nil {
		return Version{}, err
	}
	return list[0], nil
}

// Propose makes the next version, a draft. Faults: a rule that selects nobody or names too many.
func (s *Store) Propose(ctx context.Context, caller account.Caller, p Proposal) (Version, error) {
	p.Rule = p.Rule.tidy()
	if err := errors.Join(caller.Demand(account.SelectionChange), p.Rule.check()); err != nil {
		return Version{}, err
	}
	var v Version
	err := s.decide(ctx, false, func(tx pg.Tx) error {
		const insert = `INSERT INTO crm.selection_policy (version, rule, state, origin, author, note, effective_at)
			SELECT max(version) + 1, $1::jsonb, 'draft', 'province', $2, $3, $4 FROM crm.selection_policy RETURNING version`
		var version int32
		if err := tx.PGX().QueryRow(ctx, insert, p.Rule, caller.Actor(), p.Note, p.EffectiveAt).Scan(&version); err != nil {
			return err
		}
		var err error
		if v, err = get(ctx, tx.PGX(), version); err != nil {
			return err
		}
		return record(ctx, tx, caller, "selection.propose", version, map[string]any{"rule": p.Rule, "effectiveAt": p.EffectiveAt, "note": p.Note})
	})
	return v, err
}

// Approve lets a tried version wait for its time. The approver is another person than the author.
// Faults: the author's own approval (Denied), a version without a dry run or past approval (Conflict).
func (s *Store) Approve(ctx context.Context, caller account.Caller, version int32) (Version, error) {
	if err := caller.Demand(account.SelectionApprove); err != nil {
		return Version{}, err
	}
	return s.move(ctx, caller, version, false, "selection.approve", func(tx pg.Tx, v Version) error {
		switch {
		case v.State == Draft:
			return fault.New(fault.Conflict, "selection.version.not_tried")
		case v.State != Tried:
			return wrongState(v)
		case v.Author == caller.Actor():
			return fault.New(fault.Denied, "selection.approve.own")
		}
		_, err := tx.PGX().Exec(ctx, `UPDATE crm.selection_policy SET state = 'approved', approver = $2, approved_at = now() WHERE version = $1`,
			version, caller.Actor())
		return err
	})
}

// Pause stops the batches of a version that is applying or returning; saves go on to judge as they do.
func (s *Store) Pause(ctx context.Context, caller account.Caller, version int32) (Version, error) {
	return s.pause(ctx, caller, version, true, "selection.pause")
}

// Resume lets the batches go on.
func (s *Store) Resume(ctx context.Context, caller account.Caller, version int32) (Version, error) {
	return s.pause(ctx, caller, version, false, "selection.resume")
}

func (s *Store) pause(ctx context.Context, caller account.Caller, version int32, paused bool, action string) (Version, error) {
	if err := caller.Demand(account.SelectionChange); err != nil {
		return Version{}, err
	}
	return s.move(ctx, caller, version, false, action, func(tx pg.Tx, v Version) error {
		if v.State != Applying && v.State != Returning {
			return wrongState(v)
		}
		_, err := tx.PGX().Exec(ctx, `UPDATE crm.selection_rollout SET paused = $2, updated_at = now() WHERE version = $1`, version, paused)
		return err
	})
}

// Cancel gives up a version that is not in force. One that is applying goes back: from now on saves
// judge by the version in force again, and batches carry that over all customers. A paused rollout
// goes on, back. Headquarters' versions are headquarters' to give up: a Conflict.
func (s *Store) Cancel(ctx context.Context, caller account.Caller, version int32) (Version, error) {
	if err := caller.Demand(account.SelectionChange); err != nil {
		return Version{}, err
	}
	return s.move(ctx, caller, version, true, "selection.cancel", func(tx pg.Tx, v Version) error {
		if v.Origin == OriginHeadquarters {
			return fault.New(fault.Conflict, "selection.version.headquarters")
		}
		switch v.State {
		case Draft, Tried, Approved:
			_, err := tx.PGX().Exec(ctx, `UPDATE crm.selection_policy SET state = 'cancelled' WHERE version = $1`, version)
			return err
		case Applying:
			if _, err := tx.PGX().Exec(ctx, `UPDATE crm.selection_policy SET state = 'returning' WHERE version = $1`, version); err != nil {
				return err
			}
			return again(ctx, tx, version)
		}
		return wrongState(v)
	})
}

func wrongState(v Version) error {
	return fault.New(fault.Conflict, "selection.version.state", "state", string(v.State))
}

// move changes the state of a version and writes the audit line. judging says that it may change by
// which policy is judged.
func (s *Store) move(ctx context.Context, caller account.Caller, version int32, judging bool, action string, f func(pg.Tx, Version) error) (Version, error) {
	var v Version
	err := s.decide(ctx, judging, func(tx pg.Tx) error {
		before, err := get(ctx, tx.PGX(), version)
		if err != nil {
			return err
		}
		if err := f(tx, before); err != nil {
			return err
		}
		if v, err = get(ctx, tx.PGX(), version); err != nil {
			return err
		}
		return record(ctx, tx, caller, action, version, map[string]any{"state": v.State})
	})
	if err == nil {
		s.wakeUp()
	}
	return v, err
}

func record(ctx context.Context, tx pg.Tx, caller account.Caller, action string, version int32, after any) error {
	return audit.Record(ctx, tx, audit.Entry{
		Actor: caller.Actor(), ActorID: caller.AccountID, Action: action, ObjectKind: "selection_policy", ObjectID: int64(version), After: after,
	})
}

// decide runs f in a transaction that has the order of all changes of states, and, if it may change
// the judging policy, finds no save under way. It waits for open saves by trying again.
func (s *Store) decide(ctx context.Context, judging bool, f func(pg.Tx) error) error {
	for {
		err := pg.InTx(ctx, s.db, func(tx pg.Tx) error {
			if _, err := tx.PGX().Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(rollLock)); err != nil {
				return err
			}
			if judging {
				if _, err := tx.PGX().Exec(ctx, `SET LOCAL lock_timeout = '`+judgeWait+`'`); err != nil {
					return err
				}
				if _, err := tx.PGX().Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(judgeLock)); err != nil {
					return err
				}
				if _, err := tx.PGX().Exec(ctx, `SET LOCAL lock_timeout = DEFAULT`); err != nil {
					return err
				}
			}
			return f(tx)
		})
		if !pg.LockRefused(err) {
			return err
		}
		select {
		case <-time.After(300 * time.Millisecond): // saves that waited go first
		case <-ctx.Done():
			return fault.Wrap(fault.Unavailable, "selection.saves_under_way", err)
		}
	}
}

func (s *Store) wakeUp() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
