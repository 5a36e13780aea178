// Package admin is the command `jike admin`: what a node needs before anybody can sign in.
package admin

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"jike/internal/account"
	"jike/internal/bus"
	"jike/internal/pg"
	"jike/national"
	"jike/province"
)

// Cmd groups the administrator's commands.
type Cmd struct {
	Key     Key     `cmd:"" help:"Make a key pair: the seed stays in FILE, the public key is printed."`
	Account Account `cmd:"" help:"Make an account; its password is the first line of standard input."`
	Keys    Keys    `cmd:"" help:"Have the running node take the keys that its configuration names now, without a restart."`

	HubAccounts HubAccounts `cmd:"" help:"Print the accounts of a hub that runs apart, for its servers' configuration."`
}

// Key makes an nkey seed file.
type Key struct {
	File string `arg:"" help:"Seed file, made with mode 0600 if it is not there."`
}

// Run prints the public key of the seed in the file, which it makes if it is missing.
func (k Key) Run() error {
	seed, err := bus.EnsureSeed(k.File)
	if err != nil {
		return err
	}
	_, err = fmt.Println(seed.Public())
	return err
}

// Account makes an account at one node.
type Account struct {
	Level  string `enum:"province,national" default:"province" help:"Whose account: ${enum}."`
	Config string `required:"" type:"existingfile" help:"The node's configuration."`
	Login  string `required:"" help:"2 to 64 lower-case letters, digits, dots, dashes, underscores."`
	Name   string `required:"" help:"The person's name."`
	Role   string `required:"" help:"account_manager, department_head, province_administrator, headquarters_analyst or headquarters_administrator."`
	Unit   int64  `help:"Id of the unit of the organisation tree that the account's scope starts from."`
}

// Run adds the account. It works with the node running or not.
func (a Account) Run(ctx context.Context) error {
	password, err := firstLine(os.Stdin)
	if err != nil {
		return err
	}
	database, data, settings, err := a.settings()
	if err != nil {
		return err
	}
	server, err := pg.StartServer(ctx, database, data, pg.Level(a.Level), slog.Default())
	if err != nil {
		return err
	}
	return errors.Join(a.create(ctx, server, settings, password), server.Stop(context.WithoutCancel(ctx)))
}

func (a Account) settings() (pg.Config, string, account.Settings, error) {
	if pg.Level(a.Level) == pg.National {
		c, err := national.LoadConfig(a.Config, os.Environ())
		return c.Postgres, c.Data, c.Account, err
	}
	c, err := province.LoadConfig(a.Config, os.Environ())
	return c.Postgres, c.Data, c.Account, err
}

func (a Account) create(ctx context.Context, server *pg.Server, settings account.Settings, password string) error {
	db, err := pg.Open(ctx, server.AppURL, 0)
	if err != nil {
		return err
	}
	defer db.Close()
	store, err := account.NewStore(db, settings, nil)
	if err != nil {
		return err
	}
	id, err := store.Create(ctx, account.System("admin"), account.NewAccount{
		Login: a.Login, Name: a.Name, Role: account.Role(a.Role), UnitID: a.Unit, Password: password,
	})
	if err != nil {
		return err
	}
	_, err = fmt.Printf("account %d: %s, %s\n", id, a.Login, a.Role)
	return err
}

func firstLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", errors.New("no password on standard input: give it as the first line")
	}
	return line, nil
}
