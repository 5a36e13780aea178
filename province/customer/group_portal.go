package customer

import (
	"context"
	"net/http"

	"jike/internal/account"
	"jike/internal/portal"
)

type groupsInput struct {
	Sieve
	By string `query:"by" required:"true" enum:"class,lifecycle,manager,city,industry" doc:"The fact that all customers of a group have"`
}

type groupView struct {
	Value     string `json:"value" doc:"A code, or the unit of the account manager; empty: in nobody's care"`
	Customers int    `json:"customers"`
	Manager   string `json:"manager" doc:"Name of the account manager; empty where the list is grouped by something else"`
	Unit      string `json:"unit" doc:"Name of the account manager's department"`
}

type groupsView struct {
	Groups []groupView `json:"groups" doc:"Those that have customers, the largest first"`
	Total  int         `json:"total" doc:"Customers of all groups"`
	More   bool        `json:"more" doc:"A text was searched for, and there are more customers than total: these are the groups of the first so many"`
}

func registerGroups(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/customer-groups", ID: "customer-groups", Tag: "customer",
		Summary: "Customers within scope, filtered as a list is and counted by one fact", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *groupsInput) (groupsView, error) {
			f, err := in.Filter()
			if err != nil {
				return groupsView{}, err
			}
			all, err := store.Groups(ctx, caller, f, Grouping(in.By))
			view := groupsView{Groups: make([]groupView, 0, len(all.List)), Total: all.Total, More: all.More}
			for _, g := range all.List {
				view.Groups = append(view.Groups, groupView(g))
			}
			return view, err
		})
}
