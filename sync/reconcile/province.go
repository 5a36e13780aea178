package reconcile

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/schemas/replica"
)

// errReleased: the snapshot is gone, because nobody asked for it long enough or the node
// restarted. Headquarters ends the run as failed.
var errReleased = errors.New("the province holds no snapshot at this barrier (any more)")

// defaultLease is how long a snapshot is held while nobody asks: it keeps PostgreSQL from
// removing dead rows, so a headquarters that went away must not pin it.
const defaultLease = 2 * time.Minute

// rememberedLeases is how many snapshots' digests are remembered: the two of a run, and those of
// one run before.
const rememberedLeases = 4

// Snapshot is what the province's capture gives for a barrier: a read-only transaction that sees
// exactly the commits below Point, while the barrier stands at that place in the stream.
type Snapshot struct {
	Epoch int64
	Point LSN
	Tx    pgx.Tx
	Close func()
}

// ProvinceOptions is what a province's side of reconciliation needs.
type ProvinceOptions struct {
	Province int16
	Pool     *pgxpool.Pool // as jike_sync: the certificates
	Tables   []replica.Table
	Key      ed25519.PrivateKey
	Version  string // of this program
	// Barrier makes the snapshot and publishes the barrier; it may wait for open transactions.
	Barrier func(context.Context, uuid.UUID) (*Snapshot, error)
	// Repair sends the current state of keys through the stream; a key that does not exist
	// deletes headquarters' row if that is older than the point.
	Repair func(ctx context.Context, t replica.Table, keys []int64, epoch int64, point LSN) error
	Log    *slog.Logger
	Lease  time.Duration // how long an unused snapshot is held; 0: two minutes
	// Share is the greatest part of the time that the province's database may spend on digests,
	// such as 0.25: after each piece of work it rests three times as long. 0 and 1: all of it.
	Share float64
}

// Province answers headquarters' questions during a run. It never starts a run itself.
type Province struct {
	opts   ProvinceOptions
	schema [32]byte

	mu     sync.Mutex
	leases []*lease // oldest first
	closed bool
	sign   sync.Mutex
}

// NewProvince makes the province's side. Register makes it answer.
func NewProvince(opts ProvinceOptions) *Province {
	if opts.Lease == 0 {
		opts.Lease = defaultLease
	}
	return &Province{opts: opts, schema: replica.Hash(opts.Tables)}
}

// Close lets all snapshots go. Later requests fail.
func (p *Province) Close() {
	p.mu.Lock()
	leases := p.leases
	p.leases, p.closed = nil, true
	p.mu.Unlock()
	for _, l := range leases {
		l.release()
	}
}

// open answers opOpen: begins to make a snapshot, and lets those of earlier runs go, because
// headquarters runs one at a time.
func (p *Province) open(ctx context.Context, req openRequest) (openReply, error) {
	last, err := p.lastCertificate(ctx)
	if err != nil {
		return openReply{}, err
	}
	reply := openReply{Version: p.opts.Version, Form: certificateForm, Last: last, Tables: p.opts.Tables}
	if err := req.Scope.check(p.opts.Tables); err != nil {
		return openReply{}, err
	}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return openReply{}, errReleased
	}
	if slices.ContainsFunc(p.leases, func(l *lease) bool { return l.id == req.Barrier }) {
		p.mu.Unlock()
		return reply, nil
	}
	earlier := slices.Clone(p.leases)
	making, cancel := context.WithCancel(context.Background()) // outlives the request, ends with the lease
	l := &lease{
		id: req.Barrier, scope: req.Scope, tables: req.Scope.tables(p.opts.Tables), share: p.opts.Share,
		cancel: cancel, made: make(chan struct{}), served: map[string]*served{},
	}
	l.expires = time.AfterFunc(p.opts.Lease, func() {
		p.opts.Log.Warn("reconciliation: nobody asked for the snapshot any more", "barrier", l.id)
		l.release()
	})
	p.leases = append(p.leases, l)
	if len(p.leases) > rememberedLeases {
		p.leases = slices.Delete(p.leases, 0, 1)
	}
	p.mu.Unlock()
	for _, e := range earlier {
		e.release()
	}
	go func() {
		snapshot, err := p.opts.Barrier(making, l.id)
		l.keep(making, snapshot, err)
	}()
	return reply, nil
}

// lease finds the snapshot of a barrier and holds it for longer.
func (p *Province) lease(id uuid.UUID) (*lease, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.leases {
		if l.id == id {
			if l.expires.Stop() {
				l.expires.Reset(p.opts.Lease)
			}
			return l, nil
		}
	}
	return nil, errReleased
}

// await answers opAwait: waits a little for the snapshot and says how far it is.
func (p *Province) await(ctx context.Context, req awaitRequest) (awaitReply, error) {
	l, err := p.lease(req.Barrier)
	if err != nil {
		return awaitReply{}, err
	}
	patience := time.NewTimer(awaitPatience)
	defer patience.Stop()
	select {
	case <-l.made:
	case <-patience.C:
		return awaitReply{}, nil
	case <-ctx.Done():
		return awaitReply{}, ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return awaitReply{}, l.err
	}
	return awaitReply{Ready: true, Epoch: l.epoch, Point: l.point, Selection: l.selection, Capability: l.capability, Rows: l.rows}, nil
}

// awaitPatience is how long the province keeps headquarters' question open before it answers
// "not yet": long enough to be cheap, short enough to show that the province is alive.
const awaitPatience = 3 * time.Second

// on finds snapshot and table of a request, with the columns that the request names.
func (p *Province) on(req scope) (*lease, replica.Table, error) {
	l, err := p.lease(req.Barrier)
	if err != nil {
		return nil, replica.Table{}, err
	}
	t, err := p.table(req.Table)
	if err != nil {
		return nil, t, err
	}
	t, ok := narrowed(t, req.Columns)
	if !ok {
		err = fmt.Errorf("table %s is not replicated here with all of the columns %v", req.Table, req.Columns)
	}
	return l, t, err
}

func (p *Province) table(name string) (replica.Table, error) {
	for _, t := range p.opts.Tables {
		if t.Qualified() == name {
			return t, nil
		}
	}
	return replica.Table{}, fmt.Errorf("table %s is not replicated here", name)
}

func (p *Province) cut(ctx context.Context, req cutRequest) (cutReply, error) {
	l, t, err := p.on(req.scope)
	if err != nil {
		return cutReply{}, err
	}
	return l.cut(ctx, t, req)
}

func (p *Province) digest(ctx context.Context, req digestRequest) (digestReply, error) {
	l, t, err := p.on(req.scope)
	if err != nil {
		return digestReply{}, err
	}
	return l.digest(ctx, t, req)
}

func (p *Province) rows(ctx context.Context, req rowsRequest) (reply rowsReply, err error) {
	l, t, err := p.on(req.scope)
	if err != nil {
		return reply, err
	}
	err = l.read(ctx, req.scope, func(s *side) error {
		rows, err := s.rows(ctx, t, req.Low, req.High, rowsPerPage)
		reply = packRows(rows)
		return err
	})
	return reply, err
}

func (p *Province) values(ctx context.Context, req valuesRequest) (reply valuesReply, err error) {
	l, t, err := p.on(req.scope)
	if err != nil {
		return reply, err
	}
	err = l.read(ctx, req.scope, func(s *side) (err error) {
		reply.Values, err = s.values(ctx, t, req.Keys)
		return err
	})
	return reply, err
}

func (p *Province) repair(ctx context.Context, req repairRequest) (empty, error) {
	l, t, err := p.on(scope{Barrier: req.Barrier, Table: req.Table})
	if err != nil {
		return empty{}, err
	}
	return empty{}, p.opts.Repair(ctx, t, req.Keys, l.epoch, l.point)
}

func (p *Province) release(_ context.Context, req releaseRequest) (empty, error) {
	p.mu.Lock()
	at := slices.IndexFunc(p.leases, func(l *lease) bool { return l.id == req.Barrier })
	var l *lease
	if at >= 0 {
		l = p.leases[at]
	}
	p.mu.Unlock()
	if l != nil {
		l.release()
	}
	return empty{}, nil
}

// countersign answers opSign: the province signs what it can vouch for, namely its own side of
// the proof and the place in the chain, and keeps the certificate.
func (p *Province) countersign(ctx context.Context, req signRequest) (signReply, error) {
	p.sign.Lock()
	defer p.sign.Unlock()
	c := req.Certificate
	last, err := p.lastCertificate(ctx)
	if err != nil {
		return signReply{}, err
	}
	if last != nil && bytes.Equal(last.Digest, c.Digest) {
		return signReply{Signature: last.Province}, nil // the first reply got lost
	}
	if err := p.vouch(c); err != nil {
		return signReply{}, fmt.Errorf("not signed: %w", err)
	}
	takeOver, err := follows(c, last, req.Before)
	if err != nil {
		return signReply{}, fmt.Errorf("not signed: %w", err)
	}
	if last != nil && !bytes.Equal(last.National.Key, c.National.Key) {
		p.opts.Log.Warn("reconciliation: headquarters signs with another key", "before", last.National.Key, "now", c.National.Key)
	}
	c.Province = sign(p.opts.Key, c.Digest)
	if err := c.Verify(); err != nil {
		return signReply{}, fmt.Errorf("not signed: %w", err)
	}
	if takeOver {
		err = p.keep(ctx, *req.Before, c)
	} else {
		err = p.keep(ctx, c)
	}
	return signReply{Signature: c.Province}, err
}

// vouch checks the statement against what this side found itself.
func (p *Province) vouch(c Certificate) error {
	s := c.Statement
	if s.Province != p.opts.Province || !bytes.Equal(s.Schema, p.schema[:]) {
		return errors.New("the certificate is of another province or of other tables")
	}
	first, err := p.lease(s.Barrier)
	if err != nil {
		return err
	}
	if !first.scope.equal(s.scope()) || len(s.Tables) != len(first.tables) {
		return fmt.Errorf("the certificate is about %s, the run was about %s", s.scope(), first.scope)
	}
	if first.epoch != s.Epoch || first.selection != s.Selection || first.method != s.Method {
		return fmt.Errorf("the certificate's epoch, selection and method are %d, %d and %s, here they were %d, %d and %s",
			s.Epoch, s.Selection, s.Method, first.epoch, first.selection, first.method)
	}
	if err := first.agrees(s.Point, s.Tables, true); err != nil {
		return err
	}
	if s.Repair == nil {
		return nil
	}
	second, err := p.lease(s.Repair.Barrier)
	if err != nil {
		return err
	}
	if second.epoch != s.Epoch || !second.scope.equal(s.scope()) {
		return fmt.Errorf("the re-check was made in epoch %d about %s", second.epoch, second.scope)
	}
	return second.agrees(s.Repair.Point, s.Repair.Tables, false)
}

// follows checks the place in the chain. If this side misses certificates, because its database
// was restored, it takes over the one before from headquarters.
func follows(c Certificate, last, before *Certificate) (takeOver bool, err error) {
	s := c.Statement
	if last == nil && s.Sequence == 1 && len(s.Previous) == 0 {
		return false, nil
	}
	if last != nil && s.Sequence == last.Statement.Sequence+1 && bytes.Equal(s.Previous, last.Digest) {
		return false, nil
	}
	if last != nil && last.Statement.Sequence >= s.Sequence-1 {
		return false, fmt.Errorf("certificate %d does not follow certificate %d that is kept here", s.Sequence, last.Statement.Sequence)
	}
	if before == nil || before.Statement.Sequence != s.Sequence-1 || before.Statement.Province != s.Province || !bytes.Equal(s.Previous, before.Digest) {
		return false, fmt.Errorf("certificate %d comes without the one before, which is not kept here", s.Sequence)
	}
	return true, before.Verify()
}
