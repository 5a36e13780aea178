package contract

import (
	"context"
	"errors"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/portal"
)

// View is a contract as the browser sees it.
type View struct {
	ID         int64 `json:"id"`
	CustomerID int64 `json:"customerId"`
	Stated
	RenewsID  *int64    `json:"renewsId" doc:"The contract that this one renews; null: none"`
	Version   int32     `json:"version"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// Stated is what the browser states about a contract.
type Stated struct {
	Number      string `json:"number" maxLength:"40"`
	Name        string `json:"name" maxLength:"200"`
	SignedOn    string `json:"signedOn" doc:"YYYY-MM-DD"`
	EffectiveOn string `json:"effectiveOn" doc:"YYYY-MM-DD"`
	ExpiresOn   string `json:"expiresOn" doc:"YYYY-MM-DD"`
	AutoRenew   bool   `json:"autoRenew"`
	AmountFen   int64  `json:"amountFen"`
	Status      string `json:"status" enum:"draft,active,expired,terminated"`
}

type addInput struct {
	ID   int64 `path:"id" doc:"Customer"`
	Body Stated
}

// changeBody is Stated with the version that it started from.
type changeBody struct {
	Version int32 `json:"version" doc:"The version that was edited"`
	Stated
}

type changeInput struct {
	ID   int64 `path:"id"`
	Body changeBody
}

type renewInput struct {
	ID   int64 `path:"id" doc:"The contract that is renewed"`
	Body Stated
}

// Register adds the portal's operations on contracts. They are read with the customer's overview.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/customers/{id}/contracts", ID: "contract-create", Tag: "contract", Status: http.StatusCreated,
		Summary: "New contract with a customer", Permission: account.ContractChange,
	},
		func(ctx context.Context, caller account.Caller, in *addInput) (View, error) {
			f, err := in.Body.facts()
			if err != nil {
				return View{}, err
			}
			c, err := store.Add(ctx, caller, in.ID, f)
			return ViewOf(c), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPut, Path: "/api/contracts/{id}", ID: "contract-change", Tag: "contract",
		Summary: "Change a contract; 409 with the current one if the version is not the newest", Permission: account.ContractChange,
	},
		func(ctx context.Context, caller account.Caller, in *changeInput) (View, error) {
			f, err := in.Body.facts()
			if err != nil {
				return View{}, err
			}
			c, err := store.Change(ctx, caller, in.ID, in.Body.Version, f)
			return portal.Saved(c, err, ViewOf)
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/contracts/{id}/renewal", ID: "contract-renew", Tag: "contract", Status: http.StatusCreated,
		Summary: "New contract that renews this one, which ends when the new one is in force", Permission: account.ContractChange,
	},
		func(ctx context.Context, caller account.Caller, in *renewInput) (View, error) {
			f, err := in.Body.facts()
			if err != nil {
				return View{}, err
			}
			c, err := store.Renew(ctx, caller, in.ID, f)
			return ViewOf(c), err
		})
	registerDue(s, store)
}

// facts reads the body's dates, with the faults of all joined.
func (b Stated) facts() (Facts, error) {
	f := Facts{Number: b.Number, Name: b.Name, AutoRenew: b.AutoRenew, AmountFen: b.AmountFen, Status: Status(b.Status)}
	var err [3]error
	f.SignedOn, err[0] = fault.Day("signedOn", b.SignedOn)
	f.EffectiveOn, err[1] = fault.Day("effectiveOn", b.EffectiveOn)
	f.ExpiresOn, err[2] = fault.Day("expiresOn", b.ExpiresOn)
	return f, errors.Join(err[:]...)
}

// ViewOf is a contract as the browser sees it.
func ViewOf(c Contract) View {
	v := View{
		ID: c.ID, CustomerID: c.CustomerID, Version: c.Version, UpdatedAt: c.UpdatedAt,
		Stated: Stated{
			Number: c.Number, Name: c.Name, SignedOn: c.SignedOn.Format(time.DateOnly), EffectiveOn: c.EffectiveOn.Format(time.DateOnly),
			ExpiresOn: c.ExpiresOn.Format(time.DateOnly), AutoRenew: c.AutoRenew, AmountFen: c.AmountFen, Status: string(c.Status),
		},
	}
	if c.RenewsID != 0 {
		v.RenewsID = &c.RenewsID
	}
	return v
}
