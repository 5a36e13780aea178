package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// sourceHeartbeat is the one heartbeat that nats-server accepts for a consumer that is sourced.
const sourceHeartbeat = time.Second

// Leaf is capture's end of one incarnation of a stream.
type Leaf struct {
	js   jetstream.JetStream
	id   Identity
	last uint64 // sequence that the next publish expects to follow
	max  int64  // bytes that the stream may hold
}

// LeafExists reports whether the leaf server still has the stream.
func LeafExists(ctx context.Context, nc *nats.Conn, id Identity) (bool, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return false, fmt.Errorf("stream: %w", err)
	}
	_, err = js.Stream(ctx, id.Leaf())
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("stream: look for %s: %w", id.Leaf(), err)
	}
	return true, nil
}

// FindLeaf gives the youngest of the publisher's streams that the server has for id's province and
// direction, the zero Identity if there is none.
func FindLeaf(ctx context.Context, nc *nats.Conn, id Identity) (Identity, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return Identity{}, fmt.Errorf("stream: %w", err)
	}
	var found Identity
	list := js.StreamNames(ctx, jetstream.WithStreamListSubject(id.subjects()+">"))
	for name := range list.Name() {
		if other, ok := parseLeaf(name); ok && other.Province == id.Province && other.Down == id.Down && other.After(found) {
			found = other
		}
	}
	if err := list.Err(); err != nil {
		return Identity{}, fmt.Errorf("stream: list: %w", err)
	}
	return found, nil
}

// OpenLeaf makes the stream and the consumer that the hub sources from, unless they exist, and
// learns where the stream ends. It returns ErrOvertaken when the hub has been sent more than the
// stream holds: its end was lost and a new incarnation must begin.
func OpenLeaf(ctx context.Context, nc *nats.Conn, id Identity, limits Limits) (*Leaf, error) {
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(64), jetstream.WithPublishAsyncTimeout(10*time.Second))
	if err != nil {
		return nil, fmt.Errorf("stream: %w", err)
	}
	limits = limits.withDefaults()
	s, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name:        id.Leaf(),
		Description: "committed transactions of selected rows, on their way to the hub",
		Subjects:    []string{id.Subject()},
		Retention:   jetstream.LimitsPolicy,
		Discard:     jetstream.DiscardNew,
		MaxBytes:    limits.LeafBytes,
		Storage:     jetstream.FileStorage,
		Replicas:    id.replicas(limits),
		Duplicates:  time.Second, // message ids are not used: see package capture
	})
	if err != nil {
		return nil, fmt.Errorf("stream: make %s: %w", id.Leaf(), err)
	}
	c, err := s.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable:        id.consumer(),
		DeliverSubject: id.deliver(),
		DeliverPolicy:  jetstream.DeliverAllPolicy,
		AckPolicy:      jetstream.AckFlowControlPolicy,
		MaxAckPending:  256,
		FlowControl:    true,
		IdleHeartbeat:  sourceHeartbeat,
		ReplayPolicy:   jetstream.ReplayInstantPolicy,
	})
	if err != nil {
		return nil, fmt.Errorf("stream: make the hub's consumer of %s: %w", id.Leaf(), err)
	}
	info, err := s.Info(ctx)
	if err != nil {
		return nil, fmt.Errorf("stream: %s: %w", id.Leaf(), err)
	}
	if c.CachedInfo().Delivered.Stream > info.State.LastSeq {
		return nil, fmt.Errorf("%w: the hub was sent %d of %s, which ends at %d",
			ErrOvertaken, c.CachedInfo().Delivered.Stream, id.Leaf(), info.State.LastSeq)
	}
	return &Leaf{js: js, id: id, last: info.State.LastSeq, max: limits.LeafBytes}, nil
}

// KeepOnly removes all other incarnations and epochs from the leaf.
func (l *Leaf) KeepOnly(ctx context.Context) error {
	list := l.js.StreamNames(ctx, jetstream.WithStreamListSubject(l.id.subjects()+">"))
	for name := range list.Name() {
		if name == l.id.Leaf() {
			continue
		}
		if err := l.js.DeleteStream(ctx, name); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			return fmt.Errorf("stream: remove %s: %w", name, err)
		}
	}
	if err := list.Err(); err != nil {
		return fmt.Errorf("stream: list: %w", err)
	}
	return nil
}

// Identity is the stream's.
func (l *Leaf) Identity() Identity { return l.id }

// MaxBytes is how much the stream may hold.
func (l *Leaf) MaxBytes() int64 { return l.max }

// Last is the sequence of the last message published or found.
func (l *Leaf) Last() uint64 { return l.last }

// Tail reads the stream's last message; nil if it has none.
func (l *Leaf) Tail(ctx context.Context) ([]byte, error) {
	if l.last == 0 {
		return nil, nil
	}
	s, err := l.js.Stream(ctx, l.id.Leaf())
	if err != nil {
		return nil, fmt.Errorf("stream: %w", err)
	}
	m, err := s.GetMsg(ctx, l.last)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("stream: read the end of %s: %w", l.id.Leaf(), err)
	}
	return m.Data, nil
}

// Outgoing is a message on its way to the leaf's stream.
type Outgoing struct {
	Data   []byte
	Stored func(sequence uint64) // called in order, once the message is on the leaf's disk
}

