package capture

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// line is what a feed needs of its connection.
type line interface {
	io.ReadWriteCloser
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// socket is a connection whose reads block a thread instead of waiting in the runtime's poller.
// PostgreSQL sends every row by itself; a descriptor that the poller knows wakes it up each time,
// even when nobody wants to read, which costs both processes more than the rows do. One goroutine
// reads, another may write.
type socket struct {
	file     *os.File
	raw      syscall.RawConn
	deadline time.Time
}

// takeSocket takes the descriptor out of conn, which is closed. A connection that has none to
// give, such as an encrypted one, is returned as it is.
func takeSocket(conn net.Conn) (line, error) {
	source, ok := conn.(syscall.Conn)
	if !ok {
		return conn, nil
	}
	raw, err := source.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("capture: socket: %w", err)
	}
	fd, failed := -1, error(nil)
	err = raw.Control(func(from uintptr) { fd, failed = unix.FcntlInt(from, unix.F_DUPFD_CLOEXEC, 0) })
	if err := errors.Join(err, failed); err != nil {
		return nil, fmt.Errorf("capture: socket: %w", err)
	}
	// Closing tells the poller to forget the descriptor; only then may the copy block.
	if err := errors.Join(conn.Close(), unix.SetNonblock(fd, false)); err != nil {
		return nil, fmt.Errorf("capture: socket: %w", errors.Join(err, unix.Close(fd)))
	}
	s := &socket{file: os.NewFile(uintptr(fd), "replication")}
	if s.raw, err = s.file.SyscallConn(); err != nil {
		return nil, fmt.Errorf("capture: socket: %w", errors.Join(err, s.file.Close()))
	}
	return s, nil
}

// Read waits for the deadline at most, and then returns os.ErrDeadlineExceeded.
func (s *socket) Read(p []byte) (int, error) {
	if !s.deadline.IsZero() {
		if err := s.await(); err != nil {
			return 0, err
		}
	}
	return s.file.Read(p)
}

func (s *socket) await() error {
	for {
		rest := unix.NsecToTimespec(int64(max(0, time.Until(s.deadline))))
		n, failed := 0, error(nil)
		err := s.raw.Control(func(fd uintptr) {
			n, failed = unix.Ppoll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, &rest, nil)
		})
		switch {
		case errors.Is(failed, unix.EINTR):
		case err != nil || failed != nil:
			return errors.Join(err, failed)
		case n == 0:
			return os.ErrDeadlineExceeded
		default:
			return nil
		}
	}
}

func (s *socket) Write(p []byte) (int, error) { return s.file.Write(p) }

// SetReadDeadline is for the goroutine that reads.
func (s *socket) SetReadDeadline(t time.Time) error {
	s.deadline = t
	return nil
}

// SetWriteDeadline makes a write give up after the time from now until t.
func (s *socket) SetWriteDeadline(t time.Time) error {
	limit := unix.NsecToTimeval(int64(max(time.Millisecond, time.Until(t))))
	failed := error(nil)
	err := s.raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptTimeval(int(fd), unix.SOL_SOCKET, unix.SO_SNDTIMEO, &limit)
	})
	return errors.Join(err, failed)
}

// Close ends a read that waits, too.
func (s *socket) Close() error {
	_ = s.raw.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_RDWR) }) // the peer may be gone
	return s.file.Close()
}
