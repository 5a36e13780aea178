package organisation

import (
	"context"
	"net/http"

	"jike/internal/account"
	"jike/internal/portal"
)

// nodeView is a unit with what hangs on it, as the browser sees it.
type nodeView struct {
	UnitView
	People    int `json:"people" doc:"Persons in service, itself or below"`
	Accounts  int `json:"accounts" doc:"Active, of this very unit"`
	Customers int `json:"customers" doc:"In the care of itself or of anybody below, as counted some seconds ago"`
}

type treeView struct {
	Units []nodeView `json:"units" doc:"Those above first"`
}

type createInput struct {
	Body struct {
		ParentID int64  `json:"parentId"`
		Code     string `json:"code" maxLength:"40" doc:"City: GB/T 2260; department and person: the carrier's own number"`
		Name     string `json:"name" maxLength:"200"`
	}
}

type renameInput struct {
	ID   int64 `path:"id"`
	Body struct {
		Before string `json:"before" maxLength:"200" doc:"The name that was edited"`
		Name   string `json:"name" maxLength:"200"`
	}
}

type moveInput struct {
	ID   int64 `path:"id"`
	Body struct {
		ParentID int64 `json:"parentId"`
	}
}

type oneInput struct {
	ID int64 `path:"id"`
}

// registerAdministration adds the operations that change the tree.
func registerAdministration(s *portal.Server, store *Store) {
	add := func(method, path, id, summary string) portal.Operation {
		return portal.Operation{Method: method, Path: path, ID: id, Tag: "organisation", Summary: summary, Permission: account.OrganisationEdit}
	}
	portal.Register(s, add(http.MethodGet, "/api/organisation/tree", "organisation-tree", "All units with what hangs on them"),
		func(ctx context.Context, caller account.Caller, _ *struct{}) (treeView, error) {
			list, err := store.Tree(ctx, caller)
			v := treeView{Units: make([]nodeView, 0, len(list))}
			for _, n := range list {
				v.Units = append(v.Units, nodeView{viewOf(n.Unit), n.People, n.Accounts, n.Customers})
			}
			return v, err
		})
	create := add(http.MethodPost, "/api/organisation", "organisation-create", "New unit below another one")
	create.Status = http.StatusCreated
	portal.Register(s, create, func(ctx context.Context, caller account.Caller, in *createInput) (UnitView, error) {
		u, err := store.Create(ctx, caller, in.Body.ParentID, in.Body.Code, in.Body.Name)
		return viewOf(u), err
	})
	portal.Register(s, add(http.MethodPut, "/api/organisation/{id}/name", "organisation-rename", "Another name for a unit"),
		func(ctx context.Context, caller account.Caller, in *renameInput) (portal.Nothing, error) {
			return portal.Nothing{}, store.Rename(ctx, caller, in.ID, in.Body.Before, in.Body.Name)
		})
	portal.Register(s, add(http.MethodPost, "/api/organisation/{id}/move", "organisation-move", "Put a unit with all below it under another one"),
		func(ctx context.Context, caller account.Caller, in *moveInput) (portal.Nothing, error) {
			return portal.Nothing{}, store.Move(ctx, caller, in.ID, in.Body.ParentID)
		})
	portal.Register(s, add(http.MethodPost, "/api/organisation/{id}/close", "organisation-close", "Take a unit out of service"),
		func(ctx context.Context, caller account.Caller, in *oneInput) (portal.Nothing, error) {
			return portal.Nothing{}, store.Close(ctx, caller, in.ID)
		})
	portal.Register(s, add(http.MethodPost, "/api/organisation/{id}/open", "organisation-open", "Put a closed unit back into service"),
		func(ctx context.Context, caller account.Caller, in *oneInput) (portal.Nothing, error) {
			return portal.Nothing{}, store.Open(ctx, caller, in.ID)
		})
}
