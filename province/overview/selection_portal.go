package overview

import (
	"context"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
	"jike/province/selection"
)

// SelectionView says why a customer is national or not, as the browser and the command line see it.
type SelectionView struct {
	Number    string        `json:"number"`
	National  bool          `json:"national"`
	Since     time.Time     `json:"since"`
	By        *flipView     `json:"by" doc:"What made it so; null: it is so since the customer was created, or since before flips were kept"`
	Version   int32         `json:"version" doc:"Version of the policy by which a save would judge now"`
	Would     bool          `json:"would" doc:"What a save would decide now; differs from national only while a rollout is under way"`
	Clause    string        `json:"clause" doc:"Which decides"`
	InRollout bool          `json:"inRollout"`
	Findings  []findingView `json:"findings" doc:"Every clause, in their order: the first that holds decides"`
	Flips     []flipView    `json:"flips" doc:"The newest first"`
}

type findingView struct {
	Clause string   `json:"clause" enum:"sensitive,excluded,named,class,crossProvince,industry,city"`
	Holds  bool     `json:"holds"`
	Value  string   `json:"value" doc:"The customer's"`
	Wanted []string `json:"wanted" doc:"What the rule lists"`
}

type flipView struct {
	At      time.Time `json:"at"`
	Entered bool      `json:"entered"`
	Version int32     `json:"version"`
	Clause  string    `json:"clause" enum:"sensitive,excluded,named,class,crossProvince,industry,city,none"`
	Reason  string    `json:"reason" enum:"created,changed,rollout,return"`
}

// registerSelection adds the operation that explains the selection.
func registerSelection(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/customers/{id}/selection", ID: "customer-selection", Tag: "customer",
		Summary: "Why a customer goes up to headquarters or not, since when, and what would change it", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *oneInput) (SelectionView, error) {
			e, err := store.Selection(ctx, caller, in.ID)
			if err != nil {
				return SelectionView{}, err
			}
			return SelectionViewOf(e), nil
		})
}

// SelectionViewOf is the explanation as it is shown.
func SelectionViewOf(e selection.Explanation) SelectionView {
	v := SelectionView{
		Number: e.Facts.Number, National: e.National, Since: e.Since, Version: e.Version, Would: e.Would, Clause: string(e.Clause),
		InRollout: e.InRollout, Flips: mapped(e.Flips, flipOf),
		Findings: mapped(e.Findings, func(f selection.Finding) findingView {
			value, wanted := e.Look(f.Clause)
			return findingView{string(f.Clause), f.Holds, value, wanted}
		}),
	}
	if e.By != nil {
		by := flipOf(*e.By)
		v.By = &by
	}
	return v
}

func flipOf(f selection.Flip) flipView {
	return flipView{f.At, f.Entered, f.Version, string(f.Clause), string(f.Reason)}
}
