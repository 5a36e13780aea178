// Package reconcile is the command `jike reconcile`: it asks the running national node to prove
// that headquarters holds a province's rows, tells how it goes, and verifies the certificates
// without any node.
package reconcile

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"

	"jike/internal/control"
	"jike/national"
)

// Cmd is what can be done about reconciliations. Without a further word it begins one.
type Cmd struct {
	Run    Run    `cmd:"" default:"withargs" help:"Prove that headquarters holds a province's rows, or a table or key range of them; repair what differs."`
	Cancel Cancel `cmd:"" help:"End a run that is going on or waits for approval."`
	Export Export `cmd:"" help:"Write a province's chain of certificates as JSON."`
	Verify Verify `cmd:"" help:"Verify a file of certificates: signatures, chain, digests, keys. Needs no node."`
	Key    Key    `cmd:"" help:"Print the public key that a node signs certificates with, and its fingerprint."`
}

// node is the running national node.
type node struct {
	Config string `required:"" type:"existingfile" help:"The national node's configuration."`
}

// ask sends a command to the node and gives its answer; close the body.
func (n node) ask(ctx context.Context, method, path string, query url.Values) (*http.Response, error) {
	config, err := national.LoadConfig(n.Config, os.Environ())
	if err != nil {
		return nil, err
	}
	response, err := control.Ask(ctx, config.Data, method, path+"?"+query.Encode(), "", nil)
	if refusal, ok := errors.AsType[*control.Refusal](err); ok {
		err = fmt.Errorf("the national node refuses: %w", refusal)
	}
	return response, err
}

// isBusy reports whether a run of the province is going on already.
func isBusy(err error) bool {
	r, ok := errors.AsType[*control.Refusal](err)
	return ok && r.Status == http.StatusConflict
}

// Cancel ends a run.
type Cancel struct {
	node
	ID int64 `arg:"" name:"run" help:"Number of the run, as the portal and 'jike reconcile' print it."`
}

// Run asks the node.
func (c Cancel) Run(ctx context.Context) error {
	response, err := c.ask(ctx, http.MethodPost, fmt.Sprintf("/reconciliations/%d/cancel", c.ID), nil)
	if err != nil {
		return err
	}
	return response.Body.Close()
}
