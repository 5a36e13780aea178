package faulttest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"jike/internal/pg"
	"jike/sync/capture"
)

// What becomes of one of the databases apart from a crash: its slot goes, or it comes back as it was
// some time ago.

// dropSlot drops the slot while capture is away and the province goes on.
func dropSlot(ctx context.Context, r *Rig, random *rand.Rand) error {
	r.Kill(r.Capture)
	pause(random, 500)
	for attempt := 0; ; attempt++ {
		_, err := r.Source.super(ctx, fmt.Sprintf(`SELECT pg_drop_replication_slot('%s')`, capture.Slot))
		if err == nil {
			break
		}
		if attempt == 100 {
			return err
		}
		time.Sleep(pollEvery) // the server has not noticed yet that its reader is gone
	}
	pause(random, 500)
	return r.Capture.Start(ctx)
}

// loseSlot has PostgreSQL give up the slot, since its reader is away for too long.
func loseSlot(ctx context.Context, r *Rig, random *rand.Rand) (err error) {
	r.Kill(r.Capture)
	pause(random, 300)
	if _, err := r.Source.super(ctx, `ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'`, `SELECT pg_reload_conf()`); err != nil {
		return err
	}
	status := ""
	for attempt := 0; status != "lost"; attempt++ {
		if attempt == 100 {
			return errors.Join(fmt.Errorf("%w: the slot is %s", errNothing, status), r.Capture.Start(ctx))
		}
		status, err = r.Source.super(ctx, `SELECT pg_switch_wal()`, `SELECT txid_current()`, `SELECT pg_switch_wal()`, `CHECKPOINT`,
			fmt.Sprintf(`SELECT wal_status FROM pg_replication_slots WHERE slot_name = '%s'`, capture.Slot))
		if err != nil {
			return err
		}
	}
	if _, err := r.Source.super(ctx, `ALTER SYSTEM RESET max_slot_wal_keep_size`, `SELECT pg_reload_conf()`); err != nil {
		return err
	}
	return r.Capture.Start(ctx)
}

// forget is how long the province goes on before it is taken back: capture confirms once a second.
const forget = 2500

// forgettable waits until headquarters has something that the province wrote after a position: what
// nobody has seen is not lost when the province goes back, and no epoch begins for it.
func (r *Rig) forgettable(ctx context.Context, after string, random *rand.Rand) error {
	pause(random, forget)
	for attempt := 0; ; attempt++ {
		var epoch int64
		var has bool
		err := r.source.QueryRow(ctx, `SELECT epoch FROM sync.capture`).Scan(&epoch)
		if err == nil {
			err = r.target.QueryRow(ctx, `SELECT epoch = $2 AND lsn > $3::text::pg_lsn FROM sync.position WHERE province = $1`, Province, epoch, after).Scan(&has)
		}
		if has {
			return nil
		}
		if attempt == 300 {
			return errors.Join(fmt.Errorf("%w: headquarters has nothing from after %s", errNothing, after), err)
		}
		time.Sleep(pollEvery) // another process's database gives no signal
	}
}

// restoreImage takes the province's database back to a copy of its disk, with or without capture
// seeing it before other changes stand at the same positions.
func restoreImage(ctx context.Context, r *Rig, random *rand.Rand) error {
	image := filepath.Join(r.dir, "source", "image")
	r.Kill(r.Source)
	if err := errors.Join(run("cp", "-a", r.Source.options.Dir, image), r.Source.Start(ctx)); err != nil {
		return err
	}
	end, err := r.Source.super(ctx, `SELECT pg_current_wal_lsn()`)
	if err == nil {
		err = r.forgettable(ctx, end, random)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(image))
	}
	sees := random.IntN(2) == 0
	if !sees {
		r.Kill(r.Capture)
	}
	if err := r.takeBack(ctx, image, r.Source.Start); err != nil || sees {
		return err
	}
	pause(random, 1000)
	return r.Capture.Start(ctx)
}

// takeBack replaces the province's database by another one, which begin starts. Its writers know
// afterwards what of their work is gone.
func (r *Rig) takeBack(ctx context.Context, image string, begin func(context.Context) error) error {
	resume := r.load.pauseAll()
	defer resume()
	var epoch int64
	if err := r.source.QueryRow(ctx, `SELECT epoch FROM sync.capture`).Scan(&epoch); err != nil {
		return err
	}
	r.Kill(r.Source)
	r.observer.distrust(epoch)
	if err := errors.Join(r.Source.replace(image), begin(ctx)); err != nil {
		return err
	}
	r.source.Reset()
	return r.history.reread(ctx, r.source)
}

