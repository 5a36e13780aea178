package reference

import (
	"context"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
	"jike/schemas/codes"
)

// Named names a kind in the path.
type Named struct {
	Kind string `path:"kind" enum:"products,codes,classes,key-accounts,policies,notices"`
}

type listInput struct {
	Named
	Q        string `query:"q" maxLength:"100" doc:"Part of any value"`
	Province int16  `query:"province" minimum:"-1" maximum:"999" default:"-1" doc:"0: only rows for all provinces; -1: every"`
	Expired  bool   `query:"expired" doc:"Also rows that no longer hold"`
	Page     int    `query:"page" minimum:"1" maximum:"1000000" default:"1"`
	Size     int    `query:"size" minimum:"1" maximum:"200" default:"50"`
}

type rowView struct {
	ID        int64          `json:"id"`
	Province  codes.Province `json:"province" doc:"0: for all"`
	Version   int64          `json:"version" doc:"Of the change that last wrote it"`
	ChangedAt time.Time      `json:"changedAt"`
	ExpiredAt *time.Time     `json:"expiredAt"`
	Values    map[string]any `json:"values" doc:"By field"`
}

type listView struct {
	Items []rowView `json:"items"`
	Total int       `json:"total"`
	Page  int       `json:"page"`
	Size  int       `json:"size"`
}

// Stated is what the browser states about a row. A whole row is sent, not a part.
type Stated struct {
	Province int16          `json:"province" minimum:"0" maximum:"999" doc:"0: for all"`
	Values   map[string]any `json:"values" doc:"By field"`
}

type createInput struct {
	Named
	Body Stated
}

type changeInput struct {
	Named
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		Version int64 `json:"version" doc:"The version that was edited"`
		Stated
	}
}

type expireInput struct {
	Named
	ID      int64 `path:"id" minimum:"1"`
	Version int64 `query:"version" required:"true"`
}

type importInput struct {
	Named
	Body struct {
		Format string `json:"format" enum:"csv,json"`
		Text   string `json:"text"`
		Dry    bool   `json:"dry,omitempty" doc:"Only say what would be done"`
	}
}

type lineView struct {
	Number  int                   `json:"number"`
	Outcome Outcome               `json:"outcome" enum:"created,changed,same,refused"`
	Errors  []portal.FieldProblem `json:"errors"`
}

type importView struct {
	Lines   []lineView `json:"lines" doc:"Those that are refused or change something, the first 1000"`
	Created int        `json:"created"`
	Changed int        `json:"changed"`
	Same    int        `json:"same"`
	Refused int        `json:"refused"`
	Version int64      `json:"version" doc:"Of the change; 0: nothing was written"`
}

type fieldView struct {
	Name     string   `json:"name"`
	Type     Type     `json:"type" enum:"text,choice,count,date,time,document,creditCode"`
	Optional bool     `json:"optional"`
	Values   []string `json:"values"`
}

type kindView struct {
	Name   string      `json:"name"`
	Rows   int64       `json:"rows" doc:"That hold"`
	Fields []fieldView `json:"fields"`
}

type receiverView struct {
	Province codes.Province `json:"province"`
	Name     string         `json:"name"`
	NameEn   string         `json:"nameEn"`
	Version  int64          `json:"version" doc:"That it said it has; 0: none of this epoch"`
	HeardAt  *time.Time     `json:"heardAt"`
}

type overviewView struct {
	Epoch     int64          `json:"epoch"`
	Version   int64          `json:"version"`
	ChangedAt time.Time      `json:"changedAt"`
	Kinds     []kindView     `json:"kinds"`
	Provinces []receiverView `json:"provinces"`
}

// shownLines is how many lines of an import's result are sent to the browser.
const shownLines = 1000

// importBytes is the largest text of an import.
const importBytes = 8 << 20

