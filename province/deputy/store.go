package deputy

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/organisation"
)

// Store keeps who stands in for whom.
type Store struct {
	db           *pgxpool.Pool
	organisation *organisation.Store
}

// NewStore makes the store.
func NewStore(db *pgxpool.Pool, organisation *organisation.Store) *Store {
	return &Store{db, organisation}
}

const (
	columns = `d.id, d.absent_id, u.name AS absent, d.account_id, a.login, a.name, d.from_day AS "from", d.until_day AS until, d.reason,
		CASE WHEN ` + organisation.DeputyRuns + ` THEN 'running' WHEN ` + open + ` THEN 'planned' ELSE 'over' END AS state,
		d.named_by, d.named_at, coalesce(d.ended_by, '') AS ended_by, d.ended_at`
	tables  = `crm.deputy d JOIN crm.organisation u ON u.id = d.absent_id JOIN account.account a ON a.id = d.account_id`
	current = `d.until_day >= crm.today()`
	open    = `d.ended_at IS NULL AND ` + current
)

// Filter says which deputyships a list holds.
type Filter struct {
	Over bool // those that are over, else the others
	Own  bool // only those in which the caller is the absent one or the deputy
	Page int  // from 1
	Size int
}

// seen is the condition that a row d, with the absent one's unit u, may be seen by the caller: both parties see it,
// and who reaches the absent one.
func seen(caller account.Caller, args pgx.NamedArgs, own bool) string {
	scope := caller.Scope()
	args["account"], args["unit"], args["path"] = caller.AccountID, scope.UnitID, scope.Path
	const party = `(d.account_id = @account OR d.absent_id = @unit)`
	switch {
	case scope.Reach == account.ReachNothing:
		return `false`
	case own || scope.Reach == account.ReachOwn:
		return party
	case scope.Reach == account.ReachDepartment:
		return `(` + party + ` OR u.path LIKE @path || '%')`
	}
	return `true`
}

// List reads a page of the deputyships that the caller may see, those first that begin last, and how many there are.
func (s *Store) List(ctx context.Context, caller account.Caller, f Filter) (list []Deputy, total int, err error) {
	args := pgx.NamedArgs{"size": f.Size, "skip": (f.Page - 1) * f.Size, "over": f.Over}
	where := seen(caller, args, f.Own) + ` AND (` + open + `) = NOT @over::boolean`
	if err := s.db.QueryRow(ctx, `SELECT count(*) FROM `+tables+` WHERE `+where, args).Scan(&total); err != nil {
		return nil, 0, err
	}
	list, err = s.read(ctx, where+` ORDER BY d.from_day DESC, d.id DESC LIMIT @size OFFSET @skip`, args)
	return list, total, err
}

// Get reads a deputyship that the caller may see, or gives a NotFound fault.
func (s *Store) Get(ctx context.Context, caller account.Caller, id int64) (Deputy, error) {
	args := pgx.NamedArgs{"id": id}
	list, err := s.read(ctx, `d.id = @id AND `+seen(caller, args, false), args)
	if err == nil && len(list) == 0 {
		err = fault.New(fault.NotFound, "deputy.unknown")
	}
	if err != nil {
		return Deputy{}, err
	}
	return list[0], nil
}

// Notices reads the deputyships, named or ended early by others, in which the caller is a party and which they have not
// acknowledged, until their last day.
func (s *Store) Notices(ctx context.Context, caller account.Caller) ([]Deputy, error) {
	args := pgx.NamedArgs{"account": caller.AccountID, "unit": caller.UnitID}
	return s.read(ctx, current+` AND (d.account_id = @account AND NOT d.deputy_seen OR d.absent_id = @unit AND NOT d.absent_seen)
		ORDER BY d.from_day, d.id LIMIT 20`, args)
}

func (s *Store) read(ctx context.Context, which string, args pgx.NamedArgs) ([]Deputy, error) {
	rows, err := s.db.Query(ctx, `SELECT `+columns+` FROM `+tables+` WHERE `+which, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Deputy])
}

// Acknowledge takes a deputyship off the caller's notices. Faults: NotFound.
func (s *Store) Acknowledge(ctx context.Context, caller account.Caller, id int64) error {
	if _, err := s.Get(ctx, caller, id); err != nil {
		return err
	}
	return pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		const update = `UPDATE crm.deputy SET deputy_seen = deputy_seen OR account_id = $2, absent_seen = absent_seen OR absent_id = $3 WHERE id = $1`
		_, err := tx.PGX().Exec(ctx, update, id, caller.AccountID, caller.UnitID)
		return err
	})
}

// Candidates lists the accounts that the caller can name as a person's deputy, by login: those around the person
// for a head and for the person, for an administrator all. Faults: Denied, and Rule for a person out of reach.
func (s *Store) Candidates(ctx context.Context, caller account.Caller, absentID int64) (list []Candidate, err error) {
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		absent, err := s.absent(ctx, tx, caller, absentID)
		if err == nil {
			list, err = candidates(ctx, tx, caller, absent, 0)
		}
		return err
	})
	return list, err
}

