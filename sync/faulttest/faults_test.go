package faulttest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"
)

func TestMain(m *testing.M) { os.Exit(Main(m.Run)) }

// seed is printed, and taken from JIKE_SEED.
func seed(t *testing.T) uint64 {
	t.Helper()
	s := uint64(time.Now().UnixNano()) % 1_000_000_000
	if text := os.Getenv("JIKE_SEED"); text != "" {
		var err error
		if s, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("JIKE_SEED: %v", err)
		}
	}
	t.Logf("JIKE_SEED=%d", s)
	return s
}

// Each fault once, under load, and after each both databases are equal and every state seen was one
// of the province's.
func TestFaults(t *testing.T) {
	s := seed(t)
	r := New(t, Settings{Seed: s, LeafBytes: 12 << 20})
	defer func() {
		if t.Failed() {
			r.tellLogs()
		}
	}()
	random := rand.New(rand.NewPCG(s, 1000))
	for _, f := range Faults {
		if only := os.Getenv("JIKE_FAULT"); only != "" && !regexp.MustCompile(only).MatchString(f.Name) {
			continue
		}
		if err := r.carryOut(t, f, random); err != nil {
			t.Fatalf("%s: %v (repeat with JIKE_SEED=%d)", f.Name, err, s)
		}
	}
	if err := r.Silence(t.Context()); err != nil {
		t.Error(err)
	}
	fmt.Println(r.Report())
}

func (r *Rig) carryOut(t *testing.T, f Fault, random *rand.Rand) error {
	if f.Needs != nil {
		if err := f.Needs(r); err != nil {
			t.Logf("%s: left out: %v", f.Name, err)
			return nil
		}
	}
	began := time.Now()
	if err := f.Do(t.Context(), r, random); err != nil {
		return err
	}
	done := time.Now()
	patience := f.Patience
	if patience == 0 {
		patience = time.Minute
	}
	err := r.Check(t.Context(), patience)
	t.Logf("%-34s %5.1f s, then %5.1f s until equal", f.Name, done.Sub(began).Seconds(), time.Since(done).Seconds())
	return err
}
