package contact

import (
	"context"
	"errors"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
	"jike/province/customer"
	"jike/schemas/codes"
)

// View is a contact as the browser sees it; private facts are masked without the permission
// contact.private.
type View struct {
	ID         int64     `json:"id"`
	CustomerID int64     `json:"customerId"`
	Source     string    `json:"source" enum:"portal,boss" doc:"Who keeps it"`
	Role       string    `json:"role" enum:"decision,technical,payment,liaison,other"`
	Name       string    `json:"name"`
	WorkPhone  string    `json:"workPhone"`
	Title      string    `json:"title"`
	Mobile     string    `json:"mobile" doc:"Private: 138****1234 without the permission"`
	Birthday   string    `json:"birthday" doc:"Private: YYYY-MM-DD, ****-**-** without the permission"`
	Family     string    `json:"family" doc:"Private: *** without the permission"`
	Hobbies    string    `json:"hobbies" doc:"Private: *** without the permission"`
	Masked     bool      `json:"masked" doc:"Private facts are masked; sent back as they are they change nothing"`
	Version    int32     `json:"version"`
	UpdatedAt  time.Time `json:"updatedAt"`
}

// Stated is what the browser states about a contact.
type Stated struct {
	Role      string `json:"role" enum:"decision,technical,payment,liaison,other"`
	Name      string `json:"name" maxLength:"100"`
	WorkPhone string `json:"workPhone" maxLength:"40"`
	Title     string `json:"title" maxLength:"100"`
	Mobile    string `json:"mobile" maxLength:"40"`
	Birthday  string `json:"birthday" maxLength:"10"`
	Family    string `json:"family" maxLength:"1000"`
	Hobbies   string `json:"hobbies" maxLength:"1000"`
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

type removeInput struct {
	ID      int64 `path:"id"`
	Version int32 `query:"version" required:"true" doc:"The version that was seen"`
}

// Register adds the portal's operations on contacts. They are read with the customer's overview.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/customers/{id}/contacts", ID: "contact-create", Tag: "contact", Status: http.StatusCreated,
		Summary: "New contact of a customer", Permission: account.ContactChange,
	},
		func(ctx context.Context, caller account.Caller, in *addInput) (View, error) {
			f, err := in.Body.facts()
			if err != nil {
				return View{}, err
			}
			c, err := store.Add(ctx, caller, in.ID, f)
			return ViewOf(c, caller), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPut, Path: "/api/contacts/{id}", ID: "contact-change", Tag: "contact",
		Summary: "Change a contact; 409 with the current one if the version is not the newest", Permission: account.ContactChange,
	},
		func(ctx context.Context, caller account.Caller, in *changeInput) (View, error) {
			f, err := in.Body.facts()
			if err != nil {
				return View{}, err
			}
			c, err := store.Change(ctx, caller, in.ID, in.Body.Version, f)
			return ViewOf(c, caller), withCurrent(err, caller)
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodDelete, Path: "/api/contacts/{id}", ID: "contact-remove", Tag: "contact",
		Summary: "Remove a contact; 409 with the current one if the version is not the newest", Permission: account.ContactChange,
	},
		func(ctx context.Context, caller account.Caller, in *removeInput) (portal.Nothing, error) {
			return portal.Nothing{}, withCurrent(store.Remove(ctx, caller, in.ID, in.Version), caller)
		})
}

func withCurrent(err error, caller account.Caller) error {
	if conflict, ok := errors.AsType[*ConflictError](err); ok {
		return portal.WithCurrent(err, ViewOf(conflict.Current, caller))
	}
	return err
}

func (b Stated) facts() (Facts, error) {
	f := Facts{Role: Role(b.Role), Name: b.Name, Title: b.Title, Private: Private{b.Mobile, b.Birthday, b.Family, b.Hobbies}}
	if b.WorkPhone == "" {
		return f, nil
	}
	phone, err := codes.ParsePhone(b.WorkPhone)
	if err != nil {
		return f, customer.Invalid("workPhone", err)
	}
	f.WorkPhone = phone
	return f, nil
}

// ViewOf is a contact as the caller's browser sees it.
func ViewOf(c Contact, caller account.Caller) View {
	p := c.Shown(caller)
	return View{
		ID: c.ID, CustomerID: c.CustomerID, Source: string(c.Source), Role: string(c.Role), Name: c.Name,
		WorkPhone: string(c.WorkPhone), Title: c.Title, Mobile: p.Mobile, Birthday: p.Birthday, Family: p.Family, Hobbies: p.Hobbies,
		Masked: !caller.May(account.ContactPrivate), Version: c.Version, UpdatedAt: c.UpdatedAt,
	}
}
