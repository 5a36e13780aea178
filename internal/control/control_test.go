package control_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"jike/internal/control"
)

func TestCommandReachesTheNodeAndTheSocketIsPrivate(t *testing.T) {
	data, err := os.MkdirTemp("", "jike-control-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(data) })
	if _, err := control.Client(data); err == nil {
		t.Fatal("a client for a node that does not run")
	}
	// What a killed node leaves behind is no hindrance.
	if err := os.WriteFile(filepath.Join(data, control.SocketName), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Path) })
	listener, err := control.Listen(data)
	if err != nil {
		t.Fatal(err)
	}
	go func() { ended <- control.Serve(ctx, listener, handler) }()
	client, err := control.Client(data)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Get("http://node/command")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil || string(body) != "/command" {
		t.Fatalf("answer %q, %v", body, err)
	}
	info, err := os.Stat(filepath.Join(data, control.SocketName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("socket mode %v, %v; want 0600", info.Mode(), err)
	}
	if _, err := control.Listen(data); err == nil {
		t.Fatal("a second node on the same data directory was not refused")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}
