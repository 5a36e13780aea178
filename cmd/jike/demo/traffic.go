package demo

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"jike/cmd/jike/demo/world"
	"jike/cmd/jike/partner/boss"
)

// traffic is a simulated BOSS at each province.
type traffic struct {
	failed     chan error
	simulators []*boss.Simulator
	cancel     context.CancelFunc
	running    sync.WaitGroup
}

// startTraffic starts the simulators; a rate of 0 means none.
func startTraffic(ctx context.Context, w *world.World, rate float64) (*traffic, error) {
	ctx, cancel := context.WithCancel(ctx)
	t := &traffic{failed: make(chan error, len(w.Provinces)), cancel: cancel}
	if rate == 0 {
		return t, nil
	}
	for _, n := range w.Provinces {
		secret, err := n.Partner.Secret()
		if err != nil {
			return nil, errors.Join(err, t.stop())
		}
		s, err := boss.New(boss.Options{
			URL: n.XML, KeyID: n.Partner.KeyID, Secret: secret, Province: n.Code, Rate: rate, Seed: w.Seed(),
			Ledger: filepath.Join(filepath.Dir(n.Data), n.Name+"-boss.ledger"),
		})
		if err != nil {
			return nil, errors.Join(err, t.stop())
		}
		t.simulators = append(t.simulators, s)
		t.running.Go(func() {
			if err := s.Run(ctx); err != nil {
				t.failed <- fmt.Errorf("BOSS at %s: %w", n.Title(), err)
			}
		})
	}
	return t, nil
}

// stop ends the simulators and closes their ledgers.
func (t *traffic) stop() error {
	t.cancel()
	t.running.Wait()
	var errs []error
	for _, s := range t.simulators {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// statusLine says on one line what BOSS did and how far headquarters is.
func statusLine(ctx context.Context, w *world.World, t *traffic) (string, error) {
	arrivals, err := w.Arrivals(ctx)
	if err != nil {
		return "", err
	}
	var parts []string
	for i, a := range arrivals {
		boss := ""
		if i < len(t.simulators) {
			s := t.simulators[i].Stats()
			boss = fmt.Sprintf("%d messages from BOSS, %d answered 0000, ", s.Answered, s.Codes["0000"])
		}
		parts = append(parts, fmt.Sprintf("%s: %s%d rows at headquarters, %.1f s behind",
			w.Provinces[i].Title(), boss, a.Rows, max(0, time.Since(a.DataTime).Seconds())))
	}
	return strings.Join(parts, " · "), nil
}
