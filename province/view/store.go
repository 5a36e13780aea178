package view

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/attribute"
	"jike/province/customer"
	"jike/province/organisation"
)

// Store keeps the views.
type Store struct {
	db           *pgxpool.Pool
	organisation *organisation.Store
	attributes   *attribute.Store
}

// NewStore makes the store.
func NewStore(db *pgxpool.Pool, o *organisation.Store, a *attribute.Store) *Store {
	return &Store{db, o, a}
}

// mostListed is how many views a reader is shown: those of the reader first.
const mostListed = 1000

const (
	columnsOf = `v.id, v.owner_id, a.login AS owner, a.name AS owner_name, v.name, v.audience, coalesce(v.unit_id, 0) AS unit_id, v.settings,
		coalesce(u.name, '') AS unit_name, coalesce(u.path, '') AS unit_path, d.view_id IS NOT NULL AS "default", v.version, v.updated_at`
	tables = `crm.view v JOIN account.account a ON a.id = v.owner_id LEFT JOIN crm.organisation u ON u.id = v.unit_id
		LEFT JOIN crm.view_default d ON d.view_id = v.id AND d.account_id = @account`
)

// seen is the condition that a view v with the unit u may be seen by the caller.
func seen(caller account.Caller, args pgx.NamedArgs) string {
	scope := caller.Scope()
	args["account"], args["path"] = caller.AccountID, caller.Path
	team := `starts_with(@path, u.path)`
	if caller.May(account.ViewPublish) {
		switch scope.Reach {
		case account.ReachProvince, account.ReachNation:
			team = `true`
		case account.ReachDepartment:
			team += ` OR starts_with(u.path, @path)`
		}
	}
	return `(v.owner_id = @account OR v.audience = 'public' OR v.audience = 'team' AND (` + team + `))`
}

// List gives the views that the caller may see, their own first, by name.
func (s *Store) List(ctx context.Context, caller account.Caller) ([]View, error) {
	attributes, err := s.attributes.List(ctx, caller)
	if err != nil {
		return nil, err
	}
	args := pgx.NamedArgs{"most": mostListed}
	rows, err := s.db.Query(ctx, `SELECT `+columnsOf+` FROM `+tables+` WHERE `+seen(caller, args)+
		` ORDER BY v.owner_id <> @account, v.name, v.id LIMIT @most`, args)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[View])
	for i := range list {
		list[i].Missing = list[i].Settings.missing(attributes)
	}
	return list, err
}

// Add keeps a view of the caller's. Faults: wrong facts (joined), an audience that the caller may not share with,
// a name that the caller has given already (Exists), too many views (Rule).
func (s *Store) Add(ctx context.Context, caller account.Caller, f Facts) (View, error) {
	return s.write(ctx, caller, f, func(tx pg.Tx, f Facts) (int64, audit.Entry, error) {
		var own int
		if err := tx.PGX().QueryRow(ctx, `SELECT count(*) FROM crm.view WHERE owner_id = $1`, caller.AccountID).Scan(&own); err != nil {
			return 0, audit.Entry{}, err
		}
		if own >= maxViews {
			return 0, audit.Entry{}, fault.New(fault.Rule, "view.too_many", "max", maxViews)
		}
		var id int64
		err := tx.PGX().QueryRow(ctx, `INSERT INTO crm.view (owner_id, name, audience, unit_id, settings) VALUES ($1, $2, $3, nullif($4::bigint, 0), $5) RETURNING id`,
			caller.AccountID, f.Name, string(f.Audience), f.UnitID, f.Settings).Scan(&id)
		return id, audit.Entry{Action: "view.create", After: described(f)}, err
	})
}

// Change replaces the facts of a view that the caller may change and saw in the given version. Faults are those of
// Add, NotFound, Denied, and a *fault.StaleError for another version.
func (s *Store) Change(ctx context.Context, caller account.Caller, id int64, version int32, f Facts) (View, error) {
	return s.write(ctx, caller, f, func(tx pg.Tx, f Facts) (int64, audit.Entry, error) {
		before, err := hold(ctx, tx, caller, id)
		if err != nil {
			return 0, audit.Entry{}, err
		}
		if before.Version != version {
			return 0, audit.Entry{}, fault.Stale("view.version.conflict", before.Version, before)
		}
		_, err = tx.PGX().Exec(ctx, `UPDATE crm.view SET name = $2, audience = $3, unit_id = nullif($4::bigint, 0), settings = $5, version = version + 1, updated_at = now()
			WHERE id = $1`, id, f.Name, string(f.Audience), f.UnitID, f.Settings)
		was, is := audit.Differences(described(before.Facts), described(f))
		return id, audit.Entry{Action: "view.change", Before: was, After: is}, err
	})
}

