package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"

	"jike/sync/stream"
	"jike/sync/wire"
)

// inboxMessages is how many messages are read ahead while a batch is written.
const inboxMessages = 8

// lookEvery is how often a session looks after its stream, and a stand-by after the leader.
const lookEvery = time.Second

// stallPatience is how long the hub may store nothing while the province says that it has more.
const stallPatience = 8 * time.Second

// leadLock is the class of the advisory locks with which appliers of one province choose a leader.
const leadLock = 0x6a696b65 // "jike"

// errEpoch ends a session so that the next reads the stream of a younger epoch.
var errEpoch = errors.New("apply: the province began a new epoch")

// session is one pass of the state machine in the package comment.
func (a *Apply) session(ctx context.Context) error {
	conn, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = closeConn(conn) }() // committed or not by now
	if err := a.lead(ctx, conn); err != nil {
		return err
	}
	p, err := a.load(ctx, conn)
	if err != nil {
		return err
	}
	now, why, err := a.look(ctx)
	if err != nil {
		return err
	}
	id, err := a.find(ctx)
	if err != nil {
		return err
	}
	hub, err := stream.OpenHub(ctx, a.opts.NATS, id, a.opts.Limits)
	if err != nil {
		return err
	}
	if now.paused {
		if p.stream == hub.Key() {
			a.taken.Store(p.sequence)
		}
		a.rest(why)
		return a.watch(ctx, hub, id, turn{now.paused, p.dirty})
	}
	if err := a.join(ctx, hub, id, p); err != nil {
		return err
	}
	if a.opts.Down {
		if err := hub.KeepOnly(ctx); err != nil {
			return err
		}
	}
	if p.stream != hub.Key() || p.sequence > hub.Last() {
		p.sequence = 0
	}
	reader, err := hub.Read(ctx, p.sequence)
	if err != nil {
		return err
	}
	defer reader.Close()
	a.opts.Log.Info("apply: reading", "province", a.opts.Province, "stream", hub.Key(), "after", p.sequence, "position", p.link.LSN.String())
	a.reading(p.cursor)
	a.taken.Store(p.sequence)
	w := &worker{
		a: a, conn: conn, stream: hub.Key(), stored: p.cursor, at: p.cursor, read: p.sequence, saved: p.sequence,
		fold: newFold(a.targets), dirty: p.dirty,
		writer: &writer{conn: conn, province: a.opts.Province, targets: a.targets, prepared: map[string]string{}},
	}
	if err := w.loadDirty(ctx); err != nil {
		return err
	}
	inbox := make(chan stream.Message, inboxMessages)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return receive(ctx, reader, inbox) })
	group.Go(func() error { return w.run(ctx, inbox) })
	group.Go(func() error { return a.watch(ctx, hub, id, turn{now.paused, p.dirty}) })
	return group.Wait()
}

// connect opens the session's own connection: what it prepares and stages lives there.
func (a *Apply) connect(ctx context.Context) (*pgx.Conn, error) {
	config := a.opts.Pool.Config().ConnConfig
	config.RuntimeParams["application_name"] = fmt.Sprintf("jike_apply_%d", a.opts.Province)
	config.RuntimeParams["plan_cache_mode"] = "force_generic_plan" // the prepared statements are for few rows
	config.RuntimeParams["jit"] = "off"
	// A plan that was made while a table was small is used until somebody analyzes the table, and by
	// then it may have grown to millions of rows: no plan that is kept may read a table whole.
	config.RuntimeParams["enable_seqscan"] = "off"
	// Staged rows come in the order of their keys, so that looking up one after the other in the
	// key's index stays on few pages, however large the table is. The other joins read all of it.
	config.RuntimeParams["enable_hashjoin"] = "off"
	config.RuntimeParams["enable_mergejoin"] = "off"
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("apply: connect: %w", err)
	}
	return conn, nil
}

func closeConn(conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return conn.Close(ctx)
}