// Register adds the operations on reference data.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/reference", ID: "reference-overview", Tag: "reference",
		Summary: "Version of the reference data, its kinds, and which version each province has", Permission: account.NationReferenceRead,
	}, store.overview)
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/reference/{kind}", ID: "reference-list", Tag: "reference",
		Summary: "Rows of a kind", Permission: account.NationReferenceRead,
	}, store.list)
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/reference/{kind}", ID: "reference-create", Tag: "reference", Status: http.StatusCreated,
		Summary: "New row, which every province that it is for gets", Permission: account.NationReferenceChange,
	},
		func(ctx context.Context, caller account.Caller, in *createInput) (rowView, error) {
			k, err := KindOf(in.Kind)
			if err != nil {
				return rowView{}, err
			}
			row, err := store.Create(ctx, caller, k, in.Body.draft())
			return rowView(row), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPut, Path: "/api/reference/{kind}/{id}", ID: "reference-change", Tag: "reference",
		Summary: "Change a row; 409 if the version is not the newest", Permission: account.NationReferenceChange,
	},
		func(ctx context.Context, caller account.Caller, in *changeInput) (rowView, error) {
			k, err := KindOf(in.Kind)
			if err != nil {
				return rowView{}, err
			}
			row, err := store.Change(ctx, caller, k, in.ID, in.Body.Version, in.Body.draft())
			return rowView(row), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodDelete, Path: "/api/reference/{kind}/{id}", ID: "reference-expire", Tag: "reference",
		Summary: "Let a row expire; 409 if the version is not the newest", Permission: account.NationReferenceChange,
	},
		func(ctx context.Context, caller account.Caller, in *expireInput) (portal.Nothing, error) {
			k, err := KindOf(in.Kind)
			if err != nil {
				return portal.Nothing{}, err
			}
			return portal.Nothing{}, store.Expire(ctx, caller, k, in.ID, in.Version)
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/reference/{kind}/import", ID: "reference-import", Tag: "reference", MaxBody: importBytes,
		Summary: "Add and change rows from CSV or JSON, all or none", Permission: account.NationReferenceChange,
	}, store.importText)
}

func (b Stated) draft() Draft { return Draft{Province: codes.Province(b.Province), Values: b.Values} }

func (s *Store) overview(ctx context.Context, caller account.Caller, _ *struct{}) (overviewView, error) {
	o, err := s.Overview(ctx, caller)
	view := overviewView{Epoch: o.Epoch, Version: o.Version, ChangedAt: o.ChangedAt, Provinces: []receiverView{}}
	for _, k := range kinds {
		kind := kindView{Name: k.Name, Rows: o.Rows[k.Name]}
		for _, f := range k.Fields {
			kind.Fields = append(kind.Fields, fieldView{f.Name, f.Type, f.Optional, append([]string{}, f.Values...)})
		}
		view.Kinds = append(view.Kinds, kind)
	}
	for _, r := range o.Receivers {
		view.Provinces = append(view.Provinces, receiverView{r.Province, r.Province.Name().Chinese, r.Province.Name().English, r.Version, r.HeardAt})
	}
	return view, err
}

func (s *Store) list(ctx context.Context, caller account.Caller, in *listInput) (listView, error) {
	view := listView{Items: []rowView{}, Page: in.Page, Size: in.Size}
	k, err := KindOf(in.Kind)
	if err != nil {
		return view, err
	}
	f := Filter{Text: in.Q, Expired: in.Expired, Page: in.Page, Size: in.Size}
	if in.Province >= 0 {
		p := codes.Province(in.Province)
		f.Province = &p
	}
	rows, total, err := s.List(ctx, caller, k, f)
	for _, r := range rows {
		view.Items = append(view.Items, rowView(r))
	}
	view.Total = total
	return view, err
}

func (s *Store) importText(ctx context.Context, caller account.Caller, in *importInput) (importView, error) {
	k, err := KindOf(in.Kind)
	if err != nil {
		return importView{}, err
	}
	r, err := s.Import(ctx, caller, k, in.Body.Format, in.Body.Text, in.Body.Dry)
	view := importView{Lines: []lineView{}, Created: r.Created, Changed: r.Changed, Same: r.Same, Refused: r.Refused, Version: r.Version}
	for _, l := range r.Lines {
		if l.Outcome == Same || len(view.Lines) == shownLines {
			continue
		}
		line := lineView{Number: l.Number, Outcome: l.Outcome, Errors: []portal.FieldProblem{}}
		for _, f := range l.Faults {
			line.Errors = append(line.Errors, portal.FieldProblem{Field: f.Field, Code: f.Code, Params: f.Params})
		}
		view.Lines = append(view.Lines, line)
	}
	return view, err
}
