package site

import (
	"context"
	"errors"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/portal"
	"jike/province/customer"
	"jike/schemas/codes"
)

// View is a site as the browser sees it.
type View struct {
	ID          int64     `json:"id"`
	CustomerID  int64     `json:"customerId"`
	CityName    string    `json:"cityName"`
	ContactName string    `json:"contactName"`
	Status      string    `json:"status" enum:"planned,open,closed" doc:"Today"`
	Version     int32     `json:"version"`
	UpdatedAt   time.Time `json:"updatedAt"`
	Stated
}

// Stated is what the browser states about a site.
type Stated struct {
	Name      string `json:"name" maxLength:"200"`
	Kind      string `json:"kind" enum:"headquarters,branch,factory,shop,data_room,other"`
	City      string `json:"city" maxLength:"10" doc:"GB/T 2260, six digits, of any province"`
	District  string `json:"district" maxLength:"200"`
	Street    string `json:"street" maxLength:"400"`
	ContactID *int64 `json:"contactId" doc:"Contact of the same customer who is to be asked there"`
	OpenedOn  string `json:"openedOn" doc:"YYYY-MM-DD; empty: planned"`
	ClosedOn  string `json:"closedOn" doc:"YYYY-MM-DD; empty: not closed"`
}

type listInput struct {
	ID   int64 `path:"id" doc:"Customer"`
	Page int   `query:"page" minimum:"1" maximum:"1000000" default:"1"`
	Size int   `query:"size" minimum:"1" maximum:"200" default:"20"`
}

// listView is a page of a customer's sites.
type listView struct {
	Items []View `json:"items"`
	Total int    `json:"total" doc:"Rows of all pages"`
	Page  int    `json:"page"`
	Size  int    `json:"size"`
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

// Register adds the portal's operations on sites.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/customers/{id}/sites", ID: "site-list", Tag: "site",
		Summary: "Sites of a customer", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *listInput) (listView, error) {
			page, err := store.List(ctx, caller, in.ID, in.Page, in.Size)
			view := listView{Items: make([]View, 0, len(page.Items)), Total: page.Total, Page: in.Page, Size: in.Size}
			for _, site := range page.Items {
				view.Items = append(view.Items, viewOf(site))
			}
			return view, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/customers/{id}/sites", ID: "site-create", Tag: "site", Status: http.StatusCreated,
		Summary: "New site of a customer", Permission: account.CustomerChange,
	},
		func(ctx context.Context, caller account.Caller, in *addInput) (View, error) {
			f, err := in.Body.facts()
			if err != nil {
				return View{}, err
			}
			site, err := store.Add(ctx, caller, in.ID, f)
			return viewOf(site), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPut, Path: "/api/sites/{id}", ID: "site-change", Tag: "site",
		Summary: "Change or close a site; 409 with the current one if the version is not the newest", Permission: account.CustomerChange,
	},
		func(ctx context.Context, caller account.Caller, in *changeInput) (View, error) {
			f, err := in.Body.facts()
			if err != nil {
				return View{}, err
			}
			site, err := store.Change(ctx, caller, in.ID, in.Body.Version, f)
			return portal.Saved(site, err, viewOf)
		})
}

// facts reads the body's city and days, with the faults of all joined.
func (b Stated) facts() (Facts, error) {
	f := Facts{Name: b.Name, Kind: Kind(b.Kind), District: b.District, Street: b.Street}
	if b.ContactID != nil {
		f.ContactID = *b.ContactID
	}
	var err [3]error
	if f.City, err[0] = codes.ParseCity(b.City); err[0] != nil {
		err[0] = customer.Invalid("city", err[0])
	}
	f.OpenedOn, err[1] = fault.OptionalDay("openedOn", b.OpenedOn)
	f.ClosedOn, err[2] = fault.OptionalDay("closedOn", b.ClosedOn)
	return f, errors.Join(err[:]...)
}

func viewOf(s Site) View {
	v := View{
		ID: s.ID, CustomerID: s.CustomerID, CityName: s.City.Name(), ContactName: s.ContactName, Status: string(s.StatusOn(time.Now())),
		Version: s.Version, UpdatedAt: s.UpdatedAt,
		Stated: Stated{
			Name: s.Name, Kind: string(s.Kind), City: string(s.City), District: s.District, Street: s.Street, OpenedOn: day(s.OpenedOn), ClosedOn: day(s.ClosedOn),
		},
	}
	if s.ContactID != 0 {
		v.ContactID = &s.ContactID
	}
	return v
}
