package capture

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"time"

	"jike/sync/stream"
	"jike/sync/wire"
)

// A message is sent at one of these, or at the end of a transaction when nothing more is there to
// read and the message before it was sent a spacing ago: a transaction that comes alone goes at
// once, and a stream of small ones does not pay for a message each.
const (
	flushRows  = 2000
	flushBytes = 512 << 10
)

// spacing is kept while few rows come, busySpacing while more than busyRate a second have come over
// the last busyOver or so: their messages would cost more than they wait. Every message is on two
// disks before it is applied, so a shorter spacing makes the way longer, not shorter: at 1,500
// transactions a second on one disk half of them took 4.3 ms with 1 ms, 3.6 with 2, 4.2 with 3. Four
// writers at full speed, over 7,000 transactions a second, are three percent faster with 25 ms than
// with 10.
const (
	spacing     = 2 * time.Millisecond
	busySpacing = 25 * time.Millisecond
	busyRate    = 3000
	busyOver    = 50 * time.Millisecond
)

// pieceBytes is how large a change may be to travel whole: JetStream stores no message of 32 MB.
const pieceBytes = 1 << 20

// With bulkRows in hand and nothing more to read, the packer leaves PostgreSQL alone for bulkPause:
// it sends every row by itself, and to be woken for each costs both more than the row does.
const (
	bulkRows  = 64
	bulkPause = 500 * time.Microsecond
)

// quietBytes is how much log without a selected row may pass before a heartbeat is sent early, so
// that the slot can move: a busy database with a quiet publication must not keep its log.
const quietBytes = 16 << 20

// ErrOtherLog says that the log is not the one that was read before: a transaction that was
// confirmed, stored or applied does not come again, or comes with other content. The database was
// restored or failed over, and a new epoch begins.
var ErrOtherLog = errors.New("capture: the log is not the one that was confirmed before")

// packer reads one feed and packs whole transactions, or chunks of large ones, into messages.
type packer struct {
	c       *Capture
	feed    *feed
	decoder *decoder
	out     chan<- stream.Outgoing
	header  wire.Header
	tail    wire.Link   // what the stream holds already
	held    uint64      // sequence of the stream's last message
	first   wire.LSN    // the confirmed transaction, which must come first; 0: there is none
	witness []wire.Link // transactions that must come, in their order

	w       wire.Writer
	link    wire.Link     // last whole transaction decoded
	before  wire.Link     // the one before it
	packed  int           // whole transactions in w
	sent    time.Time     // when the last message was
	rate    float64       // rows a second that came lately
	spacing time.Duration // until the next message
	open    bool          // inside a transaction
	skip    bool          // the stream holds this transaction
	tx      transaction
	chunk   uint32
	content hash.Hash
	lastEnd wire.LSN // end of the log that was decoded
	noted   wire.LSN // last skipped transaction that the tracker knows
}

// run packs until the feed or ctx ends.
func (p *packer) run(ctx context.Context) error {
	p.content, p.sent = sha256.New(), time.Now()
	p.reset()
	for {
		p.rest()
		var deadline time.Time
		if p.packed > 0 && !p.open {
			deadline = p.sent.Add(p.spacing)
		}
		kind, m, err := p.feed.next(deadline)
		switch {
		case errors.Is(err, errQuiet):
			if err := p.flush(ctx); err != nil {
				return err
			}
			continue
		case err != nil:
			return err
		case kind == 'k':
			p.keepalive(m)
			continue
		case len(m) == 0:
			return errShort
		}
		if err := p.message(ctx, m[0], m); err != nil {
			return err
		}
	}
}

// rest leaves PostgreSQL alone for a moment if it has nothing more to read and what is packed need
// not go yet.
func (p *packer) rest() {
	if p.feed.buffered() || p.feed.behind() {
		return
	}
	if p.w.Rows() >= bulkRows {
		time.Sleep(bulkPause)
	} else if p.packed > 0 && !p.open {
		time.Sleep(time.Until(p.sent.Add(p.spacing)))
	}
}

func (p *packer) keepalive(m []byte) {
	r := reader{m}
	end := wire.LSN(r.uint64())
	p.c.tracker.seen(end)
	r.skip(8)
	if r.byte() == 1 {
		p.c.wakeStatus()
	}
	if end > p.lastEnd+quietBytes {
		p.lastEnd = end
		p.c.wakeHeartbeat()
	}
}

func (p *packer) message(ctx context.Context, kind byte, m []byte) error {
	switch kind {
	case 'B':
		tx, err := readBegin(m[1:])
		if err != nil {
			return err
		}
		return p.begin(ctx, tx)
	case 'C':
		return p.commit(ctx, m[1:])
	case 'R':
		return p.decoder.relation(m[1:])
	case 'I', 'U', 'D', 'T', 'M':
		return p.change(ctx, kind, m)
	case 'O', 'Y': // origin, type
		return nil
	}
	return fmt.Errorf("capture: pgoutput message %q", kind)
}

func (p *packer) begin(ctx context.Context, tx transaction) error {
	if p.first != 0 && tx.lsn != p.first {
		return fmt.Errorf("%w: transaction %s was confirmed, the log begins with %s", ErrOtherLog, p.first, tx.lsn)
	}
	if p.first = 0; len(p.witness) > 0 && tx.lsn > p.witness[0].LSN {
		return fmt.Errorf("%w: transaction %s is known, and %s comes in its place", ErrOtherLog, p.witness[0].LSN, tx.lsn)
	}
	if err := p.hold(ctx, tx.lsn); err != nil {
		return err
	}
	p.open, p.tx, p.chunk, p.skip = true, tx, 0, tx.lsn <= p.tail.LSN
	p.content.Reset()
	if !p.skip {
		p.w.Begin(tx.lsn, tx.at, 0)
	}
	return nil
}

