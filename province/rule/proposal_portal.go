package rule

import (
	"context"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
	"jike/schemas/codes"
)

// proposalView is a class that a rule proposes for a customer.
type proposalView struct {
	CustomerID int64     `json:"customerId"`
	Number     string    `json:"number"`
	Name       string    `json:"name"`
	Manager    string    `json:"manager" doc:"Account manager; empty: nobody"`
	From       string    `json:"from" doc:"The class as it is"`
	To         string    `json:"to"`
	Why        *whyView  `json:"why"`
	At         time.Time `json:"at" doc:"Since when it is proposed"`
}

type proposalList struct {
	Items []proposalView `json:"items" doc:"In the order of the customers' ids"`
	Next  int64          `json:"next" doc:"For after, to read on; 0: this is the end"`
}

type proposalInput struct {
	From  string `query:"from" enum:"A1,A2,B1,B2,C,D" doc:"Only for customers of this class"`
	To    string `query:"to" enum:"A1,A2,B1,B2,C,D" doc:"Only those that propose this class"`
	After int64  `query:"after" minimum:"0" doc:"Next of the page before"`
}

// oneProposal is the proposal for one customer.
type oneProposal struct {
	Proposal *proposalView `json:"proposal" doc:"Null: none is open"`
}

type decideInput struct {
	Body struct {
		Customers []int64 `json:"customers" maxItems:"200"`
		Confirm   bool    `json:"confirm" doc:"The class is changed; else the proposals are declined"`
		Reason    string  `json:"reason" maxLength:"2000"`
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
		func(ctx context.Context, caller account.Caller, in *proposalInput) (proposalList, error) {
			page, err := store.Proposals(ctx, caller, Question{codes.Class(in.From), codes.Class(in.To), in.After})
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
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/customers/{id}/class-proposal", ID: "customer-class-proposal", Tag: "rule",
		Summary: "The class that a rule proposes for a customer", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *ofInput) (oneProposal, error) {
			p, err := store.ProposalOf(ctx, caller, in.ID)
			if err != nil || p == nil {
				return oneProposal{}, err
			}
			view, err := proposalViewOf(*p)
			return oneProposal{&view}, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/class-proposals/decisions", ID: "class-proposal-decide", Tag: "rule",
		Summary: "Confirm proposed classes, or decline them, with a reason", Permission: account.CustomerClassify,
	},
		func(ctx context.Context, caller account.Caller, in *decideInput) (decidedView, error) {
			done, err := store.Decide(ctx, caller, Decision{in.Body.Customers, in.Body.Confirm, in.Body.Reason})
			return decidedView(done), err
		})
}

func proposalViewOf(p Proposal) (proposalView, error) {
	why, err := whyViewOf(p.Grounds)
	return proposalView{p.CustomerID, p.Number, p.Name, p.Manager, string(p.From), string(p.To), why, p.At}, err
}
