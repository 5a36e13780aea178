package search

import (
	"context"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
)

type input struct {
	Q string `query:"q" required:"true" minLength:"1" maxLength:"100" doc:"Characters or initials of a name, or a number"`
}

// customerView is a customer that was found.
type customerView struct {
	ID        int64  `json:"id"`
	Number    string `json:"number"`
	Name      string `json:"name"`
	Class     string `json:"class" enum:"A1,A2,B1,B2,C,D"`
	Lifecycle string `json:"lifecycle" enum:"potential,active,suspended,lost"`
	CityName  string `json:"cityName"`
}

// CustomerOf is whose something is.
type CustomerOf struct {
	CustomerID   int64  `json:"customerId"`
	CustomerName string `json:"customerName"`
}

// contactView is a person that was found.
type contactView struct {
	ID int64 `json:"id"`
	CustomerOf
	Role  string `json:"role" enum:"decision,technical,payment,liaison,other"`
	Name  string `json:"name"`
	Title string `json:"title"`
	Phone string `json:"phone" doc:"That was searched for, 138****1234 where the caller may not read it; empty: found by name"`
}

// memberView is a phone line that was found.
type memberView struct {
	ID int64 `json:"id"`
	CustomerOf
	Phone       string `json:"phone"`
	ShortNumber string `json:"shortNumber"`
	Name        string `json:"name"`
	Department  string `json:"department"`
}

// contractView is a contract that was found.
type contractView struct {
	ID int64 `json:"id"`
	CustomerOf
	Number    string `json:"number"`
	Name      string `json:"name"`
	Status    string `json:"status" enum:"draft,active,expired,terminated"`
	ExpiresOn string `json:"expiresOn" doc:"YYYY-MM-DD"`
}

// view is what a text found.
type view struct {
	Customers []customerView `json:"customers"`
	Contacts  []contactView  `json:"contacts"`
	Members   []memberView   `json:"members"`
	Contracts []contractView `json:"contracts"`
	More      bool           `json:"more" doc:"Of some kind there are more"`
}

// Register adds the portal's operation of the global search.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/search", ID: "search", Tag: "search",
		Summary: "Customers, people, members and contracts within scope that a text finds", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *input) (view, error) {
			r, err := store.Find(ctx, caller, in.Q)
			return viewOf(r), err
		})
}

func viewOf(r Result) view {
	v := view{Customers: []customerView{}, Contacts: []contactView{}, Members: []memberView{}, Contracts: []contractView{}, More: r.More}
	for _, c := range r.Customers {
		v.Customers = append(v.Customers, customerView{c.ID, c.Number, c.Name, string(c.Class), string(c.Lifecycle), c.City.Name()})
	}
	for _, p := range r.Contacts {
		v.Contacts = append(v.Contacts, contactView{p.ID, CustomerOf{p.CustomerID, p.CustomerName}, string(p.Role), p.Name, p.Title, p.Phone})
	}
	for _, m := range r.Members {
		v.Members = append(v.Members, memberView{m.ID, CustomerOf{m.CustomerID, m.CustomerName}, string(m.Phone), m.ShortNumber, m.Name, m.Department})
	}
	for _, k := range r.Contracts {
		v.Contracts = append(v.Contracts, contractView{
			k.ID, CustomerOf{k.CustomerID, k.CustomerName}, k.Number, k.Name, string(k.Status), k.ExpiresOn.Format(time.DateOnly),
		})
	}
	return v
}
