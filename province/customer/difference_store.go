package customer

import (
	"fmt"

	"github.com/jackc/pgx/v5"
)

// attribute is one fact: its name to callers, its column, and its value as stored.
type attribute struct {
	name, column string
	value        func(f *Facts) any
}

var attributes = []attribute{
	{"creditCode", "credit_code", func(f *Facts) any { return unlessZero(string(f.CreditCode)) }},
	{"name", "name", func(f *Facts) any { return f.Name }},
	{"industry", "industry", func(f *Facts) any { return string(f.Industry) }},
	{"city", "city", func(f *Facts) any { return string(f.City) }},
	{"class", "class", func(f *Facts) any { return string(f.Class) }},
	{"lifecycle", "lifecycle", func(f *Facts) any { return string(f.Lifecycle) }},
	{"parentId", "parent_id", func(f *Facts) any { return unlessZero(f.ParentID) }},
	{"managerId", "manager_id", func(f *Facts) any { return unlessZero(f.ManagerID) }},
	{"sensitive", "sensitive", func(f *Facts) any { return f.Sensitive }},
	{"crossProvince", "cross_province_claim", func(f *Facts) any { return f.CrossProvince }},
	{"address", "address", func(f *Facts) any { return f.Address }},
	{"postcode", "postcode", func(f *Facts) any { return f.Postcode }},
	{"legalPerson", "legal_person", func(f *Facts) any { return f.LegalPerson }},
	{"registeredCapitalFen", "registered_capital_fen", func(f *Facts) any { return pointed(f.RegisteredCapitalFen) }},
	{"headcount", "headcount", func(f *Facts) any { return pointed(f.Headcount) }},
	{"annualSalesFen", "annual_sales_fen", func(f *Facts) any { return pointed(f.AnnualSalesFen) }},
	{"profile", "profile", func(f *Facts) any { return f.Profile }},
	{"remark", "remark", func(f *Facts) any { return f.Remark }},
	{"organisationType", "organisation_type", func(f *Facts) any { return f.OrganisationType }},
	{"licenceType", "licence_type", func(f *Facts) any { return f.LicenceType }},
	{"licenceNumber", "licence_number", func(f *Facts) any { return f.LicenceNumber }},
	{"creditLevel", "credit_level", func(f *Facts) any { return f.CreditLevel }},
	{"creditLimitFen", "credit_limit_fen", func(f *Facts) any { return pointed(f.CreditLimitFen) }},
}

// unlessZero is nil, NULL in the database, for a zero value.
func unlessZero[T comparable](v T) any {
	if v == *new(T) {
		return nil
	}
	return v
}

// pointed is nil for a nil pointer, else the value.
func pointed[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

// delta is what a change changes: SET clauses with their arguments, and both states for the trail.
type delta struct {
	columns       []string
	args          pgx.NamedArgs
	before, after map[string]any
}

func (d *delta) set(name, column string, before, after any) {
	d.columns = append(d.columns, fmt.Sprintf("%s = @%s", column, column))
	d.args[column], d.before[name], d.after[name] = after, before, after
}

// difference holds only what differs: a large column that stays is not written again.
func difference(before, after *Facts) delta {
	d := delta{args: pgx.NamedArgs{}, before: map[string]any{}, after: map[string]any{}}
	for _, a := range attributes {
		if b, n := a.value(before), a.value(after); b != n {
			d.set(a.name, a.column, b, n)
		}
	}
	return d
}
