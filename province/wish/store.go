package wish

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

// Store keeps the wishes.
type Store struct {
	db        *pgxpool.Pool
	customers *customer.Store
	zone      *time.Location
}

// NewStore makes the store; zone is the province's, which says what day it is.
func NewStore(db *pgxpool.Pool, customers *customer.Store, zone *time.Location) *Store {
	return &Store{db, customers, zone}
}

const columns = `w.id, w.customer_id, w.kind, w.body, w.wanted_on, w.status, w.answer, w.author, w.at, w.answered_by, w.answered_at, w.version`

// Of reads the wishes of a customer within the caller's scope, those that are open first and the newest first among
// them. Faults: NotFound.
func (s *Store) Of(ctx context.Context, caller account.Caller, customerID int64) ([]Wish, error) {
	if _, err := s.customers.Get(ctx, caller, customerID); err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, `SELECT `+columns+` FROM crm.wish w WHERE w.customer_id = $1 ORDER BY w.status <> 'open', w.id DESC LIMIT $2`, customerID, mostOfOne)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Wish])
}

// Add adds a wish of a customer within the caller's scope; one that is answered at once, of a customer in the caller's
// charge. Faults: Denied, NotFound, wrong facts (joined).
func (s *Store) Add(ctx context.Context, caller account.Caller, customerID int64, f Facts) (Wish, error) {
	if err := caller.Demand(account.InteractionWrite); err != nil {
		return Wish{}, err
	}
	f, err := f.check()
	if err != nil {
		return Wish{}, err
	}
	var added Wish
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if _, err := s.customers.Serve(ctx, tx, caller, customerID); err != nil {
			return err
		}
		if err := s.promises(ctx, tx, caller, customerID, Open, f.Status); err != nil {
			return err
		}
		args := arguments(Wish{}.settle(f, caller.Actor(), time.Now()))
		args["customer_id"], args["author"] = customerID, caller.Actor()
		const insert = `INSERT INTO crm.wish AS w (customer_id, kind, body, wanted_on, status, answer, author, answered_by, answered_at)
			VALUES (@customer_id, @kind, @body, @wanted_on, @status, @answer, @author, @answered_by, @answered_at) RETURNING ` + columns
		if added, err = one(ctx, tx, insert, args); err != nil {
			return err
		}
		return record(ctx, tx, caller, "wish.create", added, nil, described(f))
	})
	return added, err
}

// Change replaces the facts of a wish that the caller saw in the given version; those of one that was answered, or is to
// be, where the customer is in the caller's charge. Faults are those of Add, and a *fault.StaleError for another version.
func (s *Store) Change(ctx context.Context, caller account.Caller, id int64, version int32, f Facts) (Wish, error) {
	if err := caller.Demand(account.InteractionWrite); err != nil {
		return Wish{}, err
	}
	var changed Wish
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		before, err := one(ctx, tx, `SELECT `+columns+` FROM crm.wish w WHERE w.id = @id FOR NO KEY UPDATE`, pgx.NamedArgs{"id": id})
		if err != nil {
			return err
		}
		if _, err := s.customers.Serve(ctx, tx, caller, before.CustomerID); err != nil {
			return hidden(err)
		}
		if before.Version != version {
			return fault.Stale("wish.version.conflict", before.Version, before)
		}
		if f, err = f.check(); err != nil {
			return err
		}
		if err := s.promises(ctx, tx, caller, before.CustomerID, before.Status, f.Status); err != nil {
			return err
		}
		args := arguments(before.settle(f, caller.Actor(), time.Now()))
		args["id"] = id
		const update = `UPDATE crm.wish w SET kind = @kind, body = @body, wanted_on = @wanted_on, status = @status, answer = @answer,
				answered_by = @answered_by, answered_at = @answered_at, version = version + 1
			WHERE w.id = @id RETURNING ` + columns
		if changed, err = one(ctx, tx, update, args); err != nil {
			return err
		}
		was, is := audit.Differences(described(before.Facts), described(f))
		return record(ctx, tx, caller, "wish.change", changed, was, is)
	})
	return changed, err
}

// promises gives the Denied fault to who serves the customer without being in charge of it, for a wish that was answered
// or is to be.
func (s *Store) promises(ctx context.Context, tx pg.Tx, caller account.Caller, customerID int64, before, after Status) error {
	if before == Open && after == Open {
		return nil
	}
	return s.customers.InCharge(ctx, tx, caller, customerID)
}

func arguments(w Wish) pgx.NamedArgs {
	return pgx.NamedArgs{
		"kind": w.Kind, "body": w.Body, "wanted_on": w.WantedOn, "status": w.Status, "answer": w.Answer, "answered_by": w.AnsweredBy, "answered_at": w.AnsweredAt,
	}
}

func one(ctx context.Context, tx pg.Tx, query string, args pgx.NamedArgs) (Wish, error) {
	rows, err := tx.PGX().Query(ctx, query, args)
	if err != nil {
		return Wish{}, err
	}
	w, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Wish])
	return w, known(err)
}

func known(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.NotFound, "wish.unknown")
	}
	return err
}

// hidden makes what the caller may not see as if it were not there.
func hidden(err error) error {
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, "wish.unknown")
	}
	return err
}

// described is a wish as the audit trail keeps it.
func described(f Facts) map[string]any {
	wanted := ""
	if f.WantedOn != nil {
		wanted = f.WantedOn.Format(time.DateOnly)
	}
	return map[string]any{"kind": f.Kind, "body": f.Body, "wantedOn": wanted, "status": f.Status, "answer": f.Answer}
}

func record(ctx context.Context, tx pg.Tx, caller account.Caller, action string, w Wish, before, after map[string]any) error {
	e := audit.Entry{
		Actor: caller.Actor(), ActorID: caller.AccountID, Action: action, ObjectKind: "wish", ObjectID: w.ID, CustomerID: w.CustomerID, After: after,
	}
	if before != nil {
		e.Before = before
	}
	return audit.Record(ctx, tx, e)
}
