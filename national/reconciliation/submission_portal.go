package reconciliation

import (
	"context"
	"net/http"

	"jike/internal/account"
	"jike/internal/portal"
	"jike/schemas/codes"
)

type submissionsInput struct {
	Until   string `query:"until" doc:"Newest night, by the date of its morning; empty: the one of now, in the afternoon the coming one"`
	Nights  int    `query:"nights" minimum:"1" maximum:"31" default:"14"`
	DataSet string `query:"dataSet" doc:"Such as crm.customer; empty: all together"`
}

type submissionView struct {
	Night       string `json:"night" doc:"Date of the morning"`
	State       string `json:"state" enum:"running,needs_approval,done,failed,canceled"`
	Result      string `json:"result" enum:"clean,repaired,diverged," doc:"Empty unless done"`
	Run         int64  `json:"run"`
	Rows        int64  `json:"rows" doc:"Of the province's side"`
	Differences int64  `json:"differences" doc:"Rows that differed; of one data set: ranges of about a thousand rows"`
}

type submittingView struct {
	Province codes.Province   `json:"province"`
	Name     string           `json:"name" doc:"Chinese short name"`
	Cells    []submissionView `json:"cells" doc:"A night that is missing has had no run"`
}

type submissionsView struct {
	Nights    []string         `json:"nights" doc:"The newest first"`
	DataSets  []string         `json:"dataSets" doc:"What provinces send up"`
	Provinces []submittingView `json:"provinces"`
}

func registerSubmissions(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/submissions", ID: "submission-board", Tag: "reconciliation",
		Summary: "Which province's data sets were proved to be here, night by night", Permission: account.ReconciliationRead,
	},
		func(ctx context.Context, caller account.Caller, in *submissionsInput) (submissionsView, error) {
			board, err := store.Submissions(ctx, caller, SubmissionFilter(*in))
			view := submissionsView{Nights: board.Nights, DataSets: DataSets(), Provinces: make([]submittingView, 0, len(board.Provinces))}
			for _, p := range board.Provinces {
				cells := make([]submissionView, 0, len(p.Cells))
				for _, c := range p.Cells {
					cells = append(cells, submissionView(c))
				}
				view.Provinces = append(view.Provinces, submittingView{p.Province, p.Province.Name().Chinese, cells})
			}
			return view, err
		})
}
