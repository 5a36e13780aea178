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
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"jike/internal/control"
	"jike/national"
	"jike/sync/copy"
)

// Copy tells of first copies.
type Copy struct {
	Config   string `required:"" type:"existingfile" help:"The national node's configuration."`
	Province int16  `help:"Carrier province code, such as 591; without it all provinces are told."`
	Cancel   bool   `help:"Give up the province's copy: its stream is applied as it is, and what was not copied comes with its next reconciliation."`
	JSON     bool   `help:"Print as JSON."`
}

// Run asks the running node.
func (c Copy) Run(ctx context.Context) error {
	all, err := c.ask(ctx)
	if err != nil {
		return err
	}
	return c.tell(os.Stdout, all, time.Now())
}

func (c Copy) ask(ctx context.Context) (all []copy.Progress, err error) {
	config, err := national.LoadConfig(c.Config, os.Environ())
	if err != nil {
		return nil, err
	}
	client, err := control.Client(config.Data)
	if err != nil {
		return nil, err
	}
	method := http.MethodGet
	if c.Cancel {
		method = http.MethodDelete
	}
	query := url.Values{"province": {strconv.Itoa(int(c.Province))}}
	request, err := http.NewRequestWithContext(ctx, method, "http://node/copies?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		text, err := io.ReadAll(io.LimitReader(response.Body, 4096))
		return nil, errors.Join(fmt.Errorf("the national node refuses: %s", strings.TrimSpace(string(text))), err)
	}
	return all, json.NewDecoder(response.Body).Decode(&all)
}

// tell prints a line for each province.
func (c Copy) tell(w io.Writer, all []copy.Progress, now time.Time) error {
	if c.JSON {
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		return out.Encode(all)
	}
	lines := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, err := fmt.Fprintln(lines, "PROVINCE\tEPOCH\tSTATE\tROWS\tOF ABOUT\tMB\tRANGES LEFT\tROWS/S\tSECONDS")
	for _, p := range all {
		end := now
		if p.EndedAt != nil {
			end = *p.EndedAt
		}
		_, more := fmt.Fprintf(lines, "%d\t%d\t%s\t%d\t%d\t%.1f\t%d\t%.0f\t%.0f\n", p.Province, p.Epoch, p.State, p.Rows, p.Expected,
			float64(p.Bytes)/1e6, p.Ranges-p.RangesDone, p.RowsPerSecond, end.Sub(p.BegunAt).Seconds())
		err = errors.Join(err, more)
	}
	return errors.Join(err, lines.Flush())
}
