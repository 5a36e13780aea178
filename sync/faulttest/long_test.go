package faulttest

import (
	"math/rand/v2"
	"os"
	"testing"
	"time"
)

// long are tests that take longer than CI may: make long runs them.
func long(t *testing.T) {
	t.Helper()
	if os.Getenv("JIKE_LONG") == "" && os.Getenv("JIKE_FAULT") == "" {
		t.Skip("part of make long")
	}
}

// Rounds of faults in random order under load. Every fault comes as often as every other; a round is
// some kills of any part, one to three faults, and a check. It ends in time for the test's own limit.
func TestLong(t *testing.T) {
	long(t)
	s := seed(t)
	r := New(t, Settings{Seed: s, LeafBytes: 8 << 20, Long: true})
	defer r.end(t)
	random := rand.New(rand.NewPCG(s, 2000))
	limit, limited := t.Deadline()
	var deck []Fault
	for i := range number(t, "JIKE_ROUNDS", 10) {
		if limited && time.Until(limit) < 2*time.Minute {
			t.Logf("the time is over after %d rounds", i)
			return
		}
		hand := []Fault{{Name: "random kills", Do: randomKills}}
		for range 1 + random.IntN(3) {
			if len(deck) == 0 {
				deck = chosen(t)
				random.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
			}
			hand, deck = append(hand, deck[0]), deck[1:]
		}
		deck = append(deck, r.carryOut(t, random, hand...)...)
	}
}

// Reconciliations under full load with random planted differences: each is found, none is false.
func TestReconciliations(t *testing.T) {
	long(t)
	s := seed(t)
	r := New(t, Settings{Seed: s})
	defer r.end(t)
	r.load.pause = 0
	random := rand.New(rand.NewPCG(s, 3000))
	for i := range number(t, "JIKE_RECONCILIATIONS", 20) {
		if err := r.Reconcile(t.Context(), random); err != nil {
			t.Fatalf("run %d: %v", i, err)
		}
		if err := r.observer.verdict(); err != nil {
			t.Fatalf("run %d: %v", i, err)
		}
	}
	if err := r.Check(t.Context(), time.Minute); err != nil {
		t.Fatal(err)
	}
}
