package contact

import (
	"context"
	"errors"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/mask"
	"jike/internal/portal"
	"jike/province/customer"
	"jike/schemas/codes"
)

// View is a contact as the browser sees it; the personal facts that Masked names are masks.
type View struct {
	ID         int64   `json:"id"`
	CustomerID int64   `json:"customerId"`
	Source     string  `json:"source" enum:"portal,boss" doc:"Who keeps it"`
	Role       string  `json:"role" enum:"decision,technical,payment,liaison,other"`
	Name       string  `json:"name"`
	WorkPhone  string  `json:"workPhone" doc:"138****1234 where masked"`
	Title      string  `json:"title"`
	Email      string  `json:"email" doc:"***@example.com where masked"`
	Mobile     string  `json:"mobile" doc:"138****1234 where masked"`
	Birthday   string  `json:"birthday" doc:"YYYY-MM-DD, ****-**-** where masked"`
	Family     string  `json:"family" doc:"**** where masked"`
	Hobbies    string  `json:"hobbies" doc:"**** where masked"`
	Masked     []Field `json:"masked" enum:"workPhone,mobile,email,birthday,family,hobbies" doc:"Facts that this caller reads masked. A save sends null for them, which keeps what is stored"`
	KeyPersonView
	Part      string    `json:"part" enum:"unstated,decision_maker,influencer,user,gatekeeper,technical,payment,liaison" doc:"The decision role as stated, else as the role implies it"`
	Version   int32     `json:"version"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// KeyPersonView is a person's part in decisions, and how to reach them. It is stated as it is shown.
type KeyPersonView struct {
	DecisionRole string `json:"decisionRole" enum:"unstated,decision_maker,influencer,user,gatekeeper,technical,payment,liaison"`
	Influence    int16  `json:"influence" minimum:"0" maximum:"5" doc:"1 little to 5 decisive; 0: not known"`
	Attitude     string `json:"attitude" enum:"unknown,supportive,neutral,opposed"`
	Channel      string `json:"channel" enum:"any,phone,message,mail,visit" doc:"Preferred"`
	HoursFrom    string `json:"hoursFrom" maxLength:"5" doc:"HH:MM; empty: at any hour"`
	HoursTo      string `json:"hoursTo" maxLength:"5"`
	DoNotContact bool   `json:"doNotContact" doc:"Asked not to be approached"`
}

// Stated is what the browser states about a contact. Null keeps a personal fact as it is stored; a
// masked value is refused.
type Stated struct {
	Role      string  `json:"role" enum:"decision,technical,payment,liaison,other"`
	Name      string  `json:"name" maxLength:"100"`
	WorkPhone *string `json:"workPhone" maxLength:"40"`
	Title     string  `json:"title" maxLength:"100"`
	Email     *string `json:"email" maxLength:"120"`
	Mobile    *string `json:"mobile" maxLength:"40"`
	Birthday  *string `json:"birthday" maxLength:"10"`
	Family    *string `json:"family" maxLength:"1000"`
	Hobbies   *string `json:"hobbies" maxLength:"1000"`
	KeyPersonView
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
		Field  Field  `json:"field" enum:"workPhone,mobile,email,birthday,family,hobbies"`
		Reason string `json:"reason" minLength:"4" maxLength:"200" doc:"Goes into the audit trail"`
	}
}

type revealView struct {
	Value   string `json:"value" doc:"Empty: nothing is known"`
	Seconds int    `json:"seconds" doc:"How long a page may show it"`
}

// revealFor is how long a page may show a revealed value, in seconds.
const revealFor = 60

type birthdayInput struct {
	Days int `query:"days" minimum:"1" maximum:"90" default:"14" doc:"From today on"`
}

type birthdayView struct {
	ContactID    int64  `json:"contactId"`
	CustomerID   int64  `json:"customerId"`
	CustomerName string `json:"customerName"`
	Name         string `json:"name"`
	Title        string `json:"title"`
	DoNotContact bool   `json:"doNotContact"`
	Birthday     string `json:"birthday" doc:"YYYY-MM-DD"`
	On           string `json:"on" doc:"The next one, YYYY-MM-DD"`
	Age          int    `json:"age" doc:"Years then"`
}

type birthdayList struct {
	Items []birthdayView `json:"items" doc:"The next first, at most 200"`
}

func birthdayOf(b BirthdaySoon) birthdayView {
	return birthdayView{
		b.ContactID, b.CustomerID, b.CustomerName, b.Name, b.Title, b.DoNotContact,
		b.Born.Format(time.DateOnly), b.On.Format(time.DateOnly), b.On.Year() - b.Born.Year(),
	}
}

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
		Method: http.MethodGet, Path: "/api/birthdays", ID: "birthday-list", Tag: "contact",
		Summary: "Birthdays of key persons at the customers in the caller's own care", Permission: account.ContactPrivate,
	},
		func(ctx context.Context, caller account.Caller, in *birthdayInput) (birthdayList, error) {
			list, err := store.Birthdays(ctx, caller, time.Now().In(store.zone), in.Days)
			out := birthdayList{Items: make([]birthdayView, 0, len(list))}
			for _, b := range list {
				out.Items = append(out.Items, birthdayOf(b))
			}
			return out, err
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
	stale, ok := errors.AsType[*fault.StaleError[Contact]](err)
	if !ok {
		return err
	}
	current, failed := s.view(ctx, caller, stale.Current)
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
	f = Facts{Role: Role(b.Role), Name: b.Name, Title: b.Title, KeyPerson: KeyPerson{
		DecisionRole: DecisionRole(b.DecisionRole), Influence: b.Influence, Attitude: Attitude(b.Attitude), Channel: Channel(b.Channel),
		HoursFrom: b.HoursFrom, HoursTo: b.HoursTo, DoNotContact: b.DoNotContact,
	}}
	for field, value := range map[Field]*string{WorkPhone: b.WorkPhone, Email: b.Email, Mobile: b.Mobile, Birthday: b.Birthday, Family: b.Family, Hobbies: b.Hobbies} {
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
		WorkPhone: string(f.WorkPhone), Title: f.Title, Email: f.Email, Mobile: f.Mobile, Birthday: f.Birthday, Family: f.Family, Hobbies: f.Hobbies,
		KeyPersonView: KeyPersonView{
			string(f.DecisionRole), f.Influence, string(f.Attitude), string(f.Channel), f.HoursFrom, f.HoursTo, f.DoNotContact,
		},
		Part: string(f.Part()), Masked: hidden, Version: c.Version, UpdatedAt: c.UpdatedAt,
	}
}
