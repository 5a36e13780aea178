package contract

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

// Store keeps the contracts.
type Store struct {
	db        *pgxpool.Pool
	customers *customer.Store
	zone      *time.Location
}

// NewStore makes the store; zone is the province's, which says what day it is.
func NewStore(db *pgxpool.Pool, customers *customer.Store, zone *time.Location) *Store {
	return &Store{db, customers, zone}
}

const columns = `id, customer_id, number, name, signed_on, effective_on, expires_on, auto_renew, amount_fen, status,
	coalesce(renews_id, 0) AS renews_id, version, updated_at`

// List reads a customer's contracts, the one that expires last first. The caller must have been
// shown the customer.
func (s *Store) List(ctx context.Context, tx pg.Tx, customerID int64) ([]Contract, error) {
	rows, err := tx.PGX().Query(ctx, `SELECT `+columns+` FROM crm.contract WHERE customer_id = $1 ORDER BY expires_on DESC, id LIMIT 500`, customerID)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Contract])
}

// Add adds a contract to a customer within the caller's scope. Faults: NotFound, wrong facts
// (joined), a number that is taken (Exists).
func (s *Store) Add(ctx context.Context, caller account.Caller, customerID int64, f Facts) (Contract, error) {
	var added Contract
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) (err error) {
		added, err = s.AddIn(ctx, tx, caller, customerID, f)
		return err
	})
	return added, err
}

// AddIn is Add in a transaction.
func (s *Store) AddIn(ctx context.Context, tx pg.Tx, caller account.Caller, customerID int64, f Facts) (Contract, error) {
	if err := caller.Demand(account.ContractChange); err != nil {
		return Contract{}, err
	}
	national, err := s.customers.Family(ctx, tx, caller, customerID)
	if err != nil {
		return Contract{}, err
	}
	f, err = f.check()
	if err := errors.Join(err, begin(f)); err != nil {
		return Contract{}, err
	}
	const insert = `INSERT INTO crm.contract (customer_id, national, number, name, signed_on, effective_on, expires_on, auto_renew, amount_fen, status)
		VALUES (@customer_id, @national, @number, @name, @signed_on, @effective_on, @expires_on, @auto_renew, @amount_fen, @status)
		RETURNING ` + columns
	args := arguments(f)
	args["customer_id"], args["national"] = customerID, national
	added, err := one(ctx, tx, insert, args)
	if err != nil {
		return Contract{}, err
	}
	return added, record(ctx, tx, caller, "contract.create", added.ID, customerID, nil, described(f))
}

// Renew adds a contract that renews another one of a customer within the caller's scope; what is renewed
// ends when the new one is in force. Faults: those of Add, a contract that cannot be renewed (Rule), one that
// is renewed already (Exists).
func (s *Store) Renew(ctx context.Context, caller account.Caller, id int64, f Facts) (Contract, error) {
	var added Contract
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		of, err := s.lock(ctx, tx, caller, id)
		if err != nil {
			return err
		}
		if err := renew(of, f); err != nil {
			return err
		}
		if added, err = s.AddIn(ctx, tx, caller, of.CustomerID, f); err != nil {
			return err
		}
		added, err = one(ctx, tx, `UPDATE crm.contract SET renews_id = @of WHERE id = @id RETURNING `+columns, pgx.NamedArgs{"id": added.ID, "of": id})
		if err != nil {
			return err
		}
		if err := record(ctx, tx, caller, "contract.renew", added.ID, of.CustomerID, nil, map[string]any{"number": f.Number, "renews": of.Number}); err != nil {
			return err
		}
		return s.succeed(ctx, tx, caller, added)
	})
	return added, err
}

// succeed ends what a contract renews once that is in force.
func (s *Store) succeed(ctx context.Context, tx pg.Tx, caller account.Caller, by Contract) error {
	if by.RenewsID == 0 || by.Status != Active {
		return nil
	}
	of, err := one(ctx, tx, `SELECT `+columns+` FROM crm.contract WHERE id = @id FOR NO KEY UPDATE`, pgx.NamedArgs{"id": by.RenewsID})
	if err != nil {
		return err
	}
	_, err = s.write(ctx, tx, caller, of, succeeded(of.Facts, by.Facts, s.today()))
	return err
}

