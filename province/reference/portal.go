package reference

import (
	"context"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
)

type stateView struct {
	State      string     `json:"state" doc:"Whether changes are applied as they come: running; else why not"`
	Error      string     `json:"error"`
	Epoch      int64      `json:"epoch" doc:"0: nothing came yet"`
	Version    int64      `json:"version" doc:"That is here"`
	Head       int64      `json:"head" doc:"Newest of headquarters, as last heard"`
	ChangedAt  *time.Time `json:"changedAt" doc:"When headquarters made the newest change that is here"`
	AppliedAt  *time.Time `json:"appliedAt" doc:"When it arrived"`
	HeardAt    *time.Time `json:"heardAt" doc:"When headquarters was last heard"`
	AgeSeconds int64      `json:"ageSeconds" doc:"For how long it is not known whether headquarters has something newer; -1: nothing came yet"`
}

type listInput struct {
	Kind string `path:"kind" enum:"products,codes,classes,key-accounts,policies,notices"`
	Q    string `query:"q" maxLength:"100" doc:"Part of any value"`
	Page int    `query:"page" minimum:"1" maximum:"1000000" default:"1"`
	Size int    `query:"size" minimum:"1" maximum:"200" default:"50"`
}

type rowView struct {
	ID        int64          `json:"id"`
	Province  int16          `json:"province" doc:"0: for all"`
	Version   int64          `json:"version" doc:"Of the change that last wrote it"`
	ChangedAt time.Time      `json:"changedAt"`
	Values    map[string]any `json:"values" doc:"By field; of a product also the province's own words"`
}

type listView struct {
	Items []rowView `json:"items"`
	Total int       `json:"total"`
	Page  int       `json:"page"`
	Size  int       `json:"size"`
}

type noticeView struct {
	ID      int64     `json:"id"`
	Title   string    `json:"title"`
	Body    string    `json:"body"`
	Level   string    `json:"level" enum:"info,warning,urgent"`
	ValidTo time.Time `json:"validTo"`
}

type noticesView struct {
	Items []noticeView `json:"items"`
}

type extendInput struct {
	Code string `path:"code" maxLength:"32"`
	Body struct {
		Version   int32  `json:"version" doc:"The version that was edited; 0: nothing was said yet"`
		LocalName string `json:"localName"`
		Available bool   `json:"available" doc:"Sold in this province"`
		Note      string `json:"note"`
	}
}

// Register adds the operations on reference data.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/reference", ID: "reference-state", Tag: "reference",
		Summary: "Version and age of headquarters' reference data", Permission: account.ReferenceRead,
	},
		func(ctx context.Context, _ account.Caller, _ *struct{}) (stateView, error) {
			st, err := store.State(ctx)
			return stateView{st.State, st.Error, st.Epoch, st.Version, st.Head, st.ChangedAt, st.AppliedAt, st.HeardAt, st.AgeSeconds()}, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/reference/{kind}", ID: "reference-list", Tag: "reference",
		Summary: "Rows of a kind that hold", Permission: account.ReferenceRead,
	},
		func(ctx context.Context, caller account.Caller, in *listInput) (listView, error) {
			rows, total, err := store.List(ctx, caller, in.Kind, in.Q, in.Page, in.Size)
			view := listView{Items: []rowView{}, Total: total, Page: in.Page, Size: in.Size}
			for _, r := range rows {
				view.Items = append(view.Items, rowView(r))
			}
			return view, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPut, Path: "/api/reference/products/{code}/extension", ID: "product-extend", Tag: "reference",
		Summary: "The province's own words on a product of the catalogue; 409 if the version is not the newest", Permission: account.ReferenceExtend,
	},
		func(ctx context.Context, caller account.Caller, in *extendInput) (portal.Nothing, error) {
			e := Extension{in.Body.LocalName, in.Body.Available, in.Body.Note}
			return portal.Nothing{}, store.Extend(ctx, caller, in.Code, in.Body.Version, e)
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/notices", ID: "notice-list", Tag: "reference",
		Summary: "Notices of headquarters that are valid now", Permission: account.ReferenceRead,
	},
		func(ctx context.Context, caller account.Caller, _ *struct{}) (noticesView, error) {
			list, err := store.Notices(ctx, caller)
			view := noticesView{Items: []noticeView{}}
			for _, n := range list {
				view.Items = append(view.Items, noticeView(n))
			}
			return view, err
		})
}
