package account

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
)

// Account is a person's account without its secret.
type Account struct {
	ID          int64
	Login       string
	Name        string
	Role        Role
	UnitID      int64 // 0: none
	Language    string
	Active      bool
	Locked      bool       // by failures in a row, until LockedUntil
	LockedUntil *time.Time // of the last lock
	MustChange  bool       // at the next sign-in
	PasswordAt  time.Time  // since when the password holds
	LastSignIn  *time.Time // nil: never
	CreatedAt   time.Time
	Subject     string     // by which the provider of single sign-on knows the person; empty: it was never used
	BoundAt     *time.Time // to the subject
	Version     int32
}

// Filter says which accounts a list holds. The zero value of a field restricts nothing.
type Filter struct {
	Text  string // part of a login or name
	Role  Role
	State string // "active", "closed" or "locked"
	Page  int    // from 1
	Size  int
}

const accountColumns = `id, login, name, role, coalesce(unit_id, 0) AS unit_id, language, active, coalesce(locked_until > now(), false) AS locked,
	locked_until, must_change, password_at, last_sign_in, created_at, coalesce(subject, '') AS subject, bound_at, version`

// List reads a page of accounts in the order of their logins, and how many there are in all. It
// needs account.manage.
func (s *Store) List(ctx context.Context, caller Caller, f Filter) (page []Account, total int, err error) {
	if err := caller.Demand(AccountManage); err != nil {
		return nil, 0, err
	}
	const which = ` FROM account.account WHERE (@text = '' OR login ILIKE @pattern OR name ILIKE @pattern) AND (@role = '' OR role = @role)
		AND CASE @state WHEN 'active' THEN active WHEN 'closed' THEN NOT active WHEN 'locked' THEN coalesce(locked_until > now(), false) ELSE true END`
	args := pgx.NamedArgs{
		"text": f.Text, "pattern": "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(f.Text) + "%",
		"role": string(f.Role), "state": f.State, "size": f.Size, "skip": (f.Page - 1) * f.Size,
	}
	if err := s.db.QueryRow(ctx, `SELECT count(*)`+which, args).Scan(&total); err != nil {
		return nil, 0, err
	}
	rows, err := s.db.Query(ctx, `SELECT `+accountColumns+which+` ORDER BY login LIMIT @size OFFSET @skip`, args)
	if err != nil {
		return nil, 0, err
	}
	page, err = pgx.CollectRows(rows, pgx.RowToStructByName[Account])
	return page, total, err
}

// Get reads one account, or gives a NotFound fault. It needs account.manage.
func (s *Store) Get(ctx context.Context, caller Caller, id int64) (Account, error) {
	if err := caller.Demand(AccountManage); err != nil {
		return Account{}, err
	}
	rows, err := s.db.Query(ctx, `SELECT `+accountColumns+` FROM account.account WHERE id = $1`, id)
	if err != nil {
		return Account{}, err
	}
	return oneAccount(rows)
}

// Statement is what an administrator states about an account.
type Statement struct {
	Name   string
	Role   Role
	UnitID int64
	Active bool
}

// Change gives an account that the caller saw in the given version another name, role or unit, or
// closes or opens it; a closed one loses its sessions. Nobody changes their own rights. Faults:
// Denied, NotFound, those of Create, a Rule fault for one's own account, a *fault.StaleError for
// another version.
func (s *Store) Change(ctx context.Context, caller Caller, id int64, version int32, to Statement) (Account, error) {
	var changed Account
	err := s.administer(ctx, caller, id, "account.change", func(tx pg.Tx, before Account) (was, is map[string]any, err error) {
		if err := to.check(); err != nil {
			return nil, nil, err
		}
		if before.Version != version {
			return nil, nil, fault.Stale("account.version.conflict", before.Version, before)
		}
		if caller.AccountID == id && (to.Role != before.Role || to.UnitID != before.UnitID || !to.Active) {
			return nil, nil, fault.New(fault.Rule, "account.own")
		}
		const update = `UPDATE account.account SET name = $2, role = $3, unit_id = nullif($4, 0), active = $5, version = version + 1
			WHERE id = $1 RETURNING ` + accountColumns
		rows, err := tx.PGX().Query(ctx, update, id, to.Name, string(to.Role), to.UnitID, to.Active)
		if err != nil {
			return nil, nil, err
		}
		if changed, err = oneAccount(rows); err != nil {
			return nil, nil, err
		}
		if !to.Active {
			if err := errors.Join(endSessions(ctx, tx, id), s.closed(ctx, tx, caller, id)); err != nil {
				return nil, nil, err
			}
		}
		was, is = differences(before, changed)
		return was, is, nil
	})
	return changed, err
}

