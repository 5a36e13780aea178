// Package alarm tells people what they have to know: by webhook, by e-mail, or both. It knows no
// business: whoever finds something wrong raises an alarm of some kind about some subject, and
// resolves it when it is right again.
//
// The same alarm is told at most once in a while (Options.Again), however often it is raised, and its end
// is told if its beginning was. What is to be told is written to the database in one transaction with the
// alarm's state, and a channel that is down is tried again for a day: a restart loses nothing.
package alarm

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Alarm is something that a person has to know.
type Alarm struct {
	Kind    string            // stable key, such as reconciliation.failed
	Subject string            // what it is about, such as 591; a kind has one alarm for each subject
	Text    string            // one sentence for a person
	Facts   map[string]string // figures and names that belong to it
}

// State is what a message says of an alarm.
type State string

// The states.
const (
	Raised   State = "raised"
	Still    State = "still" // raised again, and told before
	Resolved State = "resolved"
)

// Message is what a channel sends.
type Message struct {
	ID      int64             `json:"id"` // the same for each attempt to send it
	Node    string            `json:"node"`
	State   State             `json:"state"`
	Kind    string            `json:"kind"`
	Subject string            `json:"subject"`
	Text    string            `json:"text"`
	Facts   map[string]string `json:"facts"`
	Since   time.Time         `json:"since"`
	At      time.Time         `json:"at"`
	Count   int               `json:"count"` // how often it was raised since then
}

// Channel sends messages. An error means that it is to be tried again.
type Channel interface {
	// Name tells channels apart, such as webhook.
	Name() string
	Send(ctx context.Context, m Message) error
}

// Options are what a desk needs. Durations of 0 stand for the defaults that are named.
type Options struct {
	DB       *pgxpool.Pool // as jike_app
	Node     string        // who tells, such as "national"
	Channels []Channel     // none: alarms are kept and logged only
	Log      *slog.Logger

	Again   time.Duration // the same alarm is told at most once in it; 1 h
	Retry   time.Duration // before the second attempt to send; doubled each time up to an hour; 10 s
	GiveUp  time.Duration // a message that cannot be sent for so long is given up; 24 h
	Timeout time.Duration // of one attempt; 20 s
}

// Desk takes alarms and has them told. Its methods may be called from any goroutine.
type Desk struct {
	opts Options
	wake chan struct{}
}

// New makes a desk; Run sends what it takes.
func New(o Options) *Desk {
	for _, d := range []struct {
		value    *time.Duration
		standard time.Duration
	}{
		{&o.Again, time.Hour}, {&o.Retry, 10 * time.Second}, {&o.GiveUp, 24 * time.Hour}, {&o.Timeout, 20 * time.Second},
	} {
		if *d.value == 0 {
			*d.value = d.standard
		}
	}
	return &Desk{opts: o, wake: make(chan struct{}, 1)}
}

// Raise says that something is wrong. It fails only if the database does.
func (d *Desk) Raise(ctx context.Context, a Alarm) error {
	d.opts.Log.Warn("alarm", "kind", a.Kind, "subject", a.Subject, "text", a.Text, "facts", a.Facts)
	if err := d.raise(ctx, a); err != nil {
		return err
	}
	d.ring()
	return nil
}

// Resolve says that it is right again; it does nothing if it was not wrong. It fails only if the
// database does.
func (d *Desk) Resolve(ctx context.Context, kind, subject string) error {
	resolved, err := d.resolve(ctx, kind, subject)
	if resolved {
		d.opts.Log.Info("alarm resolved", "kind", kind, "subject", subject)
		d.ring()
	}
	return err
}

func (d *Desk) ring() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// Run sends until ctx ends.
func (d *Desk) Run(ctx context.Context) {
	for {
		next, err := d.round(ctx)
		if err != nil && ctx.Err() == nil {
			d.opts.Log.Error("alarms are not sent", "error", err)
			next = d.opts.Retry
		}
		timer := time.NewTimer(next)
		select {
		case <-timer.C:
		case <-d.wake:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		timer.Stop()
	}
}

// round tells what has waited long enough, sends what is due, and says when to look again.
func (d *Desk) round(ctx context.Context) (time.Duration, error) {
	if err := d.tellWaiting(ctx); err != nil {
		return 0, err
	}
	for _, c := range d.opts.Channels {
		for {
			m, attempts, err := d.claim(ctx, c.Name())
			if err != nil {
				return 0, err
			}
			if m == nil {
				break
			}
			limited, cancel := context.WithTimeout(ctx, d.opts.Timeout)
			sending := c.Send(limited, *m)
			cancel()
			if err := d.sent(ctx, m.ID, attempts, sending); err != nil {
				return 0, err
			}
			if sending != nil {
				d.opts.Log.Warn("alarm not sent", "channel", c.Name(), "message", m.ID, "attempt", attempts, "error", sending)
			}
		}
	}
	return d.nextLook(ctx)
}
