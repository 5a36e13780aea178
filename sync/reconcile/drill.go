package reconcile

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"jike/schemas/replica"
)

// comparison is what comparing both sides at one meeting found.
type comparison struct {
	tables      []TableProof
	differences []Difference
	ranges      map[string][]Range // the ranges that differed, by table, for the re-check
}

// counts gives what the approval rule looks at.
func (c *comparison) counts() []tableCount {
	by := map[string]int64{}
	for _, d := range c.differences {
		by[d.Table]++
	}
	out := make([]tableCount, len(c.tables))
	for i, t := range c.tables {
		out[i] = tableCount{rows: max(t.Province.Rows, t.National.Rows), differences: by[t.Table]}
	}
	return out
}

// comparer compares tables at one meeting.
type comparer struct {
	*run
	m    *meeting
	here *side
	out  *comparison
}

// background is the cause of differences that nothing about the row explains.
func (c *comparer) background() Cause {
	switch {
	case c.proven == nil || c.proven.Statement.Epoch != c.m.epoch:
		return NewEpoch
	case c.proven.Statement.Selection != c.m.selection || !bytes.Equal(c.proven.Statement.Schema, c.m.schema[:]):
		return NewSelection
	}
	return Unknown
}

func (r *run) comparer(ctx context.Context, m *meeting) (*comparer, error) {
	here, err := newSide(ctx, m.tx, nationalFilter(r.site.Province), r.method, r.seed)
	if err != nil {
		return nil, err
	}
	return &comparer{run: r, m: m, here: here, out: &comparison{ranges: map[string][]Range{}}}, nil
}

func (c *comparer) scope(t replica.Table) scope {
	return scope{Barrier: c.m.barrier, Method: c.method, Seed: c.seed, Table: t.Qualified(), Columns: namesOf(t)}
}

// compareAll compares every table of the scope, from its smallest to its largest possible key.
func (r *run) compareAll(ctx context.Context, m *meeting) (*comparison, error) {
	c, err := r.comparer(ctx, m)
	if err != nil {
		return nil, err
	}
	r.compared = time.Now()
	for i, t := range m.tables {
		err := r.progress(ctx, func(p *Progress) { p.Phase, p.Table, p.TablesDone, p.Note = PhaseCompare, t.Qualified(), i, "" })
		if err != nil {
			return nil, err
		}
		if err := c.compareTable(ctx, t); err != nil {
			return nil, err
		}
	}
	r.row.Rows = r.row.Progress.Rows
	r.row.Progress.TablesDone, r.row.Progress.Table, r.row.Progress.SecondsLeft = len(m.tables), "", 0
	return c.out, nil
}

