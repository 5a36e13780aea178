package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"jike/internal/bus"
	"jike/internal/control"
	"jike/internal/pg"
	"jike/national"
	"jike/province"
)

// Keys has a running node take other keys.
type Keys struct {
	Level  string `enum:"province,national" default:"province" help:"Which node: ${enum}."`
	Config string `required:"" type:"existingfile" help:"The node's configuration, with the new keys in it."`
}

// Run gives the keys to the node and prints them. At the national node they are the public keys
// that the embedded hub admits; whoever is connected with another is cut off. At a province it is
// the key with which the embedded leaf server dials the hub.
func (k Keys) Run(ctx context.Context) error {
	if pg.Level(k.Level) == pg.National {
		return k.national(ctx)
	}
	return k.province(ctx)
}

func (k Keys) national(ctx context.Context) error {
	c, err := national.LoadConfig(k.Config, os.Environ())
	if err != nil {
		return err
	}
	list := national.KeysOf(c)
	body, err := json.Marshal(list)
	if err != nil {
		return err
	}
	if _, err := post(ctx, c.Data, "application/json", body); err != nil {
		return err
	}
	for _, keys := range list {
		for _, key := range []string{keys.Current, keys.Next} {
			if key != "" {
				fmt.Printf("%d is admitted with %s\n", keys.Province, key)
			}
		}
	}
	return nil
}

func (k Keys) province(ctx context.Context) error {
	c, err := province.LoadConfig(k.Config, os.Environ())
	if err != nil {
		return err
	}
	file, err := filepath.Abs(province.SeedFile(c))
	if err != nil {
		return err
	}
	form := url.Values{"seed_file": {file}}.Encode()
	key, err := post(ctx, c.Data, "application/x-www-form-urlencoded", []byte(form))
	if err != nil {
		return err
	}
	fmt.Printf("%d dials the hub with %s\n", c.Code, key)
	return nil
}

func post(ctx context.Context, data, kind string, body []byte) ([]byte, error) {
	response, err := control.Ask(ctx, data, http.MethodPost, "/keys", kind, bytes.NewReader(body))
	if refusal, ok := errors.AsType[*control.Refusal](err); ok {
		return nil, fmt.Errorf("the node refuses: %w", refusal)
	}
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return nil, fmt.Errorf("the node broke off: %w", err)
	}
	return answer, nil
}

// HubAccounts prints a part of nats-server's configuration.
type HubAccounts struct {
	Config string `required:"" type:"existingfile" help:"The national node's configuration."`
}

// Run prints the accounts block that each server of a hub that runs apart includes. It makes the
// national node's own keys if they are missing, so it is run as the node's user.
func (h HubAccounts) Run() error {
	c, err := national.LoadConfig(h.Config, os.Environ())
	if err != nil {
		return err
	}
	o, _, err := national.HubOptions(c)
	if err != nil {
		return err
	}
	fmt.Print("# Printed by: jike admin hub-accounts\n" + bus.HubAccounts(o))
	return nil
}
