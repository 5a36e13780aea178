package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"time"
)

// running is a node in this process.
type running struct {
	end   context.CancelFunc
	ended chan error
}

// onFreePorts gives the settings of where a node listens addresses at which nobody else does.
func onFreePorts(settings ...*string) error {
	for _, listen := range settings {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		*listen = l.Addr().String()
		if err := l.Close(); err != nil {
			return err
		}
	}
	return nil
}

// start runs a node and returns when its portal, at an address, is ready.
func (r *running) start(ctx context.Context, portal string, run func(context.Context) error) error {
	running, end := context.WithCancel(context.WithoutCancel(ctx))
	r.end, r.ended = end, make(chan error, 1)
	go func() { r.ended <- run(running) }()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	visitor, err := newBrowser(portal)
	if err != nil {
		return err
	}
	for {
		if status, _, err := visitor.get(ctx, "/readyz"); err == nil && status == http.StatusOK {
			return nil
		}
		select {
		case err := <-r.ended:
			r.ended <- err
			return errors.Join(errors.New("the node ended"), err)
		case <-ctx.Done():
			return errors.New("the node does not become ready")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stop ends the node, if it was started.
func (r *running) stop() error {
	if r.end == nil {
		return nil
	}
	r.end()
	return <-r.ended
}

// browser is one person's at the portal.
type browser struct {
	portal string
	csrf   string // the session's proof
	http   *http.Client
}

func newBrowser(portal string) (browser, error) {
	jar, err := cookiejar.New(nil)
	return browser{
		portal: "http://" + portal,
		http:   &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Jar: jar, Timeout: time.Minute},
	}, err
}

// signIn begins a session.
func (b *browser) signIn(ctx context.Context, login, password string) error {
	body := fmt.Sprintf(`{"login":%q,"password":%q}`, login, password)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.portal+"/api/session", strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	status, answer, err := b.do(req)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("sign in: %d %s", status, answer)
	}
	if err != nil {
		return err
	}
	var session struct{ CSRF string }
	err = json.Unmarshal(answer, &session)
	b.csrf = session.CSRF
	return err
}

func (b browser) get(ctx context.Context, path string) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.portal+path, nil)
	if err != nil {
		return 0, nil, err
	}
	return b.do(req)
}

func (b browser) do(req *http.Request) (int, []byte, error) {
	resp, err := b.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}
