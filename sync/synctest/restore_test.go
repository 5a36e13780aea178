package synctest_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/pg"
	"jike/internal/pg/pgtest"
)

// base takes a base backup of the cluster that runs, as an operator would.
func (r *restored) base(t *testing.T) string {
	t.Helper()
	bin, err := pg.FindBinaries()
	r.Must(err)
	initdb, err := filepath.EvalSymlinks(filepath.Join(bin.Dir, "initdb")) // its neighbours may not be on the PATH
	r.Must(err)
	u, err := url.Parse(r.ProvinceDB.SuperuserURL)
	r.Must(err)
	to := r.dir + "-base"
	run(t, filepath.Join(filepath.Dir(initdb), "pg_basebackup"), "-h", u.Query().Get("host"), "-U", pg.Superuser, "-D", to, "-c", "fast", "-X", "stream")
	r.own(t, to)
	return to
}

// own gives a directory to the server's user.
func (r *restored) own(t *testing.T, dir string) {
	t.Helper()
	info, err := os.Stat(r.dir)
	r.Must(err)
	owner := info.Sys().(*syscall.Stat_t)
	run(t, "chown", "-R", fmt.Sprintf("%d:%d", owner.Uid, owner.Gid), dir)
}

// recovering gives a data directory what it needs to recover.
func (r *restored) recovering(t *testing.T, dir, signal, settings string) {
	t.Helper()
	r.Must(os.WriteFile(filepath.Join(dir, signal), nil, 0o600))
	file, err := os.OpenFile(filepath.Join(dir, "postgresql.auto.conf"), os.O_APPEND|os.O_WRONLY, 0)
	r.Must(err)
	_, err = file.WriteString(settings)
	r.Must(err)
	r.Must(file.Close())
	r.own(t, dir)
}

// super is a superuser's pool, which a node never has.
func (r *restored) super(t *testing.T) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), r.ProvinceDB.SuperuserURL)
	r.Must(err)
	t.Cleanup(pool.Close)
	return pool
}

// promoted waits until the cluster takes writes.
func (r *restored) promoted() {
	r.Helper()
	r.Until("the recovery ends", func() bool {
		return r.Int(r.Source, `SELECT pg_is_in_recovery()::int`) == 0
	})
}

// A base backup is recovered from the archive to a point before what headquarters already has.
func TestARestoreToAPointInTimeBeginsANewEpoch(t *testing.T) {
	long(t)
	archive := pgtest.Dir(t)
	p := newRestored(t, map[string]string{"archive_mode": "on", "archive_command": "cp %p " + archive + "/%f"})
	p.Must(os.Chmod(archive, 0o777)) // the server's user writes there
	n := headquarters(p.Pair)
	provinceNode(p.Pair)
	customers(p.Pair, 1, 200)
	p.Settle()
	base := p.base(t)
	customers(p.Pair, 201, 220)
	p.Settle()
	confirmed(p.Pair)
	super := p.super(t)
	p.Exec(super, `SELECT pg_create_restore_point('here')`)
	customers(p.Pair, 221, 260)
	p.Exec(p.Source, `UPDATE crm.customer SET name = 'lost' WHERE id <= 10`)
	p.Settle()
	last := p.Text(super, `SELECT pg_walfile_name(pg_switch_wal())`)
	p.Until("the log is archived", func() bool {
		_, err := os.Stat(filepath.Join(archive, last))
		return err == nil
	})
	p.recovering(t, base, "recovery.signal", fmt.Sprintf("restore_command = 'cp %s/%%f %%p'\nrecovery_target_name = 'here'\nrecovery_target_action = promote\n", archive))
	p.replace(t, base)
	p.promoted()
	customers(p.Pair, 221, 230)
	p.Exec(p.Source, `UPDATE crm.customer SET name = 'other' WHERE id BETWEEN 11 AND 15`)
	recovered(p.Pair, n, epoch(p.Pair, 1))
}

// The primary is lost, and a stand-by that had not received its last transactions takes its place.
func TestAFailOverToALaggingStandByBeginsANewEpoch(t *testing.T) {
	long(t)
	p := newRestored(t, nil)
	n := headquarters(p.Pair)
	provinceNode(p.Pair)
	customers(p.Pair, 1, 200)
	p.Settle()
	u, err := url.Parse(p.ProvinceDB.SuperuserURL)
	p.Must(err)
	base := p.base(t)
	p.recovering(t, base, "standby.signal", fmt.Sprintf("primary_conninfo = 'host=%s user=%s'\n", u.Query().Get("host"), pg.Superuser))
	customers(p.Pair, 201, 220)
	standby := p.start(t, base)
	p.Settle()
	confirmed(p.Pair)
	super := p.super(t)
	at := p.Text(super, `SELECT pg_current_wal_flush_lsn()::text`)
	p.Until("the stand-by has caught up", func() bool {
		return p.Int(super, `SELECT count(*)::int FROM pg_stat_replication WHERE replay_lsn >= $1::text::pg_lsn AND application_name <> 'jike_capture'`, at) == 1
	})
	p.Must(standby.Stop(t.Context())) // from here it lags
	customers(p.Pair, 221, 260)
	p.Exec(p.Source, `UPDATE crm.customer SET name = 'lost' WHERE id <= 10`)
	p.Settle()
	p.cluster.Kill()
	p.replace(t, base)
	super.Reset()
	p.Exec(super, `SELECT pg_promote()`)
	p.promoted()
	customers(p.Pair, 221, 230)
	p.Exec(p.Source, `UPDATE crm.customer SET name = 'other' WHERE id BETWEEN 11 AND 15`)
	recovered(p.Pair, n, epoch(p.Pair, 1))
}
