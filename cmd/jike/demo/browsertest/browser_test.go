//go:build browser

package browsertest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"jike/cmd/jike/demo/browsertest"
)

const axe = "../../../../web/node_modules/axe-core/axe.min.js"

// recorder keeps what a test would have been failed for.
type recorder struct {
	testing.TB
	mu     sync.Mutex
	errors []string
}

func (r *recorder) Errorf(format string, a ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errors = append(r.errors, fmt.Sprintf(format, a...))
}

func (r *recorder) take() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := strings.Join(r.errors, "\n")
	r.errors = nil
	return text
}

// page is a page with something wrong on it.
func page(content string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src data:; script-src 'nonce-n'")
		_, _ = fmt.Fprintf(w, `<!doctype html><html lang="zh-CN"><head><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
			<title>标题</title></head><body><main><h1 data-testid="heading">标题</h1>%s</main></body></html>`, content)
	}
}

// Each kind of problem must be seen, or the browser's tests hold nothing.
func TestBrowserSeesWhatAPersonWouldNot(t *testing.T) {
	r := &recorder{TB: t}
	b := browsertest.Start(t, browsertest.Options{Screenshots: t.TempDir(), Axe: axe}).Open(r)
	for _, c := range []struct{ content, says string }{
		{`<p>nothing</p>`, ""},
		{`<script nonce="n">console.error('broken', 7)</script>`, "console.error: \"broken\""},
		{`<script nonce="n">throw new Error('thrown')</script>`, "exception: Uncaught Error: thrown"},
		{`<script nonce="n">Promise.reject(new Error('rejected'))</script>`, "rejected"},
		{`<script nonce="n">fetch('/missing')</script>`, "/missing was answered 404"},
		{`<script nonce="n">fetch('http://127.0.0.1:1/')</script>`, "violates the following Content Security Policy directive"},
		{`<script>alert(1)</script>`, "violates the following Content Security Policy directive"},
		{`<input>`, "axe: label"},
		{`<script nonce="n">document.querySelector('main').append(Object.assign(document.createElement('canvas'), { width: 500, role: 'presentation' }))</script>`, "pixels wide on a screen of 390"},
	} {
		server := httptest.NewServer(page(c.content))
		b.Open(server.URL)
		b.See("heading", "标题")
		b.Shot("page")
		server.Close()
		if said := r.take(); c.says == "" && said != "" || !strings.Contains(said, c.says) {
			t.Errorf("%s: want %q, got %q", c.content, c.says, said)
		}
	}
	server := httptest.NewServer(page(`<script nonce="n">fetch('/missing')</script>`))
	defer server.Close()
	b.Allow(404, "GET", "/missing")
	b.Open(server.URL)
	b.Check()
	if said := r.take(); said != "" {
		t.Errorf("what is allowed fails: %s", said)
	}
}

func TestBrowserTypesOverWhatIsThere(t *testing.T) {
	server := httptest.NewServer(page(`<label>字段<input data-testid="field" value="before"></label>`))
	defer server.Close()
	shots := t.TempDir()
	b := browsertest.Start(t, browsertest.Options{Screenshots: shots, Axe: axe}).Open(t)
	b.Open(server.URL)
	b.Type("field", "Hello 集客䶮")
	if text := b.Text("field"); text != "Hello 集客䶮" {
		t.Errorf("typed %q", text)
	}
	b.Shot("field")
	for _, name := range []string{"field-1366.png", "field-390.png"} {
		if info, err := os.Stat(filepath.Join(shots, name)); err != nil || info.Size() < 1000 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