// change adds to the digest what pgoutput sent, whatever becomes of it, and packs what it means.
func (p *packer) change(ctx context.Context, kind byte, m []byte) error {
	if !p.open {
		return fmt.Errorf("capture: change %q outside a transaction", kind)
	}
	var size [4]byte
	binary.BigEndian.PutUint32(size[:], uint32(len(m)))
	p.content.Write(size[:]) // a hash never fails
	p.content.Write(m)
	if p.skip {
		return nil
	}
	var failed error
	emit := func(c wire.Change) {
		if failed == nil {
			wire.Split(c, pieceBytes, func(c wire.Change) {
				if failed == nil {
					failed = p.pack(ctx, c)
				}
			})
		}
	}
	var err error
	if kind == 'M' {
		err = p.decoder.message(m[1:], emit)
	} else {
		err = p.decoder.change(kind, m[1:], emit)
	}
	return cmp.Or(failed, err)
}

// pack adds a change, and sends what is there as a chunk if that is enough for a message.
func (p *packer) pack(ctx context.Context, c wire.Change) error {
	p.w.Change(c)
	if p.w.Rows() < flushRows && p.w.Size() < flushBytes {
		return nil
	}
	p.w.Cut()
	if err := p.ship(ctx); err != nil {
		return err
	}
	p.chunk++
	p.w.Begin(p.tx.lsn, p.tx.at, p.chunk)
	return nil
}

func (p *packer) commit(ctx context.Context, m []byte) error {
	r := reader{m}
	r.skip(1)
	lsn, end := wire.LSN(r.uint64()), wire.LSN(r.uint64())
	if r.bad() || !p.open || lsn != p.tx.lsn {
		return fmt.Errorf("capture: commit at %s of transaction %s", lsn, p.tx.lsn)
	}
	digest := wire.Hash(p.content.Sum(nil))
	p.before, p.link = p.link, p.link.Next(lsn, digest)
	p.open, p.lastEnd = false, end
	p.c.tracker.seen(end)
	for len(p.witness) > 0 && p.witness[0].LSN <= lsn {
		if p.witness[0] != p.link {
			return fmt.Errorf("%w: transaction %s has other content than before", ErrOtherLog, p.witness[0].LSN)
		}
		p.witness = p.witness[1:]
	}
	if p.skip {
		p.skipped()
		return nil
	}
	p.w.End(digest)
	p.packed++
	if p.w.Rows() >= flushRows || p.w.Size() >= flushBytes {
		return p.flush(ctx)
	}
	return nil
}

// skipped ends a transaction that the stream holds.
func (p *packer) skipped() {
	m := mark{link: p.link, before: p.before}
	if p.link.LSN == p.tail.LSN {
		// A stream that is full takes nothing before it is purged. What follows the tail in it are
		// chunks of a transaction that is sent anew.
		m.sequence, m.whole = p.held, true
	}
	if m.whole || p.link.LSN >= p.noted+flushBytes {
		p.noted = p.link.LSN
		p.c.tracker.stored(m)
	}
	p.reset()
}

// reset begins a message after the last whole transaction.
func (p *packer) reset() {
	p.header.Prev = p.link
	p.w.Reset(p.header)
	p.packed = 0
}

// flush sends what is packed, if it is anything, between transactions.
func (p *packer) flush(ctx context.Context) error {
	if p.packed == 0 || p.open {
		return nil
	}
	return p.ship(ctx)
}

func (p *packer) ship(ctx context.Context) error {
	m := mark{link: p.link, before: p.before, whole: p.packed > 0}
	err := p.send(ctx, p.w.Bytes(), func(sequence uint64) {
		m.sequence = sequence
		p.c.tracker.stored(m)
	})
	p.pace(time.Now())
	p.reset()
	return err
}

// pace decides how long the next message waits for company, by how many rows have come lately.
func (p *packer) pace(now time.Time) {
	passed := now.Sub(p.sent)
	p.sent = now
	weight := min(1, float64(passed)/float64(busyOver))
	p.rate += weight * (float64(p.w.Rows())/max(passed, time.Microsecond).Seconds() - p.rate)
	p.spacing = spacing
	if p.rate > busyRate {
		p.spacing = busySpacing
	}
}

// send hands a message to the pump and waits while too many are before it. Only this goroutine
// waits: PostgreSQL's keepalives are answered by another.
func (p *packer) send(ctx context.Context, data []byte, stored func(uint64)) error {
	size := int64(len(data))
	select {
	case p.out <- stream.Outgoing{Data: data, Stored: func(sequence uint64) {
		p.c.stored.Add(size)
		stored(sequence)
	}}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// hold places a pending barrier. While its position is not known nothing is packed: a transaction
// at or after it must not come before it.
func (p *packer) hold(ctx context.Context, lsn wire.LSN) error {
	h := p.c.holding.Load()
	if h == nil {
		return nil
	}
	if err := p.flush(ctx); err != nil {
		return err
	}
	select {
	case <-h.known:
	case <-ctx.Done():
		return ctx.Err()
	}
	if h.lsn == 0 || lsn < h.lsn || lsn <= p.tail.LSN {
		return nil
	}
	if !p.c.holding.CompareAndSwap(h, nil) {
		return nil // given up meanwhile
	}
	header := p.header
	header.Prev = p.link
	if err := p.send(ctx, wire.WriteBarrier(header, wire.Barrier{ID: h.id, LSN: h.lsn}), func(uint64) {}); err != nil {
		return err
	}
	h.epoch = header.Epoch
	close(h.placed)
	return nil
}
