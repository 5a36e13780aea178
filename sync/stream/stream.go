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
//
// # Down
//
// What headquarters sends goes the same way in the other direction, with the same code: the
// publisher's stream DOWN_… is at the hub, in the province's account, and the province's leaf
// server sources it into a stream of its own, REF_…. For that the leaf server needs one call to the
// hub's JetStream, which it makes under an alias (bus.DownAPI) that means nothing else. The name of
// DOWN_… is told to the province, so whoever has its key can have the hub delete it as above: it is
// the province's own reference data, and package publish begins it anew.
package stream

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"jike/internal/bus"
)

// Identity names one incarnation of a province's stream: its outgoing one, or the one that comes
// down to it.
type Identity struct {
	Province    int16 `json:"province"`
	Epoch       int64 `json:"epoch"`          // rises when log positions may be used again
	Incarnation int64 `json:"incarnation"`    // rises when the publisher's store begins anew
	Down        bool  `json:"down,omitempty"` // from headquarters to the province
}

// Leaf is the name of the publisher's stream: on the leaf server, or at the hub for one that goes
// down.
func (i Identity) Leaf() string {
	if i.Down {
		return fmt.Sprintf("DOWN_%d_%d_%d", i.Province, i.Epoch, i.Incarnation)
	}
	return fmt.Sprintf("UP_%d_%d_%d", i.Province, i.Epoch, i.Incarnation)
}

// parseLeaf reads what Leaf writes.
func parseLeaf(name string) (i Identity, ok bool) {
	direction, rest, _ := strings.Cut(name, "_")
	i.Down = direction == "DOWN"
	n, err := fmt.Sscanf(rest, "%d_%d_%d", &i.Province, &i.Epoch, &i.Incarnation)
	return i, err == nil && n == 3 && i.Leaf() == name
}

// hubPrefix begins the name of the receiver's stream, one for all incarnations of an epoch: at the
// hub, or on the leaf server for one that comes down.
func (i Identity) hubPrefix() string {
	if i.Down {
		return fmt.Sprintf("REF_%d_%d_", i.Province, i.Epoch)
	}
	return fmt.Sprintf("HUB_%d_%d_", i.Province, i.Epoch)
}

// Subject is where capture publishes; the link never carries it.
func (i Identity) Subject() string {
	return fmt.Sprintf("%s%d.%d", i.subjects(), i.Epoch, i.Incarnation)
}

// subjects begins the subjects of all incarnations and epochs.
func (i Identity) subjects() string {
	if i.Down {
		return fmt.Sprintf("down.%d.", i.Province)
	}
	return fmt.Sprintf("up.%d.", i.Province)
}

// After reports whether i is younger than o.
func (i Identity) After(o Identity) bool {
	return i.Epoch > o.Epoch || i.Epoch == o.Epoch && i.Incarnation > o.Incarnation
}

// consumer is the publisher's durable consumer that the receiver sources from.
func (i Identity) consumer() string {
	if i.Down {
		return bus.DownConsumer
	}
	return "hub"
}

// api is under what the receiver's server reaches the JetStream of the publisher's.
func (i Identity) api() string {
	if i.Down {
		return bus.DownAPI
	}
	return "$JS." + bus.LeafDomain(i.Province) + ".API"
}

// deliver is the subject on which the publisher's server sends to the receiver's.
func (i Identity) deliver() string {
	if i.Down {
		return fmt.Sprintf("deliver.down.%d.%d.%d", i.Province, i.Epoch, i.Incarnation)
	}
	return fmt.Sprintf("deliver.%d.%d.%d", i.Province, i.Epoch, i.Incarnation)
}

// replicas is how many servers store a message of the publisher's stream: a leaf server is alone.
func (i Identity) replicas(limits Limits) int {
	if i.Down {
		return limits.HubReplicas
	}
	return 1
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
