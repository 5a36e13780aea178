package customer

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/schemas/codes"
)

// Names lists a customer's names, today's first. One that does not exist or that the caller may not see is a
// NotFound fault.
func (s *Store) Names(ctx context.Context, caller account.Caller, id int64) ([]Name, error) {
	c, err := s.Get(ctx, caller, id)
	if err != nil {
		return nil, err
	}
	return names(ctx, s.db, c)
}

func names(ctx context.Context, db queryer, c Customer) ([]Name, error) {
	rows, err := db.Query(ctx, `SELECT name AS text, former, name = ANY ($2) AS stated FROM crm.customer_name WHERE customer_id = $1
		ORDER BY former, name LIMIT 200`, c.ID, statedNames(c))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Name])
}

// AddName adds a former name to a customer within the caller's scope and gives all of them. Faults: Denied,
// NotFound, no name or one that is too long, one that the customer has already (Exists).
func (s *Store) AddName(ctx context.Context, caller account.Caller, id int64, text string) ([]Name, error) {
	return s.changeNames(ctx, caller, id, func(tx pg.Tx, c Customer) (audit.Entry, error) {
		text, err := formerName(c, text)
		if err != nil {
			return audit.Entry{}, err
		}
		added := codes.CompanyNames(text)
		if len(added) == 0 {
			return audit.Entry{}, fault.Field(fault.Format, "name", "input.format")
		}
		const insert = `INSERT INTO crm.customer_name (customer_id, name, core, place, former) VALUES ($1, $2, $3, $4, true) ON CONFLICT DO NOTHING`
		tag, err := tx.PGX().Exec(ctx, insert, c.ID, text, added[0].Core, added[0].Place)
		if err == nil && tag.RowsAffected() == 0 {
			err = fault.Field(fault.Exists, "name", "customer.name.exists")
		}
		return audit.Entry{Action: "customer.name.add", After: map[string]any{"formerName": text}}, err
	})
}

// RemoveName takes a former name from a customer within the caller's scope and gives those that are left.
// Faults: Denied, NotFound, also for a name that is not a former one, and Rule for one that today's name states.
func (s *Store) RemoveName(ctx context.Context, caller account.Caller, id int64, text string) ([]Name, error) {
	return s.changeNames(ctx, caller, id, func(tx pg.Tx, c Customer) (audit.Entry, error) {
		if slices.Contains(statedNames(c), text) {
			return audit.Entry{}, fault.New(fault.Rule, "customer.name.stated")
		}
		tag, err := tx.PGX().Exec(ctx, `DELETE FROM crm.customer_name WHERE customer_id = $1 AND name = $2 AND former`, c.ID, text)
		if err == nil && tag.RowsAffected() == 0 {
			err = fault.New(fault.NotFound, "customer.name.unknown")
		}
		return audit.Entry{Action: "customer.name.remove", Before: map[string]any{"formerName": text}}, err
	})
}

// changeNames does a change of a customer's names and records it.
func (s *Store) changeNames(ctx context.Context, caller account.Caller, id int64, change func(pg.Tx, Customer) (audit.Entry, error)) (list []Name, err error) {
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if err := caller.Demand(account.CustomerChange); err != nil {
			return err
		}
		c, err := s.Lock(ctx, tx, caller, id)
		if err != nil {
			return err
		}
		e, err := change(tx, c)
		if err != nil {
			return err
		}
		e.Actor, e.ActorID, e.ObjectKind, e.ObjectID, e.CustomerID = caller.Actor(), caller.AccountID, "customer", id, id
		if err := audit.Record(ctx, tx, e); err != nil {
			return err
		}
		list, err = names(ctx, tx.PGX(), c)
		return err
	})
	return list, err
}
