package rule

import (
	"context"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
)

// conditionView compares one fact.
type conditionView struct {
	Fact       Fact       `json:"fact" enum:"income,arrears,contracts,subscriptions,members,sinceBill,sinceInteraction,fileAge,stage,class"`
	Months     int        `json:"months" doc:"Of income: how many months that are over; else 0"`
	Comparison Comparison `json:"comparison" enum:"atLeast,atMost,oneOf"`
	Number     int64      `json:"number" doc:"Fen, pieces or days"`
	Values     []string   `json:"values" doc:"Of oneOf"`
}

// lineView decides an outcome by its conditions.
type lineView struct {
	Outcome    string          `json:"outcome" maxLength:"20" doc:"A stage, a class, or in and out of a roster"`
	Match      Match           `json:"match" enum:"all,any" doc:"How many conditions must hold"`
	Conditions []conditionView `json:"conditions"`
}

// versionView is one version of a rule set.
type versionView struct {
	Version    int32             `json:"version"`
	Lines      []lineView        `json:"lines" doc:"The first one that holds decides"`
	Strategies map[string]string `json:"strategies" doc:"By outcome, what is to be done with such a customer"`
	Author     string            `json:"author"`
	CreatedAt  time.Time         `json:"createdAt"`
	PutBy      string            `json:"putBy"`
	PutAt      *time.Time        `json:"putAt" doc:"When it was put in force last; null: never"`
}

// moveView is how many customers a run moves from one value to another.
type moveView struct {
	From      string `json:"from"`
	To        string `json:"to"`
	Customers int    `json:"customers"`
}

// runView is a run over the customers.
type runView struct {
	ID         int64      `json:"id"`
	Version    int32      `json:"version"`
	Dry        bool       `json:"dry" doc:"It only counts"`
	Actor      string     `json:"actor"`
	State      State      `json:"state" enum:"running,done,cancelled"`
	Percent    int        `json:"percent" doc:"How far it is"`
	Customers  int        `json:"customers" doc:"Judged"`
	Held       int        `json:"held" doc:"Stay because a person said so"`
	Refused    int        `json:"refused" doc:"Stay because the life cycle has no such step, or the file does not allow a save"`
	Trouble    bool       `json:"trouble" doc:"The next batch failed and is tried over"`
	StartedAt  time.Time  `json:"startedAt"`
	FinishedAt *time.Time `json:"finishedAt"`
	Moves      []moveView `json:"moves" doc:"The most frequent first"`
}

// rulesView is all about the rules of a kind.
type rulesView struct {
	InForce  int32         `json:"inForce" doc:"Version; 0: none"`
	Versions []versionView `json:"versions" doc:"The newest first, 50 at most"`
	Runs     []runView     `json:"runs" doc:"The newest first, 20 at most"`
}

type kindInput struct {
	Kind Kind `path:"kind" maxLength:"25" pattern:"^(lifecycle|class|roster-[1-9][0-9]{0,17})$" doc:"What is judged: lifecycle, class, or roster- and the id of a roster"`
}

type draftInput struct {
	Kind Kind `path:"kind" maxLength:"25" pattern:"^(lifecycle|class|roster-[1-9][0-9]{0,17})$" doc:"What is judged: lifecycle, class, or roster- and the id of a roster"`
	Body struct {
		Version    int32             `json:"version" doc:"The newest version when editing began"`
		Lines      []lineView        `json:"lines"`
		Strategies map[string]string `json:"strategies"`
	}
}

type versionInput struct {
	Kind    Kind  `path:"kind" maxLength:"25" pattern:"^(lifecycle|class|roster-[1-9][0-9]{0,17})$" doc:"What is judged: lifecycle, class, or roster- and the id of a roster"`
	Version int32 `path:"version"`
}

type runInput struct {
	Kind Kind `path:"kind" maxLength:"25" pattern:"^(lifecycle|class|roster-[1-9][0-9]{0,17})$" doc:"What is judged: lifecycle, class, or roster- and the id of a roster"`
	Body struct {
		Version int32 `json:"version"`
		Dry     bool  `json:"dry" doc:"Only count what would be moved"`
	}
}

type runIDInput struct {
	ID int64 `path:"id"`
}

