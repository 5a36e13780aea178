package customer

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/schemas/codes"
)

// Store keeps the customers of one province.
type Store struct {
	db       *pgxpool.Pool
	province codes.Province
}

// NewStore makes the store of a province.
func NewStore(db *pgxpool.Pool, province codes.Province) *Store { return &Store{db, province} }

// columns and tables read a Customer; c is its row.
const (
	columns = `c.id, c.number, c.national, coalesce(c.credit_code, '') AS credit_code, c.name, c.industry, c.city,
		c.class, c.lifecycle, coalesce(c.parent_id, 0) AS parent_id, coalesce(c.manager_id, 0) AS manager_id,
		c.sensitive, c.cross_province_claim AS cross_province, c.cross_province AS crosses_provinces,
		coalesce(c.key_account_id, 0) AS key_account_id, coalesce(k.name, '') AS key_account_name, k.since AS key_account_since, c.address, c.postcode, c.legal_person, c.registered_capital_fen, c.headcount,
		c.annual_sales_fen, c.profile, c.remark,
		c.organisation_type, c.licence_type, c.licence_number, c.credit_level, c.credit_limit_fen, coalesce(m.name, '') AS manager_name,
		coalesce(d.name, '') AS department_name,
		coalesce(c.merged_into, 0) AS merged_into, coalesce(s.number, '') AS merged_into_number, c.version, c.created_at, c.updated_at`
	tables = `crm.customer c
		LEFT JOIN ref.key_account k ON k.id = c.key_account_id
		LEFT JOIN crm.organisation m ON m.id = c.manager_id
		LEFT JOIN crm.organisation d ON d.id = m.parent_id
		LEFT JOIN crm.customer s ON s.id = c.merged_into`
)

// queryer is what both a pool and a transaction can do.
type queryer interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Get reads a customer. One that does not exist or that the caller may not see is a NotFound fault.
func (s *Store) Get(ctx context.Context, caller account.Caller, id int64) (Customer, error) {
	return one(ctx, s.db, caller, `c.id = @id`, pgx.NamedArgs{"id": id}, ``)
}

// GetIn is Get in a transaction.
func (s *Store) GetIn(ctx context.Context, tx pg.Tx, caller account.Caller, id int64) (Customer, error) {
	return one(ctx, tx.PGX(), caller, `c.id = @id`, pgx.NamedArgs{"id": id}, ``)
}

// ByNumber reads the customer with a number within the caller's scope, or gives a NotFound fault.
func (s *Store) ByNumber(ctx context.Context, tx pg.Tx, caller account.Caller, number string) (Customer, error) {
	return one(ctx, tx.PGX(), caller, `c.number = @number`, pgx.NamedArgs{"number": number}, ``)
}

// Lock reads a customer in the caller's charge and keeps others from changing it until the transaction ends. It gives
// a NotFound fault like Get, and a Denied one to who is no more than in the customer's team.
func (s *Store) Lock(ctx context.Context, tx pg.Tx, caller account.Caller, id int64) (Customer, error) {
	c, err := alone(one(ctx, tx.PGX(), caller.InCharge(), `c.id = @id`, pgx.NamedArgs{"id": id}, ` FOR NO KEY UPDATE OF c`))
	return c, s.kept(ctx, tx, caller, id, err)
}

// InCharge gives the fault of Lock to who may not decide about a customer.
func (s *Store) InCharge(ctx context.Context, tx pg.Tx, caller account.Caller, id int64) error {
	_, err := s.GetIn(ctx, tx, caller.InCharge(), id)
	return s.kept(ctx, tx, caller, id, err)
}

// kept turns the NotFound fault of a customer in whose team the caller is into a Denied one.
func (s *Store) kept(ctx context.Context, tx pg.Tx, caller account.Caller, id int64, err error) error {
	if !caller.Teams || !fault.Is(err, fault.NotFound) {
		return err
	}
	if _, hidden := s.GetIn(ctx, tx, caller, id); hidden != nil {
		return err
	}
	return fault.New(fault.Denied, "customer.team.serves")
}

// LockByNumber is Lock by number for a partner that keeps the province's customers, such as BOSS:
// it reaches sensitive customers too, which a partner's queries never do.
func (s *Store) LockByNumber(ctx context.Context, tx pg.Tx, number string) (Customer, error) {
	return alone(one(ctx, tx.PGX(), account.System("lock"), `c.number = @number`, pgx.NamedArgs{"number": number}, ` FOR NO KEY UPDATE OF c`))
}

// alone gives the fault of a customer that was merged into another.
func alone(c Customer, err error) (Customer, error) {
	if err == nil && c.MergedInto != 0 {
		return Customer{}, merged(c.MergedIntoNumber)
	}
	return c, err
}

// Family makes ready to add to or change a customer's family (contracts, members, subscriptions,
// bills): it holds the customer's row until the transaction ends, so that no change of class can
// move the family meanwhile, and gives the flag that a new row of the family must carry. The
// customer must be in the caller's charge, else the fault of Lock, and not merged into another, else a Rule
// fault.
func (s *Store) Family(ctx context.Context, tx pg.Tx, caller account.Caller, id int64) (national bool, err error) {
	national, err = s.Serve(ctx, tx, caller.InCharge(), id)
	return national, s.kept(ctx, tx, caller, id, err)
}

// Serve is Family for what those in the customer's team write too: contacts, what was said and done, how
// its business goes, and what it wishes for.
func (s *Store) Serve(ctx context.Context, tx pg.Tx, caller account.Caller, id int64) (national bool, err error) {
	args := pgx.NamedArgs{"id": id}
	query := `SELECT c.national, coalesce(s.number, '') FROM crm.customer c LEFT JOIN crm.customer s ON s.id = c.merged_into
		WHERE c.id = @id AND ` + Within(caller, args) + ` FOR KEY SHARE OF c`
	var into string
	err = tx.PGX().QueryRow(ctx, query, args).Scan(&national, &into)
	if err == nil && into != "" {
		return false, merged(into)
	}
	return national, unknown(err)
}

// Named is what the family of a customer shows of another one.
type Named struct {
	ID     int64
	Number string
	Name   string
	Class  codes.Class
}

// Relatives reads the parent (nil if none) and the children of a customer, as far as the caller may
// see them.
func (s *Store) Relatives(ctx context.Context, tx pg.Tx, caller account.Caller, c Customer) (parent *Named, children []Named, err error) {
	args := pgx.NamedArgs{"id": c.ID, "parent": c.ParentID}
	query := `SELECT c.id, c.number, c.name, c.class FROM crm.customer c
		WHERE (c.parent_id = @id AND c.merged_into IS NULL OR c.id = @parent) AND ` + Within(caller, args) + ` ORDER BY c.id LIMIT 500`
	rows, err := tx.PGX().Query(ctx, query, args)
	if err != nil {
		return nil, nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Named])
	for _, n := range list {
		if n.ID == c.ParentID {
			parent = &n
		} else {
			children = append(children, n)
		}
	}
	return parent, children, err
}

func one(ctx context.Context, db queryer, caller account.Caller, which string, args pgx.NamedArgs, lock string) (Customer, error) {
	rows, err := db.Query(ctx, `SELECT `+columns+` FROM `+tables+` WHERE `+which+` AND `+Within(caller, args)+lock, args)
	if err != nil {
		return Customer{}, err
	}
	c, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Customer])
	return c, unknown(err)
}

// unknown turns "no row" into a NotFound fault.
func unknown(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.NotFound, "customer.unknown")
	}
	return err
}