// lead waits until no other process leads the province. It asks again and again instead of waiting
// in the database, where the wait would hold back the cleaning of tables.
func (a *Apply) lead(ctx context.Context, conn *pgx.Conn) error {
	for {
		var leads bool
		err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1, $2)`, int32(leadLock), int32(a.opts.Province)).Scan(&leads)
		if err != nil {
			return fmt.Errorf("apply: lead: %w", err)
		}
		if leads {
			return nil
		}
		a.standBy()
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// load makes what is missing, checks the tables and reads the position.
func (a *Apply) load(ctx context.Context, conn *pgx.Conn) (position, error) {
	if _, err := conn.Exec(ctx, `SELECT sync.add_province($1)`, a.opts.Province); err != nil {
		return position{}, fmt.Errorf("apply: add the province: %w", err)
	}
	for _, g := range a.targets {
		if err := g.check(ctx, conn); err != nil {
			return position{}, err
		}
	}
	return loadPosition(ctx, conn, a.opts.Province)
}

// find waits until a stream is known: of the province's notices or of the hub itself.
func (a *Apply) find(ctx context.Context) (stream.Identity, error) {
	for {
		news := a.newsOf()
		id := a.youngest()
		stored, err := stream.FindHub(ctx, a.opts.NATS, a.opts.Province)
		if err != nil && !errors.Is(err, stream.ErrGone) {
			return id, err
		}
		if stored.After(id) {
			id = stored // never move the hub's source back
		}
		if id.Epoch > 0 {
			return id, nil
		}
		a.setState(Waiting, "")
		poke(a.ask)
		select {
		case <-news:
		case <-time.After(a.opts.Retry):
		case <-ctx.Done():
			return id, ctx.Err()
		}
	}
}

// receive reads ahead.
func receive(ctx context.Context, reader *stream.Reader, inbox chan<- stream.Message) error {
	for {
		m, err := reader.Next(ctx)
		if err != nil {
			return err
		}
		select {
		case inbox <- m:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// watch moves the hub's source along with the province's incarnations, sets it going again when it
// stalls, and ends the session when a person did something about the province, and when the stream is gone,
// was made anew, or belongs to an older epoch.
func (a *Apply) watch(ctx context.Context, hub *stream.Hub, id stream.Identity, begun turn) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	highest, since := uint64(0), time.Now()
	for {
		if now, _, err := a.look(ctx); err == nil && now != begun {
			return errTurned
		}
		news := a.newsOf()
		if young := a.youngest(); young.After(id) {
			if young.Epoch > id.Epoch {
				return fmt.Errorf("%w: %d", errEpoch, young.Epoch)
			}
			if _, err := stream.OpenHub(ctx, a.opts.NATS, young, a.opts.Limits); err != nil {
				a.opts.Log.Warn("apply: the hub's source is not moved yet", "province", a.opts.Province, "to", young.Leaf(), "error", err)
			} else {
				a.opts.Log.Info("apply: the hub's source is moved", "province", a.opts.Province, "to", young.Leaf())
				id = young
			}
		}
		last, err := hub.Check(ctx)
		switch {
		case errors.Is(err, stream.ErrGone):
			return err
		case err == nil && last < highest:
			return fmt.Errorf("%w: it ended at %d and ends at %d now", stream.ErrGone, highest, last)
		case err == nil && last > highest:
			highest, since = last, time.Now()
		case err == nil && time.Since(since) > stallPatience && a.stalled(id, last):
			a.opts.Log.Warn("apply: the hub does not take what the province has; its source is reset", "province", a.opts.Province)
			if err := hub.ResetSource(ctx, id, a.opts.Limits); err != nil {
				a.opts.Log.Warn("apply: source not reset", "province", a.opts.Province, "error", err)
			}
			since = time.Now()
		}
		a.lookForRoom(ctx, hub)
		select {
		case <-tick.C:
		case <-a.turn:
		case <-news:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// stalled reports whether the province, which is heard, has published what does not come, though
// everything that the hub has, up to last, is applied.
func (a *Apply) stalled(id stream.Identity, last uint64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.status.State == Running && a.heard.Stream == id && time.Since(a.status.Heard) < 3*time.Second &&
		a.heard.Published > a.status.Applied && a.taken.Load() >= last
}

// refused reports whether an error will come again however often it is tried: the tables, the
// stream or a value are not what this release can work with.
func refused(err error) bool {
	if errors.Is(err, errTable) || errors.Is(err, errLimit) || errors.Is(err, errRefused) || errors.Is(err, wire.ErrVersion) {
		return true
	}
	var server *pgconn.PgError
	if !errors.As(err, &server) || len(server.Code) != 5 {
		return false
	}
	switch server.Code[:2] {
	case "22", "23", "42", "0A", "54": // data, constraint, access or syntax, not supported, limit
		return true
	}
	return false
}
