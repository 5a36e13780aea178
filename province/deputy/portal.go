package deputy

import (
	"context"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/portal"
)

// deputyView is a Deputy as the browser sees it.
type deputyView struct {
	ID        int64      `json:"id"`
	AbsentID  int64      `json:"absentId" doc:"Unit of the account manager"`
	Absent    string     `json:"absent" doc:"Name"`
	AccountID int64      `json:"accountId" doc:"Of the deputy"`
	Login     string     `json:"login"`
	Name      string     `json:"name"`
	From      string     `json:"from" doc:"The first day, YYYY-MM-DD"`
	Until     string     `json:"until" doc:"The last day, YYYY-MM-DD"`
	Reason    string     `json:"reason"`
	State     State      `json:"state" enum:"planned,running,over"`
	NamedBy   string     `json:"namedBy" doc:"Login"`
	NamedAt   time.Time  `json:"namedAt"`
	EndedBy   string     `json:"endedBy" doc:"Login of who ended it early; empty: nobody"`
	EndedAt   *time.Time `json:"endedAt"`
}

func viewOf(d Deputy) deputyView {
	return deputyView{
		d.ID, d.AbsentID, d.Absent, d.AccountID, d.Login, d.Name, d.From.Format(time.DateOnly), d.Until.Format(time.DateOnly),
		d.Reason, d.State, d.NamedBy, d.NamedAt, d.EndedBy, d.EndedAt,
	}
}

func viewsOf(list []Deputy) []deputyView {
	views := make([]deputyView, 0, len(list))
	for _, d := range list {
		views = append(views, viewOf(d))
	}
	return views
}

type listInput struct {
	State string `query:"state" enum:"open,over" default:"open"`
	Own   bool   `query:"own" doc:"Only those in which the caller is the absent one or the deputy"`
	Page  int    `query:"page" minimum:"1" maximum:"1000000" default:"1"`
	Size  int    `query:"size" minimum:"1" maximum:"200" default:"20"`
}

// listView is a page of deputyships.
type listView struct {
	Items []deputyView `json:"items"`
	Total int          `json:"total" doc:"Rows of all pages"`
	Page  int          `json:"page"`
	Size  int          `json:"size"`
}

type noticesView struct {
	Items []deputyView `json:"items"`
}

type candidatesInput struct {
	Absent int64 `query:"absent" required:"true" doc:"Unit of the account manager"`
}

type candidateView struct {
	ID    int64  `json:"id" doc:"Account"`
	Login string `json:"login"`
	Name  string `json:"name"`
	Unit  string `json:"unit" doc:"Its place in the organisation"`
}

type candidatesView struct {
	Items []candidateView `json:"items"`
}

type nameInput struct {
	Body struct {
		AbsentID  int64  `json:"absentId" doc:"Unit of the account manager"`
		AccountID int64  `json:"accountId" doc:"Of the deputy"`
		From      string `json:"from" maxLength:"10" doc:"The first day, YYYY-MM-DD"`
		Until     string `json:"until" maxLength:"10" doc:"The last day, YYYY-MM-DD"`
		Reason    string `json:"reason" maxLength:"200"`
	}
}

type oneInput struct {
	ID int64 `path:"id"`
}

// Register adds the portal's operations on deputies.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/deputies", ID: "deputy-list", Tag: "deputy",
		Summary: "Who stands in for whom, of the caller and of people in scope", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *listInput) (listView, error) {
			list, total, err := store.List(ctx, caller, Filter{Over: in.State == "over", Own: in.Own, Page: in.Page, Size: in.Size})
			return listView{viewsOf(list), total, in.Page, in.Size}, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/deputies/notices", ID: "deputy-notices", Tag: "deputy",
		Summary: "Deputyships of the caller that were not acknowledged", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, _ *struct{}) (noticesView, error) {
			list, err := store.Notices(ctx, caller)
			return noticesView{viewsOf(list)}, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/deputies/{id}/acknowledge", ID: "deputy-acknowledge", Tag: "deputy",
		Summary: "Take a deputyship off the caller's notices", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *oneInput) (portal.Nothing, error) {
			return portal.Nothing{}, store.Acknowledge(ctx, caller, in.ID)
		})
	registerNaming(s, store)
}

func registerNaming(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/deputies/candidates", ID: "deputy-candidates", Tag: "deputy",
		Summary: "Who can be named as an account manager's deputy", Permission: account.DeputyName,
	},
		func(ctx context.Context, caller account.Caller, in *candidatesInput) (candidatesView, error) {
			list, err := store.Candidates(ctx, caller, in.Absent)
			v := candidatesView{Items: make([]candidateView, 0, len(list))}
			for _, c := range list {
				v.Items = append(v.Items, candidateView(c))
			}
			return v, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/deputies", ID: "deputy-name", Tag: "deputy",
		Summary: "Name a deputy for an account manager for some days", Permission: account.DeputyName, Status: http.StatusCreated,
	},
		func(ctx context.Context, caller account.Caller, in *nameInput) (deputyView, error) {
			b := in.Body
			from, err := fault.Day("from", b.From)
			if err != nil {
				return deputyView{}, err
			}
			until, err := fault.Day("until", b.Until)
			if err != nil {
				return deputyView{}, err
			}
			d, err := store.Name(ctx, caller, Order{AbsentID: b.AbsentID, AccountID: b.AccountID, From: from, Until: until, Reason: b.Reason})
			return viewOf(d), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/deputies/{id}/end", ID: "deputy-end", Tag: "deputy",
		Summary: "End a deputyship at once", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *oneInput) (portal.Nothing, error) {
			return portal.Nothing{}, store.End(ctx, caller, in.ID)
		})
}
