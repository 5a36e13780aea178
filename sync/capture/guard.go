package capture

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// guardPause is how often the guard looks. PostgreSQL gives no signal for what it waits for, which
// lasts as long as one commit's fsync.
const guardPause = time.Millisecond

// guardSnapshot must pass before an exported snapshot reads any table. Before the November 2026
// minors of PostgreSQL such a snapshot can count a transaction as committed while the commit log
// does not say so yet; a reader then marks its rows dead for ever and for everybody. The guard
// waits until no transaction that the snapshot takes as finished is still running.
func guardSnapshot(ctx context.Context, pool *pgxpool.Pool, imported string) error {
	s, err := parseSnapshot(imported)
	if err != nil {
		return err
	}
	for {
		var text string
		// The text is parsed here: the cast of a snapshot to its parts can fail on the server.
		if err := pool.QueryRow(ctx, "SELECT pg_current_snapshot()::text").Scan(&text); err != nil {
			return fmt.Errorf("snapshot guard: %w", err)
		}
		now, err := parseSnapshot(text)
		if err != nil {
			return err
		}
		if !s.ahead(now) {
			return nil
		}
		select {
		case <-time.After(guardPause):
		case <-ctx.Done():
			return fmt.Errorf("snapshot guard: %w", ctx.Err())
		}
	}
}

// pgSnapshot is PostgreSQL's view of which transactions are finished: those below xmax that are
// not in running.
type pgSnapshot struct {
	xmin, xmax uint64
	running    map[uint64]bool
}

// ahead reports whether s counts a transaction as finished that still runs now. What is at or above
// now's xmax runs or has not begun, and is not listed as running.
func (s pgSnapshot) ahead(now pgSnapshot) bool {
	for xid := range now.running {
		if xid < s.xmax && !s.running[xid] {
			return true
		}
	}
	for xid := now.xmax; xid < s.xmax; xid++ {
		if !s.running[xid] {
			return true
		}
	}
	return false
}

// parseSnapshot reads PostgreSQL's form xmin:xmax:running,running.
func parseSnapshot(text string) (pgSnapshot, error) {
	s := pgSnapshot{running: map[uint64]bool{}}
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return s, fmt.Errorf("capture: %q is no snapshot", text)
	}
	var err error
	if s.xmin, err = strconv.ParseUint(parts[0], 10, 64); err != nil {
		return s, fmt.Errorf("capture: %q is no snapshot", text)
	}
	if s.xmax, err = strconv.ParseUint(parts[1], 10, 64); err != nil {
		return s, fmt.Errorf("capture: %q is no snapshot", text)
	}
	for xid := range strings.SplitSeq(parts[2], ",") {
		if xid == "" {
			continue
		}
		n, err := strconv.ParseUint(xid, 10, 64)
		if err != nil {
			return s, fmt.Errorf("capture: %q is no snapshot", text)
		}
		s.running[n] = true
	}
	return s, nil
}