// absent reads the account manager for whom the caller may name a deputy.
func (s *Store) absent(ctx context.Context, tx pg.Tx, caller account.Caller, id int64) (organisation.Unit, error) {
	if err := caller.Demand(account.DeputyName); err != nil {
		return organisation.Unit{}, err
	}
	u, err := s.organisation.Unit(ctx, tx, id)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return u, err
	}
	if err != nil || u.Kind != organisation.KindPerson || !u.Active || !caller.Scope().Covers(u.ID, u.Path) {
		return u, fault.Field(fault.Rule, "absentId", "deputy.absent.unknown")
	}
	return u, nil
}

// candidates are the accounts that can be named, or the one of them with the id. Who reaches the whole province
// anyway needs no naming.
func candidates(ctx context.Context, tx pg.Tx, caller account.Caller, absent organisation.Unit, id int64) ([]Candidate, error) {
	const query = `SELECT a.id, a.login, a.name, u.name AS unit FROM account.account a JOIN crm.organisation u ON u.id = a.unit_id AND u.active
		JOIN crm.organisation p ON p.id = $2
		WHERE a.active AND a.role = ANY ($3) AND a.unit_id <> $1 AND (u.path LIKE p.path || '%' OR $4::boolean) AND ($5::bigint = 0 OR a.id = $5) ORDER BY a.login LIMIT 1000`
	around, scope := absent.ParentID, caller.Scope() // the department
	if scope.Reach == account.ReachDepartment {
		around = scope.UnitID
	}
	roles := []string{string(account.AccountManager), string(account.DepartmentHead)}
	rows, err := tx.PGX().Query(ctx, query, absent.ID, around, roles, scope.Reach >= account.ReachProvince, id)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Candidate])
}

// Name names a deputy. Both are told, except whoever did it. Faults: Denied, days or a reason that are not allowed,
// Rule for a person or a deputy out of reach, Exists for a deputy who is named for some of these days already.
func (s *Store) Name(ctx context.Context, caller account.Caller, o Order) (Deputy, error) {
	o, err := o.check(time.Now())
	if err != nil {
		return Deputy{}, err
	}
	var id int64
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		absent, err := s.absent(ctx, tx, caller, o.AbsentID)
		if err != nil {
			return err
		}
		found, err := candidates(ctx, tx, caller, absent, o.AccountID)
		if err != nil {
			return err
		}
		if o.AccountID == 0 || len(found) != 1 {
			return fault.Field(fault.Rule, "accountId", "deputy.person.unknown")
		}
		if id, err = add(ctx, tx, caller, o); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{
			Actor: caller.Actor(), ActorID: caller.AccountID, Action: "deputy.name", ObjectKind: "deputy", ObjectID: id,
			After: map[string]any{
				"absent": absent.Name, "absentId": absent.ID, "deputy": found[0].Login,
				"from": o.From.Format(time.DateOnly), "until": o.Until.Format(time.DateOnly), "reason": o.Reason,
			},
		})
	})
	if err != nil {
		return Deputy{}, err
	}
	return s.Get(ctx, caller, id)
}

// add adds a deputyship; the row of the absent one's unit is held so that two of the same days are not named at once.
func add(ctx context.Context, tx pg.Tx, caller account.Caller, o Order) (id int64, err error) {
	if _, err := tx.PGX().Exec(ctx, `SELECT FROM crm.organisation WHERE id = $1 FOR NO KEY UPDATE`, o.AbsentID); err != nil {
		return 0, err
	}
	const insert = `INSERT INTO crm.deputy (absent_id, account_id, from_day, until_day, reason, named_by, absent_seen, deputy_seen)
		SELECT $1, $2, $3, $4, $5, $6, $7, $8 WHERE NOT EXISTS (SELECT FROM crm.deputy d
			WHERE d.absent_id = $1 AND d.account_id = $2 AND d.ended_at IS NULL AND d.from_day <= $4 AND d.until_day >= $3) RETURNING id`
	err = tx.PGX().QueryRow(ctx, insert, o.AbsentID, o.AccountID, o.From, o.Until, o.Reason, caller.Actor(),
		caller.UnitID == o.AbsentID, caller.AccountID == o.AccountID).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		err = fault.Field(fault.Exists, "accountId", "deputy.named")
	}
	return id, err
}

// End ends a deputyship at once: who may name one may, and the deputy themself. Both are told, except whoever did it.
// Faults: NotFound, Denied, Rule for one that is over.
func (s *Store) End(ctx context.Context, caller account.Caller, id int64) error {
	d, err := s.Get(ctx, caller, id)
	if err != nil {
		return err
	}
	return pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if d.AccountID != caller.AccountID {
			if _, err := s.absent(ctx, tx, caller, d.AbsentID); err != nil {
				return err
			}
		}
		tag, err := tx.PGX().Exec(ctx, `UPDATE crm.deputy d SET ended_by = $2, ended_at = now(), deputy_seen = d.account_id = $3, absent_seen = d.absent_id = $4
			WHERE d.id = $1 AND `+open, id, caller.Actor(), caller.AccountID, caller.UnitID)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return fault.New(fault.Rule, "deputy.over")
		}
		return audit.Record(ctx, tx, audit.Entry{
			Actor: caller.Actor(), ActorID: caller.AccountID, Action: "deputy.end", ObjectKind: "deputy", ObjectID: id,
			Before: map[string]any{"absent": d.Absent, "absentId": d.AbsentID, "deputy": d.Login, "until": d.Until.Format(time.DateOnly)},
		})
	})
}
