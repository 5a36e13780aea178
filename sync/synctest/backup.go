package synctest

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Backup copies headquarters' database and gives what brings it back to that state, as often as it
// is called. No apply may run during either.
func (p *Pair) Backup() (restore func()) {
	p.Helper()
	name := p.Database.Name
	backup := name + "_backup"
	p.copyDatabase(name, backup)
	p.Cleanup(func() { p.super(func(ctx context.Context, c *pgx.Conn) error { return dropDatabase(ctx, c, backup) }) })
	return func() {
		p.Helper()
		p.copyDatabase(backup, name)
	}
}

// copyDatabase replaces a database by a copy of another one.
func (p *Pair) copyDatabase(from, to string) {
	p.Helper()
	p.super(func(ctx context.Context, c *pgx.Conn) error {
		p.Target.Reset() // its connections would be in the way
		if _, err := c.Exec(ctx, `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1`, from); err != nil {
			return err
		}
		if err := dropDatabase(ctx, c, to); err != nil {
			return err
		}
		return p.Database.Cluster.CreateDatabase(ctx, to, from)
	})
}

func dropDatabase(ctx context.Context, c *pgx.Conn, name string) error {
	_, err := c.Exec(ctx, `DROP DATABASE IF EXISTS `+pgx.Identifier{name}.Sanitize()+` WITH (FORCE)`)
	return err
}

// super runs f on the cluster's own database as its superuser.
func (p *Pair) super(f func(context.Context, *pgx.Conn) error) {
	p.Helper()
	ctx := context.Background() // the test's own has ended when it is cleaned up
	c, err := pgx.Connect(ctx, p.Database.Cluster.SuperuserURL("postgres"))
	p.Must(err)
	defer func() { _ = c.Close(ctx) }()
	p.Must(f(ctx, c))
}
