package team

import (
	"context"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/portal"
)

// memberView is a Member as the browser sees it.
type memberView struct {
	ID        int64      `json:"id"`
	AccountID int64      `json:"accountId"`
	Login     string     `json:"login"`
	Name      string     `json:"name"`
	Unit      string     `json:"unit" doc:"The member's place in the organisation; empty: none"`
	Duty      Duty       `json:"duty" enum:"assistant,project_manager,solution_specialist,delivery_engineer,service_specialist,billing_specialist"`
	From      string     `json:"from" doc:"The first day, YYYY-MM-DD"`
	Until     string     `json:"until" doc:"The last day, YYYY-MM-DD"`
	State     State      `json:"state" enum:"planned,running,over"`
	NamedBy   string     `json:"namedBy" doc:"Login"`
	NamedAt   time.Time  `json:"namedAt"`
	EndedBy   string     `json:"endedBy" doc:"Login of who ended it early; empty: nobody"`
	EndedAt   *time.Time `json:"endedAt"`
}

type teamView struct {
	Items    []memberView `json:"items" doc:"Those first that are or will be in it, 200 at most"`
	InCharge bool         `json:"inCharge" doc:"The caller is more than in the team: decides about the customer as far as their role goes"`
}

// noticeView is a Notice as the browser sees it.
type noticeView struct {
	ID         int64     `json:"id"`
	Customers  int       `json:"customers" doc:"More than one: of one hand-over, and the facts of one customer are those of any of them"`
	CustomerID *int64    `json:"customerId" doc:"Null: the caller does not see it"`
	Customer   string    `json:"customer" doc:"Name; empty: it is sensitive, and the caller does not see it"`
	Duty       Duty      `json:"duty" enum:"assistant,project_manager,solution_specialist,delivery_engineer,service_specialist,billing_specialist"`
	From       string    `json:"from" doc:"The first day, YYYY-MM-DD"`
	Until      string    `json:"until" doc:"The last day, YYYY-MM-DD"`
	Released   bool      `json:"released" doc:"Else: named"`
	By         string    `json:"by" doc:"Login"`
	At         time.Time `json:"at"`
	Reason     string    `json:"reason" doc:"Of the hand-over; empty: none"`
}

type noticesView struct {
	Items []noticeView `json:"items" doc:"20 at most"`
}

type ofInput struct {
	ID int64 `path:"id" doc:"Customer"`
}

type candidatesInput struct {
	ID int64  `path:"id" doc:"Customer"`
	Q  string `query:"q" maxLength:"60" doc:"A part of the name or login"`
}

type candidateView struct {
	ID    int64  `json:"id" doc:"Account"`
	Login string `json:"login"`
	Name  string `json:"name"`
	Unit  string `json:"unit" doc:"Its place in the organisation"`
}

type candidatesView struct {
	Items []candidateView `json:"items" doc:"50 at most"`
}

type nameInput struct {
	ID   int64 `path:"id" doc:"Customer"`
	Body nameBody
}

type nameBody struct {
	AccountID int64  `json:"accountId"`
	Duty      Duty   `json:"duty" enum:"assistant,project_manager,solution_specialist,delivery_engineer,service_specialist,billing_specialist"`
	From      string `json:"from" maxLength:"10" doc:"The first day, YYYY-MM-DD"`
	Until     string `json:"until" maxLength:"10" doc:"The last day, YYYY-MM-DD"`
}

type oneInput struct {
	ID int64 `path:"id"`
}

// Register adds the portal's operations on teams.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/customers/{id}/team", ID: "team-list", Tag: "team",
		Summary: "Who serves a customer beside its account manager, and who did", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *ofInput) (teamView, error) {
			return store.view(ctx, caller, in.ID)
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/customers/{id}/team/candidates", ID: "team-candidates", Tag: "team",
		Summary: "Who can be named for a customer's team", Permission: account.TeamName,
	},
		func(ctx context.Context, caller account.Caller, in *candidatesInput) (candidatesView, error) {
			list, err := store.Candidates(ctx, caller, in.ID, in.Q)
			v := candidatesView{Items: make([]candidateView, 0, len(list))}
			for _, c := range list {
				v.Items = append(v.Items, candidateView(c))
			}
			return v, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/customers/{id}/team", ID: "team-name", Tag: "team", Status: http.StatusCreated,
		Summary: "Name a member of a customer's team from a first to a last day", Permission: account.TeamName,
	},
		func(ctx context.Context, caller account.Caller, in *nameInput) (teamView, error) {
			b := in.Body
			from, err := fault.Day("from", b.From)
			if err != nil {
				return teamView{}, err
			}
			until, err := fault.Day("until", b.Until)
			if err != nil {
				return teamView{}, err
			}
			if err := store.Name(ctx, caller, Order{CustomerID: in.ID, AccountID: b.AccountID, Duty: b.Duty, From: from, Until: until}); err != nil {
				return teamView{}, err
			}
			return store.view(ctx, caller, in.ID)
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/team-members/{id}/end", ID: "team-end", Tag: "team",
		Summary: "End that somebody is in a customer's team at once", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *oneInput) (portal.Nothing, error) {
			return portal.Nothing{}, store.End(ctx, caller, in.ID)
		})
	registerNotices(s, store)
}

func registerNotices(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/team-members/notices", ID: "team-notices", Tag: "team",
		Summary: "Memberships of the caller in customers' teams that were not acknowledged", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, _ *struct{}) (noticesView, error) {
			list, err := store.Notices(ctx, caller)
			v := noticesView{make([]noticeView, 0, len(list))}
			for _, n := range list {
				v.Items = append(v.Items, noticeViewOf(n))
			}
			return v, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/team-members/{id}/acknowledge", ID: "team-acknowledge", Tag: "team",
		Summary: "Take a membership, or all that one hand-over released, off the caller's notices", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *oneInput) (portal.Nothing, error) {
			return portal.Nothing{}, store.Acknowledge(ctx, caller, in.ID)
		})
}

func noticeViewOf(n Notice) noticeView {
	v := noticeView{
		n.ID, n.Customers, nil, n.Customer, n.Duty, n.From.Format(time.DateOnly), n.Until.Format(time.DateOnly), n.Released, n.By, n.At, n.Reason,
	}
	if n.CustomerID != 0 {
		v.CustomerID = &n.CustomerID
	}
	return v
}

func (s *Store) view(ctx context.Context, caller account.Caller, customerID int64) (teamView, error) {
	list, inCharge, err := s.Of(ctx, caller, customerID)
	v := teamView{Items: make([]memberView, 0, len(list)), InCharge: inCharge}
	for _, m := range list {
		v.Items = append(v.Items, memberView{
			m.ID, m.AccountID, m.Login, m.Name, m.Unit, m.Duty, m.From.Format(time.DateOnly), m.Until.Format(time.DateOnly),
			m.State, m.NamedBy, m.NamedAt, m.EndedBy, m.EndedAt,
		})
	}
	return v, err
}
