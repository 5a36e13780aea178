package capture

import (
	"fmt"
	"testing"
	"time"

	"jike/internal/pg/pgtest"
)

// A snapshot that counts a transaction as finished which still runs must not be read before it has
// ended: that is what PostgreSQL's minors before November 2026 could export.
func TestTheGuardWaitsForWhatStillRuns(t *testing.T) {
	pool := pgtest.Province(t).Sync(t)
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var running uint64
	if err := tx.QueryRow(t.Context(), `SELECT pg_current_xact_id()::text::bigint`).Scan(&running); err != nil {
		t.Fatal(err)
	}
	// What is listed as running is no reason to wait.
	if err := guardSnapshot(t.Context(), pool, fmt.Sprintf("%d:%d:%d", running, running+1, running)); err != nil {
		t.Fatal(err)
	}
	passed := make(chan error, 1)
	go func() { passed <- guardSnapshot(t.Context(), pool, fmt.Sprintf("%d:%d:", running+1, running+1)) }()
	select {
	case err := <-passed:
		t.Errorf("the guard let a snapshot pass that counts the running %d as finished: %v", running, err)
	case <-time.After(300 * time.Millisecond):
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-passed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Error("the guard still waits after the transaction has ended")
	}
}
