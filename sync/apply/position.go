package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/sync/wire"
)

// errMoved says that the position is not what this session has read.
var errMoved = errors.New("apply: another applier moved the position")

// position is a row of sync.position.
type position struct {
	cursor
	stream   string // key of the hub's stream that sequence belongs to
	sequence uint64 // all messages up to it are applied
	dirty    int64  // version of the dirty keys
}

const positionColumns = `epoch, lsn::text, chain, stream, sequence, dirty_version`

func scanPosition(row pgx.Row) (p position, err error) {
	var lsn string
	var chain []byte
	var sequence int64
	if err := row.Scan(&p.epoch, &lsn, &chain, &p.stream, &sequence, &p.dirty); err != nil {
		return p, fmt.Errorf("apply: read the position: %w", err)
	}
	p.link.Chain, p.sequence = wire.Hash(chain), uint64(sequence)
	p.link.LSN, err = wire.ParseLSN(lsn)
	return p, err
}

func loadPosition(ctx context.Context, conn *pgx.Conn, province int16) (position, error) {
	return scanPosition(conn.QueryRow(ctx, `SELECT `+positionColumns+` FROM sync.position WHERE province = $1`, province))
}

// lock keeps every other applier out until the transaction ends. It returns errMoved when one was
// there since the position was read, or when a person changed what is dirty.
func (w *worker) lock(ctx context.Context, tx pgx.Tx) error {
	now, err := scanPosition(tx.QueryRow(ctx, `SELECT `+positionColumns+` FROM sync.position WHERE province = $1 FOR UPDATE`, w.a.opts.Province))
	if err != nil {
		return err
	}
	if now.cursor != w.stored {
		return fmt.Errorf("%w: to %s, it was at %s", errMoved, now.link.LSN, w.stored.link.LSN)
	}
	if now.dirty != w.dirty {
		return fmt.Errorf("%w: dirty keys were released", errMoved)
	}
	return nil
}

// progress is what a transaction of headquarters' adds besides rows.
type progress struct {
	position
	committed time.Time // of the last transaction, by the province's clock
	heartbeat int64     // microseconds; 0: none came
	conflicts int
}

func (p progress) save(ctx context.Context, tx pgx.Tx, province int16) error {
	b := &pgx.Batch{}
	b.Queue(`UPDATE sync.position SET epoch = $2, lsn = $3::text::pg_lsn, chain = $4, stream = $5, sequence = $6, applied_at = now()
		WHERE province = $1`, province, p.epoch, p.link.LSN.String(), p.link.Chain[:], p.stream, int64(p.sequence))
	var heartbeat, committed *time.Time
	if p.heartbeat != 0 {
		at := time.UnixMicro(p.heartbeat)
		heartbeat = &at
	}
	if !p.committed.IsZero() {
		committed = &p.committed
	}
	b.Queue(`UPDATE sync.province_state SET committed_at = coalesce($2, committed_at), heartbeat_at = coalesce($3, heartbeat_at), conflicts = conflicts + $4
		WHERE province = $1`, province, committed, heartbeat, p.conflicts)
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("apply: write the position: %w", err)
	}
	return nil
}
