package dashboard

import (
	"context"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
)

type countView struct {
	Class     string `json:"class"`
	Lifecycle string `json:"lifecycle" enum:"potential,active,suspended,lost"`
	Customers int64  `json:"customers"`
}

// Amounts are those of customers.
type Amounts struct {
	LastFen    int64 `json:"lastFen" doc:"Billed for the month"`
	BeforeFen  int64 `json:"beforeFen" doc:"For the month before"`
	ArrearsFen int64 `json:"arrearsFen" doc:"Of all bills, what is not paid"`
}

type groupView struct {
	ID           int64  `json:"id" doc:"Unit; 0: customers that are nobody's"`
	Name         string `json:"name"`
	Department   string `json:"department" doc:"Of a manager"`
	Customers    int64  `json:"customers"`
	Completeness int64  `json:"completeness" doc:"Average score of the files, 0 to 100"`
	Amounts
}

type dashboardView struct {
	Month       string      `json:"month" doc:"The last one that is over, YYYY-MM"`
	AsOf        *time.Time  `json:"asOf" doc:"Of the amounts; null: they have not been computed yet"`
	Counts      []countView `json:"counts" doc:"Customers within the caller's scope, now"`
	Total       Amounts     `json:"total"`
	Departments bool        `json:"departments" doc:"The groups are departments, not managers"`
	Groups      []groupView `json:"groups" doc:"The highest income first"`
}

type input struct {
	Department int64 `query:"department" minimum:"0" doc:"Whose managers are shown; 0: those within reach, or the departments of a province"`
}

// Register adds the dashboard's operation.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/dashboard", ID: "dashboard-get", Tag: "dashboard",
		Summary: "Customers by class and stage, income, arrears, and the managers or departments side by side", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *input) (dashboardView, error) {
			d, err := store.Of(ctx, caller, in.Department)
			return viewOf(d), err
		})
}

func viewOf(d Dashboard) dashboardView {
	v := dashboardView{
		Month: d.Month.Format("2006-01"), AsOf: d.AsOf, Total: Amounts(d.Total), Departments: d.Departments,
		Counts: make([]countView, 0, len(d.Counts)), Groups: make([]groupView, 0, len(d.Groups)),
	}
	for _, c := range d.Counts {
		v.Counts = append(v.Counts, countView{string(c.Class), string(c.Lifecycle), c.Customers})
	}
	for _, g := range d.Groups {
		v.Groups = append(v.Groups, groupView{g.ID, g.Name, g.Department, g.Customers, g.Points / max(1, g.Customers), Amounts(g.Income)})
	}
	return v
}
