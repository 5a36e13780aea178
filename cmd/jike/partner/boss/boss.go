// Package boss simulates BOSS, the partner that sends group-customer records and bills: steady
// traffic with fictional data whose effects can be counted in the province's database.
//
// A simulator keeps some customers of its own. To each it sends one message after the other: the
// record is added, modified many times, billed, queried and in the end deleted, and a new customer
// takes its place. What the n-th message to a customer says follows from the seed and the run
// alone, so that a message can be made again after a restart, byte for byte.
//
// The ledger is written, and on disk, before a message is sent and after it was answered. A message
// without an answer is sent again with the same transaction id and content and a fresh nonce, until
// it is answered: also by a simulator that was started again on the same ledger. So at any moment
// the ledger says what must be in the province: each 0000 has exactly one effect (Check).
package boss

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"jike/schemas/codes"
)

// Options say whom a simulator talks to and how. URL, KeyID, Secret, Province and, for a
// Simulator, Ledger are needed.
type Options struct {
	URL       string // such as http://127.0.0.1:9591/interboss
	KeyID     string
	Secret    []byte
	Province  codes.Province
	Ledger    string        // file; one that exists is continued
	Rate      float64       // messages begun in a second; 0: 20
	Flight    int           // messages under way at a time, at most one to a customer; 0: 8
	Count     int           // Run ends after so many new messages; 0: when its context does
	Seed      uint64        // of the data
	Customers int           // of the simulator, at a time; 0: 120, or the ledger's
	Run       string        // four characters that keep runs of the same seed apart; empty: random, or the ledger's
	Grace     time.Duration // how long the end of Run waits for messages under way; 0: 3 s
	HTTP      *http.Client  // nil: one of its own
}

// The defaults of Options, and the most customers: a slot has four digits in every number.
const (
	defaultRate      = 20
	defaultFlight    = 8
	defaultGrace     = 3 * time.Second
	defaultCustomers = 120
	mostCustomers    = 1000
)

// Simulator is a BOSS. Its methods may be called by one goroutine at a time; Stats by any.
type Simulator struct {
	options Options
	header  Header
	ledger  *ledger
	post    *poster
	slots   []*slot

	mu    sync.Mutex
	stats Stats
}

// Stats say what a simulator did since it was made.
type Stats struct {
	Sent     int            // messages, each counted once
	Answered int            // messages, also those that an earlier simulator sent
	Tries    int            // requests
	Failed   int            // requests without a readable answer, or with a fault of the node
	Codes    map[string]int // answers by response code
	Wrong    []string       // answers that contradict the ledger, at most a hundred
}

// slot is the place of one customer. One message of it is under way at a time.
type slot struct {
	state   state
	pending *message // in the ledger, and not answered
}

// New makes a simulator. It begins the ledger or continues the one that is there, and fails if
// another simulator holds it or it was begun with another province or seed. Close must follow.
func New(o Options) (*Simulator, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	if o.Ledger == "" {
		return nil, errors.New("boss: a ledger is needed")
	}
	l, read, err := openLedger(o)
	if err != nil {
		return nil, err
	}
	s := &Simulator{options: o, header: read.Header, ledger: l, post: newPoster(o), stats: Stats{Codes: map[string]int{}}}
	s.slots = make([]*slot, s.header.Customers)
	for i := range s.slots {
		s.slots[i] = &slot{state: state{slot: i}}
	}
	if err := s.recover(read); err != nil {
		return nil, errors.Join(err, l.close())
	}
	return s, nil
}

func (o Options) complete() (Options, error) {
	if o.URL == "" || o.KeyID == "" || len(o.Secret) == 0 {
		return o, errors.New("boss: URL, key and secret are needed")
	}
	if !o.Province.Known() {
		return o, fmt.Errorf("boss: %s is not a province", o.Province)
	}
	if o.Rate == 0 {
		o.Rate = defaultRate
	}
	if o.Rate < 0 || o.Rate > 5000 {
		return o, fmt.Errorf("boss: %g messages in a second: up to 5000", o.Rate)
	}
	if o.Flight <= 0 {
		o.Flight = defaultFlight
	}
	if o.Grace <= 0 {
		o.Grace = defaultGrace
	}
	if o.Customers < 0 || o.Customers > mostCustomers {
		return o, fmt.Errorf("boss: %d customers: up to %d", o.Customers, mostCustomers)
	}
	if o.Run != "" && !validRun(o.Run) {
		return o, fmt.Errorf("boss: run %q: four of %s", o.Run, runAlphabet)
	}
	return o, nil
}

