package wish

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/portal"
)

// View is a wish as the browser sees it.
type View struct {
	ID         int64 `json:"id"`
	CustomerID int64 `json:"customerId"`
	Stated
	Author     string     `json:"author" doc:"Login"`
	At         time.Time  `json:"at" doc:"When it was noted"`
	AnsweredBy string     `json:"answeredBy" doc:"Login; empty: it is open"`
	AnsweredAt *time.Time `json:"answeredAt" doc:"Null: it is open"`
	Version    int32      `json:"version"`
}

// Stated is what the browser states about a wish.
type Stated struct {
	Kind     string `json:"kind" enum:"product,price,service,network,other"`
	Body     string `json:"body" maxLength:"2000"`
	WantedOn string `json:"wantedOn" maxLength:"10" doc:"Day by which it is wanted, YYYY-MM-DD; empty: none was said"`
	Status   string `json:"status" enum:"open,answered,declined"`
	Answer   string `json:"answer" maxLength:"2000" doc:"Empty: it is open"`
}

type listView struct {
	Items []View `json:"items" doc:"Those that are open first, the newest first among them; at most 200"`
}

type ofInput struct {
	ID int64 `path:"id" doc:"Customer"`
}

type addInput struct {
	ID   int64 `path:"id" doc:"Customer"`
	Body Stated
}

// changeBody is Stated with the version that it started from.
type changeBody struct {
	Version int32 `json:"version" doc:"The version that was edited"`
	Stated
}

type changeInput struct {
	ID   int64 `path:"id"`
	Body changeBody
}

type openInput struct {
	Kind  []string `query:"kind" enum:"product,price,service,network,other" maxItems:"5" doc:"None: all"`
	Unit  int64    `query:"unit" doc:"Of the organisation: of customers in the care of anybody within it; 0: any"`
	Days  int      `query:"days" minimum:"0" maximum:"365" doc:"Wanted within so many days from today, or before; 0: at any time"`
	After string   `query:"after" maxLength:"40" doc:"The next of the page before; empty: from the first"`
}

type openPage struct {
	Today   string       `json:"today" doc:"The province's, YYYY-MM-DD"`
	Total   int          `json:"total" doc:"That are found"`
	More    bool         `json:"more" doc:"More than total are found"`
	Overdue int          `json:"overdue" doc:"Of these, wanted before today"`
	Items   []listedView `json:"items" doc:"The one that is wanted first before the others, at most 50"`
	Next    string       `json:"next" doc:"Where the next page begins; empty: there is none"`
}

type listedView struct {
	View
	CustomerName string `json:"customerName"`
	ManagerName  string `json:"managerName" doc:"Empty: nobody's"`
	InCharge     bool   `json:"inCharge" doc:"The caller is more than in the customer's team, and answers its wishes as far as their role goes"`
}

// Register adds the portal's operations on wishes.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/wishes", ID: "wish-list", Tag: "wish", Summary: "Open wishes of customers", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *openInput) (openPage, error) {
			f, err := in.filter()
			if err != nil {
				return openPage{}, err
			}
			page, err := store.List(ctx, caller, f)
			return pageOf(page), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/customers/{id}/wishes", ID: "customer-wishes", Tag: "wish",
		Summary: "What a customer wishes for, and what it was answered", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *ofInput) (listView, error) {
			list, err := store.Of(ctx, caller, in.ID)
			view := listView{Items: make([]View, 0, len(list))}
			for _, w := range list {
				view.Items = append(view.Items, viewOf(w))
			}
			return view, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/customers/{id}/wishes", ID: "wish-create", Tag: "wish", Status: http.StatusCreated,
		Summary: "New wish of a customer", Permission: account.InteractionWrite,
	},
		func(ctx context.Context, caller account.Caller, in *addInput) (View, error) {
			f, err := in.Body.facts()
			if err != nil {
				return View{}, err
			}
			w, err := store.Add(ctx, caller, in.ID, f)
			return viewOf(w), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPut, Path: "/api/wishes/{id}", ID: "wish-change", Tag: "wish",
		Summary: "Correct, answer or decline a wish; 409 with the current one if the version is not the newest", Permission: account.InteractionWrite,
	},
		func(ctx context.Context, caller account.Caller, in *changeInput) (View, error) {
			f, err := in.Body.facts()
			if err != nil {
				return View{}, err
			}
			w, err := store.Change(ctx, caller, in.ID, in.Body.Version, f)
			return portal.Saved(w, err, viewOf)
		})
}

// facts reads the body.
func (b Stated) facts() (Facts, error) {
	f := Facts{Kind: Kind(b.Kind), Body: b.Body, Status: Status(b.Status), Answer: b.Answer}
	var err error
	f.WantedOn, err = fault.OptionalDay("wantedOn", b.WantedOn)
	return f, err
}

// filter reads what the list is narrowed by, and where a page begins, as pageOf wrote it.
func (in *openInput) filter() (Filter, error) {
	f := Filter{UnitID: in.Unit, Days: in.Days}
	for _, kind := range in.Kind {
		f.Kinds = append(f.Kinds, Kind(kind))
	}
	if in.After == "" {
		return f, nil
	}
	day, id, _ := strings.Cut(in.After, ".")
	f.After = &Place{}
	var err error
	if f.After.Day, err = time.Parse(time.DateOnly, day); err == nil {
		_, err = fmt.Sscan(id, &f.After.ID)
	}
	if err != nil {
		return f, fault.Field(fault.Format, "after", "input.format")
	}
	return f, nil
}

func pageOf(p Page) openPage {
	v := openPage{Today: p.Today.Format(time.DateOnly), Total: min(p.Total, mostCounted), More: p.Total > mostCounted, Overdue: p.Overdue, Items: make([]listedView, 0, len(p.Items))}
	for _, w := range p.Items {
		v.Items = append(v.Items, listedView{viewOf(w.Wish), w.CustomerName, w.ManagerName, w.InCharge})
	}
	if p.More {
		last := p.Items[len(p.Items)-1].place()
		v.Next = fmt.Sprintf("%s.%d", last.Day.Format(time.DateOnly), last.ID)
	}
	return v
}

func viewOf(w Wish) View {
	v := View{
		ID: w.ID, CustomerID: w.CustomerID, Author: w.Author, At: w.At, AnsweredBy: w.AnsweredBy, AnsweredAt: w.AnsweredAt, Version: w.Version,
		Stated: Stated{Kind: string(w.Kind), Body: w.Body, Status: string(w.Status), Answer: w.Answer},
	}
	if w.WantedOn != nil {
		v.WantedOn = w.WantedOn.Format(time.DateOnly)
	}
	return v
}
