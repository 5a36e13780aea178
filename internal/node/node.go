// Package node is what a provincial and a national node have in common: database server and
// pools, accounts and portal, metrics, the control socket for commands on the same machine, and
// tasks that run until the node ends. The levels add what they do: province/node.go and
// national/node.go read like a list of parts.
package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/build"
	"jike/internal/control"
	"jike/internal/pg"
	"jike/internal/portal"
	"jike/internal/signon"
	"jike/internal/trail"
)

// Options are the settings that both levels have.
type Options struct {
	Level    pg.Level
	Data     string // directory of what the node keeps on disk
	Postgres pg.Config
	Logger   *slog.Logger
}

// Node is the common part of a node. Its parts are added between Open and Run, by one goroutine.
type Node struct {
	Log       *slog.Logger
	Server    *pg.Server
	App, Sync *pgxpool.Pool // as jike_app and as jike_sync
	Registry  *prometheus.Registry
	Portal    *portal.Server
	Accounts  *account.Store // from OpenPortal on
	Commands  *http.ServeMux // answered on the control socket

	tasks   []func(context.Context) error
	closers []func()
}

// Open claims the data directory, starts the database or reaches the one that is named, and brings
// its schema up to date. It fails if another node runs on the directory. Close must follow.
func Open(ctx context.Context, o Options) (*Node, error) {
	if err := os.MkdirAll(o.Data, 0o711); err != nil { // the database's user must be able to enter
		return nil, fmt.Errorf("data directory: %w", err)
	}
	n := &Node{Log: o.Logger, Registry: prometheus.NewRegistry(), Commands: http.NewServeMux()}
	if err := n.open(ctx, o); err != nil {
		n.Close()
		return nil, err
	}
	return n, nil
}

func (n *Node) open(ctx context.Context, o Options) error {
	n.Registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	socket, err := control.Listen(o.Data)
	if err != nil {
		return err
	}
	n.OnClose(func() { _ = socket.Close() }) // the node is ending: nobody to tell
	n.Task(func(ctx context.Context) error { return control.Serve(ctx, socket, n.Commands) })
	if n.Server, err = pg.StartServer(ctx, o.Postgres, o.Data, o.Level, o.Logger); err != nil {
		return err
	}
	n.OnClose(n.stopServer)
	n.Task(n.watchServer)
	if n.App, err = n.pool(ctx, n.Server.AppURL); err != nil {
		return err
	}
	if n.Sync, err = n.pool(ctx, n.Server.SyncURL); err != nil {
		return err
	}
	n.Task(func(ctx context.Context) error {
		audit.NewSealer(n.App, n.Log).Run(ctx, time.Second)
		return nil
	})
	n.Task(func(ctx context.Context) error {
		trail.NewStore(n.App).Run(ctx, n.Log, time.Second)
		return nil
	})
	return nil
}

func (n *Node) pool(ctx context.Context, url string) (*pgxpool.Pool, error) {
	pool, err := pg.Open(ctx, url, 32)
	if err != nil {
		return nil, err
	}
	n.OnClose(pool.Close)
	return pool, nil
}

func (n *Node) stopServer() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := n.Server.Stop(ctx); err != nil {
		n.Log.Error("database did not stop cleanly", "error", err)
	}
}

// watchServer ends the node when its private database ends by itself: whoever supervises the node
// starts both again.
func (n *Node) watchServer(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-n.Server.Ended():
		return errors.New("the node's private PostgreSQL has ended: see pg.log in the data directory")
	}
}

// PortalOptions are the settings of a node's portal.
type PortalOptions struct {
	Title    string // of the OpenAPI document
	Listen   string // host:port
	Secure   bool   // reached by https only
	Accounts account.Settings
	OIDC     signon.Settings
	PlaceOf  func(ctx context.Context, unitID, accountID int64) (account.Place, error) // nil: no organisation
	// Closed is done in the transaction in which an account is closed; nil: nothing.
	Closed   func(ctx context.Context, tx pg.Tx, caller account.Caller, id int64) error
	Identity func(ctx context.Context) portal.Node
	Static   fs.FS // the built front end; nil: none
}

