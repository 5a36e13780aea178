package account

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// SessionCookie is the name of the cookie that carries a session's token.
const SessionCookie = "jike_session"

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

// CommitCtx adds or replaces a session.
func (t SessionTable) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	const upsert = `INSERT INTO account.sessions (token, data, expiry) VALUES ($1, $2, $3)
		ON CONFLICT (token) DO UPDATE SET data = excluded.data, expiry = excluded.expiry`
	_, err := t.db.Exec(ctx, upsert, token, data, expiry)
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
