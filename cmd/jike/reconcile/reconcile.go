// Package reconcile is the command `jike reconcile`: it asks the running national node to prove
// that headquarters holds a province's rows, and tells how it goes.
package reconcile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"jike/internal/control"
	"jike/national"
	"jike/sync/reconcile"
)

// Cmd reconciles one province.
type Cmd struct {
	Config   string `required:"" type:"existingfile" help:"The national node's configuration."`
	Province int16  `required:"" help:"Carrier province code, such as 591."`
	Approve  bool   `help:"Let the run go on that found more differences than it may repair unasked."`
	JSON     bool   `help:"Print the whole run as JSON, with its certificate."`
}

// Run asks, follows, and fails unless the province ended clean or repaired.
func (c Cmd) Run(ctx context.Context) error {
	config, err := national.LoadConfig(c.Config, os.Environ())
	if err != nil {
		return err
	}
	client, err := control.Client(config.Data)
	if err != nil {
		return err
	}
	query := url.Values{"province": {strconv.Itoa(int(c.Province))}, "approve": {strconv.FormatBool(c.Approve)}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://node/reconciliations?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		text, err := io.ReadAll(io.LimitReader(response.Body, 4096))
		return errors.Join(fmt.Errorf("the national node refuses: %s", strings.TrimSpace(string(text))), err)
	}
	run, err := c.follow(response.Body)
	if err != nil {
		return err
	}
	if err := c.tell(run); err != nil {
		return err
	}
	if run.State != reconcile.Done || *run.Result == reconcile.Diverged {
		return errors.New("both levels are not proved to hold the same rows")
	}
	return nil
}

// follow reads the run's states, one JSON document each, and tells the phases.
func (c Cmd) follow(body io.Reader) (run reconcile.Run, err error) {
	states := json.NewDecoder(body)
	phase := ""
	for {
		var next reconcile.Run
		if err := states.Decode(&next); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return run, fmt.Errorf("the national node ended before the run did: %w", err)
		}
		run = next
		if p := strings.TrimSpace(string(run.Progress.Phase) + " " + run.Progress.Table); p != phase && run.State == reconcile.Running {
			phase = p
			fmt.Fprintf(os.Stderr, "%s, %d rows compared\n", phase, run.Progress.Rows)
		}
	}
	if run.ID == 0 || run.State == reconcile.Running {
		return run, errors.New("the national node ended before the run did")
	}
	return run, nil
}

// tell prints how the run ended.
func (c Cmd) tell(run reconcile.Run) error {
	if c.JSON {
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "  ")
		return out.Encode(run)
	}
	result := string(run.State)
	if run.Result != nil {
		result = string(*run.Result)
	}
	fmt.Printf("run %d of province %d: %s, %d rows, %d differences, %d repaired, %s\n",
		run.ID, run.Province, result, run.Rows, run.Differences, run.Repaired, run.Ended.Sub(run.Started).Round(time.Millisecond))
	if run.Point != nil {
		fmt.Printf("both levels at epoch %d, position %s of the province's log\n", *run.Epoch, *run.Point)
	}
	if run.Reason != "" {
		fmt.Println(run.Reason)
	}
	return nil
}
