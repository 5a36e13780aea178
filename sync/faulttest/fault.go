package faulttest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Fault is one way to disturb the system. When Do has returned, nothing is disturbed any more:
// every part runs and the link is up.
type Fault struct {
	Name string
	// Needs says what the machine must allow; nil: nothing.
	Needs func(*Rig) error
	Do    func(ctx context.Context, r *Rig, random *rand.Rand) error
	Epoch bool // the log has a gap afterwards, or is another one: a new epoch may begin
}

// needsDisk leaves a fault out where file systems cannot be mounted.
func needsDisk(r *Rig) error {
	if r.LeafDisk == nil || r.TargetDisk == nil {
		return errMount
	}
	return nil
}

// Faults are all that this suite can do, in the order in which TestFaults does them.
var Faults = []Fault{
	{Name: "kill capture", Do: killer(func(r *Rig) Part { return r.Capture })},
	{Name: "kill apply", Do: killer(func(r *Rig) Part { return r.Apply })},
	{Name: "kill the province's PostgreSQL", Do: killer(func(r *Rig) Part { return r.Source })},
	{Name: "kill headquarters' PostgreSQL", Do: killer(func(r *Rig) Part { return r.Target })},
	{Name: "kill the leaf server", Do: killer(func(r *Rig) Part { return r.Leaf })},
	{Name: "kill the hub", Do: killer(func(r *Rig) Part { return r.Hub })},
	{Name: "kill several at once", Do: killSeveral},
	{Name: "freeze a process", Do: freeze},
	{Name: "two captures", Do: twoCaptures},
	{Name: "two appliers", Do: twoAppliers},
	{Name: "power cut of the leaf", Needs: needsDisk, Do: cutPower},
	{Name: "wiped leaf", Do: wipeLeaf},
	{Name: "leaf's stream made anew", Do: remakeLeafStream},
	{Name: "wiped hub", Do: wipeHub},
	{Name: "hub's stream removed", Do: removeHubStream},
	{Name: "flipped bit in the hub", Do: flipBit},
	{Name: "messages lost in the hub", Do: loseMessages},
	{Name: "messages lost in the leaf", Do: loseLeafMessages},
	{Name: "link down", Do: linkDown},
	{Name: "flapping link", Do: linkFlaps},
	{Name: "1 % loss on the link", Do: linkWeather(weather{Loss: 0.01}, 2*time.Second)},
	{Name: "slow link", Do: linkWeather(weather{Rate: 64 << 10, Delay: 50 * time.Millisecond}, 2*time.Second)},
	{Name: "full leaf stream", Do: fillStream},
	{Name: "full disk of the leaf", Needs: needsDisk, Do: fillLeafDisk},
	{Name: "full disk of headquarters", Needs: needsDisk, Do: fillTargetDisk},
	{Name: "large transaction", Do: largeTransaction},
	{Name: "thousands of savepoints", Do: savepoints},
	{Name: "value of 60 MB", Do: hugeValue},
	{Name: "selection crossed both ways", Do: crossings},
	{Name: "selection crossed at full speed", Do: crossFast},
	{Name: "selection changed live", Do: changeSelection},
	{Name: "TRUNCATE", Do: truncate},
	{Name: "DDL on what is not selected", Do: ddl},
	{Name: "poison row", Do: poison},
	{Name: "other locale and time zone", Do: locale},
	{Name: "planted differences under load", Do: plantedDifferences},
	{Name: "kill during a reconciliation", Do: killDuringReconciliation},
	{Name: "slot dropped", Do: dropSlot, Epoch: true},
	{Name: "slot lost", Do: loseSlot, Epoch: true},
	{Name: "province restored from a disk image", Do: restoreImage, Epoch: true},
	{Name: "province restored to a point in time", Do: restorePoint, Epoch: true},
	{Name: "province failed over to a lagging stand-by", Do: failOver, Epoch: true},
	{Name: "headquarters restored", Do: restoreTarget},
	{Name: "headquarters restored beyond retention", Do: restoreTargetBeyond, Epoch: true},
}

// Find gives the fault of a name.
func Find(name string) (Fault, error) {
	for _, f := range Faults {
		if f.Name == name {
			return f, nil
		}
	}
	return Fault{}, fmt.Errorf("no fault %q", name)
}

