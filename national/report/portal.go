package report

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
	"jike/schemas/codes"
)

// FilterInput is what figures are chosen from, as the browser writes it.
type FilterInput struct {
	From     string   `query:"from" required:"true" pattern:"^[0-9]{4}-[0-9]{2}$" doc:"First month, YYYY-MM"`
	To       string   `query:"to" required:"true" pattern:"^[0-9]{4}-[0-9]{2}$" doc:"Last month, YYYY-MM"`
	Province []int16  `query:"province" maxItems:"40"`
	City     []string `query:"city" pattern:"^[0-9]{6}$" maxItems:"400" doc:"GB/T 2260"`
	Class    []string `query:"class" enum:"A1,A2,B1,B2,C,D"`
	Industry []string `query:"industry" pattern:"^[A-T]$" maxItems:"20" doc:"GB/T 4754 sections"`
}

func (in *FilterInput) question() (q Question, err error) {
	if q.From, err = Month("from", in.From); err != nil {
		return q, err
	}
	if q.To, err = Month("to", in.To); err != nil {
		return q, err
	}
	for _, p := range in.Province {
		q.Provinces = append(q.Provinces, codes.Province(p))
	}
	for _, c := range in.City {
		q.Cities = append(q.Cities, codes.City(c))
	}
	for _, c := range in.Class {
		q.Classes = append(q.Classes, codes.Class(c))
	}
	for _, i := range in.Industry {
		q.Industries = append(q.Industries, codes.Section(i))
	}
	return q, nil
}

// SummaryInput is a question as the browser writes it.
type SummaryInput struct {
	FilterInput
	GroupBy []string `query:"groupBy" enum:"month,province,city,class,industry" default:"month,province" doc:"What the figures are grouped by"`
}

func (in *SummaryInput) question() (Question, error) {
	q, err := in.FilterInput.question()
	for _, d := range in.GroupBy {
		q.GroupBy = append(q.GroupBy, Dimension(d))
	}
	return q, err
}

// rowView is a group's figures; dimensions that are not grouped by are absent.
type rowView struct {
	Month     string         `json:"month,omitempty" doc:"YYYY-MM"`
	Province  codes.Province `json:"province,omitempty"`
	City      string         `json:"city,omitempty"`
	Class     string         `json:"class,omitempty"`
	Industry  string         `json:"industry,omitempty" doc:"GB/T 4754 section"`
	Customers int64          `json:"customers"`
	New       int64          `json:"newCustomers"`
	Lost      int64          `json:"lostCustomers"`
	Members   int64          `json:"members"`
	IncomeFen int64          `json:"incomeFen"`

	MonthOnMonth growthView `json:"monthOnMonth" doc:"Against the month before"`
	YearOnYear   growthView `json:"yearOnYear" doc:"Against the same month a year before"`
}

// growthView is the growth of each measure in hundredths of a percent; null where the months cannot be compared.
type growthView struct {
	Customers *int64 `json:"customers" doc:"Hundredths of a percent; null: cannot be compared"`
	New       *int64 `json:"newCustomers"`
	Lost      *int64 `json:"lostCustomers"`
	Members   *int64 `json:"members"`
	IncomeFen *int64 `json:"incomeFen"`
}

func growthOf(g Growth) growthView { return growthView{g.of(0), g.of(1), g.of(2), g.of(3), g.of(4)} }

type freshnessView struct {
	Province  codes.Province `json:"province"`
	AsOf      *time.Time     `json:"asOf" doc:"Every change committed before this is in the figures"`
	Movements *time.Time     `json:"movementsAsOf" doc:"The same of new and lost customers"`
	Refreshed *time.Time     `json:"refreshed" doc:"When the province's summary last changed"`
	LastMonth string         `json:"lastMonth" doc:"Newest month of its summary"`
}

type summaryView struct {
	Rows     []rowView             `json:"rows"`
	DataTime []freshnessView       `json:"dataTime"`
	Source   string                `json:"source" doc:"Table that the figures come from"`
	Movement string                `json:"movementSource" doc:"Table that new and lost customers come from"`
	Formula  map[string]codes.Name `json:"formula" doc:"How each measure is made, in both languages"`
}

type sheetInput struct {
	SummaryInput
	Language string `query:"language" enum:"zh,en" default:"zh" doc:"Of the workbook"`
}

// Register adds the reports' operations.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/reports/summary", ID: "report-summary", Tag: "report",
		Summary: "Customers, new and lost ones, members and income by month, province, city, class and industry", Permission: account.ReportRead,
	},
		func(ctx context.Context, caller account.Caller, in *SummaryInput) (summaryView, error) {
			q, err := in.question()
			if err != nil {
				return summaryView{}, err
			}
			a, err := store.Summary(ctx, caller, q)
			return viewOf(a), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/reports/summary.xlsx", ID: "report-sheet", Tag: "report",
		Summary: "The same as an Excel workbook, with source, formulas and data time on a sheet of their own", Permission: account.ReportRead,
	},
		func(ctx context.Context, caller account.Caller, in *sheetInput) (portal.File, error) {
			q, err := in.question()
			if err != nil {
				return portal.File{}, err
			}
			a, err := store.Summary(ctx, caller, q)
			if err != nil {
				return portal.File{}, err
			}
			content, err := a.Sheet(q, Look{in.Language == "zh", Measures(), time.Now().In(store.zone)})
			name := fmt.Sprintf("report-%s-%s.xlsx", in.From, in.To)
			return portal.File{Name: name, Type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Content: content}, err
		})
	registerMovements(s, store)
}

func viewOf(a Answer) summaryView {
	v := summaryView{
		Rows: make([]rowView, 0, len(a.Rows)), DataTime: make([]freshnessView, 0, len(a.DataTime)),
		Source: Source, Movement: MovementSource, Formula: Formulas(),
	}
	for _, r := range a.Rows {
		v.Rows = append(v.Rows, rowView{
			r.Month, r.Province, string(r.City), string(r.Class), string(r.Industry),
			r.Customers, r.NewCustomers, r.LostCustomers, r.Members, r.IncomeFen, growthOf(r.MonthOnMonth), growthOf(r.YearOnYear),
		})
	}
	for _, f := range a.DataTime {
		v.DataTime = append(v.DataTime, freshnessView{f.Province, f.AsOf, f.MovementsAsOf, f.Refreshed, f.LastMonth})
	}
	return v
}
