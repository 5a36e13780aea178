// Package sync is the command `jike sync`: what an operator does about replication. It asks the
// running node, through the control socket in its data directory. A file per group of verbs.
package sync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/user"
	"strings"
	"text/tabwriter"
	"time"

	"jike/internal/control"
	"jike/national"
	"jike/province"
)

// Cmd holds the verbs.
type Cmd struct {
	Status  statusCmd  `cmd:"" help:"Show how far each province's transactions are applied."`
	Pause   pauseCmd   `cmd:"" help:"Stop applying a province's transactions; the hub keeps what comes."`
	Resume  resumeCmd  `cmd:"" help:"Go on applying a province's transactions."`
	Parked  parkedCmd  `cmd:"" help:"Show transactions that the database refused."`
	Repair  repairCmd  `cmd:"" help:"Ask for the current state of the keys that parked transactions left out."`
	Release releaseCmd `cmd:"" help:"Forget a parked transaction."`
	Copy    copyCmd    `cmd:"" help:"Tell how far the first copy of provinces is that joined with rows, or give one up."`

	Explain explainCmd `cmd:"" help:"Say why a customer goes up to headquarters or not, since when, and what would change it."`
	Policy  policyCmd  `cmd:"" help:"Versions of the selection policy: list, show, propose, try, pause, resume, cancel, prove."`
	Resends resendsCmd `cmd:"" help:"Show how far the tables are whose rows are sent again, since a release added a column."`
}

// headquarters is the national node that a verb asks.
type headquarters struct {
	Config string `required:"" type:"existingfile" help:"The national node's configuration."`
}

// ask is what receiver.ask is.
func (h headquarters) ask(ctx context.Context, method, path string, form url.Values) (io.ReadCloser, error) {
	return receiver{h.Config, levelNational}.ask(ctx, method, path, form)
}

// receiver is a node where something is applied: headquarters, or a province to which reference data
// comes down.
type receiver struct {
	Config string `required:"" type:"existingfile" help:"The node's configuration."`
	Level  string `default:"national" enum:"national,province" help:"Level of the node; in a province it is about the reference data that comes down."`
}

const levelNational = "national"

// data is the node's data directory.
func (r receiver) data() (string, error) {
	if r.Level == levelNational {
		c, err := national.LoadConfig(r.Config, os.Environ())
		return c.Data, err
	}
	c, err := province.LoadConfig(r.Config, os.Environ())
	return c.Data, err
}

// ask sends a command with its form and gives the answer. What the node refuses comes as an error
// in its own words.
func (r receiver) ask(ctx context.Context, method, path string, form url.Values) (io.ReadCloser, error) {
	data, err := r.data()
	if err != nil {
		return nil, err
	}
	response, err := control.Ask(ctx, data, method, path+"?"+form.Encode(), "", nil)
	if err != nil {
		return nil, err
	}
	return response.Body, nil
}

// read asks for a document.
func (r receiver) read(ctx context.Context, path string, form url.Values, into any) error {
	body, err := r.ask(ctx, http.MethodGet, path, form)
	if err != nil {
		return err
	}
	return errors.Join(json.NewDecoder(body).Decode(into), body.Close())
}

// command has something done to a province and prints what the node says.
func (r receiver) command(ctx context.Context, out io.Writer, code int16, name string, form url.Values) error {
	form.Set("by", operator())
	body, err := r.ask(ctx, http.MethodPost, fmt.Sprintf("/sync/%d/%s", code, name), form)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "province %d: ", code)
	_, err = io.Copy(out, body)
	return errors.Join(err, body.Close())
}

// operator is who gives the command, as the operating system knows it.
func operator() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return fmt.Sprintf("user %d", os.Getuid())
}

// table prints rows of columns; the first row is the head.
func table(out io.Writer, rows [][]string) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		_, _ = fmt.Fprintln(w, strings.Join(row, "\t")) // Flush tells
	}
	return w.Flush()
}

func document(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// ago is how long a time is past, in whole seconds.
func ago(t *time.Time) string {
	if t == nil {
		return "never"
	}
	return time.Since(*t).Round(time.Second).String()
}
