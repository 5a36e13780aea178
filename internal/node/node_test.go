package node_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"jike/internal/account"
	"jike/internal/control"
	"jike/internal/node"
	"jike/internal/pg"
	"jike/internal/pg/pgtest"
	"jike/internal/portal"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// open makes a node on a database of the test and a data directory.
func open(t *testing.T, data string) (*node.Node, error) {
	t.Helper()
	db := pgtest.Province(t)
	return node.Open(t.Context(), node.Options{
		Level: pg.Province, Data: data, Logger: slog.New(slog.DiscardHandler),
		Postgres: pg.Config{OwnerURL: db.OwnerURL, AppURL: db.AppURL, SyncURL: db.SyncURL},
	})
}

func openPortal(t *testing.T, n *node.Node, listen string) error {
	t.Helper()
	return n.OpenPortal(node.PortalOptions{
		Title: "test", Listen: listen, Accounts: account.DefaultSettings(),
		Identity: func(context.Context) portal.Node { return portal.Node{Level: "province"} },
	})
}

func TestNodeAnswersUntilItsContextEnds(t *testing.T) {
	data := pgtest.Dir(t)
	n, err := open(t, data)
	if err != nil {
		t.Fatal(err)
	}
	n.Commands.HandleFunc("GET /ping", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "pong") })
	if err := openPortal(t, n, "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	client, err := control.Client(data)
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	answer, err := client.Get("http://node/ping")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(answer.Body); err != nil || string(text) != "pong" {
		t.Fatalf("%s %v", text, err)
	}
	if err := answer.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, data); err == nil || !strings.Contains(err.Error(), "another node") {
		t.Errorf("a second node on the directory: %v", err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	again, err := open(t, data)
	if err != nil {
		t.Fatalf("after the end: %v", err)
	}
	again.Close()
}

func TestATakenPortIsNamed(t *testing.T) {
	n, err := open(t, pgtest.Dir(t))
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	address := taken.Addr().String()
	if err := openPortal(t, n, address); err == nil || !strings.Contains(err.Error(), address) {
		t.Fatalf("got %v", err)
	}
}

func TestAFailedTaskEndsTheNode(t *testing.T) {
	n, err := open(t, pgtest.Dir(t))
	if err != nil {
		t.Fatal(err)
	}
	broken, closed := errors.New("broken"), false
	n.OnClose(func() { closed = true })
	n.Task(func(context.Context) error { return broken })
	n.Task(func(ctx context.Context) error { <-ctx.Done(); return nil })
	if err := n.Run(t.Context()); !errors.Is(err, broken) || !closed {
		t.Fatalf("got %v, closed %t", err, closed)
	}
}

func TestAnEndedDatabaseEndsTheNode(t *testing.T) {
	data := pgtest.Dir(t)
	n, err := node.Open(t.Context(), node.Options{Level: pg.Province, Data: data, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Server.Stop(t.Context()); err != nil { // behind the node's back
		t.Fatal(err)
	}
	if err := n.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "PostgreSQL has ended") {
		t.Fatalf("got %v", err)
	}
}
