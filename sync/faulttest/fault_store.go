package faulttest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// cutPower takes the power from the leaf's machine: what its server had not synced is lost, and
// nothing that it had acknowledged may be among it.
func cutPower(ctx context.Context, r *Rig, random *rand.Rand) error {
	pause(random, 500)
	lost, err := r.cutLeafPower(ctx)
	if err == nil && lost > 0 {
		r.observer.find(Lost, "the leaf server lost %d messages that it had acknowledged", lost)
	}
	return err
}

// cutLeafPower cuts the power with the link down, so that the leaf alone has its newest messages,
// and counts the acknowledged ones that are gone when it is back.
func (r *Rig) cutLeafPower(ctx context.Context) (lost uint64, err error) {
	r.Link.set(weather{Down: true})
	defer r.Link.set(weather{})
	time.Sleep(500 * time.Millisecond) // the writers write
	r.Kill(r.Capture)                  // or it would write to what comes back, before that is looked at
	acknowledged, err := r.leafLast(ctx)
	if err != nil {
		return 0, err
	}
	if err := r.LeafDisk.cutPower(); err != nil {
		return 0, err
	}
	r.Kill(r.Leaf)
	if err := r.LeafDisk.powerOn(); err != nil {
		return 0, err
	}
	if err := r.Leaf.Start(ctx); err != nil {
		return 0, err
	}
	there, err := r.leafLast(ctx)
	if err != nil {
		return 0, err
	}
	if there < acknowledged {
		lost = acknowledged - there
	}
	return lost, r.Capture.Start(ctx)
}

// leafLast is the sequence of the last message in the leaf's stream; 0 if there is none.
func (r *Rig) leafLast(ctx context.Context) (uint64, error) {
	var last uint64
	err := r.eachStream(ctx, r.leafURL, r.provinceKey, func(_ jetstream.JetStream, info *jetstream.StreamInfo) error {
		last = max(last, info.State.LastSeq)
		return nil
	})
	return last, err
}

// eachStream visits the streams of a server.
func (r *Rig) eachStream(ctx context.Context, url, key string, visit func(jetstream.JetStream, *jetstream.StreamInfo) error) error {
	nc, err := dialApart(url, key)
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		list := js.ListStreams(ctx)
		for info := range list.Info() {
			if err := visit(js, info); err != nil {
				return err
			}
		}
		if list.Err() == nil || ctx.Err() != nil {
			return list.Err()
		}
		time.Sleep(50 * time.Millisecond) // the connection is being made
	}
}

// wipeLeaf loses the leaf's disk while the hub has not got its content.
func wipeLeaf(ctx context.Context, r *Rig, random *rand.Rand) error {
	r.Link.set(weather{Down: true})
	defer r.Link.set(weather{})
	pause(random, 3000) // capture confirms once a second
	r.Kill(r.Leaf)
	if err := os.RemoveAll(filepath.Join(r.leafDir, "jetstream")); err != nil {
		return err
	}
	return r.Leaf.Start(ctx)
}

// remakeLeafStream removes the stream from a running leaf server.
func remakeLeafStream(ctx context.Context, r *Rig, random *rand.Rand) error {
	r.Link.set(weather{Down: true})
	defer r.Link.set(weather{})
	pause(random, 500)
	return r.removeStreams(ctx, r.leafURL, r.provinceKey)
}

func removeHubStream(ctx context.Context, r *Rig, random *rand.Rand) error {
	pause(random, 500)
	return r.removeStreams(ctx, r.hubURL, r.nationalKey)
}

func (r *Rig) removeStreams(ctx context.Context, url, key string) error {
	removed := 0
	err := r.eachStream(ctx, url, key, func(js jetstream.JetStream, info *jetstream.StreamInfo) error {
		removed++
		return js.DeleteStream(ctx, info.Config.Name)
	})
	if err == nil && removed == 0 {
		err = fmt.Errorf("%w: there is no stream", errNothing)
	}
	return err
}

// wipeHub loses the hub's disk.
func wipeHub(ctx context.Context, r *Rig, random *rand.Rand) error {
	pause(random, 500)
	r.Kill(r.Hub)
	if err := os.RemoveAll(filepath.Join(r.hubDir, "jetstream")); err != nil {
		return err
	}
	return r.Hub.Start(ctx)
}

// flipBit flips one bit in the newest block of messages that the hub stores, while apply has not
// read it.
func flipBit(ctx context.Context, r *Rig, random *rand.Rand) error {
	r.Kill(r.Apply)
	time.Sleep(700 * time.Millisecond) // the hub stores what nobody applies
	r.Kill(r.Hub)
	var newest string
	var at time.Time
	err := filepath.WalkDir(r.hubDir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".blk") {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Size() > 0 && info.ModTime().After(at) {
			newest, at = path, info.ModTime()
		}
		return err
	})
	if err != nil || newest == "" {
		return errors.Join(fmt.Errorf("%w: no block of messages", errNothing), err, r.Hub.Start(ctx), r.Apply.Start(ctx))
	}
	data, err := os.ReadFile(newest)
	if err != nil {
		return err
	}
	place := len(data) - 1 - random.IntN(min(len(data), 64<<10)) // among the last
	data[place] ^= 1 << random.IntN(8)
	if err := os.WriteFile(newest, data, 0o600); err != nil {
		return err
	}
	if err := r.Hub.Start(ctx); err != nil {
		return err
	}
	return r.Apply.Start(ctx)
}

