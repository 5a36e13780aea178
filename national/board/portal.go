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
	State           string           `json:"state" enum:"waiting,joining,running,refilling,stopped,paused"`
	Error           string           `json:"error" doc:"Why the stream is stopped or paused"`
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

	TransactionsPerSecond float64      `json:"transactionsPerSecond" doc:"Applied of late"`
	ChangesPerSecond      float64      `json:"changesPerSecond"`
	Wal                   string       `json:"wal" doc:"State of the province's slot: reserved, extended, unreserved, lost; empty: not known"`
	LogLeft               *int64       `json:"logLeft,omitempty" doc:"Bytes until the province's database may give up its slot; -1: no limit; missing: not known"`
	LogDays               *float64     `json:"logDays,omitempty" doc:"Days until then"`
	LeafDays              *float64     `json:"leafDays,omitempty" doc:"Days until the leaf server is full"`
	HubDays               *float64     `json:"hubDays,omitempty" doc:"Days until the hub drops what is not applied"`
	Parked                int64        `json:"parked" doc:"Transactions that were not applied and wait for a person"`
	Dirty                 int64        `json:"dirty" doc:"Keys whose rows may differ for that"`
	Copy                  *copyView    `json:"copy,omitempty" doc:"The first copy, while it runs"`
	Advice                []adviceView `json:"advice" doc:"What a person should know, the worst first; empty: all is well"`
}

type copyView struct {
	Expected int64     `json:"expected" doc:"Rows, about"`
	Copied   int64     `json:"copied"`
	BegunAt  time.Time `json:"begunAt"`
}

type adviceView struct {
	Code    string `json:"code" enum:"slot-lost,stopped,hub-ends,log-ends,leaf-ends,parked,diverged,not-heard,lagging,divergences,not-proved,paused,refilling,joining"`
	Urgency string `json:"urgency" enum:"now,soon,none" doc:"How soon somebody has to act"`
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
	advice := []adviceView{}
	for _, item := range p.Advice(now) {
		advice = append(advice, adviceView{string(item.Advice), string(item.Urgency)})
	}
	return provinceView{
		Code: p.Code, Name: p.Code.Name().Chinese, NameEn: p.Code.Name().English, Connected: p.Connected(now), State: p.State, Error: p.Error,
		LagSeconds: p.LagSeconds(now), LagBytes: p.LagBytes, BacklogMessages: p.BacklogMessages, BacklogBytes: p.BacklogBytes,
		Epoch: p.Epoch, LSN: p.LSN, AppliedAt: p.AppliedAt, HeartbeatAt: p.HeartbeatAt, HeardAt: p.HeardAt, DataTime: p.DataTime,
		Reference: p.Reference, ReferenceHead: p.ReferenceHead,
		Divergences: p.Divergences, Conflicts: p.Conflicts, Rows: p.Rows, RowsAt: p.RowsAt,
		LastCertificate: (*certificateView)(p.Certificate), TransactionsPerSecond: p.Transactions, ChangesPerSecond: p.Changes,
		Wal: p.Wal, LogLeft: p.LogLeft, LogDays: p.LogDays, LeafDays: p.LeafDays, HubDays: p.HubDays, Parked: p.Parked, Dirty: p.Dirty,
		Copy: (*copyView)(p.Copy), Advice: advice,
	}
}
