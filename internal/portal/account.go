package portal

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"jike/internal/account"
	"jike/internal/fault"
)

// accountView is an account as administrators see it.
type accountView struct {
	ID          int64        `json:"id"`
	Login       string       `json:"login"`
	Name        string       `json:"name"`
	Role        account.Role `json:"role" enum:"account_manager,department_head,province_administrator,headquarters_analyst,headquarters_administrator"`
	UnitID      int64        `json:"unitId" doc:"Place in the organisation tree, 0 if none"`
	Active      bool         `json:"active"`
	Locked      bool         `json:"locked" doc:"By failures in a row"`
	LockedUntil *time.Time   `json:"lockedUntil"`
	MustChange  bool         `json:"mustChangePassword" doc:"At the next sign-in"`
	PasswordAt  time.Time    `json:"passwordAt" doc:"Since when the password holds"`
	LastSignIn  *time.Time   `json:"lastSignIn"`
	CreatedAt   time.Time    `json:"createdAt"`
	Subject     string       `json:"subject" doc:"By which the provider of single sign-on knows the person; empty: it was never used"`
	BoundAt     *time.Time   `json:"boundAt" doc:"To the subject"`
	Version     int32        `json:"version"`
}

func accountOf(a account.Account) accountView {
	return accountView{
		a.ID, a.Login, a.Name, a.Role, a.UnitID, a.Active, a.Locked, a.LockedUntil, a.MustChange, a.PasswordAt, a.LastSignIn, a.CreatedAt,
		a.Subject, a.BoundAt, a.Version,
	}
}

type accountListInput struct {
	Q     string       `query:"q" maxLength:"64" doc:"Part of a login or name"`
	Role  account.Role `query:"role" enum:"account_manager,department_head,province_administrator,headquarters_analyst,headquarters_administrator"`
	State string       `query:"state" enum:"active,closed,locked"`
	Page  int          `query:"page" minimum:"1" maximum:"1000000" default:"1"`
	Size  int          `query:"size" minimum:"1" maximum:"200" default:"50"`
}

type accountList struct {
	Items []accountView  `json:"items"`
	Total int            `json:"total"`
	Page  int            `json:"page"`
	Size  int            `json:"size"`
	Roles []account.Role `json:"roles" enum:"account_manager,department_head,province_administrator,headquarters_analyst,headquarters_administrator" doc:"That an account of this node can have"`
}

type accountInput struct {
	ID int64 `path:"id"`
}

type accountCreateInput struct {
	Body struct {
		Login    string       `json:"login" minLength:"2" maxLength:"64"`
		Name     string       `json:"name" minLength:"1" maxLength:"60"`
		Role     account.Role `json:"role" enum:"account_manager,department_head,province_administrator,headquarters_analyst,headquarters_administrator"`
		UnitID   int64        `json:"unitId" doc:"0: none"`
		Language string       `json:"language" enum:"zh,en"`
	}
}

type accountChangeInput struct {
	ID   int64 `path:"id"`
	Body struct {
		Version int32        `json:"version" doc:"The version that was edited"`
		Name    string       `json:"name" minLength:"1" maxLength:"60"`
		Role    account.Role `json:"role" enum:"account_manager,department_head,province_administrator,headquarters_analyst,headquarters_administrator"`
		UnitID  int64        `json:"unitId" doc:"0: none"`
		Active  bool         `json:"active"`
	}
}

// rightsView is what an account may do at this moment.
type rightsView struct {
	Scope       string               `json:"scope" enum:"nothing,own,department,province,nation" doc:"Which customers it reaches"`
	UnitID      int64                `json:"unitId" doc:"Where the reach begins, 0: nowhere in the organisation"`
	Permissions []account.Permission `json:"permissions" doc:"In alphabetical order; none of an account that is closed"`
}

type secretView struct {
	ID       int64  `json:"id" doc:"Account"`
	Password string `json:"password" doc:"Told this once; the owner has to change it at the next sign-in"`
}

type accountSessionInput struct {
	ID      int64 `path:"id"`
	Session int64 `path:"session" doc:"0: all"`
}