// backUp takes a base backup of the province's database, as an operator would, and gives it a signal
// file and settings for its recovery.
func (r *Rig) backUp(name, signal, settings string) (dir string, err error) {
	bin, err := pg.FindBinaries()
	if err != nil {
		return "", err
	}
	initdb, err := filepath.EvalSymlinks(filepath.Join(bin.Dir, "initdb")) // its neighbours may not be on the PATH
	if err != nil {
		return "", err
	}
	dir = filepath.Join(r.dir, "source", name)
	if err := run(filepath.Join(filepath.Dir(initdb), "pg_basebackup"), "-d", r.Source.url(pg.Superuser), "-D", dir, "-c", "fast", "-X", "stream"); err != nil {
		return "", err
	}
	file, err := os.OpenFile(filepath.Join(dir, "postgresql.auto.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return "", err
	}
	_, err = file.WriteString(settings)
	info, missing := os.Stat(r.Source.options.Dir)
	if err := errors.Join(err, missing, file.Close(), os.WriteFile(filepath.Join(dir, signal), nil, 0o600)); err != nil {
		return "", err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "", errors.New("whose the data directory is, is not known")
	}
	return dir, run("chown", "-R", fmt.Sprintf("%d:%d", owner.Uid, owner.Gid), dir)
}

// host is the directory of the province's socket.
func (r *Rig) host() (string, error) {
	u, err := url.Parse(r.Source.url(pg.Superuser))
	if err != nil {
		return "", err
	}
	return u.Query().Get("host"), nil
}

// promote ends a recovery and makes the server an ordinary one.
func (r *Rig) promote(ctx context.Context) error {
	if err := r.Source.serve(ctx); err != nil {
		return err
	}
	for attempt := 0; ; attempt++ {
		recovering, err := r.Source.super(ctx, `SELECT pg_is_in_recovery()`)
		if err == nil && recovering == "t" { // one with a target ends by itself, and may have by now
			_, err = r.Source.super(ctx, `SELECT pg_is_in_recovery() AND pg_promote()`)
		}
		if err == nil && recovering == "f" {
			_, err = r.Source.super(ctx, `ALTER SYSTEM RESET ALL`, `SELECT pg_reload_conf()`)
			return err
		}
		if attempt == 200 {
			return fmt.Errorf("the recovery does not end: %w", err)
		}
		time.Sleep(pollEvery) // it gives no signal
	}
}

// restorePoint recovers a base backup from the log to a point before what headquarters has.
func restorePoint(ctx context.Context, r *Rig, random *rand.Rand) error {
	point, log := fmt.Sprintf("here-%d", random.Uint32()), filepath.Join(r.dir, "source", "log")
	base, err := r.backUp("base", "recovery.signal", fmt.Sprintf("restore_command = 'cp %s/%%f %%p'\nrecovery_target_name = '%s'\nrecovery_target_action = promote\n", log, point))
	if err != nil {
		return err
	}
	pause(random, 500)
	if _, err := r.Source.super(ctx, fmt.Sprintf(`SELECT pg_create_restore_point('%s')`, point)); err != nil {
		return err
	}
	end, err := r.Source.super(ctx, `SELECT pg_current_wal_lsn()`)
	if err == nil {
		err = r.forgettable(ctx, end, random)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(base))
	}
	if err := run("cp", "-a", filepath.Join(r.Source.options.Dir, "pg_wal"), log); err != nil { // what an archive would have
		return err
	}
	return errors.Join(r.takeBack(ctx, base, r.promote), os.RemoveAll(log))
}

// failOver loses the primary, and a stand-by that had not received its last transactions takes its place.
func failOver(ctx context.Context, r *Rig, random *rand.Rand) error {
	host, err := r.host()
	if err != nil {
		return err
	}
	base, err := r.backUp("base", "standby.signal", fmt.Sprintf("primary_conninfo = 'host=%s user=%s'\n", host, pg.Superuser))
	if err != nil {
		return err
	}
	standby := newDatabase("stand-by", base, pg.Province)
	if err := standby.serve(ctx); err != nil {
		return err
	}
	pause(random, 1000)
	end, err := r.Source.super(ctx, `SELECT pg_current_wal_lsn()`)
	if err != nil {
		return err
	}
	standby.Kill() // from here it lags
	if err := r.forgettable(ctx, end, random); err != nil {
		return errors.Join(err, os.RemoveAll(base))
	}
	return r.takeBack(ctx, base, r.promote)
}

// restoreTarget takes headquarters' database back to a copy of its disk: what it has forgotten comes
// from the hub's stream.
func restoreTarget(ctx context.Context, r *Rig, random *rand.Rand) error {
	return r.takeTargetBack(ctx, random, func() error { return nil })
}

// restoreTargetBeyond does the same when the hub does not have it any more.
func restoreTargetBeyond(ctx context.Context, r *Rig, random *rand.Rand) error {
	return r.takeTargetBack(ctx, random, func() error {
		return r.eachStream(ctx, r.hubURL, r.nationalKey, func(js jetstream.JetStream, info *jetstream.StreamInfo) error {
			s, err := js.Stream(ctx, info.Config.Name)
			if err != nil {
				return err
			}
			return s.Purge(ctx)
		})
	})
}

func (r *Rig) takeTargetBack(ctx context.Context, random *rand.Rand, before func() error) error {
	image := filepath.Join(r.dir, "image")
	r.Kill(r.Apply)
	r.Kill(r.Target)
	if err := errors.Join(run("cp", "-a", r.Target.options.Dir, image), r.Target.Start(ctx), r.Apply.Start(ctx)); err != nil {
		return err
	}
	pause(random, forget)
	r.Kill(r.Apply)
	r.Kill(r.Target)
	r.observer.distrust(0)
	return errors.Join(r.Target.replace(image), before(), r.Target.Start(ctx), r.Apply.Start(ctx))
}
