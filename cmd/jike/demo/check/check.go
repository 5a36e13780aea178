// Package check is the command `jike demo check`: the main job, run once unattended in a temporary
// directory and proved from outside, while parts of it are killed.
//
// The world is headquarters and two provinces with their PostgreSQL clusters and the hub, each a
// process of its own. Everything is done as people and partners do it: by the portals' JSON with a
// session, and by XML over HTTP. SQL is only used to look, to make differences that must be found,
// and to put values where no portal or message can put them yet. Nothing that judges shares code
// with what is judged: rows are compared by plain SQL with columns written out in this package, the
// ledger is BOSS's own, replies are compared with what iconv makes.
//
// The steps follow one another; the first that fails ends the check and keeps the directory. Beside
// them, from the first message to the last, run
//
//	wiretap  reads the leaf servers' streams and looks for values that must not leave a province;
//	poller   reads at headquarters two rows that always change together: a reader must never see
//	         them unequal, nor less than before;
//	traffic  BOSS and the writer of the pairs, who send again whatever is not answered.
//
// Whatever is drawn at random follows from a seed, which is printed; when it happens does not, since
// no two runs have the same speed.
package check

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"jike/cmd/jike/demo/world"
	"jike/sync/reconcile"
)

// Cmd runs the check.
type Cmd struct {
	Kills     int    `default:"2" help:"How often each kind of part is killed: a province, its PostgreSQL, headquarters, its PostgreSQL, the hub."`
	Seed      uint64 `help:"What is random follows from it; 0: from the clock."`
	Customers int    `default:"2000" help:"Group customers of each province."`
	Keep      bool   `help:"Keep the directory also when all is well."`
}

// Run carries the check out. It returns an error as soon as something is not as promised, or when
// ctx ends.
func (c Cmd) Run(ctx context.Context) error {
	if c.Kills < 1 || c.Customers < 200 {
		return errors.New("at least one kill of each kind and 200 customers are needed to prove anything")
	}
	if c.Seed == 0 {
		c.Seed = uint64(time.Now().UnixNano()) % 1_000_000_000
	}
	dir, err := os.MkdirTemp("", "jike-check-")
	if err != nil {
		return err
	}
	s := newScene(c, dir, newReport(os.Stdout))
	s.report.say("seed %d, directory %s", c.Seed, dir)
	limit := 8*time.Minute + time.Duration(c.Kills)*time.Minute
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("the check did not end within %s", limit))
	defer cancel()
	err = errors.Join(s.play(ctx), s.close(ctx))
	if err != nil {
		s.tellLogs()
		// Not wrapped: whatever ended the check, also an interrupt, it has not passed.
		return errors.New(err.Error())
	}
	s.report.table()
	if c.Keep {
		return nil
	}
	return os.RemoveAll(dir)
}

// scene is the world with everybody who acts in it or watches it.
type scene struct {
	cmd    Cmd
	dir    string
	dice   *rand.Rand
	report *report

	world        *world.World
	headquarters *pgxpool.Pool // only to verify
	analyst      *browser
	sites        []*site

	finder  *finder
	tap     *wiretap
	poller  *poller
	traffic *traffic
	kills   []kill
	chains  map[*site][]reconcile.Certificate

	fail    context.CancelCauseFunc // ends the running step
	closers []func() error
}

func newScene(c Cmd, dir string, r *report) *scene {
	return &scene{
		cmd: c, dir: dir, report: r, dice: rand.New(rand.NewPCG(c.Seed, 1)), finder: newFinder(c.Seed),
		chains: map[*site][]reconcile.Certificate{}, fail: func(error) {},
	}
}

// play carries out the steps.
func (s *scene) play(ctx context.Context) error {
	ctx, s.fail = context.WithCancelCause(ctx)
	defer s.fail(nil)
	for _, step := range []struct {
		name string
		do   func(context.Context) (string, error)
	}{
		{"three nodes, their clusters and the hub start; the seed flows through the stream", s.begin},
		{"BOSS speaks UTF-8, GBK and GB18030 over three carriages", s.speak},
		{"an edit in a province is seen at headquarters", s.edit},
		{"who is raised arrives with the family, who is lowered leaves with it", s.cross},
		{"parts are killed under load and come back by themselves", s.kill},
		{"a leaf's store is lost before the hub has it", s.lose},
		{"both levels hold the same rows, and each answer 0000 has one effect", s.compare},
		{"differences planted at headquarters are named and repaired", s.plant},
		{"the same comparison after the repair", s.compare},
		{"two rows changed together were never seen apart, nor going back", s.polled},
		{"what is not selected is nowhere outside its province", s.search},
	} {
		if err := s.report.step(ctx, step.name, step.do); err != nil {
			return err
		}
	}
	return nil
}

// onClose adds what close does; the last added is done first.
func (s *scene) onClose(f func() error) { s.closers = append(s.closers, f) }

// close ends everything, whatever was begun.
func (s *scene) close(ctx context.Context) error {
	var all []error
	for len(s.closers) > 0 {
		last := s.closers[len(s.closers)-1]
		s.closers = s.closers[:len(s.closers)-1]
		all = append(all, last())
	}
	if s.world != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		all = append(all, s.world.Stop(ctx))
	}
	return errors.Join(all...)
}

// tellLogs says where to look after a failure.
func (s *scene) tellLogs() {
	s.report.say("FAILED; repeat with --seed %d; everything is kept in %s", s.cmd.Seed, s.dir)
	if s.world == nil {
		return
	}
	for _, file := range s.logs() {
		if info, err := os.Stat(file); err == nil {
			s.report.say("log: %s (%s)", file, bytesOf(info.Size()))
		}
	}
}

func bytesOf(n int64) string {
	switch {
	case n >= 10<<20:
		return fmt.Sprintf("%d MB", n>>20)
	case n >= 10<<10:
		return fmt.Sprintf("%d kB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}
