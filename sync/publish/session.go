package publish

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"jike/sync/stream"
	"jike/sync/wire"
)

// session is one pass of the state machine in the package comment.
func (p *Publisher) session(ctx context.Context) error {
	s, err := p.load(ctx)
	if err != nil {
		return err
	}
	if err := p.compare(ctx, s); err != nil {
		return err
	}
	if s, err = p.place(ctx, s); err != nil {
		return err
	}
	leaf, err := stream.OpenLeaf(ctx, p.opts.NATS, s.identity, p.opts.Limits)
	if errors.Is(err, stream.ErrOvertaken) {
		return p.begin(ctx, s, p.place0(ctx, s), err.Error())
	}
	if err != nil {
		return err
	}
	if err := leaf.KeepOnly(ctx); err != nil {
		return err
	}
	link, err := p.end(ctx, s, leaf)
	if err != nil {
		return err
	}
	p.opened(s, link)
	return p.keepPublishing(ctx, s, leaf, link)
}

// compare looks for something younger than the database knows: at the hub, or in the province. It
// ends the session for a new epoch then, since versions may be used again.
func (p *Publisher) compare(ctx context.Context, s state) error {
	young, err := stream.FindLeaf(ctx, p.opts.NATS, s.identity)
	if err != nil {
		return err
	}
	applied := p.heard()
	switch {
	case young.Epoch > s.master.epoch, young.Epoch == s.identity.Epoch && young.Incarnation > s.identity.Incarnation:
		return p.newEpoch(ctx, s, young.Epoch, "the hub has a stream "+young.Leaf()+" that the database does not know")
	case applied.Epoch > s.master.epoch, applied.Epoch == s.master.epoch && int64(applied.LSN) > s.master.version:
		return p.newEpoch(ctx, s, applied.Epoch, fmt.Sprintf("the province has version %d of epoch %d, the database is at %d of %d",
			applied.LSN, applied.Epoch, s.master.version, s.master.epoch))
	}
	return nil
}

// place decides which incarnation is published to, and begins one if it has to.
func (p *Publisher) place(ctx context.Context, s state) (state, error) {
	if s.identity.Epoch != s.master.epoch {
		return p.began(ctx, s, wire.Link{}, "epoch begins")
	}
	if r := p.takeRefill(); r != nil {
		link, err := p.asked(ctx, s, r)
		if err != nil {
			return s, err
		}
		return p.began(ctx, s, link, fmt.Sprintf("the province asks for what follows version %d", link.LSN))
	}
	there, err := stream.LeafExists(ctx, p.opts.NATS, s.identity)
	if err != nil || there {
		return s, err
	}
	return p.began(ctx, s, p.place0(ctx, s), "the hub does not have "+s.identity.Leaf())
}

// place0 is the place that the province said it is at, or the beginning: whatever the province has
// more than that it passes over.
func (p *Publisher) place0(ctx context.Context, s state) wire.Link {
	version := s.applied
	if applied := p.heard(); applied.Epoch == s.master.epoch {
		version = int64(applied.LSN)
	}
	link, err := p.published(ctx, s.master.epoch, version)
	if err != nil {
		p.opts.Log.Warn("publish: all is sent again", "province", p.opts.Province, "error", err)
	}
	return link
}

// asked is the link that a refill follows. One that was never published says that the database was
// restored.
func (p *Publisher) asked(ctx context.Context, s state, r *stream.RefillRequest) (wire.Link, error) {
	link := wire.Link{LSN: r.LSN}
	chain, err := hex.DecodeString(r.Chain)
	if err != nil || len(chain) != len(link.Chain) || r.LSN == 0 || r.Epoch < s.master.epoch {
		return wire.Link{}, nil
	}
	link.Chain = wire.Hash(chain)
	known := false
	if r.Epoch == s.master.epoch {
		if known, err = p.knows(ctx, s, link); err != nil {
			return link, err
		}
	}
	if !known {
		return link, p.newEpoch(ctx, s, r.Epoch, fmt.Sprintf("the province is at version %d with another history", link.LSN))
	}
	return link, nil
}

