package overview

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/portal"
)

type timelineInput struct {
	ID    int64    `path:"id"`
	Kind  []string `query:"kind" enum:"interaction,wish,contract,subscription,bill,merge,import,change" maxItems:"8" doc:"None: all"`
	After string   `query:"after" maxLength:"60" doc:"The next of the page before; empty: from the newest"`
}

type timelineView struct {
	Items []eventView `json:"items" doc:"The newest first, at most 30"`
	Next  string      `json:"next" doc:"Where the next page begins; empty: there is none"`
}

type eventView struct {
	Key        string         `json:"key" doc:"Its place on the timeline"`
	At         time.Time      `json:"at"`
	Kind       string         `json:"kind" enum:"interaction,wish,contract,subscription,bill,merge,import,change"`
	Action     string         `json:"action" doc:"Such as contract.renew"`
	Actor      string         `json:"actor" doc:"Empty: nobody of ours"`
	Absent     string         `json:"absent" doc:"Name of the account manager for whom the actor stood in; empty: nobody"`
	ObjectKind string         `json:"objectKind"`
	ObjectID   int64          `json:"objectId"`
	Before     map[string]any `json:"before" doc:"Empty if nothing was there"`
	After      map[string]any `json:"after" doc:"Empty if nothing is left"`
}

// registerTimeline adds the operation that reads the timeline.
func registerTimeline(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/customers/{id}/timeline", ID: "customer-timeline", Tag: "customer",
		Summary: "What happened with a customer, of all sources in the order of time", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *timelineInput) (timelineView, error) {
			after, err := readPlace(in.After)
			if err != nil {
				return timelineView{}, err
			}
			list, more, err := store.Timeline(ctx, caller, in.ID, mapped(in.Kind, func(k string) Kind { return Kind(k) }), after)
			v := timelineView{Items: mapped(list, eventOf)}
			if more {
				v.Next = list[len(list)-1].key()
			}
			return v, err
		})
}

func eventOf(e Event) eventView {
	return eventView{e.key(), e.At, string(e.Kind), e.Action, e.Actor, e.Absent, e.ObjectKind, e.ObjectID, orEmpty(e.Before), orEmpty(e.After)}
}

// key writes a place; the database knows times to the microsecond.
func (p Place) key() string { return fmt.Sprintf("%d_%d_%d", p.At.UnixMicro(), p.Source, p.ID) }

func readPlace(key string) (*Place, error) {
	if key == "" {
		return nil, nil
	}
	var p Place
	var micros int64
	if _, err := fmt.Sscanf(key, "%d_%d_%d", &micros, &p.Source, &p.ID); err != nil {
		return nil, fault.Field(fault.Format, "after", "input.format")
	}
	p.At = time.UnixMicro(micros)
	return &p, nil
}
