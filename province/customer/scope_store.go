package customer

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/pg"
	"jike/province/organisation"
)

// ground is one of the conditions under which a row c of crm.customer may be seen, with the rule that it is.
// Who may see and why are told from the same ones.
type ground struct {
	rule Rule
	sql  string
}

// Within is the condition that a row c of crm.customer may be seen by the caller; it adds its
// arguments to args: one of the grounds of reach must hold, and for a sensitive customer one of those that lift its bar.
func Within(caller account.Caller, args pgx.NamedArgs) string {
	_, reach := reaching(caller, args)
	sight := unbarred(caller, args)
	if sight == nil {
		return reach
	}
	condition := reach + ` AND (NOT c.sensitive`
	for _, g := range sight {
		condition += ` OR ` + g.sql
	}
	return condition + `)`
}

// inTeam is the condition that the caller is in the team of a customer c. The array is made once for a statement, and
// with it the customers are found by their key.
const inTeam = `c.id = ANY (ARRAY(SELECT t.customer_id FROM crm.team_member t WHERE t.account_id = @scope_account AND ` + organisation.TeamServes + `))`

// reaching are the grounds on which a customer is within the caller's reach, and the condition that one of them
// holds. Who stands in for others has two, which the condition makes one set of managers: that the managers' index
// answers, and no index an OR with a subquery. Who is in teams has two indexes asked, each with an array.
func reaching(caller account.Caller, args pgx.NamedArgs) (grounds []ground, condition string) {
	grounds, managers := caring(caller, args)
	switch {
	case managers != "" && caller.Teams:
		args["scope_account"] = caller.AccountID
		return append(grounds, ground{RuleTeam, inTeam}), `(c.manager_id = ANY (ARRAY(` + managers + `)) OR ` + inTeam + `)`
	case len(grounds) > 1:
		return grounds, `c.manager_id IN (` + managers + `)`
	}
	return grounds, grounds[0].sql
}

// caring are the grounds that are about who cares for a customer, and the statement of the managers that they come to;
// empty: every customer is within reach, or none.
func caring(caller account.Caller, args pgx.NamedArgs) (grounds []ground, managers string) {
	const persons = `SELECT u.id FROM crm.organisation u WHERE `
	scope := caller.Scope()
	switch scope.Reach {
	case account.ReachOwn:
		args["scope_unit"] = scope.UnitID
		managers, grounds = persons+`u.id = @scope_unit`, []ground{{RuleOwn, `c.manager_id = @scope_unit`}}
	case account.ReachDepartment:
		args["scope_path"] = scope.Path
		managers = persons + `u.path LIKE @scope_path || '%'`
		grounds = []ground{{RuleUnit, `c.manager_id IN (` + managers + `)`}}
	case account.ReachProvince, account.ReachNation:
		return []ground{{RuleProvince, `true`}}, ""
	default:
		return []ground{{"", `false`}}, ""
	}
	if len(scope.Absent) > 0 {
		args["scope_absent"] = scope.Absent
		managers += ` OR u.id = ANY (@scope_absent)`
		grounds = append(grounds, ground{RuleDeputy, `c.manager_id = ANY (@scope_absent)`})
	}
	return grounds, managers
}

// WithinByTeam is the condition that a row c of crm.customer, which is not sensitive, may be seen by the caller for being
// in its team and for nothing else; it adds its arguments to args. Sums by manager do not know such customers.
func WithinByTeam(caller account.Caller, args pgx.NamedArgs) string {
	if !caller.Teams {
		return `false`
	}
	_, otherwise := reaching(caller.InCharge(), args)
	args["scope_account"] = caller.AccountID
	return inTeam + ` AND NOT c.sensitive AND (` + otherwise + `) IS NOT TRUE`
}

// unbarred are the grounds on which the caller sees a sensitive customer within reach: being its own account
// manager, and being named for it (see Viewer). Who may mark customers is barred from none: nil.
func unbarred(caller account.Caller, args pgx.NamedArgs) []ground {
	if caller.May(account.CustomerSensitive) {
		return nil
	}
	args["scope_unit"], args["scope_account"] = caller.Scope().UnitID, caller.AccountID
	return []ground{
		{RuleOwn, `c.manager_id = @scope_unit`},
		// The array is made once for a statement: no index that answers the rest must give way to it.
		{RuleNamed, `c.id = ANY (ARRAY(SELECT v.customer_id FROM crm.sensitive_viewer v
			WHERE v.account_id = @scope_account AND v.until >= crm.today()))`},
	}
}

// Access says on which grounds the caller sees a customer: those of the condition that decides it. Whoever does not
// see it gets NotFound.
func (s *Store) Access(ctx context.Context, caller account.Caller, id int64) (Access, error) {
	args := pgx.NamedArgs{"id": id, "unit": caller.UnitID, "account": caller.AccountID}
	reach, _ := reaching(caller, args)
	sight := unbarred(caller, args)
	held := make([]string, 0, len(reach)+len(sight))
	for _, g := range append(reach, sight...) {
		held = append(held, `(`+g.sql+`) IS TRUE`)
	}
	query := `SELECT c.sensitive, coalesce(m.name, ''), coalesce(u.name, ''), coalesce(u.kind, ''), v.until, coalesce(v.named_by, ''), coalesce(v.reason, ''),
			(SELECT max(d.until_day) FROM crm.deputy d WHERE d.account_id = @account AND d.absent_id = c.manager_id AND ` + organisation.DeputyRuns + `),
			coalesce(t.duty, ''), t.until_day, ARRAY[` + strings.Join(held, `, `) + `]
		FROM crm.customer c LEFT JOIN crm.organisation m ON m.id = c.manager_id LEFT JOIN crm.organisation u ON u.id = @unit
			LEFT JOIN crm.sensitive_viewer v ON v.customer_id = c.id AND v.account_id = @account
			LEFT JOIN crm.team_member t ON t.customer_id = c.id AND t.account_id = @account AND ` + organisation.TeamServes + `
		WHERE c.id = @id AND ` + Within(caller, args)
	var a Access
	var holds []bool
	err := s.db.QueryRow(ctx, query, args).Scan(&a.Sensitive, &a.Manager, &a.Unit, &a.UnitKind, &a.Until, &a.NamedBy, &a.Reason, &a.DeputyUntil, &a.TeamDuty, &a.TeamUntil, &holds)
	if err != nil {
		return Access{}, unknown(err)
	}
	a.Reach = holding(reach, holds)
	switch {
	case !a.Sensitive:
	case sight == nil:
		a.Sight = []Rule{RuleMarks}
	default:
		a.Sight = holding(sight, holds[len(reach):])
	}
	if !slices.Contains(a.Sight, RuleNamed) { // what was once, or is not needed
		a.Until, a.NamedBy, a.Reason = nil, "", ""
	}
	return a, nil
}

func holding(grounds []ground, holds []bool) (rules []Rule) {
	for i, g := range grounds {
		if holds[i] {
			rules = append(rules, g.rule)
		}
	}
	return rules
}

// Own reports whether a customer is in the caller's own care. The caller must have been shown it.
func (s *Store) Own(ctx context.Context, tx pg.Tx, caller account.Caller, id int64) (bool, error) {
	var manager int64
	err := tx.PGX().QueryRow(ctx, `SELECT coalesce(manager_id, 0) FROM crm.customer WHERE id = $1`, id).Scan(&manager)
	return caller.CaresFor(manager), unknown(err)
}
