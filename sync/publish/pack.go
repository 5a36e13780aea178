package publish

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/schemas/replica"
	"jike/sync/stream"
	"jike/sync/wire"
)

// chunkBytes is the size, before compression, at which a transaction is cut.
const chunkBytes = 512 << 10

// publish sends what is younger than link as one transaction and gives its link.
func (p *Publisher) publish(ctx context.Context, s state, leaf *stream.Leaf, link wire.Link) (wire.Link, error) {
	messages, next, err := p.pack(ctx, s, link)
	if err != nil {
		return link, err
	}
	if err := p.intend(ctx, s.master.epoch, next); err != nil {
		return link, err
	}
	in := make(chan stream.Outgoing, len(messages))
	for _, data := range messages {
		in <- stream.Outgoing{Data: data, Stored: func(uint64) {}}
	}
	close(in)
	full := func(err error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.status.Error = ""
		if err != nil {
			p.status.Error = err.Error()
		}
	}
	if err := leaf.Pump(ctx, in, full); err != nil {
		return link, err
	}
	p.mu.Lock()
	p.status.Published = int64(next.LSN)
	p.mu.Unlock()
	p.opts.Log.Info("publish: published", "province", p.opts.Province, "version", int64(next.LSN), "after", int64(link.LSN), "messages", len(messages))
	return next, nil
}

// pack reads in one snapshot what is younger than link. An epoch's first transaction empties the
// tables first.
func (p *Publisher) pack(ctx context.Context, s state, link wire.Link) (messages [][]byte, next wire.Link, err error) {
	err = pgx.BeginTxFunc(ctx, p.opts.Pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		var epoch, version int64
		var at time.Time
		if err := tx.QueryRow(ctx, `SELECT epoch, version, changed_at FROM sync.master`).Scan(&epoch, &version, &at); err != nil {
			return fmt.Errorf("publish: read the version: %w", err)
		}
		if epoch != s.master.epoch {
			return fmt.Errorf("%w: epoch %d", errBegin, epoch)
		}
		b := newBatch(wire.Header{
			Province: p.opts.Province, Epoch: epoch, Incarnation: s.identity.Incarnation, Schema: p.schema, Prev: link,
		}, wire.LSN(version), at)
		for i, t := range p.opts.Tables {
			if link.LSN == 0 {
				b.add(wire.Change{Op: wire.Truncate, Table: i})
			}
			if err := p.copyTable(ctx, tx, t, link.LSN, func(tuple []byte) {
				b.add(wire.Change{Op: wire.Repair, Table: i, Data: tuple})
			}); err != nil {
				return fmt.Errorf("publish: read %s: %w", t.Qualified(), err)
			}
		}
		messages, next = b.end()
		return nil
	})
	return messages, next, err
}

// batch packs one transaction into messages.
type batch struct {
	w       wire.Writer
	header  wire.Header
	lsn     wire.LSN
	at      time.Time
	chunk   uint32
	content hash.Hash
	done    [][]byte
}

func newBatch(h wire.Header, lsn wire.LSN, at time.Time) *batch {
	b := &batch{header: h, lsn: lsn, at: at, content: sha256.New()}
	b.w.Reset(h)
	b.w.Begin(lsn, at, 0)
	return b
}

func (b *batch) add(c wire.Change) {
	var head [7]byte
	head[0] = byte(c.Op)
	binary.BigEndian.PutUint16(head[1:], uint16(c.Table))
	binary.BigEndian.PutUint32(head[3:], uint32(len(c.Data)))
	b.content.Write(head[:]) // a hash never fails
	b.content.Write(c.Data)
	if b.w.Size() >= chunkBytes {
		b.w.Cut()
		b.done = append(b.done, b.w.Bytes())
		b.chunk++
		b.w.Reset(b.header)
		b.w.Begin(b.lsn, b.at, b.chunk)
	}
	b.w.Change(c)
}

func (b *batch) end() ([][]byte, wire.Link) {
	digest := wire.Hash(b.content.Sum(nil))
	b.w.End(digest)
	return append(b.done, b.w.Bytes()), b.header.Prev.Next(b.lsn, digest)
}

// copyTable gives the province's rows that are younger than a version as wire tuples, which are
// COPY BINARY's without their count of fields.
func (p *Publisher) copyTable(ctx context.Context, tx pgx.Tx, t replica.Table, after wire.LSN, row func(tuple []byte)) error {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = pgx.Identifier{c.Name}.Sanitize()
	}
	var out bytes.Buffer
	query := fmt.Sprintf(`COPY (SELECT %s FROM %s WHERE province IN (0, %d) AND version > %d ORDER BY %s) TO STDOUT BINARY`,
		strings.Join(names, ", "), pgx.Identifier{t.Schema, t.Name}.Sanitize(), p.opts.Province, uint64(after), pgx.Identifier{t.Key}.Sanitize())
	if _, err := tx.Conn().PgConn().CopyTo(ctx, &out, query); err != nil {
		return err
	}
	return tuples(out.Bytes(), len(t.Columns), row)
}

// copyHeader is the length of COPY BINARY's header without extensions.
const copyHeader = 11 + 4 + 4

var errCopy = errors.New("publish: not the form of COPY BINARY")

// tuples cuts what COPY BINARY sent into rows of n fields.
func tuples(data []byte, n int, row func(tuple []byte)) error {
	if len(data) < copyHeader {
		return errCopy
	}
	data = data[copyHeader:]
	for {
		if len(data) < 2 {
			return errCopy
		}
		count := int(int16(binary.BigEndian.Uint16(data)))
		data = data[2:]
		if count == -1 {
			return nil
		}
		size := 0
		for range n {
			if count != n || len(data) < size+4 {
				return errCopy
			}
			size += 4 + max(0, int(int32(binary.BigEndian.Uint32(data[size:]))))
		}
		if len(data) < size {
			return errCopy
		}
		row(data[:size])
		data = data[size:]
	}
}
