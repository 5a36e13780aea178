package signon_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"jike/internal/signon"
	"jike/internal/signon/signontest"
)

// TestAnotherClaimNamesThePerson maps by a claim of the node's choice, and by what a provider does not state or vouch for.
func TestAnotherClaimNamesThePerson(t *testing.T) {
	var answer url.Values
	portal := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { answer = r.URL.Query() }))
	t.Cleanup(portal.Close)
	provider := signontest.Serve(t, portal.URL+signon.Callback)
	for claim, want := range map[string]string{
		"given_name": "given-chen", "email": "the address is not verified", "staff_number": "no claim staff_number",
	} {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		browser := &http.Client{Jar: jar}
		s := signon.DefaultSettings()
		s.Issuer, s.ClientID, s.RedirectURL, s.Name, s.Claim = provider.URL, signontest.ClientID, portal.URL+signon.Callback, "统一认证", claim
		s.Scopes, s.SecretFile = append(s.Scopes, "email"), provider.SecretFile(t)
		p, err := signon.New(s)
		if err != nil {
			t.Fatal(err)
		}
		address, flow, err := p.Start(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		page, err := browser.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(page.Body)
		_ = page.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		provider.SignIn(t, browser, string(content), "chen")
		who, err := p.Finish(t.Context(), flow, answer)
		switch {
		case err == nil && (who.Login != want || who.Subject != "subject-chen" || who.Issuer != provider.URL):
			t.Errorf("%s names %+v", claim, who)
		case err != nil && (!errors.Is(err, signon.ErrRefused) || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v", claim, err)
		}
	}
}
