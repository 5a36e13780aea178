package faulttest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// startPatience is how long a part may take until it says that it is ready.
const startPatience = 60 * time.Second

// Part is what a fault may kill: a Process or a Database.
type Part interface {
	// Title is what reports call it.
	Title() string
	// Kill ends it at once, as kill -9 or a crash would, and waits until it is gone.
	Kill()
	// Start runs it again and returns when it is ready.
	Start(ctx context.Context) error
}

// Process is a Go part of the rig: this test binary in a role.
type Process struct {
	name   string
	role   string
	config any
	log    string // file that its output is added to

	mu  sync.Mutex
	run *running
}

// running is one life of a process.
type running struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	answers chan []byte // lines of its standard output; closed when it has ended
}

// Title is the process's name.
func (p *Process) Title() string { return p.name }

// Start runs the process and waits until it is ready. It is an error while it runs.
func (p *Process) Start(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.run != nil {
		return fmt.Errorf("%s runs already", p.name)
	}
	config, err := json.Marshal(p.config)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // the process has its own descriptor
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"="+p.role, configVariable+"="+string(config))
	cmd.Stderr = log
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	r := &running{cmd: cmd, in: in, answers: make(chan []byte, 16)}
	go r.listen(out)
	select {
	case line, ok := <-r.answers:
		if !ok || string(line) != readyLine {
			r.kill()
			return fmt.Errorf("%s did not start: %q, see %s", p.name, line, p.log)
		}
	case <-time.After(startPatience):
		r.kill()
		return fmt.Errorf("%s is not ready after %s, see %s", p.name, startPatience, p.log)
	case <-ctx.Done():
		r.kill()
		return ctx.Err()
	}
	p.run = r
	return nil
}

// listen reads answers until the process ends.
func (r *running) listen(out io.Reader) {
	defer close(r.answers)
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		r.answers <- []byte(strings.TrimSuffix(line, "\n"))
	}
}

func (r *running) kill() {
	_ = r.cmd.Process.Kill() // an error says that it is gone already
	_ = r.in.Close()
	for range r.answers { //nolint:revive // until its output has ended
	}
	_ = r.cmd.Wait() // it was killed
}

// Kill ends the process at once; one that does not run is left alone.
func (p *Process) Kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.run != nil {
		p.run.kill()
		p.run = nil
	}
}

// Freeze stops the process where it is (SIGSTOP) until Thaw.
func (p *Process) Freeze() error { return p.signal(syscall.SIGSTOP) }

// Thaw lets a frozen process go on.
func (p *Process) Thaw() error { return p.signal(syscall.SIGCONT) }

func (p *Process) signal(s os.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.run == nil {
		return fmt.Errorf("%s does not run", p.name)
	}
	return p.run.cmd.Process.Signal(s)
}

// errAway is returned by Ask when the process was killed before it answered.
var errAway = errors.New("the process is gone")

// Ask sends a line and waits for the answer. One question at a time.
func (p *Process) Ask(ctx context.Context, question, answer any) error {
	p.mu.Lock()
	r := p.run
	p.mu.Unlock()
	if r == nil {
		return fmt.Errorf("%s: %w", p.name, errAway)
	}
	line, err := json.Marshal(question)
	if err != nil {
		return err
	}
	if _, err := r.in.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("%s: %w: %w", p.name, errAway, err)
	}
	select {
	case reply, ok := <-r.answers:
		if !ok {
			return fmt.Errorf("%s: %w", p.name, errAway)
		}
		return json.Unmarshal(reply, answer)
	case <-ctx.Done():
		return ctx.Err()
	}
}
