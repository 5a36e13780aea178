package board

import (
	"context"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
	"jike/schemas/codes"
)

type certificateView struct {
	ID          int64     `json:"id" doc:"Of the reconciliation"`
	At          time.Time `json:"at"`
	Result      string    `json:"result" enum:"clean,repaired,diverged"`
	Rows        int64     `json:"rows" doc:"Rows that the province had at the point of proof"`
	Differences int64     `json:"differences"`
	Repaired    int64     `json:"repaired"`
}

type provinceView struct {
	Code            codes.Province   `json:"code" doc:"Carrier province code"`
	Name            string           `json:"name" doc:"Chinese short name"`
	NameEn          string           `json:"nameEn" doc:"English name"`
	Connected       bool             `json:"connected" doc:"Heard of in the last 35 seconds"`
	State           string           `json:"state" enum:"waiting,running,refilling,stopped"`
	Error           string           `json:"error" doc:"Why the stream is stopped"`
	LagSeconds      int64            `json:"lagSeconds" doc:"Age of the data at most; -1 if nothing was applied yet"`
	LagBytes        int64            `json:"lagBytes" doc:"Of the province's log, as last heard"`
	BacklogMessages int64            `json:"backlogMessages" doc:"Waiting in the province, as last heard"`
	BacklogBytes    int64            `json:"backlogBytes"`
	Epoch           int64            `json:"epoch"`
	LSN             string           `json:"lsn" doc:"Last transaction applied"`
	AppliedAt       *time.Time       `json:"appliedAt"`
	HeartbeatAt     *time.Time       `json:"heartbeatAt"`
	HeardAt         *time.Time       `json:"heardAt"`
	DataTime        *time.Time       `json:"dataTime" doc:"Every change committed before this is here"`
	Reference       int64            `json:"referenceVersion" doc:"Of the reference data that it said it has; 0: none of this epoch"`
	ReferenceHead   int64            `json:"referenceHead" doc:"Newest version of the reference data"`
	Divergences     int64            `json:"divergences" doc:"Changes that met no row, not repaired yet"`
	Conflicts       int64            `json:"conflicts" doc:"Inserts that met a row and replaced it"`
	Rows            int64            `json:"rows" doc:"Replicated rows here"`
	RowsAt          time.Time        `json:"rowsAt" doc:"When they were counted"`
	LastCertificate *certificateView `json:"lastCertificate,omitempty" doc:"Missing until a run has come to its end"`
}

type boardView struct {
	Items []provinceView `json:"items"`
	At    time.Time      `json:"at" doc:"Time of the board"`
}

// Register adds the board's operation.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/provinces", ID: "province-list", Tag: "board",
		Summary: "Board of provinces: lag, backlog, differences, last certificate", Permission: account.NationRead,
	},
		func(ctx context.Context, caller account.Caller, _ *struct{}) (boardView, error) {
			provinces, now, err := store.Provinces(ctx, caller)
			view := boardView{Items: make([]provinceView, 0, len(provinces)), At: now}
			for _, p := range provinces {
				view.Items = append(view.Items, viewOf(p, now))
			}
			return view, err
		})
}

func viewOf(p Province, now time.Time) provinceView {
	return provinceView{
		Code: p.Code, Name: p.Code.Name().Chinese, NameEn: p.Code.Name().English, Connected: p.Connected(now), State: p.State, Error: p.Error,
		LagSeconds: p.LagSeconds(now), LagBytes: p.LagBytes, BacklogMessages: p.BacklogMessages, BacklogBytes: p.BacklogBytes,
		Epoch: p.Epoch, LSN: p.LSN, AppliedAt: p.AppliedAt, HeartbeatAt: p.HeartbeatAt, HeardAt: p.HeardAt, DataTime: p.DataTime,
		Reference: p.Reference, ReferenceHead: p.ReferenceHead,
		Divergences: p.Divergences, Conflicts: p.Conflicts, Rows: p.Rows, RowsAt: p.RowsAt,
		LastCertificate: (*certificateView)(p.Certificate),
	}
}
