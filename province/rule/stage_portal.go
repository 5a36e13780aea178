package rule

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/portal"
	"jike/schemas/codes"
)

// heldView is a condition that held, with what the fact was.
type heldView struct {
	Condition conditionView `json:"condition"`
	Actual    *int64        `json:"actual" doc:"Fen, pieces or days; null: it never was, or is no number"`
	Choice    string        `json:"choice" doc:"Of a fact that is one of a list"`
}

// WhyView is the rule by which something was decided of a customer.
type WhyView struct {
	Version int32      `json:"version"`
	Line    int        `json:"line" doc:"From 1"`
	Match   Match      `json:"match" enum:"all,any"`
	Held    []heldView `json:"held" doc:"The conditions that held"`
}

// stageChangeView is one change of a customer's stage.
type stageChangeView struct {
	From   string    `json:"from"`
	To     string    `json:"to"`
	Actor  string    `json:"actor"`
	Reason string    `json:"reason" doc:"As the person stated it; may be empty"`
	Why    *WhyView  `json:"why" doc:"Null: it was no rule"`
	At     time.Time `json:"at"`
}

// holdView is a stage that no rule changes.
type holdView struct {
	Until  string    `json:"until" doc:"The last day, YYYY-MM-DD"`
	Reason string    `json:"reason"`
	Actor  string    `json:"actor"`
	At     time.Time `json:"at"`
}

// stageView is where a customer stands in the life cycle.
type stageView struct {
	Stage    string            `json:"stage" enum:"potential,active,suspended,lost"`
	Since    time.Time         `json:"since"`
	Strategy string            `json:"strategy" doc:"What is to be done with such a customer; empty: nothing is said"`
	Hold     *holdView         `json:"hold" doc:"Null: rules move the customer"`
	History  []stageChangeView `json:"history" doc:"The newest first"`
}

type ofInput struct {
	ID int64 `path:"id" doc:"Customer"`
}

type setInput struct {
	ID   int64 `path:"id" doc:"Customer"`
	Body struct {
		Stage  string `json:"stage" enum:"potential,active,suspended,lost"`
		Until  string `json:"until" maxLength:"10" doc:"The last day on which no rule moves the customer, YYYY-MM-DD"`
		Reason string `json:"reason" maxLength:"2000"`
	}
}

func registerStages(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/customers/{id}/stage", ID: "customer-stage", Tag: "rule",
		Summary: "Where a customer stands in the life cycle, and why", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *ofInput) (stageView, error) {
			return stageViewOf(store.Stage(ctx, caller, in.ID))
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPut, Path: "/api/customers/{id}/stage", ID: "customer-stage-set", Tag: "rule",
		Summary: "Set a customer's stage, which no rule changes up to a day", Permission: account.CustomerChange,
	},
		func(ctx context.Context, caller account.Caller, in *setInput) (stageView, error) {
			until, err := fault.Day("until", in.Body.Until)
			if err != nil {
				return stageView{}, err
			}
			return stageViewOf(store.Set(ctx, caller, in.ID, Wish{codes.Lifecycle(in.Body.Stage), until, in.Body.Reason}))
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodDelete, Path: "/api/customers/{id}/stage", ID: "customer-stage-release", Tag: "rule",
		Summary: "Let rules move a customer again", Permission: account.CustomerChange,
	},
		func(ctx context.Context, caller account.Caller, in *ofInput) (stageView, error) {
			return stageViewOf(store.Release(ctx, caller, in.ID))
		})
}

func stageViewOf(of StageOf, err error) (stageView, error) {
	if err != nil {
		return stageView{}, err
	}
	view := stageView{Stage: string(of.Stage), Since: of.Since, Strategy: of.Strategy, History: make([]stageChangeView, 0, len(of.History))}
	if h := of.Hold; h != nil {
		view.Hold = &holdView{h.Until.Format(time.DateOnly), h.Reason, h.Actor, h.At}
	}
	for _, c := range of.History {
		change := stageChangeView{From: string(c.From), To: string(c.To), Actor: c.Actor, Reason: c.Reason, At: c.At}
		if change.Why, err = WhyOf(c.Grounds); err != nil {
			return stageView{}, err
		}
		view.History = append(view.History, change)
	}
	return view, nil
}

// WhyOf reads grounds as they are kept; without any it is nil.
func WhyOf(document []byte) (*WhyView, error) {
	if document == nil {
		return nil, nil
	}
	var g grounds
	if err := json.Unmarshal(document, &g); err != nil {
		return nil, err
	}
	view := WhyView{Version: g.Version, Line: g.Line, Match: g.Match, Held: make([]heldView, 0, len(g.Held))}
	for _, h := range g.Held {
		view.Held = append(view.Held, heldView{conditionViewOf(h.Condition), h.Actual, h.Choice})
	}
	return &view, nil
}
