package bulk

import (
	"context"
	"net/http"

	"jike/internal/account"
	"jike/internal/portal"
	"jike/province/customer"
	"jike/province/job"
)

// ActionBody is an Action as the browser sends it.
type ActionBody struct {
	Field     string `json:"field" enum:"class,lifecycle,sensitive,attribute"`
	Attribute string `json:"attribute,omitempty" maxLength:"40" doc:"Code of the custom attribute"`
	Value     string `json:"value" maxLength:"2000" doc:"A class, a state, true or false, or what is stated under the attribute; empty: nothing is stated any more"`
	Reason    string `json:"reason,omitempty" maxLength:"500" doc:"Why the class is another one"`
}

type previewBody struct {
	customer.ChoiceBody
	ActionBody
}

type previewInput struct{ Body previewBody }

type previewView struct {
	Customers int         `json:"customers"`
	Changed   int         `json:"changed" doc:"That would have another value"`
	Same      int         `json:"same" doc:"That have the value already"`
	Refused   int         `json:"refused" doc:"Whose life cycle has no such step"`
	Values    []valueView `json:"values" doc:"That they have now, at most twenty, the most frequent first"`
	Others    int         `json:"others" doc:"Further values"`
}

type valueView struct {
	Value     string `json:"value" doc:"Empty: none"`
	Customers int    `json:"customers"`
}

type orderBody struct {
	customer.ChoiceBody
	ActionBody
	Expected int `json:"expected" doc:"How many customers the preview named"`
}

type startInput struct{ Body orderBody }

// Register adds the portal's operations on changes of many customers. The job itself is read and ended as any is.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/bulk-changes/preview", ID: "bulk-preview", Tag: "bulk",
		Summary: "What a change of many customers would come to", Permission: account.CustomerChange,
	},
		func(ctx context.Context, caller account.Caller, in *previewInput) (previewView, error) {
			c, err := in.Body.Choice()
			if err != nil {
				return previewView{}, err
			}
			p, err := store.Preview(ctx, caller, c, in.Body.action())
			return previewOf(p), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/bulk-changes", ID: "bulk-start", Tag: "bulk", Status: http.StatusAccepted,
		Summary: "Give one fact of many customers one value, as a job", Permission: account.CustomerChange,
	},
		func(ctx context.Context, caller account.Caller, in *startInput) (job.View, error) {
			c, err := in.Body.Choice()
			if err != nil {
				return job.View{}, err
			}
			j, err := store.Start(ctx, caller, Order{Choice: c, Action: in.Body.action(), Expected: in.Body.Expected})
			return job.ViewOf(j), err
		})
}

func (b ActionBody) action() Action {
	return Action{Field: Field(b.Field), Attribute: b.Attribute, Value: b.Value, Reason: b.Reason}
}

// mostValues is how many values a preview names.
const mostValues = 20

func previewOf(p Preview) previewView {
	v := previewView{
		Customers: p.Customers, Changed: p.Outcomes[Changed], Same: p.Outcomes[Same], Refused: p.Outcomes[job.Refused],
		Values: make([]valueView, 0, mostValues),
	}
	for _, one := range p.Values[:min(mostValues, len(p.Values))] {
		v.Values = append(v.Values, valueView(one))
	}
	v.Others = len(p.Values) - len(v.Values)
	return v
}
