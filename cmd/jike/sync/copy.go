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
	"time"

	"jike/sync/copy"
)

// copyCmd tells of first copies.
type copyCmd struct {
	headquarters
	Province int16 `help:"Carrier province code, such as 591; without it all provinces are told."`
	Cancel   bool  `help:"Give up the province's copy: its stream is applied as it is, and what was not copied comes with its next reconciliation."`
	JSON     bool  `help:"Print as JSON."`
}

// Run asks the running node.
func (c copyCmd) Run(ctx context.Context) error {
	all, err := c.progress(ctx)
	if err != nil {
		return err
	}
	return c.tell(os.Stdout, all, time.Now())
}

func (c copyCmd) progress(ctx context.Context) (all []copy.Progress, err error) {
	method := http.MethodGet
	if c.Cancel {
		method = http.MethodDelete
	}
	body, err := c.ask(ctx, method, "/copies", url.Values{"province": {strconv.Itoa(int(c.Province))}})
	if err != nil {
		return nil, err
	}
	return all, errors.Join(json.NewDecoder(body).Decode(&all), body.Close())
}

// tell prints a line for each province.
func (c copyCmd) tell(out io.Writer, all []copy.Progress, now time.Time) error {
	if c.JSON {
		return document(out, all)
	}
	rows := [][]string{{"PROVINCE", "EPOCH", "STATE", "ROWS", "OF ABOUT", "MB", "RANGES LEFT", "ROWS/S", "SECONDS"}}
	for _, p := range all {
		end := now
		if p.EndedAt != nil {
			end = *p.EndedAt
		}
		rows = append(rows, []string{
			fmt.Sprint(p.Province), fmt.Sprint(p.Epoch), string(p.State), fmt.Sprint(p.Rows), fmt.Sprint(p.Expected),
			fmt.Sprintf("%.1f", float64(p.Bytes)/1e6), fmt.Sprint(p.Ranges - p.RangesDone), fmt.Sprintf("%.0f", p.RowsPerSecond),
			fmt.Sprintf("%.0f", end.Sub(p.BegunAt).Seconds()),
		})
	}
	return table(out, rows)
}
