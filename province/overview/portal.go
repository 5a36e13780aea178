package overview

import (
	"context"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
	"jike/province/bill"
	"jike/province/contact"
	"jike/province/contract"
	"jike/province/customer"
	"jike/province/subscription"
)

// overviewView is an overview as the browser sees it.
type overviewView struct {
	Customer      customer.View        `json:"customer"`
	InCharge      bool                 `json:"inCharge" doc:"The caller is more than in the customer's team: decides about it as far as their role goes"`
	Manager       *managerView         `json:"manager"`
	Parent        *namedView           `json:"parent" doc:"Null if there is none, or none that the caller may see"`
	Contacts      []contact.View       `json:"contacts"`
	Contracts     []contract.View      `json:"contracts"`
	Subscriptions []subscription.View  `json:"subscriptions"`
	Bills         []bill.View          `json:"bills" doc:"The newest 24 months, the newest first"`
	MemberCount   int32                `json:"memberCount"`
	ClassHistory  []classView          `json:"classHistory" doc:"The newest first"`
	Sources       map[string]freshness `json:"sources" doc:"By block: where it comes from, and as of when"`
}

type managerView struct {
	ID             int64  `json:"id"`
	Code           string `json:"code" doc:"Staff number"`
	Name           string `json:"name"`
	DepartmentName string `json:"departmentName"`
}

type namedView struct {
	ID     int64  `json:"id"`
	Number string `json:"number"`
	Name   string `json:"name"`
	Class  string `json:"class"`
}

type classView struct {
	From   string    `json:"from" doc:"Empty: the first class"`
	To     string    `json:"to"`
	Actor  string    `json:"actor"`
	Reason string    `json:"reason" doc:"Empty: none was stated"`
	At     time.Time `json:"at"`
}

type freshness struct {
	Source string    `json:"source" enum:"crm,boss,billing" doc:"System that states it"`
	AsOf   time.Time `json:"asOf"`
}

type oneInput struct {
	ID int64 `path:"id"`
}

// Register adds the portal's operations on the overview.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/customers/{id}/overview", ID: "customer-overview", Tag: "customer",
		Summary: "Everything about a customer (客户360)", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *oneInput) (overviewView, error) {
			o, err := store.ByID(ctx, caller, in.ID)
			if err != nil {
				return overviewView{}, err
			}
			return viewOf(o, caller), nil
		})
	registerSelection(s, store)
	registerTimeline(s, store)
}

func viewOf(o Overview, caller account.Caller) overviewView {
	v := overviewView{
		Customer: customer.ViewOf(o.Customer), InCharge: o.InCharge, MemberCount: o.Members.Members,
		Contacts:  mapped(o.Contacts, func(c contact.Contact) contact.View { return contact.ViewOf(c, o.sight(caller)) }),
		Contracts: mapped(o.Contracts, contract.ViewOf), Subscriptions: mapped(o.Subscriptions, subscription.ViewOf), Bills: mapped(o.Bills, bill.ViewOf),
		ClassHistory: mapped(o.ClassHistory, func(c customer.ClassChange) classView {
			return classView{string(c.From), string(c.To), c.Actor, c.Reason, c.At}
		}),
		Sources: sources(o),
	}
	if o.Manager != nil {
		v.Manager = &managerView{o.Manager.ID, o.Manager.Code, o.Manager.Name, o.Customer.DepartmentName}
	}
	if o.Parent != nil {
		parent := nameOf(*o.Parent)
		v.Parent = &parent
	}
	return v
}

// sources says of each block where it comes from and as of when: what we keep ourselves is as of
// now, what others send is as of the newest thing that they sent.
func sources(o Overview) map[string]freshness {
	m := map[string]freshness{}
	for _, block := range []string{"customer", "contacts", "contracts", "history"} {
		m[block] = freshness{"crm", o.ReadAt}
	}
	var subscribed, billed time.Time
	for _, s := range o.Subscriptions {
		subscribed = later(subscribed, s.UpdatedAt)
	}
	for _, b := range o.Bills {
		billed = later(billed, b.UpdatedAt)
	}
	for block, f := range map[string]freshness{
		"subscriptions": {"boss", subscribed}, "bills": {"billing", billed}, "members": {"boss", o.Members.UpdatedAt},
	} {
		if !f.AsOf.IsZero() {
			m[block] = f
		}
	}
	return m
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func nameOf(n customer.Named) namedView { return namedView{n.ID, n.Number, n.Name, string(n.Class)} }

func mapped[A, B any](list []A, f func(A) B) []B {
	out := make([]B, 0, len(list))
	for _, a := range list {
		out = append(out, f(a))
	}
	return out
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}
