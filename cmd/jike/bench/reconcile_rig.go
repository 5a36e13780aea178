package bench

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"

	"jike/internal/pg"
	"jike/schemas/replica"
	"jike/sync/apply"
	"jike/sync/capture"
	"jike/sync/reconcile"
	"jike/sync/stream"
	"jike/sync/wire"
)

// proof is a province and headquarters with the same rows, and everything that a reconciliation
// needs between them.
type proof struct {
	*ours
	national   *reconcile.National
	link       *meter
	database   string
	rows       int
	tableBytes int64
}

// startProof fills both sides and starts capture, apply and both sides of reconciliation. The rows are
// there before the stream begins, so that nothing but the reconciliation is measured.
func startProof(ctx context.Context, r *rig, database string, rows int) (p *proof, err error) {
	if err := r.databases(ctx, database); err != nil {
		return nil, err
	}
	p = &proof{ours: &ours{rig: r}, link: &meter{}, database: database, rows: rows}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.stop(context.WithoutCancel(ctx), nil))
		}
	}()
	if err := p.fill(ctx); err != nil {
		return nil, err
	}
	p.through = p.link.listen
	p.later(p.link.close)
	links, err := p.servers(1)
	if err != nil {
		return nil, err
	}
	if err := p.headquarters(ctx, links[0].hub); err != nil {
		return nil, err
	}
	return p, p.source(ctx, links[0].leaf)
}

// fill makes the province's rows and copies them to headquarters.
func (p *proof) fill(ctx context.Context) error {
	source, err := pgx.Connect(ctx, p.rig.province.SuperuserURL(p.database))
	if err != nil {
		return err
	}
	defer func() { _ = source.Close(context.WithoutCancel(ctx)) }()
	if err := fillSource(ctx, source, p.rows); err != nil {
		return err
	}
	for _, sql := range []string{`INSERT INTO bench.row SELECT * FROM bench.stock ORDER BY id`, `DROP TABLE bench.stock, bench.pick`} {
		if _, err := source.Exec(ctx, sql); err != nil {
			return err
		}
	}
	if err := p.migrate(ctx, []string{p.database}); err != nil {
		return err
	}
	nation, err := pgx.Connect(ctx, p.rig.national.SuperuserURL(p.database))
	if err != nil {
		return err
	}
	defer func() { _ = nation.Close(context.WithoutCancel(ctx)) }()
	out, in := io.Pipe()
	var group errgroup.Group
	group.Go(func() error {
		_, err := source.PgConn().CopyTo(ctx, in, fmt.Sprintf(
			`COPY (SELECT %d::smallint, %s, 1::bigint, '0/1'::pg_lsn FROM bench.row WHERE national ORDER BY id) TO STDOUT BINARY`, province, columns()))
		return errors.Join(err, in.CloseWithError(err))
	})
	_, err = nation.PgConn().CopyFrom(ctx, out, fmt.Sprintf(`COPY bench.row (province, %s, stamp_epoch, stamp_lsn) FROM STDIN BINARY`, columns()))
	if err = errors.Join(err, out.CloseWithError(err), group.Wait()); err != nil {
		return err
	}
	if err := p.rig.both(ctx, p.database, `VACUUM ANALYZE bench.row`); err != nil {
		return err
	}
	if err := p.rig.both(ctx, p.database, `CHECKPOINT`); err != nil {
		return err
	}
	return nation.QueryRow(ctx, fmt.Sprintf(`SELECT pg_table_size('bench.row_%d')`, province)).Scan(&p.tableBytes)
}

// headquarters starts apply and what drives reconciliations.
func (p *proof) headquarters(ctx context.Context, hub *nats.Conn) error {
	pool, err := p.pool(ctx, p.rig.national.URL(pg.RoleSync, p.database))
	if err != nil {
		return err
	}
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	p.national, err = reconcile.OpenNational(ctx, reconcile.NationalOptions{Pool: pool, Tables: tables, Key: key, Version: "bench", Log: p.rig.log})
	if err != nil {
		return err
	}
	control := stream.NewControl(hub, province, stream.National, p.rig.log)
	p.later(func() error { p.national.Close(); control.Close(); return nil })
	a, err := apply.New(apply.Options{
		Province: province, Pool: pool, NATS: hub, Control: control, Tables: tables, Log: p.rig.log,
		Barrier: func(v apply.Arrival) {
			p.national.Barrier(reconcile.Arrival{Barrier: v.Barrier, Epoch: v.Epoch, Point: reconcile.LSN(v.Point), Tx: v.Tx, Close: v.Close})
		},
	})
	if err != nil {
		return err
	}
	p.background(ctx, func(ctx context.Context) error {
		a.Run(ctx)
		return nil
	})
	return p.national.AddSite(reconcile.Site{
		Province: province,
		Call: func(ctx context.Context, operation string, request []byte) ([]byte, error) {
			answer, err := control.Call(ctx, operation, request)
			if errors.Is(err, stream.ErrRefused) {
				err = fmt.Errorf("%w: %w", reconcile.ErrRefused, err)
			}
			return answer, err
		},
		Applied: func() (int64, reconcile.LSN) { epoch, lsn := a.Applied(); return epoch, reconcile.LSN(lsn) },
	})
}