// Change replaces the facts of a contract that the caller saw in the given version. Faults are those
// of Add, and a *fault.StaleError for another version.
func (s *Store) Change(ctx context.Context, caller account.Caller, id int64, version int32, f Facts) (Contract, error) {
	var changed Contract
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		before, err := s.lock(ctx, tx, caller, id)
		if err != nil {
			return err
		}
		if before.Version != version {
			return fault.Stale("contract.version.conflict", before.Version, before)
		}
		f, err := f.check()
		if err := errors.Join(err, change(before.Facts, f)); err != nil {
			return err
		}
		if changed, err = s.write(ctx, tx, caller, before, f); err != nil {
			return err
		}
		return s.succeed(ctx, tx, caller, changed)
	})
	return changed, err
}

// write gives a contract that is locked new facts; the same change nothing.
func (s *Store) write(ctx context.Context, tx pg.Tx, caller account.Caller, before Contract, f Facts) (Contract, error) {
	was, is := audit.Differences(described(before.Facts), described(f))
	if len(was) == 0 {
		return before, nil
	}
	const update = `UPDATE crm.contract SET number = @number, name = @name, signed_on = @signed_on, effective_on = @effective_on,
			expires_on = @expires_on, auto_renew = @auto_renew, amount_fen = @amount_fen, status = @status,
			version = version + 1, updated_at = now()
		WHERE id = @id RETURNING ` + columns
	args := arguments(f)
	args["id"] = before.ID
	changed, err := one(ctx, tx, update, args)
	if err != nil {
		return Contract{}, err
	}
	return changed, record(ctx, tx, caller, "contract.change", before.ID, before.CustomerID, was, is)
}

// lock reads a contract of a customer within the caller's scope and keeps others from changing it.
func (s *Store) lock(ctx context.Context, tx pg.Tx, caller account.Caller, id int64) (Contract, error) {
	if err := caller.Demand(account.ContractChange); err != nil {
		return Contract{}, err
	}
	var customerID int64
	if err := tx.PGX().QueryRow(ctx, `SELECT customer_id FROM crm.contract WHERE id = $1`, id).Scan(&customerID); err != nil {
		return Contract{}, known(err)
	}
	if _, err := s.customers.Family(ctx, tx, caller, customerID); err != nil {
		if fault.Is(err, fault.NotFound) {
			return Contract{}, known(pgx.ErrNoRows)
		}
		return Contract{}, err
	}
	return one(ctx, tx, `SELECT `+columns+` FROM crm.contract WHERE id = @id FOR NO KEY UPDATE`, pgx.NamedArgs{"id": id})
}

func one(ctx context.Context, tx pg.Tx, query string, args pgx.NamedArgs) (Contract, error) {
	rows, err := tx.PGX().Query(ctx, query, args)
	if err != nil {
		return Contract{}, err
	}
	c, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Contract])
	return c, known(err)
}

func arguments(f Facts) pgx.NamedArgs {
	return pgx.NamedArgs{
		"number": f.Number, "name": f.Name, "signed_on": f.SignedOn, "effective_on": f.EffectiveOn, "expires_on": f.ExpiresOn,
		"auto_renew": f.AutoRenew, "amount_fen": f.AmountFen, "status": string(f.Status),
	}
}

// described is a contract as the audit trail keeps it.
func described(f Facts) map[string]any {
	const day = "2006-01-02"
	return map[string]any{
		"number": f.Number, "name": f.Name, "signedOn": f.SignedOn.Format(day), "effectiveOn": f.EffectiveOn.Format(day),
		"expiresOn": f.ExpiresOn.Format(day), "autoRenew": f.AutoRenew, "amountFen": f.AmountFen, "status": f.Status,
	}
}

func record(ctx context.Context, tx pg.Tx, caller account.Caller, action string, id, customerID int64, before, after map[string]any) error {
	e := audit.Entry{
		Actor: caller.Actor(), ActorID: caller.AccountID, Action: action, ObjectKind: "contract", ObjectID: id, CustomerID: customerID, After: after,
	}
	if before != nil {
		e.Before = before
	}
	return audit.Record(ctx, tx, e)
}

// known turns PostgreSQL's refusals into faults.
func known(err error) error {
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return fault.New(fault.NotFound, "contract.unknown")
	case pg.Violates(err, "contract_number_is_unique"):
		return fault.Field(fault.Exists, "number", "contract.number.exists")
	case pg.Violates(err, "contract_is_renewed_once"):
		return fault.New(fault.Exists, "contract.renewal.exists")
	}
	return err
}
