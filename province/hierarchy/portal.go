package hierarchy

import (
	"context"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
)

// rollupView is a roll-up as the browser sees it.
type rollupView struct {
	Customers  int64 `json:"customers" doc:"The customer and those below it that the caller may see"`
	Hidden     int64 `json:"hidden" doc:"Customers below that the caller may not see; nothing of theirs is added"`
	Levels     int32 `json:"levels" doc:"1: nothing below"`
	Members    int64 `json:"members" doc:"Lines that are members"`
	Stated     int64 `json:"stated" doc:"Members that BOSS counts"`
	IncomeFen  int64 `json:"incomeFen" doc:"Billed in the twelve months"`
	ArrearsFen int64 `json:"arrearsFen" doc:"Billed and not paid, of all months"`
}

// stepView is a customer on the way from the top.
type stepView struct {
	Hidden bool   `json:"hidden" doc:"The caller may not see it: nothing else is told"`
	ID     int64  `json:"id"`
	Number string `json:"number"`
	Name   string `json:"name"`
	Class  string `json:"class"`
}

// placeView is where a customer stands.
type placeView struct {
	Path   []stepView `json:"path" doc:"From the top to the parent"`
	Rollup rollupView `json:"rollup"`
	First  string     `json:"first" doc:"First month of the income, YYYY-MM"`
	Last   string     `json:"last" doc:"Last month of the income, YYYY-MM"`
	AsOf   time.Time  `json:"asOf" doc:"Later changes of members and bills may be missing"`
}

// nodeView is a customer in the tree.
type nodeView struct {
	ID        int64      `json:"id"`
	Number    string     `json:"number"`
	Name      string     `json:"name"`
	Class     string     `json:"class"`
	Lifecycle string     `json:"lifecycle" enum:"potential,active,suspended,lost"`
	Rollup    rollupView `json:"rollup"`
}

// childrenView is a page of the customers directly below one.
type childrenView struct {
	Items  []nodeView `json:"items"`
	Total  int64      `json:"total" doc:"Of all pages"`
	Hidden int64      `json:"hidden" doc:"Directly below, that the caller may not see"`
}

type ofInput struct {
	ID int64 `path:"id" doc:"Customer"`
}

type childrenInput struct {
	ID    int64 `path:"id" doc:"Customer"`
	After int64 `query:"after" minimum:"0" default:"0" doc:"The last id of the page before"`
	Size  int   `query:"size" minimum:"1" maximum:"100" default:"20"`
}

// Register adds the portal's operations on the tree.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/customers/{id}/hierarchy", ID: "hierarchy-get", Tag: "hierarchy",
		Summary: "Where a customer stands in the tree, and the roll-up of what is below it", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *ofInput) (placeView, error) {
			p, err := store.PlaceOf(ctx, caller, in.ID)
			view := placeView{
				Path: make([]stepView, 0, len(p.Path)), Rollup: rollupOf(p.Rollup), AsOf: p.AsOf,
				First: p.Since.Format("2006-01"), Last: p.Until.AddDate(0, -1, 0).Format("2006-01"),
			}
			for _, step := range p.Path {
				view.Path = append(view.Path, stepView{step.Hidden, step.ID, step.Number, step.Name, string(step.Class)})
			}
			return view, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/customers/{id}/children", ID: "hierarchy-children", Tag: "hierarchy",
		Summary: "Customers directly below one, each with its roll-up", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *childrenInput) (childrenView, error) {
			page, err := store.Children(ctx, caller, in.ID, in.After, in.Size)
			view := childrenView{Items: make([]nodeView, 0, len(page.Items)), Total: page.Total, Hidden: page.Hidden}
			for _, n := range page.Items {
				view.Items = append(view.Items, nodeView{n.ID, n.Number, n.Name, string(n.Class), string(n.Lifecycle), rollupOf(n.Rollup)})
			}
			return view, err
		})
}

func rollupOf(r Rollup) rollupView {
	return rollupView{r.Customers, r.Hidden, r.Levels, r.Members, r.Stated, r.IncomeFen, r.ArrearsFen}
}