// end is the link at the stream's end.
func (p *Publisher) end(ctx context.Context, s state, leaf *stream.Leaf) (wire.Link, error) {
	tail, err := leaf.Tail(ctx)
	if err != nil || tail == nil {
		return s.base, err
	}
	m, err := wire.Decode(tail)
	if err != nil {
		return s.base, p.begin(ctx, s, p.place0(ctx, s), fmt.Sprintf("the stream's end cannot be read: %v", err))
	}
	if len(m.Parts) == 0 || !m.Parts[len(m.Parts)-1].Last || m.Schema != p.schema {
		return s.base, p.begin(ctx, s, m.Prev, "the stream ends with a part of a transaction, or with other tables")
	}
	link := m.End()
	known, err := p.knows(ctx, s, link)
	if err == nil && !known {
		err = p.newEpoch(ctx, s, s.master.epoch, fmt.Sprintf("the stream ends with version %d, which the database did not publish", link.LSN))
	}
	return link, err
}

// keepPublishing publishes what changes until something has to begin.
func (p *Publisher) keepPublishing(ctx context.Context, s state, leaf *stream.Leaf, link wire.Link) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var seen watch
	for {
		applied := p.heard()
		now, err := p.load(ctx)
		switch {
		case err != nil:
			return err
		case now.master.epoch != s.master.epoch:
			return fmt.Errorf("%w: epoch %d", errBegin, now.master.epoch)
		case now.identity != s.identity:
			return fmt.Errorf("publish: %w", stream.ErrOvertaken)
		case p.wantsRefill():
			return fmt.Errorf("%w: the province asks for a refill", errBegin)
		case applied.Epoch > s.master.epoch, applied.Epoch == s.master.epoch && int64(applied.LSN) > now.master.version:
			if err := p.compare(ctx, now); err != nil {
				return err
			}
		}
		if now.master.version > int64(link.LSN) {
			if link, err = p.publish(ctx, s, leaf, link); err != nil {
				return err
			}
		}
		if err := p.look(ctx, s, leaf, &seen, link); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-p.wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// watch remembers what was last seen of the province.
type watch struct {
	heard  stream.AppliedNotice
	link   wire.Link // the stream's end
	since  time.Time // since when both are the same
	saved  time.Time // when heard was written down
	purged uint64    // everything up to it
}

// look tells the province where the stream is, writes down where the province is, and makes room. It
// begins a new incarnation when the province lacks what the hub has delivered, as it does after it
// lost its store.
func (p *Publisher) look(ctx context.Context, s state, leaf *stream.Leaf, w *watch, link wire.Link) error {
	messages, bytes, err := leaf.Backlog(ctx)
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.backlog = [2]uint64{messages, bytes}
	applied, heard := p.applied, p.status.Heard
	p.mu.Unlock()
	p.announce()
	if applied != w.heard || link != w.link {
		w.heard, w.link, w.since, w.saved = applied, link, time.Now(), time.Time{}
	}
	if !heard.IsZero() && time.Since(w.saved) >= lookEvery {
		if err := p.save(ctx, applied, heard); err != nil {
			return err
		}
		w.saved = time.Now()
	}
	behind := applied.Epoch < s.master.epoch || applied.Epoch == s.master.epoch && applied.LSN < link.LSN
	switch {
	case !behind && applied.Epoch == s.master.epoch && leaf.Last() > w.purged+1:
		w.purged = leaf.Last() - 1
		return leaf.Purge(ctx, leaf.Last())
	case behind && !heard.IsZero() && messages == 0 && time.Since(heard) < 3*lookEvery && time.Since(w.since) > p.opts.Patience:
		return p.begin(ctx, s, p.place0(ctx, s), "the province lacks what was delivered to it")
	}
	return nil
}

func (p *Publisher) heard() stream.AppliedNotice {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.applied
}

func (p *Publisher) wantsRefill() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.refill != nil
}

func (p *Publisher) takeRefill() *stream.RefillRequest {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.refill
	p.refill = nil
	if r != nil && r.Epoch == p.identity.Epoch && r.Incarnation < p.identity.Incarnation {
		return nil // a younger incarnation is on its way
	}
	return r
}

// opened shows what is published to.
func (p *Publisher) opened(s state, link wire.Link) {
	p.mu.Lock()
	p.identity = s.identity
	p.status.Epoch, p.status.Version, p.status.Published, p.status.Error = s.master.epoch, s.master.version, int64(link.LSN), ""
	p.mu.Unlock()
	p.announce()
}
