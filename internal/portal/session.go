package portal

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"jike/internal/account"
)

// The names of what a session holds, and the header that proves that our page sent a request.
const (
	sessionCSRF = "csrf"
	csrfHeader  = "X-CSRF-Token"
)

// sessionView is a session as the browser sees it.
type sessionView struct {
	Login       string               `json:"login"`
	Name        string               `json:"name"`
	Role        account.Role         `json:"role" enum:"account_manager,department_head,province_administrator,headquarters_analyst,headquarters_administrator"`
	Scope       string               `json:"scope" enum:"nothing,own,department,province,nation"`
	UnitID      int64                `json:"unitId" doc:"Place in the organisation tree, 0 if none"`
	Permissions []account.Permission `json:"permissions"`
	CSRF        string               `json:"csrf" doc:"To be sent as X-CSRF-Token with everything but GET"`
	Language    string               `json:"language" enum:"zh,en"`
	MustChange  bool                 `json:"mustChangePassword" doc:"Nothing else may be done before: the password was given by somebody else, or is too old"`
	Node        Node                 `json:"node"`
}

type signInInput struct {
	Agent string `header:"User-Agent"`
	Body  struct {
		Login    string `json:"login" minLength:"1" maxLength:"64"`
		Password string `json:"password" minLength:"1" maxLength:"512"`
	}
}

type languageInput struct {
	Body struct {
		Language string `json:"language" enum:"zh,en"`
	}
}

type passwordInput struct {
	Body struct {
		Old      string `json:"old" minLength:"1" maxLength:"512"`
		Password string `json:"password" minLength:"1" maxLength:"512"`
	}
}

type sessionInput struct {
	ID int64 `path:"id" minimum:"1"`
}

// openSession is a session as people see it.
type openSession struct {
	ID       int64     `json:"id"`
	OpenedAt time.Time `json:"openedAt"`
	Expiry   time.Time `json:"expiry"`
	Address  string    `json:"address"`
	Agent    string    `json:"agent" doc:"What the browser says that it is"`
}

type sessionList struct {
	Items []openSession `json:"items"`
}

func sessionsOf(list []account.Session) sessionList {
	out := sessionList{make([]openSession, 0, len(list))}
	for _, s := range list {
		out.Items = append(out.Items, openSession(s))
	}
	return out
}

// closedView is what is left of a session.
type closedView struct {
	Next string `json:"next" doc:"Where to sign out of the provider at which the session was opened; empty: nowhere"`
}

type noInput struct{}

func (s *Server) registerSession() {
	s.registerSignOn()
	Register(s, Operation{
		Method: http.MethodPost, Path: "/api/session", ID: "session-open", Tag: "session",
		Summary: "Sign in", Permission: Public, MaxBody: 4096,
	}, s.signIn)
	Register(s, Operation{
		Method: http.MethodGet, Path: "/api/session", ID: "session-get", Tag: "session",
		Summary: "Who is signed in, and what they may do", Permission: SignedIn, OldPassword: true,
	}, s.session)
	Register(s, Operation{
		Method: http.MethodDelete, Path: "/api/session", ID: "session-close", Tag: "session",
		Summary: "Sign out", Permission: SignedIn, OldPassword: true,
	}, s.signOut)
	Register(s, Operation{
		Method: http.MethodPut, Path: "/api/session/language", ID: "session-language", Tag: "session",
		Summary: "Choose the language", Permission: SignedIn, OldPassword: true,
	}, s.setLanguage)
	Register(s, Operation{
		Method: http.MethodPut, Path: "/api/session/password", ID: "session-password", Tag: "session",
		Summary: "Change one's own password; every other session ends", Permission: SignedIn, MaxBody: 4096, OldPassword: true,
	}, s.changePassword)
	Register(s, Operation{
		Method: http.MethodGet, Path: "/api/session/all", ID: "session-list", Tag: "session",
		Summary: "One's own sessions, the newest first", Permission: SignedIn,
	},
		func(ctx context.Context, caller account.Caller, _ *noInput) (sessionList, error) {
			list, err := s.options.Accounts.Sessions(ctx, caller, caller.AccountID)
			return sessionsOf(list), err
		})
	Register(s, Operation{
		Method: http.MethodDelete, Path: "/api/session/all/{id}", ID: "session-end", Tag: "session",
		Summary: "End one of one's own sessions", Permission: SignedIn,
	},
		func(ctx context.Context, caller account.Caller, in *sessionInput) (Nothing, error) {
			return Nothing{}, s.options.Accounts.EndSession(ctx, caller, caller.AccountID, in.ID)
		})
}

// signIn opens a session under a new token, so that a token planted before is worth nothing.
func (s *Server) signIn(ctx context.Context, _ account.Caller, in *signInInput) (sessionView, error) {
	caller, err := s.options.Accounts.SignIn(ctx, in.Body.Login, in.Body.Password)
	if err != nil {
		s.metrics.refusals.Inc()
		return sessionView{}, err
	}
	if err := s.begin(ctx, caller, in.Agent); err != nil {
		return sessionView{}, err
	}
	return s.view(ctx, caller), nil
}

// begin begins the caller's session under a new token.
func (s *Server) begin(ctx context.Context, caller account.Caller, agent string) error {
	sessions := s.options.Sessions
	if err := sessions.RenewToken(ctx); err != nil {
		return err
	}
	sessions.Put(ctx, account.SessionAccount, caller.AccountID)
	sessions.Put(ctx, account.SessionAddress, remoteOf(ctx))
	sessions.Put(ctx, account.SessionAgent, strings.ToValidUTF8(agent[:min(len(agent), maxAgent)], ""))
	sessions.Put(ctx, sessionCSRF, rand.Text())
	sessions.Remove(ctx, sessionToken) // of whoever was signed in before
	return nil
}

// maxAgent is how much is kept of what a browser says that it is, in bytes.
const maxAgent = 300

// changePassword ends all sessions but this one, which goes on under a new token.
func (s *Server) changePassword(ctx context.Context, caller account.Caller, in *passwordInput) (sessionView, error) {
	if err := s.options.Accounts.ChangePassword(ctx, caller, in.Body.Old, in.Body.Password); err != nil {
		return sessionView{}, err
	}
	if err := s.options.Sessions.RenewToken(ctx); err != nil {
		return sessionView{}, err
	}
	caller.MustChange = false
	return s.view(ctx, caller), nil
}

func (s *Server) session(ctx context.Context, caller account.Caller, _ *noInput) (sessionView, error) {
	return s.view(ctx, caller), nil
}

func (s *Server) signOut(ctx context.Context, _ account.Caller, _ *noInput) (closedView, error) {
	var view closedView
	if token := s.options.Sessions.GetString(ctx, sessionToken); token != "" && s.options.SignOn != nil {
		view.Next = s.options.SignOn.SignOut(token)
	}
	return view, s.options.Sessions.Destroy(ctx)
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
		Language: c.Language, MustChange: c.MustChange, Node: s.options.Node(ctx),
	}
}
