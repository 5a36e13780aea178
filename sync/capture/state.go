package capture

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/sync/wire"
)

// state is the row of sync.capture.
type state struct {
	epoch, incarnation int64
	selection          uint32
	confirmed          wire.Link
	previous           wire.Link
	begun              wire.LSN // the slot's consistent point; 0: the epoch is not begun, or another is being begun
	everBegun          bool
	reason             string // why the epoch began, or is being begun
	existing           bool   // selected rows were there before it
}

// errSuperseded says that another capture took over.
var errSuperseded = errors.New("capture: another capture took over")

func load(ctx context.Context, pool *pgxpool.Pool) (state, error) {
	var s state
	var confirmed, previous, begun string
	var confirmedChain, previousChain []byte
	err := pool.QueryRow(ctx, `SELECT epoch, incarnation, selection, confirmed_lsn::text, confirmed_chain,
		previous_lsn::text, previous_chain, coalesce(begun_lsn, '0/0')::text, begun_at IS NOT NULL, reason, existing FROM sync.capture`).
		Scan(&s.epoch, &s.incarnation, &s.selection, &confirmed, &confirmedChain, &previous, &previousChain,
			&begun, &s.everBegun, &s.reason, &s.existing)
	if err != nil {
		return s, fmt.Errorf("capture: read the position: %w", err)
	}
	s.confirmed.Chain, s.previous.Chain = wire.Hash(confirmedChain), wire.Hash(previousChain)
	var errs [3]error
	s.confirmed.LSN, errs[0] = wire.ParseLSN(confirmed)
	s.previous.LSN, errs[1] = wire.ParseLSN(previous)
	s.begun, errs[2] = wire.ParseLSN(begun)
	return s, errors.Join(errs[:]...)
}

// incarnate counts a new incarnation of the stream.
func (c *Capture) incarnate(ctx context.Context, s *state) error {
	err := c.opts.Pool.QueryRow(ctx, `UPDATE sync.capture SET incarnation = incarnation + 1, updated_at = now()
		WHERE epoch = $1 AND incarnation = $2 RETURNING incarnation`, s.epoch, s.incarnation).Scan(&s.incarnation)
	if errors.Is(err, pgx.ErrNoRows) {
		return errSuperseded
	}
	if err != nil {
		return fmt.Errorf("capture: new incarnation: %w", err)
	}
	return nil
}

// confirm writes the position that PostgreSQL is told next, so that the log never forgets what
// this row cannot continue from.
func (c *Capture) confirm(ctx context.Context, s state, m mark) error {
	tag, err := c.opts.Pool.Exec(ctx, `UPDATE sync.capture SET confirmed_lsn = $3::text::pg_lsn, confirmed_chain = $4,
		previous_lsn = $5::text::pg_lsn, previous_chain = $6, updated_at = now()
		WHERE epoch = $1 AND incarnation = $2`, s.epoch, s.incarnation,
		m.link.LSN.String(), m.link.Chain[:], m.before.LSN.String(), m.before.Chain[:])
	if err != nil {
		return fmt.Errorf("capture: confirm: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return errSuperseded
	}
	return nil
}
