package faulttest

import (
	"context"
	"log/slog"

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
			"restart_after_crash": "off", // who kills one backend means the server
		},
	}}
}

// Title is the server's name.
func (d *Database) Title() string { return d.name }

// Start runs the server and brings its schema to the newest version.
func (d *Database) Start(ctx context.Context) error {
	cluster, err := pg.StartCluster(ctx, d.options)
	if err != nil {
		return err
	}
	d.cluster = cluster
	return pg.Migrate(ctx, d.url(pg.RoleOwner), d.level)
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
