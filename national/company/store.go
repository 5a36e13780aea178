package company

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/national/customer"
)

// Store reads the companies.
type Store struct {
	db   *pgxpool.Pool
	zone *time.Location // of the months
}

// NewStore makes the store; months begin in the zone.
func NewStore(db *pgxpool.Pool, zone *time.Location) *Store { return &Store{db, zone} }

// Compute groups the customers anew.
func (s *Store) Compute(ctx context.Context) error {
	if _, err := s.db.Exec(ctx, `SELECT crm.compute_companies()`); err != nil {
		return fmt.Errorf("compute companies: %w", err)
	}
	return nil
}

// Page is one page of the list.
type Page struct {
	Items      []Company
	Total      int       // of all pages
	ComputedAt time.Time // the list is of this moment
}

// sortColumns are the columns behind SortKeys. Ties are broken by the key, so that pages do not
// overlap.
var sortColumns = map[string]string{
	"provinces": "c.province_count", "name": "c.name", "class": "c.class", "customers": "c.customers", "creditCode": "c.credit_code",
}

// List gives one page of the companies that match. Faults: a filter out of bounds, Denied without
// nation.customer.read.
func (s *Store) List(ctx context.Context, caller account.Caller, f Filter) (page Page, err error) {
	if err := caller.Demand(account.NationCustomerRead); err != nil {
		return page, err
	}
	if err := f.check(); err != nil {
		return page, err
	}
	where, args := f.where()
	direction := " ASC"
	if f.Descending {
		direction = " DESC"
	}
	args["limit"], args["offset"] = f.Size, (f.Page-1)*f.Size
	batch := &pgx.Batch{}
	batch.Queue(`SELECT count(*), (SELECT at FROM crm.company_computed) FROM crm.company c `+where, args).
		QueryRow(func(row pgx.Row) error { return row.Scan(&page.Total, &page.ComputedAt) })
	batch.Queue(`SELECT c.credit_code, c.name, c.provinces, c.customers, c.active, c.class, c.key_account_since FROM crm.company c `+where+
		` ORDER BY `+sortColumns[f.Sort]+direction+`, c.credit_code LIMIT @limit OFFSET @offset`, args).
		Query(func(rows pgx.Rows) (err error) {
			page.Items, err = pgx.CollectRows(rows, pgx.RowToStructByName[Company])
			return err
		})
	if err := s.db.SendBatch(ctx, batch).Close(); err != nil {
		return page, fmt.Errorf("list companies: %w", err)
	}
	return page, nil
}

// where is the filter as a condition with its arguments.
func (f Filter) where() (string, pgx.NamedArgs) {
	conditions := []string{`true`}
	args := pgx.NamedArgs{}
	if len(f.Provinces) > 0 {
		conditions, args["provinces"] = append(conditions, `c.provinces @> @provinces::smallint[]`), f.Provinces
	}
	if f.KeyAccount != nil {
		conditions, args["key"] = append(conditions, `(c.key_account_since IS NOT NULL) = @key`), *f.KeyAccount
	}
	if text := strings.TrimSpace(f.Text); text != "" {
		code := strings.ToUpper(text) // credit codes are ASCII and the database compares bytes
		conditions = append(conditions, `(`+customer.NameCondition(text, "c.name", args)+` OR c.credit_code >= @code AND c.credit_code < @codeEnd)`)
		args["code"], args["codeEnd"] = code, code+"\u007f"
	}
	return `WHERE ` + strings.Join(conditions, ` AND `), args
}

