package team

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/customer"
	"jike/province/organisation"
)

// Store keeps the teams.
type Store struct {
	db        *pgxpool.Pool
	customers *customer.Store
}

// NewStore makes the store.
func NewStore(db *pgxpool.Pool, customers *customer.Store) *Store { return &Store{db, customers} }

const (
	columns = `t.id, t.customer_id, t.account_id, a.login, a.name, coalesce(u.name, '') AS unit, t.duty, t.from_day AS "from", t.until_day AS until,
		CASE WHEN ` + organisation.TeamServes + ` THEN 'running' WHEN ` + open + ` THEN 'planned' ELSE 'over' END AS state,
		t.named_by, t.named_at, coalesce(t.ended_by, '') AS ended_by, t.ended_at`
	tables  = `crm.team_member t JOIN account.account a ON a.id = t.account_id LEFT JOIN crm.organisation u ON u.id = a.unit_id`
	current = `t.until_day >= crm.today()`
	open    = `t.ended_at IS NULL AND ` + current
)

// Of reads who is, will be and was in a customer's team, those first that are, and whether the caller is in charge of the
// customer. One that does not exist or that the caller may not see is a NotFound fault.
func (s *Store) Of(ctx context.Context, caller account.Caller, customerID int64) (list []Member, inCharge bool, err error) {
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		denied := s.customers.InCharge(ctx, tx, caller, customerID)
		if inCharge = denied == nil; !inCharge && !fault.Is(denied, fault.Denied) {
			return denied
		}
		rows, err := tx.PGX().Query(ctx, `SELECT `+columns+` FROM `+tables+` WHERE t.customer_id = $1 ORDER BY (`+open+`) DESC, t.id DESC LIMIT $2`, customerID, mostListed)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, pgx.RowToStructByName[Member])
		return err
	})
	return list, inCharge, err
}

// Candidates finds the accounts that the caller can name for a customer by a part of the name or login, fifty at most:
// account managers and heads in the city of the customer's own account manager, for who reaches the whole province
// everywhere. Faults: Denied, NotFound.
func (s *Store) Candidates(ctx context.Context, caller account.Caller, customerID int64, text string) (list []Candidate, err error) {
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if err := caller.Demand(account.TeamName); err != nil {
			return err
		}
		if err := s.customers.InCharge(ctx, tx, caller, customerID); err != nil {
			return err
		}
		list, err = candidates(ctx, tx, caller, customerID, text, 0)
		return err
	})
	return list, err
}

// charged demands that the caller may name members of a customer's team, and holds the customer.
func (s *Store) charged(ctx context.Context, tx pg.Tx, caller account.Caller, customerID int64) error {
	if err := caller.Demand(account.TeamName); err != nil {
		return err
	}
	_, err := s.customers.Lock(ctx, tx, caller, customerID)
	return err
}

// candidates are the accounts that can be named, or the one of them with the id.
func candidates(ctx context.Context, tx pg.Tx, caller account.Caller, customerID int64, text string, id int64) ([]Candidate, error) {
	const query = `SELECT a.id, a.login, a.name, u.name AS unit FROM account.account a JOIN crm.organisation u ON u.id = a.unit_id AND u.active
		JOIN crm.customer c ON c.id = @customer LEFT JOIN crm.organisation m ON m.id = c.manager_id
		WHERE a.active AND a.role = ANY (@roles) AND a.unit_id IS DISTINCT FROM c.manager_id AND (@id::bigint = 0 OR a.id = @id)
			AND (@everywhere::boolean OR EXISTS (SELECT FROM crm.organisation city WHERE city.kind = 'city' AND m.path LIKE city.path || '%' AND u.path LIKE city.path || '%'))
			AND (a.login ILIKE @pattern OR a.name ILIKE @pattern) ORDER BY a.login LIMIT 50`
	rows, err := tx.PGX().Query(ctx, query, pgx.NamedArgs{
		"customer": customerID, "roles": []string{string(account.AccountManager), string(account.DepartmentHead)}, "id": id,
		"everywhere": caller.Scope().Reach >= account.ReachProvince,
		"pattern":    "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.TrimSpace(text)) + "%",
	})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Candidate])
}

// Name names a member of a customer's team, who is told, unless they did it. Faults: Denied, NotFound, a duty or days that
// are not allowed, Rule for an account out of reach or one that is in too many teams, Exists for one that is named for some
// of these days already.
func (s *Store) Name(ctx context.Context, caller account.Caller, o Order) error {
	return pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if err := s.charged(ctx, tx, caller, o.CustomerID); err != nil {
			return err
		}
		if err := o.check(time.Now()); err != nil {
			return err
		}
		found, err := candidates(ctx, tx, caller, o.CustomerID, "", o.AccountID)
		if err != nil {
			return err
		}
		if o.AccountID == 0 || len(found) != 1 {
			return fault.Field(fault.Rule, "accountId", "team.person.unknown")
		}
		id, err := add(ctx, tx, caller, o)
		if err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{
			Actor: caller.Actor(), ActorID: caller.AccountID, Action: "team.name", ObjectKind: "team", ObjectID: id, CustomerID: o.CustomerID,
			After: map[string]any{
				"member": found[0].Login, "duty": o.Duty, "from": o.From.Format(time.DateOnly), "until": o.Until.Format(time.DateOnly),
			},
		})
	})
}

