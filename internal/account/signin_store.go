package account

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
)

// credentials are an account's secret and the state of its lock.
type credentials struct {
	ID     int64
	Hash   string
	Role   Role
	Locked bool
}

// SignIn gives the caller whose login and password these are. Every refusal is the same
// Unauthenticated fault "session.refused", given RefuseAfter after the attempt, whether the login
// is unknown, the password wrong or the account locked. The lock counts failures in a row; while
// it lasts the right password is refused as well. Whose role may not sign in by password is told so
// ("session.provider_only"), once the password is right.
func (s *Store) SignIn(ctx context.Context, login, password string) (Caller, error) {
	answer := time.NewTimer(s.settings.RefuseAfter)
	defer answer.Stop()
	id, err := s.signIn(ctx, login, password)
	if err == nil {
		return s.Caller(ctx, id)
	}
	select {
	case <-answer.C:
	case <-ctx.Done():
	}
	return Caller{}, err
}

func (s *Store) signIn(ctx context.Context, login, password string) (int64, error) {
	refused := fault.New(fault.Unauthenticated, "session.refused",
		"failures", s.settings.MaxFailures, "minutes", int(s.settings.LockFor.Minutes()))
	if len(password) > 4*maxPassword { // no account has it; do not hash a megabyte
		password = ""
	}
	c, err := s.credentials(ctx, login)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		_, _, err := s.hasher.verify(ctx, s.hasher.decoy, password)
		return 0, errors.Join(err, refused)
	case err != nil:
		return 0, err
	}
	ok, outdated, err := s.hasher.verify(ctx, c.Hash, password)
	switch {
	case err != nil:
		return 0, err
	case c.Locked:
		return 0, refused
	case !ok:
		return 0, errors.Join(s.failed(ctx, c.ID, login), refused)
	case len(s.settings.PasswordRoles) > 0 && !slices.Contains(s.settings.PasswordRoles, c.Role):
		return 0, fault.New(fault.Unauthenticated, "session.provider_only")
	}
	return s.succeeded(ctx, c.ID, login, password, outdated, refused)
}

// credentials gives pgx.ErrNoRows for a login that is unknown or closed.
func (s *Store) credentials(ctx context.Context, login string) (credentials, error) {
	const query = `SELECT id, password_hash AS hash, role, coalesce(locked_until > now(), false) AS locked
		FROM account.account WHERE login = $1 AND active`
	rows, err := s.db.Query(ctx, query, login)
	if err != nil {
		return credentials{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[credentials])
}

// failed counts a failure and locks the account at the last one allowed, each time in a row for
// twice as long. The count starts anew after a lock has run out.
func (s *Store) failed(ctx context.Context, id int64, login string) error {
	const count = `WITH counted AS (
			SELECT id, CASE WHEN locked_until <= now() THEN 1 ELSE failed_logins + 1 END AS failures FROM account.account WHERE id = $1 FOR UPDATE)
		UPDATE account.account a SET
			failed_logins = c.failures,
			locks         = a.locks + (c.failures >= $2)::int,
			locked_until  = CASE WHEN c.failures >= $2 THEN now() + least($3::interval * power(2, least(a.locks, 20)), $4::interval) END
		FROM counted c WHERE a.id = c.id AND coalesce(a.locked_until <= now(), true) RETURNING a.locked_until IS NOT NULL`
	return pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		var locked bool
		err := tx.PGX().QueryRow(ctx, count, id, s.settings.MaxFailures, s.settings.LockFor, max(s.settings.MaxLock, s.settings.LockFor)).Scan(&locked)
		if errors.Is(err, pgx.ErrNoRows) { // another attempt has locked it meanwhile
			return nil
		}
		if err != nil || !locked {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{
			Actor: login, ActorID: id, Action: "session.lock", ObjectKind: "account", ObjectID: id,
		})
	})
}

// succeeded clears the count, unless the account was locked since its secret was read, and hashes
// the password anew where the cost has changed.
func (s *Store) succeeded(ctx context.Context, id int64, login, password string, outdated bool, refused error) (int64, error) {
	hash := ""
	if outdated {
		var err error
		if hash, err = s.hasher.hash(ctx, password); err != nil {
			return 0, err
		}
	}
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		const clear = `UPDATE account.account
			SET failed_logins = 0, locks = 0, locked_until = NULL, last_sign_in = now(), password_hash = coalesce(nullif($2, ''), password_hash)
			WHERE id = $1 AND active AND coalesce(locked_until <= now(), true)`
		tag, err := tx.PGX().Exec(ctx, clear, id, hash)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return refused
		}
		return audit.Record(ctx, tx, audit.Entry{
			Actor: login, ActorID: id, Action: "session.open", ObjectKind: "account", ObjectID: id,
		})
	})
	return id, err
}
