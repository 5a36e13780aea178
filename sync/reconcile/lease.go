package reconcile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"jike/schemas/replica"
)

// lease is one snapshot that the province holds for a run: asked for, ready or failed, released.
// What was digested in it is remembered after its release, until the certificate is signed.
type lease struct {
	id      uuid.UUID
	scope   Scope
	tables  []replica.Table    // of the scope
	share   float64            // of the time that may be spent on digests
	cancel  context.CancelFunc // gives up making the snapshot
	made    chan struct{}      // closed when the snapshot is ready or failed
	expires *time.Timer

	mu         sync.Mutex // one request at a time: a snapshot lives on one connection
	snapshot   *Snapshot  // nil before it is ready and after its release
	err        error      // why it failed
	side       *side
	epoch      int64
	point      LSN
	selection  int64
	capability capability
	rows       int64  // estimated
	method     Method // of hashing; empty before the first digest
	rest       time.Time
	served     map[string]*served
}

// served is what was answered of one table: its digest so far, and the newest answer, so that a
// repeated question gets the same answer and is not counted twice.
type served struct {
	tally   tally
	columns []string // that are digested
	next    int64    // where the next question must begin; questions of a re-check may leave gaps
	whole   bool     // the last range was among them
	low     int64
	reply   []Range
	last    bool
}

// keep stores the made snapshot, or lets it go if the lease was given up meanwhile.
func (l *lease) keep(ctx context.Context, s *Snapshot, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer close(l.made)
	switch {
	case err != nil:
		l.err = err
	case ctx.Err() != nil:
		s.Close()
		l.err = errReleased
	default:
		l.snapshot, l.epoch, l.point = s, s.Epoch, s.Point
		l.err = unlocked(ctx, s.Tx, func() error { return l.probe(ctx) })
	}
}

// probe finds what the snapshot is capable of and how much there is to compare.
func (l *lease) probe(ctx context.Context) error {
	probe, err := newSide(ctx, l.snapshot.Tx, provinceFilter, TextMD5, 0)
	if err != nil {
		return err
	}
	if l.capability, err = probe.capability(ctx); err != nil {
		return err
	}
	if l.rows, err = probe.estimate(ctx, l.tables, l.scope.low(), l.scope.high()); err != nil {
		return err
	}
	l.selection, err = selectionVersion(ctx, l.snapshot.Tx)
	return err
}

// unlocked runs f and lets go of the tables that it read: a snapshot is held for long, and a TRUNCATE
// or ALTER TABLE of the application, with all that queues behind it, must not wait for its end.
func unlocked(ctx context.Context, tx pgx.Tx, f func() error) error {
	point, err := tx.Begin(ctx) // a savepoint: what is rolled back to it holds no locks
	if err != nil {
		return err
	}
	err = f()
	return errors.Join(err, point.Rollback(context.WithoutCancel(ctx)))
}

// errTruncated says that a table's rows of the snapshot are gone: a TRUNCATE, unlike a DELETE, takes
// them from older snapshots, too.
var errTruncated = errors.New("was truncated or rewritten since the snapshot: it has to be made anew")

// untouched returns errTruncated if the table is not the one that the snapshot saw. The table is locked,
// so it stays what it is now; the catalogue's row is the snapshot's.
func untouched(ctx context.Context, tx pgx.Tx, table string) error {
	var same bool
	err := tx.QueryRow(ctx, `SELECT relfilenode = pg_relation_filenode(oid) FROM pg_class WHERE oid = to_regclass($1)`, table).Scan(&same)
	if err == nil && !same {
		err = fmt.Errorf("%s %w", table, errTruncated)
	}
	return err
}

// release lets the snapshot go; more than once does no harm.
func (l *lease) release() {
	l.expires.Stop()
	l.cancel()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.snapshot != nil {
		l.snapshot.Close()
		l.snapshot, l.side = nil, nil
	}
}

// read runs f with the snapshot, hashing rows as the request says.
func (l *lease) read(ctx context.Context, req scope, f func(*side) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return l.err
	}
	if l.snapshot == nil {
		return errReleased
	}
	if l.side == nil || l.side.method != req.Method || l.side.seed != req.Seed {
		if len(l.served) > 0 {
			return fmt.Errorf("the run changed its way of hashing from %s to %s", l.side.method, req.Method)
		}
		if req.Method != TextMD5 && req.Method != TypedHash {
			return fmt.Errorf("hashing by %q is not known", req.Method)
		}
		s, err := newSide(ctx, l.snapshot.Tx, provinceFilter, req.Method, req.Seed)
		if err != nil {
			return err
		}
		l.side, l.method = s, req.Method
	}
	return unlocked(ctx, l.snapshot.Tx, func() error {
		if err := f(l.side); err != nil {
			return err
		}
		return untouched(ctx, l.snapshot.Tx, req.Table)
	})
}

// work does a piece of digesting and then lets the database rest, so that of a longer time no
// more than the province's share is spent on it. The rest is taken before the next piece, while
// nothing is locked.
func (l *lease) work(ctx context.Context, req scope, f func(*side) error) error {
	l.mu.Lock()
	rest := time.Until(l.rest)
	l.mu.Unlock()
	if rest > 0 {
		select {
		case <-time.After(rest):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return l.read(ctx, req, func(s *side) error {
		began := time.Now()
		err := f(s)
		if l.share > 0 && l.share < 1 {
			took := time.Since(began)
			l.rest = time.Now().Add(time.Duration(float64(took) * (1/l.share - 1)))
		}
		return err
	})
}

// cut answers opCut: the next ranges of a table, counted into its digest.
func (l *lease) cut(ctx context.Context, t replica.Table, req cutRequest) (reply cutReply, err error) {
	err = l.work(ctx, req.scope, func(s *side) error {
		sv, err := l.of(t)
		if err != nil {
			return err
		}
		if sv.reply != nil && sv.low == req.From {
			reply = cutReply{Ranges: sv.reply, Last: sv.last}
			return nil
		}
		if sv.whole || req.From != sv.next {
			return fmt.Errorf("ranges of %s from key %d, expected %d", t.Qualified(), req.From, sv.next)
		}
		ranges, last, err := s.cut(ctx, t, req.From, l.scope.high(), rangesPerPage, rangeRows)
		if err != nil {
			return err
		}
		sv.count(ranges, l.scope.high(), last)
		reply = cutReply{Ranges: ranges, Last: last}
		return nil
	})
	return reply, err
}

// digest answers opDigest: ranges whose boundaries headquarters brings, counted likewise.
func (l *lease) digest(ctx context.Context, t replica.Table, req digestRequest) (reply digestReply, err error) {
	err = l.work(ctx, req.scope, func(s *side) error {
		sv, err := l.of(t)
		if err != nil || len(req.Bounds) == 0 {
			return err
		}
		if sv.reply != nil && sv.low == req.Bounds[0].Low {
			reply.Ranges = sv.reply
			return nil
		}
		if sv.whole || req.Bounds[0].Low < sv.next {
			return fmt.Errorf("ranges of %s from key %d, expected %d or more", t.Qualified(), req.Bounds[0].Low, sv.next)
		}
		ranges, err := s.digest(ctx, t, req.Bounds)
		if err != nil {
			return err
		}
		sv.count(ranges, l.scope.high(), false)
		reply.Ranges = ranges
		return nil
	})
	return reply, err
}

// of finds what was answered of a table. Its columns stay the same for the whole run.
func (l *lease) of(t replica.Table) (*served, error) {
	sv := l.served[t.Qualified()]
	if sv == nil {
		sv = &served{columns: namesOf(t), next: l.scope.low()}
		l.served[t.Qualified()] = sv
	}
	if !slices.Equal(sv.columns, namesOf(t)) {
		return nil, fmt.Errorf("the run changed the columns of %s from %v to %v", t.Qualified(), sv.columns, namesOf(t))
	}
	return sv, nil
}

func (sv *served) count(ranges []Range, to int64, last bool) {
	for _, r := range ranges {
		sv.tally.add(r)
	}
	end := ranges[len(ranges)-1].High
	sv.low, sv.reply, sv.last = ranges[0].Low, ranges, last
	sv.whole = last || end == to
	if !sv.whole {
		sv.next = end + 1
	}
}

// agrees checks a part of a certificate against what this side itself found in the lease.
func (l *lease) agrees(point LSN, proofs []TableProof, whole bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.point != point {
		return fmt.Errorf("the certificate's point is %s, the snapshot's was %s", point, l.point)
	}
	for _, p := range proofs {
		sv := l.served[p.Table]
		if sv == nil || whole && !sv.whole {
			return fmt.Errorf("the certificate speaks of %s, which was not digested to its end", p.Table)
		}
		if p.Columns != nil && !slices.Equal(p.Columns, sv.columns) {
			return fmt.Errorf("the certificate's columns of %s are %v, here %v were digested", p.Table, p.Columns, sv.columns)
		}
		if p.Province.Rows != sv.tally.rows || !bytes.Equal(p.Province.Digest, sv.tally.sum[:]) {
			return fmt.Errorf("the certificate's digest of %s is not the one found here", p.Table)
		}
	}
	if len(proofs) != len(l.served) {
		return fmt.Errorf("the certificate speaks of %d tables, %d were digested", len(proofs), len(l.served))
	}
	return nil
}
