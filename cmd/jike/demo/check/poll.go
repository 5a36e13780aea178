package check

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/schemas/codes"
)

// poller reads at headquarters, again and again and in one statement, the two bills of each
// province's pair, which are always changed together and to a rising amount. A reader must never
// find them unequal, gone, or less than before, whatever dies meanwhile.
type poller struct {
	url   string
	sites []*site
	fail  func(error)

	mu    sync.Mutex
	polls int64
	lost  int64 // polls that headquarters' database did not answer
	seen  map[codes.Province]int64
	lags  []time.Duration // from the answer 0000 to seen at headquarters
	hurry chan struct{}   // closed and replaced with every new amount
}

// pollPause leaves the two cores of a small machine to those whose work is watched.
const pollPause = 2 * time.Millisecond

func newPoller(url string, sites []*site, fail func(error)) *poller {
	return &poller{url: url, sites: sites, fail: fail, seen: map[codes.Province]int64{}, hurry: make(chan struct{})}
}

// pairs reads the bills of all pairs. The order of the rows is that of the customers' numbers.
const pairs = `SELECT c.province, c.number, b.amount_fen FROM crm.customer c JOIN crm.bill b ON b.province = c.province AND b.customer_id = c.id
	WHERE c.province = ANY ($1::smallint[]) AND c.number = ANY ($2::text[]) AND b.month = $3 ORDER BY c.number`

// run polls until ctx ends.
func (p *poller) run(ctx context.Context) {
	var conn *pgx.Conn
	defer func() {
		if conn != nil {
			_ = conn.Close(context.WithoutCancel(ctx)) // it has only read
		}
	}()
	for ctx.Err() == nil {
		err := error(nil)
		if conn == nil {
			conn, err = pgx.Connect(ctx, p.url)
		}
		if err == nil {
			err = p.poll(ctx, conn)
		}
		if err != nil && ctx.Err() == nil {
			p.mu.Lock()
			p.lost++
			p.mu.Unlock()
			if conn != nil {
				_ = conn.Close(ctx) // broken
				conn = nil
			}
			pause(ctx, 20*time.Millisecond)
			continue
		}
		pause(ctx, pollPause)
	}
}

func (p *poller) poll(ctx context.Context, conn *pgx.Conn) error {
	var provinces []int16
	var numbers []string
	for _, s := range p.sites {
		a, b := s.pair.Numbers()
		provinces, numbers = append(provinces, int16(s.node.Code)), append(numbers, a, b)
	}
	rows, err := conn.Query(ctx, pairs, provinces, numbers, p.sites[0].pair.Month())
	if err != nil {
		return err
	}
	found := map[codes.Province][]int64{}
	var province int16
	var number string
	var amount int64
	_, err = pgx.ForEachRow(rows, []any{&province, &number, &amount}, func() error {
		found[codes.Province(province)] = append(found[codes.Province(province)], amount)
		return nil
	})
	if err != nil {
		return err
	}
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.polls++
	for _, s := range p.sites {
		if err := p.judge(s, found[s.node.Code], now); err != nil {
			p.fail(err)
		}
	}
	return nil
}

// judge compares what was read of a pair with what was read before.
func (p *poller) judge(s *site, amounts []int64, now time.Time) error {
	before, known := p.seen[s.node.Code]
	switch {
	case !known && len(amounts) == 0:
		return nil
	case len(amounts) != 2 || amounts[0] != amounts[1]:
		return fmt.Errorf("headquarters shows %v where %s has two equal bills (after %d)", amounts, s.node.Title(), before)
	case known && amounts[0] < before:
		return fmt.Errorf("headquarters shows %d of %s after it has shown %d: it went backwards", amounts[0], s.node.Title(), before)
	case known && amounts[0] == before:
		return nil
	}
	p.seen[s.node.Code] = amounts[0]
	if at := s.committedAt(amounts[0]); !at.IsZero() {
		p.lags = append(p.lags, max(0, now.Sub(at)))
	} else {
		p.lags = append(p.lags, 0) // it was here before the partner had its answer
	}
	close(p.hurry)
	p.hurry = make(chan struct{})
	return nil
}

// await waits until headquarters shows at least the amounts, by site.
func (p *poller) await(ctx context.Context, amounts map[*site]int64) error {
	for {
		p.mu.Lock()
		hurry, there := p.hurry, true
		for s, amount := range amounts {
			there = there && p.seen[s.node.Code] >= amount
		}
		p.mu.Unlock()
		if there {
			return nil
		}
		select {
		case <-hurry:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// count gives the number of polls, and of those without an answer.
func (p *poller) count() (polls, lost int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.polls, p.lost
}

// lag takes the times from the answer to the amount's arrival that were measured since the last
// call: how many, the median and the one that 99 of 100 are below.
func (p *poller) lag() (n int, median, high time.Duration) {
	p.mu.Lock()
	lags := p.lags
	p.lags = nil
	p.mu.Unlock()
	if len(lags) == 0 {
		return 0, 0, 0
	}
	slices.Sort(lags)
	return len(lags), lags[len(lags)/2], lags[len(lags)*99/100]
}
