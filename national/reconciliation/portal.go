package reconciliation

import (
	"context"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
	"jike/schemas/codes"
)

type startInput struct {
	Body struct {
		Province int16 `json:"province" minimum:"1" maximum:"999"`
		Approve  bool  `json:"approve,omitempty" doc:"Let the run go on that waits for a person's approval"`
	}
}

type startedView struct {
	ID int64 `json:"id"`
}

type listInput struct {
	Province int16 `query:"province" minimum:"0" maximum:"999" doc:"0: all"`
	Page     int   `query:"page" minimum:"1" maximum:"1000000" default:"1"`
	Size     int   `query:"size" minimum:"1" maximum:"100" default:"20"`
}

type runView struct {
	ID           int64          `json:"id"`
	Province     codes.Province `json:"province"`
	ProvinceName string         `json:"provinceName"`
	State        string         `json:"state" enum:"running,needs_approval,done,failed"`
	Trigger      string         `json:"trigger" enum:"schedule,retry,demand"`
	RequestedBy  string         `json:"requestedBy"`
	ApprovedBy   string         `json:"approvedBy" doc:"Empty: nobody had to"`
	Result       string         `json:"result" enum:"clean,repaired,diverged," doc:"Empty until it is done"`
	ReasonCode   string         `json:"reasonCode" doc:"Why it failed or waits"`
	Reason       string         `json:"reason"`
	Epoch        int64          `json:"epoch"`
	Point        string         `json:"point" doc:"Position of the province's log at which both sides were compared"`
	Rows         int64          `json:"rows"`
	Differences  int64          `json:"differences"`
	Repaired     int64          `json:"repaired"`
	Started      time.Time      `json:"started"`
	Ended        *time.Time     `json:"ended"`
	Progress     Progress       `json:"progress"`
}

type listView struct {
	Items []runView `json:"items"`
	Total int       `json:"total"`
	Page  int       `json:"page"`
	Size  int       `json:"size"`
}

type differenceView struct {
	Recheck bool     `json:"recheck" doc:"Found again after the repair"`
	Table   string   `json:"table"`
	Key     int64    `json:"key"`
	Kind    string   `json:"kind" enum:"missing,extra,different" doc:"Seen from headquarters"`
	Columns []string `json:"columns"`
	Cause   string   `json:"cause" enum:"outside-stream,known-divergence,unknown"`
}

type detailView struct {
	Run         runView          `json:"run"`
	Differences []differenceView `json:"differences" doc:"The first 1000"`
	Certificate any              `json:"certificate,omitempty" doc:"As both nodes signed it"`
}

type getInput struct {
	ID int64 `path:"id" minimum:"1"`
}

// Register adds the operations on reconciliations.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/reconciliations", ID: "reconciliation-start", Tag: "reconciliation",
		Summary: "Prove that headquarters holds a province's rows", Permission: account.ReconciliationRun, Status: http.StatusAccepted,
	},
		func(ctx context.Context, caller account.Caller, in *startInput) (startedView, error) {
			id, err := store.Start(ctx, caller, codes.Province(in.Body.Province), in.Body.Approve)
			return startedView{id}, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/reconciliations", ID: "reconciliation-list", Tag: "reconciliation",
		Summary: "Reconciliations, newest first", Permission: account.ReconciliationRead,
	},
		func(ctx context.Context, caller account.Caller, in *listInput) (listView, error) {
			runs, total, err := store.List(ctx, caller, codes.Province(in.Province), in.Page, in.Size)
			view := listView{Items: make([]runView, 0, len(runs)), Total: total, Page: in.Page, Size: in.Size}
			for _, r := range runs {
				view.Items = append(view.Items, viewOf(r))
			}
			return view, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/reconciliations/{id}", ID: "reconciliation-get", Tag: "reconciliation",
		Summary: "A reconciliation with its progress, differences and certificate", Permission: account.ReconciliationRead,
	},
		func(ctx context.Context, caller account.Caller, in *getInput) (detailView, error) {
			d, err := store.Get(ctx, caller, in.ID)
			return detailOf(d), err
		})
}

func viewOf(r Run) runView {
	return runView{
		ID: r.ID, Province: r.Province, ProvinceName: r.Province.Name().Chinese, State: r.State, Trigger: r.Trigger,
		RequestedBy: r.RequestedBy, ApprovedBy: r.ApprovedBy, Result: r.Result, ReasonCode: r.ReasonCode, Reason: r.Reason,
		Epoch: r.Epoch, Point: r.Point, Rows: r.Rows, Differences: r.Differences, Repaired: r.Repaired,
		Started: r.Started, Ended: r.Ended, Progress: r.Progress,
	}
}

func detailOf(d Detail) detailView {
	v := detailView{Run: viewOf(d.Run), Differences: make([]differenceView, 0, len(d.Differences))}
	if d.Certificate != nil {
		v.Certificate = d.Certificate
	}
	for _, diff := range d.Differences {
		v.Differences = append(v.Differences, differenceView(diff))
	}
	return v
}
