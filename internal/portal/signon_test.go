package portal

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"jike/internal/account"
	"jike/internal/signon"
	"jike/internal/signon/signontest"
)

// signOnSite is a portal with a provider beside it, and the addresses to which the provider sent the browser back.
type signOnSite struct {
	*site
	provider  *signontest.Provider
	callbacks []string
}

func newSignOnSite(t *testing.T) *signOnSite {
	t.Helper()
	x := &signOnSite{}
	x.site = newSiteWith(t, func(server *httptest.Server, o *Options) {
		s := signon.DefaultSettings()
		s.RedirectURL = "http://" + server.Listener.Addr().String() + signon.Callback
		x.provider = signontest.Serve(t, s.RedirectURL)
		s.Issuer, s.ClientID, s.Name = x.provider.URL, signontest.ClientID, "统一认证"
		s.SecretFile = x.provider.SecretFile(t)
		if err := s.Validate(); err != nil {
			t.Fatal(err)
		}
		var err error
		if o.SignOn, err = signon.New(s); err != nil {
			t.Fatal(err)
		}
	})
	x.client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == signon.Callback {
			x.callbacks = append(x.callbacks, r.URL.String())
		}
		return nil
	}
	return x
}

// get opens an address and gives where that ended.
func (x *signOnSite) get(t *testing.T, address string) (end *url.URL, page string) {
	t.Helper()
	answer, err := x.client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.Request.URL, string(content)
}

// enter goes the whole way as somebody and gives where it ended.
func (x *signOnSite) enter(t *testing.T, name string) string {
	t.Helper()
	_, page := x.get(t, x.url+"/api/session/oidc")
	return x.provider.SignIn(t, x.client, page, name).Request.URL.RequestURI()
}

// signedIn is the login of the browser's session, empty without one.
func (x *signOnSite) signedIn(t *testing.T) string {
	t.Helper()
	_, doc := x.call(t, "GET", "/api/session", "")
	x.csrf, _ = doc["csrf"].(string)
	login, _ := doc["login"].(string)
	return login
}

// TestPeopleSignInAtAProvider goes the way of a browser through a real provider, there and back.
func TestPeopleSignInAtAProvider(t *testing.T) {
	x := newSignOnSite(t)
	t.Run("there and back", x.thereAndBack)
	t.Run("nobody else", x.nobodyElse)
}

func (x *signOnSite) thereAndBack(t *testing.T) {
	if _, doc := x.call(t, "GET", "/api/session/ways", ""); doc["provider"] != "统一认证" {
		t.Errorf("ways: %v", doc)
	}
	x.provider.Away.Store(true) // the node runs all the same, and finds it once it is there
	if end, _ := x.get(t, x.url+"/api/session/oidc"); end.RequestURI() != "/?signOn=unreachable" {
		t.Errorf("the provider is away: %s", end)
	}
	x.provider.Away.Store(false)

	// A password that has to be changed is no matter of who signs in elsewhere.
	if _, err := x.options.Accounts.Create(t.Context(), account.System("test"), account.NewAccount{
		Login: "chen", Name: "陈一", Role: account.ProvinceAdministrator, Password: password, MustChange: true,
	}); err != nil {
		t.Fatal(err)
	}
	if end := x.enter(t, "chen"); end != "/" || x.signedIn(t) != "chen" {
		t.Fatalf("ended at %s as %q\n%s", end, x.signedIn(t), x.log)
	}
	if res, doc := x.call(t, "PUT", "/api/echo/1", `{"name":"allowed"}`); res.StatusCode != 200 || doc["login"] != "chen" {
		t.Errorf("an operation: %d %v", res.StatusCode, doc)
	}
	var trail string
	const query = `SELECT concat_ws(' ', actor, action, after->>'provider', after->>'subject') FROM audit.line ORDER BY id DESC LIMIT 1`
	if err := x.db.QueryRow(t.Context(), query).Scan(&trail); err != nil || trail != "chen session.open 统一认证 subject-chen" {
		t.Errorf("the trail has %q, %v", trail, err)
	}
	_, closed := x.call(t, "DELETE", "/api/session", "")
	if x.signedIn(t) != "" {
		t.Error("the session goes on")
	}
	if end, page := x.get(t, closed["next"].(string)); end.Path != "/logged-out" {
		t.Errorf("signing out of the provider ends at %s: %s", end, page)
	}

	x.provider.NewKey() // which the node does not know, so that it asks
	x.provider.KeysAway.Store(true)
	if end := x.enter(t, "lin"); end != "/?signOn=unreachable" || x.signedIn(t) != "" {
		t.Errorf("the provider's keys are away: %s", end)
	}
	x.provider.KeysAway.Store(false)
	if end := x.enter(t, "lin"); end != "/" || x.signedIn(t) != "lin" {
		t.Errorf("with another key: %s as %q\n%s", end, x.signedIn(t), x.log)
	}
	x.rename(t)
}

