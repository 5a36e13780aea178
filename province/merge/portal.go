package merge

import (
	"context"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
)

// mergeView is a merge as the browser sees it.
type mergeView struct {
	ID       int64          `json:"id"`
	Survivor partyView      `json:"survivor"`
	Merged   partyView      `json:"merged"`
	Taken    []string       `json:"taken" doc:"Facts that the survivor took, by their names"`
	Moved    map[string]int `json:"moved" doc:"Rows by relation: contact, contract, subscription, member, site, child"`
	Reason   string         `json:"reason"`
	Actor    string         `json:"actor"`
	At       time.Time      `json:"at"`
	UndoneAt *time.Time     `json:"undoneAt" doc:"Null: it stands"`
	UndoneBy string         `json:"undoneBy"`
}

type partyView struct {
	ID     int64  `json:"id"`
	Number string `json:"number"`
	Name   string `json:"name"`
}

type ofInput struct {
	ID int64 `path:"id" doc:"Customer"`
}

type listView struct {
	Items []mergeView `json:"items"`
}

type makeInput struct {
	ID   int64 `path:"id" doc:"The survivor"`
	Body struct {
		Version       int32    `json:"version" doc:"Of the survivor, as it was seen"`
		MergedID      int64    `json:"mergedId"`
		MergedVersion int32    `json:"mergedVersion"`
		Take          []string `json:"take" doc:"Facts that the survivor takes from the merged one, by their names in a customer"`
		Reason        string   `json:"reason" maxLength:"1000"`
	}
}

type undoInput struct {
	ID int64 `path:"id"`
}

// Register adds the portal's operations on merges.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/customers/{id}/merges", ID: "merge-list", Tag: "merge",
		Summary: "Merges that a customer was part of", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *ofInput) (listView, error) {
			list, err := store.Of(ctx, caller, in.ID)
			view := listView{Items: make([]mergeView, 0, len(list))}
			for _, m := range list {
				view.Items = append(view.Items, viewOf(m))
			}
			return view, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/customers/{id}/merges", ID: "merge-make", Tag: "merge", Status: http.StatusCreated,
		Summary: "Merge another customer into this one", Permission: account.CustomerMerge,
	},
		func(ctx context.Context, caller account.Caller, in *makeInput) (mergeView, error) {
			m, err := store.Make(ctx, caller, Order{
				SurvivorID: in.ID, SurvivorVersion: in.Body.Version, MergedID: in.Body.MergedID, MergedVersion: in.Body.MergedVersion,
				Take: in.Body.Take, Reason: in.Body.Reason,
			})
			return viewOf(m), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/merges/{id}/undo", ID: "merge-undo", Tag: "merge",
		Summary: "Undo a merge, unless something that came later stands against it", Permission: account.CustomerMerge,
	},
		func(ctx context.Context, caller account.Caller, in *undoInput) (mergeView, error) {
			m, err := store.Undo(ctx, caller, in.ID)
			return viewOf(m), err
		})
}

func viewOf(m Merge) mergeView {
	return mergeView{
		ID: m.ID, Survivor: partyView{m.SurvivorID, m.SurvivorNumber, m.SurvivorName}, Merged: partyView{m.MergedID, m.MergedNumber, m.MergedName},
		Taken: m.Taken, Moved: m.Moved, Reason: m.Reason, Actor: m.Actor, At: m.At, UndoneAt: m.UndoneAt, UndoneBy: m.UndoneBy,
	}
}
