// Package signon lets people sign in at an OpenID Connect provider (单点登录) instead of at the node.
//
//	start ──► the provider asks who it is ──► callback ──► an account of the node
//
// It is the authorization code flow with PKCE, state and nonce. What Start made stays with the browser that started
// (Flow) and Finish wants it back, so that nobody can end a sign-in that another browser began. The provider is
// discovered when it is first needed and its keys are read again when a token has an unknown one: a node starts and
// works while its provider is away, and a provider changes keys without a word.
//
// Whom the provider names is an Identity: a subject, and the value of one claim, by which the node looks for the
// account the first time. No account is made here, and no right comes from the provider.
package signon

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"golang.org/x/oauth2"
)

// Settings are how a node knows its provider. Without an Issuer there is none.
type Settings struct {
	Issuer      string   `yaml:"issuer"`       // https, as the provider's discovery says it
	ClientID    string   `yaml:"client_id"`    // by which the provider knows the node
	SecretFile  string   `yaml:"secret_file"`  // of the client; empty: the provider wants none
	RedirectURL string   `yaml:"redirect_url"` // https://…/api/session/oidc/callback, as browsers reach the portal
	Claim       string   `yaml:"claim"`        // whose value is the login of an account; nobody may be able to change their own
	Scopes      []string `yaml:"scopes"`       // that are asked for beside openid
	Name        string   `yaml:"name"`         // of the provider, as the sign-in page calls it
}

// DefaultSettings have no provider.
func DefaultSettings() Settings {
	return Settings{Claim: "preferred_username", Scopes: []string{"profile"}}
}

// On reports whether there is a provider.
func (s Settings) On() bool { return s.Issuer != "" }

// Callback is the path to which the provider sends a browser back.
const Callback = "/api/session/oidc/callback"

// Validate gives what could not work.
func (s Settings) Validate() error {
	if !s.On() {
		return nil
	}
	if s.ClientID == "" || s.Claim == "" || s.Name == "" {
		return errors.New("oidc: client_id, claim and name are needed")
	}
	for setting, text := range map[string]string{"issuer": s.Issuer, "redirect_url": s.RedirectURL} {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || u.Scheme != "https" && !onLoopback(u) {
			return fmt.Errorf("oidc.%s: %q is not an address with https", setting, text)
		}
	}
	if !strings.HasSuffix(s.RedirectURL, Callback) {
		return fmt.Errorf("oidc.redirect_url: %q does not end in %s", s.RedirectURL, Callback)
	}
	return nil
}

// onLoopback reports whether an address needs no TLS, since nobody else can listen.
func onLoopback(u *url.URL) bool {
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Scheme == "http" && (u.Hostname() == "localhost" || err == nil && ip.IsLoopback())
}

// secret reads the client's secret. A file without one is an error: it is no client without a secret.
func (s Settings) secret() (string, error) {
	if s.SecretFile == "" {
		return "", nil
	}
	content, err := os.ReadFile(s.SecretFile)
	if err != nil {
		return "", err
	}
	secret := strings.TrimSpace(string(content))
	if secret == "" {
		return "", errors.New("it is empty")
	}
	return secret, nil
}

// Flow is what a browser keeps between Start and Finish.
type Flow struct{ State, Nonce, Verifier string }

func newFlow() Flow { return Flow{rand.Text(), rand.Text(), oauth2.GenerateVerifier()} }

// String is the flow in one word, for a cookie.
func (f Flow) String() string { return f.State + "." + f.Nonce + "." + f.Verifier }

// ParseFlow reads what String wrote; what is none gives the zero Flow, which no answer of a provider fits.
func ParseFlow(text string) Flow {
	parts := strings.Split(text, ".")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return Flow{}
	}
	return Flow{parts[0], parts[1], parts[2]}
}

// Identity is whom the provider names.
type Identity struct {
	Login   string // value of the claim
	Issuer  string // of the provider
	Subject string // by which the provider knows the person for ever
	Token   string // the ID token, which the provider wants to see when the person signs out
}

// What keeps a person from signing in, beside having no account.
var (
	ErrUnreachable = errors.New("the provider cannot be reached") // or does not answer as one
	ErrRefused     = errors.New("the provider names nobody")      // or somebody who cannot be believed
	ErrExpired     = errors.New("this browser has not started the sign-in, or too long ago")
)