// killer kills a part, up to twice.
func killer(part func(*Rig) Part) func(context.Context, *Rig, *rand.Rand) error {
	return func(ctx context.Context, r *Rig, random *rand.Rand) error {
		for range 1 + random.IntN(2) {
			pause(random, 400)
			if err := r.Restart(ctx, random, part(r)); err != nil {
				return err
			}
		}
		return nil
	}
}

// randomKills kills parts, one after the other.
func randomKills(ctx context.Context, r *Rig, random *rand.Rand) error {
	for range 3 + random.IntN(3) {
		all := r.parts()
		pause(random, 300)
		p := all[random.IntN(len(all))]
		r.Kill(p)
		pause(random, 200)
		if err := startAll(ctx, []Part{p}); err != nil {
			return err
		}
	}
	return nil
}

// killSeveral kills some parts at once and starts them in any order.
func killSeveral(ctx context.Context, r *Rig, random *rand.Rand) error {
	pause(random, 300)
	all := r.parts()
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	some := all[:2+random.IntN(3)]
	for _, p := range some {
		r.Kill(p)
	}
	pause(random, 300)
	random.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
	return startAll(ctx, some)
}

// startAll starts parts in their order. One that ends at once, since another that it needs does not
// run yet, is started again, as a service manager does it.
func startAll(ctx context.Context, parts []Part) error {
	for attempt := 0; len(parts) > 0; attempt++ {
		p := parts[0]
		parts = parts[1:]
		if err := p.Start(ctx); err != nil {
			if attempt == 20 {
				return err
			}
			parts = append(parts, p)
			if len(parts) == 1 {
				time.Sleep(200 * time.Millisecond) // the manager's pause
			}
		}
	}
	return nil
}

// freeze stops a process where it is, as a hanging machine would, and lets it go on.
func freeze(_ context.Context, r *Rig, random *rand.Rand) error {
	p := []*Process{r.Capture, r.Apply, r.Leaf, r.Hub}[random.IntN(4)]
	if err := p.Freeze(); err != nil {
		return err
	}
	time.Sleep(time.Duration(1+random.IntN(3)) * time.Second)
	return p.Thaw()
}

// twoCaptures runs a second capture beside the first, kills the first, and lets the second go on.
func twoCaptures(ctx context.Context, r *Rig, random *rand.Rand) error {
	second := r.newCapture("capture-2")
	if err := second.Start(ctx); err != nil {
		return err
	}
	pause(random, 1000)
	r.Kill(r.Capture)
	pause(random, 1500)
	err := r.Capture.Start(ctx) // now it is the stand-by
	pause(random, 500)
	r.Kill(second)
	return err
}

// twoAppliers runs a second applier beside the first, kills the first, and lets the second go on.
func twoAppliers(ctx context.Context, r *Rig, random *rand.Rand) error {
	second := r.newApply("apply-2")
	if err := second.Start(ctx); err != nil {
		return err
	}
	pause(random, 1000)
	r.Kill(r.Apply)
	pause(random, 1500)
	err := r.Apply.Start(ctx)
	pause(random, 500)
	r.Kill(second)
	return err
}

// linkDown cuts the link while the province goes on.
func linkDown(_ context.Context, r *Rig, random *rand.Rand) error {
	r.Link.set(weather{Down: true})
	time.Sleep(time.Duration(1+random.IntN(3)) * time.Second)
	r.Link.set(weather{})
	return nil
}

func linkFlaps(_ context.Context, r *Rig, random *rand.Rand) error {
	for range 3 + random.IntN(3) {
		r.Link.set(weather{Down: true})
		pause(random, 300)
		r.Link.set(weather{})
		pause(random, 900)
	}
	return nil
}

// linkWeather lets the link be bad for a while.
func linkWeather(w weather, during time.Duration) func(context.Context, *Rig, *rand.Rand) error {
	return func(_ context.Context, r *Rig, _ *rand.Rand) error {
		r.Link.set(w)
		time.Sleep(during)
		r.Link.set(weather{})
		return nil
	}
}

var errNothing = errors.New("the fault disturbed nothing")
