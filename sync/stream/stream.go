// Package stream names, makes and reaches the JetStream streams that carry one province's
// transactions, and the calls and notices that go beside them.
//
// # The hop
//
// Capture publishes to a stream on the province's own leaf server; the hub sources that stream
// through a durable push consumer whose messages are acknowledged by flow control once the hub has
// stored them. Nothing has to run at the national node for the hub to store: a province drains its
// backlog while headquarters' processes are down.
//
// TestHubResumes holds a bound for how soon that goes on after kill -9 of a separate hub process
// and after a stop of the leaf server, with fsync on every message. By itself nats-server may wait
// up to two minutes after it has failed to reach the leaf server; apply, when it runs, cuts that
// short (Hub.ResetSource).
//
// # Identity
//
// A stream's sequence means something only for the stream it was read from. A leaf stream's name
// therefore carries province, epoch and incarnation. The incarnation rises whenever the leaf's
// store cannot be trusted to continue: it was wiped, it lost its end, or the national node asked
// for a refill. The hub has one stream per province and epoch whose source is moved from
// incarnation to incarnation; what it already holds stays, and apply drops by log position what
// comes twice.
//
// The name of the hub's stream ends in sixteen random bytes. Whoever has the province's key may
// forge what the leaf delivers, and a flow-control message is answered on the subject that it names:
// the hub itself would delete a stream whose name can be guessed. Nothing tells the name to the
// province, and it is no secret from whoever may use the hub's JetStream.
package stream

import (
	"errors"
	"fmt"
	"time"
)

// Identity names one incarnation of a province's outgoing stream.
type Identity struct {
	Province    int16 `json:"province"`
	Epoch       int64 `json:"epoch"`       // rises when log positions may be used again
	Incarnation int64 `json:"incarnation"` // rises when the leaf's store begins anew
}

// Leaf is the stream's name on the leaf server.
func (i Identity) Leaf() string {
	return fmt.Sprintf("UP_%d_%d_%d", i.Province, i.Epoch, i.Incarnation)
}

// parseLeaf reads what Leaf writes.
func parseLeaf(name string) (i Identity, ok bool) {
	n, err := fmt.Sscanf(name, "UP_%d_%d_%d", &i.Province, &i.Epoch, &i.Incarnation)
	return i, err == nil && n == 3
}

// hubPrefix begins the name of the stream at the hub, one for all incarnations of an epoch.
func (i Identity) hubPrefix() string { return fmt.Sprintf("HUB_%d_%d_", i.Province, i.Epoch) }

// Subject is where capture publishes; the link never carries it.
func (i Identity) Subject() string {
	return fmt.Sprintf("up.%d.%d.%d", i.Province, i.Epoch, i.Incarnation)
}

// After reports whether i is younger than o.
func (i Identity) After(o Identity) bool {
	return i.Epoch > o.Epoch || i.Epoch == o.Epoch && i.Incarnation > o.Incarnation
}

// consumer is the leaf's durable consumer that the hub sources from.
func (i Identity) consumer() string { return "hub" }

// deliver is the subject on which the leaf sends to the hub.
func (i Identity) deliver() string {
	return fmt.Sprintf("deliver.%d.%d.%d", i.Province, i.Epoch, i.Incarnation)
}

// Limits of the streams.
type Limits struct {
	LeafBytes   int64         // how much outage the leaf holds; 0: 16 GiB
	HubBytes    int64         // what the hub keeps of one province; 0: 64 GiB
	HubAge      time.Duration // 0: 14 days; at least two intervals between national backups
	HubReplicas int           // servers of the hub that store each message; 0: 1
}

func (l Limits) withDefaults() Limits {
	if l.LeafBytes == 0 {
		l.LeafBytes = 16 << 30
	}
	if l.HubBytes == 0 {
		l.HubBytes = 64 << 30
	}
	if l.HubAge == 0 {
		l.HubAge = 14 * 24 * time.Hour
	}
	if l.HubReplicas == 0 {
		l.HubReplicas = 1
	}
	return l
}

var (
	// ErrFull says that the leaf's stream has reached its limit: the log holds what follows.
	ErrFull = errors.New("stream: the leaf's stream is full")
	// ErrOvertaken says that another publisher wrote to the stream: this one must start over.
	ErrOvertaken = errors.New("stream: the stream was written by another capture")
	// ErrGone says that the stream does not exist.
	ErrGone = errors.New("stream: no such stream")
)
