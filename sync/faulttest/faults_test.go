package faulttest

import (
	"context"
	"errors"
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
	if os.Getenv("JIKE_SEED") != "" {
		s = uint64(number(t, "JIKE_SEED", 0))
	}
	t.Logf("JIKE_SEED=%d", s)
	return s
}

// number reads a variable of the environment.
func number(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

// chosen are the faults that JIKE_FAULT, a regular expression, names; without it all under
// JIKE_FAULTS (make faults), and otherwise a few, since the whole list takes its time.
func chosen(t *testing.T) []Fault {
	t.Helper()
	pattern := os.Getenv("JIKE_FAULT")
	if pattern == "" && os.Getenv("JIKE_FAULTS") == "" {
		pattern = "^(kill several at once|power cut of the leaf|messages lost in the hub)$"
	}
	names, err := regexp.Compile(pattern)
	if err != nil {
		t.Fatalf("JIKE_FAULT: %v", err)
	}
	var list []Fault
	for _, f := range Faults {
		if names.MatchString(f.Name) {
			list = append(list, f)
		}
	}
	if len(list) == 0 {
		t.Fatalf("JIKE_FAULT=%s names no fault", pattern)
	}
	return list
}

// Each fault once, under load, and after each both databases are equal and every state seen was one
// of the province's.
func TestFaults(t *testing.T) {
	s := seed(t)
	r := New(t, Settings{Seed: s, LeafBytes: 8 << 20})
	defer r.end(t)
	random := rand.New(rand.NewPCG(s, 1000))
	for _, f := range chosen(t) {
		if len(r.carryOut(t, random, f)) > 0 {
			t.Errorf("%s disturbed nothing", f.Name)
		}
	}
}

// doPatience is how long a fault may take by itself; most take some seconds.
const doPatience = 3 * time.Minute

// carryOut does faults one after the other and then checks. It gives those that found nothing to
// disturb: a part that was killed a moment ago may have nothing yet.
func (r *Rig) carryOut(t *testing.T, random *rand.Rand, faults ...Fault) (idle []Fault) {
	t.Helper()
	began := time.Now()
	names := ""
	for _, f := range faults {
		if f.Needs != nil {
			if err := f.Needs(r); err != nil {
				t.Logf("%s: left out: %v", f.Name, err)
				continue
			}
		}
		r.mayBegin = r.mayBegin || f.Epoch
		ctx, cancel := context.WithTimeout(t.Context(), doPatience)
		err := f.Do(ctx, r, random)
		cancel()
		if errors.Is(err, errNothing) {
			t.Logf("%s: %v", f.Name, err)
			idle = append(idle, f)
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		names += ", " + f.Name
		r.done[f.Name]++
	}
	if names == "" {
		return idle
	}
	done := time.Now()
	err := r.Check(t.Context(), time.Duration(number(t, "JIKE_PATIENCE", 60))*time.Second)
	t.Logf("%5.1f s, then %4.1f s until equal: %s", done.Sub(began).Seconds(), time.Since(done).Seconds(), names[2:])
	if err != nil {
		t.Fatalf("after %s: %v", names[2:], err)
	}
	return idle
}

// end looks for leaks and reports.
func (r *Rig) end(t *testing.T) {
	if t.Failed() {
		r.tellLogs()
		fmt.Println(r.Report())
		return
	}
	if err := r.Silence(t.Context()); err != nil {
		t.Error(err)
	}
	fmt.Println(r.Report())
}
