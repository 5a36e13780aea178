package check

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/cmd/jike/partner/boss"
	"jike/sync/reconcile"
)

// kill starts traffic and polls, and kills.
func (s *scene) kill(ctx context.Context) (string, error) {
	for _, at := range s.sites {
		if err := at.openTraffic(ctx, s.dir, s.cmd.Seed); err != nil {
			return "", err
		}
		s.onClose(at.closeTraffic)
		at.markers = s.finder.follow("B"+at.boss.Header().Run, markerLength)
	}
	s.startPolls(ctx)
	s.flow(ctx)
	if err := arrives(ctx, s.sites, s.poller); err != nil {
		return "", err
	}
	parts := targets(s.world, s.cmd.Kills, s.dice)
	var err error
	if s.kills, err = killAll(ctx, s.world, s.sites, s.poller, parts, s.dice, s.report.say); err != nil {
		return "", err
	}
	return s.judgeKills()
}

// markerLength is that of a transaction id of BOSS: B, the run, slot and step.
const markerLength = 17

func (s *scene) startPolls(ctx context.Context) {
	s.poller = newPoller(s.world.National.AppURL, s.sites, s.fail)
	ctx, cancel := context.WithCancel(ctx)
	var polling sync.WaitGroup
	polling.Go(func() { s.poller.run(ctx) })
	s.onClose(func() error { cancel(); polling.Wait(); return nil })
}

// flow starts the traffic; it ends with the scene if not before.
func (s *scene) flow(ctx context.Context) {
	t := flow(ctx, s.sites, s.fail)
	s.traffic = t
	s.onClose(func() error {
		t.cancel()
		t.group.Wait()
		return nil
	})
}

// judgeKills reads in the ledgers what the traffic was when each part was killed.
func (s *scene) judgeKills() (string, error) {
	ledgers := map[*site]*boss.Ledger{}
	for _, at := range s.sites {
		l, err := boss.ReadLedger(at.ledger)
		if err != nil {
			return "", err
		}
		ledgers[at] = l
	}
	var longest, slowest time.Duration
	least := int64(1 << 40)
	for i := range s.kills {
		k := &s.kills[i]
		if err := k.measure(ledgers, s.sites); err != nil {
			return "", err
		}
		longest, slowest, least = max(longest, k.last), max(slowest, k.restored), min(least, k.rate)
	}
	_, median, high := s.poller.lag()
	return fmt.Sprintf("%d kills, each under %d commits/s or more and at most %d ms after a commit; back after %.1f s at the longest; commit to headquarters: median %d ms, 99 %% within %d ms",
		len(s.kills), least, longest.Milliseconds(), slowest.Seconds(), median.Milliseconds(), high.Milliseconds()), nil
}

// resent says how many requests had no answer and were sent again, and how many of them had been
// carried out already: those get the stored answer. None would mean that no kill hit a message.
func (s *scene) resent(ctx context.Context) (failed, stored int, err error) {
	for _, at := range s.sites {
		failed += at.boss.Stats().Failed + int(at.pair.Tries()-at.pair.Counter())
		n, err := one[int](ctx, at.db, `SELECT count(*) FROM journal.exchange WHERE repeated AND trans_id ~ '^[BP]'`)
		if err != nil {
			return failed, stored, err
		}
		stored += n
	}
	if failed == 0 {
		err = errors.New("every request was answered at once: the kills hit nothing")
	}
	return failed, stored, err
}

// lose loses the store of a leaf server while the hub is away.
func (s *scene) lose(ctx context.Context) (string, error) {
	at := s.sites[s.dice.IntN(len(s.sites))]
	lost := 0
	waiting, _, err := wipe(ctx, s.world, at, s.sites, s.poller, func(ctx context.Context) (err error) {
		lost, err = s.tap.readStore(ctx, at.node, s.dir)
		if err == nil && lost == 0 {
			err = fmt.Errorf("the leaf's store of %s held nothing that could be lost", at.node.Title())
		}
		return err
	})
	return fmt.Sprintf("%s lost %d messages with %d changes of the pair that the hub did not have; all of them came from the log", at.node.Title(), lost, waiting), err
}

