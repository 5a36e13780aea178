package account

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"jike/internal/audit"
	"jike/internal/pg"
)

// Witness is a provider that says who somebody is: how people call it, how it is known everywhere (Issuer), and its
// own name for the person (Subject), which it gives to nobody else, ever.
type Witness struct{ Provider, Issuer, Subject string }

// vouched is the account of whom a provider vouches for.
type vouched struct {
	ID     int64
	Login  string
	Usable bool // neither closed nor locked
	Bound  bool // to the subject, so that the claim does not matter
}

// SignInBy gives the caller for whom a provider vouches that the node trusts. The first time the account is found by
// the login that the provider's claim states, and is bound to the subject; from then on the subject alone counts:
// whoever is given the claim later does not come in, and whose claim changes does. An account that is bound at another
// provider is bound anew. ErrNoAccount says that there is none, or that it is closed, locked or somebody else's.
// That a password must be changed is about the password only, and hinders nobody who comes this way.
func (s *Store) SignInBy(ctx context.Context, login string, w Witness) (Caller, error) {
	var v vouched
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		var err error
		if v, err = findVouched(ctx, tx, login, w); err != nil {
			return err
		}
		if err := bind(ctx, tx, v, w); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{
			Actor: v.Login, ActorID: v.ID, Action: "session.open", ObjectKind: "account", ObjectID: v.ID,
			After: map[string]any{"provider": w.Provider, "subject": w.Subject},
		})
	})
	if err != nil {
		return Caller{}, err
	}
	return s.Caller(ctx, v.ID)
}

// findVouched holds the account that is bound to the subject, or else the one with the login that is bound to none of
// the provider's.
func findVouched(ctx context.Context, tx pg.Tx, login string, w Witness) (vouched, error) {
	const query = `SELECT id, login, active AND coalesce(locked_until <= now(), true) AS usable, coalesce(issuer = $2 AND subject = $3, false) AS bound
		FROM account.account WHERE issuer = $2 AND subject = $3 OR login = $1 AND issuer IS DISTINCT FROM $2 ORDER BY bound DESC LIMIT 1 FOR UPDATE`
	rows, err := tx.PGX().Query(ctx, query, login, w.Issuer, w.Subject)
	if err != nil {
		return vouched{}, err
	}
	v, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[vouched])
	if errors.Is(err, pgx.ErrNoRows) || err == nil && !v.Usable {
		return vouched{}, ErrNoAccount
	}
	return v, err
}

// bind notes the sign-in, and the subject if it is the first one.
func bind(ctx context.Context, tx pg.Tx, v vouched, w Witness) error {
	if v.Bound {
		_, err := tx.PGX().Exec(ctx, `UPDATE account.account SET last_sign_in = now() WHERE id = $1`, v.ID)
		return err
	}
	const first = `UPDATE account.account SET last_sign_in = now(), issuer = $2, subject = $3, bound_at = now() WHERE id = $1`
	if _, err := tx.PGX().Exec(ctx, first, v.ID, w.Issuer, w.Subject); err != nil {
		return err
	}
	return audit.Record(ctx, tx, audit.Entry{
		Actor: v.Login, ActorID: v.ID, Action: "account.bind", ObjectKind: "account", ObjectID: v.ID,
		After: map[string]any{"issuer": w.Issuer, "subject": w.Subject},
	})
}

// Unbind has an account be bound at its next sign-in at the provider, to whom the claim names then, and ends its
// sessions. Before, the claim has to be put right at the provider. Faults: Denied, NotFound.
func (s *Store) Unbind(ctx context.Context, caller Caller, id int64) error {
	return s.administer(ctx, caller, id, "account.unbind", func(tx pg.Tx, before Account) (was, is map[string]any, err error) {
		const clear = `UPDATE account.account SET issuer = NULL, subject = NULL, bound_at = NULL WHERE id = $1`
		if _, err := tx.PGX().Exec(ctx, clear, id); err != nil {
			return nil, nil, err
		}
		return map[string]any{"subject": before.Subject}, map[string]any{"subject": ""}, endSessions(ctx, tx, id)
	})
}
