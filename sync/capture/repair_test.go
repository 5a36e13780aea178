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
