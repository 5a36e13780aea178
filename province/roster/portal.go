package roster

import (
	"context"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
	"jike/province/customer"
	"jike/province/rule"
)

// rosterView is a roster as the browser sees it.
type rosterView struct {
	ID        int64     `json:"id"`
	Name      string    `json:"name"`
	Purpose   string    `json:"purpose"`
	Closed    bool      `json:"closed" doc:"It takes no more customers"`
	Author    string    `json:"author" doc:"Login"`
	CreatedAt time.Time `json:"createdAt"`
	Version   int32     `json:"version"`
	Rule      int32     `json:"rule" doc:"Version of its rules that is in force; 0: none"`
}

type rosterList struct {
	Items []rosterView `json:"items" doc:"Those that are open first, 500 at most"`
}

// FactsBody is what a person states of a roster.
type FactsBody struct {
	Name    string `json:"name" maxLength:"200"`
	Purpose string `json:"purpose" maxLength:"2000"`
	Closed  bool   `json:"closed"`
}

type makeInput struct{ Body FactsBody }

type changeInput struct {
	ID   int64 `path:"id"`
	Body struct {
		Version int32 `json:"version" doc:"The version that was edited"`
		FactsBody
	}
}

type putInput struct {
	ID   int64 `path:"id"`
	Body struct {
		customer.ChoiceBody
		Reason string `json:"reason" maxLength:"2000"`
	}
}

type takeInput struct {
	ID   int64 `path:"id"`
	Body struct {
		Customers []int64 `json:"customers" maxItems:"20000" doc:"Ids"`
	}
}

// countView is how many customers were put in or taken out.
type countView struct {
	Customers int `json:"customers"`
}

// entryView is a roster in which a customer is.
type entryView struct {
	RosterID int64  `json:"rosterId"`
	Name     string `json:"name"`
	Purpose  string `json:"purpose"`
	Closed   bool   `json:"closed"`
	ReasonView
}

// ReasonView is why a customer is in a roster.
type ReasonView struct {
	Reason  string        `json:"reason" doc:"As a person stated it"`
	Why     *rule.WhyView `json:"why" doc:"The rule that proposed it; null: it was put in by hand"`
	AddedBy string        `json:"addedBy" doc:"Login"`
	At      time.Time     `json:"at"`
}

// listedView is a customer in a roster.
type listedView struct {
	CustomerID int64  `json:"customerId"`
	Number     string `json:"number"`
	Name       string `json:"name"`
	Manager    string `json:"manager" doc:"Account manager; empty: nobody"`
	ReasonView
}

// listedList is a part of a roster.
type listedList struct {
	Roster rosterView   `json:"roster"`
	Items  []listedView `json:"items" doc:"In the order of the customers' ids"`
	Next   int64        `json:"next" doc:"For after, to read on; 0: this is the end"`
}

type listedInput struct {
	ID    int64 `path:"id"`
	After int64 `query:"after" minimum:"0" doc:"Next of the page before"`
}

type entryList struct {
	Items []entryView `json:"items" doc:"The newest first"`
}

type ofInput struct {
	ID int64 `path:"id" doc:"Customer"`
}

// Register adds the portal's operations on rosters.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/rosters", ID: "roster-list", Tag: "roster", Summary: "Rosters", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, _ *struct{}) (rosterList, error) {
			list, err := store.List(ctx, caller)
			view := rosterList{Items: make([]rosterView, 0, len(list))}
			for _, r := range list {
				view.Items = append(view.Items, viewOf(r))
			}
			return view, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/rosters", ID: "roster-create", Tag: "roster", Status: http.StatusCreated,
		Summary: "Make a roster", Permission: account.RosterManage,
	},
		func(ctx context.Context, caller account.Caller, in *makeInput) (rosterView, error) {
			r, err := store.Make(ctx, caller, Facts(in.Body))
			return viewOf(r), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPut, Path: "/api/rosters/{id}", ID: "roster-change", Tag: "roster",
		Summary: "Change a roster; 409 with the current one if the version is not the newest", Permission: account.RosterManage,
	},
		func(ctx context.Context, caller account.Caller, in *changeInput) (rosterView, error) {
			r, err := store.Change(ctx, caller, in.ID, in.Body.Version, Facts(in.Body.FactsBody))
			return portal.Saved(r, err, viewOf)
		})
	registerEntries(s, store)
}

func registerEntries(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/rosters/{id}/customers", ID: "roster-customers", Tag: "roster",
		Summary: "Customers of a roster that are within scope, and why they are in it", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *listedInput) (listedList, error) {
			r, page, err := store.Entries(ctx, caller, in.ID, in.After)
			view := listedList{Roster: viewOf(r), Items: make([]listedView, 0, len(page.Items))}
			for _, c := range page.Items {
				why, err := reasonOf(c.Why)
				if err != nil {
					return listedList{}, err
				}
				view.Items = append(view.Items, listedView{c.CustomerID, c.Number, c.Name, c.Manager, why})
			}
			if page.More {
				view.Next = page.Items[len(page.Items)-1].CustomerID
			}
			return view, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/rosters/{id}/customers", ID: "roster-put", Tag: "roster",
		Summary: "Put customers into a roster, for a reason", Permission: account.RosterManage,
	},
		func(ctx context.Context, caller account.Caller, in *putInput) (countView, error) {
			choice, err := in.Body.Choice()
			if err != nil {
				return countView{}, err
			}
			n, err := store.Put(ctx, caller, in.ID, choice, in.Body.Reason)
			return countView{n}, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/rosters/{id}/customers/take", ID: "roster-take", Tag: "roster",
		Summary: "Take customers out of a roster", Permission: account.RosterManage,
	},
		func(ctx context.Context, caller account.Caller, in *takeInput) (countView, error) {
			n, err := store.Take(ctx, caller, in.ID, in.Body.Customers)
			return countView{n}, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/customers/{id}/rosters", ID: "customer-rosters", Tag: "roster",
		Summary: "Rosters in which a customer is", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *ofInput) (entryList, error) {
			list, err := store.Of(ctx, caller, in.ID)
			view := entryList{Items: make([]entryView, 0, len(list))}
			for _, e := range list {
				why, err := reasonOf(e.Why)
				if err != nil {
					return entryList{}, err
				}
				view.Items = append(view.Items, entryView{e.RosterID, e.Name, e.Purpose, e.Closed, why})
			}
			return view, err
		})
}

func reasonOf(w Why) (ReasonView, error) {
	why, err := rule.WhyOf(w.Grounds)
	return ReasonView{w.Reason, why, w.AddedBy, w.At}, err
}

func viewOf(r Roster) rosterView {
	return rosterView{r.ID, r.Name, r.Purpose, r.Closed, r.Author, r.CreatedAt, r.Version, r.Rule}
}
