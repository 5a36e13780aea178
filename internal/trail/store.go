package trail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
)

// Store reads the trail of a node.
type Store struct{ db *pgxpool.Pool }

// NewStore makes the store.
func NewStore(db *pgxpool.Pool) *Store { return &Store{db} }

// Search reads a page of the trail, the newest first, personal values masked, and whether more follows.
// It needs audit.read.
func (s *Store) Search(ctx context.Context, caller account.Caller, f audit.Filter, after *audit.Place, size int) (page []audit.Line, more bool, err error) {
	if err := caller.Demand(account.AuditRead); err != nil {
		return nil, false, err
	}
	lines, err := audit.Search(ctx, s.db, f, after, size+1)
	if len(lines) > size {
		lines, more = lines[:size], true
	}
	for _, l := range lines {
		page = append(page, Shown(l))
	}
	return page, more, err
}

const columns = `id, started_at, started_by, finished_at, seals, lines, unsealed, last_hash, broken_seal, reason`

// shownVerifications is how many verifications are shown.
const shownVerifications = 10

// Verifications lists the newest verifications. It needs audit.read.
func (s *Store) Verifications(ctx context.Context, caller account.Caller) ([]Verification, error) {
	if err := caller.Demand(account.AuditRead); err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, `SELECT `+columns+` FROM audit.verification ORDER BY id DESC LIMIT $1`, shownVerifications)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Verification])
}

// Order asks for a verification, which the node does by itself as soon as it can. One that is under
// way is a Conflict fault. It needs audit.read.
func (s *Store) Order(ctx context.Context, caller account.Caller) (v Verification, err error) {
	if err := caller.Demand(account.AuditRead); err != nil {
		return v, err
	}
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		rows, err := tx.PGX().Query(ctx, `INSERT INTO audit.verification (started_by) VALUES ($1) RETURNING `+columns, caller.Actor())
		if err != nil {
			return err
		}
		if v, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Verification]); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{
			Actor: caller.Actor(), ActorID: caller.AccountID, Action: "audit.verify", ObjectKind: "verification", ObjectID: v.ID,
		})
	})
	if pg.Violates(err, "verification_runs_alone") {
		return v, fault.New(fault.Conflict, "audit.verification.running")
	}
	return v, err
}

// Run does what was ordered, looking for it every interval, until ctx ends. What was under way when the
// node stopped is done anew.
func (s *Store) Run(ctx context.Context, log *slog.Logger, interval time.Duration) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			found, err := s.Verify(ctx)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				log.Error("verification of the audit trail", "error", err)
			}
			if found != nil && found.BrokenSeal != nil {
				log.Error("the audit trail does not hold", "seal", *found.BrokenSeal, "reason", found.Reason)
			}
		}
	}
}

// Verify does the verification that was ordered and gives it as it ended; nil if none was.
func (s *Store) Verify(ctx context.Context) (*Verification, error) {
	var id int64
	err := s.db.QueryRow(ctx, `SELECT id FROM audit.verification WHERE finished_at IS NULL`).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	held, err := audit.Verify(ctx, s.db)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var broken *int64
	var reason string
	if tampered, ok := errors.AsType[*audit.TamperError](err); ok {
		broken, reason = &tampered.Seal, tampered.Reason
	} else if err != nil {
		reason = err.Error()
	}
	const end = `UPDATE audit.verification SET finished_at = now(), seals = $2, lines = $3, unsealed = $4, last_hash = $5, broken_seal = $6, reason = $7
		WHERE id = $1 RETURNING ` + columns
	rows, err := s.db.Query(ctx, end, id, held.Seals, held.Lines, held.Unsealed, fmt.Sprintf("%x", held.Last), broken, reason)
	if err != nil {
		return nil, err
	}
	v, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Verification])
	return &v, err
}