// recover brings every slot to where the ledger says that it stands. The last message of each is
// made again: an answered one only to see that this is still the simulator that wrote the ledger.
func (s *Simulator) recover(read *Ledger) error {
	last := map[int]int{}
	for i, e := range read.Exchanges {
		last[e.Slot] = i
	}
	for i, e := range read.Exchanges {
		if e.Slot < 0 || e.Slot >= len(s.slots) {
			return fmt.Errorf("boss: ledger: message %s of slot %d", e.ID, e.Slot)
		}
		sl := s.slots[e.Slot]
		if e.Step != sl.state.step {
			return fmt.Errorf("boss: ledger: message %s is out of turn", e.ID)
		}
		p := s.header.plan(&sl.state)
		if last[e.Slot] != i {
			if e.Code == "" {
				return fmt.Errorf("boss: ledger: another message follows %s, which has no answer", e.ID)
			}
			continue
		}
		m := s.header.message(p)
		if m.entry.ID != e.ID || m.entry.Hash != e.Hash {
			return fmt.Errorf("boss: ledger: message %s cannot be made again: another version of the simulator wrote it", e.ID)
		}
		if e.Code == "" {
			sl.pending = m
		}
	}
	return nil
}

// Header says which run this is.
func (s *Simulator) Header() Header { return s.header }

// Run sends messages at the rate until ctx ends or Count messages were begun, and then waits for
// those under way for Grace. What has no answer by then stays so in the ledger. It returns an error
// only if the ledger cannot be written.
func (s *Simulator) Run(ctx context.Context) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	group, work := errgroup.WithContext(work)
	ready, places := s.queue(), make(chan struct{}, min(s.options.Flight, len(s.slots)))
	tick := time.NewTicker(time.Duration(float64(time.Second) / s.options.Rate))
	defer tick.Stop()
	for begun := 0; s.options.Count == 0 || begun < s.options.Count; {
		select {
		case <-ctx.Done():
		case <-work.Done():
		case <-tick.C:
			if s.begin(work, group, ready, places) {
				begun++
			}
			continue
		}
		break
	}
	if ctx.Err() != nil {
		timer := time.AfterFunc(s.options.Grace, stop)
		defer timer.Stop()
	} else {
		defer context.AfterFunc(ctx, stop)()
	}
	return group.Wait()
}

// queue gives the slots, those with an unanswered message first.
func (s *Simulator) queue() chan *slot {
	ready := make(chan *slot, len(s.slots))
	for _, waiting := range []bool{true, false} {
		for _, sl := range s.slots {
			if (sl.pending != nil) == waiting {
				ready <- sl
			}
		}
	}
	return ready
}

// begin takes the next free slot and sends its message, if one more may be under way. It says
// whether the message was a new one.
func (s *Simulator) begin(ctx context.Context, group *errgroup.Group, ready chan *slot, places chan struct{}) bool {
	select {
	case places <- struct{}{}:
	default:
		return false
	}
	sl := <-ready // there are no fewer slots than places
	fresh := sl.pending == nil
	group.Go(func() error {
		defer func() { ready <- sl; <-places }()
		return s.advance(ctx, sl)
	})
	return fresh
}

// advance sends the slot's unanswered message, else its next one, until it is answered.
func (s *Simulator) advance(ctx context.Context, sl *slot) error {
	if sl.pending == nil {
		m := s.header.message(s.header.plan(&sl.state))
		if err := s.ledger.append(record{Exchange: &m.entry}); err != nil {
			return err
		}
		sl.pending = m
		s.count(func(st *Stats) { st.Sent++ })
	}
	m := sl.pending
	a, err := s.post.deliver(ctx, m, func(failed bool) {
		s.count(func(st *Stats) {
			st.Tries++
			if failed {
				st.Failed++
			}
		})
	})
	if err != nil {
		return nil // the context ended: the message stays unanswered
	}
	if err := s.ledger.append(record{Answer: &a.Answer}); err != nil {
		return err
	}
	sl.pending = nil
	wrong := m.contradicts(a)
	s.count(func(st *Stats) {
		st.Answered++
		st.Codes[a.Code]++
		if wrong != "" && len(st.Wrong) < 100 {
			st.Wrong = append(st.Wrong, wrong)
		}
	})
	return nil
}

// Settle sends what is unanswered until it is answered, and nothing new. It returns ctx's error if
// that ends first.
func (s *Simulator) Settle(ctx context.Context) error {
	group, work := errgroup.WithContext(ctx)
	group.SetLimit(s.options.Flight)
	for _, sl := range s.slots {
		if sl.pending != nil {
			group.Go(func() error { return s.advance(work, sl) })
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// Unanswered says how many messages are without an answer. Not to be called while Run is.
func (s *Simulator) Unanswered() int {
	n := 0
	for _, sl := range s.slots {
		if sl.pending != nil {
			n++
		}
	}
	return n
}

// Stats gives a copy of the counts.
func (s *Simulator) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.stats
	c.Codes = make(map[string]int, len(s.stats.Codes))
	for code, n := range s.stats.Codes {
		c.Codes[code] = n
	}
	c.Wrong = append([]string(nil), s.stats.Wrong...)
	return c
}

func (s *Simulator) count(f func(*Stats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.stats)
}

// Close gives the ledger back.
func (s *Simulator) Close() error {
	s.post.close()
	return s.ledger.close()
}
