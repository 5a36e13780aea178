package handover

import (
	"context"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
	"jike/province/customer"
	"jike/province/job"
)

// handoverView is a hand-over as the browser sees it.
type handoverView struct {
	ID        int64       `json:"id"`
	Actor     string      `json:"actor" doc:"Login of who ordered it"`
	At        time.Time   `json:"at"`
	Reason    string      `json:"reason"`
	Customers int         `json:"customers" doc:"As ordered"`
	UndoesID  int64       `json:"undoesId" doc:"The hand-over that this one hands back; 0: none"`
	UndoneBy  int64       `json:"undoneBy" doc:"The hand-over that hands this one back; 0: none"`
	Parties   []partyView `json:"parties"`
	Job       *job.View   `json:"job" doc:"Null: forgotten"`
	Own       bool        `json:"own" doc:"The caller may cancel its job and fetch the result"`
}

type partyView struct {
	UnitID    int64  `json:"unitId"`
	Name      string `json:"name"`
	Side      string `json:"side" enum:"from,to"`
	Customers int    `json:"customers" doc:"Handed over so far"`
}

type listInput struct {
	Page int `query:"page" minimum:"1" maximum:"1000000" default:"1"`
	Size int `query:"size" minimum:"1" maximum:"200" default:"20"`
}

// listView is a page of hand-overs.
type listView struct {
	Items []handoverView `json:"items"`
	Total int            `json:"total" doc:"Rows of all pages"`
	Page  int            `json:"page"`
	Size  int            `json:"size"`
}

type noticesView struct {
	Items []handoverView `json:"items"`
}

type previewInput struct{ Body customer.ChoiceBody }

type previewView struct {
	Customers int        `json:"customers"`
	Managers  []loadView `json:"managers" doc:"In whose care they are, at most twenty, the greatest first"`
	Others    int        `json:"others" doc:"Further managers"`
	Contracts int        `json:"contracts" doc:"In force and ending within 90 days"`
	Jobs      int        `json:"jobs" doc:"Open"`
	Team      int        `json:"team" doc:"Who are, or will be, in the customers' teams"`
}

type loadView struct {
	ID        int64  `json:"id" doc:"0: nobody"`
	Name      string `json:"name"`
	Customers int    `json:"customers"`
}

type orderBody struct {
	customer.ChoiceBody
	Expected int    `json:"expected" doc:"How many customers the preview named"`
	ToID     int64  `json:"toId" doc:"Unit of the new account manager"`
	Reason   string `json:"reason" maxLength:"500"`
	Release  bool   `json:"releaseTeams,omitempty" doc:"Who are in the customers' teams are in them no longer"`
}

type makeInput struct{ Body orderBody }

type undoBody struct {
	Reason string `json:"reason" maxLength:"500"`
}

type undoInput struct {
	ID   int64 `path:"id"`
	Body undoBody
}

type oneInput struct {
	ID int64 `path:"id"`
}

// Register adds the portal's operations on hand-overs.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/handovers", ID: "handover-list", Tag: "handover",
		Summary: "Hand-overs by the caller or of people in scope, the newest first", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *listInput) (listView, error) {
			list, total, err := store.List(ctx, caller, in.Page, in.Size)
			if err != nil {
				return listView{}, err
			}
			items, err := store.views(ctx, caller, list)
			return listView{Items: items, Total: total, Page: in.Page, Size: in.Size}, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/handovers/notices", ID: "handover-notices", Tag: "handover",
		Summary: "Hand-overs from or to the caller that were not acknowledged", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, _ *struct{}) (noticesView, error) {
			list, err := store.Notices(ctx, caller)
			if err != nil {
				return noticesView{}, err
			}
			items, err := store.views(ctx, caller, list)
			return noticesView{items}, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/handovers/{id}/acknowledge", ID: "handover-acknowledge", Tag: "handover",
		Summary: "Take a hand-over off the caller's notices", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *oneInput) (portal.Nothing, error) {
			return portal.Nothing{}, store.Acknowledge(ctx, caller, in.ID)
		})
	registerOrders(s, store)
}

func registerOrders(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/handovers/preview", ID: "handover-preview", Tag: "handover",
		Summary: "What a hand-over would be about", Permission: account.CustomerAssign,
	},
		func(ctx context.Context, caller account.Caller, in *previewInput) (previewView, error) {
			c, err := in.Body.Choice()
			if err != nil {
				return previewView{}, err
			}
			p, err := store.Preview(ctx, caller, c)
			return previewOf(p), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/handovers", ID: "handover-make", Tag: "handover", Status: http.StatusAccepted,
		Summary: "Hand customers over to another account manager, as a job", Permission: account.CustomerAssign,
	},
		func(ctx context.Context, caller account.Caller, in *makeInput) (handoverView, error) {
			c, err := in.Body.Choice()
			if err != nil {
				return handoverView{}, err
			}
			h, err := store.Make(ctx, caller, Order{Choice: c, Expected: in.Body.Expected, ToID: in.Body.ToID, Reason: in.Body.Reason, Release: in.Body.Release})
			return store.view(ctx, caller, h, err)
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/handovers/{id}/undo", ID: "handover-undo", Tag: "handover", Status: http.StatusAccepted,
		Summary: "Hand back what was handed over and not given away since, as a job", Permission: account.CustomerAssign,
	},
		func(ctx context.Context, caller account.Caller, in *undoInput) (handoverView, error) {
			h, err := store.Undo(ctx, caller, in.ID, in.Body.Reason)
			return store.view(ctx, caller, h, err)
		})
}

// mostManagers is how many managers a preview names.
const mostManagers = 20

func previewOf(p Preview) previewView {
	v := previewView{Customers: p.Customers, Contracts: p.Contracts, Jobs: p.Jobs, Team: p.Team, Managers: make([]loadView, 0, mostManagers)}
	for _, l := range p.Managers[:min(mostManagers, len(p.Managers))] {
		v.Managers = append(v.Managers, loadView{l.Manager.ID, l.Manager.Name, l.Customers})
	}
	v.Others = len(p.Managers) - len(v.Managers)
	return v
}

func (s *Store) view(ctx context.Context, caller account.Caller, h Handover, err error) (handoverView, error) {
	if err != nil {
		return handoverView{}, err
	}
	views, err := s.views(ctx, caller, []Handover{h})
	if err != nil {
		return handoverView{}, err
	}
	return views[0], nil
}

// views are hand-overs as the browser sees them, with how far their jobs are.
func (s *Store) views(ctx context.Context, caller account.Caller, list []Handover) ([]handoverView, error) {
	ids := make([]int64, len(list))
	for i, h := range list {
		ids[i] = h.JobID
	}
	jobs, err := s.jobs.ByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	views := make([]handoverView, 0, len(list))
	for _, h := range list {
		v := handoverView{
			ID: h.ID, Actor: h.Actor, At: h.At, Reason: h.Reason, Customers: h.Customers, UndoesID: h.UndoesID, UndoneBy: h.UndoneBy,
			Parties: make([]partyView, 0, len(h.Parties)), Own: h.ActorID == caller.AccountID || caller.May(account.JobAdminister),
		}
		for _, p := range h.Parties {
			v.Parties = append(v.Parties, partyView{p.UnitID, p.Name, p.Side, p.Customers})
		}
		if j, there := jobs[h.JobID]; there {
			view := job.ViewOf(j)
			v.Job = &view
		}
		views = append(views, v)
	}
	return views, nil
}