// add adds a membership. The account is held, that it is neither closed meanwhile nor named for too many at once.
func add(ctx context.Context, tx pg.Tx, caller account.Caller, o Order) (id int64, err error) {
	var active bool
	var teams int
	if err := tx.PGX().QueryRow(ctx, `SELECT active FROM account.account WHERE id = $1 FOR NO KEY UPDATE`, o.AccountID).Scan(&active); err != nil {
		return 0, err
	}
	if err := tx.PGX().QueryRow(ctx, `SELECT count(*) FROM crm.team_member t WHERE t.account_id = $1 AND `+open, o.AccountID).Scan(&teams); err != nil {
		return 0, err
	}
	switch {
	case !active:
		return 0, fault.Field(fault.Rule, "accountId", "team.person.unknown")
	case teams >= mostTeams:
		return 0, fault.Field(fault.Rule, "accountId", "team.person.teams", "max", mostTeams)
	}
	const insert = `INSERT INTO crm.team_member (customer_id, account_id, duty, from_day, until_day, named_by, member_seen)
		SELECT $1, $2, $3, $4, $5, $6, $7 WHERE NOT EXISTS (SELECT FROM crm.team_member t
			WHERE t.customer_id = $1 AND t.account_id = $2 AND t.ended_at IS NULL AND t.from_day <= $5 AND t.until_day >= $4) RETURNING id`
	err = tx.PGX().QueryRow(ctx, insert, o.CustomerID, o.AccountID, string(o.Duty), o.From, o.Until, caller.Actor(), o.AccountID == caller.AccountID).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		err = fault.Field(fault.Exists, "accountId", "team.named")
	}
	return id, err
}

// End ends a membership at once: who may name one may, and the member, who is told, unless they did
// it. Faults: NotFound, Denied, Rule for one that is over.
func (s *Store) End(ctx context.Context, caller account.Caller, id int64) error {
	return pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		var customerID, accountID int64
		err := tx.PGX().QueryRow(ctx, `SELECT customer_id, account_id FROM crm.team_member WHERE id = $1`, id).Scan(&customerID, &accountID)
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.New(fault.NotFound, "team.unknown")
		}
		if err != nil {
			return err
		}
		if accountID != caller.AccountID {
			err = s.charged(ctx, tx, caller, customerID)
		} else {
			_, err = s.customers.GetIn(ctx, tx, caller, customerID)
		}
		if fault.Is(err, fault.NotFound) {
			return fault.New(fault.NotFound, "team.unknown")
		}
		if err != nil {
			return err
		}
		ended, err := end(ctx, tx, caller, `t.id = @id`, pgx.NamedArgs{"id": id, "handover": nil})
		if err == nil && ended == 0 {
			err = fault.New(fault.Rule, "team.over")
		}
		return err
	})
}

// EndAll ends the memberships of an account, which is being closed; nobody is told.
func (s *Store) EndAll(ctx context.Context, tx pg.Tx, caller account.Caller, accountID int64) error {
	_, err := end(ctx, tx, caller, `t.account_id = @account`, pgx.NamedArgs{"account": accountID, "handover": nil})
	return err
}

// Release ends the memberships in the teams of customers, which are held, in a hand-over. Each member is told of all of
// them at once, except whoever ordered it.
func (s *Store) Release(ctx context.Context, tx pg.Tx, caller account.Caller, handoverID int64, customers []int64) error {
	_, err := end(ctx, tx, caller, `t.customer_id = ANY (@customers)`, pgx.NamedArgs{"customers": customers, "handover": handoverID})
	return err
}

// Count says how many are in the teams of customers, or will be.
func (s *Store) Count(ctx context.Context, customers []int64) (n int, err error) {
	err = s.db.QueryRow(ctx, `SELECT count(*) FROM crm.team_member t WHERE t.customer_id = ANY ($1) AND `+open, customers).Scan(&n)
	return n, err
}

// end ends open memberships and records each of them. A closed account has nobody to tell.
func end(ctx context.Context, tx pg.Tx, caller account.Caller, which string, args pgx.NamedArgs) (int, error) {
	args["by"], args["caller"] = caller.Actor(), caller.AccountID
	rows, err := tx.PGX().Query(ctx, `UPDATE crm.team_member t SET ended_by = @by, ended_at = now(), handover_id = @handover,
			member_seen = t.account_id = @caller OR NOT a.active FROM account.account a
		WHERE a.id = t.account_id AND `+which+` AND `+open+` RETURNING t.id, t.customer_id, a.login, t.duty, t.until_day`, args)
	if err != nil {
		return 0, err
	}
	var trail []audit.Entry
	var id, customerID int64
	var login, duty string
	var until time.Time
	_, err = pgx.ForEachRow(rows, []any{&id, &customerID, &login, &duty, &until}, func() error {
		trail = append(trail, audit.Entry{
			Actor: caller.Actor(), ActorID: caller.AccountID, Action: "team.end", ObjectKind: "team", ObjectID: id, CustomerID: customerID,
			Before: map[string]any{"member": login, "duty": duty, "until": until.Format(time.DateOnly)},
		})
		return nil
	})
	if err != nil || len(trail) == 0 {
		return 0, err
	}
	return len(trail), audit.RecordAll(ctx, tx, trail)
}
