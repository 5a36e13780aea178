package world

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
)

// running is a part at work.
type running struct {
	done  <-chan struct{} // closed when it has ended
	gone  chan struct{}   // closed when its end has been noted
	kill  func()
	stop  func(context.Context) error
	asked atomic.Bool // its end was asked for
	log   string      // file
}

// startProcess starts this binary with the arguments, its output at the end of a log file. The
// child has a process group of its own, so that Ctrl-C reaches only this process, which then ends
// its children in order; and it is told to end when this process is gone, however that came about.
// The kernel does so when the thread that started the child ends: it stays for as long.
func startProcess(binary, log string, arguments ...string) (*running, error) {
	output, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	command := exec.Command(binary, arguments...)
	command.Stdout, command.Stderr = output, output
	command.Env = withoutSettings(os.Environ())
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	started, done := make(chan error, 1), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer func() { _ = output.Close() }() // the child has its own
		err := command.Start()
		started <- err
		if err == nil {
			_ = command.Wait() // whoever waits reads its last words
			close(done)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return &running{
		done: done, gone: make(chan struct{}), log: log,
		kill: func() { _ = command.Process.Kill() }, // may have ended meanwhile
		stop: func(ctx context.Context) error { return end(ctx, command.Process, done) },
	}, nil
}

// end asks a process to end and kills it when ctx or its patience ends.
func end(ctx context.Context, p *os.Process, done <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, stopWait)
	defer cancel()
	_ = p.Signal(syscall.SIGTERM) // may have ended meanwhile
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		_ = p.Kill()
		<-done
		return fmt.Errorf("had to be killed: %w", ctx.Err())
	}
}

// withoutSettings removes variables that would override the nodes' configuration.
func withoutSettings(environ []string) []string {
	var kept []string
	for _, pair := range environ {
		if !strings.HasPrefix(pair, "JIKE_PROVINCE_") && !strings.HasPrefix(pair, "JIKE_NATIONAL_") {
			kept = append(kept, pair)
		}
	}
	return kept
}

// lastWords is the end of a part's log, for an error message.
func (r *running) lastWords() string {
	const most = 2000
	f, err := os.Open(r.log)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && info.Size() > most {
		if _, err := f.Seek(-most, io.SeekEnd); err != nil {
			return ""
		}
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return ""
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	lines = lines[max(0, len(lines)-5):]
	return fmt.Sprintf("; the end of %s:\n%s", r.log, bytes.Join(lines, []byte("\n")))
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
