package exporting

import (
	"context"
	"errors"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
	"jike/province/customer"
	"jike/province/job"
)

// ruleView is the rule as the browser sees it.
type ruleView struct {
	MostAlone int       `json:"mostAlone" doc:"Customers that one person may export alone"`
	WaitHours int       `json:"waitHours" doc:"For which a request waits for a second person"`
	Version   int32     `json:"version"`
	Author    string    `json:"author"`
	ChangedAt time.Time `json:"changedAt"`
}

// ruleBody is what an administrator states.
type ruleBody struct {
	Version   int32 `json:"version" doc:"The version that was edited"`
	MostAlone int   `json:"mostAlone"`
	WaitHours int   `json:"waitHours"`
}

type ruleInput struct{ Body ruleBody }

// requestView is a request as the browser sees it.
type requestView struct {
	ID         int64          `json:"id"`
	Requester  string         `json:"requester" doc:"Login"`
	Own        bool           `json:"own" doc:"The caller's, who may not decide it"`
	Filter     customer.Sieve `json:"filter"`
	Sort       string         `json:"sort"`
	Dir        string         `json:"dir"`
	Format     string         `json:"format" enum:"csv,xlsx"`
	Attributes []string       `json:"attributes"`
	Customers  int            `json:"customers" doc:"That the filter found"`
	Reason     string         `json:"reason"`
	State      string         `json:"state" enum:"waiting,approved,declined,expired"`
	CreatedAt  time.Time      `json:"createdAt"`
	ExpiresAt  time.Time      `json:"expiresAt"`
	DecidedBy  string         `json:"decidedBy" doc:"Login; empty: nobody"`
	DecidedAt  *time.Time     `json:"decidedAt"`
	Answer     string         `json:"answer" doc:"Why it was declined"`
	Job        *job.View      `json:"job" doc:"Of an approved one; null: forgotten"`
}

type requestListInput struct {
	State string `query:"state" enum:"waiting,approved,declined,expired"`
	Page  int    `query:"page" minimum:"1" maximum:"1000000" default:"1"`
	Size  int    `query:"size" minimum:"1" maximum:"200" default:"20"`
}

// requestList is a page of requests.
type requestList struct {
	Items []requestView `json:"items"`
	Total int           `json:"total" doc:"Rows of all pages"`
	Page  int           `json:"page"`
	Size  int           `json:"size"`
}

type reasonBody struct {
	Reason string `json:"reason" maxLength:"500"`
}

type askInput struct {
	StartQuery
	Body reasonBody
}

type approveBody struct {
	Customers int `json:"customers" doc:"How many the caller has seen in the request"`
}

type approveInput struct {
	ID   int64 `path:"id"`
	Body approveBody
}

type noticesView struct {
	Items []requestView `json:"items"`
}

type requestInput struct {
	ID int64 `path:"id"`
}

type declineInput struct {
	ID   int64 `path:"id"`
	Body reasonBody
}

// registerRule adds the operations on how many customers one person exports alone.
func registerRule(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/exports/rule", ID: "export-rule", Tag: "export",
		Summary: "How many customers one person may export alone", Permission: account.CustomerExport,
	},
		func(ctx context.Context, caller account.Caller, _ *struct{}) (ruleView, error) {
			r, err := store.Rule(ctx, caller)
			return ruleView(r), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPut, Path: "/api/exports/rule", ID: "export-rule-change", Tag: "export",
		Summary: "State how many; 409 with the current rule if the version is not the newest", Permission: account.RuleManage,
	},
		func(ctx context.Context, caller account.Caller, in *ruleInput) (ruleView, error) {
			r, err := store.State(ctx, caller, in.Body.Version, Rule{MostAlone: in.Body.MostAlone, WaitHours: in.Body.WaitHours})
			return portal.Saved(r, err, func(r Rule) ruleView { return ruleView(r) })
		})
}

