package check

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"jike/cmd/jike/demo/world"
	"jike/cmd/jike/partner/boss"
)

// kill is one part that was killed and came back.
type kill struct {
	part     world.Part
	sites    []*site   // whose commits count: the killed province, or all
	at       time.Time // of the signal
	last     time.Duration
	rate     int64
	restored time.Duration // from the restart until the part is ready, or until what was committed after it is at headquarters
}

// What must hold when a part is killed.
const (
	leastRate  = 50 // answers 0000 in the second before
	latestLast = 100 * time.Millisecond
)

// targets lists what is killed, so many times of each kind, in an order that follows from the dice.
func targets(w *world.World, times int, dice *rand.Rand) []world.Part {
	var list []world.Part
	for i := range times {
		p := w.Provinces[i%len(w.Provinces)].Part
		q := w.Provinces[(i+1)%len(w.Provinces)].Part
		list = append(list, p, world.Postgres(q), world.National, world.Postgres(world.National), world.Hub)
	}
	dice.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// killAll kills one part after the other at a random moment of full traffic and starts it again.
// After two of three kills, and the last, it waits until everything flows; else the next part is
// killed as soon as the provinces are written to, whatever is still coming back.
func killAll(ctx context.Context, w *world.World, sites []*site, p *poller, parts []world.Part, dice *rand.Rand, say func(string, ...any)) ([]kill, error) {
	var all []kill
	for i, part := range parts {
		patient := dice.IntN(3) > 0 || i == len(parts)-1
		k, err := killOne(ctx, w, sites, part, dice)
		if err == nil && patient {
			began := time.Now()
			err = arrives(ctx, sites, p)
			k.restored += time.Since(began)
		}
		if err != nil {
			return all, fmt.Errorf("kill %d of %d, %s: %w", i+1, len(parts), part, err)
		}
		after := fmt.Sprintf("ready %.1f s after its restart, the next kill follows at once", k.restored.Seconds())
		if patient {
			after = fmt.Sprintf("all flows again %.1f s after its restart", k.restored.Seconds())
		}
		say("kill %d of %d: %s, %d ms after the last commit, at %d commits/s; %s", i+1, len(parts), part, k.last.Milliseconds(), k.rate, after)
		all = append(all, k)
	}
	return all, nil
}

func killOne(ctx context.Context, w *world.World, sites []*site, part world.Part, dice *rand.Rand) (kill, error) {
	k := kill{part: part, sites: sites}
	for _, s := range sites {
		if part == s.node.Part || part == world.Postgres(s.node.Part) {
			k.sites = []*site{s}
		}
	}
	pause(ctx, time.Duration(dice.IntN(700))*time.Millisecond)
	down, phase := time.Duration(dice.IntN(500))*time.Millisecond, time.Duration(dice.IntN(20_000))*time.Microsecond
	if err := k.aim(ctx, sites, phase); err != nil {
		return k, err
	}
	k.at = time.Now()
	if err := w.Kill(part); err != nil {
		return k, err
	}
	pause(ctx, down)
	began := time.Now()
	err := w.Restart(ctx, part)
	k.restored = time.Since(began)
	return k, err
}

// aim waits until the traffic is as it must be, and then for the phase: less than the distance of
// two commits, so that it ends at any moment of a transaction.
func (k *kill) aim(ctx context.Context, sites []*site, phase time.Duration) error {
	look := func() {
		k.rate, k.last = 0, time.Hour
		for _, s := range sites {
			rate, _ := s.pulse()
			k.rate += rate
		}
		for _, s := range k.sites {
			_, ago := s.pulse()
			k.last = min(k.last, ago)
		}
	}
	return until(ctx, 30*time.Second, fmt.Sprintf("%d commits/s, and one just now", leastRate), func(ctx context.Context) (bool, error) {
		if look(); k.rate < leastRate*3/2 || k.last > latestLast/3 {
			return false, nil
		}
		pause(ctx, phase)
		look() // a busy machine may have slept
		return k.last < latestLast*3/4, nil
	})
}

// arriveWait is how long the system may take to come back by itself.
const arriveWait = 45 * time.Second

// arrives waits until headquarters shows of every site what is committed after the call.
func arrives(ctx context.Context, sites []*site, p *poller) error {
	amounts := map[*site]int64{}
	for _, s := range sites {
		amounts[s] = s.pair.Counter() + 2 // the next one may be under way already
	}
	within, cancel := context.WithTimeoutCause(ctx, arriveWait, fmt.Errorf("headquarters does not show within %s what was committed after the restart", arriveWait))
	defer cancel()
	return p.await(within, amounts)
}

// measure reads from the ledgers, and from when the pairs were answered, what the traffic was at
// the moment of the kill. A message without an effect on the rows does not count.
func (k *kill) measure(ledgers map[*site]*boss.Ledger, all []*site) error {
	commits := func(s *site, count func(time.Time)) {
		for _, e := range ledgers[s].Exchanges {
			if e.Code == "0000" && e.Op != boss.Query {
				count(e.At)
			}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, at := range s.commits {
			count(at)
		}
	}
	k.rate = 0
	for _, s := range all {
		commits(s, func(at time.Time) {
			if at.Before(k.at) && k.at.Sub(at) <= time.Second {
				k.rate++
			}
		})
	}
	k.last = time.Hour
	for _, s := range k.sites {
		commits(s, func(at time.Time) {
			if at.Before(k.at) {
				k.last = min(k.last, k.at.Sub(at))
			}
		})
	}
	if k.rate < leastRate || k.last > latestLast {
		return fmt.Errorf("%s was killed at %d commits/s, %s after the last: too quiet to prove anything", k.part, k.rate, k.last)
	}
	return nil
}

// wipe loses a leaf's store with what the hub has not taken: the hub is away, the province writes
// on, its node stops, its leaf's store is removed. It gives how many changes of the pair were only
// in the province then.
func wipe(ctx context.Context, w *world.World, s *site, sites []*site, p *poller, look func(context.Context) error) (waiting int64, took time.Duration, err error) {
	if err := w.Kill(world.Hub); err != nil {
		return 0, 0, err
	}
	p.mu.Lock()
	seen := p.seen[s.node.Code]
	p.mu.Unlock()
	err = until(ctx, 20*time.Second, "40 more commits without the hub", func(context.Context) (bool, error) {
		return s.pair.Counter() >= seen+40, nil
	})
	if err != nil {
		return 0, 0, err
	}
	if err := w.StopPart(ctx, s.node.Part); err != nil {
		return 0, 0, err
	}
	if err := look(ctx); err != nil {
		return 0, 0, err
	}
	if err := removeLeaf(s.node); err != nil {
		return 0, 0, err
	}
	waiting = s.pair.Counter() - seen
	began := time.Now()
	if err := w.Restart(ctx, s.node.Part); err != nil {
		return waiting, 0, err
	}
	if err := w.Restart(ctx, world.Hub); err != nil {
		return waiting, 0, err
	}
	return waiting, time.Since(began), arrives(ctx, sites, p)
}