// source starts capture and what answers in a reconciliation.
func (p *proof) source(ctx context.Context, leaf *nats.Conn) error {
	if err := capture.EnsurePublication(ctx, p.rig.province.URL(pg.RoleOwner, p.database), tables); err != nil {
		return err
	}
	url := p.rig.province.URL(pg.RoleSync, p.database)
	pool, err := p.pool(ctx, url)
	if err != nil {
		return err
	}
	if err := capture.EnsureSlot(ctx, url, pool); err != nil {
		return err
	}
	p.later(func() error { return p.dropSlot(context.WithoutCancel(ctx), p.rig.province, p.database) })
	control := stream.NewControl(leaf, province, stream.Province, p.rig.log)
	p.later(func() error { control.Close(); return nil })
	c, err := capture.New(capture.Options{
		Province: province, URL: url, Pool: pool, NATS: leaf, Control: control, Tables: tables, Log: p.rig.log,
	})
	if err != nil {
		return err
	}
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	answers := reconcile.NewProvince(reconcile.ProvinceOptions{
		Province: province, Pool: pool, Tables: tables, Key: key, Version: "bench", Log: p.rig.log,
		Barrier: func(ctx context.Context, id uuid.UUID) (*reconcile.Snapshot, error) {
			s, err := c.Barrier(ctx, id)
			if err != nil {
				return nil, err
			}
			return &reconcile.Snapshot{Epoch: s.Epoch, Point: reconcile.LSN(s.LSN), Tx: s.Tx, Close: s.Close}, nil
		},
		Repair: func(ctx context.Context, t replica.Table, keys []int64, _ int64, point reconcile.LSN) error {
			return c.Repair(ctx, t, keys, wire.LSN(point))
		},
	})
	p.later(func() error { answers.Close(); return nil })
	for _, operation := range reconcile.Operations() {
		err = errors.Join(err, control.Handle(operation, func(ctx context.Context, request []byte) ([]byte, error) {
			return answers.Answer(ctx, operation, request)
		}))
	}
	if err != nil {
		return err
	}
	p.background(ctx, c.Run)
	return p.waitHeartbeat(ctx, p.database, province)
}

// planted is how many differences are planted at a time.
const planted = 10

// plant damages headquarters' rows, spread over the table: changed, missing and invented ones,
// others in each turn.
func (p *proof) plant(ctx context.Context, turn int) error {
	step := p.rows / planted
	for i := range planted {
		id := i*step + 1 + turn*7
		sql, args := `UPDATE bench.row SET amount_fen = amount_fen + 1 WHERE id = $1`, []any{id}
		switch i % 3 {
		case 1:
			sql = `DELETE FROM bench.row WHERE id = $1`
		case 2:
			sql = fmt.Sprintf(`INSERT INTO bench.row (province, %[1]s) SELECT province, $2::int8, %[2]s FROM bench.row WHERE id = $1`,
				columns(), columns()[len("id, "):])
			args = append(args, 2*p.rows+id)
		}
		if err := execAt(ctx, p.rig.national, p.database, sql, args...); err != nil {
			return fmt.Errorf("planting: %w", err)
		}
	}
	return nil
}

// measured is one run: how long it took in all, until the end of the comparison, and the
// comparison itself, and what went over the link.
type measured struct {
	took, compared, comparing time.Duration
	bytes                     int64
}

// reconcile carries out a run, which must end as said.
func (p *proof) reconcile(ctx context.Context, want reconcile.Result, differences int64) (m measured, err error) {
	before := p.link.bytes.Load()
	began := time.Now()
	id, err := p.national.Start(ctx, reconcile.Request{Province: province, By: "bench"})
	if err != nil {
		return m, err
	}
	var end reconcile.Run
	var comparison time.Time
	err = p.national.Follow(ctx, id, func(r reconcile.Run) {
		end = r
		switch phase := r.Progress.Phase; {
		case phase == reconcile.PhaseCompare && comparison.IsZero():
			comparison = time.Now()
		case (phase == reconcile.PhaseRepair || phase == reconcile.PhaseSign) && m.compared == 0:
			m.compared, m.comparing = time.Since(began), time.Since(comparison)
		}
	})
	if err != nil {
		return m, err
	}
	m.took, m.bytes = time.Since(began), p.link.bytes.Load()-before
	if end.State != reconcile.Done || *end.Result != want || end.Differences != differences || end.Rows != int64(p.rows) {
		return m, fmt.Errorf("run %d: %s, %d rows, %d differences, want %s and %d of %d: %s",
			id, end.State, end.Rows, end.Differences, want, differences, p.rows, end.Reason)
	}
	return m, nil
}

// meter stands between leaf and hub and counts the bytes that pass, in both directions.
type meter struct {
	bytes    atomic.Int64
	listener net.Listener
	mu       sync.Mutex
	open     []net.Conn
}

// listen begins to pass connections to an address and gives its own.
func (m *meter) listen(to string) (string, error) {
	var err error
	if m.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return "", err
	}
	go func() {
		for {
			leaf, err := m.listener.Accept()
			if err != nil {
				return // closed
			}
			hub, err := net.Dial("tcp", to)
			if err != nil {
				_ = leaf.Close() // it will try again
				continue
			}
			m.mu.Lock()
			m.open = append(m.open, leaf, hub)
			m.mu.Unlock()
			go m.pass(leaf, hub)
			go m.pass(hub, leaf)
		}
	}()
	return m.listener.Addr().String(), nil
}

func (m *meter) pass(to, from net.Conn) {
	_, _ = io.Copy(to, io.TeeReader(from, m)) // ends with either side
	_ = to.Close()
}

// Write counts.
func (m *meter) Write(p []byte) (int, error) {
	m.bytes.Add(int64(len(p)))
	return len(p), nil
}

func (m *meter) close() error {
	if m.listener == nil {
		return nil
	}
	err := m.listener.Close()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.open {
		_ = c.Close() // one side may have gone before
	}
	return err
}
