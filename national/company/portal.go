package company

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

type listInput struct {
	Text       string  `query:"q" maxLength:"100" doc:"Part of the name, or beginning of a credit code"`
	Province   []int16 `query:"province" maxItems:"40" doc:"Companies that are a customer of every one of these carrier province codes"`
	KeyAccount string  `query:"keyAccount" enum:"true,false" doc:"Only those on the list of national key accounts, or only the others"`
	Sort       string  `query:"sort" enum:"provinces,name,class,customers,creditCode" default:"provinces"`
	Direction  string  `query:"dir" enum:"asc,desc" default:"desc"`
	Page       int     `query:"page" minimum:"1" maximum:"1000000" default:"1"`
	Size       int     `query:"size" minimum:"1" maximum:"200" default:"20"`
}

func (in *listInput) filter() Filter {
	f := Filter{Text: in.Text, Sort: in.Sort, Descending: in.Direction == "desc", Page: in.Page, Size: in.Size}
	for _, p := range in.Province {
		f.Provinces = append(f.Provinces, codes.Province(p))
	}
	if in.KeyAccount != "" {
		key, _ := strconv.ParseBool(in.KeyAccount) // the schema allows true and false
		f.KeyAccount = &key
	}
	return f
}

type companyView struct {
	CreditCode      string           `json:"creditCode"`
	Name            string           `json:"name"`
	Provinces       []codes.Province `json:"provinces" doc:"Carrier codes of the provinces that have it as a customer"`
	Customers       int32            `json:"customers"`
	Active          int32            `json:"active" doc:"Customers that are active"`
	Class           string           `json:"class" doc:"The most valuable of its customers'; empty: no customer"`
	KeyAccountSince string           `json:"keyAccountSince" doc:"YYYY-MM-DD; empty: not on the list of key accounts"`
}

type listView struct {
	Items      []companyView `json:"items"`
	Total      int           `json:"total" doc:"Rows of all pages"`
	Page       int           `json:"page"`
	Size       int           `json:"size"`
	ComputedAt time.Time     `json:"computedAt" doc:"The list is of this moment"`
}

type getInput struct {
	CreditCode string `path:"creditCode" pattern:"^[0-9A-Z]{18}$"`
}

type memberView struct {
	Province             codes.Province `json:"province"`
	ID                   int64          `json:"id" doc:"Unique within its province"`
	Number               string         `json:"number"`
	Name                 string         `json:"name"`
	Industry             string         `json:"industry"`
	City                 string         `json:"city"`
	CityName             string         `json:"cityName"`
	Class                string         `json:"class"`
	Lifecycle            string         `json:"lifecycle"`
	LegalPerson          string         `json:"legalPerson" doc:"Masked: 李*宝"`
	Address              string         `json:"address"`
	RegisteredCapitalFen *int64         `json:"registeredCapitalFen"`
	Headcount            *int32         `json:"headcount"`
	AnnualSalesFen       *int64         `json:"annualSalesFen"`
	DecisionMaker        string         `json:"decisionMaker" doc:"First contact with the role of decision"`
	Contracts            int64          `json:"contracts" doc:"Active ones"`
	ContractFen          int64          `json:"contractFen" doc:"Amounts of the active ones"`
	NextExpiry           string         `json:"nextExpiry" doc:"Of the active contract that ends first, YYYY-MM-DD"`
	Subscriptions        int64          `json:"subscriptions" doc:"Active ones"`
	MonthlyFeeFen        int64          `json:"monthlyFeeFen" doc:"Of the active subscriptions"`
	IncomeFen            int64          `json:"incomeFen" doc:"Billed from the first to the last month of the page"`
	YearBeforeFen        int64          `json:"yearBeforeFen" doc:"Billed in the same months a year before"`
	ArrearsFen           int64          `json:"arrearsFen" doc:"Billed and not paid, of all months that are here"`
	DataTime             *time.Time     `json:"dataTime" doc:"Every change that the province committed before it is here"`
	UpdatedAt            *time.Time     `json:"updatedAt"`
}

type incomeView struct {
	Month     string         `json:"month" doc:"YYYY-MM"`
	Province  codes.Province `json:"province"`
	AmountFen int64          `json:"amountFen"`
}

type detailView struct {
	CreditCode      string       `json:"creditCode"`
	Name            string       `json:"name"`
	KeyAccountSince string       `json:"keyAccountSince" doc:"YYYY-MM-DD; empty: not on the list of key accounts"`
	From            string       `json:"from" doc:"First month of the income, YYYY-MM"`
	To              string       `json:"to" doc:"Last month of the income"`
	Members         []memberView `json:"members" doc:"The company's customers, the most valuable first"`
	Income          []incomeView `json:"income"`
	Differing       []string     `json:"differing" doc:"Fields that the provinces state differently"`
}

// Register adds the operations on companies.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/companies", ID: "company-list", Tag: "company",
		Summary: "Companies that are customers of several provinces, or national key accounts", Permission: account.NationCustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *listInput) (listView, error) {
			page, err := store.List(ctx, caller, in.filter())
			view := listView{Items: make([]companyView, 0, len(page.Items)), Total: page.Total, Page: in.Page, Size: in.Size, ComputedAt: page.ComputedAt}
			for _, c := range page.Items {
				view.Items = append(view.Items, companyView{
					c.CreditCode, c.Name, c.Provinces, c.Customers, c.Active, string(c.Class), day(c.KeyAccountSince),
				})
			}
			return view, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/companies/{creditCode}", ID: "company-get", Tag: "company",
		Summary: "One company with its provinces side by side", Permission: account.NationCustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *getInput) (detailView, error) {
			d, err := store.Get(ctx, caller, in.CreditCode)
			return detailOf(d), err
		})
}

func detailOf(d Detail) detailView {
	v := detailView{
		CreditCode: d.CreditCode, Name: d.Name, KeyAccountSince: day(d.KeyAccountSince), From: d.From, To: d.To,
		Members: make([]memberView, 0, len(d.Members)), Income: make([]incomeView, 0, len(d.Income)), Differing: d.Differing(),
	}
	for _, m := range d.Members {
		v.Members = append(v.Members, memberView{
			Province: m.Province, ID: m.ID, Number: m.Number, Name: m.Name, Industry: string(m.Industry), City: string(m.City), CityName: m.City.Name(),
			Class: string(m.Class), Lifecycle: string(m.Lifecycle), LegalPerson: mask.Name(m.LegalPerson), Address: m.Address,
			RegisteredCapitalFen: m.RegisteredCapitalFen, Headcount: m.Headcount, AnnualSalesFen: m.AnnualSalesFen, DecisionMaker: mask.Name(m.DecisionMaker),
			Contracts: m.Contracts, ContractFen: m.ContractFen, NextExpiry: m.NextExpiry, Subscriptions: m.Subscriptions, MonthlyFeeFen: m.MonthlyFeeFen,
			IncomeFen: m.IncomeFen, YearBeforeFen: m.YearBeforeFen, ArrearsFen: m.ArrearsFen, DataTime: m.DataTime, UpdatedAt: m.UpdatedAt,
		})
	}
	for _, i := range d.Income {
		v.Income = append(v.Income, incomeView(i))
	}
	return v
}

// day is a day as YYYY-MM-DD, empty for none.
func day(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Format(time.DateOnly)
}
