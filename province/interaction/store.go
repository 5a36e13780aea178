package interaction

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

// Store keeps the interactions.
type Store struct {
	db        *pgxpool.Pool
	customers *customer.Store
}

// NewStore makes the store.
func NewStore(db *pgxpool.Pool, customers *customer.Store) *Store { return &Store{db, customers} }

const columns = `id, customer_id, contact_name, coalesce(contact_id, 0) AS contact_id, channel, at, subject, body, next_step, next_on, next_done,
	author, version, updated_at`

// Get reads an interaction with a customer within the caller's scope. Faults: NotFound.
func (s *Store) Get(ctx context.Context, caller account.Caller, id int64) (Interaction, error) {
	var i Interaction
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) (err error) {
		if i, err = one(ctx, tx, `SELECT `+columns+` FROM crm.interaction WHERE id = @id`, pgx.NamedArgs{"id": id}); err != nil {
			return err
		}
		_, err = s.customers.GetIn(ctx, tx, caller, i.CustomerID)
		return hidden(err)
	})
	if err != nil {
		return Interaction{}, err
	}
	return i, nil
}

// Add adds an interaction with a customer within the caller's scope. Faults: Denied, NotFound, wrong facts
// (joined), a contact of another customer.
func (s *Store) Add(ctx context.Context, caller account.Caller, customerID int64, f Facts) (Interaction, error) {
	if err := caller.Demand(account.InteractionWrite); err != nil {
		return Interaction{}, err
	}
	f, err := f.check(time.Now())
	if err != nil {
		return Interaction{}, err
	}
	var added Interaction
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if _, err := s.customers.Serve(ctx, tx, caller, customerID); err != nil {
			return err
		}
		args, err := arguments(ctx, tx, customerID, f)
		if err != nil {
			return err
		}
		args["author"] = caller.Actor()
		const insert = `INSERT INTO crm.interaction (customer_id, contact_id, contact_name, channel, at, subject, body, next_step, next_on, next_done, author)
			VALUES (@customer_id, nullif(@contact_id::bigint, 0), @contact_name, @channel, @at, @subject, @body, @next_step, @next_on, @next_done, @author)
			RETURNING ` + columns
		if added, err = one(ctx, tx, insert, args); err != nil {
			return err
		}
		return record(ctx, tx, caller, "interaction.create", added, nil, described(added))
	})
	return added, err
}

// Change replaces the facts of an interaction that the caller saw in the given version. Faults are those of
// Add, and a *fault.StaleError for another version.
func (s *Store) Change(ctx context.Context, caller account.Caller, id int64, version int32, f Facts) (Interaction, error) {
	if err := caller.Demand(account.InteractionWrite); err != nil {
		return Interaction{}, err
	}
	var changed Interaction
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		before, err := one(ctx, tx, `SELECT `+columns+` FROM crm.interaction WHERE id = @id FOR NO KEY UPDATE`, pgx.NamedArgs{"id": id})
		if err != nil {
			return err
		}
		if _, err := s.customers.Serve(ctx, tx, caller, before.CustomerID); err != nil {
			return hidden(err)
		}
		if before.Version != version {
			return fault.Stale("interaction.version.conflict", before.Version, before)
		}
		if f, err = f.check(time.Now()); err != nil {
			return err
		}
		args, err := arguments(ctx, tx, before.CustomerID, f)
		if err != nil {
			return err
		}
		if f.ContactID == 0 && before.ContactID == 0 {
			args["contact_name"] = before.ContactName // of a contact that was removed
		}
		args["id"] = id
		const update = `UPDATE crm.interaction SET contact_id = nullif(@contact_id::bigint, 0), contact_name = @contact_name, channel = @channel, at = @at,
				subject = @subject, body = @body, next_step = @next_step, next_on = @next_on, next_done = @next_done,
				version = version + 1, updated_at = now()
			WHERE id = @id RETURNING ` + columns
		if changed, err = one(ctx, tx, update, args); err != nil {
			return err
		}
		was, is := audit.Differences(described(before), described(changed))
		return record(ctx, tx, caller, "interaction.change", changed, was, is)
	})
	return changed, err
}

// arguments are the facts for a query, with the name of the contact as it is now.
func arguments(ctx context.Context, tx pg.Tx, customerID int64, f Facts) (pgx.NamedArgs, error) {
	args := pgx.NamedArgs{
		"customer_id": customerID, "contact_id": f.ContactID, "contact_name": "", "channel": string(f.Channel), "at": f.At, "subject": f.Subject,
		"body": f.Body, "next_step": f.NextStep, "next_on": f.NextOn, "next_done": f.NextDone,
	}
	if f.ContactID == 0 {
		return args, nil
	}
	var name string
	err := tx.PGX().QueryRow(ctx, `SELECT name FROM crm.contact WHERE id = $1 AND customer_id = $2`, f.ContactID, customerID).Scan(&name)
	if errors.Is(err, pgx.ErrNoRows) {
		err = fault.Field(fault.Rule, "contactId", "contact.unknown")
	}
	args["contact_name"] = name
	return args, err
}

func one(ctx context.Context, tx pg.Tx, query string, args pgx.NamedArgs) (Interaction, error) {
	rows, err := tx.PGX().Query(ctx, query, args)
	if err != nil {
		return Interaction{}, err
	}
	i, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Interaction])
	if errors.Is(err, pgx.ErrNoRows) {
		err = fault.New(fault.NotFound, "interaction.unknown")
	}
	return i, err
}

// hidden makes what the caller may not see as if it were not there.
func hidden(err error) error {
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, "interaction.unknown")
	}
	return err
}

// described is an interaction as the audit trail keeps it.
func described(i Interaction) map[string]any {
	next := ""
	if i.NextOn != nil {
		next = i.NextOn.Format(time.DateOnly)
	}
	return map[string]any{
		"contact": i.ContactName, "channel": i.Channel, "at": i.At.UTC().Format(time.RFC3339), "subject": i.Subject, "body": i.Body,
		"nextStep": i.NextStep, "nextOn": next, "nextDone": i.NextDone,
	}
}

func record(ctx context.Context, tx pg.Tx, caller account.Caller, action string, i Interaction, before, after map[string]any) error {
	e := audit.Entry{
		Actor: caller.Actor(), ActorID: caller.AccountID, Action: action, ObjectKind: "interaction", ObjectID: i.ID, CustomerID: i.CustomerID, After: after,
	}
	if before != nil {
		e.Before = before
	}
	return audit.Record(ctx, tx, e)
}
