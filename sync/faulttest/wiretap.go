package faulttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"jike/internal/bus"
	"jike/sync/wire"
)

// Canary stands in every column and every row that is never selected. Tracer stands in a selected
// column: a search that does not find it has not looked.
const (
	Canary = "CANARY-7f3a-must-stay-here"
	Tracer = "TRACER-19c4-may-be-seen"
)

// Wiretap looks for both in all that passes a link and in all that the streams hold.
type Wiretap struct {
	mu       sync.Mutex
	messages int // of capture, read
	changes  int
	bytes    int64
	traced   int
	leaks    []string
	broken   error // what passed could not be read: nothing is proved then
}

// look searches one payload. What capture wrote is unpacked first.
func (t *Wiretap) look(place string, payload []byte) {
	m, err := wire.Decode(payload)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bytes += int64(len(payload))
	t.find(place, payload)
	if err != nil {
		return // a call, a notice, a server's own
	}
	t.messages++
	for _, p := range m.Parts {
		for _, c := range p.Changes {
			t.changes++
			t.find(fmt.Sprintf("%s, transaction %s, table %d, key %d", place, p.LSN, c.Table, c.Key()), c.Data)
		}
	}
}

// find looks into plain bytes; the mutex is held.
func (t *Wiretap) find(place string, data []byte) {
	if bytes.Contains(data, []byte(Canary)) {
		t.leaks = append(t.leaks, place)
	}
	if bytes.Contains(data, []byte(Tracer)) {
		t.traced++
	}
}

// verdict is nil if something was seen and nothing that must not be.
func (t *Wiretap) verdict() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.broken != nil:
		return t.broken
	case len(t.leaks) > 0:
		return fmt.Errorf("%d unselected values left the province, such as: %s", len(t.leaks), t.leaks[0])
	case t.traced == 0 || t.messages == 0:
		return fmt.Errorf("nothing is proved: %d messages were read, the tracer was met %d times", t.messages, t.traced)
	}
	return nil
}

// readStreams looks through every stream of an account's JetStream.
func (t *Wiretap) readStreams(ctx context.Context, nc *nats.Conn, place string) error {
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	list := js.ListStreams(ctx)
	for info := range list.Info() {
		if info.State.Msgs == 0 {
			continue
		}
		if err := t.readStream(ctx, js, info, place); err != nil {
			return err
		}
	}
	return list.Err()
}

func (t *Wiretap) readStream(ctx context.Context, js jetstream.JetStream, info *jetstream.StreamInfo, place string) error {
	c, err := js.OrderedConsumer(ctx, info.Config.Name, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverAllPolicy})
	if err != nil {
		return err
	}
	messages, err := c.Messages()
	if err != nil {
		return err
	}
	defer messages.Stop()
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return fmt.Errorf("%s of %s: %w", info.Config.Name, place, err)
		}
		t.look(place+" "+info.Config.Name, m.Data())
		meta, err := m.Metadata()
		if err != nil {
			return err
		}
		if meta.NumPending == 0 || meta.Sequence.Stream >= info.State.LastSeq {
			return nil
		}
	}
}

// dialLink connects to a leaf server or hub that runs apart.
func dialApart(url, seedFile string) (*nats.Conn, error) {
	seed, err := bus.ReadSeed(seedFile)
	if err != nil {
		return nil, err
	}
	return bus.Dial(url, seed)
}

// linkReader cuts one direction of a leaf connection into the payloads of its messages. The
// protocol is lines; LMSG, HMSG and their kin end with the size of the payload that follows.
type linkReader struct {
	tap  *Wiretap
	rest []byte
	want int // bytes of payload that are still to come, their end of line included; 0: a line comes
	head int // bytes of headers in front of the payload
}

func (t *Wiretap) reader() *linkReader { return &linkReader{tap: t} }

var errProtocol = errors.New("the leaf link speaks what the test cannot read")

func (r *linkReader) write(data []byte) {
	r.rest = append(r.rest, data...)
	for {
		if r.want > 0 {
			if len(r.rest) < r.want {
				return
			}
			payload := r.rest[:r.want-2]
			r.tap.look("link headers", payload[:r.head])
			r.tap.look("link", payload[r.head:])
			r.rest, r.want = append([]byte(nil), r.rest[r.want:]...), 0
			continue
		}
		end := bytes.IndexByte(r.rest, '\n')
		if end < 0 {
			return
		}
		line := bytes.TrimRight(r.rest[:end], "\r")
		r.rest = r.rest[end+1:]
		if err := r.line(line); err != nil {
			r.tap.mu.Lock()
			r.tap.broken = err
			r.tap.mu.Unlock()
			return
		}
	}
}

// line reads one line of the protocol.
func (r *linkReader) line(line []byte) error {
	r.tap.mu.Lock()
	r.tap.find("link protocol", line)
	r.tap.mu.Unlock()
	verb, _, _ := bytes.Cut(line, []byte(" "))
	fields := bytes.Fields(line)
	switch string(verb) {
	case "LMSG", "HMSG", "RMSG", "MSG":
	case "INFO", "CONNECT", "PING", "PONG", "+OK", "-ERR", "LS+", "LS-", "":
		return nil
	default:
		return fmt.Errorf("%w: %.60q", errProtocol, line)
	}
	size, err := strconv.Atoi(string(fields[len(fields)-1]))
	if err != nil {
		return fmt.Errorf("%w: %.60q", errProtocol, line)
	}
	r.head = 0
	if string(verb) == "HMSG" {
		if r.head, err = strconv.Atoi(string(fields[len(fields)-2])); err != nil {
			return fmt.Errorf("%w: %.60q", errProtocol, line)
		}
	}
	r.want = size + 2
	return nil
}
