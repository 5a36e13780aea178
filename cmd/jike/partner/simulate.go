package partner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
	"time"

	"jike/cmd/jike/partner/boss"
	"jike/xmlapi/envelope"
)

// SimulateBoss is steady traffic of a BOSS.
type SimulateBoss struct {
	node
	Ledger    string        `required:"" help:"File that says what was sent and answered; one that is there is continued."`
	Rate      float64       `default:"20" help:"Messages begun in a second."`
	Flight    int           `default:"8" help:"Messages under way at a time."`
	Customers int           `help:"Customers that the simulator keeps at a time; 120, or those of the ledger."`
	Seed      uint64        `default:"1" help:"The same number gives the same data."`
	Count     int           `help:"End after so many messages."`
	Duration  time.Duration `help:"End after this time."`
	Every     time.Duration `default:"5s" help:"Time between two lines of progress."`
}

// Run simulates until Count, Duration or an interruption. Then it asks for what is unanswered once
// more, unless it was interrupted, and says what it did. It fails if an answer was not 0000 or
// contradicts the ledger.
func (s SimulateBoss) Run(ctx context.Context) error { return s.run(ctx, os.Stdout) }

func (s SimulateBoss) run(ctx context.Context, out io.Writer) error {
	secret, err := s.secret()
	if err != nil {
		return err
	}
	province, err := s.province()
	if err != nil {
		return err
	}
	sim, err := boss.New(boss.Options{
		URL: s.URL, KeyID: s.KeyID, Secret: secret, Province: province, Ledger: s.Ledger, Rate: s.Rate,
		Flight: s.Flight, Customers: s.Customers, Count: s.Count, Seed: s.Seed,
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "run %s, %d unanswered messages from before\n", sim.Header().Run, sim.Unanswered())
	return errors.Join(err, s.simulate(ctx, sim, out), sim.Close())
}

func (s SimulateBoss) simulate(ctx context.Context, sim *boss.Simulator, out io.Writer) error {
	traffic, stop := context.WithCancel(ctx)
	defer stop()
	if s.Duration > 0 {
		timer := time.AfterFunc(s.Duration, stop)
		defer timer.Stop()
	}
	done := make(chan error, 1)
	go func() { done <- sim.Run(traffic) }()
	err := s.watch(sim, out, done)
	if err == nil && ctx.Err() == nil {
		err = sim.Settle(ctx)
	}
	_, failed := fmt.Fprintf(out, "ended: %s, %d unanswered\n", line(sim.Stats(), 0), sim.Unanswered())
	return errors.Join(err, failed, verdict(sim.Stats()))
}

// watch prints a line every few seconds until the simulator is done.
func (s SimulateBoss) watch(sim *boss.Simulator, out io.Writer, done <-chan error) error {
	every := time.NewTicker(max(s.Every, time.Millisecond))
	defer every.Stop()
	began, before := time.Now(), 0
	for {
		select {
		case err := <-done:
			return err
		case now := <-every.C:
			stats := sim.Stats()
			rate := float64(stats.Answered-before) / now.Sub(began).Seconds()
			began, before = now, stats.Answered
			if _, err := fmt.Fprintln(out, line(stats, rate)); err != nil {
				return errors.Join(err, <-done)
			}
		}
	}
}

func line(s boss.Stats, rate float64) string {
	codes := make([]string, 0, len(s.Codes))
	for code, n := range s.Codes {
		codes = append(codes, fmt.Sprintf("%s×%d", code, n))
	}
	sort.Strings(codes)
	text := fmt.Sprintf("sent %d, answered %d (%s), requests %d, failed %d", s.Sent, s.Answered, strings.Join(codes, " "), s.Tries, s.Failed)
	if rate > 0 {
		text += fmt.Sprintf(", %.1f answers/s", rate)
	}
	return text
}

func verdict(s boss.Stats) error {
	for code, n := range s.Codes {
		if code != envelope.CodeOK {
			return fmt.Errorf("%d messages were answered %s", n, code)
		}
	}
	if len(s.Wrong) > 0 {
		return fmt.Errorf("%d answers contradict the ledger, the first: %s", len(s.Wrong), s.Wrong[0])
	}
	return nil
}
