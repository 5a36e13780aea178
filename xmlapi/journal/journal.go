// Package journal remembers exchanges with partners: which nonces were used, what each transaction
// id was answered, and one line per exchange with personal data masked.
//
// All of it is written in the transaction of the exchange's business effect, so that after a kill
// at any moment either everything of an exchange is there or nothing.
package journal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/fault"
	"jike/internal/pg"
	"jike/xmlapi/identity"
)

// BodyLimit is up to how many bytes of a message the journal shows.
const BodyLimit = 64 << 10

// Ahead is for how many months partitions are made ahead.
const Ahead = 3

// Line is one exchange as the journal shows it.
type Line struct {
	ID           int64
	At           time.Time
	Direction    string // in or out
	KeyID        string // empty: nobody was identified
	Origin       string // OrigDomain
	BIP          string
	Activity     string
	TransID      string // TransIDO
	AnswerID     string // TransIDH
	BusinessKey  string // such as the customer's number
	Remote       string // address of the caller
	Carriage     string
	Charset      string
	RequestBytes int64
	HTTPStatus   int16
	Code         string // RspCode
	Layer        string // which refused it; empty: none did
	Fault        string // RspDesc
	Repeated     bool   // answered from the stored reply
	DurationUS   int64  `db:"duration_us"`
	Request      string // masked; empty if it could not be read
	Reply        string // masked
}

// Key is a transaction id with what was asked under it.
type Key struct {
	Origin  string
	TransID string
	Content [32]byte
}

// Answer is a stored reply.
type Answer struct {
	Content []byte // Key.Content of the request that it answers
	Code    string
	Charset string
	Reply   []byte
}

// Store is the journal in the province's database.
type Store struct{ db *pgxpool.Pool }

// NewStore makes a store on a pool of the application's role.
func NewStore(db *pgxpool.Pool) *Store { return &Store{db} }

// Tx is the transaction of one exchange.
type Tx struct{ tx pg.Tx }

// attempts is how often an exchange is tried that PostgreSQL rolled back because of another one.
const attempts = 4

// InTx runs one exchange and commits it, or leaves nothing behind. An exchange that loses to
// another one (deadlock, serialisation) or finds its connection broken before anything was sent is
// run again from its start. A database that cannot be
// reached is a fault of kind Unavailable: if it went away in the moment of the commit, everything of
// the exchange may have been kept all the same, with its answer.
func (s *Store) InTx(ctx context.Context, f func(Tx) error) error {
	return s.inTx(ctx, pgx.ReadCommitted, f)
}

// InSnapshot is InTx for an exchange that reads everything as of one moment.
func (s *Store) InSnapshot(ctx context.Context, f func(Tx) error) error {
	return s.inTx(ctx, pgx.RepeatableRead, f)
}

func (s *Store) inTx(ctx context.Context, level pgx.TxIsoLevel, f func(Tx) error) error {
	for attempt := 1; ; attempt++ {
		err := pgx.BeginTxFunc(ctx, s.db, pgx.TxOptions{IsoLevel: level}, func(tx pgx.Tx) error { return f(Tx{pg.AsTx(tx)}) })
		switch {
		case err == nil:
			return nil
		case attempt < attempts && ctx.Err() == nil && (lost(err) || pgconn.SafeToRetry(err)):
		case ctx.Err() == nil && away(err):
			return fault.Wrap(fault.Unavailable, "node.unavailable", err)
		default:
			return err
		}
	}
}

// away says whether the database could not be reached or went away: it is starting, ending or full,
// or the connection broke.
func away(err error) bool {
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		return strings.HasPrefix(refused.Code, "57P") || strings.HasPrefix(refused.Code, "08") || strings.HasPrefix(refused.Code, "53")
	}
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	_, network := errors.AsType[*net.OpError](err)
	return connecting || network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || pgconn.SafeToRetry(err)
}

// lost says whether PostgreSQL rolled back in favour of another transaction.
func lost(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && (refused.Code == "40001" || refused.Code == "40P01")
}