// ValidateSignIn gives what of a node's rules of signing in could not work.
func ValidateSignIn(a account.Settings, o signon.Settings) error {
	if err := o.Validate(); err != nil {
		return err
	}
	if len(a.PasswordRoles) > 0 && !o.On() {
		return errors.New("account.password_roles: without oidc nobody else could sign in")
	}
	for _, role := range a.PasswordRoles {
		if !slices.Contains(account.Roles(), role) {
			return fmt.Errorf("account.password_roles: %q is no role", role)
		}
	}
	return nil
}

// sessionLife is how long a session lasts after sign-in: a working day.
const sessionLife = 12 * time.Hour

// OpenPortal makes the portal and begins to listen; operations are registered at n.Portal.
func (n *Node) OpenPortal(o PortalOptions) error {
	accounts, err := account.NewStore(n.App, o.Accounts, o.PlaceOf)
	if err != nil {
		return err
	}
	if o.Closed != nil {
		accounts.OnClose(o.Closed)
	}
	n.Accounts = accounts
	var provider *signon.Provider
	if o.OIDC.On() {
		if provider, err = signon.New(o.OIDC); err != nil {
			return err
		}
	}
	n.Portal, err = portal.New(portal.Options{
		Title: o.Title, Version: "1", Logger: n.Log, Accounts: accounts, Registry: n.Registry, Static: o.Static, Secure: o.Secure,
		Sessions: account.NewSessions(n.App, sessionLife, o.Secure), SignOn: provider, Node: o.Identity,
		Ready: func(ctx context.Context) error { return n.App.Ping(ctx) },
	})
	if err != nil {
		return err
	}
	if err := n.Serve("portal", o.Listen, n.Portal.Handler()); err != nil {
		return err
	}
	n.Task(func(ctx context.Context) error {
		n.Portal.RemoveExpiredSessions(ctx, 10*time.Minute)
		return nil
	})
	return nil
}

// Serve listens now and answers while the node runs. When the node ends, running requests have ten
// seconds to finish.
func (n *Node) Serve(what, address string, handler http.Handler) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	n.OnClose(func() { _ = listener.Close() }) // closed already when its server has ended
	n.Log.Info("listening", "what", what, "address", listener.Addr().String())
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       60 * time.Second,
		WriteTimeout:      120 * time.Second,
		IdleTimeout:       120 * time.Second,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(n.Log.Handler(), slog.LevelDebug),
	}
	n.Task(func(ctx context.Context) error { return serve(ctx, server, listener) })
	return nil
}

// grace is how long requests that run when the node ends have to finish.
const grace = 10 * time.Second

func serve(ctx context.Context, server *http.Server, listener net.Listener) error {
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		stopped <- server.Shutdown(ending)
	})
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

// Task adds what Run runs. A task that returns an error ends the node.
func (n *Node) Task(run func(context.Context) error) { n.tasks = append(n.tasks, run) }

// OnClose adds what Close does; the last added is done first.
func (n *Node) OnClose(f func()) { n.closers = append(n.closers, f) }

// Run runs all tasks until ctx ends or one fails, and closes the node.
func (n *Node) Run(ctx context.Context) error {
	defer n.Close()
	group, ctx := errgroup.WithContext(ctx)
	for _, task := range n.tasks {
		group.Go(func() error { return task(ctx) })
	}
	n.Log.Info("node runs", "version", build.Version())
	err := group.Wait()
	n.Log.Info("node ends", "error", err)
	return err
}

// Close undoes everything, the last first. A second Close does nothing.
func (n *Node) Close() {
	closers := n.closers
	n.closers = nil
	for _, f := range slices.Backward(closers) {
		f()
	}
}

// Logger writes structured lines (JSON) of the level and above to standard error.
func Logger(level, name string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(strings.ToUpper(level))); err != nil {
		return nil, fmt.Errorf("log: %q is none of debug, info, warn, error", level)
	}
	return slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: l})).With("node", name), nil
}
