// Package view keeps views of the customer list (保存的视图): which columns in which order, what is filtered by,
// how it is sorted and grouped and whether it is a board, under a name.
//
// A view is its owner's, who alone sees it, or the owner shares it: with a team, which is a department or a city
// and everybody within it, or with everybody. Whoever sees a view may begin with it and keep what they make of it
// under a name of their own; only its owner changes it, and whoever tends shared views (view.publish) for the part
// of the organisation that they reach. A view shows nobody a customer: everybody sees through it what is within
// their own scope.
//
// A view outlives what it names. A column or custom attribute that is no more is told and left out.
package view

import (
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/province/attribute"
	"jike/province/customer"
	"jike/province/organisation"
)

// Audience is who sees a view besides its owner.
type Audience string

// The audiences.
const (
	Private Audience = "private"
	Team    Audience = "team"   // everybody within a unit
	Public  Audience = "public" // everybody who reads customers
)

// View is a view.
type View struct {
	ID        int64
	OwnerID   int64
	Owner     string // login
	OwnerName string
	Facts
	UnitName  string
	UnitPath  string
	Missing   []string `db:"-"` // columns and custom attributes that are no more
	Default   bool     // the reader begins with it
	Version   int32
	UpdatedAt time.Time
}

// Facts are what is stated about a view.
type Facts struct {
	Name     string
	Audience Audience
	UnitID   int64 // of a team; 0: there is none
	Settings Settings
}

// Settings are what a view says of the list.
type Settings struct {
	Columns []string       `json:"columns" maxItems:"40" doc:"Keys in their order after the name, custom attributes as attribute. and their code; empty: the usual ones"`
	Filter  customer.Sieve `json:"filter"`
	Sort    string         `json:"sort" enum:"id,number,name,class,lifecycle,industry,city,updatedAt"`
	Dir     string         `json:"dir" enum:"asc,desc"`
	Group   string         `json:"group,omitempty" enum:"class,lifecycle,manager,city,industry" doc:"The fact by which the list is grouped; none: it is not"`
	Display string         `json:"display,omitempty" enum:"list,kanban" doc:"kanban: the groups are the columns of a board, which is by class or lifecycle; none: list"`
}

// check gives the fault of a board that has no columns: whose customers cannot be moved from one group to another.
func (s Settings) check() error {
	byStep := slices.Contains([]customer.Grouping{customer.GroupClass, customer.GroupLifecycle}, customer.Grouping(s.Group))
	if s.Display == "kanban" && !byStep {
		return fault.Field(fault.Enumeration, "group", "view.kanban.group")
	}
	return nil
}

// Bounds of a person's views and of a name.
const (
	maxViews = 100
	maxName  = 60
)

// columns are the keys of what a list shows of every customer, after the name.
var columns = []string{
	"creditCode", "class", "lifecycle", "industry", "city", "manager", "department", "sensitive", "crossesProvinces", "keyAccount", "national",
	"createdAt", "updatedAt",
}

// ofAttribute begins the key of a custom attribute's column.
const ofAttribute = "attribute."

// missing lists the columns and custom attributes of the settings that are no more.
func (s Settings) missing(attributes []attribute.Definition) []string {
	there := func(code string) bool {
		return slices.ContainsFunc(attributes, func(d attribute.Definition) bool { return d.Code == code })
	}
	gone := []string{}
	for _, key := range s.Columns {
		code, custom := strings.CutPrefix(key, ofAttribute)
		if custom && !there(code) || !custom && !slices.Contains(columns, key) {
			gone = append(gone, key)
		}
	}
	if code := s.Filter.Attribute; code != "" && !there(code) {
		gone = append(gone, ofAttribute+code)
	}
	slices.Sort(gone)
	return slices.Compact(gone)
}

// check gives the faults of the facts by themselves, joined, and the facts in one form.
func (f Facts) check(attributes []attribute.Definition) (Facts, error) {
	f.Name = strings.TrimSpace(f.Name)
	var faults []error
	switch {
	case f.Name == "":
		faults = append(faults, fault.Field(fault.TooShort, "name", "input.required"))
	case utf8.RuneCountInString(f.Name) > maxName:
		faults = append(faults, fault.Field(fault.TooLong, "name", "input.too_long", "max", maxName))
	}
	if f.Audience != Team {
		f.UnitID = 0
	}
	if gone := f.Settings.missing(attributes); len(gone) > 0 {
		faults = append(faults, fault.Field(fault.Enumeration, "columns", "view.missing", "names", strings.Join(gone, ", ")))
	}
	_, err := f.Settings.Filter.Filter()
	return f, errors.Join(append(faults, err, f.Settings.check())...)
}

// mayShare gives the fault of who may not show a view to its audience; team is the unit of a Team view.
func (f Facts) mayShare(caller account.Caller, team organisation.Unit) error {
	switch f.Audience {
	case Public:
		return caller.Demand(account.ViewPublish)
	case Team:
		within := caller.Path != "" && strings.HasPrefix(caller.Path, team.Path)
		known := team.Active && (team.Kind == organisation.KindCity || team.Kind == organisation.KindDepartment)
		if !known || !within && !caller.Scope().Covers(team.ID, team.Path) {
			return fault.Field(fault.Rule, "unitId", "view.team.unknown")
		}
	}
	return nil
}

// MayChange reports whether the caller, who sees the view, may change and remove it.
func (v View) MayChange(caller account.Caller) bool {
	if v.OwnerID == caller.AccountID {
		return true
	}
	scope := caller.Scope()
	return caller.May(account.ViewPublish) &&
		(scope.Reach >= account.ReachProvince || v.Audience == Team && scope.Covers(v.UnitID, v.UnitPath))
}
