package check

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"jike/cmd/jike/demo/world"
	"jike/internal/bus"
	"jike/schemas/codes"
	"jike/sync/wire"
)

// wiretap reads the outgoing streams of the leaf servers while the world lives, from the first
// message, because a leaf forgets what headquarters has applied; and the hub's, which forgets
// nothing here, in the end. Everything that it reads goes through the finder.
type wiretap struct {
	finder *finder
	lines  []*tappedLine
	cancel context.CancelFunc
	group  sync.WaitGroup

	mu    sync.Mutex
	wrong error // a message that cannot be read
}

// tappedLine is one province's leaf and account.
type tappedLine struct {
	code      codes.Province
	conn      *nats.Conn
	leaf, hub jetstream.JetStream

	mu       sync.Mutex
	messages int
	missed   uint64 // sequences that were gone from the leaf before they were read
	at       map[string]uint64
}

// listen starts to read. The world must have been started and nothing written yet.
func listen(ctx context.Context, w *world.World, f *finder) (*wiretap, error) {
	ctx, cancel := context.WithCancel(ctx)
	t := &wiretap{finder: f, cancel: cancel}
	for _, n := range w.Provinces {
		l, err := tapLine(w, n)
		if err != nil {
			return nil, errors.Join(err, t.stop())
		}
		t.lines = append(t.lines, l)
		t.group.Go(func() { t.follow(ctx, l) })
	}
	return t, nil
}

func tapLine(w *world.World, n *world.Node) (*tappedLine, error) {
	seed, err := bus.ReadSeed(n.NationalSeed)
	if err != nil {
		return nil, err
	}
	l := &tappedLine{code: n.Code, at: map[string]uint64{}}
	if l.conn, err = bus.Dial(w.HubURL, seed); err != nil {
		return nil, err
	}
	if l.leaf, err = jetstream.NewWithDomain(l.conn, bus.LeafDomain(int16(n.Code))); err == nil {
		l.hub, err = jetstream.New(l.conn)
	}
	return l, err
}

// stop ends the reading.
func (t *wiretap) stop() error {
	t.cancel()
	t.group.Wait()
	for _, l := range t.lines {
		l.conn.Close()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.wrong
}

// follow reads every stream of a leaf for as long as it lives; the leaf comes and goes. A stream
// that nobody announces is found by looking.
func (t *wiretap) follow(ctx context.Context, l *tappedLine) {
	var readers sync.WaitGroup
	defer readers.Wait()
	known := map[string]bool{}
	every(ctx, 50*time.Millisecond, func() {
		look, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		list := l.leaf.StreamNames(look)
		for name := range list.Name() {
			if known[name] {
				continue
			}
			known[name] = true
			readers.Go(func() {
				for ctx.Err() == nil {
					if err := t.read(ctx, l, name); errors.Is(err, jetstream.ErrStreamNotFound) && l.conn.IsConnected() {
						return // wiped, or followed by another incarnation
					}
					pause(ctx, 50*time.Millisecond)
				}
			})
		}
	})
}

// read reads a leaf's stream from where the last reading ended until something fails.
func (t *wiretap) read(ctx context.Context, l *tappedLine, name string) error {
	l.mu.Lock()
	last := l.at[name]
	l.mu.Unlock()
	ask, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	c, err := l.leaf.OrderedConsumer(ask, name, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: last + 1, MaxResetAttempts: 1,
	})
	if err != nil {
		return err
	}
	messages, err := c.Messages(jetstream.PullHeartbeat(time.Second), jetstream.PullExpiry(3*time.Second))
	if err != nil {
		return err
	}
	defer messages.Stop()
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return err
		}
		meta, err := m.Metadata()
		if err != nil {
			return err
		}
		if _, err := t.finder.message("leaf "+l.code.String(), m.Data()); err != nil {
			t.fail(err)
		}
		l.mu.Lock()
		l.messages++
		l.missed += meta.Sequence.Stream - 1 - l.at[name]
		l.at[name] = meta.Sequence.Stream
		l.mu.Unlock()
	}
}

func (t *wiretap) fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.wrong == nil {
		t.wrong = err
	}
}

// heard says how many messages of the leaf servers were read as they came, and how many were gone
// before: those are in the hub.
func (t *wiretap) heard() (messages int, missed uint64) {
	for _, l := range t.lines {
		l.mu.Lock()
		messages += l.messages
		missed += l.missed
		l.mu.Unlock()
	}
	return messages, missed
}

// readHub reads everything that the hub has stored of a province since the beginning, and follows
// the chain: it gives the number of messages, of transactions in the chain, and its end.
func (t *wiretap) readHub(ctx context.Context, l *tappedLine) (messages, transactions int, end wire.Link, err error) {
	list := l.hub.ListStreams(ctx)
	for info := range list.Info() {
		if !strings.HasPrefix(info.Config.Name, "HUB_") {
			continue
		}
		if info.State.FirstSeq != 1 {
			return messages, transactions, end, fmt.Errorf("%s begins at message %d, not 1", info.Config.Name, info.State.FirstSeq)
		}
		n, chained, err := t.readAll(ctx, l, info.Config.Name, info.State.LastSeq, &end)
		messages, transactions = messages+n, transactions+chained
		if err != nil {
			return messages, transactions, end, err
		}
	}
	return messages, transactions, end, list.Err()
}

func (t *wiretap) readAll(ctx context.Context, l *tappedLine, name string, last uint64, end *wire.Link) (messages, chained int, err error) {
	c, err := l.hub.OrderedConsumer(ctx, name, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverAllPolicy})
	if err != nil {
		return 0, 0, err
	}
	stream, err := c.Messages()
	if err != nil {
		return 0, 0, err
	}
	defer stream.Stop()
	for uint64(messages) < last {
		m, err := stream.Next(jetstream.NextContext(ctx))
		if err != nil {
			return messages, chained, fmt.Errorf("%s after message %d: %w", name, messages, err)
		}
		messages++
		decoded, err := t.finder.message("hub "+l.code.String(), m.Data())
		if err != nil {
			return messages, chained, err
		}
		chained += extend(end, decoded)
	}
	return messages, chained, nil
}

// extend goes on along the chain with what a message holds of it, and gives the number of
// transactions that follow. What was there already is passed over; what does not follow is left: it
// comes again.
func extend(end *wire.Link, m *wire.Message) (transactions int) {
	link := m.Prev
	for _, p := range m.Parts {
		if !p.Last {
			continue
		}
		next := link.Next(p.LSN, p.Digest)
		if link == *end {
			*end = next
			transactions++
		}
		link = next
	}
	return transactions
}

// every calls f at once and then again and again until ctx ends.
func every(ctx context.Context, interval time.Duration, f func()) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for ctx.Err() == nil {
		f()
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// until asks again and again until the answer is yes, an error comes, or the time is over.
func until(ctx context.Context, limit time.Duration, what string, ask func(context.Context) (bool, error)) error {
	within, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not within %s: %s", limit, what))
	defer cancel()
	for {
		yes, err := ask(within)
		if yes || err != nil && within.Err() == nil {
			return err
		}
		if within.Err() != nil {
			return context.Cause(within)
		}
		pause(within, 2*time.Millisecond)
	}
}
