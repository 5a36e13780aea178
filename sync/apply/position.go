package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"jike/sync/wire"
)

// errMoved says that the position is not what this session has read.
var errMoved = errors.New("apply: another applier moved the position, or dirty keys were released")

// position is a row of sync.position.
type position struct {
	cursor
	stream   string // key of the hub's stream that sequence belongs to
	sequence uint64 // all messages up to it are applied
	dirty    int64  // version of the dirty keys
}

func loadPosition(ctx context.Context, conn *pgx.Conn, province int16) (p position, err error) {
	row := conn.QueryRow(ctx, `SELECT epoch, lsn::text, chain, stream, sequence, dirty_version FROM sync.position WHERE province = $1`, province)
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

// moveSQL moves the position, unless it is not where this session left it or a person changed what
// is dirty. It keeps every other applier out until the transaction ends.
const moveSQL = `UPDATE sync.position SET epoch = $6::int8, lsn = $7::pg_lsn, chain = $8::bytea, stream = $9::text, sequence = $10::int8, applied_at = now()
	WHERE province = $1::int2 AND epoch = $2::int8 AND lsn = $3::pg_lsn AND chain = $4::bytea AND dirty_version = $5::int8`

// progressSQL adds what else is known of the province since then.
const progressSQL = `UPDATE sync.province_state SET committed_at = coalesce($2::timestamptz, committed_at),
	heartbeat_at = coalesce($3::timestamptz, heartbeat_at), conflicts = conflicts + $4::int8 WHERE province = $1::int2`

// transact runs f on the session's connection, in the transaction that also moves the position. What
// it begins with goes in one round trip with the move. f returns the conflicts. It returns errMoved
// when another applier moved the position since it was read.
func (w *worker) transact(ctx context.Context, to advance, first []step, f func() (conflicts int, err error)) error {
	err := w.inside(ctx, to, first, f)
	if err == nil {
		return nil
	}
	_, failed := w.conn.Exec(ctx, "ROLLBACK") // with ctx the connection is over, and the transaction with it
	return fmt.Errorf("apply: after %s: %w", w.stored.link.LSN, errors.Join(err, failed))
}

func (w *worker) inside(ctx context.Context, to advance, first []step, f func() (int, error)) error {
	moved := false
	from, province := w.stored, int2Param(w.a.opts.Province)
	move := step{moveSQL, [][]byte{
		province, int8Param(from.epoch), lsnParam(from.link.LSN), from.link.Chain[:], int8Param(w.dirty),
		int8Param(to.to.epoch), lsnParam(to.to.link.LSN), to.to.link.Chain[:], []byte(w.stream), int8Param(int64(to.sequence)),
	}, func(r *pgconn.Result) { moved = r.CommandTag.RowsAffected() == 0 }}
	if err := w.writer.run(ctx, append([]step{{sql: "BEGIN"}, move}, first...)); err != nil {
		return err
	}
	if moved {
		return errMoved
	}
	conflicts, err := f()
	if err != nil {
		return err
	}
	progress := step{progressSQL, [][]byte{province, timeParam(to.at), nil, int8Param(int64(conflicts))}, nil}
	if w.fold.heartbeat != 0 {
		progress.params[2] = timeParam(time.UnixMicro(w.fold.heartbeat))
	}
	return w.writer.run(ctx, []step{progress, {sql: "COMMIT"}})
}

// savepoint undoes what f did in the transaction if it fails, and nothing else.
func savepoint(ctx context.Context, conn *pgx.Conn, f func() error) error {
	if _, err := conn.Exec(ctx, "SAVEPOINT part"); err != nil {
		return fmt.Errorf("apply: savepoint: %w", err)
	}
	end := "RELEASE SAVEPOINT part"
	err := f()
	if err != nil {
		end = "ROLLBACK TO SAVEPOINT part; " + end
	}
	if _, failed := conn.Exec(ctx, end); failed != nil {
		return errors.Join(err, fmt.Errorf("apply: savepoint: %w", failed))
	}
	return err
}
