package sync

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"

	"jike/sync/apply"
	"jike/sync/operate"
)

type parkedCmd struct {
	List parkedListCmd `cmd:"" default:"withargs" help:"List what is parked."`
	Show parkedShowCmd `cmd:"" help:"Show one parked transaction with its dirty keys."`
}

type parkedListCmd struct {
	receiver
	Province int16 `arg:"" optional:"" help:"Carrier province code, such as 591; all if it is left out."`
	JSON     bool  `help:"Print as JSON."`
}

// Run lists.
func (c parkedListCmd) Run(ctx context.Context, out io.Writer) error {
	form := url.Values{}
	if c.Province != 0 {
		form.Set("province", strconv.Itoa(int(c.Province)))
	}
	var list []apply.Parked
	if err := c.read(ctx, "/sync/parked", form, &list); err != nil {
		return err
	}
	if c.JSON {
		return document(out, list)
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(out, "nothing is parked")
		return err
	}
	rows := [][]string{{"ID", "PROVINCE", "TRANSACTION", "PARKED", "CHANGES", "KEYS", "DIRTY", "SKIPPED", "ASKED FOR", "REASON"}}
	for _, p := range list {
		rows = append(rows, []string{
			strconv.FormatInt(p.ID, 10), strconv.Itoa(int(p.Province)), fmt.Sprintf("%d:%s", p.Epoch, p.LSN), p.Parked.Format(time.RFC3339),
			strconv.FormatInt(p.Changes, 10), strconv.FormatInt(p.Keys, 10), strconv.FormatInt(p.Dirty, 10),
			strconv.FormatInt(p.Skipped, 10), strconv.FormatInt(p.Wanted, 10), p.Reason,
		})
	}
	return table(out, rows)
}

type parkedShowCmd struct {
	receiver
	ID   int64 `arg:"" help:"Number of the parked transaction."`
	JSON bool  `help:"Print as JSON."`
}

// Run shows one.
func (c parkedShowCmd) Run(ctx context.Context, out io.Writer) error {
	var p operate.ParkedTransaction
	if err := c.read(ctx, fmt.Sprintf("/sync/parked/%d", c.ID), nil, &p); err != nil {
		return err
	}
	if c.JSON {
		return document(out, p)
	}
	_, _ = fmt.Fprintf(out, "parked transaction %d of province %d\nepoch %d, position %s, committed %s, parked %s\n%s\n%d changes of %d keys; %d keys are dirty, %d later changes of them were skipped\n",
		p.ID, p.Province, p.Epoch, p.LSN, p.Committed.Format(time.RFC3339), p.Parked.Parked.Format(time.RFC3339), p.Reason, p.Changes, p.Keys, p.Dirty, p.Skipped)
	if len(p.DirtyKeys) == 0 {
		return nil
	}
	rows := [][]string{{"TABLE", "KEY", "IN THE PROVINCE", "SKIPPED", "LAST", "ASKED FOR", "REPAIR REFUSED"}}
	for _, k := range p.DirtyKeys {
		rows = append(rows, []string{k.Relation, strconv.FormatInt(k.Key, 10), yes(k.Present), strconv.FormatInt(k.Skipped, 10), k.Last, yes(k.Wanted), k.Refused})
	}
	if err := table(out, rows); err != nil || int64(len(p.DirtyKeys)) == p.Dirty {
		return err
	}
	_, err := fmt.Fprintf(out, "and %d more\n", p.Dirty-int64(len(p.DirtyKeys)))
	return err
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

type repairCmd struct {
	receiver
	Province int16 `arg:"" help:"Carrier province code, such as 591."`
	ID       int64 `arg:"" optional:"" help:"Number of one parked transaction; all of the province if it is left out."`
}

// Run asks the province.
func (c repairCmd) Run(ctx context.Context, out io.Writer) error {
	return c.command(ctx, out, c.Province, "repair", url.Values{"parked": {strconv.FormatInt(c.ID, 10)}})
}

type releaseCmd struct {
	receiver
	Province int16 `arg:"" help:"Carrier province code, such as 591."`
	ID       int64 `arg:"" help:"Number of the parked transaction."`
	Accept   bool  `help:"Take rows as they are here, though they may differ from the province's."`
}

// Run releases.
func (c releaseCmd) Run(ctx context.Context, out io.Writer) error {
	return c.command(ctx, out, c.Province, "release", url.Values{"parked": {strconv.FormatInt(c.ID, 10)}, "accept": {fmt.Sprint(c.Accept)}})
}
