package rule

import (
	"context"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
	"jike/province/job"
)

// proposalView is what a rule proposes for a customer.
type proposalView struct {
	CustomerID int64     `json:"customerId"`
	Number     string    `json:"number"`
	Name       string    `json:"name"`
	Manager    string    `json:"manager" doc:"Account manager; empty: nobody"`
	From       string    `json:"from" doc:"As it is: a class, or in and out of a roster"`
	To         string    `json:"to" doc:"As it is proposed to be"`
	RosterID   int64     `json:"rosterId" doc:"The roster that the customer is to be put into or taken out of; 0: a class is proposed"`
	Roster     string    `json:"roster" doc:"Its name"`
	Why        *WhyView  `json:"why"`
	At         time.Time `json:"at" doc:"Since when it is proposed"`
}

type proposalList struct {
	Items []proposalView `json:"items" doc:"In the order of the customers' ids"`
	Next  int64          `json:"next" doc:"For after, to read on; 0: this is the end"`
}

// QuestionInput is which proposals are meant.
type QuestionInput struct {
	From string `query:"from" maxLength:"20" doc:"Only for customers that are this"`
	To   string `query:"to" maxLength:"20" doc:"Only those that propose this"`
}

// ProposalInput is which page of the proposals is meant.
type ProposalInput struct {
	QuestionInput
	After int64 `query:"after" minimum:"0" doc:"Next of the page before"`
}

// countView is how many proposals are meant.
type countView struct {
	Customers int `json:"customers"`
}

// ownProposals are those for one customer.
type ownProposals struct {
	Items []proposalView `json:"items" doc:"That of a class first"`
}

// DecideInput is an answer to some proposals.
type DecideInput struct {
	Body struct {
		Customers []int64 `json:"customers" maxItems:"200"`
		AnswerBody
	}
}

// AnswerBody is what a person says to proposals.
type AnswerBody struct {
	Confirm bool   `json:"confirm" doc:"What is proposed becomes so; else the proposals are declined"`
	Reason  string `json:"reason" maxLength:"2000"`
}

// DecideAllInput is an answer to all proposals that are meant.
type DecideAllInput struct {
	QuestionInput
	Body struct {
		AnswerBody
		Expected int `json:"expected" doc:"How many proposals the count named"`
	}
}

// decidedView is what became of a decision.
type decidedView struct {
	Done    int `json:"done"`
	Refused int `json:"refused" doc:"What the files of the customers do not allow"`
}

func registerProposals(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/class-proposals", ID: "class-proposal-list", Tag: "rule",
		Summary: "Classes that rules propose for customers within scope", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *ProposalInput) (proposalList, error) {
			return proposalListOf(store.Proposals(ctx, caller, in.page(Grade)))
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/class-proposals/count", ID: "class-proposal-count", Tag: "rule",
		Summary: "How many classes are proposed for customers within scope; 422 for more than can be decided at once", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *QuestionInput) (countView, error) {
			n, err := store.Count(ctx, caller, in.question(Grade))
			return countView{n}, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/customers/{id}/proposals", ID: "customer-proposals", Tag: "rule",
		Summary: "What rules propose for a customer", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *ofInput) (ownProposals, error) {
			list, err := store.ProposalsOf(ctx, caller, in.ID)
			view, err := proposalListOf(Page{Items: list}, err)
			return ownProposals{view.Items}, err
		})
	registerDecisions(s, store)
}

func registerDecisions(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/class-proposals/decisions", ID: "class-proposal-decide", Tag: "rule",
		Summary: "Confirm proposed classes, or decline them, with a reason", Permission: account.CustomerClassify,
	},
		func(ctx context.Context, caller account.Caller, in *DecideInput) (decidedView, error) {
			done, err := store.Decide(ctx, caller, Decision{Grade, in.Body.Customers, Answer(in.Body.AnswerBody)})
			return decidedView(done), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/class-proposals/decide-all", ID: "class-proposal-decide-all", Tag: "rule", Status: http.StatusAccepted,
		Summary: "Confirm all proposed classes that a filter lets through, or decline them, as a job", Permission: account.CustomerClassify,
	},
		func(ctx context.Context, caller account.Caller, in *DecideAllInput) (job.View, error) {
			j, err := store.DecideAll(ctx, caller, Order{in.question(Grade), Answer(in.Body.AnswerBody), in.Body.Expected})
			return job.ViewOf(j), err
		})
}

func (in QuestionInput) question(kind Kind) Question {
	return Question{Kind: kind, From: in.From, To: in.To}
}

func (in ProposalInput) page(kind Kind) Question {
	q := in.question(kind)
	q.After = in.After
	return q
}

func proposalListOf(page Page, err error) (proposalList, error) {
	view := proposalList{Items: make([]proposalView, 0, len(page.Items))}
	for _, p := range page.Items {
		one, err := proposalViewOf(p)
		if err != nil {
			return proposalList{}, err
		}
		view.Items = append(view.Items, one)
	}
	if page.More {
		view.Next = page.Items[len(page.Items)-1].CustomerID
	}
	return view, err
}

func proposalViewOf(p Proposal) (proposalView, error) {
	why, err := WhyOf(p.Grounds)
	return proposalView{p.CustomerID, p.Number, p.Name, p.Manager, p.From, p.To, p.RosterID, p.Roster, why, p.At}, err
}
