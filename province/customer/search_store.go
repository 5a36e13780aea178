package customer

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
)

// asker is what a statement is put to: a transaction or a pool.
type asker interface {
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
}

// within gives the filter with the persons of its unit. PostgreSQL plans a list of theirs, which may be of three or of
// half the province, by how many customers each has.
func (f Filter) within(ctx context.Context, db asker) (Filter, error) {
	if f.UnitID == 0 {
		return f, nil
	}
	const query = `SELECT p.id, u.kind = 'province' FROM crm.organisation u JOIN crm.organisation p ON p.path LIKE u.path || '%'
		WHERE u.id = $1 AND (p.kind = 'person' OR p.id = u.id)`
	rows, err := db.Query(ctx, query, f.UnitID)
	if err != nil {
		return f, err
	}
	var id int64
	var whole bool
	_, err = pgx.ForEachRow(rows, []any{&id, &whole}, func() error {
		f.persons = append(f.persons, id)
		return nil
	})
	if whole {
		f.UnitID, f.persons = 0, nil
	}
	return f, err
}

// conditions are those of scope and filter on the row c.
func conditions(caller account.Caller, f Filter) (string, pgx.NamedArgs) {
	args := pgx.NamedArgs{}
	list := append([]string{Within(caller, args), `c.merged_into IS NULL`}, facetConditions(f, args)...)
	if f.ManagerID != 0 {
		list = append(list, `c.manager_id = @manager`)
		args["manager"] = f.ManagerID
	}
	if f.UnitID != 0 {
		list = append(list, `c.manager_id = ANY (@persons)`)
		args["persons"] = f.persons
	}
	if f.Mine {
		list = append(list, `c.manager_id = @scope_unit`)
	}
	if f.Team {
		list = append(list, inTeam)
		args["scope_account"] = caller.AccountID
	}
	if f.Unassigned {
		list = append(list, `c.manager_id IS NULL`)
	}
	if !f.Since.IsZero() {
		list = append(list, `c.updated_at >= @since`)
		args["since"] = f.Since
	}
	if f.DueDays > 0 {
		list = append(list, `c.id IN (SELECT k.customer_id FROM crm.contract k WHERE k.status = 'active'
			AND k.expires_on BETWEEN crm.today() AND crm.today() + @due::integer
			AND NOT EXISTS (SELECT FROM crm.contract r WHERE r.renews_id = k.id AND r.status = 'active'))`)
		args["due"] = f.DueDays
	}
	if f.RosterID != 0 {
		list = append(list, `c.id IN (SELECT e.customer_id FROM crm.roster_entry e WHERE e.roster_id = @roster)`)
		args["roster"] = f.RosterID
	}
	if f.Attribute != "" {
		list = append(list, `c.id IN (SELECT a.customer_id FROM crm.customer_attributes a WHERE a.stated @> jsonb_build_object(@attribute::text, @value::text))`)
		args["attribute"], args["value"] = f.Attribute, f.Value
	}
	if text := strings.TrimSpace(f.Text); text != "" {
		// A merged customer is found by its whole number alone, which leads on to the survivor.
		list[1] = `(c.merged_into IS NULL OR c.number = @whole)`
		args["whole"] = text
		list = append(list, textCondition(parseQuery(f.Text), args))
	}
	return strings.Join(list, " AND "), args
}

// byFacets reports whether the filter is by what the tally counts by, and perhaps by a text.
func (f Filter) byFacets() bool {
	return f.ManagerID == 0 && f.UnitID == 0 && !f.Mine && !f.Team && !f.Unassigned && f.Since.IsZero() && f.DueDays == 0 && f.RosterID == 0 && f.Attribute == ""
}

// facetConditions are those on what the tally counts by.
func facetConditions(f Filter, args pgx.NamedArgs) []string {
	list := []string{`true`}
	add := func(condition, name string, value any) {
		list = append(list, condition)
		args[name] = value
	}
	if len(f.Classes) > 0 {
		add(`c.class = ANY (@classes)`, "classes", f.Classes)
	}
	if len(f.Lifecycles) > 0 {
		add(`c.lifecycle = ANY (@lifecycles)`, "lifecycles", f.Lifecycles)
	}
	if len(f.Industries) > 0 {
		add(`c.industry = ANY (@industries)`, "industries", f.Industries)
	}
	if len(f.Cities) > 0 {
		add(`c.city = ANY (@cities)`, "cities", f.Cities)
	}
	if f.National != nil {
		add(`c.national = @national`, "national", *f.National)
	}
	if f.Sensitive != nil {
		add(`c.sensitive = @sensitive`, "sensitive", *f.Sensitive)
	}
	return list
}

// textCondition is the condition of a search text. Numbers and credit codes are ASCII and the
// database sorts by code point, so a range of their plain index finds a beginning.
func textCondition(q query, args pgx.NamedArgs) string {
	var either []string
	if len(q.terms) > 0 {
		either = append(either, `c.name_terms @> @terms::text[]`)
		args["terms"] = q.terms
	}
	if q.single != "" {
		either = append(either, `strpos(lower(c.name), @single) > 0`)
		args["single"] = q.single
	}
	if q.code != "" {
		either = append(either, `c.number >= @code AND c.number < @code_end`, `c.credit_code >= @code AND c.credit_code < @code_end`)
		args["code"], args["code_end"] = q.code, q.code+"\x7f"
	}
	if len(either) == 0 {
		return `false` // nothing but punctuation
	}
	return `(` + strings.Join(either, ` OR `) + `)`
}