// registerRequests adds the operations on exports that need a second person.
func registerRequests(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/exports/requests", ID: "export-request", Tag: "export", Status: http.StatusCreated,
		Summary: "Ask for an export of more customers than one person may export alone", Permission: account.CustomerExport,
	},
		func(ctx context.Context, caller account.Caller, in *askInput) (requestView, error) {
			r, err := store.Ask(ctx, caller, in.order(caller), in.Body.Reason)
			return requestOf(caller, r, nil), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/exports/requests", ID: "export-request-list", Tag: "export",
		Summary: "The caller's own requests, and those that the caller may decide, the newest first", Permission: account.CustomerExport,
	},
		func(ctx context.Context, caller account.Caller, in *requestListInput) (requestList, error) {
			list, total, err := store.Requests(ctx, caller, State(in.State), in.Page, in.Size)
			if err != nil {
				return requestList{}, err
			}
			ids := make([]int64, 0, len(list))
			for _, r := range list {
				ids = append(ids, r.JobID)
			}
			jobs, err := store.jobs.ByID(ctx, ids)
			view := requestList{Items: make([]requestView, 0, len(list)), Total: total, Page: in.Page, Size: in.Size}
			for _, r := range list {
				view.Items = append(view.Items, requestOf(caller, r, jobs))
			}
			return view, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/exports/requests/{id}/approve", ID: "export-request-approve", Tag: "export",
		Summary: "Have the export of another person run; 409 with the request if it says something else by now", Permission: account.ExportApprove,
	},
		func(ctx context.Context, caller account.Caller, in *approveInput) (requestView, error) {
			r, err := store.Approve(ctx, caller, s.CallerOf, in.ID, in.Body.Customers)
			if changed, ok := errors.AsType[*ChangedError](err); ok {
				return requestView{}, portal.WithCurrent(err, requestOf(caller, changed.Current, nil))
			}
			return requestOf(caller, r, nil), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/exports/requests/{id}/decline", ID: "export-request-decline", Tag: "export",
		Summary: "Answer another person's request with no", Permission: account.ExportApprove,
	},
		func(ctx context.Context, caller account.Caller, in *declineInput) (requestView, error) {
			r, err := store.Decline(ctx, caller, in.ID, in.Body.Reason)
			return requestOf(caller, r, nil), err
		})
}

// registerNotices adds the operations that tell whoever asked of a decision.
func registerNotices(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/exports/requests/notices", ID: "export-request-notices", Tag: "export",
		Summary: "The caller's own requests that were decided and not acknowledged", Permission: account.CustomerExport,
	},
		func(ctx context.Context, caller account.Caller, _ *struct{}) (noticesView, error) {
			list, err := store.Notices(ctx, caller)
			view := noticesView{Items: make([]requestView, 0, len(list))}
			for _, r := range list {
				view.Items = append(view.Items, requestOf(caller, r, nil))
			}
			return view, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/exports/requests/{id}/acknowledge", ID: "export-request-acknowledge", Tag: "export",
		Summary: "Take a request of one's own off the notices", Permission: account.CustomerExport,
	},
		func(ctx context.Context, caller account.Caller, in *requestInput) (portal.Nothing, error) {
			return portal.Nothing{}, store.Acknowledge(ctx, caller, in.ID)
		})
}

func requestOf(caller account.Caller, r Request, jobs map[int64]job.Job) requestView {
	o := r.Ordered
	v := requestView{
		ID: r.ID, Requester: r.Requester, Own: r.RequesterID == caller.AccountID,
		Filter: o.Filter, Sort: o.Sort, Dir: o.Dir, Format: string(o.Format), Attributes: append([]string{}, o.Attributes...),
		Customers: r.Customers, Reason: r.Reason, State: string(r.State), CreatedAt: r.CreatedAt, ExpiresAt: r.ExpiresAt,
		DecidedBy: r.DecidedBy, DecidedAt: r.DecidedAt, Answer: r.Answer,
	}
	if j, there := jobs[r.JobID]; there {
		shown := job.ViewOf(j)
		v.Job = &shown
	}
	return v
}
