package check

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"jike/cmd/jike/demo/world"
	"jike/cmd/jike/partner/boss"
)

// site is one province as this check deals with it.
type site struct {
	node           *world.Node
	admin, manager *browser
	db             *pgxpool.Pool // only to verify
	talk           *talk
	boss           *boss.Simulator
	pair           *boss.Pair
	ledger         string
	markers        *trail // the ids of BOSS's messages: each stands in the address that it wrote

	mu      sync.Mutex
	commits []time.Time // when the pair's messages were answered 0000, by amount
	samples []sample
}

// sample is how many messages had been answered 0000 at a moment.
type sample struct {
	at    time.Time
	count int64
}

// How hard the provinces are written to, each, in messages a second.
const (
	bossRate = 32
	pairRate = 25
)

// openTraffic makes the simulators of a province; nothing is sent but the pair's beginning.
func (s *site) openTraffic(ctx context.Context, dir string, seed uint64) error {
	secret, err := s.node.Partner.Secret()
	if err != nil {
		return err
	}
	s.ledger = filepath.Join(dir, s.node.Name+"-boss.ledger")
	o := boss.Options{
		URL: s.node.XML, KeyID: s.node.Partner.KeyID, Secret: secret, Province: s.node.Code,
		Ledger: s.ledger, Rate: bossRate, Flight: 8, Seed: seed,
	}
	if s.boss, err = boss.New(o); err != nil {
		return err
	}
	if s.pair, err = boss.NewPair(o); err != nil {
		return err
	}
	if err := s.pair.Prepare(ctx); err != nil {
		return err
	}
	s.commits = []time.Time{time.Now()}
	return nil
}

func (s *site) closeTraffic() error {
	var err error
	if s.boss != nil {
		err = s.boss.Close()
	}
	if s.pair != nil {
		s.pair.Close()
	}
	return err
}

// traffic is everything that writes to the provinces, while it does.
type traffic struct {
	sites  []*site
	cancel context.CancelFunc
	group  sync.WaitGroup
	mu     sync.Mutex
	err    error
}

// flow lets BOSS and the pairs write to all sites; fail hears of what goes wrong.
func flow(ctx context.Context, sites []*site, fail func(error)) *traffic {
	ctx, cancel := context.WithCancel(ctx)
	t := &traffic{sites: sites, cancel: cancel}
	run := func(what string, s *site, f func(context.Context) error) {
		t.group.Go(func() {
			if err := f(ctx); err != nil {
				err = fmt.Errorf("%s at %s: %w", what, s.node.Title(), err)
				t.mu.Lock()
				t.err = errors.Join(t.err, err)
				t.mu.Unlock()
				fail(err)
			}
		})
	}
	for _, s := range sites {
		run("BOSS", s, s.boss.Run)
		run("the pair", s, s.advance)
	}
	t.group.Go(func() {
		every(ctx, 5*time.Millisecond, func() {
			for _, s := range sites {
				s.sample()
			}
		})
	})
	return t
}

// stop ends the writing, and then sends what is unanswered until it is answered.
func (t *traffic) stop(ctx context.Context) error {
	t.cancel()
	t.group.Wait()
	if t.err != nil {
		return t.err
	}
	for _, s := range t.sites {
		if err := s.boss.Settle(ctx); err != nil {
			return fmt.Errorf("unanswered messages of BOSS at %s: %w", s.node.Title(), err)
		}
		// The pair's last message may be without an answer too: the next call asks for it again.
		if _, err := s.pair.Advance(ctx); err != nil {
			return err
		}
		s.committed()
		if wrong := s.boss.Stats().Wrong; len(wrong) > 0 {
			return fmt.Errorf("answers at %s contradict what was sent, such as: %s", s.node.Title(), wrong[0])
		}
	}
	return nil
}

// advance raises the pair's counter until ctx ends.
func (s *site) advance(ctx context.Context) error {
	tick := time.NewTicker(time.Second / pairRate)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if _, err := s.pair.Advance(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		s.committed()
	}
}

// committed notes that the pair's message has just been answered.
func (s *site) committed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commits = append(s.commits, time.Now())
}

// committedAt says when an amount was answered 0000; it is the zero time if it was not yet.
func (s *site) committedAt(amount int64) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if amount >= int64(len(s.commits)) {
		return time.Time{}
	}
	return s.commits[amount]
}

// sample notes how many messages are answered now, and forgets what is older than a second.
func (s *site) sample() {
	count := s.pair.Counter() + int64(s.boss.Stats().Codes["0000"])
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.samples = append(s.samples, sample{now, count})
	old := 0
	for now.Sub(s.samples[old].at) > time.Second {
		old++
	}
	s.samples = append(s.samples[:0], s.samples[old:]...)
}

// pulse gives the answers 0000 of the last second, and how long ago the pair's last one came.
func (s *site) pulse() (rate int64, ago time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ago = time.Since(s.commits[len(s.commits)-1])
	if len(s.samples) == 0 {
		return 0, ago
	}
	return s.samples[len(s.samples)-1].count - s.samples[0].count, ago
}
