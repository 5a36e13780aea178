package trail

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/portal"
)

type lineView struct {
	ID         int64          `json:"id"`
	At         time.Time      `json:"at"`
	Actor      string         `json:"actor" doc:"Login, or partner: and a domain, or system: and a task"`
	Action     string         `json:"action" doc:"Such as customer.change"`
	ObjectKind string         `json:"objectKind" doc:"Such as contact"`
	ObjectID   int64          `json:"objectId" doc:"0: no single record"`
	CustomerID int64          `json:"customerId" doc:"Whose file it concerns; 0: none"`
	Before     map[string]any `json:"before" doc:"What was changed, as it was; personal values masked"`
	After      map[string]any `json:"after" doc:"As it was then; personal values masked"`
}

type searchInput struct {
	Actor      string    `query:"actor" maxLength:"80" doc:"The whole login"`
	Action     string    `query:"action" maxLength:"80"`
	ObjectKind string    `query:"objectKind" maxLength:"80"`
	ObjectID   int64     `query:"objectId" minimum:"0" doc:"Of the kind"`
	CustomerID int64     `query:"customerId" minimum:"0" doc:"Whose file it concerns"`
	From       time.Time `query:"from" doc:"The first moment that counts"`
	To         time.Time `query:"to" doc:"The first moment that does not count any more"`
	After      string    `query:"after" maxLength:"40" doc:"Where a page ended"`
	Size       int       `query:"size" minimum:"1" maximum:"200" default:"50"`
}

type searchView struct {
	Items []lineView `json:"items"`
	Next  string     `json:"next" doc:"What to give as after for the next page; empty: this is the last"`
}

type verificationView struct {
	ID         int64      `json:"id"`
	StartedAt  time.Time  `json:"startedAt"`
	StartedBy  string     `json:"startedBy"`
	FinishedAt *time.Time `json:"finishedAt"`
	State      string     `json:"state" enum:"running,holds,broken,failed"`
	Seals      int64      `json:"seals" doc:"That hold"`
	Lines      int64      `json:"lines" doc:"Under them"`
	Unsealed   int64      `json:"unsealed" doc:"Newer than the last seal"`
	LastHash   string     `json:"lastHash" doc:"Of the last seal; noted elsewhere it shows later that no seal was removed"`
	BrokenSeal int64      `json:"brokenSeal" doc:"The first that does not hold; 0: none"`
	Reason     string     `json:"reason"`
}

type verificationList struct {
	Items []verificationView `json:"items"`
}

// Register adds the portal's operations on the trail, the same at both levels.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/audit", ID: "audit-search", Tag: "audit",
		Summary: "Lines of the audit trail, the newest first", Permission: account.AuditRead,
	}, store.search)
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/audit/verifications", ID: "audit-verification-list", Tag: "audit",
		Summary: "The last verifications of the trail's chain", Permission: account.AuditRead,
	},
		func(ctx context.Context, caller account.Caller, _ *struct{}) (verificationList, error) {
			list, err := store.Verifications(ctx, caller)
			out := verificationList{make([]verificationView, 0, len(list))}
			for _, v := range list {
				out.Items = append(out.Items, verificationOf(v))
			}
			return out, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/audit/verifications", ID: "audit-verification-start", Tag: "audit",
		Summary: "Compute the trail's chain anew", Permission: account.AuditRead, Status: http.StatusAccepted,
	},
		func(ctx context.Context, caller account.Caller, _ *struct{}) (verificationView, error) {
			v, err := store.Order(ctx, caller)
			return verificationOf(v), err
		})
}

func (s *Store) search(ctx context.Context, caller account.Caller, in *searchInput) (searchView, error) {
	var after *audit.Place
	if in.After != "" {
		var micros, id int64
		if _, err := fmt.Sscanf(in.After, "%d-%d", &micros, &id); err != nil {
			return searchView{}, fault.Field(fault.Format, "after", "input.format")
		}
		after = &audit.Place{At: time.UnixMicro(micros), ID: id}
	}
	page, more, err := s.Search(ctx, caller, audit.Filter{
		Actor: in.Actor, Action: in.Action, ObjectKind: in.ObjectKind, ObjectID: in.ObjectID, CustomerID: in.CustomerID, From: in.From, To: in.To,
	}, after, in.Size)
	out := searchView{Items: make([]lineView, 0, len(page))}
	for _, l := range page {
		out.Items = append(out.Items, lineView{l.ID, l.At, l.Actor, l.Action, l.ObjectKind, l.ObjectID, l.CustomerID, orEmpty(l.Before), orEmpty(l.After)})
	}
	if more {
		last := page[len(page)-1]
		out.Next = fmt.Sprintf("%d-%d", last.At.UnixMicro(), last.ID)
	}
	return out, err
}

func orEmpty(doc map[string]any) map[string]any {
	if doc == nil {
		return map[string]any{}
	}
	return doc
}

func verificationOf(v Verification) verificationView {
	out := verificationView{
		ID: v.ID, StartedAt: v.StartedAt, StartedBy: v.StartedBy, FinishedAt: v.FinishedAt, State: "holds",
		Seals: v.Seals, Lines: v.Lines, Unsealed: v.Unsealed, LastHash: v.LastHash, Reason: v.Reason,
	}
	switch {
	case v.FinishedAt == nil:
		out.State = "running"
	case v.BrokenSeal != nil:
		out.State, out.BrokenSeal = "broken", *v.BrokenSeal
	case v.Reason != "":
		out.State = "failed"
	}
	return out
}