// rename gives claims to others: an account stays with who had it first, until an administrator undoes that.
func (x *signOnSite) rename(t *testing.T) {
	x.provider.Rename("chen", "lin")
	if end := x.enter(t, "chen"); end != "/" || x.signedIn(t) != "chen" {
		t.Errorf("under another name: %s as %q", end, x.signedIn(t))
	}
	var chen int64
	if err := x.db.QueryRow(t.Context(), `SELECT id FROM account.account WHERE login = 'chen'`).Scan(&chen); err != nil {
		t.Fatal(err)
	}
	account := fmt.Sprint("/api/accounts/", chen)
	if _, doc := x.call(t, "GET", account, ""); doc["subject"] != "subject-chen" || doc["boundAt"] == nil {
		t.Errorf("an administrator sees %v", doc)
	}
	if res, doc := x.call(t, "DELETE", account+"/subject", ""); res.StatusCode != http.StatusNoContent || x.signedIn(t) != "" {
		t.Errorf("undone: %d %v, still signed in as %q", res.StatusCode, doc, x.signedIn(t))
	}
	if end := x.enter(t, "chen"); end != "/?signOn=account" || x.signedIn(t) != "" {
		t.Errorf("with the claim of somebody else, who is bound: %s as %q", end, x.signedIn(t))
	}
}

// nobodyElse tries what a stranger can, and what has expired.
func (x *signOnSite) nobodyElse(t *testing.T) {
	if _, err := x.db.Exec(t.Context(), `INSERT INTO account.account (login, name, password_hash, role, language, active)
		SELECT 'gone', name, password_hash, role, language, false FROM account.account WHERE login = 'lin'`); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"stranger", "gone", "LIN"} {
		if end := x.enter(t, name); end != "/?signOn=account" || x.signedIn(t) != "" {
			t.Errorf("%s ends at %s as %q", name, end, x.signedIn(t))
		}
	}
	used := x.callbacks[len(x.callbacks)-1]
	home, err := url.Parse(x.url + "/api/session/oidc")
	if err != nil {
		t.Fatal(err)
	}
	// tampered has a browser keep something else of its sign-in than it was given.
	tampered := func(change func(signon.Flow) string) string {
		_, page := x.get(t, home.String())
		for _, c := range x.client.Jar.Cookies(home) {
			if c.Name == flowCookie {
				x.client.Jar.SetCookies(home, []*http.Cookie{{Name: flowCookie, Value: change(signon.ParseFlow(c.Value)), Path: home.Path}})
			}
		}
		return x.provider.SignIn(t, x.client, page, "lin").Request.URL.RequestURI()
	}
	for what, c := range map[string]struct{ end, want string }{
		"the same answer again": {func() string { end, _ := x.get(t, used); return end.RequestURI() }(), "expired"},
		"an answer to nobody":   {func() string { end, _ := x.get(t, x.url+signon.Callback+"?code=1&state="); return end.RequestURI() }(), "expired"},
		"another browser":       {tampered(func(signon.Flow) string { return "" }), "expired"},
		"another state":         {tampered(func(f signon.Flow) string { f.State += "A"; return f.String() }), "expired"},
		"another nonce":         {tampered(func(f signon.Flow) string { f.Nonce += "A"; return f.String() }), "refused"},
		"another verifier":      {tampered(func(f signon.Flow) string { f.Verifier += "A"; return f.String() }), "refused"},
		"a person who says no": {func() string {
			var flow signon.Flow
			x.get(t, home.String())
			for _, c := range x.client.Jar.Cookies(home) {
				if c.Name == flowCookie {
					flow = signon.ParseFlow(c.Value)
				}
			}
			end, _ := x.get(t, x.url+signon.Callback+"?error=access_denied&state="+flow.State)
			return end.RequestURI()
		}(), "refused"},
	} {
		if c.end != "/?signOn="+c.want {
			t.Errorf("%s ends at %s, want %s", what, c.end, c.want)
		}
	}
	if x.signedIn(t) != "" {
		t.Error("somebody has come in")
	}
}

// TestAPasswordIsForThoseWhoseRoleMayUseOne refuses others, once the password is right.
func TestAPasswordIsForThoseWhoseRoleMayUseOne(t *testing.T) {
	x := newSite(t)
	settings := account.DefaultSettings()
	settings.Hashing = account.Hashing{MemoryKiB: 64, Passes: 1, Threads: 1}
	for role, want := range map[account.Role]string{account.ProvinceAdministrator: "", account.AccountManager: "session.provider_only"} {
		settings.PasswordRoles = []account.Role{role}
		store, err := account.NewStore(x.db, settings, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.SignIn(t.Context(), "lin", password); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", role, err)
		}
	}
}