// Get gives a company with its customers, all of it of one moment. Faults: NotFound for a credit
// code that neither a customer here nor the list of key accounts has, Denied without
// nation.customer.read.
func (s *Store) Get(ctx context.Context, caller account.Caller, creditCode string) (Detail, error) {
	if err := caller.Demand(account.NationCustomerRead); err != nil {
		return Detail{}, err
	}
	from, to := months(time.Now().In(s.zone))
	d := Detail{CreditCode: creditCode, From: from.Format("2006-01"), To: to.Format("2006-01")}
	args := pgx.NamedArgs{"code": creditCode, "from": from, "to": to}
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, s.db, options, func(tx pgx.Tx) (err error) {
		if err := d.readKeyAccount(ctx, tx, args); err != nil {
			return fmt.Errorf("key account: %w", err)
		}
		if d.Members, err = collect[Member](ctx, tx, members, args); err != nil {
			return fmt.Errorf("customers: %w", err)
		}
		if d.Income, err = collect[Income](ctx, tx, income, args); err != nil {
			return fmt.Errorf("income: %w", err)
		}
		return nil
	})
	if err != nil {
		return Detail{}, err
	}
	if len(d.Members) == 0 && d.KeyAccountSince == nil {
		return Detail{}, fault.New(fault.NotFound, "company.unknown")
	}
	if d.Name == "" {
		d.Name = d.Members[0].Name
	}
	return d, nil
}

func (d *Detail) readKeyAccount(ctx context.Context, tx pgx.Tx, args pgx.NamedArgs) error {
	rows, err := tx.Query(ctx, `SELECT name, since FROM ref.key_account
		WHERE credit_code = @code AND expired_at IS NULL ORDER BY province LIMIT 1`, args)
	if err != nil {
		return err
	}
	_, err = pgx.ForEachRow(rows, []any{&d.Name, &d.KeyAccountSince}, func() error { return nil })
	return err
}

// members are the company's customers, the most valuable first. Headquarters' tables refuse nothing,
// so a value may be missing.
const members = `SELECT c.province, c.id, coalesce(c.number, '') AS number, coalesce(c.name, '') AS name,
		coalesce(c.industry, '') AS industry, coalesce(c.city, '') AS city, coalesce(c.class, '') AS class,
		coalesce(c.lifecycle, '') AS lifecycle, coalesce(c.legal_person, '') AS legal_person, coalesce(c.address, '') AS address,
		c.registered_capital_fen, c.headcount, c.annual_sales_fen, coalesce(p.name, '') AS decision_maker,
		t.contracts, t.contract_fen, t.next_expiry, s.subscriptions, s.monthly_fee_fen,
		b.income_fen, b.year_before_fen, b.arrears_fen, f.data_time, c.updated_at
	FROM crm.customer c
	LEFT JOIN sync.freshness f ON f.province = c.province
	LEFT JOIN LATERAL (SELECT name FROM crm.contact WHERE province = c.province AND customer_id = c.id AND role = 'decision'
		ORDER BY id LIMIT 1) p ON true
	CROSS JOIN LATERAL (SELECT count(*) AS contracts, coalesce(sum(amount_fen), 0)::bigint AS contract_fen,
			coalesce(to_char(min(expires_on), 'YYYY-MM-DD'), '') AS next_expiry
		FROM crm.contract WHERE province = c.province AND customer_id = c.id AND status = 'active') t
	CROSS JOIN LATERAL (SELECT count(*) AS subscriptions, coalesce(sum(monthly_fee_fen), 0)::bigint AS monthly_fee_fen
		FROM crm.subscription WHERE province = c.province AND customer_id = c.id AND status = 'active') s
	CROSS JOIN LATERAL (SELECT
			coalesce(sum(amount_fen) FILTER (WHERE month BETWEEN @from AND @to), 0)::bigint AS income_fen,
			coalesce(sum(amount_fen) FILTER (WHERE month BETWEEN @from::date - interval '1 year' AND @to::date - interval '1 year'), 0)::bigint
				AS year_before_fen,
			coalesce(sum(amount_fen - paid_fen), 0)::bigint AS arrears_fen
		FROM crm.bill WHERE province = c.province AND customer_id = c.id) b
	WHERE c.credit_code = @code ORDER BY c.class, c.province, c.id`

const income = `SELECT to_char(b.month, 'YYYY-MM') AS month, b.province, coalesce(sum(b.amount_fen), 0)::bigint AS amount_fen
	FROM crm.customer c JOIN crm.bill b ON b.province = c.province AND b.customer_id = c.id
	WHERE c.credit_code = @code AND b.month BETWEEN @from AND @to
	GROUP BY b.month, b.province ORDER BY b.month, b.province`

func collect[T any](ctx context.Context, tx pgx.Tx, query string, args pgx.NamedArgs) ([]T, error) {
	rows, err := tx.Query(ctx, query, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[T])
}
