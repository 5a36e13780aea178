package job

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
)

// View is a job as the browser sees it.
type View struct {
	ID         int64          `json:"id"`
	Kind       string         `json:"kind" doc:"What is done, such as member.import"`
	State      string         `json:"state" enum:"queued,running,done,failed,cancelled"`
	Owner      string         `json:"owner" doc:"Login of who started it"`
	CustomerID int64          `json:"customerId" doc:"0: of no one customer"`
	Total      int            `json:"total" doc:"Lines"`
	Done       int            `json:"done" doc:"Lines gone over"`
	Counts     map[string]int `json:"counts" doc:"Lines by outcome"`
	Trouble    string         `json:"trouble" doc:"Code of what ended it or is tried over; empty: nothing"`
	CreatedAt  time.Time      `json:"createdAt"`
	FinishedAt *time.Time     `json:"finishedAt"`
	KeptUntil  *time.Time     `json:"keptUntil" doc:"When it is forgotten with its result; null: it runs"`
}

type listInput struct {
	Page int `query:"page" minimum:"1" maximum:"1000000" default:"1"`
	Size int `query:"size" minimum:"1" maximum:"200" default:"20"`
}

// listView is a page of jobs.
type listView struct {
	Items []View `json:"items"`
	Total int    `json:"total" doc:"Rows of all pages"`
	Page  int    `json:"page"`
	Size  int    `json:"size"`
}

type oneInput struct {
	ID int64 `path:"id"`
}

type resultInput struct {
	ID   int64  `path:"id"`
	Only string `query:"only" enum:"refused" doc:"Only the lines that were refused"`
}

type linesInput struct {
	ID       int64  `path:"id"`
	Outcome  string `query:"outcome" maxLength:"40" doc:"Only lines with this outcome"`
	Reasoned bool   `query:"reasoned" doc:"Only lines that have a reason"`
	After    int    `query:"after" minimum:"0" doc:"Only lines with greater numbers"`
	Size     int    `query:"size" minimum:"1" maximum:"200" default:"20"`
}

// lineView is a line with what became of it, in words.
type lineView struct {
	Number  int      `json:"number" doc:"From 1"`
	Cells   []string `json:"cells"`
	Outcome string   `json:"outcome" doc:"In the session's language; empty: not gone over"`
	Reason  string   `json:"reason"`
}

// linesView is some of a job's lines.
type linesView struct {
	Columns []string   `json:"columns" doc:"Head of the cells"`
	Items   []lineView `json:"items"`
}

// Register adds the portal's operations on jobs. What starts one is the matter of its capability.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/jobs", ID: "job-list", Tag: "job",
		Summary: "Own jobs, all of them for administrators, the newest first", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *listInput) (listView, error) {
			list, total, err := store.List(ctx, caller, in.Page, in.Size)
			view := listView{Items: make([]View, 0, len(list)), Total: total, Page: in.Page, Size: in.Size}
			for _, j := range list {
				view.Items = append(view.Items, ViewOf(j))
			}
			return view, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/jobs/{id}", ID: "job-get", Tag: "job", Summary: "One job", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *oneInput) (View, error) {
			j, err := store.Get(ctx, caller, in.ID)
			return ViewOf(j), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/jobs/{id}/cancel", ID: "job-cancel", Tag: "job",
		Summary: "End a job; what is done stays done", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *oneInput) (View, error) {
			j, err := store.Cancel(ctx, caller, in.ID)
			return ViewOf(j), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/jobs/{id}/lines", ID: "job-lines", Tag: "job",
		Summary: "Lines of a job with their outcomes, by number", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *linesInput) (linesView, error) {
			j, lines, err := store.Lines(ctx, caller, in.ID, in.Outcome, in.Reasoned, in.After, in.Size)
			view := linesView{Columns: j.Columns, Items: make([]lineView, len(lines))}
			for i, l := range lines {
				view.Items[i] = lineView(l)
			}
			return view, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/jobs/{id}/result", ID: "job-result", Tag: "job",
		Summary: "The lines of a job with their outcomes, as CSV", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *resultInput) (portal.File, error) {
			text, err := store.Result(ctx, caller, in.ID, in.Only == "refused")
			return portal.File{Name: fmt.Sprintf("job-%d.csv", in.ID), Type: "text/csv; charset=utf-8", Content: []byte(text)}, err
		})
}

// ViewOf is a job as the browser sees it.
func ViewOf(j Job) View {
	v := View{
		ID: j.ID, Kind: j.Kind, State: string(j.State), Owner: j.Owner, CustomerID: j.CustomerID, Total: j.Total, Done: j.Done, Counts: j.Counts,
		Trouble: j.Trouble, CreatedAt: j.CreatedAt, FinishedAt: j.FinishedAt,
	}
	if j.FinishedAt != nil {
		until := j.FinishedAt.Add(Kept)
		v.KeptUntil = &until
	}
	return v
}
