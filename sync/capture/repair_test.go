package capture_test

import (
	"testing"
	"time"

	"jike/schemas/replica"
	"jike/sync/synctest"
)

// A row that is entering the selection while its repair is read must not be told absent behind its
// entry: whoever waits for its values would wait no longer.
func TestARepairWaitsForARowThatEntersTheSelection(t *testing.T) {
	p := synctest.NewSource(t)
	c := p.Capture()
	p.Exec(p.Source, `INSERT INTO crm.customer (id, national, number, name, name_terms, industry, city, class, lifecycle)
		VALUES (9, false, 'N9', 'nine', '{}', '65', '350100', 'A1', 'active')`)
	tx, err := p.Source.Begin(t.Context())
	p.Must(err)
	_, err = tx.Exec(t.Context(), `UPDATE crm.customer SET national = true WHERE id = 9`)
	p.Must(err)
	done := make(chan error, 1)
	go func() { done <- c.It.Repair(t.Context(), replica.Up[0], []int64{9}, 0) }()
	select {
	case err := <-done:
		t.Errorf("the repair did not wait: %v", err)
		done <- err
	case <-time.After(300 * time.Millisecond):
	}
	p.Must(tx.Commit(t.Context()))
	p.Must(<-done)
	published(p, c.It)
	if got := changes(messages(p, identity(1)), 0); got != "IR" {
		t.Errorf("the stream has %s, want an insert and the row's repair", got)
	}
}

// A repair and a writer that take two rows in opposite order: the writer is not made to fail, and the
// repair is carried out when the writer is done.
func TestARepairGivesWayToAWriter(t *testing.T) {
	p := synctest.NewSource(t)
	c := p.Capture()
	p.Exec(p.Source, `INSERT INTO crm.customer (id, national, number, name, name_terms, industry, city, class, lifecycle)
		SELECT i, true, 'N' || i, 'n', '{}', '65', '350100', 'A1', 'active' FROM generate_series(1, 2) i`)
	tx, err := p.Source.Begin(t.Context())
	p.Must(err)
	defer tx.Rollback(t.Context()) //nolint:errcheck // it is committed, or the test has failed
	change := func(id int) {
		_, err := tx.Exec(t.Context(), `UPDATE crm.customer SET name = 'written' WHERE id = $1`, id)
		p.Must(err)
	}
	change(2)
	done := make(chan error, 1)
	go func() { done <- c.It.Repair(t.Context(), replica.Up[0], []int64{1, 2}, 0) }()
	p.Until("the repair waits for the writer", func() bool {
		return p.Int(p.Source, `SELECT count(*)::int FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted`) > 0
	})
	change(1)
	p.Must(tx.Commit(t.Context()))
	p.Must(<-done)
	published(p, c.It)
	if got := changes(messages(p, identity(1)), 0); got != "IIUURR" {
		t.Errorf("the stream has %s, want two inserts, two updates and the rows' repair", got)
	}
}
