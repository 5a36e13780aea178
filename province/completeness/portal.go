package completeness

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/portal"
)

// ruleView is the rule as the browser sees it.
type ruleView struct {
	Weights   map[Fact]int `json:"weights" doc:"By fact; 0: it does not count"`
	Version   int32        `json:"version"`
	Pending   bool         `json:"pending" doc:"It has not reached all customers yet"`
	Author    string       `json:"author"`
	ChangedAt time.Time    `json:"changedAt"`
}

type ruleInput struct {
	Body struct {
		Version int32        `json:"version" doc:"The version that was edited"`
		Weights map[Fact]int `json:"weights"`
	}
}

// findingView is one fact of a customer.
type findingView struct {
	Fact   string `json:"fact" enum:"identity,organisationType,legalPerson,registeredCapital,headcount,annualSales,address,postcode,profile,manager,contact,phone,decisionMaker,site"`
	Weight int    `json:"weight"`
	Held   bool   `json:"held" doc:"The customer has it"`
}

// ofView is how complete a customer is.
type ofView struct {
	Score int           `json:"score" doc:"0 to 100"`
	Items []findingView `json:"items" doc:"What counts"`
}

type ofInput struct {
	ID int64 `path:"id" doc:"Customer"`
}

// groupView is what the customers of a manager or a department add up to.
type groupView struct {
	ID         int64   `json:"id" doc:"Unit; 0: customers that are nobody's"`
	Name       string  `json:"name"`
	Department string  `json:"department" doc:"Of a manager"`
	Customers  int     `json:"customers"`
	Average    float64 `json:"average" doc:"Of the scores, to a tenth"`
	Whole      int     `json:"whole" doc:"Customers with the full score"`
}

type groupList struct {
	Items []groupView `json:"items" doc:"The least complete first, 500 at most"`
}

type groupInput struct {
	By         string `query:"by" enum:"manager,department" default:"manager"`
	Department int64  `query:"department" doc:"Only managers of this department"`
}

// rowView is a customer in the list of one manager's.
type rowView struct {
	ID      int64    `json:"id"`
	Number  string   `json:"number"`
	Name    string   `json:"name"`
	Class   string   `json:"class"`
	Score   int      `json:"score" doc:"0 to 100"`
	Missing []string `json:"missing" doc:"Facts"`
}

type rowList struct {
	Items []rowView `json:"items" doc:"The least complete first"`
	Next  string    `json:"next" doc:"For after, to read on; empty: this is the end"`
}

type rowInput struct {
	Manager int64  `query:"manager" doc:"Unit; 0: customers that are nobody's"`
	After   string `query:"after" maxLength:"40" doc:"Next of the page before"`
}

// Register adds the portal's operations on completeness.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/completeness/rule", ID: "completeness-rule", Tag: "completeness",
		Summary: "What counts for a complete file", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, _ *struct{}) (ruleView, error) {
			r, err := store.Rule(ctx, caller)
			return ruleView(r), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPut, Path: "/api/completeness/rule", ID: "completeness-rule-change", Tag: "completeness",
		Summary: "State what counts; 409 with the current rule if the version is not the newest", Permission: account.RuleManage,
	},
		func(ctx context.Context, caller account.Caller, in *ruleInput) (ruleView, error) {
			r, err := store.State(ctx, caller, in.Body.Version, in.Body.Weights)
			return portal.Saved(r, err, func(r Rule) ruleView { return ruleView(r) })
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/completeness", ID: "completeness-list", Tag: "completeness",
		Summary: "How complete the files of managers or departments are", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *groupInput) (groupList, error) {
			var list []Group
			var err error
			if in.By == "department" {
				list, err = store.Departments(ctx, caller)
			} else {
				list, err = store.Managers(ctx, caller, in.Department)
			}
			view := groupList{Items: make([]groupView, 0, len(list))}
			for _, g := range list {
				average := float64(g.Points*10/int64(g.Customers)) / 10
				view.Items = append(view.Items, groupView{g.ID, g.Name, g.Department, g.Customers, average, g.Whole})
			}
			return view, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/completeness/customers", ID: "completeness-customers", Tag: "completeness",
		Summary: "Customers of one manager, the least complete first", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *rowInput) (rowList, error) {
			after, err := place(in.After)
			if err != nil {
				return rowList{}, err
			}
			page, err := store.Customers(ctx, caller, in.Manager, after)
			return rowsOf(page), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/customers/{id}/completeness", ID: "customer-completeness", Tag: "completeness",
		Summary: "What counts of a customer's file, and what is missing", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *ofInput) (ofView, error) {
			findings, err := store.Of(ctx, caller, in.ID)
			view := ofView{Score: Score(findings), Items: make([]findingView, 0, len(findings))}
			for _, f := range findings {
				view.Items = append(view.Items, findingView{string(f.Fact), f.Weight, f.Held})
			}
			return view, err
		})
}

// place reads where a page begins: score and id of the last row before it.
func place(text string) (*Row, error) {
	if text == "" {
		return nil, nil
	}
	var r Row
	if n, err := fmt.Sscanf(text, "%d.%d", &r.Score, &r.ID); err != nil || n != 2 || fmt.Sprintf("%d.%d", r.Score, r.ID) != text {
		return nil, fault.Field(fault.Format, "after", "input.format")
	}
	return &r, nil
}

func rowsOf(p Page) rowList {
	view := rowList{Items: make([]rowView, 0, len(p.Items))}
	for _, r := range p.Items {
		missing := make([]string, len(r.Missing))
		for i, fact := range r.Missing {
			missing[i] = string(fact)
		}
		view.Items = append(view.Items, rowView{r.ID, r.Number, r.Name, string(r.Class), r.Score, missing})
	}
	if p.More {
		last := p.Items[len(p.Items)-1]
		view.Next = fmt.Sprintf("%d.%d", last.Score, last.ID)
	}
	return view
}
