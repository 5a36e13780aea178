package importing

import (
	"context"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/portal"
	"jike/province/customer"
	"jike/province/job"
)

// View is an import as the browser sees it.
type View struct {
	ID        int64     `json:"id"`
	Owner     string    `json:"owner" doc:"Login of who uploaded it"`
	Own       bool      `json:"own" doc:"It is the session's own: it can be set, tried and run"`
	FileName  string    `json:"fileName"`
	Encoding  string    `json:"encoding" enum:"utf-8,gb18030,xlsx"`
	Columns   []string  `json:"columns" doc:"Head of the file"`
	Total     int       `json:"total" doc:"Lines"`
	CreatedAt time.Time `json:"createdAt"`
	KeptUntil time.Time `json:"keptUntil" doc:"Until when it can be taken back"`
	Stated
	Try    *job.View `json:"try" doc:"The dry run with these settings; null: none"`
	Run    *job.View `json:"run"`
	Revert *job.View `json:"revert" doc:"The last job that took it back"`
}

// Stated are the settings as the browser sees and states them.
type Stated struct {
	Fields   []string `json:"fields" doc:"What each column means, empty: nothing. Without any: not yet stated"`
	Key      string   `json:"key" enum:",number,creditCode,name" doc:"The fact by which customers are recognised"`
	Mode     string   `json:"mode" enum:",create,change,both"`
	Distinct bool     `json:"distinct" doc:"New customers with near-equal names are refused; else it is a warning"`
}

// wholeView is a View with what a person needs to say what the columns mean.
type wholeView struct {
	View
	Choices []string   `json:"choices" doc:"What a column can mean: standard facts, and custom attributes as attribute.CODE"`
	Guess   []string   `json:"guess" doc:"What the columns seem to mean"`
	Lines   [][]string `json:"lines" doc:"The first lines"`
}

type uploadInput struct {
	Name    string `query:"name" minLength:"1" maxLength:"200" doc:"Of the file"`
	RawBody []byte `contentType:"application/octet-stream" doc:"CSV in UTF-8 or GBK, or a workbook"`
}

type listInput struct {
	Page int `query:"page" minimum:"1" maximum:"1000000" default:"1"`
	Size int `query:"size" minimum:"1" maximum:"200" default:"20"`
}

// listView is a page of imports.
type listView struct {
	Items []View `json:"items"`
	Total int    `json:"total" doc:"Rows of all pages"`
	Page  int    `json:"page"`
	Size  int    `json:"size"`
}

type oneInput struct {
	ID int64 `path:"id"`
}

type setInput struct {
	ID   int64 `path:"id"`
	Body Stated
}

// maxUpload is the most bytes of a file.
const maxUpload = 48 << 20

// Register adds the portal's operations on imports.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/imports", ID: "import-list", Tag: "import",
		Summary: "Own imports, all of them for administrators, the newest first", Permission: account.CustomerImport,
	}, store.list)
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/imports", ID: "import-upload", Tag: "import", Status: http.StatusCreated,
		Summary: "Upload a file with customers", Permission: account.CustomerImport, MaxBody: maxUpload,
	},
		func(ctx context.Context, caller account.Caller, in *uploadInput) (View, error) {
			i, err := store.Upload(ctx, caller, in.Name, in.RawBody)
			if err != nil {
				return View{}, err
			}
			return store.view(ctx, caller, i)
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/imports/{id}", ID: "import-get", Tag: "import",
		Summary: "One import with its first lines", Permission: account.CustomerImport,
	}, store.whole)
	portal.Register(s, portal.Operation{
		Method: http.MethodPut, Path: "/api/imports/{id}", ID: "import-set", Tag: "import",
		Summary: "What the columns mean, how customers are recognised, and what lines may do", Permission: account.CustomerImport,
	},
		func(ctx context.Context, caller account.Caller, in *setInput) (View, error) {
			i, err := store.Set(ctx, caller, in.ID, Settings{
				Fields: in.Body.Fields, Key: customer.Key(in.Body.Key), Mode: Mode(in.Body.Mode), Distinct: in.Body.Distinct,
			})
			if err != nil {
				return View{}, err
			}
			return store.view(ctx, caller, i)
		})
	for _, step := range []struct {
		name, summary string
		do            func(context.Context, account.Caller, int64) (Import, error)
	}{
		{"try", "Dry run: what would become of every line, as a job", store.Try},
		{"run", "Create and change the customers, as a job", store.Run},
		{"revert", "Take the import back, as a job", store.Revert},
	} {
		portal.Register(s, portal.Operation{
			Method: http.MethodPost, Path: "/api/imports/{id}/" + step.name, ID: "import-" + step.name, Tag: "import", Status: http.StatusAccepted,
			Summary: step.summary, Permission: account.CustomerImport,
		},
			func(ctx context.Context, caller account.Caller, in *oneInput) (View, error) {
				i, err := step.do(ctx, caller, in.ID)
				if err != nil {
					return View{}, err
				}
				return store.view(ctx, caller, i)
			})
	}
}

func (s *Store) list(ctx context.Context, caller account.Caller, in *listInput) (listView, error) {
	list, total, err := s.List(ctx, caller, in.Page, in.Size)
	view := listView{Items: make([]View, len(list)), Total: total, Page: in.Page, Size: in.Size}
	for n := 0; n < len(list) && err == nil; n++ {
		view.Items[n], err = s.view(ctx, caller, list[n])
	}
	return view, err
}

func (s *Store) whole(ctx context.Context, caller account.Caller, in *oneInput) (view wholeView, err error) {
	i, err := s.Get(ctx, caller, in.ID)
	if err != nil {
		return view, err
	}
	p, err := s.Preview(ctx, caller, i)
	if err != nil {
		return view, err
	}
	view.Lines, view.Guess, view.Choices = p.Lines, p.Guess, p.Choices
	view.View, err = s.view(ctx, caller, i)
	return view, err
}

// view is an import with its jobs, as far as the caller may see them.
func (s *Store) view(ctx context.Context, caller account.Caller, i Import) (View, error) {
	v := View{
		ID: i.ID, Owner: i.Owner, Own: i.OwnerID == caller.AccountID, FileName: i.FileName, Encoding: i.Encoding, Columns: i.Columns, Total: i.Total,
		CreatedAt: i.CreatedAt, KeptUntil: i.CreatedAt.Add(Kept),
		Stated: Stated{Fields: i.Fields, Key: string(i.Key), Mode: string(i.Mode), Distinct: i.Distinct},
	}
	for _, part := range []struct {
		id int64
		at **job.View
	}{{i.TryJob, &v.Try}, {i.RunJob, &v.Run}, {i.RevertJob, &v.Revert}} {
		if part.id == 0 {
			continue
		}
		j, err := s.jobs.Get(ctx, caller, part.id)
		if fault.Is(err, fault.NotFound) {
			continue // another person's: an administrator took it back
		}
		if err != nil {
			return v, err
		}
		of := job.ViewOf(j)
		*part.at = &of
	}
	return v, nil
}
