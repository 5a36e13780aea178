// Command jike is the one binary of a two-level customer-relationship system for the enterprise
// customers (集团客户) of a mobile carrier: a provincial node, the national node, and what belongs
// to running them. `jike --help` lists the commands.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"jike/cmd/jike/admin"
	"jike/cmd/jike/audit"
	"jike/cmd/jike/bench"
	"jike/cmd/jike/demo"
	"jike/cmd/jike/migrate"
	"jike/cmd/jike/national"
	"jike/cmd/jike/partner"
	"jike/cmd/jike/province"
	"jike/cmd/jike/reconcile"
	"jike/cmd/jike/seed"
	"jike/cmd/jike/sync"
	"jike/cmd/jike/version"
)

type commands struct {
	Province  province.Cmd  `cmd:"" help:"Run a provincial node."`
	National  national.Cmd  `cmd:"" help:"Run the national node."`
	Demo      demo.Cmd      `cmd:"" help:"Run two provinces and headquarters on this machine, with live traffic."`
	Partner   partner.Cmd   `cmd:"" help:"Be a partner: send a message, simulate BOSS."`
	Reconcile reconcile.Cmd `cmd:"" help:"Prove that headquarters holds a province's rows; repair what differs."`
	Sync      sync.Cmd      `cmd:"" help:"Operate replication: state, pause, what is parked, the first copy, the selection."`
	Bench     bench.Cmd     `cmd:"" help:"Measure ratios against PostgreSQL's own replication and against JSON."`
	Seed      seed.Cmd      `cmd:"" help:"Fill a province with fictional data."`
	Migrate   migrate.Cmd   `cmd:"" help:"Bring a node's database to the newest schema."`
	Admin     admin.Cmd     `cmd:"" help:"Make keys and the first account."`
	Audit     audit.Cmd     `cmd:"" help:"Prove that nobody has changed a node's audit trail."`
	Version   version.Cmd   `cmd:"" help:"Say which build this is."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "jike:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	var c commands
	parser, err := kong.New(&c, kong.Name("jike"), kong.UsageOnError(),
		kong.Description("Two-level customer relationship system for group customers (集客)."),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.BindTo(os.Stdout, (*io.Writer)(nil)))
	if err != nil {
		return err
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		parser.FatalIfErrorf(err)
	}
	return parsed.Run()
}
