package boss

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"jike/schemas/codes"
	"jike/xmlapi/envelope"
)

// Pair is two customers of class A1 whose bills of one month are always changed together, in one
// message and so in one transaction of the province, to the same rising amount in fen. Whoever
// reads the two rows elsewhere must never see them unequal, nor see them fall. Counter and Tries may
// be called by any goroutine, the other methods by one at a time.
type Pair struct {
	header  Header
	post    *poster
	made    [2]bool
	pending *message
	counter atomic.Int64
	tries   atomic.Int64
}

// NewPair makes a pair of its own run, which has no ledger: Rate, Count and Ledger of the options
// are not used. Close must follow.
func NewPair(o Options) (*Pair, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	p := &Pair{header: newHeader(o), post: newPoster(o)}
	p.header.Customers = defaultCustomers
	return p, nil
}

// pairGeneration gives a pair credit codes of its own beside a simulator of the same run.
const pairGeneration = 7695

// Numbers are the customers' numbers.
func (p *Pair) Numbers() (string, string) { return p.number(0), p.number(1) }

func (p *Pair) number(which int) string {
	return fmt.Sprintf("%sP%s%d", p.header.Province, p.header.Run, which)
}

// Month is the first day of the month of the bills.
func (p *Pair) Month() time.Time {
	began := p.header.Began
	return time.Date(began.Year(), began.Month()-1, 1, 0, 0, 0, 0, time.UTC)
}

// Prepare makes the two customers and their first bills, of 0 fen. It asks until it is answered,
// and fails when ctx ends or an answer is not 0000.
func (p *Pair) Prepare(ctx context.Context) error {
	for which := range p.made {
		if p.made[which] {
			continue
		}
		s := state{slot: which, generation: pairGeneration, city: codes.Cities(p.header.Province)[0], industry: "65", class: codes.ClassA1, lifecycle: codes.Active}
		s.name = fmt.Sprintf("%s同行软件有限公司（%s%d号）", p.header.Province.Name().Chinese, p.header.Run, which)
		s.marker = fmt.Sprintf("P%sC%d", p.header.Run, which)
		m := &message{header: p.header.envelope(s.marker, Create, 0), content: p.header.customer(Create, &s, dice(p.header.Seed, p.header.Run, which, 0))}
		for _, e := range m.content.ChildElements() {
			if e.Tag == "CustomerNumber" {
				e.SetText(p.number(which))
			}
		}
		if err := p.send(ctx, m); err != nil {
			return err
		}
		p.made[which] = true
	}
	_, err := p.put(ctx, 0)
	return err
}

// Advance raises both bills by one fen and gives the amount, once it is answered 0000. It asks
// until it is answered; after a call that ended with ctx the next one asks for the same amount
// again, by the same message.
func (p *Pair) Advance(ctx context.Context) (amountFen int64, err error) {
	return p.put(ctx, p.counter.Load()+1)
}

// Counter is the amount of the last answered message.
func (p *Pair) Counter() int64 { return p.counter.Load() }

// Tries says how many requests were sent so far.
func (p *Pair) Tries() int64 { return p.tries.Load() }

// Run calls Advance at a rate until ctx ends, one message after the other. It returns nil then, and
// an error if an answer is not 0000.
func (p *Pair) Run(ctx context.Context, rate float64) error {
	tick := time.NewTicker(time.Duration(float64(time.Second) / rate))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if _, err := p.Advance(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
}

func (p *Pair) put(ctx context.Context, amount int64) (int64, error) {
	if p.pending == nil {
		a, b := p.Numbers()
		p.pending = &message{
			header:  p.header.envelope(fmt.Sprintf("P%sA%012d", p.header.Run, amount), Bill, int(amount)),
			content: batch(p.header.serial(Bill, 0, int(amount)), p.Month(), line{a, amount, 0}, line{b, amount, 0}),
		}
	}
	if err := p.send(ctx, p.pending); err != nil {
		return p.counter.Load(), err
	}
	p.pending = nil
	p.counter.Store(amount)
	return amount, nil
}

func (p *Pair) send(ctx context.Context, m *message) error {
	m.kind = kinds[0]
	m.charset = charsets[0]
	a, err := p.post.deliver(ctx, m, func(bool) { p.tries.Add(1) })
	if err != nil {
		return err
	}
	if a.Code != envelope.CodeOK {
		return fmt.Errorf("boss: pair: %s was answered %s %s", m.header.TransIDO, a.Code, a.Desc)
	}
	return nil
}

// Close ends the connections.
func (p *Pair) Close() { p.post.close() }
