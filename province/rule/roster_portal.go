package rule

import (
	"context"
	"net/http"

	"jike/internal/account"
	"jike/internal/portal"
	"jike/province/job"
)

type rosterProposalInput struct {
	ID int64 `path:"id" doc:"Roster"`
	ProposalInput
}

type rosterQuestionInput struct {
	ID int64 `path:"id" doc:"Roster"`
	QuestionInput
}

type rosterDecideInput struct {
	ID int64 `path:"id" doc:"Roster"`
	DecideInput
}

type rosterDecideAllInput struct {
	ID int64 `path:"id" doc:"Roster"`
	DecideAllInput
}

// registerRosterProposals adds the operations on what the rules of a roster propose, which are as those on classes.
func registerRosterProposals(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/rosters/{id}/proposals", ID: "roster-proposal-list", Tag: "rule",
		Summary: "Customers within scope that a roster's rules would put in or take out", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *rosterProposalInput) (proposalList, error) {
			return proposalListOf(store.Proposals(ctx, caller, in.page(OfRoster(in.ID))))
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/rosters/{id}/proposals/count", ID: "roster-proposal-count", Tag: "rule",
		Summary: "How many customers within scope a roster's rules would put in or take out; 422 for more than can be decided at once", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *rosterQuestionInput) (countView, error) {
			n, err := store.Count(ctx, caller, in.question(OfRoster(in.ID)))
			return countView{n}, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/rosters/{id}/proposals/decisions", ID: "roster-proposal-decide", Tag: "rule",
		Summary: "Confirm what a roster's rules propose for some customers, or decline it, with a reason", Permission: account.RosterManage,
	},
		func(ctx context.Context, caller account.Caller, in *rosterDecideInput) (decidedView, error) {
			done, err := store.Decide(ctx, caller, Decision{OfRoster(in.ID), in.Body.Customers, Answer(in.Body.AnswerBody)})
			return decidedView(done), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/rosters/{id}/proposals/decide-all", ID: "roster-proposal-decide-all", Tag: "rule", Status: http.StatusAccepted,
		Summary: "Confirm all that a roster's rules propose and a filter lets through, or decline it, as a job", Permission: account.RosterManage,
	},
		func(ctx context.Context, caller account.Caller, in *rosterDecideAllInput) (job.View, error) {
			j, err := store.DecideAll(ctx, caller, Order{in.question(OfRoster(in.ID)), Answer(in.Body.AnswerBody), in.Body.Expected})
			return job.ViewOf(j), err
		})
}
