package copy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/schemas/replica"
)

// ProvinceOptions is what a Province needs.
type ProvinceOptions struct {
	Pool       *pgxpool.Pool // the province's database, as jike_sync
	Tables     []replica.Table
	Readers    int   // statements that read rows at the same time; 0: 4
	RangeBytes int64 // of a table in one range, about; 0: 16 MiB
}

// Province answers headquarters' questions for rows. It only reads.
type Province struct {
	opts    ProvinceOptions
	readers chan struct{}
	bodies  sync.Pool // of *[]byte

	mu      sync.Mutex
	epoch   int64  // that upTo belongs to
	upTo    uint64 // transactions below it may have committed before the epoch began
	settled bool   // they have ended
}

// NewProvince makes a Province and lets headquarters ask it: handle registers a call, such as
// capture's Handle, which leaves the answer to the process that captures.
func NewProvince(opts ProvinceOptions, handle func(name string, f func(ctx context.Context, request []byte) ([]byte, error)) error) (*Province, error) {
	if opts.Readers == 0 {
		opts.Readers = 4
	}
	if opts.RangeBytes == 0 {
		opts.RangeBytes = 16 << 20
	}
	p := &Province{opts: opts, readers: make(chan struct{}, opts.Readers)}
	p.bodies.New = func() any { return new([]byte) }
	return p, errors.Join(handle(CallPlan, p.onPlan), handle(CallRows, p.onRows))
}

func (p *Province) onPlan(ctx context.Context, request []byte) ([]byte, error) {
	var r planRequest
	if err := json.Unmarshal(request, &r); err != nil {
		return nil, fmt.Errorf("copy: plan: %w", err)
	}
	if err := p.settle(ctx, r.Epoch); err != nil {
		return nil, err
	}
	var all plan
	for _, t := range p.opts.Tables {
		one, err := p.plan(ctx, t)
		if err != nil {
			return nil, fmt.Errorf("copy: plan %s: %w", t.Qualified(), err)
		}
		all.Tables = append(all.Tables, one)
	}
	return json.Marshal(all)
}

func (p *Province) onRows(ctx context.Context, request []byte) ([]byte, error) {
	var r rowsRequest
	if err := json.Unmarshal(request, &r); err != nil {
		return nil, fmt.Errorf("copy: rows: %w", err)
	}
	r.Rows, r.Bytes = min(max(r.Rows, 1), maxRows), min(max(r.Bytes, 1), maxChunk)
	for _, t := range p.opts.Tables {
		if t.Qualified() == r.Table {
			return p.rows(ctx, t, r)
		}
	}
	return nil, fmt.Errorf("copy: %s is not replicated", r.Table)
}

// rows reads a chunk when it is its turn.
func (p *Province) rows(ctx context.Context, t replica.Table, r rowsRequest) ([]byte, error) {
	select {
	case p.readers <- struct{}{}:
		defer func() { <-p.readers }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := p.settle(ctx, r.Epoch); err != nil {
		return nil, err
	}
	body := p.bodies.Get().(*[]byte)
	defer p.bodies.Put(body)
	c := collector{body: (*body)[:0], fields: len(t.Columns), limit: r.Bytes}
	if err := p.read(ctx, t, r, &c); err != nil {
		return nil, fmt.Errorf("copy: read %s from key %d: %w", t.Qualified(), r.First, err)
	}
	if *body = c.body; cap(*body) > 2*maxChunk {
		*body = nil // a large row's buffer is not kept
	}
	h := chunkHeader{Columns: t.Columns, Rows: c.rows, LeftOut: c.leftOut}
	if h.Done = !c.full && c.seen < r.Rows || c.seen > 0 && c.last >= r.Last; !h.Done {
		h.Next = c.last + 1
	}
	return h.encode(c.body)
}

// readSettings keep a statement to the index of the key, from which it reads no more than it gives.
const readSettings = `BEGIN READ ONLY; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off;
	SET LOCAL enable_sort = off; SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL jit = off`

// read has PostgreSQL write rows into c. A connection on which c had enough is closed by the
// driver: PostgreSQL cannot be told to stop otherwise.
func (p *Province) read(ctx context.Context, t replica.Table, r rowsRequest, c *collector) error {
	conn, err := p.opts.Pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release() // what is left of a transaction goes with the connection
	names := make([]string, len(t.Columns))
	for i, column := range t.Columns {
		names[i] = pgx.Identifier{column.Name}.Sanitize()
	}
	key := pgx.Identifier{t.Key}.Sanitize()
	if _, err := conn.Conn().PgConn().Exec(ctx, readSettings).ReadAll(); err != nil {
		return err
	}
	_, err = conn.Conn().PgConn().CopyTo(ctx, c, fmt.Sprintf(
		`COPY (SELECT %s FROM %s WHERE national AND %s >= %d AND %[3]s <= %[5]d ORDER BY %[3]s LIMIT %[6]d) TO STDOUT (FORMAT binary)`,
		strings.Join(names, ", "), pgx.Identifier{t.Schema, t.Name}.Sanitize(), key, r.First, r.Last, r.Rows))
	switch {
	case errors.Is(err, errEnough):
		return nil
	case err != nil:
		return err
	case len(c.rest) > 0:
		return fmt.Errorf("%d bytes after the last row", len(c.rest))
	}
	_, err = conn.Exec(ctx, "COMMIT")
	return err
}

// settlePatience bounds one wait for open transactions, settlePause the time between two looks.
const (
	settlePatience = 5 * time.Second
	settlePause    = 20 * time.Millisecond
)

// settle waits until whatever may have committed before the epoch began can be seen.
func (p *Province) settle(ctx context.Context, epoch int64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.epoch != epoch {
		upTo, err := p.number(ctx, `SELECT pg_snapshot_xmax(pg_current_snapshot())::text`)
		if err != nil {
			return err
		}
		p.epoch, p.upTo, p.settled = epoch, upTo, false
	}
	for deadline := time.Now().Add(settlePatience); !p.settled; {
		oldest, err := p.number(ctx, `SELECT pg_snapshot_xmin(pg_current_snapshot())::text`)
		if err != nil {
			return err
		}
		if p.settled = oldest >= p.upTo; p.settled {
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("copy: transaction %d, from before the copy began, is still open; the copy waits for its end", oldest)
		}
		select {
		case <-time.After(settlePause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (p *Province) number(ctx context.Context, query string) (uint64, error) {
	var text string
	if err := p.opts.Pool.QueryRow(ctx, query).Scan(&text); err != nil {
		return 0, fmt.Errorf("copy: open transactions: %w", err)
	}
	return strconv.ParseUint(text, 10, 64)
}
