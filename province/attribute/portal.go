package attribute

import (
	"context"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
)

// View is an attribute as the browser sees it.
type View struct {
	ID        int64     `json:"id"`
	Version   int32     `json:"version"`
	UpdatedAt time.Time `json:"updatedAt"`
	Body
}

// Body is what the browser states about an attribute.
type Body struct {
	Code     string   `json:"code" maxLength:"40" doc:"Small letters, digits and underscores; never changes"`
	NameZh   string   `json:"nameZh" maxLength:"200"`
	NameEn   string   `json:"nameEn" maxLength:"200"`
	Kind     string   `json:"kind" enum:"text,number,date,choice,flag" doc:"Never changes"`
	Required bool     `json:"required" doc:"Whenever something is stated of a customer"`
	Retired  bool     `json:"retired" doc:"Nobody is asked for it any more; what was stated stays"`
	Position int32    `json:"position" doc:"In the form, the least first"`
	Longest  int32    `json:"longest" doc:"Characters of a text"`
	Least    string   `json:"least" doc:"Of a number, a decimal; empty: no bound"`
	Most     string   `json:"most" doc:"Of a number, a decimal; empty: no bound"`
	Unit     string   `json:"unit" doc:"Of a number"`
	Choices  []Option `json:"choices" maxItems:"200"`
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

// listView are all attributes.
type listView struct {
	Items []View `json:"items"`
}

// StatedView is what is stated of a customer.
type StatedView struct {
	Values    map[string]string `json:"values" doc:"By the attributes' codes: decimals, YYYY-MM-DD, the code of a choice, true or false"`
	Version   int32             `json:"version" doc:"0: nothing was ever stated"`
	UpdatedAt *time.Time        `json:"updatedAt"`
}

type ofInput struct {
	ID int64 `path:"id" doc:"Customer"`
}

// stateBody is what is to be stated; what is not in it is not stated any more.
type stateBody struct {
	Version int32             `json:"version" doc:"The version that was edited"`
	Values  map[string]string `json:"values"`
}

type stateInput struct {
	ID   int64 `path:"id" doc:"Customer"`
	Body stateBody
}

// Register adds the portal's operations on custom attributes.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/attributes", ID: "attribute-list", Tag: "attribute",
		Summary: "Custom attributes of customers, retired ones too", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, _ *struct{}) (listView, error) {
			list, err := store.List(ctx, caller)
			view := listView{Items: make([]View, 0, len(list))}
			for _, d := range list {
				view.Items = append(view.Items, viewOf(d))
			}
			return view, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/attributes", ID: "attribute-create", Tag: "attribute", Status: http.StatusCreated,
		Summary: "New custom attribute", Permission: account.AttributeManage,
	},
		func(ctx context.Context, caller account.Caller, in *addInput) (View, error) {
			d, err := store.Add(ctx, caller, in.Body.facts())
			return viewOf(d), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPut, Path: "/api/attributes/{id}", ID: "attribute-change", Tag: "attribute",
		Summary: "Change or retire a custom attribute; 409 with the current one if the version is not the newest", Permission: account.AttributeManage,
	},
		func(ctx context.Context, caller account.Caller, in *changeInput) (View, error) {
			d, err := store.Change(ctx, caller, in.ID, in.Body.Version, in.Body.facts())
			return portal.Saved(d, err, viewOf)
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/customers/{id}/attributes", ID: "customer-attributes", Tag: "attribute",
		Summary: "What is stated of a customer under custom attributes", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *ofInput) (StatedView, error) {
			stated, err := store.Of(ctx, caller, in.ID)
			return statedOf(stated), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPut, Path: "/api/customers/{id}/attributes", ID: "customer-attributes-change", Tag: "attribute",
		Summary: "State custom attributes of a customer; 409 with the current ones if the version is not the newest", Permission: account.CustomerChange,
	},
		func(ctx context.Context, caller account.Caller, in *stateInput) (StatedView, error) {
			stated, err := store.State(ctx, caller, in.ID, in.Body.Version, in.Body.Values)
			return portal.Saved(stated, err, statedOf)
		})
}

func (b Body) facts() Facts {
	return Facts{
		Code: b.Code, NameZh: b.NameZh, NameEn: b.NameEn, Kind: Kind(b.Kind), Required: b.Required, Retired: b.Retired, Position: b.Position,
		Longest: b.Longest, Least: b.Least, Most: b.Most, Unit: b.Unit, Choices: b.Choices,
	}
}

func viewOf(d Definition) View {
	choices := d.Choices
	if choices == nil {
		choices = []Option{}
	}
	return View{ID: d.ID, Version: d.Version, UpdatedAt: d.UpdatedAt, Body: Body{
		Code: d.Code, NameZh: d.NameZh, NameEn: d.NameEn, Kind: string(d.Kind), Required: d.Required, Retired: d.Retired, Position: d.Position,
		Longest: d.Longest, Least: d.Least, Most: d.Most, Unit: d.Unit, Choices: choices,
	}}
}

func statedOf(s Stated) StatedView {
	v := StatedView{Values: s.Values, Version: s.Version}
	if v.Values == nil {
		v.Values = map[string]string{}
	}
	if s.Version > 0 {
		v.UpdatedAt = &s.UpdatedAt
	}
	return v
}