// write checks facts, has them written and records it.
func (s *Store) write(ctx context.Context, caller account.Caller, f Facts, written func(pg.Tx, Facts) (int64, audit.Entry, error)) (v View, err error) {
	attributes, err := s.attributes.List(ctx, caller)
	if err != nil {
		return View{}, err
	}
	if f, err = f.check(attributes); err != nil {
		return View{}, err
	}
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		team, err := s.team(ctx, tx, f.UnitID)
		if err != nil {
			return err
		}
		if err := f.mayShare(caller, team); err != nil {
			return err
		}
		id, entry, err := written(tx, f)
		if pg.Violates(err, "view_name_is_unique_to_its_owner") {
			return fault.Field(fault.Exists, "name", "view.name.taken")
		}
		if err != nil {
			return err
		}
		if err := record(ctx, tx, caller, id, entry); err != nil {
			return err
		}
		v, err = one(ctx, tx, caller, id, "")
		return err
	})
	v.Missing = v.Settings.missing(attributes)
	return v, err
}

func (s *Store) team(ctx context.Context, tx pg.Tx, id int64) (organisation.Unit, error) {
	if id == 0 {
		return organisation.Unit{}, nil
	}
	unit, err := s.organisation.Unit(ctx, tx, id)
	if fault.Is(err, fault.NotFound) {
		return organisation.Unit{}, nil // mayShare refuses it as it does one that is out of reach
	}
	return unit, err
}

// Remove forgets a view that the caller may change; whoever began with it begins with the whole list. Faults:
// NotFound, Denied.
func (s *Store) Remove(ctx context.Context, caller account.Caller, id int64) error {
	return pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		before, err := hold(ctx, tx, caller, id)
		if err != nil {
			return err
		}
		if _, err := tx.PGX().Exec(ctx, `DELETE FROM crm.view WHERE id = $1`, id); err != nil {
			return err
		}
		return record(ctx, tx, caller, id, audit.Entry{Action: "view.remove", Before: described(before.Facts)})
	})
}

// Begin has the caller begin with a view that they see, or with none: 0. Faults: NotFound.
func (s *Store) Begin(ctx context.Context, caller account.Caller, id int64) error {
	return pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if id == 0 {
			if _, err := tx.PGX().Exec(ctx, `DELETE FROM crm.view_default WHERE account_id = $1`, caller.AccountID); err != nil {
				return err
			}
			return record(ctx, tx, caller, 0, audit.Entry{Action: "view.default", After: map[string]any{"name": ""}})
		}
		v, err := one(ctx, tx, caller, id, "")
		if err != nil {
			return err
		}
		const put = `INSERT INTO crm.view_default (account_id, view_id) VALUES ($1, $2)
			ON CONFLICT (account_id) DO UPDATE SET view_id = excluded.view_id`
		if _, err := tx.PGX().Exec(ctx, put, caller.AccountID, id); err != nil {
			return err
		}
		return record(ctx, tx, caller, id, audit.Entry{Action: "view.default", After: map[string]any{"name": v.Name}})
	})
}

// hold reads a view for a change of the caller's and keeps others out.
func hold(ctx context.Context, tx pg.Tx, caller account.Caller, id int64) (View, error) {
	v, err := one(ctx, tx, caller, id, ` FOR NO KEY UPDATE OF v`)
	if err == nil && !v.MayChange(caller) {
		err = fault.New(fault.Denied, "view.not_own", "owner", v.Owner)
	}
	return v, err
}

// one reads a view that the caller may see, or gives a NotFound fault.
func one(ctx context.Context, tx pg.Tx, caller account.Caller, id int64, lock string) (View, error) {
	args := pgx.NamedArgs{"id": id}
	rows, err := tx.PGX().Query(ctx, `SELECT `+columnsOf+` FROM `+tables+` WHERE v.id = @id AND `+seen(caller, args)+lock, args)
	if err != nil {
		return View{}, err
	}
	v, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[View])
	if errors.Is(err, pgx.ErrNoRows) {
		err = fault.New(fault.NotFound, "view.unknown")
	}
	return v, err
}

// described is a view as the audit trail keeps it.
func described(f Facts) map[string]any {
	columns := ""
	for _, key := range f.Settings.Columns {
		columns += key + " "
	}
	return map[string]any{
		"name": f.Name, "audience": string(f.Audience), "unitId": f.UnitID, "columns": columns, "filter": said(f.Settings.Filter),
		"sort": f.Settings.Sort + " " + f.Settings.Dir, "group": f.Settings.Group, "display": f.Settings.Display,
	}
}

func said(filter customer.Sieve) string {
	text, err := json.Marshal(filter)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func record(ctx context.Context, tx pg.Tx, caller account.Caller, id int64, e audit.Entry) error {
	e.Actor, e.ActorID, e.ObjectKind, e.ObjectID = caller.Actor(), caller.AccountID, "view", id
	return audit.Record(ctx, tx, e)
}