// registerAccounts adds the administration of accounts, the same at both levels.
func (s *Server) registerAccounts() {
	accounts := s.options.Accounts
	add := func(method, path, id, summary string) Operation {
		return Operation{Method: method, Path: path, ID: id, Tag: "account", Summary: summary, Permission: account.AccountManage}
	}
	Register(s, add(http.MethodGet, "/api/accounts", "account-list", "Accounts of the node, in the order of their logins"),
		func(ctx context.Context, caller account.Caller, in *accountListInput) (accountList, error) {
			page, total, err := accounts.List(ctx, caller, account.Filter{Text: in.Q, Role: in.Role, State: in.State, Page: in.Page, Size: in.Size})
			out := accountList{make([]accountView, 0, len(page)), total, in.Page, in.Size, account.RolesOf(s.options.Node(ctx).Level)}
			for _, a := range page {
				out.Items = append(out.Items, accountOf(a))
			}
			return out, err
		})
	create := add(http.MethodPost, "/api/accounts", "account-create", "New account with a first password")
	create.Status = http.StatusCreated
	Register(s, create, func(ctx context.Context, caller account.Caller, in *accountCreateInput) (secretView, error) {
		b := in.Body
		if err := s.checkPlace(ctx, b.Role, b.UnitID); err != nil {
			return secretView{}, err
		}
		id, password, err := accounts.Open(ctx, caller, account.NewAccount{Login: b.Login, Name: b.Name, Role: b.Role, UnitID: b.UnitID, Language: b.Language})
		return secretView{id, password}, err
	})
	Register(s, add(http.MethodGet, "/api/accounts/{id}", "account-get", "One account"),
		func(ctx context.Context, caller account.Caller, in *accountInput) (accountView, error) {
			a, err := accounts.Get(ctx, caller, in.ID)
			return accountOf(a), err
		})
	Register(s, add(http.MethodGet, "/api/accounts/{id}/rights", "account-rights", "What an account may do, and how far it reaches"),
		s.rights)
	Register(s, add(http.MethodPut, "/api/accounts/{id}", "account-change", "Change name, role, unit, or close and open; 409 with the account as it is now"),
		s.changeAccount)
	Register(s, add(http.MethodPost, "/api/accounts/{id}/password", "account-reset", "A new first password; the sessions end"),
		func(ctx context.Context, caller account.Caller, in *accountInput) (secretView, error) {
			password, err := accounts.Reset(ctx, caller, in.ID)
			return secretView{in.ID, password}, err
		})
	Register(s, add(http.MethodPost, "/api/accounts/{id}/unlock", "account-unlock", "Open an account that failures have locked"),
		func(ctx context.Context, caller account.Caller, in *accountInput) (Nothing, error) {
			return Nothing{}, accounts.Unlock(ctx, caller, in.ID)
		})
	Register(s, add(http.MethodDelete, "/api/accounts/{id}/subject", "account-unbind", "Have an account be bound anew at the next sign-in at the provider; the sessions end"),
		func(ctx context.Context, caller account.Caller, in *accountInput) (Nothing, error) {
			return Nothing{}, accounts.Unbind(ctx, caller, in.ID)
		})
	Register(s, add(http.MethodGet, "/api/accounts/{id}/sessions", "account-session-list", "Sessions of an account, the newest first"),
		func(ctx context.Context, caller account.Caller, in *accountInput) (sessionList, error) {
			list, err := accounts.Sessions(ctx, caller, in.ID)
			return sessionsOf(list), err
		})
	Register(s, add(http.MethodDelete, "/api/accounts/{id}/sessions/{session}", "account-session-end", "End a session of an account, or all"),
		func(ctx context.Context, caller account.Caller, in *accountSessionInput) (Nothing, error) {
			return Nothing{}, accounts.EndSession(ctx, caller, in.ID, in.Session)
		})
}

func (s *Server) changeAccount(ctx context.Context, caller account.Caller, in *accountChangeInput) (accountView, error) {
	b := in.Body
	if err := s.checkPlace(ctx, b.Role, b.UnitID); err != nil {
		return accountView{}, err
	}
	a, err := s.options.Accounts.Change(ctx, caller, in.ID, b.Version, account.Statement{Name: b.Name, Role: b.Role, UnitID: b.UnitID, Active: b.Active})
	return Saved(a, err, accountOf)
}

// rights are those that the next request of the account would have.
func (s *Server) rights(ctx context.Context, caller account.Caller, in *accountInput) (rightsView, error) {
	if _, err := s.options.Accounts.Get(ctx, caller, in.ID); err != nil {
		return rightsView{}, err
	}
	c, err := s.options.Accounts.Caller(ctx, in.ID)
	if errors.Is(err, account.ErrNoAccount) || fault.Is(err, fault.NotFound) { // the account is closed, or its unit
		c, err = account.Caller{}, nil
	}
	return rightsView{c.Scope().Reach.String(), c.UnitID, append([]account.Permission{}, c.Role.Permissions()...)}, err
}

// checkPlace gives a fault for a role that is not of this level, and for a unit that is not there.
func (s *Server) checkPlace(ctx context.Context, role account.Role, unitID int64) error {
	if !slices.Contains(account.RolesOf(s.options.Node(ctx).Level), role) {
		return fault.Field(fault.Rule, "role", "account.role.level")
	}
	if unitID == 0 {
		return nil
	}
	if err := s.options.Accounts.KnowsUnit(ctx, unitID); fault.Is(err, fault.NotFound) {
		return fault.Field(fault.Rule, "unitId", "account.unit.unknown")
	} else if err != nil {
		return err
	}
	return nil
}
