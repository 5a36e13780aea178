package capture

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"jike/sync/wire"
)

// feed is a replication connection that streams a slot. It reads into one large buffer and hands
// out slices of it, since a message per row through the driver's own reader costs half of a core;
// status goes out beside it from another goroutine.
type feed struct {
	conn line
	buf  []byte
	r, w int // unread bytes are buf[r:w]
	last int // what the last read brought

	writing sync.Mutex
}

// feedBuffer is the size of a feed's buffer. It grows for a message that is larger, and above
// keptBuffer goes back once that was read.
const (
	feedBuffer = 256 << 10
	keptBuffer = 4 << 20
)

// errQuiet is returned by next when nothing came until the deadline.
var errQuiet = errors.New("capture: nothing came")

// openFeed starts streaming at a position; PostgreSQL silently starts at the slot's confirmed
// position if that is later.
func openFeed(ctx context.Context, url string, start wire.LSN) (*feed, error) {
	config, err := pgconn.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("capture: database URL: %w", err)
	}
	config.RuntimeParams["replication"] = "database"
	config.RuntimeParams["application_name"] = "jike_capture"
	pg, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("capture: connect: %w", err)
	}
	hijacked, err := pg.Hijack()
	if err != nil {
		return nil, fmt.Errorf("capture: connect: %w", errors.Join(err, pg.Close(ctx)))
	}
	socket, err := takeSocket(hijacked.Conn)
	if err != nil {
		return nil, errors.Join(err, hijacked.Conn.Close())
	}
	f := &feed{conn: socket, buf: make([]byte, feedBuffer)}
	if err := f.start(ctx, start); err != nil {
		return nil, errors.Join(err, f.conn.Close())
	}
	return f, nil
}

func (f *feed) start(ctx context.Context, start wire.LSN) error {
	query := fmt.Sprintf(`START_REPLICATION SLOT %s LOGICAL %s (proto_version '1', publication_names '%s', binary 'true', messages 'true')`,
		Slot, start, Publication)
	message, err := (&pgproto3.Query{String: query}).Encode(nil)
	if err != nil {
		return fmt.Errorf("capture: %w", err)
	}
	if _, err := f.conn.Write(message); err != nil {
		return fmt.Errorf("capture: start streaming: %w", err)
	}
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(30 * time.Second)
	}
	for {
		kind, body, err := f.message(deadline)
		if err != nil {
			return fmt.Errorf("capture: start streaming: %w", err)
		}
		switch kind {
		case 'W': // CopyBothResponse
			return nil
		case 'E':
			return serverError(body)
		case 'N', 'S': // notice, parameter status
		default:
			return fmt.Errorf("capture: start streaming: unexpected message %q", kind)
		}
	}
}

// next returns the next replication message: the type byte 'w' (log data, without its header) or
// 'k' (keepalive, whole). The bytes stay valid until the next call. It returns errQuiet when no
// whole message came before the deadline; the zero deadline waits for ever.
func (f *feed) next(deadline time.Time) (kind byte, payload []byte, err error) {
	for {
		kind, body, err := f.message(deadline)
		if err != nil {
			return 0, nil, err
		}
		switch kind {
		case 'd':
			if len(body) >= 25 && body[0] == 'w' {
				return 'w', body[25:], nil
			}
			if len(body) >= 18 && body[0] == 'k' {
				return 'k', body[1:], nil
			}
			return 0, nil, fmt.Errorf("capture: replication message of %d bytes", len(body))
		case 'E':
			return 0, nil, serverError(body)
		case 'N', 'S':
		default:
			return 0, nil, fmt.Errorf("capture: streaming ended with message %q", kind)
		}
	}
}

// buffered reports whether a whole message is there already.
func (f *feed) buffered() bool {
	have := f.w - f.r
	return have >= 5 && have >= 1+int(binary.BigEndian.Uint32(f.buf[f.r+1:]))
}

// behind reports whether the last read brought so much that PostgreSQL may wait for room.
func (f *feed) behind() bool { return f.last >= 32<<10 }

func (f *feed) message(deadline time.Time) (byte, []byte, error) {
	for !f.buffered() {
		if err := f.fill(deadline); err != nil {
			return 0, nil, err
		}
	}
	size := int(binary.BigEndian.Uint32(f.buf[f.r+1:]))
	if size < 4 {
		return 0, nil, fmt.Errorf("capture: message of length %d", size)
	}
	kind, body := f.buf[f.r], f.buf[f.r+5:f.r+1+size]
	f.r += 1 + size
	return kind, body, nil
}

// fill reads more, after making room for at least the message that is begun.
func (f *feed) fill(deadline time.Time) error {
	if f.r == f.w {
		f.r, f.w = 0, 0
		if len(f.buf) > keptBuffer { // a very large row is not paid for in memory for ever
			f.buf = make([]byte, feedBuffer)
		}
	}
	need := 5
	if f.w-f.r >= 5 {
		need = 1 + int(binary.BigEndian.Uint32(f.buf[f.r+1:]))
	}
	if f.r > 0 && len(f.buf)-f.r < max(need, len(f.buf)/2) {
		f.w = copy(f.buf, f.buf[f.r:f.w])
		f.r = 0
	}
	if need > len(f.buf)-f.r {
		f.buf = append(f.buf[:f.w], make([]byte, need+len(f.buf))...)
	}
	if err := f.conn.SetReadDeadline(deadline); err != nil {
		return fmt.Errorf("capture: %w", err)
	}
	n, err := f.conn.Read(f.buf[f.w:])
	f.w += n
	f.last = n
	if n > 0 {
		return nil
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errQuiet
	}
	return fmt.Errorf("capture: read the log: %w", err)
}

// status tells PostgreSQL what it may forget. It is also the sign of life.
func (f *feed) status(confirmed wire.LSN) error {
	m := make([]byte, 0, 39)
	m = append(m, 'd', 0, 0, 0, 38, 'r')
	for range 3 { // written, flushed, applied
		m = binary.BigEndian.AppendUint64(m, uint64(confirmed))
	}
	m = binary.BigEndian.AppendUint64(m, uint64(time.Since(wire.PostgresEpoch).Microseconds()))
	m = append(m, 0)
	f.writing.Lock()
	defer f.writing.Unlock()
	if err := f.conn.SetWriteDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return fmt.Errorf("capture: status: %w", err)
	}
	if _, err := f.conn.Write(m); err != nil {
		return fmt.Errorf("capture: status: %w", err)
	}
	return nil
}

func (f *feed) close() error { return f.conn.Close() }

func serverError(body []byte) error {
	var r pgproto3.ErrorResponse
	if err := r.Decode(body); err != nil {
		return fmt.Errorf("capture: error that cannot be read: %w", err)
	}
	return fmt.Errorf("capture: %w", pgconn.ErrorResponseToPgError(&r))
}