// window is how many messages may be on their way at once. They are fsynced one by one, but the
// next is packed and sent meanwhile.
const window = 8

// Pump publishes what comes from in, each message to follow the one before, until in is closed or
// ctx ends. When the stream is full it waits and tries again, and says so through full, which is
// told nil when a message is stored again. Any other failure ends it: ErrOvertaken when
// another capture wrote to the stream, ErrGone when it was removed.
func (l *Leaf) Pump(ctx context.Context, in <-chan Outgoing, full func(error)) error {
	defer l.js.CleanupPublisher() // or its goroutine would stay as long as the connection
	var flying []flight
	refused := false
	for in != nil || len(flying) > 0 {
		take := in
		if len(flying) >= window {
			take = nil
		}
		var oldest flight
		if len(flying) > 0 {
			oldest = flying[0]
		}
		select {
		case out, ok := <-take:
			if !ok {
				in = nil
				continue
			}
			f, err := l.send(out)
			if err != nil {
				return err
			}
			flying = append(flying, f)
		case ack := <-oldest.ok():
			if ack.Sequence != oldest.sequence {
				return fmt.Errorf("%w: stored at %d, expected %d", ErrOvertaken, ack.Sequence, oldest.sequence)
			}
			if refused {
				refused = false
				full(nil)
			}
			oldest.out.Stored(ack.Sequence)
			flying[0] = flight{} // lets go of the message
			flying = flying[1:]
		case err := <-oldest.err():
			if err = publishError(err); !errors.Is(err, ErrFull) {
				return err
			}
			refused = true
			full(err)
			if flying, err = l.again(ctx, flying); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// fullWait is how long a full stream is left alone before the next try.
const fullWait = time.Second

// again waits until the failure of the first message has taken all later ones with it, then sends
// them from the first until there is room.
func (l *Leaf) again(ctx context.Context, flying []flight) ([]flight, error) {
	for _, f := range flying[1:] {
		select {
		case <-f.ok():
			return nil, fmt.Errorf("%w: a message was stored after one that was refused", ErrOvertaken)
		case <-f.err(): //nolint:errcheck // the first message's failure is the cause
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	l.last = flying[0].sequence - 1
	pause := time.NewTimer(fullWait)
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	again := make([]flight, 0, len(flying))
	for _, f := range flying {
		sent, err := l.send(f.out)
		if err != nil {
			return nil, err
		}
		again = append(again, sent)
	}
	return again, nil
}

func (l *Leaf) send(out Outgoing) (flight, error) {
	future, err := l.js.PublishMsgAsync(&nats.Msg{Subject: l.id.Subject(), Data: out.Data},
		jetstream.WithExpectLastSequence(l.last), jetstream.WithExpectStream(l.id.Leaf()))
	if err != nil {
		return flight{}, fmt.Errorf("stream: publish: %w", err)
	}
	l.last++
	return flight{out: out, sequence: l.last, future: future}, nil
}

// flight is a message that was sent and not yet acknowledged; the zero flight never is.
type flight struct {
	out      Outgoing
	sequence uint64
	future   jetstream.PubAckFuture
}

func (f flight) ok() <-chan *jetstream.PubAck {
	if f.future == nil {
		return nil
	}
	return f.future.Ok()
}

func (f flight) err() <-chan error {
	if f.future == nil {
		return nil
	}
	return f.future.Err()
}

func publishError(err error) error {
	var api *jetstream.APIError
	if errors.As(err, &api) {
		switch api.ErrorCode {
		case jetstream.JSErrCodeStreamWrongLastSequence:
			return fmt.Errorf("%w: %w", ErrOvertaken, err)
		case codeStoreFailed, codeResources:
			return fmt.Errorf("%w: %w", ErrFull, err)
		case jetstream.JSErrCodeStreamNotFound:
			return fmt.Errorf("%w: %w", ErrGone, err)
		}
	}
	return fmt.Errorf("stream: publish: %w", err)
}

// Error codes of nats-server that nats.go does not name.
const (
	codeStoreFailed jetstream.ErrorCode = 10077 // maximum bytes exceeded
	codeResources   jetstream.ErrorCode = 10023
)

// Purge removes what lies before a sequence; the last message always stays, since capture reads it
// when it starts.
func (l *Leaf) Purge(ctx context.Context, before uint64) error {
	s, err := l.js.Stream(ctx, l.id.Leaf())
	if err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	if err := s.Purge(ctx, jetstream.WithPurgeSequence(before)); err != nil {
		return fmt.Errorf("stream: purge %s: %w", l.id.Leaf(), err)
	}
	return nil
}

// Backlog counts what the leaf's stream holds that the hub has not taken.
func (l *Leaf) Backlog(ctx context.Context) (messages, bytes uint64, err error) {
	s, err := l.js.Stream(ctx, l.id.Leaf())
	if err != nil {
		return 0, 0, fmt.Errorf("stream: %w", err)
	}
	c, err := s.PushConsumer(ctx, l.id.consumer())
	if err != nil {
		return 0, 0, fmt.Errorf("stream: %w", err)
	}
	return c.CachedInfo().NumPending + uint64(c.CachedInfo().NumAckPending), s.CachedInfo().State.Bytes, nil
}
