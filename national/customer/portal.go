package customer

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"jike/internal/account"
	"jike/internal/mask"
	"jike/internal/portal"
	"jike/schemas/codes"
)

// listInput is a filter as the browser writes it; lists are separated by commas.
type listInput struct {
	Province      []int16  `query:"province" maxItems:"40" doc:"Carrier province codes"`
	Text          string   `query:"q" maxLength:"100" doc:"Part of the name, or beginning of a number or credit code"`
	Class         []string `query:"class" enum:"A1,A2,B1,B2,C,D"`
	Lifecycle     []string `query:"lifecycle" enum:"potential,active,suspended,lost"`
	Industry      []string `query:"industry" pattern:"^([0-9]{2}|[A-T])$" maxItems:"120" doc:"GB/T 4754 divisions or sections"`
	City          []string `query:"city" pattern:"^[0-9]{6}$" maxItems:"400" doc:"GB/T 2260"`
	CrossProvince string   `query:"crossProvince" enum:"true,false"`
	Sort          string   `query:"sort" enum:"id,province,number,name,class,lifecycle,industry,city,updatedAt" default:"id"`
	Direction     string   `query:"dir" enum:"asc,desc" default:"asc"`
	Page          int      `query:"page" minimum:"1" maximum:"1000000" default:"1"`
	Size          int      `query:"size" minimum:"1" maximum:"200" default:"20"`
}

func (in *listInput) filter() Filter {
	f := Filter{Text: in.Text, Sort: in.Sort, Descending: in.Direction == "desc", Page: in.Page, Size: in.Size}
	for _, p := range in.Province {
		f.Provinces = append(f.Provinces, codes.Province(p))
	}
	for _, c := range in.Class {
		f.Classes = append(f.Classes, codes.Class(c))
	}
	for _, l := range in.Lifecycle {
		f.Lifecycles = append(f.Lifecycles, codes.Lifecycle(l))
	}
	for _, i := range in.Industry {
		if len(i) == 1 {
			f.Industries = append(f.Industries, codes.Section(i).Divisions()...)
		} else {
			f.Industries = append(f.Industries, codes.Industry(i))
		}
	}
	for _, c := range in.City {
		f.Cities = append(f.Cities, codes.City(c))
	}
	if in.CrossProvince != "" {
		cross, _ := strconv.ParseBool(in.CrossProvince) // the schema allows true and false
		f.CrossProvince = &cross
	}
	return f
}

type customerView struct {
	Province             codes.Province `json:"province"`
	ProvinceName         string         `json:"provinceName"`
	ID                   int64          `json:"id" doc:"Unique within its province"`
	Number               string         `json:"number"`
	CreditCode           string         `json:"creditCode" doc:"Empty: none"`
	Name                 string         `json:"name"`
	Industry             string         `json:"industry" doc:"GB/T 4754 division"`
	IndustrySection      string         `json:"industrySection"`
	City                 string         `json:"city" doc:"GB/T 2260"`
	CityName             string         `json:"cityName"`
	Class                string         `json:"class"`
	Lifecycle            string         `json:"lifecycle"`
	ParentID             int64          `json:"parentId" doc:"0: none"`
	CrossProvince        bool           `json:"crossProvince"`
	Address              string         `json:"address"`
	Postcode             string         `json:"postcode"`
	LegalPerson          string         `json:"legalPerson" doc:"Masked: 李*宝"`
	RegisteredCapitalFen *int64         `json:"registeredCapitalFen"`
	Headcount            *int32         `json:"headcount"`
	AnnualSalesFen       *int64         `json:"annualSalesFen"`
	Profile              string         `json:"profile"`
	Version              int32          `json:"version"`
	CreatedAt            *time.Time     `json:"createdAt"`
	UpdatedAt            *time.Time     `json:"updatedAt"`
}

func viewOf(c Customer) customerView {
	return customerView{
		Province: c.Province, ProvinceName: c.Province.Name().Chinese, ID: c.ID, Number: c.Number, CreditCode: c.CreditCode,
		Name: c.Name, Industry: string(c.Industry), IndustrySection: string(c.Industry.Section()), City: string(c.City),
		CityName: c.City.Name(), Class: string(c.Class), Lifecycle: string(c.Lifecycle), ParentID: c.ParentID,
		CrossProvince: c.CrossProvince, Address: c.Address, Postcode: c.Postcode, LegalPerson: mask.Name(c.LegalPerson),
		RegisteredCapitalFen: c.RegisteredCapitalFen, Headcount: c.Headcount, AnnualSalesFen: c.AnnualSalesFen,
		Profile: c.Profile, Version: c.Version, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt,
	}
}

type listView struct {
	Items []customerView `json:"items"`
	Total int            `json:"total"`
	Page  int            `json:"page"`
	Size  int            `json:"size"`
}

