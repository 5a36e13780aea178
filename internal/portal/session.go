package portal

import (
	"context"
	"crypto/rand"
	"net/http"

	"jike/internal/account"
)

// The names of what a session holds, and the header that proves that our page sent a request.
const (
	sessionAccount = "account"
	sessionCSRF    = "csrf"
	csrfHeader     = "X-CSRF-Token"
)

// sessionView is a session as the browser sees it.
type sessionView struct {
	Login       string               `json:"login"`
	Name        string               `json:"name"`
	Role        account.Role         `json:"role" enum:"account_manager,department_head,province_administrator,headquarters_analyst"`
	Scope       string               `json:"scope" enum:"nothing,own,department,province,nation"`
	UnitID      int64                `json:"unitId" doc:"Place in the organisation tree, 0 if none"`
	Permissions []account.Permission `json:"permissions"`
	CSRF        string               `json:"csrf" doc:"To be sent as X-CSRF-Token with everything but GET"`
	Language    string               `json:"language" enum:"zh,en"`
	Node        Node                 `json:"node"`
}

type signInInput struct {
	Body struct {
		Login    string `json:"login" minLength:"1" maxLength:"64"`
		Password string `json:"password" minLength:"1" maxLength:"512"`
	}
}

type languageInput struct {
	Body struct {
		Language string `json:"language" enum:"zh,en"`
	}
}

type noInput struct{}

func (s *Server) registerSession() {
	Register(s, Operation{
		Method: http.MethodPost, Path: "/api/session", ID: "session-open", Tag: "session",
		Summary: "Sign in", Permission: Public, MaxBody: 4096,
	}, s.signIn)
	Register(s, Operation{
		Method: http.MethodGet, Path: "/api/session", ID: "session-get", Tag: "session",
		Summary: "Who is signed in, and what they may do", Permission: SignedIn,
	}, s.session)
	Register(s, Operation{
		Method: http.MethodDelete, Path: "/api/session", ID: "session-close", Tag: "session",
		Summary: "Sign out", Permission: SignedIn,
	}, s.signOut)
	Register(s, Operation{
		Method: http.MethodPut, Path: "/api/session/language", ID: "session-language", Tag: "session",
		Summary: "Choose the language", Permission: SignedIn,
	}, s.setLanguage)
}

// signIn opens a session under a new token, so that a token planted before is worth nothing.
func (s *Server) signIn(ctx context.Context, _ account.Caller, in *signInInput) (sessionView, error) {
	caller, err := s.options.Accounts.SignIn(ctx, in.Body.Login, in.Body.Password)
	if err != nil {
		s.metrics.refusals.Inc()
		return sessionView{}, err
	}
	sessions := s.options.Sessions
	if err := sessions.RenewToken(ctx); err != nil {
		return sessionView{}, err
	}
	sessions.Put(ctx, sessionAccount, caller.AccountID)
	sessions.Put(ctx, sessionCSRF, rand.Text())
	return s.view(ctx, caller), nil
}

func (s *Server) session(ctx context.Context, caller account.Caller, _ *noInput) (sessionView, error) {
	return s.view(ctx, caller), nil
}

func (s *Server) signOut(ctx context.Context, _ account.Caller, _ *noInput) (Nothing, error) {
	return Nothing{}, s.options.Sessions.Destroy(ctx)
}

func (s *Server) setLanguage(ctx context.Context, caller account.Caller, in *languageInput) (sessionView, error) {
	if err := s.options.Accounts.SetLanguage(ctx, caller.AccountID, in.Body.Language); err != nil {
		return sessionView{}, err
	}
	caller.Language = in.Body.Language
	return s.view(ctx, caller), nil
}

func (s *Server) view(ctx context.Context, c account.Caller) sessionView {
	return sessionView{
		Login: c.Login, Name: c.Name, Role: c.Role, Scope: c.Scope().Reach.String(), UnitID: c.UnitID,
		Permissions: c.Role.Permissions(), CSRF: s.options.Sessions.GetString(ctx, sessionCSRF),
		Language: c.Language, Node: s.options.Node(ctx),
	}
}
