package capture

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/sync/stream"
	"jike/sync/wire"
)

// epochPause is the least time between two epochs that one process begins. Two provinces that
// claim to be the same one would otherwise overtake each other without end.
const epochPause = 5 * time.Second

// The steps of beginning an epoch, in their order. A process may die after each of them.
const (
	stepMarked  = "marked"  // the row says that an epoch is being begun
	stepDropped = "dropped" // the old slot is gone
	stepMade    = "made"    // the new slot is there
	stepBegun   = "begun"   // the row has the new epoch
)

// demand is a reason for a new epoch that a session found, or headquarters gave.
type demand struct {
	reason string
	above  int64 // an epoch that is known elsewhere
}

// opening is what beginning an epoch needs.
type opening struct {
	url  string
	pool *pgxpool.Pool
	log  *slog.Logger
	step func(string) error // called after each step; an error ends the beginning there
}

// EnsureSlot makes the first slot, and begins the epoch with it, unless that was done: from then on
// the log keeps every change until it was captured. Making a slot waits for writing transactions
// that are open; it is tried until ctx ends, five seconds each time, and the application is never
// blocked by it. While another process captures, that one sees to it and EnsureSlot does nothing.
func EnsureSlot(ctx context.Context, url string, pool *pgxpool.Pool) error {
	lead, err := tryLead(ctx, url)
	if err != nil || lead == nil {
		return err
	}
	defer lead.close()
	s, err := load(ctx, pool)
	if err != nil {
		return err
	}
	slot, err := lead.slot(ctx)
	if err != nil {
		return err
	}
	reason := slot.lost(s)
	if reason == "" {
		return nil
	}
	o := opening{url: url, pool: pool, log: slog.New(slog.DiscardHandler), step: func(string) error { return nil }}
	return o.beginEpoch(ctx, &s, demand{reason: reason})
}

