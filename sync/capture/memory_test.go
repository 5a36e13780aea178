// What the race detector keeps for itself is no memory of ours, and with it this takes six times as long.

//go:build !race

package capture_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

	"jike/internal/bus"
	"jike/internal/bus/bustest"
	"jike/internal/pg/pgtest"
	"jike/sync/capture"
	"jike/sync/synctest"
)

// heapPeak samples the heap until stop, which gives the most that was seen.
func heapPeak() (stop func() uint64) {
	runtime.GC()
	end, peak := make(chan struct{}), make(chan uint64)
	go func() {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		highest := uint64(0)
		for {
			metrics.Read(sample)
			highest = max(highest, sample[0].Value.Uint64())
			select {
			case <-time.After(5 * time.Millisecond):
			case <-end:
				peak <- highest
				return
			}
		}
	}()
	return func() uint64 { close(end); return <-peak }
}

// What capture holds in memory does not grow with the transaction that it reads. The leaf server is
// a process of its own here, so that the heap is capture's.
func TestMemoryDoesNotGrowWithTheTransaction(t *testing.T) {
	small, large := 20_000, 200_000
	if os.Getenv("JIKE_LONG") != "" {
		small, large = 100_000, 5_000_000
	}
	p := &synctest.Pair{TB: t, Net: bustest.New(t, synctest.Province), LeafDir: t.TempDir()}
	o := p.Net.LeafOptions(synctest.Province, p.LeafDir)
	o.ClientListen = bustest.FreeAddress(t)
	leaf := bustest.Apart(t, filepath.Join(p.LeafDir, "leaf.conf"), bus.LeafConfig(o), o.ClientListen)
	conn, err := bus.Dial(leaf.URL, p.Net.ProvinceSeed(synctest.Province))
	p.Must(err)
	t.Cleanup(conn.Close)
	p.LeafNATS = conn
	p.UseSource(pgtest.Province(t))
	c := p.Capture(func(o *capture.Options) { o.Limits.LeafBytes = 8 << 30 })
	published(p, c.It)
	peaks := map[int]uint64{}
	for i, rows := range []int{small, large} {
		stop := heapPeak()
		p.Exec(p.Source, fmt.Sprintf(`INSERT INTO crm.monthly_summary (month, city, class, industry, customers, members, income_fen)
			SELECT '2026-01-01', '350100', 'A1', '%d-' || n || repeat(md5(n::text), 10), n, n, n FROM generate_series(1, %d) n`, i, rows))
		mark := p.Mark()
		for deadline := time.Now().Add(synctest.Patience + time.Duration(rows)*time.Millisecond); c.It.Status().Published < mark; {
			if time.Now().After(deadline) {
				t.Fatalf("%d rows are not published: %+v", rows, c.It.Status())
			}
			time.Sleep(20 * time.Millisecond)
		}
		peaks[rows] = stop()
		t.Logf("%d rows in one transaction: heap at most %.1f MB", rows, float64(peaks[rows])/(1<<20))
	}
	if peaks[large] > peaks[small]+32<<20 {
		t.Errorf("the heap grew from %d to %d bytes", peaks[small], peaks[large])
	}
}
