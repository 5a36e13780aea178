package reconciliation

import (
	"bytes"
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
	"jike/schemas/codes"
	"jike/sync/reconcile"
)

// Store reads the runs and asks for new ones.
type Store struct {
	db     *pgxpool.Pool
	runner Runner
}

// NewStore makes the store; runner carries out the runs.
func NewStore(db *pgxpool.Pool, runner Runner) *Store { return &Store{db, runner} }

// Start asks for a run and gives its id. The audit line is written before anything begins. Faults:
// those of Runner.Begin, Denied without reconciliation.run.
func (s *Store) Start(ctx context.Context, caller account.Caller, r Request) (int64, error) {
	action := "reconciliation.start"
	if r.Approve {
		action = "reconciliation.approve"
	}
	if err := s.record(ctx, caller, action, "province", int64(r.Province), r); err != nil {
		return 0, err
	}
	return s.runner.Begin(ctx, caller.Actor(), r)
}

// StartAll asks for a run of every province and gives the ids of those that began. Faults: Denied
// without reconciliation.run.
func (s *Store) StartAll(ctx context.Context, caller account.Caller) ([]int64, error) {
	if err := s.record(ctx, caller, "reconciliation.start", "nation", 0, nil); err != nil {
		return nil, err
	}
	return s.runner.BeginAll(ctx, caller.Actor())
}

// Cancel ends a run that is going on or waits for approval. Faults: those of Runner.Cancel, Denied
// without reconciliation.run.
func (s *Store) Cancel(ctx context.Context, caller account.Caller, id int64) error {
	if err := s.record(ctx, caller, "reconciliation.cancel", "reconciliation", id, nil); err != nil {
		return err
	}
	return s.runner.Cancel(ctx, caller.Actor(), id)
}

// record demands the right to run and writes the audit line.
func (s *Store) record(ctx context.Context, caller account.Caller, action, kind string, id int64, after any) error {
	if err := caller.Demand(account.ReconciliationRun); err != nil {
		return err
	}
	return pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		return audit.Record(ctx, tx, audit.Entry{
			Actor: caller.Actor(), ActorID: caller.AccountID, Action: action, ObjectKind: kind, ObjectID: id, After: after,
		})
	})
}

const columns = `id, province, state, trigger, requested_by, table_name, key_from, key_to, resync, attempt, causes, coalesce(approved_by, '') AS approved_by, coalesce(result, '') AS result,
	reason_code, reason, coalesce(epoch, 0) AS epoch, coalesce(point::text, '') AS point, rows, differences, repaired, started, ended, progress`

// List gives one page of runs, newest first, and how many there are; province 0 means all.
// Faults: Denied without reconciliation.read.
func (s *Store) List(ctx context.Context, caller account.Caller, province codes.Province, page, size int) (runs []Run, total int, err error) {
	if err := caller.Demand(account.ReconciliationRead); err != nil {
		return nil, 0, err
	}
	if page < 1 || size < 1 || size > MaxPageSize {
		return nil, 0, fault.Field(fault.AboveMaximum, "size", "input.above_maximum", "max", MaxPageSize)
	}
	const condition = ` FROM sync.reconciliation WHERE $1::smallint = 0 OR province = $1`
	if err := s.db.QueryRow(ctx, `SELECT count(*)`+condition, province).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("count reconciliations: %w", err)
	}
	rows, err := s.db.Query(ctx, `SELECT `+columns+condition+` ORDER BY id DESC LIMIT $2 OFFSET $3`, province, size, (page-1)*size)
	if err != nil {
		return nil, 0, fmt.Errorf("list reconciliations: %w", err)
	}
	runs, err = pgx.CollectRows(rows, pgx.RowToStructByName[Run])
	return runs, total, err
}

// Get gives a run with its certificate and the first MostDifferences differences. Faults: NotFound,
// Denied without reconciliation.read.
func (s *Store) Get(ctx context.Context, caller account.Caller, id int64) (Detail, error) {
	var d Detail
	if err := caller.Demand(account.ReconciliationRead); err != nil {
		return d, err
	}
	rows, err := s.db.Query(ctx, `SELECT `+columns+` FROM sync.reconciliation WHERE id = $1`, id)
	if err != nil {
		return d, fmt.Errorf("reconciliation: %w", err)
	}
	if d.Run, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Run]); err != nil {
		if errors.Is(err, pgx.ErrNoRows) {
			return d, fault.New(fault.NotFound, "reconciliation.unknown", "id", id)
		}
		return d, fmt.Errorf("reconciliation: %w", err)
	}
	if err := s.db.QueryRow(ctx, `SELECT certificate FROM sync.reconciliation WHERE id = $1`, id).Scan(&d.Certificate); err != nil {
		return d, fmt.Errorf("certificate: %w", err)
	}
	const differences = `SELECT recheck, table_name AS "table", key, kind, columns, cause FROM sync.difference
		WHERE reconciliation = $1 ORDER BY recheck, table_name, key LIMIT $2`
	if rows, err = s.db.Query(ctx, differences, id, MostDifferences); err != nil {
		return d, fmt.Errorf("differences: %w", err)
	}
	d.Differences, err = pgx.CollectRows(rows, pgx.RowToStructByName[Difference])
	return d, err
}

// Certificate gives the certificate of a run as the file that `jike reconcile verify` reads, exactly as
// both nodes signed it. Faults: NotFound if there is none, Denied without reconciliation.read.
func (s *Store) Certificate(ctx context.Context, caller account.Caller, id int64) ([]byte, error) {
	return s.export(ctx, caller, `SELECT body FROM sync.certificate WHERE (province, reconciliation) =
		(SELECT province, id FROM sync.reconciliation WHERE id = $1) ORDER BY sequence DESC LIMIT 1`, id)
}

// Export gives the certificates of a province that were made since a time, oldest first, as that
// file. Faults as for Certificate.
func (s *Store) Export(ctx context.Context, caller account.Caller, province codes.Province, since time.Time) ([]byte, error) {
	return s.export(ctx, caller, `SELECT body FROM sync.certificate WHERE province = $1 AND at >= $2 ORDER BY sequence`, province, since)
}

func (s *Store) export(ctx context.Context, caller account.Caller, query string, args ...any) ([]byte, error) {
	if err := caller.Demand(account.ReconciliationRead); err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("certificates: %w", err)
	}
	bodies, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		return nil, fmt.Errorf("certificates: %w", err)
	}
	chain := make([]reconcile.Certificate, len(bodies))
	for i, body := range bodies {
		if err := json.Unmarshal(body, &chain[i]); err != nil {
			return nil, fmt.Errorf("stored certificate: %w", err)
		}
	}
	if len(chain) == 0 {
		return nil, fault.New(fault.NotFound, "reconciliation.certificate.none")
	}
	var out bytes.Buffer
	err = reconcile.Export(&out, chain)
	return out.Bytes(), err
}
