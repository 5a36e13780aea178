package reconciliation

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
	"jike/schemas/codes"
)

type startInput struct {
	Body struct {
		Province int16  `json:"province" minimum:"1" maximum:"999"`
		Approve  bool   `json:"approve,omitempty" doc:"Let the run go on that waits for a person's approval"`
		Table    string `json:"table,omitempty" maxLength:"100" doc:"Compared alone, such as crm.customer; missing: all tables"`
		From     *int64 `json:"from,omitempty" doc:"Smallest key of the table that is compared"`
		To       *int64 `json:"to,omitempty" doc:"Largest key of the table that is compared"`
		Resync   bool   `json:"resync,omitempty" doc:"Repair any number of differences unasked"`
	}
}

type startedAllView struct {
	IDs []int64 `json:"ids" doc:"Of the runs that began; a province whose run is going on already is left alone"`
}

type exportInput struct {
	Province int16     `path:"province" minimum:"1" maximum:"999"`
	Since    time.Time `query:"since" doc:"Those made since then; missing: all"`
}

type reportInput struct {
	Night string `query:"night" pattern:"^[0-9]{4}-[0-9]{2}-[0-9]{2}$" doc:"Date of the morning, China Standard Time; missing: the last night"`
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
	State        string         `json:"state" enum:"running,needs_approval,done,failed,canceled"`
	Trigger      string         `json:"trigger" enum:"schedule,retry,demand,epoch"`
	RequestedBy  string         `json:"requestedBy"`
	Table        string         `json:"table" doc:"Compared alone; empty: all tables"`
	From         *int64         `json:"from" doc:"Smallest key compared"`
	To           *int64         `json:"to" doc:"Largest key compared"`
	Resync       bool           `json:"resync" doc:"Asked for with any number of differences"`
	Attempt      int            `json:"attempt" doc:"2: repeats a run that failed, and so on"`
	ApprovedBy   string         `json:"approvedBy" doc:"Empty: nobody had to"`
	Result       string         `json:"result" enum:"clean,repaired,diverged," doc:"Empty until it is done"`
	ReasonCode   string         `json:"reasonCode" doc:"Why it failed or waits"`
	Reason       string         `json:"reason"`
	Epoch        int64          `json:"epoch"`
	Point        string         `json:"point" doc:"Position of the province's log at which both sides were compared"`
	Rows         int64          `json:"rows"`
	Differences  int64          `json:"differences"`
	Causes       []CauseCount   `json:"causes" doc:"Of the differences"`
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
	Cause   string   `json:"cause" enum:"parked,large-value,known-divergence,outside-stream,epoch,selection,unknown"`
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
	registerSubmissions(s, store)
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/reconciliations", ID: "reconciliation-start", Tag: "reconciliation",
		Summary: "Prove that headquarters holds a province's rows", Permission: account.ReconciliationRun, Status: http.StatusAccepted,
	},
		func(ctx context.Context, caller account.Caller, in *startInput) (startedView, error) {
			b := in.Body
			id, err := store.Start(ctx, caller, Request{
				Province: codes.Province(b.Province), Approve: b.Approve, Table: b.Table, From: b.From, To: b.To, Resync: b.Resync,
			})
			return startedView{id}, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/reconciliations/all", ID: "reconciliation-start-all", Tag: "reconciliation",
		Summary: "The same for every province; the runs take turns", Permission: account.ReconciliationRun, Status: http.StatusAccepted,
	},
		func(ctx context.Context, caller account.Caller, _ *struct{}) (startedAllView, error) {
			ids, err := store.StartAll(ctx, caller)
			return startedAllView{append([]int64{}, ids...)}, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/reconciliations/{id}/cancel", ID: "reconciliation-cancel", Tag: "reconciliation",
		Summary: "End a run; what it has repaired stays repaired", Permission: account.ReconciliationRun,
	},
		func(ctx context.Context, caller account.Caller, in *getInput) (portal.Nothing, error) {
			return portal.Nothing{}, store.Cancel(ctx, caller, in.ID)
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
	registerFiles(s, store)
}

// registerFiles adds the certificates as files and the nightly report.
func registerFiles(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/reconciliations/{id}/certificate", ID: "reconciliation-certificate", Tag: "reconciliation",
		Summary: "The certificate as both nodes signed it, for `jike reconcile verify`", Permission: account.ReconciliationRead,
	},
		func(ctx context.Context, caller account.Caller, in *getInput) (portal.File, error) {
			content, err := store.Certificate(ctx, caller, in.ID)
			return portal.File{Name: fmt.Sprintf("certificate-%d.json", in.ID), Type: "application/json", Content: content}, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/certificates/{province}", ID: "certificate-export", Tag: "reconciliation",
		Summary: "A province's chain of certificates, for `jike reconcile verify`", Permission: account.ReconciliationRead,
	},
		func(ctx context.Context, caller account.Caller, in *exportInput) (portal.File, error) {
			content, err := store.Export(ctx, caller, codes.Province(in.Province), in.Since)
			return portal.File{Name: fmt.Sprintf("certificates-%d.json", in.Province), Type: "application/json", Content: content}, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/reconciliation-report", ID: "reconciliation-report", Tag: "reconciliation",
		Summary: "What a night's reconciliations found, of every province", Permission: account.ReconciliationRead,
	},
		func(ctx context.Context, caller account.Caller, in *reportInput) (Report, error) {
			return store.Report(ctx, caller, in.Night)
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/reconciliation-report.xml", ID: "reconciliation-report-xml", Tag: "reconciliation",
		Summary: "The same as XML (schemas/xsd/reconciliation-report.xsd)", Permission: account.ReconciliationRead,
	},
		func(ctx context.Context, caller account.Caller, in *reportInput) (portal.File, error) {
			report, err := store.Report(ctx, caller, in.Night)
			if err != nil {
				return portal.File{}, err
			}
			content, err := report.xml()
			return portal.File{Name: "reconciliation-" + report.Night + ".xml", Type: "application/xml", Content: content}, err
		})
}

func viewOf(r Run) runView {
	return runView{
		ID: r.ID, Province: r.Province, ProvinceName: r.Province.Name().Chinese, State: r.State, Trigger: r.Trigger,
		Table: r.TableName, From: r.KeyFrom, To: r.KeyTo, Resync: r.Resync, Attempt: r.Attempt, Causes: append([]CauseCount{}, r.Causes...),
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
