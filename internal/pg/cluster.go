package pg

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/schemas/sql"
)

// ClusterOptions says where a private cluster lives and how it is run.
type ClusterOptions struct {
	Dir      string            // data directory; made if it is not there
	NoSync   bool              // fsync off: only for tests that do not kill the server
	Settings map[string]string // further server settings, such as {"max_wal_senders": "20"}
	Log      *slog.Logger      // nil: the default logger
}

// Cluster is a private PostgreSQL server: socket only, no TCP, ended with its parent.
type Cluster struct {
	opts     ClusterOptions
	bin      Binaries
	socket   string // directory of the socket
	attached bool   // another process runs it
	server   *exec.Cmd
	done     chan struct{} // closed when the server has ended
	exit     error         // why, readable after done
}

// Superuser owns a private cluster; nodes never connect as it, only StartCluster and whoever
// verifies from outside do.
const Superuser = "postgres"

// StartCluster makes the cluster if it is new (roles and database included) and starts it, or
// attaches to it if another process already runs it. It returns when the server accepts
// connections. As root the server runs as another user, since PostgreSQL refuses root.
func StartCluster(ctx context.Context, opts ClusterOptions) (*Cluster, error) {
	bin, err := FindBinaries()
	if err != nil {
		return nil, err
	}
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	dir, err := filepath.Abs(opts.Dir)
	if err != nil {
		return nil, err
	}
	opts.Dir = dir
	c := &Cluster{opts: opts, bin: bin, socket: socketDir(dir), done: make(chan struct{})}
	if bin.Major == 15 && bin.Minor < SafeMinor {
		opts.Log.Warn("this PostgreSQL minor has the exported-snapshot bug; the snapshot guard covers it, but install the newest minor",
			"version", fmt.Sprintf("%d.%d", bin.Major, bin.Minor), "fixed_in", fmt.Sprintf("15.%d", SafeMinor))
	}
	if c.running(ctx) {
		c.attached = true
		return c, nil
	}
	if err := c.prepare(); err != nil {
		return nil, fmt.Errorf("cluster %s: %w", dir, err)
	}
	if err := c.launch(ctx); err != nil {
		return nil, fmt.Errorf("cluster %s: %w", dir, err)
	}
	if err := c.bootstrap(ctx); err != nil {
		_ = c.Stop(ctx) // the bootstrap error is the one to report
		return nil, fmt.Errorf("cluster %s: %w", dir, err)
	}
	return c, nil
}

// socketDir is short, because the path of a Unix socket holds only 107 bytes, and follows from
// the data directory, so that a second process finds the server.
func socketDir(dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return filepath.Join(os.TempDir(), "jike-pg-"+hex.EncodeToString(sum[:6]))
}

// URL is the connection string of a role on a database of the cluster.
func (c *Cluster) URL(role, database string) string { return socketURL(c.socket, role, database) }

// ClusterURL is Cluster.URL for a private cluster that another process runs or will run; dir is an
// absolute path.
func ClusterURL(dir, role, database string) string { return socketURL(socketDir(dir), role, database) }

func socketURL(socket, role, database string) string {
	q := url.Values{"host": {socket}}
	return (&url.URL{Scheme: "postgres", User: url.User(role), Path: "/" + database, RawQuery: q.Encode()}).String()
}

// SuperuserURL is for set-up and tests; a node never uses it.
func (c *Cluster) SuperuserURL(database string) string { return c.URL(Superuser, database) }

// Version is the server's version, such as 15.20.
func (c *Cluster) Version() string { return fmt.Sprintf("%d.%d", c.bin.Major, c.bin.Minor) }

// Done is closed when the server has ended, by Stop or by itself. It never closes for a cluster
// that another process runs.
func (c *Cluster) Done() <-chan struct{} { return c.done }

// PID is the server's process id, 0 for a cluster that another process runs.
func (c *Cluster) PID() int {
	if c.server == nil {
		return 0
	}
	return c.server.Process.Pid
}

