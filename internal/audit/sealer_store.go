package audit

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"log/slog"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/pg"
)

// sealLock is the advisory lock of whoever seals: one sealer at a time.
const sealLock = 0x6a696b6502

// Sealer chains the lines of finished transactions.
//
// Transactions commit in another order than they begin, so a seal cannot cover "the lines since the
// last one": a line with a small number may become visible later. A seal covers a range of
// transaction numbers instead, from the end of the last seal up to the oldest transaction that
// still runs. All below that have ended, so the range is complete and stays as it is; ranges
// follow each other without a gap. Within a range the lines count in the order (xid, id).
type Sealer struct {
	db  *pgxpool.Pool
	log *slog.Logger
}

// NewSealer makes a sealer. One is enough for a database; more do no harm.
func NewSealer(db *pgxpool.Pool, log *slog.Logger) *Sealer { return &Sealer{db, log} }

// Run seals every interval until ctx ends. A failure is logged and made good by the next seal.
func (s *Sealer) Run(ctx context.Context, interval time.Duration) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if _, err := s.Seal(ctx); err != nil && ctx.Err() == nil {
				s.log.Error("audit lines are not sealed", "error", err)
			}
		}
	}
}

// seal is a row of audit.seal.
type seal struct {
	ID       int64
	From, To uint64 // covers from <= xid < to
	Lines    int64
	Hash     []byte
}

// Seal covers the lines of the transactions that have ended since the last seal and gives their
// number. Without lines, or while another sealer works, it makes no seal.
func (s *Sealer) Seal(ctx context.Context) (lines int64, err error) {
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		var alone bool
		if err := tx.PGX().QueryRow(ctx, `SELECT pg_try_advisory_xact_lock($1)`, int64(sealLock)).Scan(&alone); err != nil || !alone {
			return err
		}
		next, err := following(ctx, tx)
		if err != nil {
			return err
		}
		// Read after the bound was taken: whatever lies below it is visible by now.
		c := newChain(next)
		if err := eachLine(ctx, tx, next.From, next.To, func(l sealedLine) error { c.add(l); return nil }); err != nil {
			return err
		}
		if c.lines == 0 {
			return nil
		}
		lines = c.lines
		const insert = `INSERT INTO audit.seal (id, from_xid, to_xid, lines, hash) VALUES ($1, $2::text::xid8, $3::text::xid8, $4, $5)`
		_, err = tx.PGX().Exec(ctx, insert, next.ID, strconv.FormatUint(next.From, 10), strconv.FormatUint(next.To, 10), c.lines, c.sum())
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("seal: %w", err)
	}
	return lines, nil
}

// following is the seal after the last one, with the last one's hash.
func following(ctx context.Context, tx pg.Tx) (seal, error) {
	const last = `SELECT id, to_xid::text, hash FROM audit.seal ORDER BY id DESC LIMIT 1`
	var next seal
	var from, to string
	err := tx.PGX().QueryRow(ctx, last).Scan(&next.ID, &from, &next.Hash)
	if errors.Is(err, pgx.ErrNoRows) {
		from, err = "0", nil
	}
	if err != nil {
		return seal{}, err
	}
	next.ID++
	if err := tx.PGX().QueryRow(ctx, `SELECT pg_snapshot_xmin(pg_current_snapshot())::text`).Scan(&to); err != nil {
		return seal{}, err
	}
	if next.From, err = strconv.ParseUint(from, 10, 64); err != nil {
		return seal{}, err
	}
	next.To, err = strconv.ParseUint(to, 10, 64)
	return next, err
}

// sealedLine is a line as it goes into the chain: every column, as text.
type sealedLine struct {
	xid     uint64
	columns [11]*string
}

// eachLine calls f with the lines of a range of transactions in the order of the chain.
func eachLine(ctx context.Context, tx pg.Tx, from, to uint64, f func(sealedLine) error) error {
	const query = `SELECT xid::text, id::text, (extract(epoch FROM at) * 1000000)::bigint::text, actor, actor_id::text, action,
			object_kind, object_id::text, customer_id::text, before::text, after::text
		FROM audit.line l WHERE xid >= $1::text::xid8 AND xid < $2::text::xid8 ORDER BY l.xid, l.id` // of the table: as text they sort otherwise
	rows, err := tx.PGX().Query(ctx, query, strconv.FormatUint(from, 10), strconv.FormatUint(to, 10))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var l sealedLine
		c := &l.columns
		if err := rows.Scan(&c[0], &c[1], &c[2], &c[3], &c[4], &c[5], &c[6], &c[7], &c[8], &c[9], &c[10]); err != nil {
			return err
		}
		if l.xid, err = strconv.ParseUint(*c[0], 10, 64); err != nil {
			return err
		}
		if err := f(l); err != nil {
			return err
		}
	}
	return rows.Err()
}

// chain computes the hash of a seal: SHA-256 of the hash before, the range, and every column of
// every line with its length, so that no two texts run together.
type chain struct {
	hash  hash.Hash
	lines int64
}

// newChain begins the seal s, which carries the hash of the one before.
func newChain(s seal) *chain {
	c := &chain{hash: sha256.New()}
	c.hash.Write(s.Hash)
	for _, n := range []uint64{uint64(s.ID), s.From, s.To} {
		c.hash.Write(binary.BigEndian.AppendUint64(nil, n))
	}
	return c
}

func (c *chain) add(l sealedLine) {
	c.lines++
	for _, column := range l.columns {
		if column == nil {
			c.hash.Write(binary.BigEndian.AppendUint64(nil, 1<<63))
			continue
		}
		c.hash.Write(binary.BigEndian.AppendUint64(nil, uint64(len(*column))))
		c.hash.Write([]byte(*column))
	}
}

func (c *chain) sum() []byte { return c.hash.Sum(nil) }
