package customer

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/schemas/codes"
)

// Store reads the replicated customers.
type Store struct{ db *pgxpool.Pool }

// NewStore makes the store.
func NewStore(db *pgxpool.Pool) *Store { return &Store{db} }

// mostRelated bounds a list of related customers.
const mostRelated = 200

// Get gives one customer with its replicated family, all of it of one moment. Faults: NotFound for
// a customer that is not here (which is also true of one that is not selected), Denied without
// nation.customer.read.
func (s *Store) Get(ctx context.Context, caller account.Caller, province codes.Province, id int64) (Detail, error) {
	if err := caller.Demand(account.NationCustomerRead); err != nil {
		return Detail{}, err
	}
	var d Detail
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, s.db, options, func(tx pgx.Tx) error {
		var err error
		if d.Customer, err = get(ctx, tx, province, id); err != nil {
			return err
		}
		if err := d.readFamily(ctx, tx); err != nil {
			return err
		}
		return d.readRelated(ctx, tx)
	})
	return d, err
}

func get(ctx context.Context, tx pgx.Tx, province codes.Province, id int64) (Customer, error) {
	rows, err := tx.Query(ctx, `SELECT `+columns+` FROM crm.customer c WHERE c.province = $1 AND c.id = $2`, province, id)
	if err != nil {
		return Customer{}, fmt.Errorf("customer: %w", err)
	}
	c, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Customer])
	if errors.Is(err, pgx.ErrNoRows) {
		return Customer{}, fault.New(fault.NotFound, "customer.unknown")
	}
	return c, err
}

func (d *Detail) readFamily(ctx context.Context, tx pgx.Tx) (err error) {
	const contacts = `SELECT id, coalesce(role, '') AS role, coalesce(name, '') AS name, coalesce(work_phone, '') AS work_phone
		FROM crm.contact WHERE province = $1 AND customer_id = $2 ORDER BY id`
	if d.Contacts, err = family[Contact](ctx, tx, contacts, d.Customer); err != nil {
		return fmt.Errorf("contacts: %w", err)
	}
	const contracts = `SELECT id, coalesce(number, '') AS number, coalesce(name, '') AS name,
			coalesce(to_char(signed_on, 'YYYY-MM-DD'), '') AS signed_on, coalesce(to_char(effective_on, 'YYYY-MM-DD'), '') AS effective_on,
			coalesce(to_char(expires_on, 'YYYY-MM-DD'), '') AS expires_on, coalesce(auto_renew, false) AS auto_renew,
			coalesce(amount_fen, 0) AS amount_fen, coalesce(status, '') AS status
		FROM crm.contract WHERE province = $1 AND customer_id = $2 ORDER BY contract.expires_on DESC NULLS LAST, id`
	if d.Contracts, err = family[Contract](ctx, tx, contracts, d.Customer); err != nil {
		return fmt.Errorf("contracts: %w", err)
	}
	const subscriptions = `SELECT id, coalesce(product_code, '') AS product_code, coalesce(product_name, '') AS product_name,
			coalesce(quantity, 0) AS quantity, coalesce(monthly_fee_fen, 0) AS monthly_fee_fen, coalesce(status, '') AS status,
			coalesce(to_char(started_on, 'YYYY-MM-DD'), '') AS started_on, coalesce(to_char(ended_on, 'YYYY-MM-DD'), '') AS ended_on
		FROM crm.subscription WHERE province = $1 AND customer_id = $2 ORDER BY id`
	if d.Subscriptions, err = family[Subscription](ctx, tx, subscriptions, d.Customer); err != nil {
		return fmt.Errorf("subscriptions: %w", err)
	}
	const bills = `SELECT id, coalesce(to_char(month, 'YYYY-MM'), '') AS month, coalesce(amount_fen, 0) AS amount_fen,
			coalesce(paid_fen, 0) AS paid_fen
		FROM crm.bill WHERE province = $1 AND customer_id = $2 ORDER BY bill.month DESC NULLS LAST, id`
	if d.Bills, err = family[Bill](ctx, tx, bills, d.Customer); err != nil {
		return fmt.Errorf("bills: %w", err)
	}
	return nil
}

func family[T any](ctx context.Context, tx pgx.Tx, query string, of Customer) ([]T, error) {
	rows, err := tx.Query(ctx, query, of.Province, of.ID)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[T])
}

func (d *Detail) readRelated(ctx context.Context, tx pgx.Tx) (err error) {
	c := d.Customer
	parents, err := related(ctx, tx, `c.province = $1 AND c.id = $2`, c.Province, c.ParentID)
	if err != nil {
		return fmt.Errorf("parent: %w", err)
	}
	if len(parents) > 0 {
		d.Parent = &parents[0]
	}
	if d.Children, err = related(ctx, tx, `c.province = $1 AND c.parent_id = $2`, c.Province, c.ID); err != nil {
		return fmt.Errorf("subsidiaries: %w", err)
	}
	d.SameCompany = []Related{}
	if c.CreditCode != "" {
		d.SameCompany, err = related(ctx, tx, `c.credit_code = $1 AND (c.province, c.id) <> ($2, $3)`, c.CreditCode, c.Province, c.ID)
		if err != nil {
			return fmt.Errorf("same company: %w", err)
		}
	}
	rows, err := tx.Query(ctx, `SELECT province, epoch, lsn::text AS lsn, data_time, CASE WHEN epoch > 0 THEN applied_at END AS applied_at
		FROM sync.freshness WHERE province = $1`, c.Province)
	if err != nil {
		return fmt.Errorf("freshness: %w", err)
	}
	d.Source, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Source])
	if errors.Is(err, pgx.ErrNoRows) { // the province's rows outlive its registration
		d.Source = Source{Province: c.Province}
		return nil
	}
	return err
}

func related(ctx context.Context, tx pgx.Tx, condition string, args ...any) ([]Related, error) {
	rows, err := tx.Query(ctx, `SELECT c.province, c.id, coalesce(c.number, '') AS number, coalesce(c.name, '') AS name,
			coalesce(c.class, '') AS class, coalesce(c.city, '') AS city
		FROM crm.customer c WHERE `+condition+fmt.Sprintf(` ORDER BY c.province, c.id LIMIT %d`, mostRelated), args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Related])
}
