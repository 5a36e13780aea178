// Package server answers partners' messages over HTTP.
//
// The work on a request has a fixed order, the layers of layer.go: load and size, taking the
// documents out of the HTTP body, character set, hardened parse, header, who is it, may it,
// routing, schema, idempotency, business, and the reply in the caller's character set. What a
// message does is an Operation of some capability; this package knows none of them.
//
// The nonce, the transaction id, the business effect (in a savepoint), the stored reply and the
// journal line are one database transaction. So a reply that says 0000 stands for exactly one
// effect, and a request that is sent again after a kill at any moment, with the same transaction
// id and a fresh nonce, has either the stored reply or its first run.
package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/beevik/etree"

	"jike/internal/pg"
	"jike/xmlapi/envelope"
	"jike/xmlapi/identity"
	"jike/xmlapi/journal"
	"jike/xmlapi/shape"
)

// Operation is one message that this node answers.
type Operation struct {
	BIP      string // such as BIP4B254
	Activity string // such as T4011003
	Name     string // for people
	Public   bool   // the codes are publicly known; else they are ours
	Snapshot bool   // only reads, everything as of one moment
	Request  shape.Element
	Reply    shape.Element
	// Handle does what the message asks, in call.Tx. A *fault.Error refuses it, and the effects in
	// Tx are undone. The answer's content must fit Reply.
	Handle func(ctx context.Context, call Call) (Answer, error)
}

// Call is a message that passed every layer before business.
type Call struct {
	Tx         pg.Tx
	Partner    identity.Partner
	Header     envelope.Header
	Message    *etree.Element // checked against Request
	Attachment []byte
}

// Answer is what an operation says. Code is empty for success (0000); with another code the
// effects in Tx are undone all the same, and the content says why.
type Answer struct {
	Code        string
	Desc        string
	Content     *etree.Element // nil for none
	BusinessKey string         // by which the journal can be searched, such as the customer's number
}

// Options is what a server needs. The zero value of a limit means its default.
type Options struct {
	Operations []Operation
	Partners   *identity.Registry
	Journal    *journal.Store
	Log        *slog.Logger
	Province   string        // carrier province code that RouteValue must have, such as 591
	HomeDomain string        // our name in Routing; default BBSS
	MaxBytes   int64         // of a request; default 16 MiB
	MaxActive  int           // requests worked on at a time; default 32
	Timeout    time.Duration // for the work on one request; default 30 s
	Now        func() time.Time
}

// Server is an http.Handler for POST at any path.
type Server struct {
	Options
	operations map[string]*Operation // by BIP and activity
	active     chan struct{}
	metrics    *metrics
}

// New makes a server. It fails if two operations have the same codes.
func New(o Options) (*Server, error) {
	if o.HomeDomain == "" {
		o.HomeDomain = "BBSS"
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 16 << 20
	}
	if o.MaxActive <= 0 {
		o.MaxActive = 32
	}
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	s := &Server{Options: o, operations: map[string]*Operation{}, active: make(chan struct{}, o.MaxActive), metrics: newMetrics()}
	for i := range o.Operations {
		op := &o.Operations[i]
		key := op.BIP + "/" + op.Activity
		if s.operations[key] != nil {
			return nil, fmt.Errorf("two operations are %s", key)
		}
		s.operations[key] = op
	}
	return s, nil
}

// drained is up to how much of a request that is too large is read and thrown away, so that its
// sender can finish and read the reply.
const drained = 256 << 20

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "only POST is answered here", http.StatusMethodNotAllowed)
		return
	}
	x := &exchange{server: s, started: s.Now()}
	x.line.Remote, _, _ = strings.Cut(r.RemoteAddr, " ")
	if s.enter() {
		// The work goes on when the caller hangs up: its outcome is stored for when it asks again.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), s.Timeout)
		x.work(ctx, r)
		cancel()
		<-s.active
	} else {
		x.crowded()
	}
	s.metrics.observe(x)
	w.Header().Set("Content-Type", x.contentType())
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(x.status)
	_, _ = w.Write(x.reply) // the caller may have gone
}

// patience is how long a request waits for its turn when the node is busy.
const patience = 2 * time.Second

// enter takes a place among the active requests, and says whether there was one in time.
func (s *Server) enter() bool {
	select {
	case s.active <- struct{}{}:
		return true
	default:
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case s.active <- struct{}{}:
		return true
	case <-timer.C:
		return false
	}
}