// pace waits as long as the run is ahead of the rate that is set.
func (c *comparer) pace(ctx context.Context) error {
	if c.n.opts.RowsPerSecond <= 0 {
		return nil
	}
	due := c.compared.Add(time.Duration(float64(c.asked) / float64(c.n.opts.RowsPerSecond) * float64(time.Second)))
	select {
	case <-time.After(time.Until(due)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// compareTable compares one table page by page; the province cuts the next page while this side
// digests the one before.
func (c *comparer) compareTable(ctx context.Context, t replica.Table) error {
	proof := tableComparison{table: t}
	pages := make(chan cutReply, 1)
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(pages)
		low, high := c.row.Scope.low(), c.row.Scope.high()
		for from, last := low, false; !last; {
			if err := c.pace(gctx); err != nil {
				return err
			}
			page, err := ask[cutReply](gctx, c.run, opCut, cutRequest{scope: c.scope(t), From: from})
			if err != nil {
				return err
			}
			if err := checkPage(page, from, high); err != nil {
				return err
			}
			select {
			case pages <- page:
			case <-gctx.Done():
				return gctx.Err()
			}
			for _, held := range page.Ranges {
				c.asked += held.Rows
			}
			end := page.Ranges[len(page.Ranges)-1].High
			last = page.Last
			from = end + 1 // of the last page it is not used
		}
		return nil
	})
	group.Go(func() error {
		for page := range pages {
			if err := c.comparePage(gctx, &proof, page.Ranges); err != nil {
				return err
			}
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		return err
	}
	c.out.tables = append(c.out.tables, proof.proof(c.form))
	return nil
}

// checkPage refuses ranges that leave a gap: a row in it would never be compared.
func checkPage(page cutReply, from, to int64) error {
	if len(page.Ranges) == 0 {
		return fail(ReasonRefused, "the province sent no ranges")
	}
	for i, r := range page.Ranges {
		end := i == len(page.Ranges)-1
		if r.Low != from || r.High < r.Low || (r.High == to) != (end && page.Last) || r.High > to {
			return fail(ReasonRefused, "the province's ranges leave a gap at key %d", from)
		}
		from = r.High + 1
	}
	return nil
}

// tableComparison adds up one table.
type tableComparison struct {
	table       replica.Table
	there, here tally
	different   int64
}

// proof is what a certificate says of the table; forms before the third do not name columns.
func (t *tableComparison) proof(form int) TableProof {
	var columns []string
	if form > 2 {
		columns = namesOf(t.table)
	}
	return TableProof{
		Columns: columns,
		Table:   t.table.Qualified(), Ranges: t.there.ranges, DifferentRanges: t.different,
		Province: Holds{Rows: t.there.rows, Digest: t.there.sum[:]},
		National: Holds{Rows: t.here.rows, Digest: t.here.sum[:]},
	}
}

// comparePage compares ranges that lie seamlessly beside each other, and drills into those that
// differ.
func (c *comparer) comparePage(ctx context.Context, t *tableComparison, there []Range) error {
	here, err := c.here.digest(ctx, t.table, there)
	if err != nil {
		return err
	}
	for i := range there {
		t.there.add(there[i])
		t.here.add(here[i])
	}
	for _, i := range differing(there, here) {
		t.different++
		c.out.ranges[t.table.Qualified()] = append(c.out.ranges[t.table.Qualified()], Range{Low: there[i].Low, High: there[i].High})
		found, err := c.drill(ctx, t.table, there[i])
		if err != nil {
			return err
		}
		c.out.differences = append(c.out.differences, found...)
	}
	return c.progress(ctx, func(p *Progress) {
		if p.Phase == PhaseCompare {
			for _, r := range there {
				p.Rows += r.Rows
			}
			p.Ranges += int64(len(there))
			p.Differences = int64(len(c.out.differences))
			p.estimate(time.Since(c.compared))
		}
	})
}

// drill finds the keys that differ in one range, and of different rows the columns.
func (c *comparer) drill(ctx context.Context, t replica.Table, r Range) ([]Difference, error) {
	there, err := everyRow(r, func(low int64) ([]rowHash, error) {
		page, err := ask[rowsReply](ctx, c.run, opRows, rowsRequest{scope: c.scope(t), Low: low, High: r.High})
		if err != nil {
			return nil, err
		}
		return page.unpack()
	})
	if err != nil {
		return nil, err
	}
	here, err := everyRow(r, func(low int64) ([]rowHash, error) { return c.here.rows(ctx, t, low, r.High, rowsPerPage) })
	if err != nil {
		return nil, err
	}
	found := merge(t.Qualified(), there, here)
	if len(found) == 0 {
		return nil, fail(ReasonMismatch, "%s, keys %d to %d: the digests differ, no row does", t.Qualified(), r.Low, r.High)
	}
	for start := 0; start < len(found); start += keysPerPage {
		if err := c.explain(ctx, t, found[start:min(start+keysPerPage, len(found))]); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// everyRow reads all rows of a range, page by page.
func everyRow(r Range, page func(low int64) ([]rowHash, error)) (all []rowHash, err error) {
	for low := r.Low; ; {
		rows, err := page(low)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
		if len(rows) < rowsPerPage || rows[len(rows)-1].Key >= r.High {
			return all, nil
		}
		low = rows[len(rows)-1].Key + 1
	}
}

// explain fills in the columns of different rows and the causes.
func (c *comparer) explain(ctx context.Context, t replica.Table, found []Difference) error {
	var keys, different []int64
	for _, d := range found {
		keys = append(keys, d.Key)
		if d.Kind == Different {
			different = append(different, d.Key)
		}
	}
	known, err := c.here.causes(ctx, t, c.site.Province, keys, c.m.epoch, c.m.point)
	if err != nil {
		return err
	}
	if c.n.opts.Dirty != nil {
		dirty, err := c.n.opts.Dirty(ctx, c.m.tx, c.site.Province, t.Qualified(), keys)
		if err != nil {
			return fmt.Errorf("dirty keys of %s: %w", t.Qualified(), err)
		}
		for _, key := range dirty {
			known[key] = origin{known[key].foreign, Parked}
		}
	}
	columns, err := c.columns(ctx, t, different)
	if err != nil {
		return err
	}
	for i := range found {
		d := &found[i]
		d.foreign, d.Cause = known[d.Key].foreign, known[d.Key].cause
		switch {
		case d.Cause != "":
		case d.foreign:
			d.Cause = OutsideStream
		default:
			d.Cause = c.background()
		}
		if d.Kind == Different {
			d.Columns = columns[d.Key]
		}
	}
	return nil
}

// columns names the columns in which rows differ.
func (c *comparer) columns(ctx context.Context, t replica.Table, keys []int64) (map[int64][]string, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	there, err := ask[valuesReply](ctx, c.run, opValues, valuesRequest{scope: c.scope(t), Keys: keys})
	if err != nil {
		return nil, err
	}
	here, err := c.here.values(ctx, t, keys)
	if err != nil {
		return nil, err
	}
	out := make(map[int64][]string, len(keys))
	for _, key := range keys {
		out[key] = differingColumns(namesOf(t), there.Values[key], here[key])
	}
	return out, nil
}