// Stop ends the server with a fast shutdown and waits for it. A cluster that another process
// runs is left alone.
func (c *Cluster) Stop(ctx context.Context) error {
	if c.attached || c.server == nil {
		return nil
	}
	if err := c.server.Process.Signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		_ = c.server.Process.Signal(syscall.SIGQUIT) // may have ended meanwhile
		<-c.done
	}
	return os.RemoveAll(c.socket)
}

// Kill ends the server and its children at once, without a shutdown, as a crash would: for fault
// tests. Each child has a process group of its own, so they are killed one by one; the postmaster
// goes first, that it may not start others.
func (c *Cluster) Kill() {
	if c.server == nil {
		return
	}
	select {
	case <-c.done:
		return // its id may be another's by now
	default:
	}
	pid := c.server.Process.Pid
	_ = syscall.Kill(pid, syscall.SIGSTOP) // what ends meanwhile stays a zombie, so that no id is another's
	backends := children(pid)
	_ = syscall.Kill(pid, syscall.SIGKILL) // may have ended meanwhile
	for _, backend := range backends {
		_ = syscall.Kill(backend, syscall.SIGKILL)
	}
	<-c.done
}

func (c *Cluster) running(ctx context.Context) bool {
	if _, err := os.Stat(filepath.Join(c.socket, ".s.PGSQL.5432")); err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.SuperuserURL("postgres"))
	if err != nil {
		return false
	}
	return conn.Close(ctx) == nil
}

// bootstrap makes roles and database on a new cluster.
func (c *Cluster) bootstrap(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, c.SuperuserURL("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	var there bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", Database).Scan(&there); err != nil || there {
		return err
	}
	// CREATE DATABASE wants to stand alone, so the statements go one by one.
	for statement := range strings.SplitSeq(withoutComments(sql.Roles), ";") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("roles.sql: %w", err)
		}
	}
	return c.setUpDatabase(ctx, Database)
}

func (c *Cluster) setUpDatabase(ctx context.Context, database string) error {
	conn, err := pgx.Connect(ctx, c.SuperuserURL(database))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, sql.NewDatabase); err != nil {
		return fmt.Errorf("database.sql: %w", err)
	}
	return nil
}

func withoutComments(script string) string {
	var b strings.Builder
	for line := range strings.Lines(script) {
		if !strings.HasPrefix(line, "--") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// serverArgs are the settings that the design needs, then those of the options.
func (c *Cluster) serverArgs() []string {
	settings := map[string]string{
		"listen_addresses":        "",
		"unix_socket_directories": c.socket,
		"unix_socket_permissions": "0700",
		"wal_level":               "logical",
		"max_wal_size":            "2GB",
		"shared_buffers":          "128MB",
		"timezone":                "UTC",
		"lc_messages":             "C",
		"log_min_messages":        "warning",
	}
	if c.opts.NoSync {
		settings["fsync"] = "off"
		settings["full_page_writes"] = "off"
	}
	for name, value := range c.opts.Settings {
		settings[name] = value
	}
	names := make([]string, 0, len(settings))
	for name := range settings {
		names = append(names, name)
	}
	sort.Strings(names)
	args := []string{"-D", c.opts.Dir}
	for _, name := range names {
		args = append(args, "-c", name+"="+settings[name])
	}
	return args
}

// CreateDatabase makes a further database as a copy of template, with the rights that every
// database of a node has: for tests and benchmarks.
func (c *Cluster) CreateDatabase(ctx context.Context, name, template string) error {
	conn, err := pgx.Connect(ctx, c.SuperuserURL("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	statement := fmt.Sprintf("CREATE DATABASE %s OWNER %s TEMPLATE %s",
		pgx.Identifier{name}.Sanitize(), RoleOwner, pgx.Identifier{template}.Sanitize())
	if _, err := conn.Exec(ctx, statement); err != nil {
		return err
	}
	return c.setUpDatabase(ctx, name)
}
