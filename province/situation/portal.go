package situation

import (
	"context"
	"errors"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/portal"
)

// View is a note as the browser sees it.
type View struct {
	ID int64 `json:"id"`
	Stated
	Author string    `json:"author" doc:"Login"`
	At     time.Time `json:"at" doc:"When it was noted"`
}

// Stated is what the browser states about a customer's situation. What is empty is not known.
type Stated struct {
	OfDay         string `json:"ofDay" maxLength:"10" doc:"On which the customer stood so, YYYY-MM-DD"`
	Sales         string `json:"sales" enum:",rises,stays,shrinks"`
	Headcount     string `json:"headcount" enum:",rises,stays,shrinks"`
	Plan          string `json:"plan" enum:",expand,move,renew,reduce,continue"`
	Carrier       string `json:"carrier" enum:",mobile,telecom,unicom,broadnet,several" doc:"Who serves it for the most part"`
	CarrierUntil  string `json:"carrierUntil" maxLength:"10" doc:"Last day of the contract with the carrier, YYYY-MM-DD"`
	Supplier      string `json:"supplier" maxLength:"240" doc:"Of its systems"`
	SupplierUntil string `json:"supplierUntil" maxLength:"10" doc:"Last day of the contract with the supplier, YYYY-MM-DD"`
	BudgetMonth   int16  `json:"budgetMonth" minimum:"0" maximum:"12" doc:"In which the next year's budget is decided; 0: not known"`
	Body          string `json:"body" maxLength:"4000"`
}

type listView struct {
	Items []View `json:"items" doc:"That of the latest day first, at most 100"`
}

type ofInput struct {
	ID int64 `path:"id" doc:"Customer"`
}

type addInput struct {
	ID   int64 `path:"id" doc:"Customer"`
	Body Stated
}

// Register adds the portal's operations on situations.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/customers/{id}/situations", ID: "situation-list", Tag: "situation",
		Summary: "How a customer's business went, day by day", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *ofInput) (listView, error) {
			list, err := store.List(ctx, caller, in.ID)
			view := listView{Items: make([]View, 0, len(list))}
			for _, n := range list {
				view.Items = append(view.Items, viewOf(n))
			}
			return view, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/customers/{id}/situations", ID: "situation-add", Tag: "situation", Status: http.StatusCreated,
		Summary: "Note how a customer's business goes", Permission: account.InteractionWrite,
	},
		func(ctx context.Context, caller account.Caller, in *addInput) (View, error) {
			f, err := in.Body.facts()
			if err != nil {
				return View{}, err
			}
			n, err := store.Add(ctx, caller, in.ID, f)
			return viewOf(n), err
		})
}

// facts reads the body's days, with the faults of all joined.
func (b Stated) facts() (Facts, error) {
	f := Facts{
		Sales: Trend(b.Sales), Headcount: Trend(b.Headcount), Plan: Plan(b.Plan), Carrier: Carrier(b.Carrier), Supplier: b.Supplier,
		BudgetMonth: b.BudgetMonth, Body: b.Body,
	}
	var err [3]error
	f.OfDay, err[0] = fault.Day("ofDay", b.OfDay)
	f.CarrierUntil, err[1] = fault.OptionalDay("carrierUntil", b.CarrierUntil)
	f.SupplierUntil, err[2] = fault.OptionalDay("supplierUntil", b.SupplierUntil)
	return f, errors.Join(err[:]...)
}

func viewOf(n Situation) View {
	return View{
		ID: n.ID, Author: n.Author, At: n.At,
		Stated: Stated{
			OfDay: n.OfDay.Format(time.DateOnly), Sales: string(n.Sales), Headcount: string(n.Headcount), Plan: string(n.Plan), Carrier: string(n.Carrier),
			CarrierUntil: dayOf(n.CarrierUntil), Supplier: n.Supplier, SupplierUntil: dayOf(n.SupplierUntil), BudgetMonth: n.BudgetMonth, Body: n.Body,
		},
	}
}
