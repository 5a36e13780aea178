package stream

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Hub is apply's end: the hub's stream of one province and epoch.
type Hub struct {
	js     jetstream.JetStream
	stream jetstream.Stream
	id     Identity
	name   string
}

// FindHub learns from the hub itself which stream of a province it stores, the youngest if there
// are several: what is stored can be applied while the province is away. It returns ErrGone when
// there is none.
func FindHub(ctx context.Context, nc *nats.Conn, province int16) (Identity, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return Identity{}, fmt.Errorf("stream: %w", err)
	}
	var found Identity
	err = eachHub(ctx, js, func(id Identity, _ *jetstream.StreamInfo) {
		if id.Province == province && id.After(found) {
			found = id
		}
	})
	if err != nil {
		return Identity{}, err
	}
	if found.Epoch == 0 {
		return Identity{}, fmt.Errorf("%w: none of province %d", ErrGone, province)
	}
	return found, nil
}

// HubStreams gives the names of the hub's streams of an epoch. There is one, none before OpenHub
// has made it, and more only after two national nodes made theirs at the same moment.
func HubStreams(ctx context.Context, nc *nats.Conn, id Identity) (names []string, err error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("stream: %w", err)
	}
	return hubStreams(ctx, js, id)
}

func hubStreams(ctx context.Context, js jetstream.JetStream, id Identity) (names []string, err error) {
	err = eachHub(ctx, js, func(other Identity, info *jetstream.StreamInfo) {
		if other.hubPrefix() == id.hubPrefix() {
			names = append(names, info.Config.Name)
		}
	})
	slices.Sort(names)
	return names, err
}

// eachHub visits the streams that source a leaf's; the identity is the source's.
func eachHub(ctx context.Context, js jetstream.JetStream, visit func(Identity, *jetstream.StreamInfo)) error {
	list := js.ListStreams(ctx)
	for info := range list.Info() {
		for _, source := range info.Config.Sources {
			if id, ok := parseLeaf(source.Name); ok && strings.HasPrefix(info.Config.Name, id.hubPrefix()) {
				visit(id, info)
			}
		}
	}
	if err := list.Err(); err != nil {
		return fmt.Errorf("stream: list: %w", err)
	}
	return nil
}

// OpenHub makes the hub's stream or moves its source to the given incarnation. The hub keeps what
// it has already stored.
func OpenHub(ctx context.Context, nc *nats.Conn, id Identity, limits Limits) (*Hub, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("stream: %w", err)
	}
	names, err := hubStreams(ctx, js, id)
	if err != nil {
		return nil, err
	}
	name := id.hubPrefix() + rand.Text()
	if len(names) > 0 {
		name = names[0]
	}
	s, err := js.CreateOrUpdateStream(ctx, hubConfig(name, id, limits))
	if err != nil {
		return nil, fmt.Errorf("stream: make %s: %w", name, err)
	}
	return &Hub{js: js, stream: s, id: id, name: name}, nil
}

func hubConfig(name string, id Identity, limits Limits) jetstream.StreamConfig {
	limits = limits.withDefaults()
	return jetstream.StreamConfig{
		Name:        name,
		Description: "committed transactions of one province, as its leaf server stored them",
		Replicas:    limits.HubReplicas,
		Retention:   jetstream.LimitsPolicy,
		Discard:     jetstream.DiscardOld,
		MaxBytes:    limits.HubBytes,
		MaxAge:      limits.HubAge,
		Storage:     jetstream.FileStorage,
		Sources: []*jetstream.StreamSource{{
			Name:     id.Leaf(),
			External: &jetstream.ExternalStream{APIPrefix: id.api()},
			Consumer: &jetstream.StreamConsumerSource{Name: id.consumer(), DeliverSubject: id.deliver()},
		}},
	}
}

// ResetSource has the hub begin its sourcing of id anew, after the last message that it stored. A
// hub that could not reach the leaf server a few times waits for up to two minutes before the next
// attempt, and nothing but another source makes it forget that: so it gets one, for a moment.
func (h *Hub) ResetSource(ctx context.Context, id Identity, limits Limits) error {
	nowhere := id
	nowhere.Incarnation = 0 // no stream ever has it
	for _, source := range []Identity{nowhere, id} {
		if _, err := h.js.UpdateStream(ctx, hubConfig(h.name, source, limits)); err != nil {
			return fmt.Errorf("stream: reset the source of %s: %w", h.name, err)
		}
	}
	return nil
}

// Key tells this stream from one of the same name that was made after it was lost. A sequence is
// worth remembering only together with it.
func (h *Hub) Key() string {
	return fmt.Sprintf("%s@%d", h.name, h.stream.CachedInfo().Created.UnixNano())
}

