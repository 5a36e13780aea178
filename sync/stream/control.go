package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
)

// Side says at which end of the link a Control is.
type Side string

// The two ends.
const (
	Province Side = "province"
	National Side = "national"
)

func (s Side) other() Side {
	if s == Province {
		return National
	}
	return Province
}

// errorHeader carries the text of a handler's error back to the caller.
const errorHeader = "Jike-Error"

// ErrRefused is returned by Call when the other side's handler failed; its text follows.
var ErrRefused = errors.New("stream: the other side refused")

// ErrAway is returned by Call when nobody answers at the other side: the link or the node is down.
var ErrAway = errors.New("stream: the other side does not answer")

// ErrSilent is returned by a handler that leaves the answer to another process at the same side.
var ErrSilent = errors.New("stream: not answered here")

// Control carries calls and notices between a province and headquarters beside the stream, over
// plain NATS in the province's account. Nothing is stored: a notice may be lost and a call may
// fail, so whatever matters is said again or asked for again.
type Control struct {
	nc       *nats.Conn
	province int16
	side     Side
	log      *slog.Logger
	ctx      context.Context
	cancel   context.CancelFunc

	mu   sync.Mutex
	subs []*nats.Subscription
	busy sync.WaitGroup
}

// NewControl makes one end. Close ends its handlers; the connection stays the caller's.
func NewControl(nc *nats.Conn, province int16, side Side, log *slog.Logger) *Control {
	ctx, cancel := context.WithCancel(context.Background())
	return &Control{nc: nc, province: province, side: side, log: log, ctx: ctx, cancel: cancel}
}

// Handle answers calls of a name. Calls are answered at the same time; the context ends with Close.
func (c *Control) Handle(name string, f func(ctx context.Context, request []byte) ([]byte, error)) error {
	return c.subscribe(c.subject(c.side, name), func(m *nats.Msg) {
		if !strings.HasPrefix(m.Reply, "_INBOX.") {
			return // or whoever may call could have this side publish where only it may
		}
		c.spawn(func() {
			reply := nats.NewMsg(m.Reply)
			data, err := f(c.ctx, m.Data)
			if errors.Is(err, ErrSilent) {
				return
			}
			if err != nil {
				reply.Header.Set(errorHeader, err.Error())
			}
			reply.Data = data
			if err := m.RespondMsg(reply); err != nil {
				c.log.Warn("control: answer not sent", "call", name, "error", err)
			}
		})
	})
}

// Call asks the other side. It returns ErrRefused, ErrAway or the context's error.
func (c *Control) Call(ctx context.Context, name string, request []byte) ([]byte, error) {
	m, err := c.nc.RequestMsgWithContext(ctx, &nats.Msg{Subject: c.subject(c.side.other(), name), Data: request})
	switch {
	case errors.Is(err, nats.ErrNoResponders), errors.Is(err, nats.ErrReconnectBufExceeded), errors.Is(err, nats.ErrConnectionClosed):
		return nil, fmt.Errorf("%w: %s", ErrAway, name)
	case err != nil:
		return nil, fmt.Errorf("stream: call %s: %w", name, err)
	}
	if text := m.Header.Get(errorHeader); text != "" {
		return nil, fmt.Errorf("%w: %s: %s", ErrRefused, name, text)
	}
	return m.Data, nil
}

// Notify tells the other side without waiting for anything. An error says only that the own
// server could not be reached.
func (c *Control) Notify(name string, data []byte) error {
	return c.nc.Publish(c.subject(c.side.other(), name), data)
}

// OnNotice takes notices of a name, one after the other. f must not block.
func (c *Control) OnNotice(name string, f func(data []byte)) error {
	return c.subscribe(c.subject(c.side, name), func(m *nats.Msg) { f(m.Data) })
}

// Close ends subscriptions, cancels the handlers' context and waits for them.
func (c *Control) Close() {
	c.mu.Lock()
	subs := c.subs
	c.subs = nil
	c.cancel()
	c.mu.Unlock()
	for _, s := range subs {
		_ = s.Unsubscribe() // fails only when the connection is gone, and the subscription with it
	}
	c.busy.Wait()
}

func (c *Control) subscribe(subject string, f nats.MsgHandler) error {
	sub, err := c.nc.Subscribe(subject, f)
	if err != nil {
		return fmt.Errorf("stream: listen to %s: %w", subject, err)
	}
	c.mu.Lock()
	c.subs = append(c.subs, sub)
	c.mu.Unlock()
	return nil
}

func (c *Control) spawn(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx.Err() != nil {
		return
	}
	c.busy.Go(f)
}

func (c *Control) subject(to Side, name string) string {
	return fmt.Sprintf("ctl.%s.%d.%s", to, c.province, name)
}
