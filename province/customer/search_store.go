package customer

import (
	"strings"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
)

// conditions are those of scope and filter on the row c.
func conditions(caller account.Caller, f Filter) (string, pgx.NamedArgs) {
	args := pgx.NamedArgs{}
	list := append([]string{Within(caller, args), `c.merged_into IS NULL`}, facetConditions(f, args)...)
	if f.ManagerID != 0 {
		list = append(list, `c.manager_id = @manager`)
		args["manager"] = f.ManagerID
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
