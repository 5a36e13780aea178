package apply

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/sync/wire"
)

// snapshotPatience is how long a barrier may hold up the stream. A barrier that is given up is
// noticed by the run that waits for it.
const snapshotPatience = 10 * time.Second

// barrier commits everything in front of a barrier, takes a snapshot there on a connection of its
// own and hands it over. The position stays locked meanwhile, so no other applier can go on.
func (w *worker) barrier(ctx context.Context, start cursor, b wire.Barrier) error {
	if err := w.enter(ctx, start); err != nil {
		return err
	}
	if err := w.commit(ctx); err != nil || w.a.opts.Barrier == nil {
		return err
	}
	var arrival Arrival
	here := advance{to: w.stored, sequence: w.saved} // nobody moves on while the snapshot is taken
	err := w.transact(ctx, here, nil, func() (_ int, err error) {
		arrival, err = w.snapshot(ctx)
		return 0, err
	})
	if err != nil {
		return fmt.Errorf("apply: barrier at %s: %w", b.LSN, err)
	}
	arrival.Barrier, arrival.Epoch, arrival.Point = b.ID, w.stored.epoch, b.LSN
	w.a.opts.Barrier(arrival)
	return nil
}

// snapshot opens a read-only transaction that sees what is committed now.
func (w *worker) snapshot(ctx context.Context) (Arrival, error) {
	limited, cancel := context.WithTimeout(ctx, snapshotPatience)
	defer cancel()
	conn, err := pgx.ConnectConfig(limited, w.a.opts.Pool.Config().ConnConfig)
	if err != nil {
		return Arrival{}, err
	}
	var once sync.Once
	end := func() {
		once.Do(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			_ = conn.Close(ctx) // nothing was written: the server ends the transaction in any case
		})
	}
	// The transaction outlives this session.
	tx, err := conn.BeginTx(context.WithoutCancel(limited), pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err == nil {
		var here position
		here, err = loadPosition(limited, conn, w.a.opts.Province) // takes the snapshot
		if err == nil && here.cursor != w.stored {
			err = errMoved
		}
	}
	if err != nil {
		end()
		return Arrival{}, err
	}
	return Arrival{Tx: tx, Close: end}, nil
}
