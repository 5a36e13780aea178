package signon

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSettingsThatCouldNotWorkAreRefused(t *testing.T) {
	good := DefaultSettings()
	good.Issuer, good.ClientID, good.Name = "https://sso.example.net", "jike", "统一认证"
	good.RedirectURL = "https://crm.example.net" + Callback
	for want, change := range map[string]func(*Settings){
		"":                   func(*Settings) {},
		"oidc: client_id":    func(s *Settings) { s.ClientID = "" },
		"oidc.issuer":        func(s *Settings) { s.Issuer = "http://sso.example.net" },
		"oidc.redirect_url":  func(s *Settings) { s.RedirectURL = "" },
		"does not end in":    func(s *Settings) { s.RedirectURL = "https://crm.example.net/" },
		"client_id, claim a": func(s *Settings) { s.Claim = "" },
	} {
		s := good
		change(&s)
		if err := s.Validate(); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
	if err := DefaultSettings().Validate(); err != nil || DefaultSettings().On() {
		t.Errorf("without a provider: %v", err)
	}
}

func TestWhatABrowserKeepsIsReadBack(t *testing.T) {
	f := newFlow()
	if ParseFlow(f.String()) != f || len(f.Verifier) < 43 {
		t.Errorf("%v", f)
	}
	for _, text := range []string{"", "a.b", "a..c", "a.b.c.d", ".b.c"} {
		if got := ParseFlow(text); got != (Flow{}) {
			t.Errorf("%q gives %v", text, got)
		}
	}
}

// TestAnEmptySecretFileIsNoSecret keeps a node from presenting itself as a client without one.
func TestAnEmptySecretFileIsNoSecret(t *testing.T) {
	s := DefaultSettings()
	s.SecretFile = filepath.Join(t.TempDir(), "secret")
	for content, want := range map[string]bool{"": false, " \n": false, "word\n": true} {
		if err := os.WriteFile(s.SecretFile, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := New(s); (err == nil) != want {
			t.Errorf("%q: %v", content, err)
		}
	}
	s.SecretFile += "-not-there"
	if _, err := New(s); err == nil {
		t.Error("a file that is not there passes")
	}
}
