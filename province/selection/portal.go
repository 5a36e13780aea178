package selection

import (
	"context"
	"errors"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/portal"
	"jike/schemas/codes"
)

type ruleView struct {
	Classes       []string `json:"classes" doc:"Customers of these classes"`
	CrossProvince bool     `json:"crossProvince" doc:"Customers that span provinces, of whatever class"`
	Industries    []string `json:"industries" doc:"Customers of these divisions (GB/T 4754)"`
	Cities        []string `json:"cities" doc:"Customers in these cities (GB/T 2260)"`
	Named         []string `json:"named" doc:"Numbers or credit codes of customers that go up whatever else holds"`
	Excluded      []string `json:"excluded" doc:"Numbers or credit codes of customers that do not go up"`
}

type rolloutView struct {
	Total      int64      `json:"total" doc:"Customers to go over"`
	Judged     int64      `json:"judged" doc:"Customers gone over, of all passes"`
	Entered    int64      `json:"entered"`
	Left       int64      `json:"left"`
	Passes     int32      `json:"passes" doc:"Above 1: the proof failed once, or the way goes back"`
	Paused     bool       `json:"paused"`
	Trouble    string     `json:"trouble" doc:"Why the last batch was not made; empty: it was"`
	StartedAt  time.Time  `json:"startedAt"`
	UpdatedAt  time.Time  `json:"updatedAt"`
	FinishedAt *time.Time `json:"finishedAt"`
}

// versionView is a version as the browser sees it.
type versionView struct {
	Version        int32        `json:"version"`
	Rule           ruleView     `json:"rule"`
	State          string       `json:"state" enum:"draft,tried,approved,applying,returning,in_force,superseded,cancelled"`
	Origin         string       `json:"origin" enum:"built-in,province,headquarters"`
	NationalNumber *int64       `json:"nationalNumber" doc:"Headquarters' number of it"`
	Author         string       `json:"author"`
	Approver       string       `json:"approver" doc:"Empty: nobody, or headquarters"`
	Note           string       `json:"note"`
	EffectiveAt    *time.Time   `json:"effectiveAt" doc:"Null: as soon as it is approved"`
	CreatedAt      time.Time    `json:"createdAt"`
	ApprovedAt     *time.Time   `json:"approvedAt"`
	Rollout        *rolloutView `json:"rollout"`
	Trial          *Trial       `json:"trial" doc:"What the newest dry run counted"`
}

type versionList struct {
	Items []versionView `json:"items" doc:"The newest first"`
}

type proposalInput struct {
	Body struct {
		Rule        ruleView   `json:"rule"`
		EffectiveAt *time.Time `json:"effectiveAt" doc:"Null: as soon as it is approved"`
		Note        string     `json:"note" maxLength:"1000"`
	}
}

type versionInput struct {
	Version int32 `path:"version" minimum:"1"`
}

type nothingAsked struct{}

type proofView struct {
	Version   int32     `json:"version"`
	At        time.Time `json:"at"`
	Customers int64     `json:"customers"`
	Wrong     int64     `json:"wrong" doc:"Customers whose flag is not what the version says"`
}

