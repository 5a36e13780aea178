// Package browsertest drives a headless Chromium as a person would, by mouse and keyboard, and
// fails the test for what a person would only find in the developer's console: an error there, a
// request that failed, something that the content security policy refused.
//
// Elements are named by their data-testid. Every call waits until what it needs is on the page, and
// fails the test if that takes too long.
package browsertest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// The two widths in pixels that the portal must be usable at, with a usual height.
const (
	Desktop, desktopHeight = 1366, 768
	Phone, phoneHeight     = 390, 844
)

// patience is how long an element may take to appear.
const patience = 20 * time.Second

// Chromium is a browser's process, for as many people as a test has: to start one takes longer than most of
// what they do in it.
type Chromium struct {
	ctx     context.Context
	options Options
	axe     string // source text of axe-core
}

// Browser is one page with a profile of its own: who signs in there is signed in nowhere else.
type Browser struct {
	tb      testing.TB
	ctx     context.Context
	shots   string // directory
	axe     string // source text of axe-core
	allowed []answer

	mu       sync.Mutex
	requests map[network.RequestID]string // method and URL
	problems []problem
}

// answer is a refusal that belongs to what is tested.
type answer struct {
	status int64
	method string
	path   string // part of the URL
}

// problem is something that a person would not see. status and url say to which refused request it
// belongs, if to one.
type problem struct {
	what   string
	status int64
	method string
	url    string
}

// Options say where things are.
type Options struct {
	Screenshots string // directory, made if it is not there
	Axe         string // file axe.min.js
}

// Start starts a Chromium that ends with the test. It fails if there is none.
func Start(tb testing.TB, o Options) *Chromium {
	tb.Helper()
	axe, err := os.ReadFile(o.Axe)
	if err != nil {
		tb.Fatal(err)
	}
	if err := os.MkdirAll(o.Screenshots, 0o755); err != nil {
		tb.Fatal(err)
	}
	ctx, end := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(tb.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("force-prefers-reduced-motion", true), // the portal shows nothing that moves then
		chromedp.Flag("lang", "zh-CN"), chromedp.Env("TZ=Asia/Shanghai"),
	)...)
	ctx, quit := chromedp.NewContext(ctx)
	tb.Cleanup(func() { quit(); end() })
	if err := chromedp.Do(ctx); err != nil {
		tb.Fatal(err)
	}
	return &Chromium{ctx: ctx, options: o, axe: string(axe)}
}

// Open opens an empty page that is closed when the test ends. Like any other it has the focus.
func (c *Chromium) Open(tb testing.TB) *Browser {
	tb.Helper()
	ctx, closePage := chromedp.NewContext(c.ctx, chromedp.WithNewBrowserContext())
	tb.Cleanup(closePage)
	b := &Browser{tb: tb, ctx: ctx, shots: c.options.Screenshots, axe: c.axe, requests: map[network.RequestID]string{}}
	b.must(chromedp.Listen(ctx, b.notice))
	_, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	b.must(err)
	b.resize(Desktop, desktopHeight)
	tb.Cleanup(b.Check)
	return b
}

// Allow says that requests by the method whose URL contains path may be answered with the status.
func (b *Browser) Allow(status int64, method, path string) {
	b.allowed = append(b.allowed, answer{status, method, path})
}

// notice keeps what went wrong. It is called while messages of the browser are read: it must be
// quick.
func (b *Browser) notice(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests[e.RequestID] = e.Request.Method + " " + e.Request.URL
	case *network.EventResponseReceived:
		if e.Response.Status >= 400 {
			method, url, _ := strings.Cut(b.requests[e.RequestID], " ")
			b.problems = append(b.problems, problem{
				what: fmt.Sprintf("%s %s was answered %d", method, url, e.Response.Status), status: e.Response.Status, method: method, url: url,
			})
		}
	case *network.EventLoadingFailed:
		if !e.Canceled { // the page itself gave the request up
			b.problems = append(b.problems, problem{what: fmt.Sprintf("%s failed: %s %s", b.requests[e.RequestID], e.ErrorText, e.BlockedReason)})
		}
	case *log.EventEntryAdded:
		b.noticeEntry(e.Entry)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning || e.Type == runtime.ConsoleAPICalledTypeAssert {
			var text []string
			for _, a := range e.Args {
				text = append(text, strings.TrimSpace(string(a.Value)+" "+a.Description))
			}
			b.problems = append(b.problems, problem{what: fmt.Sprintf("console.%s: %s", e.Type, strings.Join(text, " "))})
		}
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		b.problems = append(b.problems, problem{what: "exception: " + text})
	}
}

// noticeEntry keeps a line of the browser's own log. Of a refused request there is one as well, for
// which the request itself answers.
func (b *Browser) noticeEntry(e *log.Entry) {
	refused := e.Source == log.EntrySourceNetwork && strings.Contains(e.Text, "responded with a status of")
	if e.Level == log.EntryLevelError && !refused || e.Source == log.EntrySourceSecurity {
		b.problems = append(b.problems, problem{what: fmt.Sprintf("%s %s: %s %s", e.Source, e.Level, e.Text, e.URL)})
	}
}

// Check fails the test for every problem since the last Check that was not allowed.
func (b *Browser) Check() {
	b.tb.Helper()
	b.mu.Lock()
	problems := b.problems
	b.problems = nil
	b.mu.Unlock()
	for _, p := range problems {
		if !b.isAllowed(p) {
			b.tb.Errorf("in the browser: %s", p.what)
		}
	}
}

func (b *Browser) isAllowed(p problem) bool {
	for _, a := range b.allowed {
		if p.status == a.status && p.method == a.method && strings.Contains(p.url, a.path) {
			return true
		}
	}
	return false
}

func (b *Browser) must(err error) {
	b.tb.Helper()
	if err != nil {
		b.fail("%v", err)
	}
}

// fail ends the test with a picture of the page and what went wrong behind it.
func (b *Browser) fail(format string, a ...any) {
	b.tb.Helper()
	b.Check()
	if png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot()); err == nil {
		file := filepath.Join(b.shots, "failure.png")
		if err := os.WriteFile(file, png, 0o644); err == nil {
			b.tb.Logf("the page as it was: %s", file)
		}
	}
	b.tb.Fatalf(format, a...)
}

// evaluate runs an expression in the page. It is not subject to the page's content security policy.
func evaluate[T any](b *Browser, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// until evaluates the expression again and again until it gives a string that is not empty. A page
// gives no signal that a person would not have to wait for as well.
func (b *Browser) until(what, expression string) string {
	b.tb.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		text, err := evaluate[string](b, expression)
		if err == nil && text != "" {
			return text
		}
		select {
		case <-deadline.C:
			b.fail("%s: not after %s (%v)", what, patience, err)
		case <-b.ctx.Done():
			b.fail("%s: the browser has ended", what)
		case <-tick.C:
		}
	}
}
