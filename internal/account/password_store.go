package account

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
)

// ChangePassword gives the caller's account another password and ends its sessions. A wrong old
// password counts as a failed sign-in. Faults: a wrong old password (Rule), a new one against the
// rules, or one of the last that the account had (Rule).
func (s *Store) ChangePassword(ctx context.Context, caller Caller, old, password string) error {
	c, err := s.credentials(ctx, caller.Login)
	if err != nil {
		return err
	}
	ok, _, err := s.hasher.verify(ctx, c.Hash, old)
	if err != nil {
		return err
	}
	if !ok || c.Locked {
		return errors.Join(s.failed(ctx, c.ID, caller.Login), fault.Field(fault.Rule, "old", "account.password.wrong"))
	}
	if err := CheckPassword(caller.Login, password); err != nil {
		return err
	}
	if err := s.checkUnused(ctx, c, password); err != nil {
		return err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	return pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if err := errors.Join(s.replacePassword(ctx, tx, c.ID, hash, false), endSessions(ctx, tx, c.ID)); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{
			Actor: caller.Actor(), ActorID: c.ID, Action: "account.password.change", ObjectKind: "account", ObjectID: c.ID,
		})
	})
}

// checkUnused gives a Rule fault if the password is the account's or one of the last that it had.
func (s *Store) checkUnused(ctx context.Context, c credentials, password string) error {
	const former = `SELECT password_hash FROM account.former_password WHERE account_id = $1 ORDER BY id DESC LIMIT $2`
	rows, err := s.db.Query(ctx, former, c.ID, max(0, s.settings.History-1))
	if err != nil {
		return err
	}
	hashes, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, hash := range append(hashes, c.Hash) {
		used, _, err := s.hasher.verify(ctx, hash, password)
		if err != nil {
			return err
		}
		if used {
			return fault.Field(fault.Rule, "password", "account.password.used", "history", s.settings.History)
		}
	}
	return nil
}

// replacePassword stores a hash, keeps the one before among the former ones, and opens the lock.
func (s *Store) replacePassword(ctx context.Context, tx pg.Tx, id int64, hash string, mustChange bool) error {
	const (
		keep   = `INSERT INTO account.former_password (account_id, password_hash) SELECT id, password_hash FROM account.account WHERE id = $1`
		forget = `DELETE FROM account.former_password WHERE account_id = $1 AND id NOT IN (
			SELECT id FROM account.former_password WHERE account_id = $1 ORDER BY id DESC LIMIT $2)`
		store = `UPDATE account.account SET password_hash = $2, password_at = now(), must_change = $3, failed_logins = 0, locks = 0, locked_until = NULL
			WHERE id = $1`
	)
	if _, err := tx.PGX().Exec(ctx, keep, id); err != nil {
		return err
	}
	if _, err := tx.PGX().Exec(ctx, forget, id, max(0, s.settings.History-1)); err != nil {
		return err
	}
	_, err := tx.PGX().Exec(ctx, store, id, hash, mustChange)
	return err
}
