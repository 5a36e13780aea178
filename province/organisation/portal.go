package organisation

import (
	"context"
	"net/http"

	"jike/internal/account"
	"jike/internal/portal"
)

// UnitView is a unit as the browser sees it.
type UnitView struct {
	ID       int64  `json:"id"`
	ParentID int64  `json:"parentId" doc:"0 for the root"`
	Kind     Kind   `json:"kind" enum:"province,city,department,person"`
	Name     string `json:"name"`
	Code     string `json:"code"`
	Active   bool   `json:"active"`
}

type organisationView struct {
	Units []UnitView `json:"units" doc:"Units in scope and those above them, parents first"`
}

// Register adds the portal's operations on the organisation.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/organisation", ID: "organisation-get", Tag: "organisation",
		Summary: "The organisation within scope", Permission: account.OrganisationRead,
	},
		func(ctx context.Context, caller account.Caller, _ *struct{}) (organisationView, error) {
			units, err := store.Visible(ctx, caller)
			view := organisationView{Units: make([]UnitView, 0, len(units))}
			for _, u := range units {
				view.Units = append(view.Units, viewOf(u))
			}
			return view, err
		})
	registerAdministration(s, store)
}

func viewOf(u Unit) UnitView { return UnitView{u.ID, u.ParentID, u.Kind, u.Name, u.Code, u.Active} }
