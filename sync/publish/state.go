package publish

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/sync/stream"
	"jike/sync/wire"
)

// state is what the database knows: sync.master and the province's row of sync.receiver.
type state struct {
	master struct {
		epoch, version int64
	}
	identity stream.Identity // of the stream that the province was given
	base     wire.Link       // what the stream's first message follows
	applied  int64           // version that the province said it has, in the master's epoch
}

func (p *Publisher) load(ctx context.Context) (s state, err error) {
	const query = `SELECT m.epoch, m.version, coalesce(r.epoch, 0), coalesce(r.incarnation, 0), coalesce(r.base_version, 0), r.base_chain,
			CASE WHEN r.applied_epoch = m.epoch THEN r.applied_version ELSE 0 END
		FROM sync.master m LEFT JOIN sync.receiver r ON r.province = $1`
	var base int64
	var chain []byte
	s.identity = stream.Identity{Province: p.opts.Province, Down: true}
	var applied *int64
	err = p.opts.Pool.QueryRow(ctx, query, p.opts.Province).Scan(&s.master.epoch, &s.master.version,
		&s.identity.Epoch, &s.identity.Incarnation, &base, &chain, &applied)
	if err != nil {
		return s, fmt.Errorf("publish: read the state: %w", err)
	}
	s.base.LSN = wire.LSN(base)
	copy(s.base.Chain[:], chain)
	if applied != nil {
		s.applied = *applied
	}
	p.mu.Lock()
	p.status.Version = s.master.version
	p.mu.Unlock()
	return s, nil
}

// began writes down a new incarnation that follows link, before its stream is made.
func (p *Publisher) began(ctx context.Context, s state, link wire.Link, why string) (state, error) {
	next := s.identity
	next.Incarnation++
	if next.Epoch != s.master.epoch {
		next.Epoch, next.Incarnation = s.master.epoch, 1
	}
	err := pgx.BeginFunc(ctx, p.opts.Pool, func(tx pgx.Tx) error {
		const upsert = `INSERT INTO sync.receiver (province, epoch, incarnation, base_version, base_chain) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (province) DO UPDATE SET epoch = EXCLUDED.epoch, incarnation = EXCLUDED.incarnation,
				base_version = EXCLUDED.base_version, base_chain = EXCLUDED.base_chain`
		if _, err := tx.Exec(ctx, upsert, p.opts.Province, next.Epoch, next.Incarnation, int64(link.LSN), link.Chain[:]); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `DELETE FROM sync.published WHERE province = $1 AND epoch < $2`, p.opts.Province, next.Epoch)
		return err
	})
	if err != nil {
		return s, fmt.Errorf("publish: begin: %w", err)
	}
	p.opts.Log.Info("publish: new incarnation", "province", p.opts.Province, "stream", next.Leaf(), "after", int64(link.LSN), "reason", why)
	s.identity, s.base = next, link
	return s, nil
}

// begin writes down a new incarnation and ends the session.
func (p *Publisher) begin(ctx context.Context, s state, link wire.Link, why string) error {
	if _, err := p.began(ctx, s, link, why); err != nil {
		return err
	}
	return fmt.Errorf("%w: %s", errBegin, why)
}

// newEpoch begins an epoch above everything that was seen, unless another publisher of this database
// has done so already, and ends the session.
func (p *Publisher) newEpoch(ctx context.Context, s state, seen int64, why string) error {
	next := max(s.master.epoch+1, seen+1, time.Now().Unix())
	tag, err := p.opts.Pool.Exec(ctx, `UPDATE sync.master SET epoch = $1 WHERE epoch = $2`, next, s.master.epoch)
	if err != nil {
		return fmt.Errorf("publish: new epoch: %w", err)
	}
	if tag.RowsAffected() > 0 {
		p.opts.Log.Warn("publish: new epoch of the reference data", "epoch", next, "before", s.master.epoch, "province", p.opts.Province, "reason", why)
	}
	return fmt.Errorf("%w: a new epoch, since %s", errBegin, why)
}

// published gives the link of a version that was published, the zero link for one that was not.
func (p *Publisher) published(ctx context.Context, epoch, version int64) (wire.Link, error) {
	var chain []byte
	err := p.opts.Pool.QueryRow(ctx, `SELECT chain FROM sync.published WHERE province = $1 AND epoch = $2 AND version = $3
		ORDER BY at DESC LIMIT 1`, p.opts.Province, epoch, version).Scan(&chain)
	if errors.Is(err, pgx.ErrNoRows) {
		return wire.Link{}, nil
	}
	if err != nil {
		return wire.Link{}, fmt.Errorf("publish: look up version %d: %w", version, err)
	}
	return wire.Link{LSN: wire.LSN(version), Chain: wire.Hash(chain)}, nil
}

// knows reports whether a link was published in the epoch, or is what the stream begins after.
func (p *Publisher) knows(ctx context.Context, s state, link wire.Link) (known bool, err error) {
	if link == s.base || link == (wire.Link{}) {
		return true, nil
	}
	err = p.opts.Pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM sync.published WHERE province = $1 AND epoch = $2 AND version = $3 AND chain = $4)`,
		p.opts.Province, s.master.epoch, int64(link.LSN), link.Chain[:]).Scan(&known)
	if err != nil {
		err = fmt.Errorf("publish: look up version %d: %w", link.LSN, err)
	}
	return known, err
}

// intend writes down what is going to be published.
func (p *Publisher) intend(ctx context.Context, epoch int64, link wire.Link) error {
	_, err := p.opts.Pool.Exec(ctx, `INSERT INTO sync.published (province, epoch, version, chain) VALUES ($1, $2, $3, $4)
		ON CONFLICT (province, epoch, version, chain) DO NOTHING`, p.opts.Province, epoch, int64(link.LSN), link.Chain[:])
	if err != nil {
		return fmt.Errorf("publish: write down version %d: %w", link.LSN, err)
	}
	return nil
}

// save writes down where the province is.
func (p *Publisher) save(ctx context.Context, n stream.AppliedNotice, heard time.Time) error {
	_, err := p.opts.Pool.Exec(ctx, `UPDATE sync.receiver SET applied_epoch = $2, applied_version = $3, heard_at = $4 WHERE province = $1`,
		p.opts.Province, n.Epoch, int64(n.LSN), heard)
	if err != nil {
		return fmt.Errorf("publish: write down where the province is: %w", err)
	}
	return nil
}
