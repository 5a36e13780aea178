package faulttest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// pollEvery is how long an Observer rests between two looks.
const pollEvery = 100 * time.Millisecond

// Observer looks at what headquarters shows of a province, again and again, and judges each state
// by the History.
type Observer struct {
	pool     *pgxpool.Pool
	province int16
	history  *History
	sum      string // laneSQL of headquarters

	explain func(lane int) string // what differs now, for a finding

	cancel context.CancelFunc
	group  sync.WaitGroup

	looking sync.Mutex // one look at a time, or states would be judged in another order than seen

	mu       sync.Mutex
	seen     []int // newest number seen of each lane
	polls    int
	states   int   // lanes compared with the history
	waiting  int   // not compared, since a row waited for its repair
	dirty    int   // not compared, since a key was dirty
	unproven int   // not compared, since a new epoch was not reconciled yet
	after    int64 // an epoch whose history the province has lost: what is of it is not judged
	findings map[Kind][]string
}

// Kind is what can be wrong with headquarters' copy.
type Kind string

// The kinds of findings.
const (
	Lost    Kind = "lost"    // what was committed is not there, though what came after it is
	Doubled Kind = "doubled" // an effect is there twice
	Half    Kind = "half"    // a state that was between no two transactions
	Back    Kind = "back"    // a state older than one seen before
	Leaked  Kind = "leaked"  // an unselected value outside the province
	False   Kind = "false"   // a reconciliation named a difference that is none
	Missed  Kind = "missed"  // a reconciliation did not name one that was planted
	Stuck   Kind = "stuck"   // what was committed does not come
	Begun   Kind = "begun"   // an epoch began though the log was whole
)

func newObserver(ctx context.Context, pool *pgxpool.Pool, province int16, h *History) (*Observer, error) {
	sum, err := laneSQL(ctx, pool, fmt.Sprintf("province = %d", province))
	if err != nil {
		return nil, err
	}
	return &Observer{pool: pool, province: province, history: h, sum: sum, seen: make([]int, len(h.lanes)), findings: map[Kind][]string{}}, nil
}

func (o *Observer) start(ctx context.Context) {
	ctx, o.cancel = context.WithCancel(ctx)
	o.group.Go(func() {
		tick := time.NewTicker(pollEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				_, _ = o.look(ctx) // headquarters' database may be away
			case <-ctx.Done():
				return
			}
		}
	})
}

func (o *Observer) stop() {
	o.cancel()
	o.group.Wait()
}

// find records a finding.
func (o *Observer) find(k Kind, format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.findings[k] = append(o.findings[k], fmt.Sprintf(format, args...))
}

// verdict is nil if nothing was found.
func (o *Observer) verdict() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []error
	for k, list := range o.findings {
		all = append(all, fmt.Errorf("%s %d, such as: %s", k, len(list), list[0]))
	}
	return errors.Join(all...)
}

// view is one state of headquarters' copy, read in one snapshot.
type view struct {
	last     map[int]int // of each lane, by its appended rows
	count    map[int]int
	serial   int64 // highest
	serials  int64
	sums     map[int]string
	waiting  map[int]bool // lanes of which a row waits for its repair
	waitsAll bool
	open     int
	dirty    int // keys of which a change could not be applied
	epoch    int64
	proven   bool // the epoch, by a certificate; the first one has nothing before it
}

// whole reports whether nothing waits and every lane is at its last transaction.
func (o *Observer) whole(v view) bool {
	for lane := range o.history.lanes {
		if v.last[lane] != o.history.last(lane) {
			return false
		}
	}
	return v.open+v.dirty == 0 && o.judges(v)
}

// judges reports whether a state must be one of the history: not while a new epoch, before which
// something was lost, waits for its reconciliation.
func (o *Observer) judges(v view) bool { return v.proven && v.epoch > o.after }

// distrust stops judging until an epoch after the given one is proven, since the province has lost
// what headquarters has; 0: headquarters has gone back itself. Nobody may write meanwhile.
func (o *Observer) distrust(epoch int64) {
	o.looking.Lock()
	defer o.looking.Unlock()
	o.after = max(o.after, epoch)
	o.mu.Lock()
	defer o.mu.Unlock()
	clear(o.seen)
}

// look reads a state and judges it.
func (o *Observer) look(ctx context.Context) (view, error) {
	o.looking.Lock()
	defer o.looking.Unlock()
	var v view
	err := pgx.BeginTxFunc(ctx, o.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) (err error) {
		v, err = o.read(ctx, tx)
		return err
	})
	switch {
	case err != nil:
	case o.judges(v):
		o.judge(v)
	default:
		o.mu.Lock()
		o.unproven++
		clear(o.seen)
		o.mu.Unlock()
	}
	return v, err
}

