package interaction

import (
	"context"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/portal"
)

// View is an interaction as the browser sees it.
type View struct {
	ID          int64  `json:"id"`
	CustomerID  int64  `json:"customerId"`
	ContactName string `json:"contactName" doc:"As it was then; empty: nobody in particular"`
	Stated
	Author    string    `json:"author" doc:"Login"`
	Version   int32     `json:"version"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// Stated is what the browser states about an interaction.
type Stated struct {
	ContactID *int64    `json:"contactId" doc:"Null: nobody in particular, or a contact that was removed"`
	Channel   string    `json:"channel" enum:"phone,visit,mail,message,meeting,other"`
	At        time.Time `json:"at"`
	Subject   string    `json:"subject" maxLength:"200"`
	Body      string    `json:"body" maxLength:"8000"`
	NextStep  string    `json:"nextStep" maxLength:"400" doc:"Empty: nothing follows"`
	NextOn    string    `json:"nextOn" maxLength:"10" doc:"Its day, YYYY-MM-DD; empty: nothing follows"`
	NextDone  bool      `json:"nextDone"`
}

type oneInput struct {
	ID int64 `path:"id"`
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

// Register adds the portal's operations on interactions. They are read with the customer's timeline.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/customers/{id}/interactions", ID: "interaction-create", Tag: "interaction", Status: http.StatusCreated,
		Summary: "New interaction with a customer", Permission: account.InteractionWrite,
	},
		func(ctx context.Context, caller account.Caller, in *addInput) (View, error) {
			f, err := in.Body.facts()
			if err != nil {
				return View{}, err
			}
			i, err := store.Add(ctx, caller, in.ID, f)
			return ViewOf(i), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/interactions/{id}", ID: "interaction-get", Tag: "interaction",
		Summary: "One interaction", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *oneInput) (View, error) {
			i, err := store.Get(ctx, caller, in.ID)
			return ViewOf(i), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPut, Path: "/api/interactions/{id}", ID: "interaction-change", Tag: "interaction",
		Summary: "Correct an interaction; 409 with the current one if the version is not the newest", Permission: account.InteractionWrite,
	},
		func(ctx context.Context, caller account.Caller, in *changeInput) (View, error) {
			f, err := in.Body.facts()
			if err != nil {
				return View{}, err
			}
			i, err := store.Change(ctx, caller, in.ID, in.Body.Version, f)
			return portal.Saved(i, err, ViewOf)
		})
}

// facts reads the body.
func (b Stated) facts() (Facts, error) {
	f := Facts{Channel: Channel(b.Channel), At: b.At, Subject: b.Subject, Body: b.Body, NextStep: b.NextStep, NextDone: b.NextDone}
	if b.ContactID != nil {
		f.ContactID = *b.ContactID
	}
	var err error
	f.NextOn, err = fault.OptionalDay("nextOn", b.NextOn)
	return f, err
}

// ViewOf is an interaction as the browser sees it.
func ViewOf(i Interaction) View {
	v := View{
		ID: i.ID, CustomerID: i.CustomerID, ContactName: i.ContactName, Author: i.Author, Version: i.Version, UpdatedAt: i.UpdatedAt,
		Stated: Stated{Channel: string(i.Channel), At: i.At, Subject: i.Subject, Body: i.Body, NextStep: i.NextStep, NextDone: i.NextDone},
	}
	if i.ContactID != 0 {
		v.ContactID = &i.ContactID
	}
	if i.NextOn != nil {
		v.NextOn = i.NextOn.Format(time.DateOnly)
	}
	return v
}
