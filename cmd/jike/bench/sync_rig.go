package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"jike/internal/pg"
)

// rig is the two database servers that both sides use in turn, and further provinces' where there
// are some: a province has a server of its own.
type rig struct {
	dir                string
	province, national *pg.Cluster
	further            []*pg.Cluster
	log                *slog.Logger
}

// serverSettings are those of both servers. Checkpoints and vacuum are made between measurements,
// at the same place for both sides, and not by the servers' own clocks.
var serverSettings = map[string]string{
	"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on",
	"shared_buffers": "256MB", "max_wal_size": "8GB", "checkpoint_timeout": "1h", "autovacuum": "off",
	"wal_retrieve_retry_interval": "100ms", "wal_sender_timeout": "5min", "wal_receiver_timeout": "5min",
}

// printed are the settings that are shown and that must agree.
var printed = []string{
	"server_version", "fsync", "synchronous_commit", "full_page_writes", "wal_level", "shared_buffers", "max_wal_size",
	"checkpoint_timeout", "autovacuum", "work_mem", "maintenance_work_mem", "wal_buffers", "commit_delay", "wal_sync_method",
	"logical_decoding_work_mem", "wal_retrieve_retry_interval", "max_connections", "jit",
}

// startRig starts both servers in a new directory below dir.
func startRig(ctx context.Context, dir string, log *slog.Logger) (*rig, error) {
	dir, err := os.MkdirTemp(dir, "jike-bench-")
	if err != nil {
		return nil, err
	}
	r := &rig{dir: dir, log: log}
	if err := os.Chmod(dir, 0o711); err != nil { // the servers' user must get in
		return nil, errors.Join(err, r.close())
	}
	var group errgroup.Group
	start := func(name string, cluster **pg.Cluster) {
		group.Go(func() (err error) {
			*cluster, err = pg.StartCluster(ctx, pg.ClusterOptions{Dir: filepath.Join(dir, name), Settings: serverSettings, Log: log})
			return err
		})
	}
	start("province", &r.province)
	start("national", &r.national)
	if err := group.Wait(); err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

// close ends both servers and removes everything.
func (r *rig) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var errs []error
	for _, c := range append([]*pg.Cluster{r.national, r.province}, r.further...) { // a walsender waits for its reader
		if c != nil {
			errs = append(errs, c.Stop(ctx))
		}
	}
	return errors.Join(append(errs, os.RemoveAll(r.dir))...)
}

// printSettings shows what both servers run with, and fails if they differ.
func (r *rig) printSettings(ctx context.Context, w io.Writer) error {
	var values [2][]string
	for i, c := range []*pg.Cluster{r.province, r.national} {
		conn, err := pgx.Connect(ctx, c.SuperuserURL("postgres"))
		if err != nil {
			return err
		}
		for _, name := range printed {
			var value string
			if err := conn.QueryRow(ctx, `SELECT current_setting($1)`, name).Scan(&value); err != nil {
				return errors.Join(err, conn.Close(ctx))
			}
			values[i] = append(values[i], value)
		}
		if err := conn.Close(ctx); err != nil {
			return err
		}
	}
	for i, name := range printed {
		if values[0][i] != values[1][i] {
			return fmt.Errorf("%s is %q in the province and %q at headquarters", name, values[0][i], values[1][i])
		}
		if _, err := fmt.Fprintf(w, "# both servers: %s = %s\n", name, values[0][i]); err != nil {
			return err
		}
	}
	return nil
}

// sources starts as many provinces' servers as are wanted.
func (r *rig) sources(ctx context.Context, provinces int) error {
	for len(r.further) < provinces-1 {
		dir := filepath.Join(r.dir, fmt.Sprint("province-", len(r.further)+2))
		c, err := pg.StartCluster(ctx, pg.ClusterOptions{Dir: dir, Settings: serverSettings, Log: r.log})
		if err != nil {
			return err
		}
		r.further = append(r.further, c)
	}
	return nil
}

// source is the server of a province, counted from 0.
func (r *rig) source(n int) *pg.Cluster {
	if n == 0 {
		return r.province
	}
	return r.further[n-1]
}

// usage reads the processor time so far.
func (r *rig) usage() (u usage, err error) {
	for n := range len(r.further) + 1 {
		used, failed := serverTime(r.source(n).PID())
		u.province += used
		err = errors.Join(err, failed)
	}
	var errs [2]error
	u.national, errs[0] = serverTime(r.national.PID())
	u.own, errs[1] = ownTime()
	return u, errors.Join(err, errs[0], errs[1])
}

// databases makes a database of the same name on both servers; drop removes them.
func (r *rig) databases(ctx context.Context, name string) error {
	return errors.Join(r.province.CreateDatabase(ctx, name, "template0"), r.national.CreateDatabase(ctx, name, "template0"))
}

func (r *rig) drop(ctx context.Context, name string) error {
	return r.both(ctx, "postgres", fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", pgx.Identifier{name}.Sanitize()))
}

// both runs a statement on both servers.
func (r *rig) both(ctx context.Context, database, sql string) error {
	return errors.Join(execAt(ctx, r.province, database, sql), execAt(ctx, r.national, database, sql))
}

// execAt runs one statement as superuser on a connection of its own.
func execAt(ctx context.Context, c *pg.Cluster, database, sql string, args ...any) error {
	conn, err := pgx.Connect(ctx, c.SuperuserURL(database))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql, args...)
	return errors.Join(err, conn.Close(ctx))
}

func execOn(ctx context.Context, conn *pgx.Conn, sql string) error {
	_, err := conn.Exec(ctx, sql)
	return err
}

// awaitAt asks a server on a connection of its own until the query says true.
func awaitAt(ctx context.Context, c *pg.Cluster, database, query string, args ...any) error {
	conn, err := pgx.Connect(ctx, c.SuperuserURL(database))
	if err != nil {
		return err
	}
	err = waitTrue(ctx, conn, query, args...)
	return errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
}