// beginEpoch makes the slot anew and writes the epoch that begins at its consistent point. Whatever
// it leaves undone, the next call does again from the first step. Nothing is copied: what lies
// before the point, and what headquarters has of former epochs, is brought together by digest.
func (o opening) beginEpoch(ctx context.Context, s *state, why demand) error {
	if s.begun != 0 {
		if _, err := o.pool.Exec(ctx, `UPDATE sync.capture SET begun_lsn = NULL, reason = $1, updated_at = now()`, why.reason); err != nil {
			return fmt.Errorf("capture: begin an epoch: %w", err)
		}
		s.begun, s.reason = 0, why.reason
	}
	if err := o.step(stepMarked); err != nil {
		return err
	}
	var start wire.LSN
	var existing bool
	err := retrySlot(ctx, func(ctx context.Context) (err error) {
		start, existing, err = o.remakeSlot(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("capture: begin an epoch: %w", err)
	}
	if err := o.step(stepMade); err != nil {
		return err
	}
	epoch := s.epoch
	if s.everBegun {
		epoch = max(s.epoch+1, why.above+1, time.Now().Unix()) // a restore may have taken the row's own number back
	} else {
		epoch = max(epoch, why.above+1)
	}
	tag, err := o.pool.Exec(ctx, `UPDATE sync.capture SET epoch = $2, incarnation = 0, begun_lsn = $3::text::pg_lsn, begun_at = now(), existing = $4,
		confirmed_lsn = DEFAULT, confirmed_chain = DEFAULT, previous_lsn = DEFAULT, previous_chain = DEFAULT, updated_at = now()
		WHERE epoch = $1 AND begun_lsn IS NULL`, s.epoch, epoch, start.String(), existing)
	if err != nil {
		return fmt.Errorf("capture: begin an epoch: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return errSuperseded
	}
	level := slog.LevelWarn
	if !s.everBegun {
		level = slog.LevelInfo
	}
	o.log.Log(ctx, level, "capture: a new epoch begins", "epoch", epoch, "before", s.epoch, "at", start.String(), "reason", s.reason, "rows_before", existing)
	*s = state{epoch: epoch, selection: s.selection, begun: start, everBegun: true, reason: s.reason, existing: existing}
	return o.step(stepBegun)
}

// remakeSlot drops the slot, if it is there, makes it anew, and looks in the snapshot of its
// consistent point whether selected rows are older than it.
func (o opening) remakeSlot(ctx context.Context) (start wire.LSN, existing bool, err error) {
	var other string
	err = o.pool.QueryRow(ctx, `SELECT database FROM pg_replication_slots WHERE slot_name = $1 AND database <> current_database()`, Slot).Scan(&other)
	if err == nil {
		return 0, false, fmt.Errorf("the slot %s belongs to database %s of the same cluster: a province needs a cluster of its own", Slot, other)
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return 0, false, fmt.Errorf("look for the slot: %w", err)
	}
	_, err = o.pool.Exec(ctx, `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
		WHERE slot_name = $1 AND database = current_database()`, Slot)
	if err != nil {
		return 0, false, fmt.Errorf("drop the slot: %w", err)
	}
	if err := o.step(stepDropped); err != nil {
		return 0, false, err
	}
	snapshot, err := makeSlot(ctx, o.url, o.pool, Slot)
	if err != nil {
		return 0, false, err
	}
	defer snapshot.Close()
	rows, err := snapshot.Tx.Query(ctx, `SELECT schemaname, tablename FROM pg_publication_tables WHERE pubname = $1`, Publication)
	if err != nil {
		return 0, false, fmt.Errorf("rows before the slot: %w", err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct{ Schema, Name string }])
	if err != nil {
		return 0, false, fmt.Errorf("rows before the slot: %w", err)
	}
	for _, t := range tables {
		query := fmt.Sprintf(`SELECT EXISTS (SELECT FROM %s WHERE %s)`, pgx.Identifier{t.Schema, t.Name}.Sanitize(), filterColumn)
		if err := snapshot.Tx.QueryRow(ctx, query).Scan(&existing); err != nil {
			return 0, false, fmt.Errorf("rows before the slot: %w", err)
		}
		if existing {
			break
		}
	}
	return snapshot.LSN, existing, nil
}

// settleEpoch begins a new epoch if the one in s cannot go on.
func (c *Capture) settleEpoch(ctx context.Context, lead *lead, s *state) error {
	why, err := c.needsEpoch(ctx, lead, *s)
	if err != nil || why.reason == "" {
		return err
	}
	if wait := time.Until(c.lastEpoch.Add(epochPause)); wait > 0 && s.begun != 0 {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	c.mu.Lock()
	c.status.Error = "a new epoch is begun: " + why.reason
	c.mu.Unlock()
	o := opening{url: c.opts.URL, pool: c.opts.Pool, log: c.opts.Log, step: c.opts.step}
	if err := o.beginEpoch(ctx, s, why); err != nil {
		return err
	}
	c.lastEpoch = time.Now()
	c.mu.Lock()
	c.demand = nil
	c.mu.Unlock()
	return nil
}

// needsEpoch finds why s cannot go on; an empty reason if it can.
func (c *Capture) needsEpoch(ctx context.Context, lead *lead, s state) (demand, error) {
	youngest, err := stream.FindLeaf(ctx, c.opts.NATS, stream.Identity{Province: c.opts.Province})
	if err != nil {
		return demand{}, err
	}
	slot, err := lead.slot(ctx)
	if err != nil {
		return demand{}, err
	}
	c.mu.Lock()
	wanted := c.demand
	c.mu.Unlock()
	why := demand{reason: slot.lost(s), above: youngest.Epoch}
	switch {
	case why.reason != "":
	case wanted != nil:
		why.reason = wanted.reason
	case youngest.Epoch > s.epoch:
		why.reason = fmt.Sprintf("the leaf server has a stream of epoch %d, this was %d", youngest.Epoch, s.epoch)
	}
	if wanted != nil {
		why.above = max(why.above, wanted.above)
	}
	return why, nil
}

// wantEpoch has the next session begin a new epoch, above another if that is not 0, and ends the
// one that streams.
func (c *Capture) wantEpoch(reason string, above int64) {
	c.mu.Lock()
	if c.demand == nil || above > c.demand.above {
		c.demand = &demand{reason, above}
	}
	end := c.end
	c.mu.Unlock()
	if end != nil {
		end(fmt.Errorf("%w: %s", errNewEpoch, reason))
	}
}

// errNewEpoch ends a session so that the next begins a new epoch.
var errNewEpoch = errors.New("capture: a new epoch is needed")
