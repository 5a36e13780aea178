package faulttest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/pg"
)

// Database is a PostgreSQL server of the rig with its one database.
type Database struct {
	name    string
	level   pg.Level
	options pg.ClusterOptions
	cluster *pg.Cluster
}

func newDatabase(name, dir string, level pg.Level) *Database {
	return &Database{name: name, level: level, options: pg.ClusterOptions{
		Dir: dir, Log: slog.New(slog.DiscardHandler),
		Settings: map[string]string{
			"max_connections": "200", "max_replication_slots": "40", "max_wal_senders": "40",
			"wal_keep_size":       "64MB", // for who restores to a point in time
			"restart_after_crash": "off",  // who kills one backend means the server
		},
	}}
}

// Title is the server's name.
func (d *Database) Title() string { return d.name }

// Start runs the server and brings its schema to the newest version.
func (d *Database) Start(ctx context.Context) error {
	if err := d.serve(ctx); err != nil {
		return err
	}
	return pg.Migrate(ctx, d.url(pg.RoleOwner), d.level)
}

// serve runs the server on what lies there, which may be in recovery.
func (d *Database) serve(ctx context.Context) (err error) {
	d.cluster, err = pg.StartCluster(ctx, d.options)
	return err
}

// super carries out statements as the server's superuser, one by one, and gives the first column of
// the last one's first row as text, if there is one.
func (d *Database) super(ctx context.Context, statements ...string) (text string, err error) {
	conn, err := pgx.Connect(ctx, d.url(pg.Superuser))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	for _, sql := range statements {
		results, err := conn.PgConn().Exec(ctx, sql).ReadAll()
		if err != nil {
			return "", fmt.Errorf("%s: %w", sql, err)
		}
		if last := results[len(results)-1]; len(last.Rows) > 0 {
			text = string(last.Rows[0][0])
		}
	}
	return text, nil
}

// replace puts another data directory in the place of the server's, which must not run.
func (d *Database) replace(image string) error {
	return errors.Join(os.RemoveAll(d.options.Dir), run("cp", "-a", image, d.options.Dir), os.RemoveAll(image))
}

// Kill ends the server and all its backends at once.
func (d *Database) Kill() {
	if d.cluster != nil {
		d.cluster.Kill()
		d.cluster = nil
	}
}

// ended reports whether the server has ended by itself.
func (d *Database) ended() bool {
	if d.cluster == nil {
		return true
	}
	select {
	case <-d.cluster.Done():
		return true
	default:
		return false
	}
}

func (d *Database) url(role string) string {
	return pg.ClusterURL(d.options.Dir, role, pg.Database)
}

// pool connects as a role, with the settings under which values are compared. It outlives restarts.
func (d *Database) pool(ctx context.Context, role string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(d.url(role))
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{
		"TimeZone": "UTC", "DateStyle": "ISO", "IntervalStyle": "postgres", "extra_float_digits": "1", "bytea_output": "hex",
		"application_name": "faulttest",
	} {
		config.ConnConfig.RuntimeParams[name] = value
	}
	config.MaxConns = 40
	return pgxpool.NewWithConfig(ctx, config)
}
