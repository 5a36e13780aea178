package customer

import (
	"context"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/portal"
)

// viewerView is a named person as the browser sees them.
type viewerView struct {
	AccountID int64     `json:"accountId"`
	Login     string    `json:"login"`
	Name      string    `json:"name"`
	Until     string    `json:"until" doc:"The last day, YYYY-MM-DD"`
	Reason    string    `json:"reason"`
	NamedBy   string    `json:"namedBy"`
	NamedAt   time.Time `json:"namedAt"`
}

type candidateView struct {
	ID    int64  `json:"id"`
	Login string `json:"login"`
	Name  string `json:"name"`
}

type viewersView struct {
	Items      []viewerView    `json:"items"`
	Candidates []candidateView `json:"candidates" doc:"Who can be named: heads of departments, who stands in for the manager, and who is in the team"`
}

type nameViewerInput struct {
	ID   int64 `path:"id"`
	Body struct {
		AccountID int64  `json:"accountId"`
		Until     string `json:"until" maxLength:"10" doc:"The last day, YYYY-MM-DD"`
		Reason    string `json:"reason" maxLength:"2000"`
	}
}

type unnameViewerInput struct {
	ID      int64 `path:"id"`
	Account int64 `query:"account" required:"true"`
}

// registerViewers adds the portal's operations on who by name may see a sensitive customer.
func registerViewers(s *portal.Server, store *Store) {
	viewers := func(ctx context.Context, caller account.Caller, id int64) (viewersView, error) {
		list, candidates, err := store.Viewers(ctx, caller, id)
		view := viewersView{Items: make([]viewerView, 0, len(list)), Candidates: make([]candidateView, 0, len(candidates))}
		for _, v := range list {
			view.Items = append(view.Items, viewerView{v.AccountID, v.Login, v.Name, v.Until.Format(time.DateOnly), v.Reason, v.NamedBy, v.NamedAt})
		}
		for _, c := range candidates {
			view.Candidates = append(view.Candidates, candidateView(c))
		}
		return view, err
	}
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/customers/{id}/viewers", ID: "customer-viewer-list", Tag: "customer",
		Summary: "Who by name may see a sensitive customer", Permission: account.CustomerSensitive,
	},
		func(ctx context.Context, caller account.Caller, in *oneInput) (viewersView, error) {
			return viewers(ctx, caller, in.ID)
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPut, Path: "/api/customers/{id}/viewers", ID: "customer-viewer-name", Tag: "customer",
		Summary: "Name a person who may see a sensitive customer up to a day", Permission: account.CustomerSensitive,
	},
		func(ctx context.Context, caller account.Caller, in *nameViewerInput) (viewersView, error) {
			until, err := fault.Day("until", in.Body.Until)
			if err != nil {
				return viewersView{}, err
			}
			if err := store.Name(ctx, caller, in.ID, in.Body.AccountID, until, in.Body.Reason); err != nil {
				return viewersView{}, err
			}
			return viewers(ctx, caller, in.ID)
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodDelete, Path: "/api/customers/{id}/viewers", ID: "customer-viewer-unname", Tag: "customer",
		Summary: "End that a person is named for a sensitive customer", Permission: account.CustomerSensitive,
	},
		func(ctx context.Context, caller account.Caller, in *unnameViewerInput) (viewersView, error) {
			if err := store.Unname(ctx, caller, in.ID, in.Account); err != nil {
				return viewersView{}, err
			}
			return viewers(ctx, caller, in.ID)
		})
}
