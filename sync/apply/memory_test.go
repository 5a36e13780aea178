// What the race detector keeps for itself is no memory of ours, and with it this takes six times as long.

//go:build !race

package apply_test

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"jike/sync/apply"
	"jike/sync/stream"
	"jike/sync/wire"
)

// A transaction of any size is applied a fold at a time: ten times the rows need no more memory.
// The servers of hub and leaf, which keep blocks of their stores, are in this process and do not
// count. JIKE_ROWS sets the size of the larger transaction.
func TestMemoryDoesNotGrowWithTheTransaction(t *testing.T) {
	rows := int64(400_000)
	if text := os.Getenv("JIKE_ROWS"); text != "" {
		var err error
		if rows, err = strconv.ParseInt(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	f := newFake(t)
	a := f.apply()
	f.tx(insert(-1, "before", 1, ""))
	f.applied()
	base := alive()
	var peaks []int64
	for _, n := range []int64{rows / 10, rows} {
		stop, peak := make(chan struct{}), make(chan int64)
		go func() {
			highest := int64(0)
			for tick := time.NewTicker(50 * time.Millisecond); ; <-tick.C {
				highest = max(highest, alive())
				select {
				case <-stop:
					tick.Stop()
					peak <- highest
					return
				default:
				}
			}
		}()
		began := time.Now()
		f.sendLarge(n)
		f.wait(10*time.Minute, func() bool { return f.position() == f.link })
		close(stop)
		peaks = append(peaks, <-peak)
		t.Logf("%d rows: %.1f MB alive at most, %.1f MB before; %s from the first chunk on", n, mb(peaks[len(peaks)-1]), mb(base), time.Since(began).Round(time.Millisecond))
		if got := f.Int(f.Target, `SELECT count(*)::int FROM crm.thing WHERE id >= 0`); int64(got) != n {
			t.Errorf("%d rows, want %d", got, n)
		}
		f.tx(truncate())
		f.applied()
	}
	if grown := mb(peaks[1]) - mb(peaks[0]); grown > 32 {
		t.Errorf("memory grew by %.1f MB", grown)
	}
	if s := a.It.Status(); s.State != apply.Running || s.Conflicts != 0 || s.Parked != 0 {
		t.Errorf("status %+v", s)
	}
}

func mb(n int64) float64 { return float64(n) / (1 << 20) }

// alive is what the last garbage collection found alive, but for what nats-server allocated.
func alive() (bytes int64) {
	var records []runtime.MemProfileRecord
	for n, ok := runtime.MemProfile(nil, false); !ok; n, ok = runtime.MemProfile(records, false) {
		records = make([]runtime.MemProfileRecord, n+50)
	}
records:
	for _, r := range records {
		frames := runtime.CallersFrames(r.Stack())
		for {
			frame, more := frames.Next()
			if strings.Contains(frame.Function, "nats-server") {
				continue records
			}
			if !more {
				break
			}
		}
		bytes += r.InUseBytes()
	}
	return bytes
}

// wait is Until with a patience of its own.
func (f *fake) wait(patience time.Duration, done func() bool) {
	f.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			f.Fatalf("waited %s in vain", patience)
		}
	}
}

// sendLarge sends one transaction of n inserts in chunks that are made as they are sent.
func (f *fake) sendLarge(n int64) {
	f.Helper()
	f.lsn += 100
	h := f.header
	h.Prev = f.link
	digest := wire.Hash{byte(n), 9}
	in := make(chan stream.Outgoing)
	go func() {
		defer close(in)
		var w wire.Writer
		const size = 2000
		for from := int64(0); from < n; from += size {
			w.Reset(h)
			w.Begin(f.lsn, time.Now(), uint32(from/size))
			for key := from; key < min(n, from+size); key++ {
				w.Change(insert(key, "large "+strconv.FormatInt(key*7919, 36), int(key%1000), "profile of "+strconv.FormatInt(key*104729, 36)))
			}
			if from+size >= n {
				w.End(digest)
			} else {
				w.Cut()
			}
			select {
			case in <- stream.Outgoing{Data: w.Bytes(), Stored: func(uint64) {}}:
			case <-f.Context().Done():
				return
			}
		}
	}()
	f.Must(f.leaf.Pump(f.Context(), in, func(err error) {
		if err != nil {
			f.Error(err)
		}
	}))
	f.link = f.link.Next(f.lsn, digest)
}
