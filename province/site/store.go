package site

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
	"jike/province/customer"
)

// Store keeps the sites.
type Store struct {
	db        *pgxpool.Pool
	customers *customer.Store
}

// NewStore makes the store.
func NewStore(db *pgxpool.Pool, customers *customer.Store) *Store { return &Store{db, customers} }

const columns = `s.id, s.customer_id, s.name, s.kind, s.city, s.district, s.street, coalesce(s.contact_id, 0) AS contact_id, s.opened_on, s.closed_on,
	coalesce((SELECT c.name FROM crm.contact c WHERE c.id = s.contact_id), '') AS contact_name, s.version, s.updated_at`

// Page is one page of a customer's sites.
type Page struct {
	Items []Site
	Total int
}

// List reads a page, from 1, of the sites of a customer, in the order in which they were entered. One that the
// caller may not see is a NotFound fault.
func (s *Store) List(ctx context.Context, caller account.Caller, customerID int64, page, size int) (found Page, err error) {
	moment := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, s.db, moment, func(tx pgx.Tx) error {
		if _, err := s.customers.GetIn(ctx, pg.AsTx(tx), caller, customerID); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM crm.site WHERE customer_id = $1`, customerID).Scan(&found.Total); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT `+columns+` FROM crm.site s WHERE s.customer_id = $1 ORDER BY s.id LIMIT $2 OFFSET $3`, customerID, size, (page-1)*size)
		if err != nil {
			return err
		}
		found.Items, err = pgx.CollectRows(rows, pgx.RowToStructByName[Site])
		return err
	})
	return found, err
}

// Add adds a site to a customer within the caller's scope. Faults: Denied, NotFound, wrong facts (joined), a
// contact that is not the customer's (Rule).
func (s *Store) Add(ctx context.Context, caller account.Caller, customerID int64, f Facts) (Site, error) {
	var added Site
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if err := caller.Demand(account.CustomerChange); err != nil {
			return err
		}
		if _, err := s.customers.Family(ctx, tx, caller, customerID); err != nil {
			return err
		}
		f, err := f.check()
		if err := errors.Join(err, isOf(ctx, tx, customerID, f.ContactID)); err != nil {
			return err
		}
		args := arguments(f)
		args["customer_id"] = customerID
		added, err = one(ctx, tx, `INSERT INTO crm.site AS s (customer_id, name, kind, city, district, street, contact_id, opened_on, closed_on)
			VALUES (@customer_id, @name, @kind, @city, @district, @street, @contact_id, @opened_on, @closed_on) RETURNING `+columns, args)
		if err != nil {
			return err
		}
		return record(ctx, tx, caller, "site.create", added, nil, described(added))
	})
	return added, err
}

// Change replaces the facts of a site that the caller saw in the given version; closing it is one of them.
// Faults are those of Add, and a *fault.StaleError for another version.
func (s *Store) Change(ctx context.Context, caller account.Caller, id int64, version int32, f Facts) (Site, error) {
	var changed Site
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		before, err := s.lock(ctx, tx, caller, id)
		if err != nil {
			return err
		}
		if before.Version != version {
			return fault.Stale("site.version.conflict", before.Version, before)
		}
		f, err := f.check()
		if f.ContactID != before.ContactID {
			err = errors.Join(err, isOf(ctx, tx, before.CustomerID, f.ContactID))
		}
		if err != nil {
			return err
		}
		args := arguments(f)
		args["id"] = id
		changed, err = one(ctx, tx, `UPDATE crm.site AS s SET name = @name, kind = @kind, city = @city, district = @district, street = @street,
				contact_id = @contact_id, opened_on = @opened_on, closed_on = @closed_on, version = version + 1, updated_at = now()
			WHERE id = @id RETURNING `+columns, args)
		if err != nil {
			return err
		}
		was, is := audit.Differences(described(before), described(changed))
		return record(ctx, tx, caller, "site.change", changed, was, is)
	})
	return changed, err
}

// lock reads a site of a customer within the caller's scope and keeps others from changing it.
func (s *Store) lock(ctx context.Context, tx pg.Tx, caller account.Caller, id int64) (Site, error) {
	if err := caller.Demand(account.CustomerChange); err != nil {
		return Site{}, err
	}
	var customerID int64
	if err := tx.PGX().QueryRow(ctx, `SELECT customer_id FROM crm.site WHERE id = $1`, id).Scan(&customerID); err != nil {
		return Site{}, known(err)
	}
	if _, err := s.customers.Family(ctx, tx, caller, customerID); err != nil {
		if fault.Is(err, fault.NotFound) {
			return Site{}, known(pgx.ErrNoRows)
		}
		return Site{}, err
	}
	return one(ctx, tx, `SELECT `+columns+` FROM crm.site s WHERE s.id = @id FOR NO KEY UPDATE`, pgx.NamedArgs{"id": id})
}

// isOf gives the fault of a contact that is not the customer's.
func isOf(ctx context.Context, tx pg.Tx, customerID, contactID int64) error {
	if contactID == 0 {
		return nil
	}
	var is bool
	err := tx.PGX().QueryRow(ctx, `SELECT EXISTS (SELECT FROM crm.contact WHERE id = $1 AND customer_id = $2)`, contactID, customerID).Scan(&is)
	if err == nil && !is {
		return fault.Field(fault.Rule, "contactId", "site.contact.unknown")
	}
	return err
}

func one(ctx context.Context, tx pg.Tx, query string, args pgx.NamedArgs) (Site, error) {
	rows, err := tx.PGX().Query(ctx, query, args)
	if err != nil {
		return Site{}, err
	}
	site, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Site])
	return site, known(err)
}

func known(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.NotFound, "site.unknown")
	}
	return err
}

func arguments(f Facts) pgx.NamedArgs {
	contact := &f.ContactID
	if f.ContactID == 0 {
		contact = nil
	}
	return pgx.NamedArgs{
		"name": f.Name, "kind": string(f.Kind), "city": string(f.City), "district": f.District, "street": f.Street,
		"contact_id": contact, "opened_on": f.OpenedOn, "closed_on": f.ClosedOn,
	}
}

// described is a site as the audit trail keeps it.
func described(s Site) map[string]any {
	return map[string]any{
		"name": s.Name, "kind": string(s.Kind), "city": string(s.City), "district": s.District, "street": s.Street,
		"contact": s.ContactName, "openedOn": day(s.OpenedOn), "closedOn": day(s.ClosedOn),
	}
}

// day writes a day as YYYY-MM-DD, none as an empty text.
func day(d *time.Time) string {
	if d == nil {
		return ""
	}
	return d.Format(time.DateOnly)
}

func record(ctx context.Context, tx pg.Tx, caller account.Caller, action string, s Site, before, after map[string]any) error {
	return audit.Record(ctx, tx, audit.Entry{
		Actor: caller.Actor(), ActorID: caller.AccountID, Action: action, ObjectKind: "site", ObjectID: s.ID, CustomerID: s.CustomerID,
		Before: before, After: after,
	})
}