// Register adds the operations on selection policies.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/selection-policies", ID: "selection-policy-list", Tag: "selection",
		Summary: "Versions of the selection policy, the newest first", Permission: account.SelectionRead,
	},
		func(ctx context.Context, caller account.Caller, _ *nothingAsked) (versionList, error) {
			list, err := store.List(ctx, caller)
			view := versionList{Items: make([]versionView, 0, len(list))}
			for _, v := range list {
				view.Items = append(view.Items, viewOf(v))
			}
			return view, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/selection-policies", ID: "selection-policy-propose", Tag: "selection", Status: http.StatusCreated,
		Summary: "Propose a version", Permission: account.SelectionChange,
	},
		func(ctx context.Context, caller account.Caller, in *proposalInput) (versionView, error) {
			rule, err := in.Body.Rule.rule()
			if err != nil {
				return versionView{}, err
			}
			v, err := store.Propose(ctx, caller, Proposal{Rule: rule, EffectiveAt: in.Body.EffectiveAt, Note: in.Body.Note})
			return viewOf(v), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/selection-proof", ID: "selection-proof", Tag: "selection",
		Summary: "Count the customers whose flag is not what the version in force says", Permission: account.SelectionRead,
	},
		func(ctx context.Context, caller account.Caller, _ *nothingAsked) (proofView, error) {
			p, err := store.Prove(ctx, caller)
			return proofView(p), err
		})
	for _, o := range []struct {
		method, path, id, summary string
		permission                account.Permission
		do                        func(context.Context, account.Caller, int32) (Version, error)
	}{
		{http.MethodGet, "", "get", "A version with its dry run and its rollout", account.SelectionRead, store.Get},
		{http.MethodPost, "/trial", "try", "Dry run: count what the version would move", account.SelectionChange, store.Try},
		{http.MethodPost, "/approval", "approve", "Approve another person's version", account.SelectionApprove, store.Approve},
		{http.MethodPost, "/pause", "pause", "Stop the batches of the rollout", account.SelectionChange, store.Pause},
		{http.MethodPost, "/resume", "resume", "Let the batches go on", account.SelectionChange, store.Resume},
		{http.MethodPost, "/cancel", "cancel", "Give up a version; one that is applying goes back", account.SelectionChange, store.Cancel},
	} {
		portal.Register(s, portal.Operation{
			Method: o.method, Path: "/api/selection-policies/{version}" + o.path, ID: "selection-policy-" + o.id, Tag: "selection",
			Summary: o.summary, Permission: o.permission,
		},
			func(ctx context.Context, caller account.Caller, in *versionInput) (versionView, error) {
				v, err := o.do(ctx, caller, in.Version)
				return viewOf(v), err
			})
	}
}

func viewOf(v Version) versionView {
	view := versionView{
		Version: v.Version, Rule: ruleViewOf(v.Rule), State: string(v.State), Origin: v.Origin, NationalNumber: v.NationalNumber,
		Author: v.Author, Approver: v.Approver, Note: v.Note, EffectiveAt: v.EffectiveAt, CreatedAt: v.CreatedAt, ApprovedAt: v.ApprovedAt,
		Trial: v.Trial,
	}
	if r := v.Rollout; r != nil {
		view.Rollout = &rolloutView{r.Total, r.Judged, r.Entered, r.Left, r.Passes, r.Paused, r.Trouble, r.StartedAt, r.UpdatedAt, r.FinishedAt}
	}
	return view
}

func ruleViewOf(r Rule) ruleView {
	list := func(texts []string) []string { return append([]string{}, texts...) }
	return ruleView{
		Classes: textsOf(r.Classes), CrossProvince: r.CrossProvince, Industries: textsOf(r.Industries), Cities: textsOf(r.Cities),
		Named: list(r.Named), Excluded: list(r.Excluded),
	}
}

// rule reads the view's codes, with the faults of all joined.
func (v ruleView) rule() (Rule, error) {
	r := Rule{CrossProvince: v.CrossProvince, Named: v.Named, Excluded: v.Excluded}
	var err [3]error
	r.Classes, err[0] = parseAll("classes", v.Classes, codes.ParseClass)
	r.Industries, err[1] = parseAll("industries", v.Industries, codes.ParseIndustry)
	r.Cities, err[2] = parseAll("cities", v.Cities, codes.ParseCity)
	return r, errors.Join(err[:]...)
}

// parseAll reads a list of codes of one type.
func parseAll[T any](field string, texts []string, parse func(string) (T, error)) ([]T, error) {
	var list []T
	for _, text := range texts {
		v, err := parse(text)
		if err != nil {
			return nil, fault.Field(fault.Enumeration, field, "selection.rule.unknown_code", "value", text)
		}
		list = append(list, v)
	}
	return list, nil
}
