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

	"jike/sync/reconcile"
)

// Run reconciles one province, or all.
type Run struct {
	node
	Province string `arg:"" help:"Carrier province code, such as 591; or 'all'."`
	Table    string `help:"Compare this table only, such as crm.customer."`
	From     string `help:"With --table: the smallest key that is compared."`
	To       string `help:"With --table: the largest key that is compared."`
	Resync   bool   `help:"Repair any number of differences unasked. Nothing is blocked or truncated, only differences travel."`
	Approve  bool   `help:"Let the run go on that found more differences than it may repair unasked."`
	Wait     bool   `help:"If a run of the province is going on, wait for its end first."`
	JSON     bool   `help:"Print the whole run as JSON, with its certificate."`
}

// Run asks, follows, and fails unless every province ended clean or repaired.
func (c Run) Run(ctx context.Context) error {
	path, query := "/reconciliations", url.Values{
		"province": {c.Province}, "table": {c.Table}, "from": {c.From}, "to": {c.To},
		"resync": {strconv.FormatBool(c.Resync)}, "approve": {strconv.FormatBool(c.Approve)},
	}
	if c.Province == "all" {
		if c.Table != "" || c.Resync || c.Approve {
			return errors.New("all provinces are compared whole and repaired within the limit: --table, --resync and --approve are for one")
		}
		path, query = "/reconciliations/all", nil
	}
	response, err := c.ask(ctx, http.MethodPost, path, query)
	for c.Wait && isBusy(err) {
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
		response, err = c.ask(ctx, http.MethodPost, path, query)
	}
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	runs, err := follow(response.Body)
	if err != nil {
		return err
	}
	equal := true
	for _, run := range runs {
		if err := c.tell(run); err != nil {
			return err
		}
		equal = equal && run.State == reconcile.Done && *run.Result != reconcile.Diverged
	}
	if !equal {
		return errors.New("both levels are not proved to hold the same rows")
	}
	return nil
}

// follow reads the runs' states, one JSON document each, tells the phases, and gives how each
// run ended.
func follow(body io.Reader) (ended []reconcile.Run, err error) {
	states := json.NewDecoder(body)
	said := ""
	var last reconcile.Run
	for {
		var run reconcile.Run
		if err := states.Decode(&run); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("the national node ended before the run did: %w", err)
		}
		last = run
		if run.State != reconcile.Running {
			ended = append(ended, run)
		} else if step := step(run); step != said {
			said = step
			fmt.Fprintln(os.Stderr, step)
		}
	}
	if last.ID != 0 && last.State == reconcile.Running {
		return nil, errors.New("the national node ended before the run did")
	}
	return ended, nil
}

// step says how far a run is.
func step(run reconcile.Run) string {
	p := run.Progress
	text := fmt.Sprintf("run %d of province %d: %s", run.ID, run.Province, strings.TrimSpace(string(p.Phase)+" "+p.Table))
	if p.Phase != reconcile.PhaseCompare || p.Rows == 0 {
		return text
	}
	text += fmt.Sprintf(", %d rows", p.Rows)
	if p.RowsInAll > 0 {
		text += fmt.Sprintf(" of about %d", max(p.RowsInAll, p.Rows))
	}
	if p.Rate > 0 {
		text += fmt.Sprintf(", %d rows/s, about %s left", p.Rate, time.Duration(p.SecondsLeft)*time.Second)
	}
	return text
}

// tell prints how a run ended.
func (c Run) tell(run reconcile.Run) error {
	if c.JSON {
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "  ")
		return out.Encode(run)
	}
	result := string(run.State)
	if run.Result != nil {
		result = string(*run.Result)
	}
	part := ""
	if run.Scope.Table != "" {
		part = " (" + run.Scope.String() + ")"
	}
	fmt.Printf("run %d of province %d%s: %s, %d rows, %d differences, %d repaired, %s\n",
		run.ID, run.Province, part, result, run.Rows, run.Differences, run.Repaired, run.Ended.Sub(run.Started).Round(time.Millisecond))
	for _, n := range run.Causes {
		fmt.Printf("  %d %s, cause: %s\n", n.Count, n.Kind, n.Cause)
	}
	if run.Point != nil {
		fmt.Printf("both levels at epoch %d, position %s of the province's log\n", *run.Epoch, *run.Point)
	}
	if run.Certificate != nil {
		fmt.Printf("certificate %d, %s\n", run.Certificate.Statement.Sequence, run.Certificate.Digest)
	}
	if run.Reason != "" {
		fmt.Println(run.Reason)
	}
	return nil
}
