package organisation

import (
	"context"
	"errors"
	"maps"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
)

// Store keeps the tree.
type Store struct{ db *pgxpool.Pool }

// NewStore makes the store.
func NewStore(db *pgxpool.Pool) *Store { return &Store{db} }

const columns = `id, coalesce(parent_id, 0) AS parent_id, kind, code, name, path, active`

// DeputyRuns is the condition that somebody stands in for an account manager at this moment, by a row d of
// crm.deputy (package deputy).
const DeputyRuns = `d.ended_at IS NULL AND crm.today() BETWEEN d.from_day AND d.until_day`

// TeamServes is the condition that somebody is in a customer's team at this moment, by a row t of crm.team_member
// (package team).
const TeamServes = `t.ended_at IS NULL AND crm.today() BETWEEN t.from_day AND t.until_day`

// PlaceOf says what an account's scope starts from: the path of its unit, for whom it stands in today, and whether it is
// in customers' teams. An unknown or closed unit is a NotFound fault.
func (s *Store) PlaceOf(ctx context.Context, unitID, accountID int64) (p account.Place, err error) {
	const query = `SELECT u.path, ARRAY(SELECT d.absent_id FROM crm.deputy d WHERE d.account_id = $2 AND ` + DeputyRuns + `),
			EXISTS (SELECT FROM crm.team_member t WHERE t.account_id = $2 AND ` + TeamServes + `)
		FROM crm.organisation u WHERE u.id = $1 AND u.active`
	err = s.db.QueryRow(ctx, query, unitID, accountID).Scan(&p.Path, &p.Absent, &p.Teams)
	if errors.Is(err, pgx.ErrNoRows) {
		err = fault.New(fault.NotFound, "organisation.unknown")
	}
	return p, err
}

// Visible lists the units in the caller's scope, those for whom the caller stands in, and those above them, parents first.
func (s *Store) Visible(ctx context.Context, caller account.Caller) ([]Unit, error) {
	scope := caller.Scope()
	path := scope.Path
	switch scope.Reach {
	case account.ReachNothing:
		return nil, nil
	case account.ReachProvince, account.ReachNation:
		path = "/"
	}
	const query = `SELECT ` + columns + ` FROM crm.organisation o
		WHERE path LIKE $1 || '%' OR $1 LIKE path || '%'
			OR EXISTS (SELECT FROM crm.organisation a WHERE a.id = ANY ($2::bigint[]) AND a.path LIKE o.path || '%')
		ORDER BY array_length(string_to_array(path, '/'), 1), id`
	rows, err := s.db.Query(ctx, query, path, scope.Absent)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Unit])
}

// Add puts a unit into the tree and gives it with its id and path. Faults: a parent of the wrong
// kind (Rule) or unknown (NotFound), a number that is taken (Exists).
func (s *Store) Add(ctx context.Context, tx pg.Tx, caller account.Caller, u Unit) (Unit, error) {
	var parent *Unit
	if u.ParentID != 0 {
		p, err := s.Unit(ctx, tx, u.ParentID)
		if err != nil {
			return Unit{}, err
		}
		parent = &p
	}
	if err := u.check(parent); err != nil {
		return Unit{}, err
	}
	above := "/"
	if parent != nil {
		above = parent.Path
	}
	const insert = `INSERT INTO crm.organisation (id, parent_id, kind, code, name, path)
		SELECT n.id, nullif($1::bigint, 0), $2, $3, $4, $5 || n.id || '/'
		FROM (SELECT nextval(pg_get_serial_sequence('crm.organisation', 'id')) AS id) n RETURNING ` + columns
	rows, err := tx.PGX().Query(ctx, insert, u.ParentID, string(u.Kind), u.Code, u.Name, above)
	if err != nil {
		return Unit{}, err
	}
	added, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Unit])
	if pg.Violates(err, "organisation_code_is_unique") {
		return Unit{}, fault.Field(fault.Exists, "code", "organisation.code.exists")
	}
	if err != nil {
		return Unit{}, err
	}
	return added, audit.Record(ctx, tx, audit.Entry{
		Actor: caller.Actor(), ActorID: caller.AccountID, Action: "organisation.create", ObjectKind: "organisation", ObjectID: added.ID,
		After: map[string]any{"kind": added.Kind, "code": added.Code, "name": added.Name, "parentId": added.ParentID},
	})
}

// Unit reads a unit, or gives a NotFound fault.
func (s *Store) Unit(ctx context.Context, tx pg.Tx, id int64) (Unit, error) {
	return s.one(ctx, tx, `SELECT `+columns+` FROM crm.organisation WHERE id = $1`, id)
}

// Person reads an active person by staff number (工号), or gives a NotFound fault.
func (s *Store) Person(ctx context.Context, tx pg.Tx, code string) (Unit, error) {
	return s.one(ctx, tx, `SELECT `+columns+` FROM crm.organisation WHERE kind = 'person' AND code = $1 AND active`, code)
}

func (s *Store) one(ctx context.Context, tx pg.Tx, query string, argument any) (Unit, error) {
	rows, err := tx.PGX().Query(ctx, query, argument)
	if err != nil {
		return Unit{}, err
	}
	u, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Unit])
	if errors.Is(err, pgx.ErrNoRows) {
		return Unit{}, fault.New(fault.NotFound, "organisation.unknown")
	}
	return u, err
}

// People finds active persons by their numbers (工号) or, where it is one person's alone, by their names. What
// is nobody's is not in the answer.
func (s *Store) People(ctx context.Context, tx pg.Tx, stated []string) (map[string]int64, error) {
	const query = `SELECT code, name, id FROM crm.organisation WHERE kind = 'person' AND active AND (code = ANY ($1) OR name = ANY ($1))`
	rows, err := tx.PGX().Query(ctx, query, stated)
	if err != nil {
		return nil, err
	}
	byName, byCode := map[string]int64{}, map[string]int64{}
	var code, name string
	var id int64
	_, err = pgx.ForEachRow(rows, []any{&code, &name, &id}, func() error {
		byCode[code] = id
		if _, twice := byName[name]; twice {
			id = 0
		}
		byName[name] = id
		return nil
	})
	maps.Copy(byName, byCode)
	maps.DeleteFunc(byName, func(_ string, id int64) bool { return id == 0 })
	return byName, err
}