// compare stops the traffic and compares the levels with each other and the provinces with BOSS's
// ledgers. Nothing was repaired that the system did not repair by itself.
func (s *scene) compare(ctx context.Context) (string, error) {
	if err := s.traffic.stop(ctx); err != nil {
		return "", err
	}
	if err := s.arrived(ctx); err != nil {
		return "", err
	}
	var total compared
	messages := 0
	for _, at := range s.sites {
		c, err := s.compareSite(ctx, at)
		if err != nil {
			return "", err
		}
		total.rows, total.values = total.rows+c.rows, total.values+c.values
		n, err := checkLedger(ctx, at)
		if err != nil {
			return "", err
		}
		messages += n
		if err := at.talk.again(ctx); err != nil {
			return "", fmt.Errorf("%s: %w", at.node.Title(), err)
		}
	}
	strays, err := one[int](ctx, s.headquarters, `SELECT (SELECT count(*) FROM crm.customer WHERE province <> ALL ($1::smallint[])) +
		(SELECT count(*) FROM sync.divergence)`, provincesOf(s.sites))
	if err == nil && strays > 0 {
		err = fmt.Errorf("%d customers of other provinces or recorded divergences at headquarters", strays)
	}
	if err != nil {
		return "", err
	}
	failed, stored, err := s.resent(ctx)
	return fmt.Sprintf("%s equal; %d messages agree with BOSS's ledger; %d requests had no answer and were sent again, %d of them got the stored one",
		total, messages, failed, stored), err
}

// arrived waits until headquarters has everything that the provinces have committed.
func (s *scene) arrived(ctx context.Context) error {
	within, cancel := context.WithTimeoutCause(ctx, arriveWait, fmt.Errorf("headquarters has not everything within %s", arriveWait))
	defer cancel()
	if err := s.world.AwaitArrival(within); err != nil {
		return errors.Join(context.Cause(within), err)
	}
	return nil
}

func provincesOf(sites []*site) (list []int16) {
	for _, at := range sites {
		list = append(list, int16(at.node.Code))
	}
	return list
}

// compareSite compares a province with headquarters. A row that the province's clock changes just
// now, such as one of the summary, arrives soon: differences are looked at again.
func (s *scene) compareSite(ctx context.Context, at *site) (c compared, err error) {
	wrong, err := flagsWrong(ctx, at.db)
	if err == nil && wrong > 0 {
		err = fmt.Errorf("%d rows of %s have a flag that the policy does not give", wrong, at.node.Title())
	}
	if err != nil {
		return c, err
	}
	for range 3 {
		if c, err = compareRows(ctx, at.db, s.headquarters, at.node.Code); err != nil || len(c.differences) == 0 {
			return c, err
		}
		pause(ctx, time.Second)
	}
	var lines []string
	for _, d := range c.differences[:min(10, len(c.differences))] {
		lines = append(lines, d.String())
	}
	return c, fmt.Errorf("%d rows differ, such as:\n%s", len(c.differences), strings.Join(lines, "\n"))
}

// checkLedger compares BOSS's ledger with what is in the province.
func checkLedger(ctx context.Context, at *site) (messages int, err error) {
	l, err := boss.ReadLedger(at.ledger)
	if err != nil {
		return 0, err
	}
	if open := l.Unanswered(); len(open) > 0 {
		return 0, fmt.Errorf("%d messages of BOSS to %s have no answer, such as %s", len(open), at.node.Title(), open[0].ID)
	}
	compared, wrong, err := l.Check(ctx, at.db)
	if err != nil {
		return compared, err
	}
	if len(wrong) > 0 {
		return compared, fmt.Errorf("%d of %d messages of BOSS to %s have not the effect that was answered, such as: %s", len(wrong), compared, at.node.Title(), wrong[0])
	}
	return compared, checkPair(ctx, at)
}

// checkPair fails unless each amount of the pair, from 0, was written exactly once. A message to
// both customers is the only one of more than one line: the audit trail names no single customer then,
// and the sum of both bills.
func checkPair(ctx context.Context, at *site) error {
	found, err := one[string](ctx, at.db, `SELECT concat_ws(' ', count(*), count(DISTINCT after->>'amountFen'),
		min((after->>'amountFen')::bigint), max((after->>'amountFen')::bigint), min((after->>'written')::int))
		FROM audit.line WHERE action = 'bill.batch' AND customer_id IS NULL`)
	if err != nil {
		return err
	}
	n := at.pair.Counter()
	if want := fmt.Sprint(n+1, n+1, 0, 2*n, 2); found != want {
		return fmt.Errorf("the pair of %s: messages, different sums, least, greatest, bills written are %s, not %s", at.node.Title(), found, want)
	}
	return nil
}

