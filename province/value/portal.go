package value

import (
	"context"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
)

// scoreView is a score as the browser sees it.
type scoreView struct {
	Score  int32     `json:"score" doc:"0 to 100"`
	Reason string    `json:"reason"`
	Actor  string    `json:"actor"`
	At     time.Time `json:"at"`
}

// listView is the history of a customer's score.
type listView struct {
	Items []scoreView `json:"items" doc:"The newest first, which is the one in force"`
}

type ofInput struct {
	ID int64 `path:"id" doc:"Customer"`
}

type rateInput struct {
	ID   int64 `path:"id" doc:"Customer"`
	Body struct {
		Score  int32  `json:"score" doc:"0 to 100"`
		Reason string `json:"reason" maxLength:"1000"`
	}
}

// Register adds the portal's operations on scores.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/customers/{id}/value-scores", ID: "value-score-list", Tag: "customer",
		Summary: "Value scores of a customer", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *ofInput) (listView, error) {
			return viewOf(store.List(ctx, caller, in.ID))
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/customers/{id}/value-scores", ID: "value-score-rate", Tag: "customer", Status: http.StatusCreated,
		Summary: "Give a customer a value score", Permission: account.CustomerClassify,
	},
		func(ctx context.Context, caller account.Caller, in *rateInput) (listView, error) {
			return viewOf(store.Rate(ctx, caller, in.ID, in.Body.Score, in.Body.Reason))
		})
}

func viewOf(list []Score, err error) (listView, error) {
	view := listView{Items: make([]scoreView, 0, len(list))}
	for _, s := range list {
		view.Items = append(view.Items, scoreView(s))
	}
	return view, err
}
