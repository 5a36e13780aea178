package audit

import (
	"bytes"
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/pg"
)

// Verification is what Verify found in order.
type Verification struct {
	Seals    int64
	Lines    int64  // under a seal
	Unsealed int64  // newer than the last seal
	Last     []byte // hash of the last seal, nil if there is none
}

// TamperError says which seal no longer fits its lines or its predecessor.
type TamperError struct {
	Seal   int64
	Reason string
}

// Error names the seal and what is wrong with it.
func (e *TamperError) Error() string { return fmt.Sprintf("audit seal %d: %s", e.Seal, e.Reason) }

// Verify computes every seal anew and returns a *TamperError for the first that does not hold: a
// line under it was changed, added or removed, or seals are missing between it and its
// predecessor. What it cannot know by itself is that the newest seals were removed together with
// their lines; compare the last hash with one noted elsewhere for that.
func Verify(ctx context.Context, db *pgxpool.Pool) (Verification, error) {
	var v Verification
	moment := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, db, moment, func(t pgx.Tx) error {
		seals, err := readSeals(ctx, t)
		if err != nil {
			return err
		}
		last, err := verifySeals(ctx, pg.AsTx(t), seals, &v)
		if err != nil {
			return err
		}
		const newer = `SELECT count(*) FROM audit.line WHERE xid >= $1::text::xid8`
		return t.QueryRow(ctx, newer, strconv.FormatUint(last, 10)).Scan(&v.Unsealed)
	})
	return v, err
}

func readSeals(ctx context.Context, tx pgx.Tx) ([]seal, error) {
	rows, err := tx.Query(ctx, `SELECT id, from_xid::text, to_xid::text, lines, hash FROM audit.seal ORDER BY id`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (seal, error) {
		var s seal
		var from, to string
		if err := row.Scan(&s.ID, &from, &to, &s.Lines, &s.Hash); err != nil {
			return s, err
		}
		if s.From, err = strconv.ParseUint(from, 10, 64); err != nil {
			return s, err
		}
		s.To, err = strconv.ParseUint(to, 10, 64)
		return s, err
	})
}

// verifySeals goes through the seals and the lines under them once, and gives the end of the last
// range.
func verifySeals(ctx context.Context, tx pg.Tx, seals []seal, v *Verification) (uint64, error) {
	if len(seals) == 0 {
		return 0, nil
	}
	before := seal{}
	begin := func(i int) (*chain, error) {
		s := seals[i]
		if s.ID != before.ID+1 || s.From != before.To || s.To <= s.From {
			return nil, &TamperError{s.ID, fmt.Sprintf("does not follow seal %d", before.ID)}
		}
		return newChain(seal{ID: s.ID, From: s.From, To: s.To, Hash: before.Hash}), nil
	}
	end := func(i int, c *chain) error {
		s := seals[i]
		if c.lines != s.Lines || !bytes.Equal(c.sum(), s.Hash) {
			return &TamperError{s.ID, fmt.Sprintf("covers %d lines, of which it had %d", c.lines, s.Lines)}
		}
		before, v.Seals, v.Lines, v.Last = s, v.Seals+1, v.Lines+s.Lines, s.Hash
		return nil
	}
	at := 0
	current, err := begin(at)
	if err != nil {
		return 0, err
	}
	next := func() error {
		if err := end(at, current); err != nil {
			return err
		}
		if at++; at == len(seals) {
			return nil
		}
		current, err = begin(at)
		return err
	}
	last := seals[len(seals)-1].To
	err = eachLine(ctx, tx, 0, last, func(l sealedLine) error {
		for at < len(seals) && l.xid >= seals[at].To {
			if err := next(); err != nil {
				return err
			}
		}
		current.add(l)
		return nil
	})
	for err == nil && at < len(seals) {
		err = next()
	}
	return last, err
}
