package member

import (
	"context"
	"errors"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/portal"
	"jike/province/customer"
	"jike/province/job"
	"jike/schemas/codes"
)

// View is a member as the browser sees it.
type View struct {
	ID         int64     `json:"id"`
	CustomerID int64     `json:"customerId"`
	Phone      string    `json:"phone"`
	JoinedOn   string    `json:"joinedOn" doc:"YYYY-MM-DD"`
	LeftOn     string    `json:"leftOn" doc:"YYYY-MM-DD; empty: is a member"`
	Version    int32     `json:"version"`
	UpdatedAt  time.Time `json:"updatedAt"`
	Stated
}

// Stated is what the browser states about a member.
type Stated struct {
	Name        string `json:"name" maxLength:"100"`
	Department  string `json:"department" maxLength:"100"`
	Duty        string `json:"duty" maxLength:"100"`
	ShortNumber string `json:"shortNumber" maxLength:"20" doc:"In the customer's virtual network; empty: none"`
}

// joinBody is Stated with what only a new member states.
type joinBody struct {
	Phone    string `json:"phone" maxLength:"40"`
	JoinedOn string `json:"joinedOn" doc:"YYYY-MM-DD"`
	Stated
}

type listInput struct {
	ID    int64  `path:"id" doc:"Customer"`
	State string `query:"state" enum:"joined,left" default:"joined"`
	Q     string `query:"q" maxLength:"100" doc:"Beginning of the phone, the short number, or a part of name or department"`
	Page  int    `query:"page" minimum:"1" maximum:"1000000" default:"1"`
	Size  int    `query:"size" minimum:"1" maximum:"200" default:"20"`
}

// listView is a page of a customer's members.
type listView struct {
	Items    []View     `json:"items"`
	Total    int        `json:"total" doc:"Rows of all pages"`
	Joined   int        `json:"joined" doc:"How many are members"`
	Stated   int32      `json:"stated" doc:"How many BOSS counts"`
	StatedAt *time.Time `json:"statedAt" doc:"When BOSS stated it; null: never"`
	Page     int        `json:"page"`
	Size     int        `json:"size"`
}

type joinInput struct {
	ID   int64 `path:"id" doc:"Customer"`
	Body joinBody
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

type leaveInput struct {
	ID   int64 `path:"id"`
	Body struct {
		Version int32  `json:"version" doc:"The version that was seen"`
		LeftOn  string `json:"leftOn" doc:"YYYY-MM-DD"`
	}
}

type importInput struct {
	ID   int64 `path:"id" doc:"Customer"`
	Body struct {
		Text string `json:"text" minLength:"1" doc:"CSV with a head: phone, name, department, duty, short number, date, action, also in Chinese"`
		Day  string `json:"day" doc:"YYYY-MM-DD: the day where a line states none"`
	}
}

// maxImport is the most bytes of a list: some 200,000 lines.
const maxImport = 24 << 20

// Register adds the portal's operations on members.
func Register(s *portal.Server, store *Store, jobs *job.Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/customers/{id}/members/import", ID: "member-import", Tag: "member", Status: http.StatusAccepted,
		Summary: "Take a list of members in, as a job", Permission: account.MemberWrite, MaxBody: maxImport,
	},
		func(ctx context.Context, caller account.Caller, in *importInput) (job.View, error) {
			day, err := fault.Day("day", in.Body.Day)
			if err != nil {
				return job.View{}, err
			}
			j, err := store.Import(ctx, caller, jobs, in.ID, in.Body.Text, day)
			return job.ViewOf(j), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/customers/{id}/members", ID: "member-list", Tag: "member",
		Summary: "Members of a customer, by phone", Permission: account.CustomerRead,
	}, store.list)
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/customers/{id}/members", ID: "member-join", Tag: "member", Status: http.StatusCreated,
		Summary: "A line becomes a member of a customer", Permission: account.MemberWrite,
	},
		func(ctx context.Context, caller account.Caller, in *joinInput) (View, error) {
			phone, wrong := codes.ParsePhone(in.Body.Phone)
			if wrong != nil {
				wrong = customer.Invalid("phone", wrong)
			}
			day, late := fault.Day("joinedOn", in.Body.JoinedOn)
			if err := errors.Join(wrong, late); err != nil {
				return View{}, err
			}
			m, err := store.Join(ctx, caller, in.ID, phone, day, Facts(in.Body.Stated))
			return viewOf(m), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPut, Path: "/api/members/{id}", ID: "member-change", Tag: "member",
		Summary: "Change a member; 409 with the current one if the version is not the newest", Permission: account.MemberWrite,
	},
		func(ctx context.Context, caller account.Caller, in *changeInput) (View, error) {
			m, err := store.Change(ctx, caller, in.ID, in.Body.Version, Facts(in.Body.Stated))
			return portal.Saved(m, err, viewOf)
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/members/{id}/leave", ID: "member-leave", Tag: "member",
		Summary: "A member leaves; 409 with the current one if the version is not the newest", Permission: account.MemberWrite,
	},
		func(ctx context.Context, caller account.Caller, in *leaveInput) (View, error) {
			day, err := fault.Day("leftOn", in.Body.LeftOn)
			if err != nil {
				return View{}, err
			}
			m, err := store.Leave(ctx, caller, in.ID, in.Body.Version, day)
			return portal.Saved(m, err, viewOf)
		})
}

func (s *Store) list(ctx context.Context, caller account.Caller, in *listInput) (listView, error) {
	page, err := s.List(ctx, caller, in.ID, Filter{State: State(in.State), Text: in.Q, Page: in.Page, Size: in.Size})
	view := listView{
		Items: make([]View, 0, len(page.Items)), Total: page.Total, Joined: page.Joined, Stated: page.Stated.Members, Page: in.Page, Size: in.Size,
	}
	if !page.Stated.UpdatedAt.IsZero() {
		view.StatedAt = &page.Stated.UpdatedAt
	}
	for _, m := range page.Items {
		view.Items = append(view.Items, viewOf(m))
	}
	return view, err
}

func viewOf(m Member) View {
	left := ""
	if m.LeftOn != nil {
		left = m.LeftOn.Format(time.DateOnly)
	}
	return View{
		ID: m.ID, CustomerID: m.CustomerID, Phone: string(m.Phone), JoinedOn: m.JoinedOn.Format(time.DateOnly), LeftOn: left,
		Version: m.Version, UpdatedAt: m.UpdatedAt, Stated: Stated(m.Facts),
	}
}
