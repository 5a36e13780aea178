package seed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/pg"
	"jike/province"
	"jike/schemas/codes"
)

// Cmd fills the province, or headquarters, of a configuration.
type Cmd struct {
	Config    string `required:"" xor:"node" type:"existingfile" help:"The province node's configuration."`
	National  string `required:"" xor:"node" type:"existingfile" help:"Instead of it the national node's configuration: headquarters gets reference data."`
	Customers int    `default:"20000" help:"How many group customers."`
	Seed      uint64 `default:"1" help:"The same number, day and province give the same rows; provinces with the same number share some companies."`
	Accounts  bool   `help:"Make a demo account for each role and print its password."`
	Password  string `help:"Password of the demo accounts; without it each gets a random one."`
}

// Run seeds the node, with its node running or not.
func (c Cmd) Run(ctx context.Context) error {
	if c.National != "" {
		return c.reference(ctx)
	}
	config, err := province.LoadConfig(c.Config, os.Environ())
	if err != nil {
		return err
	}
	server, err := pg.StartServer(ctx, config.Postgres, config.Data, pg.Province, slog.Default())
	if err != nil {
		return err
	}
	return errors.Join(c.run(ctx, config, server), server.Stop(context.WithoutCancel(ctx)))
}

func (c Cmd) run(ctx context.Context, config province.Config, server *pg.Server) error {
	db, err := pg.Open(ctx, server.AppURL, 0)
	if err != nil {
		return err
	}
	defer db.Close()
	code := codes.Province(config.Code)
	report, err := Fill(ctx, db, Options{
		Province: code, Customers: c.Customers, Seed: c.Seed, Progress: Progress(os.Stderr, code, time.Second),
	})
	switch {
	case err == nil:
		fmt.Println(report)
	case !c.Accounts || !errors.Is(err, ErrFilled):
		return err
	default: // accounts may be added to a province that was seeded before
		fmt.Fprintln(os.Stderr, err)
	}
	if c.Accounts {
		return c.accounts(ctx, config, db)
	}
	return nil
}

func (c Cmd) accounts(ctx context.Context, config province.Config, db *pgxpool.Pool) error {
	store, err := account.NewStore(db, config.Account, nil)
	if err != nil {
		return err
	}
	made, err := Accounts(ctx, db, store, c.Password)
	if err != nil {
		return err
	}
	for _, a := range made {
		password := a.Password
		if password == "" {
			password = "(was there before)"
		}
		fmt.Printf("account %s %s %s %s\n", a.Login, a.Role, password, a.Name)
	}
	return nil
}

// String is the report on one line.
func (r Report) String() string {
	return fmt.Sprintf("%d customers (%d selected for headquarters), %d contacts, %d contracts, %d subscriptions, %d bills, "+
		"%d summary rows in %.1f s", r.Customers, r.National, r.Contacts, r.Contracts, r.Subscriptions, r.Bills,
		r.SummaryRows, r.Took.Seconds())
}

// Progress writes a line to w at most once in an interval, and one at the end.
func Progress(w io.Writer, province codes.Province, interval time.Duration) func(done, customers int) {
	began := time.Now()
	next := began.Add(interval)
	return func(done, customers int) {
		now := time.Now()
		if now.Before(next) && done < customers {
			return
		}
		next = now.Add(interval)
		_, _ = fmt.Fprintf(w, "seed %s: %d of %d customers, %.1f s\n", // a terminal that is gone does not stop the seed
			province, done, customers, now.Sub(began).Seconds())
	}
}