// loseMessages takes some messages out of the middle of what the hub stores, before they are applied.
func loseMessages(ctx context.Context, r *Rig, random *rand.Rand) error {
	r.Kill(r.Apply)
	time.Sleep(700 * time.Millisecond) // the hub stores what nobody applies
	err := r.punch(ctx, r.hubURL, r.nationalKey, random)
	return errors.Join(err, r.Apply.Start(ctx))
}

// loseLeafMessages takes some messages out of the leaf's stream, before the hub has them.
func loseLeafMessages(ctx context.Context, r *Rig, random *rand.Rand) error {
	r.Link.set(weather{Down: true})
	defer r.Link.set(weather{})
	time.Sleep(700 * time.Millisecond)
	return r.punch(ctx, r.leafURL, r.provinceKey, random)
}

// punch removes a few of a server's newest messages, but not the last. A server that was killed a
// moment ago has none yet.
func (r *Rig) punch(ctx context.Context, url, key string, random *rand.Rand) error {
	for attempt := 0; ; attempt++ {
		removed, err := r.punchOnce(ctx, url, key, random)
		if removed > 0 {
			return nil
		}
		if attempt == 100 {
			return errors.Join(fmt.Errorf("%w: there are no messages", errNothing), err)
		}
		time.Sleep(pollEvery) // another process gives no signal
	}
}

func (r *Rig) punchOnce(ctx context.Context, url, key string, random *rand.Rand) (removed int, err error) {
	err = r.eachStream(ctx, url, key, func(js jetstream.JetStream, info *jetstream.StreamInfo) error {
		s, err := js.Stream(ctx, info.Config.Name)
		if err != nil || info.State.Msgs < 3 {
			return err
		}
		most := int(min(info.State.Msgs-2, 20))
		for range 3 {
			if s.DeleteMsg(ctx, info.State.LastSeq-1-uint64(random.IntN(most))) == nil { // drawn twice, it is gone
				removed++
			}
		}
		return nil
	})
	return removed, err
}

// fillStream writes more than the leaf's stream may hold while the link is down.
func fillStream(ctx context.Context, r *Rig, random *rand.Rand) error {
	r.Link.set(weather{Down: true})
	defer r.Link.set(weather{})
	if err := r.fillUp(ctx, "the stream"); err != nil {
		return err
	}
	pause(random, 500)
	return nil
}

// fillUp writes until capture says that the leaf takes no more or that it cannot go on, and
// removes what it wrote, which comes after it.
func (r *Rig) fillUp(ctx context.Context, what string) error {
	for range 100 {
		if _, err := r.source.Exec(ctx, `INSERT INTO crm.monthly_summary (month, city, class, industry, customers, members, income_fen)
			SELECT '2026-01-01', md5(random()::text), md5(random()::text), md5(random()::text) || md5(random()::text), i, i, i FROM generate_series(1, 5000) i`); err != nil {
			return err
		}
		var s struct {
			Full  bool
			Error string
		}
		if err := r.Capture.Ask(ctx, struct{}{}, &s); err != nil {
			return err
		}
		if s.Full || s.Error != "" {
			_, err := r.source.Exec(ctx, `DELETE FROM crm.monthly_summary WHERE city <> 'fault'`)
			return err
		}
	}
	return fmt.Errorf("%w: %s did not fill up", errNothing, what)
}

// fillLeafDisk uses up the leaf's disk for a while.
func fillLeafDisk(ctx context.Context, r *Rig, random *rand.Rand) (err error) {
	r.Link.set(weather{Down: true}) // or the leaf would be emptied as it is filled
	defer r.Link.set(weather{})
	if err := r.LeafDisk.fill(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.LeafDisk.free()) }()
	if err := r.fillUp(ctx, "the disk"); err != nil {
		return err
	}
	pause(random, 1000)
	return nil
}

// fillTargetDisk uses up the disk of headquarters' database for a while. PostgreSQL may give up
// when it cannot write its log; then it is started again, as its service would be.
func fillTargetDisk(ctx context.Context, r *Rig, random *rand.Rand) error {
	if err := r.TargetDisk.fill(); err != nil {
		return err
	}
	_, refused := r.target.Exec(ctx, `CREATE TABLE fault_probe AS SELECT md5(i::text) FROM generate_series(1, 200000) i`)
	pause(random, 2000)
	if err := r.TargetDisk.free(); err != nil {
		return err
	}
	if refused == nil {
		return fmt.Errorf("%w: the disk did not fill up", errNothing)
	}
	if r.Target.ended() {
		r.Target.Kill()
		return r.Target.Start(ctx)
	}
	return nil
}
