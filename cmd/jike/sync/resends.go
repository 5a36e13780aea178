package sync

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"jike/sync/capture"
)

// resendsCmd lists the tables whose rows are or were sent again.
type resendsCmd struct{ provincial }

// Run prints a line for every table.
func (c resendsCmd) Run(ctx context.Context) error {
	var list []capture.Resending
	if err := c.ask(ctx, http.MethodGet, "/sync/resends", nil, &list); err != nil {
		return err
	}
	for _, r := range list {
		state := "goes on"
		if r.FinishedAt != nil {
			state = "finished " + r.FinishedAt.Local().Format(time.DateTime)
		}
		fmt.Printf("%-20s %10d of %d rows sent since %s for %s, %s\n", r.Relation, r.Sent, r.Total, r.AskedAt.Local().Format(time.DateTime), strings.Join(r.Columns, ", "), state)
	}
	return nil
}
