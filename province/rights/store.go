package rights

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/customer"
	"jike/province/exporting"
	"jike/province/organisation"
)

// Store reads rights.
type Store struct {
	db      *pgxpool.Pool
	exports *exporting.Store
}

// NewStore makes the store.
func NewStore(db *pgxpool.Pool, exports *exporting.Store) *Store { return &Store{db, exports} }

// Of reads the rights of an account, which callerOf gives as its next request would be made: of the caller's own, or with
// account.manage of any. Faults: Denied.
func (s *Store) Of(ctx context.Context, caller account.Caller, callerOf func(context.Context, int64) (account.Caller, error), accountID int64) (r Rights, err error) {
	if accountID != caller.AccountID {
		if err := caller.Demand(account.AccountManage); err != nil {
			return Rights{}, err
		}
	}
	of, err := callerOf(ctx, accountID)
	if errors.Is(err, account.ErrNoAccount) || fault.Is(err, fault.NotFound) { // the account is closed, or its unit
		return Rights{}, nil
	}
	if err != nil || of.Scope().Reach == account.ReachNothing {
		return Rights{}, err
	}
	r.MaskedOwn, r.MaskedOthers = masked(of, true), masked(of, false)
	if of.May(account.CustomerExport) {
		rule, err := s.exports.Rule(ctx, of)
		if err != nil {
			return Rights{}, err
		}
		r.ExportsAlone = &rule.MostAlone
	}
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if err := reach(ctx, tx, of.Scope(), &r); err != nil {
			return err
		}
		return besides(ctx, tx, caller, accountID, &r)
	})
	return r, err
}

// reach reads the units within a scope.
func reach(ctx context.Context, tx pg.Tx, scope account.Scope, r *Rights) error {
	within := `u.active AND u.path LIKE $1 || '%'`
	path := scope.Path
	if scope.Reach >= account.ReachProvince {
		path = "/"
	}
	if err := tx.PGX().QueryRow(ctx, `SELECT count(*) FROM crm.organisation u WHERE u.kind = 'person' AND `+within, path).Scan(&r.People); err != nil {
		return err
	}
	rows, err := tx.PGX().Query(ctx, `SELECT u.id, coalesce(u.parent_id, 0) AS parent_id, u.kind, u.code, u.name, u.path, u.active
		FROM crm.organisation u WHERE u.kind <> 'person' AND `+within+` ORDER BY string_to_array(trim(u.path, '/'), '/')::bigint[] LIMIT $2`, path, mostUnits)
	if err != nil {
		return err
	}
	r.Units, err = pgx.CollectRows(rows, pgx.RowToStructByName[organisation.Unit])
	return err
}

// besides reads what the account's reach rests on beside its role, of customers those that the caller sees.
func besides(ctx context.Context, tx pg.Tx, caller account.Caller, accountID int64, r *Rights) error {
	rows, err := tx.PGX().Query(ctx, `SELECT u.name AS absent, d.until_day AS until, d.reason FROM crm.deputy d JOIN crm.organisation u ON u.id = d.absent_id
		WHERE d.account_id = $1 AND `+organisation.DeputyRuns+` ORDER BY d.until_day, d.id LIMIT $2`, accountID, mostListed)
	if err != nil {
		return err
	}
	if r.Deputyships, err = pgx.CollectRows(rows, pgx.RowToStructByName[Deputyship]); err != nil {
		return err
	}
	args := pgx.NamedArgs{"account": accountID, "most": mostListed}
	within := customer.Within(caller, args)
	rows, err = tx.PGX().Query(ctx, `SELECT c.id AS customer_id, c.number, c.name, t.duty, t.until_day AS until
		FROM crm.team_member t JOIN crm.customer c ON c.id = t.customer_id
		WHERE t.account_id = @account AND `+organisation.TeamServes+` AND `+within+` ORDER BY t.until_day, t.id LIMIT @most`, args)
	if err != nil {
		return err
	}
	if r.Teams, err = pgx.CollectRows(rows, pgx.RowToStructByName[Team]); err != nil {
		return err
	}
	rows, err = tx.PGX().Query(ctx, `SELECT c.id AS customer_id, c.number, c.name, n.until, n.reason FROM crm.sensitive_viewer n JOIN crm.customer c ON c.id = n.customer_id
		WHERE n.account_id = @account AND n.until >= crm.today() AND c.sensitive AND `+within+`
		ORDER BY n.until, c.id LIMIT @most`, args)
	if err != nil {
		return err
	}
	r.Named, err = pgx.CollectRows(rows, pgx.RowToStructByName[Naming])
	return err
}
