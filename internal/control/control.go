// Package control is how a command on the same machine speaks to a running node: HTTP over a Unix
// socket in the node's data directory. Who may open the socket (its owner, mode 0600) may give
// commands; there is no other authentication and no network.
package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// SocketName is the socket's name in a node's data directory.
const SocketName = "control.sock"

// maxPath is how long the path of a Unix socket may be on Linux.
const maxPath = 107

// Listen opens the socket. One left by a killed node is replaced; one that another running node
// answers on is refused.
func Listen(data string) (net.Listener, error) {
	path, err := socket(data)
	if err != nil {
		return nil, err
	}
	if conn, err := net.DialTimeout("unix", path, time.Second); err == nil {
		_ = conn.Close()
		return nil, fmt.Errorf("control: another node already runs on %s", data)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("control: %w", err)
	}
	old := syscall.Umask(0o177) // the socket is private from its first moment
	listener, err := net.Listen("unix", path)
	syscall.Umask(old)
	if err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	return listener, nil
}

// Serve answers commands with handler until ctx ends; a command that still runs then is cut off.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("control: %w", err)
	}
	return nil
}

// Client reaches the node whose data directory this is; the host in a request's URL is ignored,
// write http://node/….
func Client(data string) (*http.Client, error) {
	path, err := socket(data)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("no node runs on %s (%w): start it first", data, err)
	}
	var d net.Dialer
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return d.DialContext(ctx, "unix", path) },
	}}, nil
}

// Refusal is a node's answer to a command that it does not carry out, in its own words.
type Refusal struct {
	Status int // of HTTP
	Text   string
}

// Error is what the node said.
func (r *Refusal) Error() string { return r.Text }

// Ask sends a command to the node whose data directory this is and gives its answer; close the body.
// The target is a path with its query; a body, if there is one, is of the given type. What the node
// does not carry out is a *Refusal, and a node that does not run an error that says so.
func Ask(ctx context.Context, data, method, target, kind string, body io.Reader) (*http.Response, error) {
	client, err := Client(data)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://node"+target, body)
	if err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("no answer from the node on %s: %w", data, err)
	}
	if response.StatusCode < http.StatusMultipleChoices {
		return response, nil
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, 4096))
	return nil, errors.Join(&Refusal{response.StatusCode, strings.TrimSpace(string(text))}, err, response.Body.Close())
}

func socket(data string) (string, error) {
	path, err := filepath.Abs(filepath.Join(data, SocketName))
	if err != nil {
		return "", fmt.Errorf("control: %w", err)
	}
	if len(path) > maxPath {
		return "", fmt.Errorf("control: the path %s has %d bytes, a Unix socket takes %d: choose a shorter data directory", path, len(path), maxPath)
	}
	return path, nil
}
