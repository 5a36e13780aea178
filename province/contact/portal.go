package contact

import (
	"context"
	"errors"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/mask"
	"jike/internal/portal"
	"jike/province/customer"
	"jike/schemas/codes"
)

// View is a contact as the browser sees it; the personal facts that Masked names are masks.
type View struct {
	ID         int64     `json:"id"`
	CustomerID int64     `json:"customerId"`
	Source     string    `json:"source" enum:"portal,boss" doc:"Who keeps it"`
	Role       string    `json:"role" enum:"decision,technical,payment,liaison,other"`
	Name       string    `json:"name"`
	WorkPhone  string    `json:"workPhone" doc:"138****1234 where masked"`
	Title      string    `json:"title"`
	Mobile     string    `json:"mobile" doc:"138****1234 where masked"`
	Birthday   string    `json:"birthday" doc:"YYYY-MM-DD, ****-**-** where masked"`
	Family     string    `json:"family" doc:"**** where masked"`
	Hobbies    string    `json:"hobbies" doc:"**** where masked"`
	Masked     []Field   `json:"masked" enum:"workPhone,mobile,birthday,family,hobbies" doc:"Facts that this caller reads masked. A save sends null for them, which keeps what is stored"`
	Version    int32     `json:"version"`
	UpdatedAt  time.Time `json:"updatedAt"`
}

// Stated is what the browser states about a contact. Null keeps a personal fact as it is stored; a
// masked value is refused.
type Stated struct {
	Role      string  `json:"role" enum:"decision,technical,payment,liaison,other"`
	Name      string  `json:"name" maxLength:"100"`
	WorkPhone *string `json:"workPhone" maxLength:"40"`
	Title     string  `json:"title" maxLength:"100"`
	Mobile    *string `json:"mobile" maxLength:"40"`
	Birthday  *string `json:"birthday" maxLength:"10"`
	Family    *string `json:"family" maxLength:"1000"`
	Hobbies   *string `json:"hobbies" maxLength:"1000"`
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

type revealInput struct {
	ID   int64 `path:"id"`
	Body struct {
		Field  Field  `json:"field" enum:"workPhone,mobile,birthday,family,hobbies"`
		Reason string `json:"reason" minLength:"4" maxLength:"200" doc:"Goes into the audit trail"`
	}
}

type revealView struct {
	Value   string `json:"value" doc:"Empty: nothing is known"`
	Seconds int    `json:"seconds" doc:"How long a page may show it"`
}

// revealFor is how long a page may show a revealed value, in seconds.
const revealFor = 60

// Register adds the portal's operations on contacts. They are read with the customer's overview.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/customers/{id}/contacts", ID: "contact-create", Tag: "contact", Status: http.StatusCreated,
		Summary: "New contact of a customer", Permission: account.ContactChange,
	},
		func(ctx context.Context, caller account.Caller, in *addInput) (View, error) {
			f, _, err := in.Body.facts()
			if err != nil {
				return View{}, err
			}
			c, err := store.Add(ctx, caller, in.ID, f)
			if err != nil {
				return View{}, err
			}
			return store.view(ctx, caller, c)
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPut, Path: "/api/contacts/{id}", ID: "contact-change", Tag: "contact",
		Summary: "Change a contact; 409 with the current one if the version is not the newest", Permission: account.ContactChange,
	},
		func(ctx context.Context, caller account.Caller, in *changeInput) (View, error) {
			f, keep, err := in.Body.facts()
			if err != nil {
				return View{}, err
			}
			c, err := store.Change(ctx, caller, in.ID, in.Body.Version, f, keep...)
			if err != nil {
				return View{}, store.withCurrent(ctx, caller, err)
			}
			return store.view(ctx, caller, c)
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodDelete, Path: "/api/contacts/{id}", ID: "contact-remove", Tag: "contact",
		Summary: "Remove a contact; 409 with the current one if the version is not the newest", Permission: account.ContactChange,
	},
		func(ctx context.Context, caller account.Caller, in *removeInput) (portal.Nothing, error) {
			return portal.Nothing{}, store.withCurrent(ctx, caller, store.Remove(ctx, caller, in.ID, in.Version))
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/contacts/{id}/reveal", ID: "contact-reveal", Tag: "contact",
		Summary: "Show one masked fact for a reason, which is audited", Permission: account.ContactReveal,
	},
		func(ctx context.Context, caller account.Caller, in *revealInput) (revealView, error) {
			value, err := store.Reveal(ctx, caller, in.ID, in.Body.Field, in.Body.Reason)
			return revealView{value, revealFor}, err
		})
}

func (s *Store) withCurrent(ctx context.Context, caller account.Caller, err error) error {
	conflict, ok := errors.AsType[*ConflictError](err)
	if !ok {
		return err
	}
	current, failed := s.view(ctx, caller, conflict.Current)
	if failed != nil {
		return failed
	}
	return portal.WithCurrent(err, current)
}

// view is a contact as the caller's browser sees it after the caller wrote it.
func (s *Store) view(ctx context.Context, caller account.Caller, c Contact) (View, error) {
	own, err := s.own(ctx, caller, c.CustomerID)
	return ViewOf(c, SightOf(caller, own)), err
}

// facts reads the body's values, and which of them stay as they are stored.
func (b Stated) facts() (f Facts, keep []Field, err error) {
	f = Facts{Role: Role(b.Role), Name: b.Name, Title: b.Title}
	for field, value := range map[Field]*string{WorkPhone: b.WorkPhone, Mobile: b.Mobile, Birthday: b.Birthday, Family: b.Family, Hobbies: b.Hobbies} {
		if value == nil {
			keep = append(keep, field)
		} else {
			f.set(field, *value)
		}
	}
	if f.WorkPhone == "" || mask.Is(string(f.WorkPhone)) { // the store refuses a mask
		return f, keep, nil
	}
	if f.WorkPhone, err = codes.ParsePhone(string(f.WorkPhone)); err != nil {
		return f, keep, customer.Invalid("workPhone", err)
	}
	return f, keep, nil
}

// ViewOf is a contact as a browser sees it.
func ViewOf(c Contact, sight Sight) View {
	f := c.Shown(sight)
	hidden := make([]Field, 0, len(PersonalFields()))
	for _, field := range PersonalFields() {
		if !sight.Reads(field) {
			hidden = append(hidden, field)
		}
	}
	return View{
		ID: c.ID, CustomerID: c.CustomerID, Source: string(c.Source), Role: string(f.Role), Name: f.Name,
		WorkPhone: string(f.WorkPhone), Title: f.Title, Mobile: f.Mobile, Birthday: f.Birthday, Family: f.Family, Hobbies: f.Hobbies,
		Masked: hidden, Version: c.Version, UpdatedAt: c.UpdatedAt,
	}
}
