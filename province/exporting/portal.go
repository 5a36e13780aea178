package exporting

import (
	"context"
	"net/http"

	"jike/internal/account"
	"jike/internal/portal"
	"jike/province/customer"
	"jike/province/job"
)

// StartQuery asks for an export of what the list shows.
type StartQuery struct {
	customer.ListQuery
	Format     string   `query:"format" enum:"csv,xlsx" default:"xlsx"`
	Attributes []string `query:"attributes" maxItems:"50" doc:"Codes of custom attributes that are columns too, separated by commas"`
}

func (in StartQuery) order(caller account.Caller) Order {
	return Order{in.Sieve, in.Sort, in.Dir, Format(in.Format), in.Attributes, caller.Language}
}

type fileInput struct {
	ID int64 `path:"id" doc:"Of the job"`
}

// mediaTypes are those of the formats.
var mediaTypes = map[Format]string{CSV: "text/csv; charset=utf-8", Workbook: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}

// Register adds the portal's operations on exports.
func Register(s *portal.Server, store *Store) {
	registerRule(s, store)
	registerRequests(s, store)
	registerNotices(s, store)
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/exports", ID: "export-start", Tag: "export", Status: http.StatusAccepted,
		Summary: "Write all customers that the list shows with this filter to a file, as a job; more than one person may export alone are refused", Permission: account.CustomerExport,
	},
		func(ctx context.Context, caller account.Caller, in *StartQuery) (job.View, error) {
			j, err := store.Start(ctx, caller, in.order(caller))
			return job.ViewOf(j), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/exports/{id}/file", ID: "export-file", Tag: "export",
		Summary: "The file of an export that has come to its end", Permission: account.CustomerExport,
	},
		func(ctx context.Context, caller account.Caller, in *fileInput) (portal.File, error) {
			f, err := store.File(ctx, caller, in.ID)
			return portal.File{Name: f.Name, Type: mediaTypes[f.Format], Content: f.Content}, err
		})
}
