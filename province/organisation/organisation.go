// Package organisation is the tree that data scope hangs on: province – city – department – person
// (省公司 – 地市公司 – 部门 – 客户经理). A customer is in the care of a person of the tree; who
// reaches the person by the path of ids from the root reaches the customer.
package organisation

import (
	"strings"
	"unicode/utf8"

	"jike/internal/fault"
	"jike/schemas/codes"
)

// Kind is the level of a unit.
type Kind string

// The kinds, from the root down.
const (
	KindProvince   Kind = "province"
	KindCity       Kind = "city"
	KindDepartment Kind = "department"
	KindPerson     Kind = "person"
)

// Unit is a node of the tree.
type Unit struct {
	ID       int64
	ParentID int64 // 0: the root
	Kind     Kind
	Code     string // province and city: GB/T 2260; department and person: the carrier's own number (工号)
	Name     string
	Path     string // ids from the root to this unit: "/1/5/17/"
	Active   bool
}

// below says which kind of unit stands above a kind.
var below = map[Kind]Kind{KindProvince: "", KindCity: KindProvince, KindDepartment: KindCity, KindPerson: KindDepartment}

// maxName is the greatest length of a unit's name, in characters.
const maxName = 60

// check gives a fault if the unit cannot stand below parent, nil for the root.
func (u Unit) check(parent *Unit) error {
	above, known := below[u.Kind]
	var kind Kind
	if parent != nil {
		kind = parent.Kind
	}
	switch {
	case !known:
		return fault.Field(fault.Enumeration, "kind", "organisation.kind.unknown")
	case kind != above:
		return fault.Field(fault.Rule, "parentId", "organisation.parent.kind", "kind", string(u.Kind), "below", string(above))
	case parent != nil && !parent.Active:
		return fault.Field(fault.Rule, "parentId", "organisation.parent.closed")
	case strings.TrimSpace(u.Code) == "":
		return fault.Field(fault.TooShort, "code", "organisation.code.missing")
	case u.Kind == KindCity && !isCity(u.Code):
		return fault.Field(fault.Format, "code", "organisation.city.code")
	}
	return u.checkName()
}

func (u Unit) checkName() error {
	switch {
	case strings.TrimSpace(u.Name) == "":
		return fault.Field(fault.TooShort, "name", "organisation.name.missing")
	case utf8.RuneCountInString(u.Name) > maxName:
		return fault.Field(fault.TooLong, "name", "organisation.name.too_long", "max", maxName)
	case strings.ContainsRune(u.Name+u.Code, 0) || !utf8.ValidString(u.Name+u.Code):
		return fault.Field(fault.Format, "name", "input.format")
	}
	return nil
}

// isCity reports whether a code is one of GB/T 2260's cities, as customers' cities are.
func isCity(code string) bool {
	city, err := codes.ParseCity(code)
	return err == nil && string(city) == code
}
