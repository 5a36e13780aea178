// Package migrate is the command `jike migrate`: it brings a node's database to the newest schema
// before a new release is started. A node does the same when it starts.
package migrate

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"jike/internal/pg"
	"jike/national"
	"jike/province"
)

// Cmd migrates the database of one node.
type Cmd struct {
	Level  string `enum:"province,national" default:"province" help:"Whose database: ${enum}."`
	Config string `required:"" type:"existingfile" help:"The node's configuration."`
}

// Run migrates and says so. It works with the node running or not.
func (c Cmd) Run(ctx context.Context) error {
	database, data, err := c.database()
	if err != nil {
		return err
	}
	server, err := pg.StartServer(ctx, database, data, pg.Level(c.Level), slog.Default()) // which migrates
	if err != nil {
		return err
	}
	fmt.Printf("the database of the %s node has the newest schema\n", c.Level)
	return server.Stop(context.WithoutCancel(ctx))
}

func (c Cmd) database() (pg.Config, string, error) {
	if pg.Level(c.Level) == pg.National {
		config, err := national.LoadConfig(c.Config, os.Environ())
		return config.Postgres, config.Data, err
	}
	config, err := province.LoadConfig(c.Config, os.Environ())
	return config.Postgres, config.Data, err
}