type contactView struct {
	ID        int64  `json:"id"`
	Role      string `json:"role"`
	Name      string `json:"name" doc:"Masked: 李*宝"`
	WorkPhone string `json:"workPhone" doc:"Masked: 059****1234"`
}

// contactOf masks a person: headquarters has no business with them; who needs one asks the province.
func contactOf(c Contact) contactView {
	return contactView{c.ID, c.Role, mask.Name(c.Name), mask.Phone(c.WorkPhone)}
}

type contractView struct {
	ID          int64  `json:"id"`
	Number      string `json:"number"`
	Name        string `json:"name"`
	SignedOn    string `json:"signedOn" doc:"YYYY-MM-DD"`
	EffectiveOn string `json:"effectiveOn"`
	ExpiresOn   string `json:"expiresOn"`
	AutoRenew   bool   `json:"autoRenew"`
	AmountFen   int64  `json:"amountFen"`
	Status      string `json:"status"`
}

type subscriptionView struct {
	ID            int64  `json:"id"`
	ProductCode   string `json:"productCode"`
	ProductName   string `json:"productName"`
	Quantity      int32  `json:"quantity"`
	MonthlyFeeFen int64  `json:"monthlyFeeFen"`
	Status        string `json:"status"`
	StartedOn     string `json:"startedOn" doc:"YYYY-MM-DD"`
	EndedOn       string `json:"endedOn" doc:"Empty while it lasts"`
}

type billView struct {
	ID        int64  `json:"id"`
	Month     string `json:"month" doc:"YYYY-MM"`
	AmountFen int64  `json:"amountFen"`
	PaidFen   int64  `json:"paidFen"`
}

type relatedView struct {
	Province     codes.Province `json:"province"`
	ProvinceName string         `json:"provinceName"`
	ID           int64          `json:"id"`
	Number       string         `json:"number"`
	Name         string         `json:"name"`
	Class        string         `json:"class"`
	City         string         `json:"city"`
	CityName     string         `json:"cityName"`
}

type sourceView struct {
	Province  codes.Province `json:"province"`
	Epoch     int64          `json:"epoch"`
	LSN       string         `json:"lsn" doc:"Of the province's log: everything up to it is here"`
	DataTime  *time.Time     `json:"dataTime" doc:"Every change committed before it is here"`
	AppliedAt *time.Time     `json:"appliedAt"`
}

type detailView struct {
	Customer      customerView       `json:"customer"`
	Parent        *relatedView       `json:"parent,omitempty" doc:"Missing: none, or not replicated"`
	Children      []relatedView      `json:"children"`
	SameCompany   []relatedView      `json:"sameCompany" doc:"The same credit code elsewhere"`
	Contacts      []contactView      `json:"contacts"`
	Contracts     []contractView     `json:"contracts"`
	Subscriptions []subscriptionView `json:"subscriptions"`
	Bills         []billView         `json:"bills" doc:"Newest first"`
	Source        sourceView         `json:"source"`
}

type getInput struct {
	Province int16 `path:"province" minimum:"1" maximum:"999"`
	ID       int64 `path:"id" minimum:"1"`
}

// Register adds the operations on replicated customers.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/customers", ID: "customer-list", Tag: "customer",
		Summary: "Replicated customers of all provinces", Permission: account.NationCustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *listInput) (listView, error) {
			page, total, err := store.List(ctx, caller, in.filter())
			return listView{Items: views(page, viewOf), Total: total, Page: in.Page, Size: in.Size}, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/customers/{province}/{id}", ID: "customer-get", Tag: "customer",
		Summary: "One replicated customer with its family", Permission: account.NationCustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *getInput) (detailView, error) {
			d, err := store.Get(ctx, caller, codes.Province(in.Province), in.ID)
			return detailOf(d), err
		})
}

func detailOf(d Detail) detailView {
	v := detailView{
		Customer: viewOf(d.Customer), Children: views(d.Children, relatedOf), SameCompany: views(d.SameCompany, relatedOf),
		Contacts:      views(d.Contacts, contactOf),
		Contracts:     views(d.Contracts, func(c Contract) contractView { return contractView(c) }),
		Subscriptions: views(d.Subscriptions, func(s Subscription) subscriptionView { return subscriptionView(s) }),
		Bills:         views(d.Bills, func(b Bill) billView { return billView(b) }),
		Source:        sourceView(d.Source),
	}
	if d.Parent != nil {
		parent := relatedOf(*d.Parent)
		v.Parent = &parent
	}
	return v
}

func relatedOf(r Related) relatedView {
	return relatedView{
		Province: r.Province, ProvinceName: r.Province.Name().Chinese, ID: r.ID, Number: r.Number, Name: r.Name,
		Class: string(r.Class), City: string(r.City), CityName: r.City.Name(),
	}
}

// views turns rows into their views; no rows are an empty list, not null.
func views[R, V any](rows []R, view func(R) V) []V {
	list := make([]V, 0, len(rows))
	for _, r := range rows {
		list = append(list, view(r))
	}
	return list
}
