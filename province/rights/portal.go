package rights

import (
	"context"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
	"jike/province/contact"
	"jike/province/organisation"
)

// rightsView are Rights as the browser sees them.
type rightsView struct {
	Units        []unitView       `json:"units" doc:"Within reach, each after the one above it, without people, 300 at most"`
	People       int              `json:"people" doc:"Account managers within reach"`
	MaskedOwn    []contact.Field  `json:"maskedOwn" enum:"workPhone,mobile,email,birthday,family,hobbies" doc:"Facts that are read masked at customers in the account's own care"`
	MaskedOthers []contact.Field  `json:"maskedOthers" enum:"workPhone,mobile,email,birthday,family,hobbies" doc:"And at customers in the care of others"`
	ExportsAlone *int             `json:"exportsAlone" doc:"Customers that it exports without approval; null: it exports none"`
	Deputyships  []deputyshipView `json:"deputyships" doc:"Account managers for whom it stands in today"`
	Teams        []teamView       `json:"teams" doc:"Customers in whose teams it is today, of those that the caller sees, 200 at most"`
	Named        []namedView      `json:"named" doc:"Sensitive customers that it is named for, of those that the caller sees, 200 at most"`
}

type unitView struct {
	ID    int64             `json:"id"`
	Kind  organisation.Kind `json:"kind" enum:"province,city,department"`
	Name  string            `json:"name"`
	Level int               `json:"level" doc:"From 1, the province"`
}

type deputyshipView struct {
	Absent string `json:"absent"`
	Until  string `json:"until" doc:"The last day, YYYY-MM-DD"`
	Reason string `json:"reason"`
}

type teamView struct {
	CustomerID int64  `json:"customerId"`
	Number     string `json:"number"`
	Name       string `json:"name"`
	Duty       string `json:"duty" enum:"assistant,project_manager,solution_specialist,delivery_engineer,service_specialist,billing_specialist"`
	Until      string `json:"until" doc:"The last day, YYYY-MM-DD"`
}

type namedView struct {
	CustomerID int64  `json:"customerId"`
	Number     string `json:"number"`
	Name       string `json:"name"`
	Until      string `json:"until" doc:"The last day, YYYY-MM-DD"`
	Reason     string `json:"reason"`
}

type ofInput struct {
	Account int64 `query:"account" minimum:"0" doc:"Another's, with account.manage; 0: the caller's own"`
}

// Register adds the portal's operation on effective rights.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/rights", ID: "rights-get", Tag: "account",
		Summary: "What an account's rights come to at this moment, beside the permissions of its role", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *ofInput) (rightsView, error) {
			of := in.Account
			if of == 0 {
				of = caller.AccountID
			}
			r, err := store.Of(ctx, caller, s.CallerOf, of)
			return viewOf(r), err
		})
}

func viewOf(r Rights) rightsView {
	v := rightsView{
		Units: make([]unitView, 0, len(r.Units)), People: r.People, ExportsAlone: r.ExportsAlone,
		MaskedOwn: append([]contact.Field{}, r.MaskedOwn...), MaskedOthers: append([]contact.Field{}, r.MaskedOthers...),
		Deputyships: make([]deputyshipView, 0, len(r.Deputyships)), Teams: make([]teamView, 0, len(r.Teams)), Named: make([]namedView, 0, len(r.Named)),
	}
	for _, u := range r.Units {
		v.Units = append(v.Units, unitView{u.ID, u.Kind, u.Name, levels[u.Kind]})
	}
	for _, d := range r.Deputyships {
		v.Deputyships = append(v.Deputyships, deputyshipView{d.Absent, d.Until.Format(time.DateOnly), d.Reason})
	}
	for _, t := range r.Teams {
		v.Teams = append(v.Teams, teamView{t.CustomerID, t.Number, t.Name, t.Duty, t.Until.Format(time.DateOnly)})
	}
	for _, n := range r.Named {
		v.Named = append(v.Named, namedView{n.CustomerID, n.Number, n.Name, n.Until.Format(time.DateOnly), n.Reason})
	}
	return v
}

// levels are how far below the root the kinds of units stand.
var levels = map[organisation.Kind]int{
	organisation.KindProvince: 1, organisation.KindCity: 2, organisation.KindDepartment: 3,
}
