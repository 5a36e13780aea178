package sync

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"

	"jike/sync/operate"
)

type statusCmd struct {
	receiver
	JSON bool `help:"Print all figures as JSON."`
}

// Run prints a line for each province, and why a province does not run.
func (c statusCmd) Run(ctx context.Context, out io.Writer) error {
	var states []operate.State
	if err := c.read(ctx, "/sync", nil, &states); err != nil {
		return err
	}
	if c.JSON {
		return document(out, states)
	}
	rows := [][]string{{"PROVINCE", "STATE", "EPOCH", "APPLIED", "LAG BYTES", "HEARTBEAT", "HEARD", "PARKED", "DIRTY", "WHY"}}
	for _, s := range states {
		rows = append(rows, []string{
			strconv.Itoa(int(s.Province)), s.State, strconv.FormatInt(s.Epoch, 10), s.Applied.String(), strconv.FormatUint(s.LagBytes, 10),
			ago(s.Heartbeat), ago(s.Heard), strconv.FormatInt(s.Parked, 10), strconv.FormatInt(s.Dirty, 10), s.Error,
		})
	}
	return table(out, rows)
}

type pauseCmd struct {
	receiver
	Province int16  `arg:"" help:"Carrier province code, such as 591."`
	Reason   string `default:"no reason given" help:"Why, shown wherever the state is shown."`
}

// Run pauses; it stays so through restarts.
func (c pauseCmd) Run(ctx context.Context, out io.Writer) error {
	return c.command(ctx, out, c.Province, "pause", url.Values{"reason": {c.Reason}})
}

type resumeCmd struct {
	receiver
	Province int16 `arg:"" help:"Carrier province code, such as 591."`
	Truncate bool  `help:"Let the truncate of a large table through that the province was paused for."`
}

// Run resumes.
func (c resumeCmd) Run(ctx context.Context, out io.Writer) error {
	return c.command(ctx, out, c.Province, "resume", url.Values{"truncate": {fmt.Sprint(c.Truncate)}})
}
