package portal

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"jike/internal/account"
	"jike/internal/signon"
)

// sessionToken is the name of the ID token in a session that was opened at an OpenID Connect provider.
const sessionToken = "idToken"

// The cookie that carries a sign-in at the provider. The session's own would not come back with the browser: it is
// not sent with what another site has a browser ask for.
const (
	flowCookie = "jike_sign_on"
	flowLife   = 10 * time.Minute
)

// waysView are the ways to sign in.
type waysView struct {
	Provider string `json:"provider" doc:"Name of the provider at which people sign in at /api/session/oidc; empty: there is none"`
}

// registerSignOn adds signing in at the provider. Its two steps are no JSON operations: they send a browser on.
func (s *Server) registerSignOn() {
	Register(s, Operation{
		Method: http.MethodGet, Path: "/api/session/ways", ID: "session-ways", Tag: "session",
		Summary: "Ways to sign in", Permission: Public,
	},
		func(context.Context, account.Caller, *noInput) (waysView, error) {
			if s.options.SignOn == nil {
				return waysView{}, nil
			}
			return waysView{s.options.SignOn.Name()}, nil
		})
	if s.options.SignOn == nil {
		return
	}
	s.echo.GET("/api/session/oidc", s.startSignOn)
	s.echo.GET(signon.Callback, s.finishSignOn)
}

func (s *Server) startSignOn(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), s.options.Timeout)
	defer cancel()
	address, flow, err := s.options.SignOn.Start(ctx)
	if err != nil {
		return s.notSignedOn(c, err)
	}
	c.SetCookie(s.flow(flow.String(), flowLife))
	return c.Redirect(http.StatusFound, address)
}

func (s *Server) finishSignOn(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), s.options.Timeout)
	defer cancel()
	var flow signon.Flow
	if kept, err := c.Cookie(flowCookie); err == nil {
		flow = signon.ParseFlow(kept.Value)
	}
	c.SetCookie(s.flow("", -time.Second)) // a flow ends once
	who, err := s.options.SignOn.Finish(ctx, flow, c.QueryParams())
	if err != nil {
		return s.notSignedOn(c, err)
	}
	caller, err := s.options.Accounts.SignInBy(ctx, who.Login, account.Witness{Provider: s.options.SignOn.Name(), Issuer: who.Issuer, Subject: who.Subject})
	if err != nil {
		return s.notSignedOn(c, err)
	}
	if err := s.begin(ctx, caller, c.Request().UserAgent()); err != nil {
		return err
	}
	s.options.Sessions.Put(ctx, sessionToken, who.Token)
	return c.Redirect(http.StatusFound, "/")
}

// notSignedOn sends a browser to the sign-in page, which says why: a status alone would leave a person before an
// empty page. A provider that is away refuses nobody.
func (s *Server) notSignedOn(c echo.Context, err error) error {
	for reason, cause := range map[string]error{
		"account": account.ErrNoAccount, "unreachable": signon.ErrUnreachable, "refused": signon.ErrRefused, "expired": signon.ErrExpired,
	} {
		if errors.Is(err, cause) {
			if reason != "unreachable" {
				s.metrics.refusals.Inc()
			}
			s.options.Logger.Warn("sign-in at the provider", "request", requestID(c.Request().Context()), "error", err)
			return c.Redirect(http.StatusFound, "/?"+url.Values{"signOn": {reason}}.Encode())
		}
	}
	return err
}

func (s *Server) flow(value string, life time.Duration) *http.Cookie {
	return &http.Cookie{
		Name: flowCookie, Value: value, Path: "/api/session/oidc", MaxAge: int(life.Seconds()),
		HttpOnly: true, Secure: s.options.Secure, SameSite: http.SameSiteLaxMode,
	}
}
