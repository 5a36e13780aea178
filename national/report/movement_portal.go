package report

import (
	"context"
	"net/http"

	"jike/internal/account"
	"jike/internal/portal"
	"jike/schemas/codes"
)

type movementInput struct {
	FilterInput
	Kind string `query:"kind" required:"true" enum:"new,lost"`
	Page int    `query:"page" minimum:"1" maximum:"50000" default:"1"`
	Size int    `query:"size" minimum:"1" maximum:"200" default:"20"`
}

type movedView struct {
	Province codes.Province `json:"province"`
	ID       int64          `json:"id"`
	Month    string         `json:"month" doc:"YYYY-MM"`
	City     string         `json:"city" doc:"GB/T 2260; as all that follows, of the time when it was counted"`
	Class    string         `json:"class"`
	Industry string         `json:"industry" doc:"GB/T 4754 section"`
	Here     bool           `json:"here" doc:"false: its province does not send it up any more"`
	Number   string         `json:"number"`
	Name     string         `json:"name"`
}

type movementView struct {
	Items []movedView `json:"items"`
	Total int64       `json:"total"`
	Page  int         `json:"page"`
	Size  int         `json:"size"`
}

func registerMovements(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/reports/movements", ID: "report-movements", Tag: "report",
		Summary: "The customers behind a figure of new or lost ones", Permission: account.ReportRead,
	},
		func(ctx context.Context, caller account.Caller, in *movementInput) (movementView, error) {
			q, err := in.question()
			if err != nil {
				return movementView{}, err
			}
			page, total, err := store.Moved(ctx, caller, MovementFilter{Question: q, Kind: Movement(in.Kind), Page: in.Page, Size: in.Size})
			v := movementView{Items: make([]movedView, 0, len(page)), Total: total, Page: in.Page, Size: in.Size}
			for _, m := range page {
				v.Items = append(v.Items, movedView{
					m.Province, m.ID, m.Month, string(m.City), string(m.Class), string(m.Industry), m.Here, m.Number, m.Name,
				})
			}
			return v, err
		})
}
