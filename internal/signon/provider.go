package signon

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"
)

// patience is how long one request to the provider may take.
const patience = 10 * time.Second

// Provider is an OpenID Connect provider as a node uses it.
type Provider struct {
	settings Settings
	secret   string
	client   *http.Client

	asking singleflight.Group
	known  atomic.Pointer[known] // nil: not yet discovered
}

// known is what the provider says about itself.
type known struct {
	provider *oidc.Provider
	verifier *oidc.IDTokenVerifier
	config   oauth2.Config
	signOut  string // its end_session_endpoint; empty: it has none
}

// New makes a provider of settings that are On and valid. It fails if the secret cannot be read.
func New(s Settings) (*Provider, error) {
	secret, err := s.secret()
	if err != nil {
		return nil, fmt.Errorf("oidc.secret_file: %w", err)
	}
	return &Provider{settings: s, secret: secret, client: &http.Client{Timeout: patience}}, nil
}

// Name is what the sign-in page calls the provider.
func (p *Provider) Name() string { return p.settings.Name }

// discover asks the provider what it is, once. Whoever comes meanwhile waits for the same answer, and no longer than
// ctx: a provider that is away must not make a queue. Error: ErrUnreachable.
func (p *Provider) discover(ctx context.Context) (*known, error) {
	if k := p.known.Load(); k != nil {
		return k, nil
	}
	asked := p.asking.DoChan("", func() (any, error) { return p.ask(context.WithoutCancel(ctx)) })
	select {
	case answer := <-asked:
		k, _ := answer.Val.(*known)
		return k, answer.Err
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, ctx.Err())
	}
}

// ask reads what the provider says about itself. The keys are read with ctx as long as the node lives.
func (p *Provider) ask(ctx context.Context) (*known, error) {
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.settings.Issuer)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	var more struct {
		SignOut string `json:"end_session_endpoint"`
	}
	if err := found.Claims(&more); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	k := &known{
		provider: found, verifier: found.Verifier(&oidc.Config{ClientID: p.settings.ClientID}), signOut: more.SignOut,
		config: oauth2.Config{
			ClientID: p.settings.ClientID, ClientSecret: p.secret, Endpoint: found.Endpoint(), RedirectURL: p.settings.RedirectURL,
			Scopes: append([]string{oidc.ScopeOpenID}, p.settings.Scopes...),
		},
	}
	p.known.Store(k)
	return k, nil
}

// Start gives the address to which a browser is to be sent, and what it keeps meanwhile. Error: ErrUnreachable.
func (p *Provider) Start(ctx context.Context) (address string, f Flow, err error) {
	k, err := p.discover(ctx)
	if err != nil {
		return "", f, err
	}
	f = newFlow()
	return k.config.AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)), f, nil
}

// Finish gives whom the provider names with the query with which it sent a browser back that kept f. Errors:
// ErrExpired, ErrRefused, ErrUnreachable.
func (p *Provider) Finish(ctx context.Context, f Flow, query url.Values) (Identity, error) {
	if f.State == "" || query.Get("state") != f.State {
		return Identity{}, ErrExpired
	}
	if issuer := query.Get("iss"); issuer != "" && issuer != p.settings.Issuer { // RFC 9207
		return Identity{}, fmt.Errorf("%w: the answer is of %q", ErrRefused, issuer)
	}
	if query.Get("code") == "" {
		return Identity{}, fmt.Errorf("%w: %q", ErrRefused, query.Get("error"))
	}
	k, err := p.discover(ctx)
	if err != nil {
		return Identity{}, err
	}
	token, err := k.config.Exchange(oidc.ClientContext(ctx, p.client), query.Get("code"), oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return Identity{}, failed(err)
	}
	raw, _ := token.Extra("id_token").(string)
	verified, err := k.verifier.Verify(ctx, raw)
	if err != nil && strings.Contains(err.Error(), "fetching keys") { // the library says so in words alone
		return Identity{}, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	if err != nil {
		return Identity{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if verified.Nonce != f.Nonce {
		return Identity{}, fmt.Errorf("%w: the token is of another sign-in", ErrRefused)
	}
	login, err := p.login(ctx, k, verified, token)
	return Identity{Login: login, Issuer: verified.Issuer, Subject: verified.Subject, Token: raw}, err
}

// failed tells a provider that says no from one that says nothing.
func failed(err error) error {
	if refusal, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refusal.Response.StatusCode < http.StatusInternalServerError {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return fmt.Errorf("%w: %w", ErrUnreachable, err)
}

// login is the value of the claim in the ID token, or else in what the provider tells about the same person.
func (p *Provider) login(ctx context.Context, k *known, verified *oidc.IDToken, token *oauth2.Token) (string, error) {
	claims := map[string]any{}
	if err := verified.Claims(&claims); err != nil {
		return "", fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if _, there := claims[p.settings.Claim]; !there && k.provider.UserInfoEndpoint() != "" {
		info, err := k.provider.UserInfo(oidc.ClientContext(ctx, p.client), oauth2.StaticTokenSource(token))
		if err != nil {
			return "", fmt.Errorf("%w: %w", ErrUnreachable, err)
		}
		if info.Subject != verified.Subject {
			return "", fmt.Errorf("%w: the provider tells about another person", ErrRefused)
		}
		claims = map[string]any{}
		if err := info.Claims(&claims); err != nil {
			return "", fmt.Errorf("%w: %w", ErrRefused, err)
		}
	}
	login, _ := claims[p.settings.Claim].(string)
	if login == "" {
		return "", fmt.Errorf("%w: no claim %s", ErrRefused, p.settings.Claim)
	}
	if p.settings.Claim == "email" && claims["email_verified"] != true { // anybody can state any address
		return "", fmt.Errorf("%w: the address is not verified", ErrRefused)
	}
	return login, nil
}

// SignOut is the address at which a person signs out of the provider as well; empty: it has none, or cannot be asked.
func (p *Provider) SignOut(token string) string {
	k := p.known.Load()
	if k == nil || k.signOut == "" {
		return ""
	}
	u, err := url.Parse(k.signOut)
	if err != nil || !slices.Contains([]string{"https", "http"}, u.Scheme) {
		return ""
	}
	query := u.Query()
	query.Set("id_token_hint", token)
	query.Set("client_id", p.settings.ClientID)
	u.RawQuery = query.Encode()
	return u.String()
}