// Register adds the portal's operations on rules.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/rules/{kind}", ID: "rule-get", Tag: "rule",
		Summary: "Versions of a rule set and the runs over the customers", Permission: account.RuleManage,
	},
		func(ctx context.Context, caller account.Caller, in *kindInput) (rulesView, error) {
			versions, current, runs, err := store.Versions(ctx, caller, in.Kind)
			view := rulesView{InForce: current, Versions: make([]versionView, 0, len(versions)), Runs: make([]runView, 0, len(runs))}
			for _, v := range versions {
				view.Versions = append(view.Versions, versionViewOf(v))
			}
			for _, r := range runs {
				view.Runs = append(view.Runs, runViewOf(r))
			}
			return view, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/rules/{kind}/versions", ID: "rule-draft", Tag: "rule", Status: http.StatusCreated,
		Summary: "Add a version, as a draft; 409 with the newest one if it is not the one that was edited", Permission: account.RuleManage,
	},
		func(ctx context.Context, caller account.Caller, in *draftInput) (versionView, error) {
			set := Set{Strategies: in.Body.Strategies}
			for _, l := range in.Body.Lines {
				set.Lines = append(set.Lines, l.line())
			}
			v, err := store.Draft(ctx, caller, in.Kind, in.Body.Version, set)
			return portal.Saved(v, err, versionViewOf)
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/rules/{kind}/versions/{version}/put", ID: "rule-put", Tag: "rule",
		Summary: "Put a version in force that a dry run has tried", Permission: account.RuleManage,
	},
		func(ctx context.Context, caller account.Caller, in *versionInput) (versionView, error) {
			v, err := store.Put(ctx, caller, in.Kind, in.Version)
			return versionViewOf(v), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/rules/{kind}/runs", ID: "rule-run", Tag: "rule", Status: http.StatusAccepted,
		Summary: "Judge all customers by a version, dry or by the one in force", Permission: account.RuleManage,
	},
		func(ctx context.Context, caller account.Caller, in *runInput) (runView, error) {
			r, err := store.Begin(ctx, caller, in.Kind, in.Body.Version, in.Body.Dry)
			return runViewOf(r), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/rule-runs/{id}/cancel", ID: "rule-run-cancel", Tag: "rule",
		Summary: "End a run; what it has moved stays moved", Permission: account.RuleManage,
	},
		func(ctx context.Context, caller account.Caller, in *runIDInput) (runView, error) {
			r, err := store.Cancel(ctx, caller, in.ID)
			return runViewOf(r), err
		})
	registerStages(s, store)
	registerProposals(s, store)
	registerRosterProposals(s, store)
}

func (v lineView) line() Line {
	l := Line{Outcome: v.Outcome, Match: v.Match}
	for _, c := range v.Conditions {
		l.Conditions = append(l.Conditions, Condition(c))
	}
	return l
}

func versionViewOf(v Version) versionView {
	view := versionView{
		Version: v.Version, Lines: make([]lineView, 0, len(v.Lines)), Strategies: v.Strategies, Author: v.Author, CreatedAt: v.CreatedAt, PutBy: v.PutBy, PutAt: v.PutAt,
	}
	for _, l := range v.Lines {
		line := lineView{Outcome: l.Outcome, Match: l.Match, Conditions: make([]conditionView, 0, len(l.Conditions))}
		for _, c := range l.Conditions {
			line.Conditions = append(line.Conditions, conditionViewOf(c))
		}
		view.Lines = append(view.Lines, line)
	}
	return view
}

func conditionViewOf(c Condition) conditionView {
	view := conditionView(c)
	if view.Values == nil {
		view.Values = []string{}
	}
	return view
}

func runViewOf(r Run) runView {
	view := runView{
		ID: r.ID, Version: r.Version, Dry: r.Dry, Actor: r.Actor, State: r.State, Percent: r.Percent(), Customers: r.Customers, Held: r.Held, Refused: r.Refused,
		Trouble: r.Trouble != "", StartedAt: r.StartedAt, FinishedAt: r.FinishedAt, Moves: make([]moveView, 0, len(r.Moves)),
	}
	for _, m := range r.Moves {
		view.Moves = append(view.Moves, moveView(m))
	}
	return view
}
