package account

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
)

// SessionCookie is the name of the cookie that carries a session's token.
const SessionCookie = "jike_session"

// The names of what a session holds that its table shows as well.
const (
	SessionAccount = "account" // int64
	SessionAddress = "address" // of the browser
	SessionAgent   = "agent"   // what the browser says that it is
)

// SessionTable keeps sessions in account.sessions for the session library. The library's own
// PostgreSQL store names its table without a schema and ignores the request's context.
type SessionTable struct{ db *pgxpool.Pool }

var _ scs.CtxStore = SessionTable{} // what the library asks for

// NewSessions makes the session manager of a node: the token is random, hashed in the table, and
// travels in a cookie that scripts cannot read and other sites cannot send. secure restricts the
// cookie to https. A session ends lifetime after sign-in.
func NewSessions(db *pgxpool.Pool, lifetime time.Duration, secure bool) *scs.SessionManager {
	m := scs.New()
	m.Store = SessionTable{db}
	m.HashTokenInStore = true
	m.Lifetime = lifetime
	m.Cookie.Name = SessionCookie
	m.Cookie.HttpOnly = true
	m.Cookie.SameSite = http.SameSiteStrictMode
	m.Cookie.Secure = secure
	m.Cookie.Path = "/"
	return m
}

// FindCtx gives a session's data; found is false if there is none or it has expired.
func (t SessionTable) FindCtx(ctx context.Context, token string) (data []byte, found bool, err error) {
	err = t.db.QueryRow(ctx, `SELECT data FROM account.sessions WHERE token = $1 AND expiry > now()`, token).Scan(&data)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, false, nil
	}
	return data, err == nil, err
}

// CommitCtx adds or replaces a session. Whose it is and where it was opened is read from its data, so
// that it can be listed and ended without its token.
func (t SessionTable) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	_, values, err := scs.GobCodec{}.Decode(data)
	if err != nil {
		return err
	}
	account, _ := values[SessionAccount].(int64)
	address, _ := values[SessionAddress].(string)
	agent, _ := values[SessionAgent].(string)
	const upsert = `INSERT INTO account.sessions (token, data, expiry, account_id, address, agent) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (token) DO UPDATE SET data = excluded.data, expiry = excluded.expiry, account_id = excluded.account_id,
			address = excluded.address, agent = excluded.agent`
	_, err = t.db.Exec(ctx, upsert, token, data, expiry, account, address, agent)
	return err
}

// DeleteCtx removes a session; removing none is no error.
func (t SessionTable) DeleteCtx(ctx context.Context, token string) error {
	_, err := t.db.Exec(ctx, `DELETE FROM account.sessions WHERE token = $1`, token)
	return err
}

// Find is FindCtx for a caller without a context.
func (t SessionTable) Find(token string) ([]byte, bool, error) {
	return t.FindCtx(context.Background(), token)
}

// Commit is CommitCtx for a caller without a context.
func (t SessionTable) Commit(token string, data []byte, expiry time.Time) error {
	return t.CommitCtx(context.Background(), token, data, expiry)
}

// Delete is DeleteCtx for a caller without a context.
func (t SessionTable) Delete(token string) error { return t.DeleteCtx(context.Background(), token) }

// RemoveExpired deletes expired sessions and gives how many there were.
func (t SessionTable) RemoveExpired(ctx context.Context) (int64, error) {
	tag, err := t.db.Exec(ctx, `DELETE FROM account.sessions WHERE expiry <= now()`)
	return tag.RowsAffected(), err
}

// Session is a session of an account as people see it.
type Session struct {
	ID       int64
	OpenedAt time.Time
	Expiry   time.Time
	Address  string
	Agent    string
}

// Sessions lists the sessions of an account that last, the newest first: one's own, or anybody's
// with account.manage (else Denied).
func (s *Store) Sessions(ctx context.Context, caller Caller, accountID int64) ([]Session, error) {
	if err := ownOrManaged(caller, accountID); err != nil {
		return nil, err
	}
	const query = `SELECT id, opened_at, expiry, address, agent FROM account.sessions
		WHERE account_id = $1 AND expiry > now() ORDER BY id DESC LIMIT 100`
	rows, err := s.db.Query(ctx, query, accountID)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Session])
}

// EndSession ends a session of an account, 0 for all. Faults: those of Sessions, NotFound for a
// session that is none of the account's.
func (s *Store) EndSession(ctx context.Context, caller Caller, accountID, id int64) error {
	if err := ownOrManaged(caller, accountID); err != nil {
		return err
	}
	return pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		const end = `DELETE FROM account.sessions WHERE account_id = $1 AND ($2 = 0 OR id = $2)`
		tag, err := tx.PGX().Exec(ctx, end, accountID, id)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 && id != 0 {
			return fault.New(fault.NotFound, "session.unknown")
		}
		return audit.Record(ctx, tx, audit.Entry{
			Actor: caller.Actor(), ActorID: caller.AccountID, Action: "session.end", ObjectKind: "account", ObjectID: accountID,
			After: map[string]any{"sessions": tag.RowsAffected()},
		})
	})
}

func ownOrManaged(caller Caller, accountID int64) error {
	if caller.AccountID == accountID && accountID != 0 {
		return nil
	}
	return caller.Demand(AccountManage)
}

// endSessions ends every session of an account.
func endSessions(ctx context.Context, tx pg.Tx, accountID int64) error {
	_, err := tx.PGX().Exec(ctx, `DELETE FROM account.sessions WHERE account_id = $1`, accountID)
	return err
}
