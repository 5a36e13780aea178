package capture

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// socketPair is a socket and its peer.
func socketPair(t *testing.T) (line, net.Conn) {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	conn, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	peer, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = peer.Close() })
	s, err := takeSocket(conn)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := s.(*socket); !ok {
		t.Fatalf("a %T, want a socket", s)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, peer
}

func TestSocketReadsAndWrites(t *testing.T) {
	s, peer := socketPair(t)
	buf := make([]byte, 8)
	if _, err := peer.Write([]byte("down")); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Read(buf); err != nil || string(buf[:n]) != "down" {
		t.Fatalf("%q, %v", buf[:n], err)
	}
	if err := s.SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write([]byte("up")); err != nil {
		t.Fatal(err)
	}
	if n, err := peer.Read(buf); err != nil || string(buf[:n]) != "up" {
		t.Fatalf("%q, %v", buf[:n], err)
	}
}

func TestSocketKeepsItsDeadline(t *testing.T) {
	s, peer := socketPair(t)
	buf := make([]byte, 8)
	if err := s.SetReadDeadline(time.Now().Add(5 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("nothing came: %v", err)
	}
	if _, err := peer.Write([]byte("late")); err != nil {
		t.Fatal(err)
	}
	if err := s.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Read(buf); err != nil || string(buf[:n]) != "late" {
		t.Fatalf("%q, %v", buf[:n], err)
	}
}

// A session ends by closing its feed while the packer waits for the log.
func TestSocketCloseEndsARead(t *testing.T) {
	s, _ := socketPair(t)
	ended := make(chan error)
	go func() {
		_, err := s.Read(make([]byte, 8))
		ended <- err
	}()
	time.Sleep(20 * time.Millisecond) // most often the read waits by now; it must end in any case
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err == nil {
			t.Error("the read ended without an error")
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the read still waits")
	}
}
