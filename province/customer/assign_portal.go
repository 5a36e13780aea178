package customer

import (
	"context"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
)

// responsibilityView is a Responsibility as the browser sees it.
type responsibilityView struct {
	From       string    `json:"from" doc:"Name; empty: nobody"`
	To         string    `json:"to" doc:"Name; empty: nobody"`
	At         time.Time `json:"at"`
	Actor      string    `json:"actor"`
	Reason     string    `json:"reason"`
	HandoverID int64     `json:"handoverId" doc:"0: a change of this one customer"`
}

type responsibilitiesView struct {
	Items []responsibilityView `json:"items"`
}

func registerAssignment(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/customers/{id}/responsibility", ID: "customer-responsibility", Tag: "customer",
		Summary: "Who cared for a customer, the newest change first", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *oneInput) (responsibilitiesView, error) {
			list, err := store.Responsibilities(ctx, caller, in.ID)
			view := responsibilitiesView{Items: make([]responsibilityView, 0, len(list))}
			for _, r := range list {
				view.Items = append(view.Items, responsibilityView(r))
			}
			return view, err
		})
}
