// Package signontest runs an OpenID Connect provider for tests: the certified library of zitadel, with the storage
// and the login page of its example.
package signontest

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// What a node needs to know to use the provider.
const (
	ClientID = "jike"
	Secret   = "secret of a test"
)

// Password is that of everybody at the provider.
const Password = "known-to-the-provider"

// Provider knows everybody by the name that they state.
type Provider struct {
	*storage.Storage
	URL      string
	Away     atomic.Bool // it answers nothing but 503
	KeysAway atomic.Bool // and that only when it is asked for its keys

	keys   atomic.Pointer[storage.Storage] // which has the signing key
	people people
}

// Serve runs a provider for a client that is reached at redirectURL, until the test ends.
func Serve(tb testing.TB, redirectURL string) *Provider {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	p := &Provider{URL: "http://" + listener.Addr().String()}
	p.Storage = storage.NewStorageWithClients(&p.people, map[string]*storage.Client{ClientID: storage.WebClient(ClientID, Secret, redirectURL)})
	p.NewKey()
	handler := exampleop.SetupServer(p.URL, p, nil, false)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.Away.Load() || p.KeysAway.Load() && r.URL.Path == "/keys" {
			http.Error(w, "away", http.StatusServiceUnavailable)
			return
		}
		handler.ServeHTTP(w, r)
	}))
	_ = server.Listener.Close() // of the library's own choice, which nobody knows yet
	server.Listener = listener
	server.Start()
	tb.Cleanup(server.Close)
	return p
}

// SecretFile holds the client's secret as a node's configuration names it.
func (p *Provider) SecretFile(tb testing.TB) string {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(Secret+"\n"), 0o600); err != nil {
		tb.Fatal(err)
	}
	return file
}

// NewKey has the provider sign with another key, and publish that alone.
func (p *Provider) NewKey() { p.keys.Store(storage.NewStorage(&p.people)) }

// SigningKey is the key of the moment.
func (p *Provider) SigningKey(ctx context.Context) (op.SigningKey, error) {
	return p.keys.Load().SigningKey(ctx)
}

// KeySet is what the provider publishes.
func (p *Provider) KeySet(ctx context.Context) ([]op.Key, error) { return p.keys.Load().KeySet(ctx) }

var request = regexp.MustCompile(`name="id" value="([^"]+)"`)

// SignIn fills in the provider's login page, to which a browser was sent, and follows where it leads.
func (p *Provider) SignIn(tb testing.TB, browser *http.Client, page, name string) *http.Response {
	tb.Helper()
	id := request.FindStringSubmatch(page)
	if id == nil {
		tb.Fatalf("no login page: %s", page)
	}
	form := url.Values{"id": {id[1]}, "username": {name}, "password": {Password}}
	answer, err := browser.PostForm(p.URL+"/login/username", form)
	if err != nil {
		tb.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer
}

// Rename has the provider state another name of somebody, who goes on typing the old one.
func (p *Provider) Rename(name, to string) { p.people.renamed.Store(name, to) }

// people are all who state a name: everybody is known at the provider, by a subject that tells the first name.
type people struct{ renamed sync.Map }

func (p *people) user(name string) *storage.User {
	stated, renamed := p.renamed.Load(name)
	if !renamed {
		stated = name
	}
	username, _ := stated.(string)
	return &storage.User{ID: "subject-" + name, Username: username, Password: Password, FirstName: "given-" + name, LastName: "虚构", Email: name}
}

func (p *people) GetUserByID(id string) *storage.User { return p.user(id[len("subject-"):]) }

func (p *people) GetUserByUsername(name string) *storage.User { return p.user(name) }

func (*people) ExampleClientID() string { return "service" }
