// Package audit is the command `jike audit`: it proves that nobody has changed a node's trail.
package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"jike/internal/audit"
	"jike/internal/pg"
	"jike/national"
	"jike/province"
)

// Cmd groups what concerns the trail.
type Cmd struct {
	Verify Verify `cmd:"" help:"Compute the chain of the audit trail anew; fails if a line was changed, added or removed."`
}

// Verify proves the trail of one node.
type Verify struct {
	Level  string `enum:"province,national" default:"province" help:"Whose trail: ${enum}."`
	Config string `required:"" type:"existingfile" help:"The node's configuration."`
	Noted  string `help:"Hash of a last seal as it was printed before: it must still be in the chain."`
}

// Run says how many lines hold, and the last seal's hash: noted elsewhere and given at the next time,
// it shows that no seal was removed together with its lines. It works with the node running or not.
func (v Verify) Run(ctx context.Context, out io.Writer) error {
	database, data, err := v.settings()
	if err != nil {
		return err
	}
	server, err := pg.StartServer(ctx, database, data, pg.Level(v.Level), slog.Default())
	if err != nil {
		return err
	}
	return errors.Join(v.verify(ctx, server.AppURL, out), server.Stop(context.WithoutCancel(ctx)))
}

func (v Verify) settings() (pg.Config, string, error) {
	if pg.Level(v.Level) == pg.National {
		c, err := national.LoadConfig(v.Config, os.Environ())
		return c.Postgres, c.Data, err
	}
	c, err := province.LoadConfig(v.Config, os.Environ())
	return c.Postgres, c.Data, err
}

func (v Verify) verify(ctx context.Context, url string, out io.Writer) error {
	db, err := pg.Open(ctx, url, 2)
	if err != nil {
		return err
	}
	defer db.Close()
	found, err := audit.Verify(ctx, db)
	if err != nil {
		return err
	}
	if v.Noted != "" {
		var there bool
		if err := db.QueryRow(ctx, `SELECT EXISTS (SELECT FROM audit.seal WHERE encode(hash, 'hex') = $1)`, v.Noted).Scan(&there); err != nil {
			return err
		}
		if !there {
			return fmt.Errorf("the seal %s that was noted is gone: the newest lines were removed", v.Noted)
		}
	}
	_, err = fmt.Fprintf(out, "%d seals over %d lines hold; %d lines are newer than the last seal\nlast seal %x\n",
		found.Seals, found.Lines, found.Unsealed, found.Last)
	return err
}
