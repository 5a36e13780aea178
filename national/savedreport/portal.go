package savedreport

import (
	"context"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
)

// reportView is a saved report as the browser sees it.
type reportView struct {
	ID          int64      `json:"id"`
	Version     int32      `json:"version"`
	Owner       string     `json:"owner" doc:"Login"`
	OwnerName   string     `json:"ownerName"`
	Own         bool       `json:"own" doc:"The caller's"`
	MayChange   bool       `json:"mayChange" doc:"By the caller"`
	From        string     `json:"from" doc:"The period as it is now, YYYY-MM"`
	To          string     `json:"to"`
	NextAt      *time.Time `json:"nextAt" doc:"null: not by the clock"`
	LastState   string     `json:"lastState" enum:",queued,done,failed" doc:"Of the newest run; empty: there is none"`
	LastTrouble string     `json:"lastTrouble" doc:"Code of what went wrong"`
	LastAt      *time.Time `json:"lastAt" doc:"When it was due"`
	UpdatedAt   time.Time  `json:"updatedAt"`
	Body
}

// Body is what the browser states about a saved report.
type Body struct {
	Name     string   `json:"name" maxLength:"200"`
	Audience string   `json:"audience" enum:"private,public"`
	KeepDays int16    `json:"keepDays" doc:"Of workbooks: 1 to 366"`
	Settings Settings `json:"settings"`
}

type listView struct {
	Items []reportView `json:"items" doc:"The caller's own first"`
}

// runView is a run as the browser sees it.
type runView struct {
	ID         int64      `json:"id"`
	DueAt      time.Time  `json:"dueAt"`
	OrderedBy  string     `json:"orderedBy" doc:"Login; empty: the clock"`
	State      string     `json:"state" enum:"queued,done,failed"`
	Attempts   int16      `json:"attempts" doc:"That failed"`
	Trouble    string     `json:"trouble" doc:"Code of what ended it or is tried over"`
	From       string     `json:"from" doc:"First month, YYYY-MM; empty unless done"`
	To         string     `json:"to"`
	Rows       int32      `json:"rows"`
	Bytes      int32      `json:"bytes"`
	DataTime   *time.Time `json:"dataTime" doc:"Every change that provinces committed before this is in the figures"`
	FinishedAt *time.Time `json:"finishedAt"`
}

type runsView struct {
	Report reportView `json:"report"`
	Items  []runView  `json:"items" doc:"The newest first"`
}

type addInput struct{ Body Body }

// changeBody is Body with the version that it started from.
type changeBody struct {
	Version int32 `json:"version" doc:"The version that was edited"`
	Body
}

type changeInput struct {
	ID   int64 `path:"id"`
	Body changeBody
}

type oneInput struct {
	ID int64 `path:"id"`
}

// Register adds the portal's operations on saved reports.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/saved-reports", ID: "saved-report-list", Tag: "savedreport",
		Summary: "Saved reports, the caller's own and those that are shown to all", Permission: account.ReportRead,
	},
		func(ctx context.Context, caller account.Caller, _ *struct{}) (listView, error) {
			list, err := store.List(ctx, caller)
			view := listView{Items: make([]reportView, 0, len(list))}
			for _, r := range list {
				view.Items = append(view.Items, store.viewOf(caller, r))
			}
			return view, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/saved-reports", ID: "saved-report-create", Tag: "savedreport", Status: http.StatusCreated,
		Summary: "Save a report, with a schedule by which it is made", Permission: account.ReportRead,
	},
		func(ctx context.Context, caller account.Caller, in *addInput) (reportView, error) {
			r, err := store.Add(ctx, caller, in.Body.facts())
			return store.viewOf(caller, r), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPut, Path: "/api/saved-reports/{id}", ID: "saved-report-change", Tag: "savedreport",
		Summary: "Change a saved report; 409 with the current one if the version is not the newest", Permission: account.ReportRead,
	},
		func(ctx context.Context, caller account.Caller, in *changeInput) (reportView, error) {
			r, err := store.Change(ctx, caller, in.ID, in.Body.Version, in.Body.facts())
			return portal.Saved(r, err, func(r Report) reportView { return store.viewOf(caller, r) })
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodDelete, Path: "/api/saved-reports/{id}", ID: "saved-report-remove", Tag: "savedreport",
		Summary: "Forget a saved report and its workbooks", Permission: account.ReportRead,
	},
		func(ctx context.Context, caller account.Caller, in *oneInput) (portal.Nothing, error) {
			return portal.Nothing{}, store.Remove(ctx, caller, in.ID)
		})
	registerRuns(s, store)
}

func registerRuns(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/saved-reports/{id}/runs", ID: "saved-report-runs", Tag: "savedreport",
		Summary: "The runs of a saved report, with its workbooks", Permission: account.ReportRead,
	},
		func(ctx context.Context, caller account.Caller, in *oneInput) (runsView, error) {
			r, runs, err := store.Runs(ctx, caller, in.ID)
			view := runsView{Report: store.viewOf(caller, r), Items: make([]runView, 0, len(runs))}
			for _, run := range runs {
				view.Items = append(view.Items, runViewOf(run))
			}
			return view, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/saved-reports/{id}/runs", ID: "saved-report-order", Tag: "savedreport", Status: http.StatusAccepted,
		Summary: "Have a saved report made now", Permission: account.ReportRead,
	},
		func(ctx context.Context, caller account.Caller, in *oneInput) (runView, error) {
			run, err := store.Order(ctx, caller, in.ID)
			return runViewOf(run), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/saved-report-runs/{id}/workbook", ID: "saved-report-workbook", Tag: "savedreport",
		Summary: "The workbook of a run as a file to save, which is audited", Permission: account.ReportRead,
	},
		func(ctx context.Context, caller account.Caller, in *oneInput) (portal.File, error) {
			f, err := store.File(ctx, caller, in.ID)
			return portal.File{Name: f.Name, Type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Content: f.Content}, err
		})
}

func (b Body) facts() Facts {
	return Facts{Name: b.Name, Audience: Audience(b.Audience), KeepDays: b.KeepDays, Settings: b.Settings}
}

func (s *Store) viewOf(caller account.Caller, r Report) reportView {
	from, to := r.Settings.Period.months(time.Now().In(s.zone))
	return reportView{
		ID: r.ID, Version: r.Version, Owner: r.Owner, OwnerName: r.OwnerName, Own: r.OwnerID == caller.AccountID, MayChange: r.MayChange(caller),
		From: from.Format("2006-01"), To: to.Format("2006-01"), NextAt: r.NextAt,
		LastState: string(r.LastState), LastTrouble: r.LastTrouble, LastAt: r.LastAt, UpdatedAt: r.UpdatedAt,
		Body: Body{Name: r.Name, Audience: string(r.Audience), KeepDays: r.KeepDays, Settings: r.Settings},
	}
}

func runViewOf(r Run) runView {
	return runView{r.ID, r.DueAt, r.OrderedBy, string(r.State), r.Attempts, r.Trouble, r.From, r.To, r.Rows, r.Bytes, r.DataTime, r.FinishedAt}
}
