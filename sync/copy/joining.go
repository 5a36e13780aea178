package copy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"jike/schemas/replica"
	"jike/sync/apply"
)

// A chunk has budget bytes of rows: it grows to Options.Chunk while the province answers at once
// and shrinks when its link is slow, so that nobody holds a slot for long.
const (
	firstBudget = 256 << 10
	leastBudget = 16 << 10
	quickAnswer = 500 * time.Millisecond
	slowAnswer  = 2 * time.Second
	firstWidth  = 512 // bytes of a row of which none was seen yet
)

// joining is the copy of one province while it runs here.
type joining struct {
	n     *National
	site  Site
	epoch int64
	log   *slog.Logger

	mu     sync.Mutex
	budget int
	width  map[string]int // bytes of a row, of the last chunk of each table
	rows   int64          // copied by this process
	asking sync.Mutex     // held by the one worker that looks whether the province is there again
}

// run copies what is open and ends the copy.
func (j *joining) run(ctx context.Context) error {
	open, err := j.n.store.open(ctx, j.site.Province)
	if err != nil {
		return err
	}
	j.log.Info("copy: the province's rows are copied", "epoch", j.epoch, "ranges", len(open))
	ranges := make(chan openRange, len(open))
	for _, r := range open {
		ranges <- r
	}
	close(ranges)
	report, stop := context.WithCancel(ctx)
	var beside sync.WaitGroup
	beside.Go(func() { j.keepReporting(report) })
	group, within := errgroup.WithContext(ctx)
	for range j.n.opts.Workers {
		group.Go(func() error {
			for r := range ranges {
				if err := j.copyRange(within, r); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err = group.Wait()
	stop()
	beside.Wait()
	if err != nil {
		return err
	}
	total, err := j.n.store.finish(ctx, j.site.Province)
	if err == nil {
		j.log.Info("copy: all rows are copied", "epoch", j.epoch, "rows", total.Rows, "bytes", total.Bytes,
			"seconds", total.EndedAt.Sub(total.BegunAt).Seconds())
	}
	return err
}

// copyRange copies one range to its end.
func (j *joining) copyRange(ctx context.Context, r openRange) error {
	t, err := j.table(r.Relation)
	if err != nil {
		return err
	}
	for !r.Done {
		bytes, err := j.chunk(ctx, t, &r)
		switch {
		case errors.Is(err, errLater):
			j.log.Warn("copy: a chunk did not come", "table", r.Relation, "key", r.Next, "reason", err)
			if err := j.awaitProvince(ctx); err != nil {
				return err
			}
		case err != nil:
			return fmt.Errorf("copy: %s from key %d: %w", r.Relation, r.Next, err)
		default:
			if err := j.n.pace.wait(ctx, bytes); err != nil {
				return err
			}
		}
	}
	return nil
}

// awaitProvince waits until the province answers. Its workers hold no slots meanwhile.
func (j *joining) awaitProvince(ctx context.Context) error {
	j.asking.Lock()
	defer j.asking.Unlock()
	select {
	case <-time.After(askPause):
	case <-ctx.Done():
		return ctx.Err()
	}
	return j.ask(ctx, func() error {
		_, err := j.hello(ctx)
		return err
	})
}

func (j *joining) table(name string) (replica.Table, error) {
	i := slices.IndexFunc(j.n.opts.Tables, func(t replica.Table) bool { return t.Qualified() == name })
	if i < 0 {
		return replica.Table{}, fmt.Errorf("%w: table %s is not known here", errSchema, name)
	}
	return j.n.opts.Tables[i], nil
}

// chunk asks for the next rows of a range and writes them. It gives the bytes of the rows.
func (j *joining) chunk(ctx context.Context, t replica.Table, r *openRange) (int, error) {
	var s *slot
	select {
	case s = <-j.n.slots:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	defer func() { j.n.slots <- s }()
	request := rowsRequest{Epoch: j.epoch, Table: r.Relation, keyRange: keyRange{r.Next, r.Last}}
	request.Rows, request.Bytes = j.size(r.Relation)
	asked := time.Now()
	answer, err := j.call(ctx, CallRows, callPatience, request)
	if err != nil {
		j.took(callPatience)
		return 0, err
	}
	j.took(time.Since(asked))
	h, body, err := decode(answer, s.body)
	if err != nil {
		return 0, err
	}
	loader, err := newLoader(j.site.Province, t, h.Columns)
	if err != nil {
		return 0, err
	}
	if s.rows, err = j.convert(loader, h, body, request, s.rows[:0]); err != nil {
		return 0, err
	}
	if err := j.n.write(ctx, j, loader, r, h, s.rows, len(body)); err != nil {
		return 0, err
	}
	j.counted(r.Relation, h.Rows, len(body))
	if s.body = body; cap(s.body)+cap(s.rows) > 8*j.n.opts.Chunk {
		*s = slot{} // the buffers of a large row are not kept
	}
	return len(body), nil
}

// size is how much to ask for: rows for about the budget, and bytes as a bound for rows that turn
// out to be larger.
func (j *joining) size(table string) (rows, bytes int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	width := j.width[table]
	if width == 0 {
		width = firstWidth
	}
	return max(j.budget/width, 1), 2 * j.budget
}

// took learns from the time that an answer needed.
func (j *joining) took(d time.Duration) {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case d < quickAnswer:
		j.budget = min(2*j.budget, j.n.opts.Chunk)
	case d > slowAnswer:
		j.budget = max(j.budget/2, min(leastBudget, j.n.opts.Chunk))
	}
}

func (j *joining) counted(table string, rows, bytes int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.rows += int64(rows)
	if rows > 0 {
		j.width[table] = bytes/rows + 1
	}
	j.n.counted(rows)
}

// counted, setSpeed and ended keep what Status and Progress tell.

func (n *National) counted(rows int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.rows += int64(rows)
}

func (n *National) setSpeed(province int16, rowsPerSecond float64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.speeds[province] = rowsPerSecond
}

func (n *National) ended(province int16) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.speeds, province)
}

// errSchema says that the province has a table or column that headquarters does not know.
var errSchema = errors.New("copy: the province replicates another schema than headquarters; bring headquarters to the newer release first")

// newLoader makes what writes the columns that the province has. It may have fewer than
// headquarters: those stay empty until it is of the same release.
func newLoader(province int16, t replica.Table, columns []replica.Column) (*apply.Loader, error) {
	for _, c := range columns {
		if !slices.Contains(t.Columns, c) {
			return nil, fmt.Errorf("%w: column %s %s of %s", errSchema, c.Name, c.Type, t.Qualified())
		}
	}
	t.Columns = columns
	return apply.NewLoader(province, t)
}

// convert makes COPY BINARY of a chunk, after a look at every row: keys must rise inside of what
// was asked for, or the place where the next chunk begins would mean nothing.
func (j *joining) convert(l *apply.Loader, h chunkHeader, body []byte, r rowsRequest, buf []byte) ([]byte, error) {
	buf = l.Begin(buf)
	before, rows := r.First, 0
	for ; len(body) > 0; rows++ {
		size := tupleSize(body, len(h.Columns))
		key, ok := keyOf(body[:size])
		if !ok || key < before || rows > 0 && key == before || key > r.Last {
			return buf, fmt.Errorf("%w: row %d of it", errChunk, rows+1)
		}
		buf = l.Row(buf, body[:size], j.epoch, 0)
		before, body = key, body[size:]
	}
	if rows != h.Rows || !h.Done && (h.Next <= before || h.Next > r.Last) {
		return buf, fmt.Errorf("%w: %d rows of %d, the next begins at %d", errChunk, rows, h.Rows, h.Next)
	}
	return l.End(buf), nil
}

// reportEvery is how often the copy's progress is logged, speedEvery how often its speed is taken.
const (
	reportEvery = 10 * time.Second
	speedEvery  = time.Second
)

// keepReporting takes the copy's speed and logs its progress.
func (j *joining) keepReporting(ctx context.Context) {
	tick := time.NewTicker(speedEvery)
	defer tick.Stop()
	var before int64
	speed, reported := 0.0, time.Now()
	for {
		j.n.setSpeed(j.site.Province, speed)
		select {
		case <-tick.C:
		case <-ctx.Done():
			j.n.ended(j.site.Province)
			return
		}
		j.mu.Lock()
		rows := j.rows
		j.mu.Unlock()
		speed += (float64(rows-before)/speedEvery.Seconds() - speed) / 4 // of the last few seconds
		before = rows
		if time.Since(reported) < reportEvery {
			continue
		}
		reported = time.Now()
		if all, err := j.n.Progress(ctx, j.site.Province); err == nil && len(all) == 1 {
			p := all[0]
			j.log.Info("copy: under way", "rows", p.Rows, "of_about", p.Expected, "bytes", p.Bytes,
				"ranges", p.Ranges, "ranges_done", p.RangesDone, "rows_per_second", int64(p.RowsPerSecond))
		}
	}
}
