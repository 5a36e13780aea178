package capture

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"jike/sync/stream"
	"jike/sync/wire"
)

// leadLock is the advisory lock with which the captures of one database choose who captures.
const leadLock = 0x6a696b65_7570 // "jikeup"

// leadEvery is how often a stand-by looks whether the leader is gone. It asks again and again
// instead of waiting in the database, where the wait would hold back the cleaning of tables.
const leadEvery = time.Second

// lead is the right to capture. PostgreSQL takes it back when the connection ends. The slot, which
// lets in one reader, the stream, which takes only what follows its end, and the row, which is
// written only for its incarnation, each keep out a leader that does not know yet that it is none.
type lead struct{ conn *pgx.Conn }

// tryLead takes the lead; nil if another process has it.
func tryLead(ctx context.Context, url string) (*lead, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("capture: database URL: %w", err)
	}
	// A leader whose machine vanished is forgotten after some ten seconds.
	for name, value := range map[string]string{
		"application_name": "jike_capture_lead", "tcp_keepalives_idle": "5", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3",
	} {
		if _, set := config.RuntimeParams[name]; !set {
			config.RuntimeParams[name] = value
		}
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("capture: lead: %w", err)
	}
	l := &lead{conn}
	var leads bool
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, int64(leadLock)).Scan(&leads); err != nil {
		l.close()
		return nil, fmt.Errorf("capture: lead: %w", err)
	}
	if !leads {
		l.close()
		return nil, nil
	}
	return l, nil
}

func (l *lead) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = l.conn.Close(ctx) // the lock goes with the connection
}

// awaitLead waits as a stand-by until this process may capture.
func (c *Capture) awaitLead(ctx context.Context) (*lead, error) {
	for {
		l, err := tryLead(ctx, c.opts.URL)
		if err != nil {
			return nil, err
		}
		c.standBy(l == nil)
		if l != nil {
			return l, nil
		}
		select {
		case <-time.After(leadEvery):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (c *Capture) standBy(yes bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if yes && !c.status.Standby {
		c.opts.Log.Info("capture: another process captures, this one stands by", "province", c.opts.Province)
	}
	c.status.Standby = yes
	if yes {
		c.status.Error = ""
	}
}

// Handle answers calls of headquarters of a name, as Control.Handle does, but only while this process
// captures: a stand-by leaves the answer to the one that does.
func (c *Capture) Handle(name string, f func(ctx context.Context, request []byte) ([]byte, error)) error {
	return c.opts.Control.Handle(name, func(ctx context.Context, request []byte) ([]byte, error) {
		if c.Status().Standby {
			return nil, stream.ErrSilent
		}
		return f(ctx, request)
	})
}

// slotState is what PostgreSQL says of the slot and of the log.
type slotState struct {
	end       wire.LSN // of the log that is on disk
	exists    bool
	confirmed wire.LSN
	wal       string // wal_status
	invalid   string // why it was given up; PostgreSQL says so from version 17 on
	left      int64  // bytes until the log that it needs may be removed; -1: no limit is set
}

func (l *lead) slot(ctx context.Context) (slotState, error) {
	var s slotState
	var end, confirmed string
	var left pgtype.Int8
	err := l.conn.QueryRow(ctx, `SELECT pg_current_wal_flush_lsn()::text, s.slot_name IS NOT NULL, coalesce(s.confirmed_flush_lsn, '0/0')::text,
			coalesce(s.wal_status, ''), coalesce(to_jsonb(s) ->> 'invalidation_reason', ''), s.safe_wal_size
		FROM (SELECT) one LEFT JOIN pg_replication_slots s ON s.slot_name = $1 AND s.database = current_database()`, Slot).
		Scan(&end, &s.exists, &confirmed, &s.wal, &s.invalid, &left)
	if err != nil {
		return s, fmt.Errorf("capture: look at the slot: %w", err)
	}
	s.left = -1
	if left.Valid {
		s.left = left.Int64
	}
	var errs [2]error
	s.end, errs[0] = wire.ParseLSN(end)
	s.confirmed, errs[1] = wire.ParseLSN(confirmed)
	return s, errors.Join(errs[:]...)
}

// lost says why the log cannot be read on from where s stands; empty if it can.
func (v slotState) lost(s state) string {
	switch {
	case s.begun == 0:
		return s.reason // it was decided, and not finished
	case !v.exists:
		return "the replication slot is gone: it was dropped, or the database was restored or failed over"
	case v.wal == "lost" || v.invalid != "":
		return "PostgreSQL gave up the replication slot, its log is gone: " + v.wal + " " + v.invalid
	case v.confirmed > max(s.confirmed.LSN, s.begun):
		return fmt.Sprintf("the replication slot is at %s, confirmed was %s: another reader moved it", v.confirmed, s.confirmed.LSN)
	}
	return ""
}
