package pg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// credential is whom the server runs as: nil for the current user; for root the user postgres,
// or nobody where there is none.
func credential() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody to run it as")
}

// prepare makes the data directory with initdb if it is new, and the socket's directory.
func (c *Cluster) prepare() error {
	cred, err := credential()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(c.opts.Dir), 0o755); err != nil {
		return err
	}
	for _, dir := range []string{c.opts.Dir, c.socket} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		if cred != nil {
			if err := os.Chown(dir, int(cred.Uid), int(cred.Gid)); err != nil {
				return err
			}
		}
	}
	if err := reachable(c.opts.Dir, cred); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(c.opts.Dir, "PG_VERSION")); err == nil {
		return nil
	}
	cmd := exec.Command(c.bin.path("initdb"), "-D", c.opts.Dir, "-U", Superuser,
		"-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred}
	cmd.Dir = "/"
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}

// reachable says clearly which directory the server's user cannot enter; initdb would only say
// "permission denied".
func reachable(dir string, cred *syscall.Credential) error {
	if cred == nil {
		return nil
	}
	for parent := filepath.Dir(dir); ; parent = filepath.Dir(parent) {
		info, err := os.Stat(parent)
		if err != nil {
			return err
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		if ok && info.Mode().Perm()&0o001 == 0 && st.Uid != cred.Uid {
			return fmt.Errorf("user id %d, as which PostgreSQL runs, cannot enter %s: choose a data directory elsewhere or allow it with chmod o+x", cred.Uid, parent)
		}
		if parent == filepath.Dir(parent) {
			return nil
		}
	}
}

// CheckDir says whether a private cluster could live in dir: as root the server runs as another
// user, who must be able to enter what is above it. What does not exist yet is no obstacle.
func CheckDir(dir string) error {
	cred, err := credential()
	if err != nil {
		return err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	for {
		if _, err := os.Stat(filepath.Dir(dir)); !errors.Is(err, os.ErrNotExist) {
			return reachable(dir, cred)
		}
		dir = filepath.Dir(dir)
	}
}

// children lists the processes that pid's main thread has started.
func children(pid int) []int {
	list, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil // it is gone
	}
	var all []int
	for _, field := range strings.Fields(string(list)) {
		if child, err := strconv.Atoi(field); err == nil {
			all = append(all, child)
		}
	}
	return all
}

// busyPatience is how long the last children of a server that was killed hard may take to end, and
// busyPause how long a start rests that met them.
const (
	busyPatience = 20 * time.Second
	busyPause    = 100 * time.Millisecond
)

// launch starts the server, again while what an earlier one left behind still ends: postgres says of a
// pid file and of shared memory whose processes are gone that they are stale, and refuses to start
// while one of these is not gone yet.
func (c *Cluster) launch(ctx context.Context) error {
	for deadline := time.Now().Add(busyPatience); ; {
		err := c.start(ctx)
		if !errors.Is(err, errBusy) || time.Now().After(deadline) {
			return err
		}
		select {
		case <-time.After(busyPause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// errBusy says that processes of an earlier server still hold the data directory.
var errBusy = errors.New("processes of an earlier server have not ended")

// ended is the error of a server that ended while it started, with its last words in the log, which
// had a length before.
func (c *Cluster) ended(before int64) error {
	written, err := os.ReadFile(c.opts.Dir + ".log")
	if err != nil || int64(len(written)) < before {
		return errors.Join(fmt.Errorf("postgres ended while starting: see %s.log", c.opts.Dir), c.exit, err)
	}
	words := string(bytes.TrimSpace(written[before:]))
	err = fmt.Errorf("postgres ended while starting: %w: %s", c.exit, words)
	if strings.Contains(words, "pre-existing shared memory block") || strings.Contains(words, `lock file "postmaster.pid" already exists`) {
		return errors.Join(err, errBusy)
	}
	return err
}

// start starts the server once, from a locked thread: Pdeathsig fires when the thread that started a
// process ends, so that thread stays until the server has ended.
func (c *Cluster) start(ctx context.Context) error {
	cred, err := credential()
	if err != nil {
		return err
	}
	logFile, err := os.OpenFile(c.opts.Dir+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	info, err := logFile.Stat()
	if err != nil {
		return errors.Join(err, logFile.Close())
	}
	c.done = make(chan struct{})
	c.server = exec.Command(c.bin.path("postgres"), c.serverArgs()...)
	c.server.Stdout, c.server.Stderr = logFile, logFile
	c.server.Dir = "/"
	c.server.SysProcAttr = &syscall.SysProcAttr{Credential: cred, Setpgid: true, Pdeathsig: syscall.SIGQUIT}
	started, done := make(chan error, 1), c.done
	go func() {
		runtime.LockOSThread()
		defer func() { _ = logFile.Close() }()
		err := c.server.Start()
		started <- err
		if err != nil {
			return
		}
		c.exit = c.server.Wait()
		close(done)
	}()
	if err := <-started; err != nil {
		return err
	}
	return c.awaitReady(ctx, info.Size())
}

// awaitReady polls the socket: a starting postgres gives no signal that could be waited for. The log had
// a length before.
func (c *Cluster) awaitReady(ctx context.Context, logged int64) error {
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, c.SuperuserURL("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-c.done:
			return c.ended(logged)
		case <-ctx.Done():
			_ = c.server.Process.Signal(syscall.SIGQUIT) // may have ended meanwhile
			return fmt.Errorf("postgres did not get ready: %w", err)
		case <-tick.C:
		}
	}
}
