package reconciliation

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/schemas/codes"
)

// Store reads the runs and asks for new ones.
type Store struct {
	db    *pgxpool.Pool
	begin Begin
}

// NewStore makes the store; begin reaches what carries out the runs.
func NewStore(db *pgxpool.Pool, begin Begin) *Store { return &Store{db, begin} }

// Start asks for a run and gives its id. The audit line is written before anything begins. Faults:
// those of Begin, Denied without reconciliation.run.
func (s *Store) Start(ctx context.Context, caller account.Caller, province codes.Province, approve bool) (int64, error) {
	if err := caller.Demand(account.ReconciliationRun); err != nil {
		return 0, err
	}
	action := "reconciliation.start"
	if approve {
		action = "reconciliation.approve"
	}
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		return audit.Record(ctx, tx, audit.Entry{
			Actor: caller.Actor(), ActorID: caller.AccountID, Action: action, ObjectKind: "province", ObjectID: int64(province),
		})
	})
	if err != nil {
		return 0, err
	}
	return s.begin(ctx, province, caller.Actor(), approve)
}

const columns = `id, province, state, trigger, requested_by, coalesce(approved_by, '') AS approved_by, coalesce(result, '') AS result,
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
