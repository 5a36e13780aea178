package customer

import (
	"context"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
)

// accessView is an Access as the browser sees it.
type accessView struct {
	Reach       []Rule `json:"reach" enum:"own,unit,deputy,team,province" doc:"By which the customer is within reach"`
	Sensitive   bool   `json:"sensitive"`
	Sight       []Rule `json:"sight" enum:"own,named,marks" doc:"By which a sensitive customer is seen besides"`
	Manager     string `json:"manager" doc:"The customer's account manager; empty: nobody"`
	Unit        string `json:"unit" doc:"The caller's place in the organisation; empty: none"`
	UnitKind    string `json:"unitKind" enum:",province,city,department,person"`
	DeputyUntil string `json:"deputyUntil" doc:"The last day on which the caller stands in for the manager, YYYY-MM-DD; empty: does not"`
	TeamDuty    string `json:"teamDuty" enum:",assistant,project_manager,solution_specialist,delivery_engineer,service_specialist,billing_specialist" doc:"The caller's in the customer's team; empty: is not in it"`
	TeamUntil   string `json:"teamUntil" doc:"The last day of that, YYYY-MM-DD"`
	Until       string `json:"until" doc:"The last day for which the caller is named, YYYY-MM-DD; empty: not named"`
	NamedBy     string `json:"namedBy"`
	Reason      string `json:"reason"`
}

// registerAccess adds the portal's operation that says why somebody sees a customer.
func registerAccess(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/customers/{id}/access", ID: "customer-access", Tag: "customer",
		Summary: "Why the caller sees a customer", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *oneInput) (accessView, error) {
			a, err := store.Access(ctx, caller, in.ID)
			v := accessView{
				Reach: rules(a.Reach), Sensitive: a.Sensitive, Sight: rules(a.Sight), Manager: a.Manager,
				Unit: a.Unit, UnitKind: a.UnitKind, TeamDuty: a.TeamDuty, NamedBy: a.NamedBy, Reason: a.Reason,
			}
			v.Until, v.DeputyUntil, v.TeamUntil = dayOf(a.Until), dayOf(a.DeputyUntil), dayOf(a.TeamUntil)
			return v, err
		})
}

func dayOf(day *time.Time) string {
	if day == nil {
		return ""
	}
	return day.Format(time.DateOnly)
}

// rules are never null for the browser.
func rules(list []Rule) []Rule { return append([]Rule{}, list...) }
