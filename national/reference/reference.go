// Package reference is the reference data (基础数据) that headquarters keeps for the provinces: the
// product catalogue, code tables, what the classes mean, the list of national key accounts,
// selection policies and notices.
//
// A row is for all provinces or for one, for good. It may be changed, and it may expire, but it is
// never deleted: a province that was away for weeks learns from the row itself that it no longer
// holds. Each transaction that changes rows gets one version, a number that rises by one; from it
// sync/publish knows what a province lacks.
package reference

import (
	"errors"
	"time"

	"jike/internal/fault"
	"jike/schemas/codes"
)

// Row is one row of a kind. Values hold the kind's fields by name.
type Row struct {
	ID        int64
	Province  codes.Province // 0: for all
	Version   int64          // of the change that last wrote it
	ChangedAt time.Time
	ExpiredAt *time.Time // nil: it holds
	Values    map[string]any
}

// Kind is one kind of reference data: a table of schema ref.
type Kind struct {
	Name   string // as operations name it
	Table  string // in the schema ref
	Fields []Field
	Key    []string  // the fields that name a row among those that hold, with the province
	Order  [2]string // a field that must not be after the other; empty: none
}

// Field is a field of a kind, and how it is written in the database.
type Field struct {
	Name     string
	Column   string
	Type     Type
	Optional bool
	Most     int      // characters of a text; 0: 200
	Values   []string // of a choice
}

// Type says what a field holds.
type Type string

// The types of fields.
const (
	Text       Type = "text"
	Choice     Type = "choice" // one of Field.Values
	Count      Type = "count"  // a whole number from 0
	Date       Type = "date"
	Time       Type = "time"
	Document   Type = "document" // a JSON object
	CreditCode Type = "creditCode"
)

// kinds is the table of all that there is.
var kinds = []Kind{
	{Name: "products", Table: "product", Key: []string{"code"}, Order: [2]string{"effectiveOn", "expiresOn"}, Fields: []Field{
		{Name: "code", Column: "code", Type: Text, Most: 32},
		{Name: "nameZh", Column: "name_zh", Type: Text},
		{Name: "nameEn", Column: "name_en", Type: Text},
		{Name: "family", Column: "family", Type: Text, Most: 40},
		{Name: "unit", Column: "unit", Type: Text, Most: 20},
		{Name: "monthlyFeeFen", Column: "monthly_fee_fen", Type: Count},
		{Name: "status", Column: "status", Type: Choice, Values: []string{"planned", "active", "retired"}},
		{Name: "effectiveOn", Column: "effective_on", Type: Date},
		{Name: "expiresOn", Column: "expires_on", Type: Date, Optional: true},
	}},
	{Name: "codes", Table: "code", Key: []string{"list", "code"}, Fields: []Field{
		{Name: "list", Column: "list", Type: Text, Most: 40},
		{Name: "code", Column: "code", Type: Text, Most: 40},
		{Name: "nameZh", Column: "name_zh", Type: Text},
		{Name: "nameEn", Column: "name_en", Type: Text},
		{Name: "position", Column: "position", Type: Count},
	}},
	{Name: "classes", Table: "class", Key: []string{"class"}, Fields: []Field{
		{Name: "class", Column: "class", Type: Choice, Values: []string{"A1", "A2", "B1", "B2", "C", "D"}},
		{Name: "nameZh", Column: "name_zh", Type: Text},
		{Name: "nameEn", Column: "name_en", Type: Text},
		{Name: "ruleZh", Column: "rule_zh", Type: Text, Most: 2000},
		{Name: "ruleEn", Column: "rule_en", Type: Text, Most: 2000},
	}},
	{Name: "key-accounts", Table: "key_account", Key: []string{"creditCode"}, Fields: []Field{
		{Name: "creditCode", Column: "credit_code", Type: CreditCode},
		{Name: "name", Column: "name", Type: Text},
		{Name: "since", Column: "since", Type: Date},
	}},
	{Name: "policies", Table: "selection_policy", Key: []string{"number"}, Fields: []Field{
		{Name: "number", Column: "number", Type: Count},
		{Name: "rule", Column: "rule", Type: Document},
		{Name: "effectiveAt", Column: "effective_at", Type: Time},
		{Name: "note", Column: "note", Type: Text, Optional: true, Most: 2000},
	}},
	{Name: "notices", Table: "notice", Order: [2]string{"validFrom", "validTo"}, Fields: []Field{
		{Name: "title", Column: "title", Type: Text, Most: 120},
		{Name: "body", Column: "body", Type: Text, Most: 4000},
		{Name: "level", Column: "level", Type: Choice, Values: []string{"info", "warning", "urgent"}},
		{Name: "validFrom", Column: "valid_from", Type: Time},
		{Name: "validTo", Column: "valid_to", Type: Time},
	}},
}

// Kinds lists all kinds.
func Kinds() []Kind { return kinds }

// KindOf finds a kind by its name, or gives a NotFound fault.
func KindOf(name string) (Kind, error) {
	for _, k := range kinds {
		if k.Name == name {
			return k, nil
		}
	}
	return Kind{}, fault.New(fault.NotFound, "reference.kind.unknown", "kind", name)
}

// Draft is a row as somebody states it.
type Draft struct {
	Province codes.Province
	Values   map[string]any
}

// stated is a draft that was checked: the fields' values in their order, nil for none.
type stated struct {
	province codes.Province
	values   []*string
}

// check reads a draft, with the faults of all fields joined.
func (k Kind) check(d Draft) (stated, error) {
	s := stated{province: d.Province}
	var faults []error
	if d.Province != codes.Headquarters && !d.Province.Known() {
		faults = append(faults, fault.Field(fault.Enumeration, "province", "province.unknown", "value", d.Province.String()))
	}
	known := map[string]bool{}
	read := map[string]string{}
	for _, f := range k.Fields {
		known[f.Name] = true
		value, err := f.read(d.Values[f.Name])
		if err != nil {
			faults = append(faults, err)
		}
		if value != nil {
			read[f.Name] = *value
		}
		s.values = append(s.values, value)
	}
	for name := range d.Values {
		if !known[name] {
			faults = append(faults, fault.Field(fault.Format, name, "input.unexpected"))
		}
	}
	if first, last := read[k.Order[0]], read[k.Order[1]]; len(faults) == 0 && last != "" && last < first {
		faults = append(faults, fault.Field(fault.Rule, k.Order[1], "reference.ends_before_it_begins"))
	}
	return s, errors.Join(faults...)
}

// key is the natural key of a checked draft, nil for a kind without one.
func (k Kind) key(s stated) []string {
	var key []string
	for _, name := range k.Key {
		for i, f := range k.Fields {
			if f.Name == name && s.values[i] != nil {
				key = append(key, *s.values[i])
			}
		}
	}
	return key
}