func (o *Observer) read(ctx context.Context, tx pgx.Tx) (view, error) {
	v := view{last: map[int]int{}, count: map[int]int{}, sums: map[int]string{}, waiting: map[int]bool{}}
	if err := tx.QueryRow(ctx, `SELECT coalesce(max(epoch), 1), coalesce(bool_and(epoch = 1 OR EXISTS (
		SELECT FROM sync.certificate c WHERE c.province = p.province AND c.proves_epoch = p.epoch)), true)
		FROM sync.position p WHERE province = $1`, o.province).Scan(&v.epoch, &v.proven); err != nil {
		return v, err
	}
	rows, err := tx.Query(ctx, `SELECT customers, count(*)::int, max(members)::int, max(income_fen), count(*) FILTER (WHERE income_fen > 0)
		FROM crm.monthly_summary WHERE province = $1 AND city = 'fault' GROUP BY customers`, o.province)
	if err != nil {
		return v, err
	}
	var lane, count, last int
	var serial, serials int64
	if _, err := pgx.ForEachRow(rows, []any{&lane, &count, &last, &serial, &serials}, func() error {
		v.last[lane], v.count[lane] = last, count
		v.serial, v.serials = max(v.serial, serial), v.serials+serials
		return nil
	}); err != nil {
		return v, err
	}
	if rows, err = tx.Query(ctx, o.sum); err != nil {
		return v, err
	}
	var sum string
	if _, err := pgx.ForEachRow(rows, []any{&lane, &sum}, func() error { v.sums[lane] = sum; return nil }); err != nil {
		return v, err
	}
	return v, o.readWaiting(ctx, tx, &v)
}

// readWaiting reads which keys are known not to be as in the province. Only customers have large
// values; what waits of another table may belong to any lane.
func (o *Observer) readWaiting(ctx context.Context, tx pgx.Tx, v *view) error {
	rows, err := tx.Query(ctx, `SELECT relation, key FROM sync.divergence WHERE province = $1 AND repaired_at IS NULL`, o.province)
	if err != nil {
		return err
	}
	var relation string
	var key int64
	if _, err = pgx.ForEachRow(rows, []any{&relation, &key}, func() error {
		v.open++
		if relation == "crm.customer" {
			v.waiting[int(key/laneSize)] = true
		} else {
			v.waitsAll = true
		}
		return nil
	}); err != nil {
		return err
	}
	return tx.QueryRow(ctx, `SELECT count(*)::int FROM sync.dirty WHERE province = $1`, o.province).Scan(&v.dirty)
}

// judge compares a state with the history.
func (o *Observer) judge(v view) {
	seen := make([]int, len(o.history.lanes))
	for lane := range seen {
		seen[lane] = v.last[lane]
		o.judgeLane(v, lane)
	}
	if v.serials != v.serial {
		o.find(Lost, "serial %d is there, but only %d of them", v.serial, v.serials)
	}
	if missing, before := o.history.outOfOrder(seen); missing >= 0 {
		o.find(Half, "transaction %d of lane %d is not there, though it ended before %d of lane %d began",
			seen[missing]+1, missing, seen[before], before)
	}
	o.mu.Lock()
	o.seen = seen
	o.polls++
	o.mu.Unlock()
}

func (o *Observer) judgeLane(v view, lane int) {
	n := v.last[lane]
	o.mu.Lock()
	newest := o.seen[lane]
	o.mu.Unlock()
	if n < newest {
		o.find(Back, "lane %d was at transaction %d and is at %d", lane, newest, n)
	}
	if v.count[lane] != n {
		o.find(Lost, "lane %d is at transaction %d and has appended %d rows", lane, n, v.count[lane])
	}
	then, known := o.history.at(lane, n)
	switch {
	case !known:
		o.find(Half, "lane %d shows transaction %d, which nobody committed", lane, n)
	case v.dirty > 0:
		o.mu.Lock()
		o.dirty++
		o.mu.Unlock()
	case v.waitsAll || v.waiting[lane]:
		o.mu.Lock()
		o.waiting++
		o.mu.Unlock()
	case v.sums[lane] != then.sum:
		o.find(Half, "lane %d at transaction %d has other rows than that transaction left; %s", lane, n, o.explain(lane))
	default:
		o.mu.Lock()
		o.states++
		o.mu.Unlock()
	}
}

// settle waits until headquarters shows the last transaction of every lane and nothing waits. The
// writers must rest.
func (o *Observer) settle(ctx context.Context, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		v, err := o.look(ctx)
		if err == nil && o.whole(v) {
			return nil
		}
		select {
		case <-time.After(pollEvery / 2): // another process's database gives no signal
		case <-ctx.Done():
			o.find(Stuck, "%s: headquarters is not at the end of the history: %s", patience, o.behind(v, err))
			return o.verdict()
		}
	}
}

// behind says what is missing.
func (o *Observer) behind(v view, err error) string {
	if err != nil {
		return err.Error()
	}
	var all []string
	for lane := range o.history.lanes {
		if want := o.history.last(lane); v.last[lane] != want {
			all = append(all, fmt.Sprintf("lane %d is at %d of %d", lane, v.last[lane], want))
		}
	}
	if v.open > 0 {
		all = append(all, fmt.Sprintf("%d rows wait for their repair", v.open))
	}
	if !o.judges(v) {
		all = append(all, fmt.Sprintf("epoch %d is not proved", v.epoch))
	}
	if v.dirty > 0 {
		all = append(all, fmt.Sprintf("%d keys are dirty", v.dirty))
	}
	return strings.Join(all, ", ")
}
