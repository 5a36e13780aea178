package view

import (
	"context"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
)

// Shown is a view as the browser sees it.
type Shown struct {
	ID        int64     `json:"id"`
	Version   int32     `json:"version"`
	Owner     string    `json:"owner" doc:"Login"`
	OwnerName string    `json:"ownerName"`
	Own       bool      `json:"own" doc:"The caller's"`
	MayChange bool      `json:"mayChange" doc:"By the caller"`
	Default   bool      `json:"default" doc:"The caller begins with it"`
	UnitName  string    `json:"unitName" doc:"Of a team; empty: there is none"`
	Missing   []string  `json:"missing" doc:"Columns and custom attributes that are no more"`
	UpdatedAt time.Time `json:"updatedAt"`
	Body
}

// Body is what the browser states about a view.
type Body struct {
	Name     string   `json:"name" maxLength:"200"`
	Audience string   `json:"audience" enum:"private,team,public"`
	UnitID   int64    `json:"unitId" doc:"Of a team: a department or a city; 0: there is none"`
	Settings Settings `json:"settings"`
}

// listView are all views that the caller may see.
type listView struct {
	Items []Shown `json:"items"`
}

type addInput struct{ Body Body }

// changeBody is Body with the version that it started from.
type changeBody struct {
	Version int32 `json:"version" doc:"The version that was edited"`
	Body
}

type changeInput struct {
	ID   int64 `path:"id"`
	Body changeBody
}

type oneInput struct {
	ID int64 `path:"id"`
}

// beginBody says what the caller begins with.
type beginBody struct {
	ID int64 `json:"id" doc:"0: the whole list"`
}

type beginInput struct{ Body beginBody }

// Register adds the portal's operations on views of the customer list.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/views", ID: "view-list", Tag: "view",
		Summary: "Views of the customer list, the caller's own and those that are shared with the caller", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, _ *struct{}) (listView, error) {
			list, err := store.List(ctx, caller)
			shown := listView{Items: make([]Shown, 0, len(list))}
			for _, v := range list {
				shown.Items = append(shown.Items, shownOf(caller, v))
			}
			return shown, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/views", ID: "view-create", Tag: "view", Status: http.StatusCreated,
		Summary: "Keep a view of the customer list, for oneself or shared", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *addInput) (Shown, error) {
			v, err := store.Add(ctx, caller, in.Body.facts())
			return shownOf(caller, v), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPut, Path: "/api/views/{id}", ID: "view-change", Tag: "view",
		Summary: "Change, rename or share a view; 409 with the current one if the version is not the newest", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *changeInput) (Shown, error) {
			v, err := store.Change(ctx, caller, in.ID, in.Body.Version, in.Body.facts())
			return portal.Saved(v, err, func(v View) Shown { return shownOf(caller, v) })
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodDelete, Path: "/api/views/{id}", ID: "view-remove", Tag: "view",
		Summary: "Forget a view", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *oneInput) (portal.Nothing, error) {
			return portal.Nothing{}, store.Remove(ctx, caller, in.ID)
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPut, Path: "/api/default-view", ID: "view-begin", Tag: "view",
		Summary: "What the caller begins with", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *beginInput) (portal.Nothing, error) {
			return portal.Nothing{}, store.Begin(ctx, caller, in.Body.ID)
		})
}

func (b Body) facts() Facts {
	return Facts{Name: b.Name, Audience: Audience(b.Audience), UnitID: b.UnitID, Settings: b.Settings}
}

func shownOf(caller account.Caller, v View) Shown {
	if v.Settings.Columns == nil {
		v.Settings.Columns = []string{}
	}
	return Shown{
		ID: v.ID, Version: v.Version, Owner: v.Owner, OwnerName: v.OwnerName, Own: v.OwnerID == caller.AccountID, MayChange: v.MayChange(caller),
		Default: v.Default, UnitName: v.UnitName, Missing: v.Missing, UpdatedAt: v.UpdatedAt,
		Body: Body{Name: v.Name, Audience: string(v.Audience), UnitID: v.UnitID, Settings: v.Settings},
	}
}
