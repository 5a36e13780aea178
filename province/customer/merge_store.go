package customer

import (
	"context"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/pg"
)

// LockPair reads two customers in the caller's charge and keeps everything from being written to
// them or their families until the transaction ends. Unlike Lock it reaches merged ones. One that is
// unknown to the caller gives a NotFound fault.
func (s *Store) LockPair(ctx context.Context, tx pg.Tx, caller account.Caller, a, b int64) (first, second Customer, err error) {
	args := pgx.NamedArgs{"ids": []int64{a, b}}
	query := `SELECT ` + columns + ` FROM ` + tables + ` WHERE c.id = ANY (@ids) AND ` + Within(caller.InCharge(), args) + ` ORDER BY c.id FOR UPDATE OF c`
	rows, err := tx.PGX().Query(ctx, query, args)
	if err != nil {
		return first, second, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Customer])
	if err != nil {
		return first, second, err
	}
	for _, c := range list {
		switch c.ID {
		case a:
			first = c
		case b:
			second = c
		}
	}
	if first.ID == 0 || second.ID == 0 {
		return first, second, unknown(pgx.ErrNoRows)
	}
	return first, second, nil
}

// Point makes a customer, which LockPair holds, a pointer to another; 0 makes it one of its own again.
func (s *Store) Point(ctx context.Context, tx pg.Tx, id, into int64) error {
	_, err := tx.PGX().Exec(ctx, `UPDATE crm.customer SET merged_into = nullif($2, 0), version = version + 1, updated_at = now() WHERE id = $1`, id, into)
	return err
}

// Restore puts facts back that a customer, which the transaction has locked, had before. The table of
// the life cycle, the rights to decide single fields and the caller's scope are not asked: nothing new is
// decided. Faults: no right to change customers, a credit code that another took meanwhile (Exists).
func (s *Store) Restore(ctx context.Context, tx pg.Tx, caller account.Caller, before Customer, f Facts) (Customer, error) {
	if err := caller.Demand(account.CustomerChange); err != nil {
		return Customer{}, err
	}
	return s.save(ctx, tx, caller, account.System("restore"), before, f, reasons{})
}

// Below reports whether a customer stands below another in the tree, at any depth.
func (s *Store) Below(ctx context.Context, tx pg.Tx, id, above int64) (bool, error) {
	if _, err := tx.PGX().Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(treeLock)); err != nil {
		return false, err
	}
	return standsBelow(ctx, tx, id, above)
}