// Reset gives an account a new password that its owner must change at once, opens its lock and ends
// its sessions. The password is told to the caller only, once. Faults: Denied, NotFound, a Rule
// fault for one's own account, whose password is changed by who knows it.
func (s *Store) Reset(ctx context.Context, caller Caller, id int64) (password string, err error) {
	err = s.administer(ctx, caller, id, "account.password.reset", func(tx pg.Tx, before Account) (was, is map[string]any, err error) {
		if caller.AccountID == id {
			return nil, nil, fault.New(fault.Rule, "account.own")
		}
		password = initialPassword(before.Login)
		hash, err := s.hasher.hash(ctx, password)
		if err != nil {
			return nil, nil, err
		}
		return nil, nil, errors.Join(s.replacePassword(ctx, tx, id, hash, true), endSessions(ctx, tx, id))
	})
	if err != nil {
		return "", err
	}
	return password, nil
}

// Unlock opens an account that failures have locked. Faults: Denied, NotFound.
func (s *Store) Unlock(ctx context.Context, caller Caller, id int64) error {
	return s.administer(ctx, caller, id, "account.unlock", func(tx pg.Tx, _ Account) (was, is map[string]any, err error) {
		_, err = tx.PGX().Exec(ctx, `UPDATE account.account SET failed_logins = 0, locks = 0, locked_until = NULL WHERE id = $1`, id)
		return nil, nil, err
	})
}

// administer does one thing to an account that it holds, and writes it into the trail.
func (s *Store) administer(ctx context.Context, caller Caller, id int64, action string, do func(pg.Tx, Account) (was, is map[string]any, err error)) error {
	if err := caller.Demand(AccountManage); err != nil {
		return err
	}
	return pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		rows, err := tx.PGX().Query(ctx, `SELECT `+accountColumns+` FROM account.account WHERE id = $1 FOR UPDATE`, id)
		if err != nil {
			return err
		}
		before, err := oneAccount(rows)
		if err != nil {
			return err
		}
		was, is, err := do(tx, before)
		if err != nil {
			return err
		}
		e := audit.Entry{Actor: caller.Actor(), ActorID: caller.AccountID, Action: action, ObjectKind: "account", ObjectID: id}
		if len(is) > 0 {
			e.Before, e.After = was, is
		}
		return audit.Record(ctx, tx, e)
	})
}

func (t Statement) check() error {
	if t.Name == "" {
		return fault.Field(fault.TooShort, "name", "account.name.missing")
	}
	if !t.Role.known() {
		return fault.Field(fault.Enumeration, "role", "account.role.unknown")
	}
	if (t.Role == AccountManager || t.Role == DepartmentHead) && t.UnitID == 0 {
		return fault.Field(fault.Rule, "unitId", "account.unit.missing")
	}
	return nil
}

// differences are what a change changes, for the trail.
func differences(before, after Account) (was, is map[string]any) {
	was, is = map[string]any{}, map[string]any{}
	for name, values := range map[string][2]any{
		"name": {before.Name, after.Name}, "role": {before.Role, after.Role},
		"unitId": {before.UnitID, after.UnitID}, "active": {before.Active, after.Active},
	} {
		if values[0] != values[1] {
			was[name], is[name] = values[0], values[1]
		}
	}
	return was, is
}

// initialPassword is a random one that the rules accept.
func initialPassword(login string) string {
	for {
		text := rand.Text()
		password := strings.ToLower(text[:5]) + "-" + text[5:10] + "-" + text[10:15]
		if CheckPassword(login, password) == nil {
			return password
		}
	}
}

func oneAccount(rows pgx.Rows) (Account, error) {
	a, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Account])
	if errors.Is(err, pgx.ErrNoRows) {
		return Account{}, fault.New(fault.NotFound, "account.unknown")
	}
	return a, err
}
