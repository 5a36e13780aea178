package situation

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/pg"
	"jike/province/customer"
	"jike/schemas/codes"
)

// Store keeps the notes.
type Store struct {
	db        *pgxpool.Pool
	customers *customer.Store
	zone      *time.Location
}

// NewStore makes the store; zone is the province's, which says what day it is.
func NewStore(db *pgxpool.Pool, customers *customer.Store, zone *time.Location) *Store {
	return &Store{db, customers, zone}
}

const columns = `id, customer_id, of_day, sales, headcount, plan, carrier, carrier_until, supplier, supplier_until, budget_month, body, author, at`

// List reads the notes on a customer within the caller's scope, that of the latest day first. Faults: NotFound.
func (s *Store) List(ctx context.Context, caller account.Caller, customerID int64) ([]Situation, error) {
	if _, err := s.customers.Get(ctx, caller, customerID); err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, `SELECT `+columns+` FROM crm.situation WHERE customer_id = $1 ORDER BY of_day DESC, id DESC LIMIT $2`, customerID, mostListed)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Situation])
}

// Add adds a note on a customer within the caller's scope. Faults: Denied, NotFound, wrong facts (joined).
func (s *Store) Add(ctx context.Context, caller account.Caller, customerID int64, f Facts) (Situation, error) {
	if err := caller.Demand(account.InteractionWrite); err != nil {
		return Situation{}, err
	}
	f, err := f.check(codes.Day(time.Now(), s.zone))
	if err != nil {
		return Situation{}, err
	}
	var added Situation
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if _, err := s.customers.Serve(ctx, tx, caller, customerID); err != nil {
			return err
		}
		const insert = `INSERT INTO crm.situation (customer_id, of_day, sales, headcount, plan, carrier, carrier_until, supplier, supplier_until, budget_month, body, author)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING ` + columns
		rows, err := tx.PGX().Query(ctx, insert, customerID, f.OfDay, f.Sales, f.Headcount, f.Plan, f.Carrier, f.CarrierUntil, f.Supplier, f.SupplierUntil,
			f.BudgetMonth, f.Body, caller.Actor())
		if err != nil {
			return err
		}
		if added, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Situation]); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{
			Actor: caller.Actor(), ActorID: caller.AccountID, Action: "situation.create", ObjectKind: "situation", ObjectID: added.ID, CustomerID: customerID,
			After: described(f),
		})
	})
	return added, err
}

// described is what a note states, as the audit trail keeps it.
func described(f Facts) map[string]any {
	stated := map[string]any{"ofDay": f.OfDay.Format(time.DateOnly)}
	for name, value := range map[string]string{
		"sales": string(f.Sales), "headcount": string(f.Headcount), "plan": string(f.Plan), "carrier": string(f.Carrier), "carrierUntil": dayOf(f.CarrierUntil),
		"supplier": f.Supplier, "supplierUntil": dayOf(f.SupplierUntil), "body": f.Body,
	} {
		if value != "" {
			stated[name] = value
		}
	}
	if f.BudgetMonth != 0 {
		stated["budgetMonth"] = f.BudgetMonth
	}
	return stated
}

// dayOf writes a day; none is empty.
func dayOf(day *time.Time) string {
	if day == nil {
		return ""
	}
	return day.Format(time.DateOnly)
}
