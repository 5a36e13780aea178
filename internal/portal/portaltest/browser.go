// Package portaltest signs in to a portal in tests and calls its JSON operations as the front end
// does.
package portaltest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"jike/internal/account"
)

// Password is one that the rules accept, for every account of a test.
const Password = "Spring-rain-88"

// Settings are quick: signing in costs nothing, and neither does being refused.
func Settings() account.Settings {
	s := account.DefaultSettings()
	s.Hashing = account.Hashing{MemoryKiB: 64, Passes: 1, Threads: 1}
	s.RefuseAfter = time.Millisecond
	return s
}

// Browser is somebody at a portal.
type Browser struct {
	CSRF   string
	url    string
	client *http.Client
}

// Serve serves a portal until the test ends and gives its URL.
func Serve(tb testing.TB, handler http.Handler) (url string) {
	tb.Helper()
	server := httptest.NewServer(handler)
	tb.Cleanup(server.Close)
	return server.URL
}

// New opens a browser at a portal and signs in; an empty login has no session.
func New(tb testing.TB, url, login string) *Browser {
	tb.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		tb.Fatal(err)
	}
	b := &Browser{url: url, client: &http.Client{Jar: jar}}
	if login == "" {
		return b
	}
	status, doc := b.Call(tb, http.MethodPost, "/api/session", `{"login":"`+login+`","password":"`+Password+`"}`)
	if status != http.StatusOK {
		tb.Fatalf("%s cannot sign in: %d %v", login, status, doc)
	}
	b.CSRF = doc["csrf"].(string)
	return b
}

// Forged is another site's page in the same browser: it has the cookie, and not the token.
func (b *Browser) Forged() *Browser { return &Browser{url: b.url, client: b.client} }

// Call sends a request and gives the status and the answer's document; none if it is no object.
func (b *Browser) Call(tb testing.TB, method, path, body string) (int, map[string]any) {
	tb.Helper()
	status, header, content := b.Raw(tb, method, path, body)
	doc := map[string]any{}
	if strings.Contains(header.Get("Content-Type"), "json") && bytes.HasPrefix(bytes.TrimSpace(content), []byte("{")) {
		if err := json.Unmarshal(content, &doc); err != nil {
			tb.Fatalf("%s %s: %v in %s", method, path, err, content)
		}
	}
	return status, doc
}

// Raw sends a request and gives the status, the headers and the body of the answer.
func (b *Browser) Raw(tb testing.TB, method, path, body string) (int, http.Header, []byte) {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), method, b.url+path, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-CSRF-Token", b.CSRF)
	res, err := b.client.Do(r)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	content, err := io.ReadAll(res.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return res.StatusCode, res.Header, content
}
