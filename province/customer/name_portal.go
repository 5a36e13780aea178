package customer

import (
	"context"
	"net/http"

	"jike/internal/account"
	"jike/internal/portal"
)

// nameView is a name as the browser sees it.
type nameView struct {
	Text   string `json:"text"`
	Former bool   `json:"former"`
	Stated bool   `json:"stated" doc:"It is today's name, or an old one that today's states in brackets: it cannot be removed"`
}

type namesView struct {
	Items []nameView `json:"items" doc:"Today's name first"`
}

type addNameInput struct {
	ID   int64 `path:"id"`
	Body struct {
		Name string `json:"name" maxLength:"400"`
	}
}

type removeNameInput struct {
	ID   int64  `path:"id"`
	Name string `query:"name" required:"true" maxLength:"400"`
}

// registerNames adds the portal's operations on the names of a customer.
func registerNames(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/customers/{id}/names", ID: "customer-name-list", Tag: "customer",
		Summary: "Today's and former names of a customer", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *oneInput) (namesView, error) {
			return namesOf(store.Names(ctx, caller, in.ID))
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/customers/{id}/names", ID: "customer-name-add", Tag: "customer", Status: http.StatusCreated,
		Summary: "Add a former name, by which the duplicate check finds the customer", Permission: account.CustomerChange,
	},
		func(ctx context.Context, caller account.Caller, in *addNameInput) (namesView, error) {
			return namesOf(store.AddName(ctx, caller, in.ID, in.Body.Name))
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodDelete, Path: "/api/customers/{id}/names", ID: "customer-name-remove", Tag: "customer",
		Summary: "Remove a former name", Permission: account.CustomerChange,
	},
		func(ctx context.Context, caller account.Caller, in *removeNameInput) (namesView, error) {
			return namesOf(store.RemoveName(ctx, caller, in.ID, in.Name))
		})
}

func namesOf(list []Name, err error) (namesView, error) {
	view := namesView{Items: make([]nameView, 0, len(list))}
	for _, n := range list {
		view.Items = append(view.Items, nameView(n))
	}
	return view, err
}