// eachPlanted is how many edits, deletions, inventions and swaps are planted of each province.
const eachPlanted = 5

// plant proves that the levels are equal, plants differences, has them found and repaired, and has
// the levels proved equal again; all while traffic runs.
func (s *scene) plant(ctx context.Context) (string, error) {
	s.flow(ctx)
	if err := arrives(ctx, s.sites, s.poller); err != nil {
		return "", err
	}
	// More kills, more clean runs afterwards: none of them may name a difference.
	again := 1 + 3*max(0, s.cmd.Kills-2)
	rounds := []reconcile.Result{reconcile.Clean, reconcile.Repaired}
	rounds = append(rounds, slices.Repeat([]reconcile.Result{reconcile.Clean}, again)...)
	planted := 0
	for _, result := range rounds {
		for _, at := range s.sites {
			n, err := s.prove(ctx, at, result)
			if err != nil {
				return "", fmt.Errorf("%s: %w", at.node.Title(), err)
			}
			planted += n
		}
	}
	for _, at := range s.sites {
		if err := sameCertificates(ctx, at, s.chains[at]); err != nil {
			return "", fmt.Errorf("%s: %w", at.node.Title(), err)
		}
	}
	return fmt.Sprintf("%d planted (edits, deletions, inventions, swaps), all named with table, key and columns, nothing else; %d runs before and after are clean; %d certificates verified",
		planted, (1+again)*len(s.sites), len(rounds)*len(s.sites)), nil
}

// prove reconciles, after it has planted differences if the result is to be their repair. It gives
// their number.
func (s *scene) prove(ctx context.Context, at *site, result reconcile.Result) (int, error) {
	p := planter{code: at.node.Code, dice: rand.New(rand.NewPCG(s.cmd.Seed, uint64(at.node.Code)))}
	if result == reconcile.Repaired {
		db, err := pgx.Connect(ctx, s.world.National.SuperuserURL)
		if err != nil {
			return 0, err
		}
		p.db = db
		err = p.plant(ctx, eachPlanted)
		_ = db.Close(ctx) // everything is committed
		if err != nil {
			return 0, fmt.Errorf("planting: %w", err)
		}
	}
	run, err := reconcileAt(ctx, s.analyst, at.node.Code)
	if err != nil {
		return 0, err
	}
	if err := run.mustBe(result); err != nil {
		return 0, err
	}
	if err := sameDifferences(p.planted, run.found(at.node.Code)); err != nil {
		return 0, err
	}
	took := time.Duration(0)
	if run.Run.Ended != nil {
		took = run.Run.Ended.Sub(run.Run.Started)
	}
	s.report.say("%s: reconciliation %d is %s: %d rows, %d differences named, %d keys repaired, %.1f s",
		at.node.Title(), run.Run.ID, run.Run.Result, run.Run.Rows, run.Run.Differences, run.Run.Repaired, took.Seconds())
	s.chains[at] = append(s.chains[at], run.certificate)
	return len(p.planted), nil
}

// polled says what the poller saw, and that headquarters shows the last amounts.
func (s *scene) polled(ctx context.Context) (string, error) {
	amounts := map[*site]int64{}
	var rises int64
	for _, at := range s.sites {
		amounts[at] = at.pair.Counter()
		rises += at.pair.Counter()
	}
	within, cancel := context.WithTimeoutCause(ctx, arriveWait, fmt.Errorf("headquarters does not show the last amounts"))
	defer cancel()
	if err := s.poller.await(within, amounts); err != nil {
		return "", err
	}
	polls, lost := s.poller.count()
	if polls < 500 {
		return "", fmt.Errorf("only %d polls: nobody looked", polls)
	}
	return fmt.Sprintf("%d polls of 2 pairs over %d changes: never unequal, never less than before; %d polls more had no answer", polls, rises, lost), nil
}
