package savedreport

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/national/report"
)

// Store keeps the saved reports and their runs.
type Store struct {
	db      *pgxpool.Pool
	reports *report.Store
	zone    *time.Location // of headquarters' clock
	wake    chan struct{}
}

// NewStore makes the store; schedules and periods are by the clock of the zone.
func NewStore(db *pgxpool.Pool, reports *report.Store, zone *time.Location) *Store {
	return &Store{db, reports, zone, make(chan struct{}, 1)}
}

// mostListed is how many reports a reader is shown: those of the reader first.
const mostListed = 1000

const (
	columns = `s.id, s.owner_id, a.login AS owner, a.name AS owner_name, a.active AS owner_active, s.name, s.audience, s.keep_days, s.settings,
		s.next_at, coalesce(l.state, '') AS last_state, coalesce(l.trouble, '') AS last_trouble, l.due_at AS last_at, s.version, s.updated_at`
	tables = `crm.saved_report s JOIN account.account a ON a.id = s.owner_id
		LEFT JOIN LATERAL (SELECT state, trouble, due_at FROM crm.saved_report_run WHERE report_id = s.id ORDER BY due_at DESC LIMIT 1) l ON true`
	seen = `(s.owner_id = @account OR s.audience = 'public')`
)

// List gives the reports that the caller may see, their own first, by name. Fault: Denied without report.read.
func (s *Store) List(ctx context.Context, caller account.Caller) ([]Report, error) {
	if err := caller.Demand(account.ReportRead); err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, `SELECT `+columns+` FROM `+tables+` WHERE `+seen+` ORDER BY s.owner_id <> @account, s.name, s.id LIMIT @most`,
		pgx.NamedArgs{"account": caller.AccountID, "most": mostListed})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Report])
}

// Add saves a report of the caller's. Faults: Denied without report.read, wrong facts (joined), a name that the caller
// has given already (Exists), too many reports (Rule).
func (s *Store) Add(ctx context.Context, caller account.Caller, f Facts) (Report, error) {
	return s.write(ctx, caller, f, func(tx pg.Tx, f Facts, next *time.Time) (int64, audit.Entry, error) {
		var own int
		if err := tx.PGX().QueryRow(ctx, `SELECT count(*) FROM crm.saved_report WHERE owner_id = $1`, caller.AccountID).Scan(&own); err != nil {
			return 0, audit.Entry{}, err
		}
		if own >= maxReports {
			return 0, audit.Entry{}, fault.New(fault.Rule, "saved_report.too_many", "max", maxReports)
		}
		var id int64
		err := tx.PGX().QueryRow(ctx, `INSERT INTO crm.saved_report (owner_id, name, audience, keep_days, settings, next_at)
			VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`, caller.AccountID, f.Name, string(f.Audience), f.KeepDays, f.Settings, next).Scan(&id)
		return id, audit.Entry{Action: "report.save", After: described(f)}, err
	})
}

// Change replaces the facts of a report that the caller may change and saw in the given version. Faults are those of
// Add, NotFound, Denied, and a *fault.StaleError for another version.
func (s *Store) Change(ctx context.Context, caller account.Caller, id int64, version int32, f Facts) (Report, error) {
	return s.write(ctx, caller, f, func(tx pg.Tx, f Facts, next *time.Time) (int64, audit.Entry, error) {
		before, err := hold(ctx, tx, caller, id)
		if err != nil {
			return 0, audit.Entry{}, err
		}
		if before.Version != version {
			return 0, audit.Entry{}, fault.Stale("saved_report.version.conflict", before.Version, before)
		}
		_, err = tx.PGX().Exec(ctx, `UPDATE crm.saved_report SET owner_id = $2, name = $3, audience = $4, keep_days = $5, settings = $6, next_at = $7,
			version = version + 1, updated_at = now() WHERE id = $1`,
			id, caller.AccountID, f.Name, string(f.Audience), f.KeepDays, f.Settings, next)
		was, is := audit.Differences(described(before.Facts), described(f))
		return id, audit.Entry{Action: "report.change", Before: was, After: is}, err
	})
}

// write checks facts, has them written and records it.
func (s *Store) write(ctx context.Context, caller account.Caller, f Facts, written func(pg.Tx, Facts, *time.Time) (int64, audit.Entry, error)) (r Report, err error) {
	if err := caller.Demand(account.ReportRead); err != nil {
		return Report{}, err
	}
	if f, err = f.check(); err != nil {
		return Report{}, err
	}
	next, err := f.Settings.Schedule.next(time.Now(), s.zone)
	if err != nil {
		return Report{}, err
	}
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		id, entry, err := written(tx, f, next)
		if pg.Violates(err, "saved_report_name_is_unique_to_its_owner") {
			return fault.Field(fault.Exists, "name", "saved_report.name.taken")
		}
		if err != nil {
			return err
		}
		if err := record(ctx, tx, caller, id, entry); err != nil {
			return err
		}
		r, err = one(ctx, tx, caller, id, "")
		return err
	})
	return r, err
}

// Remove forgets a report that the caller may change, with its runs and their workbooks. Faults: NotFound, Denied.
func (s *Store) Remove(ctx context.Context, caller account.Caller, id int64) error {
	if err := caller.Demand(account.ReportRead); err != nil {
		return err
	}
	return pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		before, err := hold(ctx, tx, caller, id)
		if err != nil {
			return err
		}
		if _, err := tx.PGX().Exec(ctx, `DELETE FROM crm.saved_report WHERE id = $1`, id); err != nil {
			return err
		}
		return record(ctx, tx, caller, id, audit.Entry{Action: "report.remove", Before: described(before.Facts)})
	})
}

// hold reads a report for a change of the caller's and keeps others out.
func hold(ctx context.Context, tx pg.Tx, caller account.Caller, id int64) (Report, error) {
	r, err := one(ctx, tx, caller, id, ` FOR NO KEY UPDATE OF s`)
	if err == nil && !r.MayChange(caller) {
		err = fault.New(fault.Denied, "saved_report.not_own", "owner", r.Owner)
	}
	return r, err
}

// one reads a report that the caller may see, or gives a NotFound fault.
func one(ctx context.Context, tx pg.Tx, caller account.Caller, id int64, lock string) (Report, error) {
	rows, err := tx.PGX().Query(ctx, `SELECT `+columns+` FROM `+tables+` WHERE s.id = @id AND `+seen+lock,
		pgx.NamedArgs{"id": id, "account": caller.AccountID})
	if err != nil {
		return Report{}, err
	}
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Report])
	return r, known(err, "saved_report.unknown")
}

// known turns "no row" into a NotFound fault.
func known(err error, code string) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.NotFound, code)
	}
	return err
}

// described is a report as the audit trail keeps it.
func described(f Facts) map[string]any {
	settings, err := json.Marshal(f.Settings)
	if err != nil {
		settings = []byte(err.Error())
	}
	return map[string]any{"name": f.Name, "audience": string(f.Audience), "keepDays": f.KeepDays, "settings": string(settings)}
}

func record(ctx context.Context, tx pg.Tx, caller account.Caller, id int64, e audit.Entry) error {
	e.Actor, e.ActorID, e.ObjectKind, e.ObjectID = caller.Actor(), caller.AccountID, "report", id
	return audit.Record(ctx, tx, e)
}
