package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/pprof"
)

// fewRows is what memory is measured at first, unless the many are few.
const fewRows = 100_000

// memory measures by how much this process, in which capture and apply run, grows from 100,000 rows
// to many, and over half as many in one transaction. Leaf server and hub run apart: what nats-server
// keeps in memory of what it has just written depends on how fast that comes, 10 seconds of it.
func (s Sync) memory(ctx context.Context, r *rig, out *series) error {
	few := min(fewRows, s.Memory/2)
	out.line("# memory: of the process with capture and apply; leaf server and hub are another one")
	return r.session(ctx, &ours{rig: r, apart: true}, 1, few, func(sites []site) error {
		m := mass{site: sites[0], stock: few, profile: s.Profile}
		if err := m.source.QueryRow(ctx, `SELECT coalesce(max(id), 0) FROM bench.row`).Scan(&m.before); err != nil {
			return err
		}
		if err := forgetPeak(); err != nil {
			return err
		}
		if err := m.insert(ctx, few, batchRows); err != nil {
			return err
		}
		first, err := m.peak(out, "memory_at_few_rows")
		if err != nil {
			return err
		}
		if err := m.insert(ctx, s.Memory-few, batchRows); err != nil {
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

// mass inserts rows made from the stock, with keys that count on from those of the rows that are
// there before, none of which is selected.
type mass struct {
	site
	stock        int
	profile      string // where the heap is told; empty: it is not
	before, rows int
}

// insert writes so many rows in transactions of the given size and waits for headquarters.
func (m *mass) insert(ctx context.Context, rows, transaction int) error {
	for end := m.rows + rows; m.rows < end; {
		n := min(transaction, end-m.rows)
		_, err := m.source.Exec(ctx, `INSERT INTO bench.row (id, national, `+tail+`)
			SELECT i, true, `+tail+` FROM generate_series($1::bigint + 1, $1::bigint + $2::bigint) AS i JOIN bench.stock s ON s.id = 1 + i % $3::bigint`,
			m.before+m.rows, n, m.stock)
		if err != nil {
			return err
		}
		m.rows += n
	}
	if err := m.wait(ctx, `SELECT EXISTS (SELECT FROM bench.row WHERE province = $1 AND id = $2)`, m.before+m.rows); err != nil {
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
	if m.profile == "" || err != nil {
		return mb, err
	}
	file, err := os.Create(m.profile + "-" + name + ".pprof")
	if err != nil {
		return mb, err
	}
	return mb, errors.Join(pprof.Lookup("heap").WriteTo(file, 0), file.Close())
}

// forgetPeak has the kernel measure the peak of this process anew.
func forgetPeak() error { return os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }
