package reconcile

import (
	"bytes"
	"context"
	"time"
)

// repair asks the province to send the rows that differ anew, through the stream, so that they
// come in order with what is being changed meanwhile.
func (r *run) repair(ctx context.Context, m *meeting, found *comparison) error {
	for _, t := range m.tables {
		var keys []int64
		var forged []int64
		for _, d := range found.differences {
			if d.Table == t.Qualified() {
				keys = append(keys, d.Key)
				if d.Kind == Extra && d.foreign {
					forged = append(forged, d.Key)
				}
			}
		}
		if len(forged) > 0 {
			if err := r.n.store.disown(ctx, t, r.site.Province, forged, m.epoch, m.point); err != nil {
				return err
			}
		}
		for start := 0; start < len(keys); start += keysPerPage {
			page := keys[start:min(start+keysPerPage, len(keys))]
			if _, err := ask[empty](ctx, r, opRepair, repairRequest{Barrier: m.barrier, Table: t.Qualified(), Keys: page}); err != nil {
				return err
			}
			err := r.progress(ctx, func(p *Progress) {
				p.Phase, p.Table = PhaseRepair, t.Qualified()
				p.Repaired += int64(len(page))
			})
			if err != nil {
				return err
			}
		}
	}
	r.row.Repaired = r.row.Progress.Repaired
	return nil
}

// recheck compares the ranges that differed once more, at a second barrier, which is behind the
// repair in the stream.
func (r *run) recheck(ctx context.Context, first *meeting, found *comparison) (*meeting, *comparison, error) {
	if err := r.progress(ctx, func(p *Progress) { p.Phase, p.Table = PhaseRecheck, "" }); err != nil {
		return nil, nil, err
	}
	m, err := r.meet(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer m.close()
	if m.epoch != first.epoch {
		return nil, nil, fail(ReasonMismatch, "epoch %d began during the run of epoch %d", m.epoch, first.epoch)
	}
	if m.schema != first.schema {
		return nil, nil, fail(ReasonMismatch, "the province was upgraded during the run: it replicates other columns now")
	}
	c, err := r.comparer(ctx, m)
	if err != nil {
		return nil, nil, err
	}
	pageSize := rangesPerPage
	if r.form < 2 {
		pageSize = 1 // such a province counts what lies between ranges, too
	}
	for _, t := range m.tables {
		ranges := found.ranges[t.Qualified()]
		if len(ranges) == 0 {
			continue
		}
		again := tableComparison{table: t}
		for start := 0; start < len(ranges); start += pageSize {
			page := ranges[start:min(start+pageSize, len(ranges))]
			there, err := ask[digestReply](ctx, r, opDigest, digestRequest{scope: c.scope(t), Bounds: page})
			if err != nil {
				return nil, nil, err
			}
			if !sameBounds(there.Ranges, page) {
				return nil, nil, fail(ReasonRefused, "the province digested other ranges than those asked for")
			}
			if err := c.comparePage(ctx, &again, there.Ranges); err != nil {
				return nil, nil, err
			}
		}
		c.out.tables = append(c.out.tables, again.proof(r.form))
	}
	return m, c.out, r.n.store.saveDifferences(ctx, r.row.ID, true, c.out.differences)
}

func sameBounds(a, b []Range) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Low != b[i].Low || a[i].High != b[i].High {
			return false
		}
	}
	return true
}

// agreeOnChain finds the certificate that the next one follows. A certificate that the province
// holds and headquarters misses is taken over: the answer to opSign got lost, or headquarters'
// database was restored.
func (r *run) agreeOnChain(ctx context.Context, theirs *Certificate) (*Certificate, error) {
	ours, err := r.n.store.last(ctx, r.site.Province)
	if err != nil || theirs == nil {
		return ours, err
	}
	if ours != nil && theirs.Statement.Sequence < ours.Statement.Sequence {
		return ours, nil // the province was restored: it takes ours over when it signs
	}
	if ours != nil && bytes.Equal(ours.Digest, theirs.Digest) {
		return ours, nil
	}
	if err := theirs.Verify(); err != nil {
		return nil, fail(ReasonMismatch, "the province's newest certificate: %w", err)
	}
	s := theirs.Statement
	if s.Province != r.site.Province || ours != nil && s.Sequence == ours.Statement.Sequence ||
		ours != nil && s.Sequence == ours.Statement.Sequence+1 && !bytes.Equal(s.Previous, ours.Digest) {
		return nil, fail(ReasonMismatch, "the province's certificate %d is not of the chain that headquarters keeps: one of the two was changed", s.Sequence)
	}
	r.n.opts.Log.Warn("reconciliation: a certificate is taken over from the province", "province", s.Province, "sequence", s.Sequence)
	return theirs, r.n.store.keep(ctx, *theirs)
}

// certify makes the certificate, has the province sign it too, and keeps it.
func (r *run) certify(ctx context.Context, head *Certificate, first *meeting, found *comparison, second *meeting, again *comparison) error {
	if err := r.progress(ctx, func(p *Progress) { p.Phase = PhaseSign }); err != nil {
		return err
	}
	s, err := r.statement(head, first, found, second, again)
	if err != nil {
		return err
	}
	digest, err := s.digest()
	if err != nil {
		return err
	}
	c := Certificate{Statement: s, Digest: digest, National: sign(r.n.opts.Key, digest)}
	request := signRequest{Certificate: c}
	if head != nil && (first.last == nil || !bytes.Equal(first.last.Digest, head.Digest)) {
		request.Before = head
	}
	reply, err := ask[signReply](ctx, r, opSign, request)
	if err != nil {
		return err
	}
	c.Province = reply.Signature
	if err := c.Verify(); err != nil {
		return fail(ReasonRefused, "the province's signature: %w", err)
	}
	if err := r.n.store.keep(ctx, c); err != nil {
		return err
	}
	r.row.Result, r.row.Certificate = &s.Result, &c
	return nil
}

func (r *run) statement(head *Certificate, first *meeting, found *comparison, second *meeting, again *comparison) (Statement, error) {
	now := time.Now().UTC().Truncate(time.Microsecond)
	started := r.started.UTC().Truncate(time.Microsecond)
	s := Statement{
		Version: r.form, Province: r.site.Province, Sequence: r.seed, Previous: Hex{},
		Reconciliation: r.row.ID, Barrier: first.barrier, Epoch: first.epoch, Point: first.point,
		Selection: first.selection, Schema: first.schema[:], Method: r.method,
		Versions: Versions{
			National: NodeVersion{Jike: r.n.opts.Version, PostgreSQL: first.here.PostgreSQL},
			Province: NodeVersion{Jike: first.version, PostgreSQL: first.there.PostgreSQL},
		},
		Started: started, Ended: now, DurationMS: now.Sub(started).Milliseconds(),
		Result: Clean, Tables: found.tables,
	}
	if head != nil {
		s.Previous = head.Digest
	}
	if !r.row.Scope.whole() {
		s.Scope = &r.row.Scope
	}
	if r.row.ApprovedBy != nil {
		s.ApprovedBy = *r.row.ApprovedBy
	}
	var err error
	if s.Found, err = findings(found.differences, r.form); err != nil {
		return s, err
	}
	r.row.Differences = s.Found.Total()
	if again == nil {
		return s, nil
	}
	s.Result = Repaired
	if len(again.differences) > 0 {
		s.Result = Diverged
	}
	s.Repair = &RepairProof{Keys: r.row.Repaired, Barrier: second.barrier, Point: second.point, Tables: again.tables}
	s.Repair.Left, err = findings(again.differences, r.form)
	return s, err
}
