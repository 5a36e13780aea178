package capture

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"

	"jike/schemas/replica"
	"jike/sync/stream"
	"jike/sync/wire"
)

// session is one pass of the state machine in the package comment.
func (c *Capture) session(ctx context.Context) error {
	lead, err := c.awaitLead(ctx)
	if err != nil {
		return err
	}
	defer lead.close()
	types, err := resolveTypes(ctx, c.opts.Pool, c.opts.Tables)
	if err != nil {
		return err
	}
	if err := checkPublication(ctx, c.opts.Pool, c.opts.Tables, types); err != nil {
		return err
	}
	s, err := load(ctx, c.opts.Pool)
	if err != nil {
		return err
	}
	if err := c.settleEpoch(ctx, lead, &s); err != nil {
		return err
	}
	leaf, tail, err := c.open(ctx, &s)
	if err != nil {
		return err
	}
	err = c.stream(ctx, lead, s, leaf, tail, types)
	if errors.Is(err, ErrOtherLog) || unreadable(err) {
		c.wantEpoch(err.Error(), 0)
	}
	return err
}

// unreadable reports whether the log holds what is never read: rows in another shape, or from before
// the publication was made. The next session begins a new epoch once the tables are right.
func unreadable(err error) bool {
	var server *pgconn.PgError
	return errors.Is(err, ErrSchema) || errors.As(err, &server) && server.Code == "42704"
}

// stream reads the log after the tail until something fails.
func (c *Capture) stream(ctx context.Context, lead *lead, s state, leaf *stream.Leaf, tail wire.Link, types map[string]uint32) error {
	witness, err := c.witnesses(s, tail)
	if err != nil {
		return err
	}
	slot, err := lead.slot(ctx)
	if err != nil {
		return err
	}
	if slot.end < tail.LSN {
		return fmt.Errorf("%w: it ends at %s, and %s was published", ErrOtherLog, slot.end, tail.LSN)
	}
	late, err := c.lateColumns(ctx)
	if err != nil {
		return err
	}
	feed, err := openFeed(ctx, c.opts.URL, s.confirmed.LSN)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer func() { _ = feed.close() }()

	out := make(chan stream.Outgoing, 2)
	p := &packer{
		c: c, feed: feed, decoder: newDecoder(c.opts.Tables, types, late), out: out, tail: tail, held: leaf.Last(), link: s.previous, first: s.confirmed.LSN, witness: witness,
		header: wire.Header{
			Province: c.opts.Province, Epoch: s.epoch, Incarnation: s.incarnation,
			List: uint16(replica.NumberOf(c.opts.Tables)), Schema: replica.Hash(c.opts.Tables), Selection: s.selection,
		},
	}
	c.tracker.restart(s.epoch, tail, slot.end)
	c.began(s, cancel)

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return p.run(ctx) })
	group.Go(func() error { return leaf.Pump(ctx, out, c.full) })
	group.Go(func() error { return c.keepConfirming(ctx, s, leaf, feed) })
	group.Go(func() error { return c.keepBeating(ctx) })
	group.Go(func() error { return c.keepLeading(ctx, lead) })
	group.Go(func() error { return c.keepResending(ctx) })
	stop := context.AfterFunc(ctx, func() { _ = feed.close() }) // a blocked read ends only with its connection
	defer stop()
	err = group.Wait()
	if cause := context.Cause(ctx); errors.Is(cause, errRefill) || errors.Is(cause, errNewEpoch) {
		return cause
	}
	return err
}

// witnesses are the transactions that the log must give again if it is the one that was read before.
func (c *Capture) witnesses(s state, tail wire.Link) ([]wire.Link, error) {
	c.mu.Lock()
	named := c.named
	c.named = wire.Link{}
	c.mu.Unlock()
	var must []wire.Link
	for _, link := range []wire.Link{s.confirmed, tail, named} {
		switch {
		case link.LSN > s.previous.LSN:
			must = append(must, link)
		case link.LSN == s.previous.LSN && link != s.previous:
			return nil, fmt.Errorf("%w: transaction %s has other content than before", ErrOtherLog, link.LSN)
		}
	}
	slices.SortFunc(must, func(a, b wire.Link) int { return cmp.Compare(a.LSN, b.LSN) })
	return must, nil
}