// Check gives the stream's last sequence. It returns ErrGone when the stream was removed or is
// another one by now.
func (h *Hub) Check(ctx context.Context) (last uint64, err error) {
	s, err := h.js.Stream(ctx, h.name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return 0, fmt.Errorf("%w: %s", ErrGone, h.name)
	}
	if err != nil {
		return 0, fmt.Errorf("stream: look at %s: %w", h.name, err)
	}
	if !s.CachedInfo().Created.Equal(h.stream.CachedInfo().Created) {
		return 0, fmt.Errorf("%w: %s was made anew", ErrGone, h.name)
	}
	return s.CachedInfo().State.LastSeq, nil
}

// KeepOnly removes the streams of the province's older epochs in the same direction.
func (h *Hub) KeepOnly(ctx context.Context) error {
	var older []string
	err := eachHub(ctx, h.js, func(id Identity, info *jetstream.StreamInfo) {
		if id.Down == h.id.Down && id.Province == h.id.Province && id.Epoch < h.id.Epoch {
			older = append(older, info.Config.Name)
		}
	})
	if err != nil {
		return err
	}
	for _, name := range older {
		if err := h.js.DeleteStream(ctx, name); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			return fmt.Errorf("stream: remove %s: %w", name, err)
		}
	}
	return nil
}

// Last is the stream's last sequence when it was opened.
func (h *Hub) Last() uint64 { return h.stream.CachedInfo().State.LastSeq }

// Message is one message as the hub stored it.
type Message struct {
	Sequence uint64
	Data     []byte
	Pending  uint64 // how many wait behind it
}

// Reader reads the hub's stream in order. It is not nats.go's ordered consumer, which mends itself
// for as long as it takes, deaf to its caller: here whatever disturbs the order ends the reading,
// and the caller begins anew after what it has.
type Reader struct {
	hub      *Hub
	name     string
	messages jetstream.MessagesContext
	expect   uint64 // number of the next delivery
}

// readHeartbeat is how often the hub says that it has nothing to deliver; twice in silence end the
// reading.
const readHeartbeat = time.Second

// Read begins after a sequence; 0 begins with the oldest message.
func (h *Hub) Read(ctx context.Context, after uint64) (*Reader, error) {
	config := jetstream.ConsumerConfig{
		Description:       "apply reads ahead of what it has committed",
		AckPolicy:         jetstream.AckNonePolicy, // what is applied is known by its position
		DeliverPolicy:     jetstream.DeliverAllPolicy,
		MemoryStorage:     true,
		Replicas:          1,
		InactiveThreshold: 30 * time.Second, // goes with its reader
	}
	if after > 0 {
		config.DeliverPolicy, config.OptStartSeq = jetstream.DeliverByStartSequencePolicy, after+1
	}
	c, err := h.stream.CreateConsumer(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("stream: read %s: %w", h.name, err)
	}
	messages, err := c.Messages(jetstream.PullMaxMessages(16), jetstream.PullHeartbeat(readHeartbeat))
	if err != nil {
		return nil, fmt.Errorf("stream: read %s: %w", h.name, err)
	}
	return &Reader{hub: h, name: c.CachedInfo().Name, messages: messages, expect: 1}, nil
}

// Next waits for the next message. Any error but ctx's ends the reading; it is ErrGone when the
// stream was removed.
func (r *Reader) Next(ctx context.Context) (Message, error) {
	m, err := r.messages.Next(jetstream.NextContext(ctx))
	switch {
	case ctx.Err() != nil:
		return Message{}, ctx.Err()
	case errors.Is(err, jetstream.ErrStreamNotFound), errors.Is(err, jetstream.ErrConsumerDeleted):
		return Message{}, fmt.Errorf("%w: %w", ErrGone, err)
	case err != nil:
		return Message{}, fmt.Errorf("stream: read %s: %w", r.hub.name, err)
	}
	meta, err := m.Metadata()
	if err != nil {
		return Message{}, fmt.Errorf("stream: message without metadata: %w", err)
	}
	if meta.Sequence.Consumer != r.expect {
		return Message{}, fmt.Errorf("stream: read %s: delivery %d came, %d was expected", r.hub.name, meta.Sequence.Consumer, r.expect)
	}
	r.expect++
	return Message{Sequence: meta.Sequence.Stream, Data: m.Data(), Pending: meta.NumPending}, nil
}

// Close ends the reading.
func (r *Reader) Close() {
	r.messages.Stop()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = r.hub.stream.DeleteConsumer(ctx, r.name) // else it goes by itself
}
