package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// fewRows is what memory is measured at first.
const fewRows = 100_000

// memory measures by how much this process (leaf server, hub, capture and apply) grows from 100,000
// rows to many, and over half as many in one transaction.
func (s Sync) memory(ctx context.Context, r *rig, out *series) error {
	ours := &ours{rig: r}
	return r.session(ctx, ours, 1, fewRows, func(sites []site) error {
		m := mass{site: sites[0]}
		if err := forgetPeak(); err != nil {
			return err
		}
		if err := m.insert(ctx, fewRows, batchRows); err != nil {
			return err
		}
		first, err := m.peak(out, "memory_at_few_rows")
		if err != nil {
			return err
		}
		if err := m.insert(ctx, s.Memory-fewRows, batchRows); err != nil {
			return err
		}
		if _, err := m.peak(out, "memory_at_many_rows"); err != nil {
			return err
		}
		if err := m.insert(ctx, s.Memory/2, s.Memory/2); err != nil {
			return err
		}
		last, err := m.peak(out, "memory_after_one_transaction")
		if err != nil {
			return err
		}
		out.line("memory_growth_mb %.1f MB", last-first)
		return nil
	})
}

// mass inserts rows made from the stock, with keys that count on.
type mass struct {
	site
	rows int
}

// insert writes so many rows in transactions of the given size and waits for headquarters.
func (m *mass) insert(ctx context.Context, rows, transaction int) error {
	for end := m.rows + rows; m.rows < end; {
		n := min(transaction, end-m.rows)
		_, err := m.source.Exec(ctx, `INSERT INTO bench.row (id, national, `+tail+`)
			SELECT i, true, `+tail+` FROM generate_series($1::bigint + 1, $1::bigint + $2::bigint) AS i JOIN bench.stock s ON s.id = 1 + i % $3::bigint`,
			m.rows, n, fewRows)
		if err != nil {
			return err
		}
		m.rows += n
	}
	if err := m.wait(ctx, `SELECT EXISTS (SELECT FROM bench.row WHERE province = $1 AND id = $2)`, m.rows); err != nil {
		return err
	}
	var there int
	if err := m.nation.QueryRow(ctx, `SELECT count(*) FROM bench.row`).Scan(&there); err != nil || there != m.rows {
		return errors.Join(err, fmt.Errorf("headquarters holds %d rows, %d were written", there, m.rows))
	}
	return nil
}

// peak prints the most memory that was resident so far.
func (m *mass) peak(out *series, name string) (float64, error) {
	mb, err := peakMemory(os.Getpid())
	out.line("%s %.1f MB", name, mb)
	return mb, err
}

// forgetPeak has the kernel measure the peak of this process anew.
func forgetPeak() error { return os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }
