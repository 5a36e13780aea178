package faulttest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/bus"
	"jike/internal/loopback"
	"jike/internal/pg"
	"jike/internal/pg/pgtest"
	"jike/schemas/replica"
	"jike/sync/capture"
)

// Province is the code of the rig's province.
const Province = 591

// Settings make a rig.
type Settings struct {
	Seed      uint64
	Lanes     int   // writers; 0: 4
	Long      bool  // what takes its time is done, too
	Small     bool  // no values that PostgreSQL stores out of line
	LeafBytes int64 // limit of the leaf's stream; 0: 256 MB
	Cap       uint64
	// Lazy lets the leaf's server acknowledge before it has synced: only for the control that shows
	// what a power cut then takes.
	Lazy bool
}

// Rig is a province and headquarters, every part a process of its own.
type Rig struct {
	testing.TB
	settings Settings
	dir      string

	Source, Target *Database // the province's and headquarters'
	Leaf, Hub      *Process
	Capture, Apply *Process
	Link           *Link
	Tap            *Wiretap
	LeafDisk       *Volume // nil where file systems cannot be mounted
	TargetDisk     *Volume

	source, target     *pgxpool.Pool // as their owners
	leafURL, hubURL    string
	leafDir, hubDir    string
	provinceKey        string // seed file
	nationalKey        string
	history            *History
	load               *Load
	observer           *Observer
	kills              map[string]int
	done               map[string]int // faults, by name
	reconciled         int
	differencesPlanted int
	compared           int
	epoch              int64 // that capture was in at the last check
	epochs             int   // begun since then, in all
	conflicted         int   // inserts that met rows in the beginnings of epochs
	mayBegin           bool  // a fault was done after which an epoch may begin
}

// New makes a rig and starts all its parts; writers and observer too.
func New(tb testing.TB, s Settings) *Rig {
	tb.Helper()
	if s.Lanes == 0 {
		s.Lanes = 4
	}
	if s.LeafBytes == 0 {
		s.LeafBytes = 256 << 20
	}
	r := &Rig{TB: tb, settings: s, dir: pgtest.Dir(tb), Tap: &Wiretap{}, kills: map[string]int{}, done: map[string]int{}, history: newHistory(s.Lanes)}
	tb.Cleanup(r.close)
	for _, step := range []func(context.Context) error{r.makeVolumes, r.makeDatabases, r.makeServers, r.makeNodes, r.makeLoad} {
		if err := step(tb.Context()); err != nil {
			r.tellLogs()
			tb.Fatal(err)
		}
	}
	return r
}

// makeVolumes gives the leaf's store and headquarters' database file systems of their own.
func (r *Rig) makeVolumes(context.Context) (err error) {
	r.leafDir, r.hubDir = filepath.Join(r.dir, "leaf"), filepath.Join(r.dir, "hub")
	r.LeafDisk, err = newDisk(r.leafDir, filepath.Join(r.dir, "leaf.img"), "1G")
	if errors.Is(err, errMount) {
		r.LeafDisk = nil
		r.Logf("power cuts and full disks are left out: %v", err)
		return errors.Join(os.MkdirAll(r.leafDir, 0o700), os.MkdirAll(r.hubDir, 0o700))
	}
	if err != nil {
		return err
	}
	if r.TargetDisk, err = newMemory(filepath.Join(r.dir, "target"), "2G"); err != nil {
		r.TargetDisk = nil
		return err
	}
	return os.MkdirAll(r.hubDir, 0o700)
}

func (r *Rig) makeDatabases(ctx context.Context) (err error) {
	r.Source = newDatabase("province's PostgreSQL", filepath.Join(r.dir, "source", "pg"), pg.Province)
	r.Target = newDatabase("headquarters' PostgreSQL", filepath.Join(r.dir, "target", "pg"), pg.National)
	if err := errors.Join(r.Source.Start(ctx), r.Target.Start(ctx)); err != nil {
		return err
	}
	if r.source, err = r.Source.pool(ctx, pg.RoleOwner); err != nil {
		return err
	}
	if r.target, err = r.Target.pool(ctx, pg.RoleOwner); err != nil {
		return err
	}
	pool, err := r.Source.pool(ctx, pg.RoleSync)
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := capture.EnsurePublication(ctx, r.Source.url(pg.RoleOwner), replica.Up); err != nil {
		return err
	}
	return capture.EnsureSlot(ctx, r.Source.url(pg.RoleSync), pool)
}

// makeServers starts hub and leaf and the link between them.
func (r *Rig) makeServers(ctx context.Context) error {
	ports, err := loopback.FreePorts(4)
	if err != nil {
		return err
	}
	address := func(i int) string { return fmt.Sprintf("127.0.0.1:%d", ports[i]) }
	r.provinceKey, r.nationalKey = filepath.Join(r.dir, "keys", "province"), filepath.Join(r.dir, "keys", "national")
	province, err := bus.EnsureSeed(r.provinceKey)
	if err != nil {
		return err
	}
	national, err := bus.EnsureSeed(r.nationalKey)
	if err != nil {
		return err
	}
	if r.Link, err = newLink(address(0), address(1), r.Tap); err != nil {
		return err
	}
	hub := bus.HubConfig(bus.HubOptions{
		Dir: r.hubDir, LeafListen: address(1), ClientListen: address(2),
		Members: []bus.Member{{Province: Province, Leaf: province.Public(), National: national.Public()}},
	})
	leaf := bus.LeafConfig(bus.LeafOptions{
		Dir: r.leafDir, Province: Province, Seed: province, Hubs: []string{"nats-leaf://" + r.Link.address()}, ClientListen: address(3),
	})
	r.hubURL, r.leafURL = "nats://"+address(2), "nats://"+address(3)
	if r.settings.Lazy {
		leaf = lazy(leaf)
	}
	if r.Hub, err = r.server("hub", hub); err != nil {
		return err
	}
	if r.Leaf, err = r.server("leaf", leaf); err != nil {
		return err
	}
	return errors.Join(r.Hub.Start(ctx), r.Leaf.Start(ctx))
}

func (r *Rig) server(name, config string) (*Process, error) {
	file := filepath.Join(r.dir, name+".conf")
	err := os.WriteFile(file, []byte(config), 0o600)
	return r.process(name, roleServer, serverConfig{File: file}), err
}

func (r *Rig) process(name, role string, config any) *Process {
	return &Process{name: name, role: role, config: config, log: filepath.Join(r.dir, name+".log")}
}

func (r *Rig) makeNodes(ctx context.Context) error {
	r.Capture, r.Apply = r.newCapture("capture"), r.newApply("apply")
	return errors.Join(r.Capture.Start(ctx), r.Apply.Start(ctx))
}

// newCapture describes a province's process; a second one is a stand-by.
func (r *Rig) newCapture(name string) *Process {
	return r.process(name, roleProvince, provinceConfig{
		Province: Province, URL: r.Source.url(pg.RoleSync), NATS: r.leafURL, Seed: r.provinceKey,
		Keys: filepath.Join(r.dir, "keys", "p"), LeafBytes: r.settings.LeafBytes, HubBytes: 2 << 30, Cap: r.settings.Cap,
	})
}

// newApply describes headquarters' process; a second one is a stand-by.
func (r *Rig) newApply(name string) *Process {
	return r.process(name, roleNational, nationalConfig{
		URL: r.Target.url(pg.RoleSync), NATS: r.hubURL, Keys: filepath.Join(r.dir, "keys", "n"), HubBytes: 2 << 30,
		Seeds: map[int16]string{Province: r.nationalKey},
	})
}

func (r *Rig) makeLoad(ctx context.Context) error {
	if _, err := r.source.Exec(ctx, loadSchema); err != nil {
		return err
	}
	sum, err := laneSQL(ctx, r.target, "national AND owner BETWEEN $1 AND $2")
	if err != nil {
		return err
	}
	r.load = &Load{pool: r.source, history: r.history, sum: sum, large: !r.settings.Small, pause: 5 * time.Millisecond}
	if r.observer, err = newObserver(ctx, r.target, Province, r.history); err != nil {
		return err
	}
	r.observer.explain = func(lane int) string { return r.explain(ctx, lane) }
	r.epoch = 1
	r.load.start(context.WithoutCancel(ctx), r.settings.Seed)
	r.observer.start(context.WithoutCancel(ctx))
	return nil
}

// Kill ends a part as a crash would and counts it.
func (r *Rig) Kill(p Part) {
	r.kills[p.Title()]++
	p.Kill()
}

// parts are all that can be killed.
func (r *Rig) parts() []Part {
	return []Part{r.Capture, r.Apply, r.Source, r.Target, r.Leaf, r.Hub}
}

// Restart kills a part and, after a moment, starts it again.
func (r *Rig) Restart(ctx context.Context, random *rand.Rand, p Part) error {
	r.Kill(p)
	pause(random, 300)
	return p.Start(ctx)
}

// pause lets the system go on for up to so many milliseconds, and half of them at least: that is the
// disturbance's length, not a wait for something.
func pause(random *rand.Rand, most int) {
	time.Sleep(time.Duration(most-random.IntN(most/2+1)) * time.Millisecond)
}

// Check pauses the writers, waits until everything has come, and compares. It returns what was
// found at any time since the rig was made.
func (r *Rig) Check(ctx context.Context, patience time.Duration) error {
	resume := r.load.pauseAll()
	defer resume()
	if err := r.load.failed(); err != nil {
		return fmt.Errorf("the test itself: %w", err)
	}
	if err := r.observer.settle(ctx, patience); err != nil {
		return err
	}
	rows, found, err := compareAll(ctx, r.source, r.target, Province)
	if err != nil {
		return err
	}
	r.compared += rows
	for _, m := range found {
		r.observer.find(m.kind(), "%s", m)
	}
	if err := r.judgeEpoch(ctx); err != nil {
		return err
	}
	return r.observer.verdict()
}

// judgeEpoch finds fault with an epoch that began without need, and with inserts that met rows: they
// were applied twice, unless an epoch began, before which some of its rows were there.
func (r *Rig) judgeEpoch(ctx context.Context) error {
	var epoch int64
	var reason string
	var conflicts int
	if err := r.source.QueryRow(ctx, `SELECT epoch, reason FROM sync.capture`).Scan(&epoch, &reason); err != nil {
		return err
	}
	if err := r.target.QueryRow(ctx, `SELECT coalesce(sum(conflicts), 0)::int FROM sync.province_state`).Scan(&conflicts); err != nil {
		return err
	}
	begun := epoch != r.epoch
	if begun && !r.mayBegin {
		r.observer.find(Begun, "epoch %d: %s", epoch, reason)
	}
	if begun {
		r.epochs++
	} else if conflicts > r.conflicted {
		r.observer.find(Doubled, "%d inserts met a row", conflicts-r.conflicted)
	}
	r.epoch, r.conflicted, r.mayBegin = epoch, conflicts, false
	return nil
}

// Silence looks through the streams of leaf and hub and says whether anything unselected was found,
// there or on the link.
func (r *Rig) Silence(ctx context.Context) error {
	for _, at := range []struct{ place, url, seed string }{{"leaf", r.leafURL, r.provinceKey}, {"hub", r.hubURL, r.nationalKey}} {
		nc, err := dialApart(at.url, at.seed)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		err = r.Tap.readStreams(ctx, nc, at.place)
		cancel()
		nc.Close()
		if err != nil {
			return err
		}
	}
	return r.Tap.verdict()
}

// close ends everything that runs.
func (r *Rig) close() {
	if r.load != nil && r.load.cancel != nil {
		r.load.stop()
	}
	if r.observer != nil && r.observer.cancel != nil {
		r.observer.stop()
	}
	for _, p := range []*Process{r.Capture, r.Apply, r.Leaf, r.Hub} {
		if p != nil {
			p.Kill()
		}
	}
	if r.Link != nil {
		r.Link.close()
	}
	for _, pool := range []*pgxpool.Pool{r.source, r.target} {
		if pool != nil {
			pool.Close()
		}
	}
	for _, d := range []*Database{r.Source, r.Target} {
		if d != nil {
			d.Kill()
		}
	}
	for _, v := range []*Volume{r.LeafDisk, r.TargetDisk} {
		if v != nil {
			if err := v.unmount(); err != nil {
				r.Log(err)
			}
		}
	}
}

// tellLogs shows the ends of the logs after a failure; the directory goes with the test.
func (r *Rig) tellLogs() {
	logs, _ := filepath.Glob(filepath.Join(r.dir, "*.log")) // the pattern is well formed
	for _, file := range logs {
		text, err := os.ReadFile(file)
		if err == nil {
			r.Logf("%s:\n%s", filepath.Base(file), text[max(0, len(text)-4000):])
		}
	}
}
