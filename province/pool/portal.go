package pool

import (
	"context"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
	"jike/province/customer"
	"jike/schemas/codes"
)

// pooledView is a customer of the pool as the browser sees it.
type pooledView struct {
	ID        int64     `json:"id"`
	Number    string    `json:"number"`
	Name      string    `json:"name"`
	Class     string    `json:"class" enum:"A1,A2,B1,B2,C,D"`
	Lifecycle string    `json:"lifecycle" enum:"potential,active,suspended,lost"`
	Industry  string    `json:"industry" doc:"GB/T 4754 division, two digits"`
	City      string    `json:"city" doc:"GB/T 2260, six digits"`
	CityName  string    `json:"cityName"`
	Since     time.Time `json:"since" doc:"In nobody's care"`
	From      string    `json:"from" doc:"Who cared for it before; empty: nobody"`
	Reason    string    `json:"reason" doc:"Why no longer"`
}

type listInput struct {
	Class []string `query:"class" doc:"Classes, separated by commas"`
	Page  int      `query:"page" minimum:"1" maximum:"1000000" default:"1"`
	Size  int      `query:"size" minimum:"1" maximum:"200" default:"20"`
}

// listView is a page of the pool.
type listView struct {
	Items []pooledView `json:"items"`
	Total int          `json:"total" doc:"Rows of all pages"`
	Page  int          `json:"page"`
	Size  int          `json:"size"`
}

// ruleView is the rule as the browser sees and states it.
type ruleView struct {
	MostHeld    int      `json:"mostHeld" doc:"Customers that a manager may have, with the one taken"`
	CoolingDays int      `json:"coolingDays" doc:"In which nobody takes what they have returned; 0: none"`
	IdleDays    int      `json:"idleDays" doc:"Without a change or an interaction, after which a customer returns at night; 0: never"`
	IdleStates  []string `json:"idleStates" doc:"States of customers that return so"`
	Version     int32    `json:"version"`
}

type claimInput struct {
	ID   int64 `path:"id"`
	Body struct {
		ToID int64 `json:"toId" doc:"Unit of the account manager; 0: the caller"`
	}
}

type returnInput struct {
	ID   int64 `path:"id"`
	Body struct {
		Reason string `json:"reason" maxLength:"500"`
	}
}

// Register adds the portal's operations on the pool.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/pool", ID: "pool-list", Tag: "pool",
		Summary: "Customers in nobody's care, of the caller's city", Permission: account.CustomerClaim,
	},
		func(ctx context.Context, caller account.Caller, in *listInput) (listView, error) {
			classes := make([]codes.Class, len(in.Class))
			for i, class := range in.Class {
				classes[i] = codes.Class(class)
			}
			list, total, err := store.customers.Pool(ctx, caller, classes, in.Page, in.Size)
			v := listView{Items: make([]pooledView, 0, len(list)), Total: total, Page: in.Page, Size: in.Size}
			for _, c := range list {
				v.Items = append(v.Items, pooled(c))
			}
			return v, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/customers/{id}/claim", ID: "pool-claim", Tag: "pool",
		Summary: "Take a customer from the pool into somebody's care; 409 if somebody else was faster", Permission: account.CustomerClaim,
	},
		func(ctx context.Context, caller account.Caller, in *claimInput) (portal.Nothing, error) {
			return portal.Nothing{}, store.Claim(ctx, caller, in.ID, in.Body.ToID)
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/customers/{id}/return", ID: "pool-return", Tag: "pool",
		Summary: "Return a customer to the pool", Permission: account.CustomerClaim,
	},
		func(ctx context.Context, caller account.Caller, in *returnInput) (portal.Nothing, error) {
			return portal.Nothing{}, store.Return(ctx, caller, in.ID, in.Body.Reason)
		})
	registerRule(s, store)
}

func registerRule(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/pool/rule", ID: "pool-rule", Tag: "pool",
		Summary: "By which rule customers leave the pool and return to it", Permission: account.CustomerClaim,
	},
		func(ctx context.Context, caller account.Caller, _ *struct{}) (ruleView, error) {
			r, err := store.Rule(ctx, caller)
			return ruleOf(r), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPut, Path: "/api/pool/rule", ID: "pool-rule-change", Tag: "pool",
		Summary: "State that rule; 409 with the rule as it is now", Permission: account.RuleManage,
	},
		func(ctx context.Context, caller account.Caller, in *struct{ Body ruleView }) (ruleView, error) {
			b := in.Body
			to := Rule{MostHeld: b.MostHeld, CoolingDays: b.CoolingDays, IdleDays: b.IdleDays, IdleStates: []codes.Lifecycle{}, Version: b.Version}
			for _, state := range b.IdleStates {
				to.IdleStates = append(to.IdleStates, codes.Lifecycle(state))
			}
			r, err := store.State(ctx, caller, to)
			return portal.Saved(r, err, ruleOf)
		})
}

func ruleOf(r Rule) ruleView {
	v := ruleView{MostHeld: r.MostHeld, CoolingDays: r.CoolingDays, IdleDays: r.IdleDays, IdleStates: []string{}, Version: r.Version}
	for _, state := range r.IdleStates {
		v.IdleStates = append(v.IdleStates, string(state))
	}
	return v
}

func pooled(c customer.Pooled) pooledView {
	return pooledView{
		c.ID, c.Number, c.Name, string(c.Class), string(c.Lifecycle), string(c.Industry), string(c.City), c.City.Name(),
		c.Since, c.From, c.Reason,
	}
}