// Spend takes a nonce, and says whether it was unused.
func (t Tx) Spend(ctx context.Context, n identity.Nonce) (bool, error) {
	tag, err := t.tx.PGX().Exec(ctx,
		`INSERT INTO journal.nonce (key_id, nonce, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
		n.KeyID, n.Value, n.Expires)
	if err != nil {
		return false, fmt.Errorf("nonce: %w", err)
	}
	return tag.RowsAffected() == 1, nil
}

// Claim takes a nonce, and if it was unused also a transaction id for this exchange. If the id is
// taken, it waits for the exchange that has it and returns that one's answer.
func (t Tx) Claim(ctx context.Context, n identity.Nonce, k Key) (unused bool, taken *Answer, err error) {
	const claim = `
		WITH spent AS (
			INSERT INTO journal.nonce (key_id, nonce, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING 1
		), claimed AS (
			INSERT INTO journal.answer (origin, trans_id, content) SELECT $4, $5, $6 FROM spent ON CONFLICT DO NOTHING RETURNING 1
		)
		SELECT EXISTS (SELECT FROM spent), EXISTS (SELECT FROM claimed)`
	var claimed bool
	err = t.tx.PGX().QueryRow(ctx, claim, n.KeyID, n.Value, n.Expires, k.Origin, k.TransID, k.Content[:]).Scan(&unused, &claimed)
	if err != nil {
		return false, nil, fmt.Errorf("claim: %w", err)
	}
	if !unused || claimed {
		return unused, nil, nil
	}
	rows, err := t.tx.PGX().Query(ctx,
		`SELECT content, code, charset, reply FROM journal.answer WHERE origin = $1 AND trans_id = $2`, k.Origin, k.TransID)
	if err != nil {
		return true, nil, fmt.Errorf("claim: %w", err)
	}
	answer, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Answer])
	if err != nil {
		return true, nil, fmt.Errorf("claim: %w", err)
	}
	return true, &answer, nil
}

// Business runs the exchange's business: if it fails only its own effects are undone.
func (t Tx) Business(ctx context.Context, f func(pg.Tx) error) error {
	return pg.InSavepoint(ctx, t.tx, f)
}

// Read runs business that only reads: nothing of it would have to be undone.
func (t Tx) Read(_ context.Context, f func(pg.Tx) error) error { return f(t.tx) }

// Keep stores the answer to a claimed transaction id and writes the exchange's line.
func (t Tx) Keep(ctx context.Context, k Key, code, charset string, reply []byte, l Line) error {
	batch := &pgx.Batch{}
	batch.Queue(`UPDATE journal.answer SET code = $3, charset = $4, reply = $5 WHERE origin = $1 AND trans_id = $2`,
		k.Origin, k.TransID, code, charset, reply)
	batch.Queue(note, l.values()...)
	if err := t.tx.PGX().SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("keep answer: %w", err)
	}
	return nil
}

const note = `
	INSERT INTO journal.exchange (at, direction, key_id, origin, bip, activity, trans_id, answer_id, business_key, remote,
		carriage, charset, request_bytes, http_status, code, layer, fault, repeated, duration_us, request, reply)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`

// Note writes the line of an exchange that keeps no answer.
func (t Tx) Note(ctx context.Context, l Line) error {
	if _, err := t.tx.PGX().Exec(ctx, note, l.values()...); err != nil {
		return fmt.Errorf("journal line: %w", err)
	}
	return nil
}

// values are those of the line's columns but the id, which the database gives.
func (l Line) values() []any {
	return []any{
		l.At, l.Direction, l.KeyID, l.Origin, l.BIP, l.Activity, l.TransID, l.AnswerID, l.BusinessKey, l.Remote, l.Carriage,
		l.Charset, l.RequestBytes, l.HTTPStatus, l.Code, l.Layer, l.Fault, l.Repeated, l.DurationUS, l.Request, l.Reply,
	}
}

// Maintain makes the partitions of the months to come and removes what is older than the
// retention, in months. The node calls it when it starts and every day.
func (s *Store) Maintain(ctx context.Context, retention int) error {
	if _, err := s.db.Exec(ctx, `SELECT journal.prepare($1)`, Ahead); err != nil {
		return fmt.Errorf("journal partitions: %w", err)
	}
	if _, err := s.db.Exec(ctx, `SELECT journal.expire($1)`, retention); err != nil {
		return fmt.Errorf("journal retention: %w", err)
	}
	return nil
}
