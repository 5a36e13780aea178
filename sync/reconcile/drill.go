package reconcile

import (
	"context"
	"math"

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

func (r *run) comparer(ctx context.Context, m *meeting) (*comparer, error) {
	here, err := newSide(ctx, m.tx, nationalFilter(r.site.Province), r.method, r.seed)
	if err != nil {
		return nil, err
	}
	return &comparer{run: r, m: m, here: here, out: &comparison{ranges: map[string][]Range{}}}, nil
}

func (c *comparer) scope(t replica.Table) scope {
	return scope{Barrier: c.m.barrier, Method: c.method, Seed: c.seed, Table: t.Qualified()}
}

// compareAll compares every table from the smallest to the largest possible key.
func (r *run) compareAll(ctx context.Context, m *meeting) (*comparison, error) {
	c, err := r.comparer(ctx, m)
	if err != nil {
		return nil, err
	}
	for i, t := range r.n.opts.Tables {
		err := r.progress(ctx, func(p *Progress) { p.Phase, p.Table, p.TablesDone, p.Note = PhaseCompare, t.Qualified(), i, "" })
		if err != nil {
			return nil, err
		}
		if err := c.compareTable(ctx, t); err != nil {
			return nil, err
		}
	}
	r.row.Rows = r.row.Progress.Rows
	r.row.Progress.TablesDone, r.row.Progress.Table = len(r.n.opts.Tables), ""
	return c.out, nil
}

// compareTable compares one table page by page; the province cuts the next page while this side
// digests the one before.
func (c *comparer) compareTable(ctx context.Context, t replica.Table) error {
	proof := tableComparison{table: t}
	pages := make(chan cutReply, 1)
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(pages)
		for from, last := int64(math.MinInt64), false; !last; {
			page, err := ask[cutReply](gctx, c.run, opCut, cutRequest{scope: c.scope(t), From: from})
			if err != nil {
				return err
			}
			if err := checkPage(page, from); err != nil {
				return err
			}
			select {
			case pages <- page:
			case <-gctx.Done():
				return gctx.Err()
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
	c.out.tables = append(c.out.tables, proof.proof())
	return nil
}

// checkPage refuses ranges that leave a gap: a row in it would never be compared.
func checkPage(page cutReply, from int64) error {
	if len(page.Ranges) == 0 {
		return fail(ReasonRefused, "the province sent no ranges")
	}
	for i, r := range page.Ranges {
		end := i == len(page.Ranges)-1
		if r.Low != from || r.High < r.Low || (r.High == math.MaxInt64) != (end && page.Last) {
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

func (t *tableComparison) proof() TableProof {
	return TableProof{
		Table: t.table.Qualified(), Ranges: t.there.ranges, DifferentRanges: t.different,
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
	causes, err := c.here.causes(ctx, t, c.site.Province, keys, c.m.epoch, c.m.point)
	if err != nil {
		return err
	}
	var there valuesReply
	var here map[int64][]string
	if len(different) > 0 {
		if there, err = ask[valuesReply](ctx, c.run, opValues, valuesRequest{scope: c.scope(t), Keys: different}); err != nil {
			return err
		}
		if here, err = c.here.values(ctx, t, different); err != nil {
			return err
		}
	}
	names := make([]string, len(t.Columns))
	for i, col := range t.Columns {
		names[i] = col.Name
	}
	for i := range found {
		d := &found[i]
		if cause, known := causes[d.Key]; known {
			d.Cause = cause
		}
		if d.Kind == Different {
			d.Columns = differingColumns(names, there.Values[d.Key], here[d.Key])
		}
	}
	return nil
}
