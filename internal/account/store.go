package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
)

// Settings are the rules of signing in.
type Settings struct {
	Hashing     Hashing       `yaml:"hashing"`
	MaxFailures int           `yaml:"max_failures"` // failures in a row that lock an account
	LockFor     time.Duration `yaml:"lock_for"`     // how long it stays locked; each lock in a row lasts twice as long as the one before
	MaxLock     time.Duration `yaml:"max_lock"`     // the longest lock
	MaxAge      time.Duration `yaml:"max_age"`      // how long a password holds; 0: for ever
	History     int           `yaml:"history"`      // how many of the last passwords may not be taken again
	// PasswordRoles are those that may sign in by password where there is a provider for all; none: everybody.
	PasswordRoles []Role        `yaml:"password_roles"`
	RefuseAfter   time.Duration `yaml:"refuse_after"` // a refusal is given this long after the attempt, whatever its cause
	Parallel      int           `yaml:"parallel"`     // password hashes computed at a time
}

// DefaultSettings locks an account for 15 minutes after five failures, and has passwords changed
// after 90 days to none of the last five.
func DefaultSettings() Settings {
	return Settings{
		Hashing: DefaultHashing(), MaxFailures: 5, LockFor: 15 * time.Minute, MaxLock: 24 * time.Hour,
		MaxAge: 90 * 24 * time.Hour, History: 5, RefuseAfter: 500 * time.Millisecond, Parallel: 2,
	}
}

// Store keeps the accounts of one node.
type Store struct {
	db       *pgxpool.Pool
	settings Settings
	hasher   *hasher
	placeOf  func(ctx context.Context, unitID, accountID int64) (Place, error)
	closed   func(ctx context.Context, tx pg.Tx, caller Caller, id int64) error
}

// NewStore makes the store. placeOf says where in the organisation an account with a unit stands; a node
// without an organisation passes nil. It fails if the first hash cannot be made.
func NewStore(db *pgxpool.Pool, settings Settings, placeOf func(ctx context.Context, unitID, accountID int64) (Place, error)) (*Store, error) {
	h, err := newHasher(settings.Hashing, max(1, settings.Parallel))
	if err != nil {
		return nil, err
	}
	nothing := func(context.Context, pg.Tx, Caller, int64) error { return nil }
	return &Store{db: db, settings: settings, hasher: h, placeOf: placeOf, closed: nothing}, nil
}

// OnClose has something done in the transaction in which an account is closed. It is called before the store is used.
func (s *Store) OnClose(closed func(ctx context.Context, tx pg.Tx, caller Caller, id int64) error) {
	s.closed = closed
}

// NewAccount is what an account begins with.
type NewAccount struct {
	Login    string
	Name     string
	Role     Role
	UnitID   int64  // 0: none
	Language string // "zh" or "en"; empty means "zh"
	Password string
	// MustChange has the owner change the password at the first sign-in.
	MustChange bool
}

// Create adds an account for creator and gives its id. Faults: a login or password against the
// rules, an unknown role (Enumeration), a role of the province without its unit (Rule), a login
// that is taken (Exists).
func (s *Store) Create(ctx context.Context, creator Caller, n NewAccount) (int64, error) {
	if err := n.check(); err != nil {
		return 0, err
	}
	hash, err := s.hasher.hash(ctx, n.Password)
	if err != nil {
		return 0, err
	}
	var id int64
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		const insert = `INSERT INTO account.account (login, name, password_hash, role, unit_id, language, must_change)
			VALUES ($1, $2, $3, $4, nullif($5, 0), $6, $7) RETURNING id`
		err := tx.PGX().QueryRow(ctx, insert, n.Login, n.Name, hash, string(n.Role), n.UnitID, n.language(), n.MustChange).Scan(&id)
		if pg.Violates(err, "account_login_is_unique") {
			return fault.Field(fault.Exists, "login", "account.login.exists")
		}
		if err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{
			Actor: creator.Actor(), ActorID: creator.AccountID, Action: "account.create", ObjectKind: "account", ObjectID: id,
			After: map[string]any{"login": n.Login, "name": n.Name, "role": n.Role, "unitId": n.UnitID},
		})
	})
	return id, err
}

func (n NewAccount) language() string {
	if n.Language == "" {
		return "zh"
	}
	return n.Language
}

func (n NewAccount) check() error {
	if err := CheckLogin(n.Login); err != nil {
		return err
	}
	if err := CheckPassword(n.Login, n.Password); err != nil {
		return err
	}
	if err := (Statement{Name: n.Name, Role: n.Role, UnitID: n.UnitID}).check(); err != nil {
		return err
	}
	return checkLanguage(n.language())
}

func checkLanguage(language string) error {
	if language != "zh" && language != "en" {
		return fault.Field(fault.Enumeration, "language", "account.language.unknown")
	}
	return nil
}

// Count is how many accounts there are: none means that the first is still to be made.
func (s *Store) Count(ctx context.Context) (int, error) {
	var n int
	err := s.db.QueryRow(ctx, `SELECT count(*) FROM account.account`).Scan(&n)
	return n, err
}

// ErrNoAccount says that the account does not exist or is closed.
var ErrNoAccount = errors.New("no such account, or closed")

// Caller gives the caller for an account with its rights of this moment. It returns ErrNoAccount
// if the account is closed or gone.
func (s *Store) Caller(ctx context.Context, id int64) (Caller, error) {
	c := Caller{AccountID: id}
	const query = `SELECT login, name, role, coalesce(unit_id, 0), language,
			must_change OR $2::interval > '0' AND password_at < now() - $2::interval
		FROM account.account WHERE id = $1 AND active`
	err := s.db.QueryRow(ctx, query, id, s.settings.MaxAge).Scan(&c.Login, &c.Name, &c.Role, &c.UnitID, &c.Language, &c.MustChange)
	if errors.Is(err, pgx.ErrNoRows) {
		return Caller{}, ErrNoAccount
	}
	if err != nil {
		return Caller{}, err
	}
	if s.placeOf != nil && c.UnitID != 0 {
		place, err := s.placeOf(ctx, c.UnitID, id)
		if err != nil {
			return Caller{}, fmt.Errorf("unit of account %s: %w", c.Login, err)
		}
		c.Path, c.Absent, c.Teams = place.Path, place.Absent, place.Teams
	}
	return c, nil
}

// KnowsUnit gives a NotFound fault unless the unit is one of the organisation tree's.
func (s *Store) KnowsUnit(ctx context.Context, id int64) error {
	if s.placeOf == nil {
		return fault.New(fault.NotFound, "account.unit.unknown")
	}
	_, err := s.placeOf(ctx, id, 0)
	return err
}

// SetLanguage changes the language of an account. An unknown language is an Enumeration fault.
func (s *Store) SetLanguage(ctx context.Context, id int64, language string) error {
	if err := checkLanguage(language); err != nil {
		return err
	}
	_, err := s.db.Exec(ctx, `UPDATE account.account SET language = $2 WHERE id = $1`, id, language)
	return err
}

// Open adds an account as an administrator does, with a random password that the owner must change at
// the first sign-in and that is told to the caller only, once. It needs account.manage; the faults
// are those of Create.
func (s *Store) Open(ctx context.Context, caller Caller, n NewAccount) (id int64, password string, err error) {
	if err := caller.Demand(AccountManage); err != nil {
		return 0, "", err
	}
	n.Password, n.MustChange = initialPassword(n.Login), true
	id, err = s.Create(ctx, caller, n)
	if err != nil {
		return 0, "", err
	}
	return id, n.Password, nil
}
