package capture

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/sync/wire"
)

// Snapshot is a read-only transaction that sees exactly what was committed before LSN. It holds
// back the cleaning of the province's tables: close it soon.
type Snapshot struct {
	Epoch int64
	LSN   wire.LSN
	Tx    pgx.Tx
	conn  *pgx.Conn
}

// Close ends the transaction and its connection.
func (s *Snapshot) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = s.conn.Close(ctx) // nothing was written: the server ends the transaction in any case
}

// hold is a barrier whose place is not reached yet.
type hold struct {
	id     [16]byte
	known  chan struct{} // closed when lsn is set, or given up with lsn 0
	placed chan struct{} // closed when the barrier is behind everything before lsn
	lsn    wire.LSN
	epoch  int64 // of the stream that it was put into; set before placed is closed
}

// slotPatience is how long one attempt waits for open transactions, slotPause the time between
// attempts: publishing is held only during an attempt.
const (
	slotPatience = 5 * time.Second
	slotPause    = 500 * time.Millisecond
)

// Barrier makes a snapshot at an exact position of the log and puts a barrier of the given id at
// that position into the stream: headquarters meets it after everything the snapshot sees and
// before everything else. It waits for transactions that are open, trying again until ctx ends;
// the application is never blocked. The caller closes the snapshot.
func (c *Capture) Barrier(ctx context.Context, id [16]byte) (*Snapshot, error) {
	c.barriers.Lock() // one at a time
	defer c.barriers.Unlock()
	var snapshot *Snapshot
	err := retrySlot(ctx, func(attempt context.Context) (err error) {
		snapshot, err = c.barrier(ctx, attempt, id)
		return err
	})
	return snapshot, err
}

// barrier makes one attempt. ctx is the caller's, attempt ends sooner.
func (c *Capture) barrier(ctx, attempt context.Context, id [16]byte) (*Snapshot, error) {
	h := &hold{id: id, known: make(chan struct{}), placed: make(chan struct{})}
	c.holding.Store(h)
	snapshot, err := makeSlot(attempt, c.opts.URL, c.opts.Pool, "jike_barrier_"+hex.EncodeToString(id[:6])+" TEMPORARY")
	if err == nil {
		h.lsn = snapshot.LSN
	}
	close(h.known)
	if err != nil {
		c.holding.CompareAndSwap(h, nil)
		return nil, err
	}
	c.wakeHeartbeat() // a transaction after the position, or a quiet province would never reach it
	select {
	case <-h.placed:
		snapshot.Epoch = h.epoch
		return snapshot, nil
	case <-ctx.Done():
		c.holding.CompareAndSwap(h, nil)
		snapshot.Close()
		return nil, fmt.Errorf("capture: barrier not placed: %w", ctx.Err())
	}
}

// makeSlot makes a logical slot and a transaction that sees what was committed before its consistent
// point and nothing else. slot is its name, followed by TEMPORARY if it may be gone when makeSlot
// returns: the transaction keeps the snapshot.
func makeSlot(ctx context.Context, url string, pool *pgxpool.Pool, slot string) (*Snapshot, error) {
	maker, err := replicationConn(ctx, url)
	if err != nil {
		return nil, err
	}
	defer func() { _ = closeConn(maker) }() // a temporary slot goes with its connection
	results, err := maker.Exec(ctx, fmt.Sprintf("CREATE_REPLICATION_SLOT %s LOGICAL pgoutput (SNAPSHOT 'export')", slot)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("capture: make slot %s: %w", slot, err)
	}
	if len(results) != 1 || len(results[0].Rows) != 1 || len(results[0].Rows[0]) < 3 {
		return nil, fmt.Errorf("capture: make slot %s: unexpected answer", slot)
	}
	row := results[0].Rows[0]
	lsn, err := wire.ParseLSN(string(row[1]))
	if err != nil {
		return nil, err
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("capture: snapshot: %w", err)
	}
	s := &Snapshot{LSN: lsn, conn: conn}
	if err := s.open(ctx, pool, string(row[2])); err != nil {
		s.Close()
		return nil, fmt.Errorf("capture: snapshot: %w", err)
	}
	return s, nil
}

// open imports a snapshot and lets nothing read before the guard has passed.
func (s *Snapshot) open(ctx context.Context, pool *pgxpool.Pool, name string) error {
	// The transaction outlives ctx, which ends with the attempt.
	tx, err := s.conn.BeginTx(context.WithoutCancel(ctx), pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf("SET TRANSACTION SNAPSHOT '%s'", name)); err != nil {
		return err
	}
	var text string
	if err := tx.QueryRow(ctx, "SELECT pg_current_snapshot()::text").Scan(&text); err != nil {
		return err
	}
	s.Tx = tx
	return guardSnapshot(ctx, pool, text)
}

// retrySlot runs f with five seconds each time until it succeeds or ctx ends. Only an attempt that
// ran out of time, that found too few slots, or that found the slot in the hands of an attempt or a
// reader that is just ending, is made again.
func retrySlot(ctx context.Context, f func(context.Context) error) error {
	for {
		attempt, cancel := context.WithTimeout(ctx, slotPatience)
		err := f(attempt)
		late := attempt.Err() != nil
		cancel()
		var server *pgconn.PgError
		if err == nil || ctx.Err() != nil || !late && (!errors.As(err, &server) || !slices.Contains(slotBusy, server.Code)) {
			return err
		}
		select {
		case <-time.After(slotPause):
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		}
	}
}

// slotBusy are PostgreSQL's codes for too few slots, a slot that is in use, and one that exists.
var slotBusy = []string{"53400", "55006", "42710"}

func closeConn(conn *pgconn.PgConn) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return conn.Close(ctx)
}
