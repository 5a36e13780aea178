package selection

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"jike/internal/pg"
)

// Settings are how rollouts run.
type Settings struct {
	Rate int `yaml:"rate"` // customers gone over in a second, on average
}

// DefaultSettings goes over a million customers in about a quarter of an hour.
func DefaultSettings() Settings { return Settings{Rate: 1000} }

// Validate refuses a rate that would never end.
func (s Settings) Validate() error {
	if s.Rate < 1 {
		return fmt.Errorf("rate: %d: at least one customer a second", s.Rate)
	}
	return nil
}

// idle is how often it is looked whether a version's time has come.
const idle = time.Second

// Keep adopts what headquarters delivers, begins approved versions when their time comes, and makes
// the batches of the one under way, at the set rate, until ctx ends. What it does next stands in the
// database only, so it may be cut off at any moment. delivered lists headquarters' policies; nil: none
// come.
func (s *Store) Keep(ctx context.Context, settings Settings, delivered func(context.Context) ([]Delivered, error), log *slog.Logger) {
	refused := ""
	for ctx.Err() == nil {
		if delivered != nil {
			refused = s.adoptAll(ctx, delivered, refused, log)
		}
		pause, err := s.advance(ctx, settings)
		switch {
		case ctx.Err() != nil:
			return
		case pg.LockRefused(err): // somebody holds a customer, or saves are under way
			err = s.trouble(ctx, errors.New("somebody holds a customer of the batch"))
			pause = idle
		case err != nil:
			log.Error("selection: no batch could be made", "error", err)
			err = s.trouble(ctx, err)
			pause = idle
		}
		if err != nil {
			log.Error("selection: the state of the rollout cannot be written", "error", err)
		}
		select {
		case <-time.After(pause):
		case <-s.wakeIf(pause == idle):
		case <-ctx.Done():
		}
	}
}

// wakeIf is the channel of wake-ups; the pause between two batches is not cut short by one.
func (s *Store) wakeIf(idles bool) <-chan struct{} {
	if idles {
		return s.wake
	}
	return nil
}

// adoptAll adopts what is delivered, and gives what was refused, in words. It logs only what it did not
// refuse the time before: a policy that cannot be adopted stays among those delivered.
func (s *Store) adoptAll(ctx context.Context, delivered func(context.Context) ([]Delivered, error), before string, log *slog.Logger) string {
	list, err := delivered(ctx)
	for _, d := range list {
		err = errors.Join(err, s.Adopt(ctx, d))
	}
	if err == nil {
		return ""
	}
	if err.Error() != before && ctx.Err() == nil {
		log.Error("selection: headquarters' policies", "error", err)
	}
	return err.Error()
}

// advance does the next thing and says how long to wait after it.
func (s *Store) advance(ctx context.Context, settings Settings) (time.Duration, error) {
	began := time.Now()
	p, err := s.step(ctx)
	if err != nil {
		return 0, err
	}
	if p.version == 0 {
		version, err := s.begin(ctx)
		if err != nil || version == 0 {
			return idle, err
		}
		return 0, nil
	}
	if p.paused {
		return idle, nil
	}
	due := time.Duration(float64(p.judged) / float64(settings.Rate) * float64(time.Second))
	return max(0, due-time.Since(began)), nil
}
