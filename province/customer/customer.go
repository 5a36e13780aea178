// Package customer is the group customer (集团客户): an enterprise that is a customer as a whole.
//
// A customer has a number issued by its province, what people and BOSS state about it (Facts), a
// class, a place in the life cycle, perhaps a parent, and an account manager in whose care it is.
// It is created potential or active, moves along the life cycle by the table below, and is never
// deleted: what is gone is lost. Every save raises the version, and a save that started from an
// older version is refused with the record as it is now.
//
// A customer whose credit code is on headquarters' list of key accounts spans provinces whatever the
// province says; that is looked up with every save, and package keyaccount has it done when the list
// changes. Whether the customer goes up to headquarters is decided by package selection with every save.
package customer

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/schemas/codes"
)

// Customer is a group customer.
type Customer struct {
	ID       int64
	Number   string // issued by the province (集团编号)
	National bool   // selected for headquarters
	Facts
	// CrossesProvinces is what the selection goes by: the province claims it (Facts.CrossProvince), or
	// headquarters' list of key accounts names the customer.
	CrossesProvinces bool
	KeyAccountID     int64      // entry of the list; 0: none
	KeyAccountName   string     // as the list names it
	KeyAccountSince  *time.Time // the day
	ManagerName      string     // read only: name of the account manager
	DepartmentName   string     // read only: name of the account manager's department
	MergedInto       int64      // the customer that this one turned out to be (package merge); 0: it stands by itself
	MergedIntoNumber string
	Version          int32
	CreatedAt        time.Time
	UpdatedAt        time.Time
}

// Facts are what is stated about a customer. Amounts are in fen; a nil one is not known.
type Facts struct {
	CreditCode           codes.CreditCode // empty: none
	Name                 string
	Industry             codes.Industry
	City                 codes.City
	Class                codes.Class
	Lifecycle            codes.Lifecycle
	ParentID             int64 // 0: none
	ManagerID            int64 // person in the organisation tree; 0: nobody's
	Sensitive            bool  // stays out of lists, and never leaves the province
	CrossProvince        bool  // the province says that it has business in other provinces
	Address              string
	Postcode             string
	LegalPerson          string
	RegisteredCapitalFen *int64
	Headcount            *int32
	AnnualSalesFen       *int64
	Profile              string // what the company does (企业简介)
	Remark               string // the province's own note, never replicated
	Standing
}

// ClassChange is one line of the history of a customer's class.
type ClassChange struct {
	From   codes.Class // empty: the first class
	To     codes.Class
	Actor  string
	Reason string // as the person stated it; may be empty
	At     time.Time
}

// StageChange is one line of the history of a customer's place in the life cycle.
type StageChange struct {
	From, To codes.Lifecycle
	Actor    string
	Reason   string // as the person stated it; may be empty
	Grounds  []byte // the rule and what held, as Asked had it; nil: it was no rule
	At       time.Time
}

// Word is what a person says with a save beside the facts.
type Word struct {
	Confirmed   int    // near-equal customers that the person says to be others
	ClassReason string // why the class is another one
}

// The greatest lengths, in characters.
const (
	maxName    = 120
	maxAddress = 200
	maxPerson  = 60
	maxProfile = 20000
	maxRemark  = 2000
	maxReason  = 500
)

// transitions is the life cycle: where a customer may go from where it is. A lost customer can be
// won back.
var transitions = map[codes.Lifecycle][]codes.Lifecycle{
	codes.Potential: {codes.Active, codes.Lost},
	codes.Active:    {codes.Suspended, codes.Lost},
	codes.Suspended: {codes.Active, codes.Lost},
	codes.Lost:      {codes.Potential, codes.Active},
}

// Next are the states where a customer can go from one.
func Next(from codes.Lifecycle) []codes.Lifecycle { return transitions[from] }

// Leads reports whether a customer can go from one state of its life cycle to another.
func Leads(from, to codes.Lifecycle) bool { return slices.Contains(Next(from), to) }

// beginnings are the states that a new customer may have.
var beginnings = []codes.Lifecycle{codes.Potential, codes.Active}

// InCareOf reports whether the caller is the customer's account manager, or stands in for that one.
func (c Customer) InCareOf(caller account.Caller) bool { return caller.CaresFor(c.ManagerID) }

// NumberOf is the number that a province issues as its n-th: three digits of the province and ten
// of n.
func NumberOf(province codes.Province, n int64) string {
	return fmt.Sprintf("%s%010d", province, n)
}

// tidy trims what people type around texts.
func (f Facts) tidy() Facts {
	for _, text := range []*string{&f.Name, &f.Address, &f.Postcode, &f.LegalPerson, &f.Remark, &f.LicenceNumber} {
		*text = strings.TrimSpace(*text)
	}
	return f
}

// check gives the faults of the facts by themselves, joined. province is the one that owns the
// customer; its cities are the only ones allowed.
func (f Facts) check(province codes.Province) error {
	var faults []error
	add := func(kind fault.Kind, field, code string, pairs ...any) {
		faults = append(faults, fault.Field(kind, field, code, pairs...))
	}
	if f.Name == "" {
		add(fault.TooShort, "name", "customer.name.missing")
	}
	for _, text := range []struct {
		field, value string
		most         int
	}{
		{"name", f.Name, maxName},
		{"address", f.Address, maxAddress},
		{"legalPerson", f.LegalPerson, maxPerson},
		{"profile", f.Profile, maxProfile},
		{"remark", f.Remark, maxRemark},
	} {
		if utf8.RuneCountInString(text.value) > text.most {
			add(fault.TooLong, text.field, "input.too_long", "max", text.most)
		}
		if strings.ContainsRune(text.value, 0) || !utf8.ValidString(text.value) {
			add(fault.Format, text.field, "input.format")
		}
	}
	if f.Industry.Section() == "" {
		add(fault.Enumeration, "industry", "industry.unknown")
	}
	if f.City.Province() != province {
		add(fault.Enumeration, "city", "customer.city.other_province")
	}
	if !slices.Contains(codes.Classes(), f.Class) {
		add(fault.Enumeration, "class", "class.unknown")
	}
	if !slices.Contains(codes.Lifecycles(), f.Lifecycle) {
		add(fault.Enumeration, "lifecycle", "lifecycle.unknown")
	}
	if f.Postcode != "" && !isPostcode(f.Postcode) {
		add(fault.Format, "postcode", "customer.postcode.format")
	}
	if negative(f.RegisteredCapitalFen) {
		add(fault.BelowMinimum, "registeredCapitalFen", "input.below_minimum", "min", 0)
	}
	if negative(f.AnnualSalesFen) {
		add(fault.BelowMinimum, "annualSalesFen", "input.below_minimum", "min", 0)
	}
	if f.Headcount != nil && *f.Headcount < 0 {
		add(fault.BelowMinimum, "headcount", "input.below_minimum", "min", 0)
	}
	return errors.Join(append(faults, f.Standing.check()...)...)
}

func negative(amount *int64) bool { return amount != nil && *amount < 0 }

func isPostcode(text string) bool {
	return len(text) == 6 && strings.Trim(text, "0123456789") == ""
}

// begin gives the faults of facts that a new customer may not have, and of those that the caller
// may not decide: without the right to classify a new group is a D, and without the right to
// assign it is in the caller's own care.
func begin(caller account.Caller, f Facts) error {
	var faults []error
	if !slices.Contains(beginnings, f.Lifecycle) {
		faults = append(faults, fault.Field(fault.Rule, "lifecycle", "customer.lifecycle.beginning"))
	}
	if f.Class != codes.ClassD && !caller.May(account.CustomerClassify) {
		faults = append(faults, missing("class", account.CustomerClassify))
	}
	if f.ManagerID != caller.UnitID && !caller.May(account.CustomerAssign) {
		faults = append(faults, missing("managerId", account.CustomerAssign))
	}
	if f.Sensitive && !caller.May(account.CustomerSensitive) {
		faults = append(faults, missing("sensitive", account.CustomerSensitive))
	}
	return errors.Join(append(faults, credit(caller, Facts{}, f)...)...)
}

// credit gives the faults of a level or limit of credit that the caller may not decide.
func credit(caller account.Caller, before, after Facts) (faults []error) {
	if caller.May(account.CustomerCredit) {
		return nil
	}
	if before.CreditLevel != after.CreditLevel {
		faults = append(faults, missing("creditLevel", account.CustomerCredit))
	}
	if pointed(before.CreditLimitFen) != pointed(after.CreditLimitFen) {
		faults = append(faults, missing("creditLimitFen", account.CustomerCredit))
	}
	return faults
}

// change gives the faults of going from one state of the facts to another: a step that the life
// cycle does not have, and changes that the caller may not make.
func change(caller account.Caller, before, after Facts) error {
	var faults []error
	if before.Lifecycle != after.Lifecycle && !Leads(before.Lifecycle, after.Lifecycle) {
		faults = append(faults, fault.Field(fault.Rule, "lifecycle", "customer.lifecycle.transition",
			"from", string(before.Lifecycle), "to", string(after.Lifecycle)))
	}
	if before.Class != after.Class && !caller.May(account.CustomerClassify) {
		faults = append(faults, missing("class", account.CustomerClassify))
	}
	if before.ManagerID != after.ManagerID && !caller.May(account.CustomerAssign) {
		faults = append(faults, missing("managerId", account.CustomerAssign))
	}
	if before.Sensitive != after.Sensitive && !caller.May(account.CustomerSensitive) {
		faults = append(faults, missing("sensitive", account.CustomerSensitive))
	}
	return errors.Join(append(faults, credit(caller, before, after)...)...)
}

// missing is the fault of deciding a field without the permission that it needs.
func missing(field string, p account.Permission) error {
	return fault.Field(fault.Denied, field, "permission.missing", "permission", string(p))
}

// Invalid turns what a value type refuses (schemas/codes) into a fault about a field. Other errors
// stay as they are.
func Invalid(field string, err error) error {
	wrong, ok := errors.AsType[*codes.Error](err)
	if !ok {
		return err
	}
	kind := map[codes.Flaw]fault.Kind{
		codes.FlawFormat: fault.Format, codes.FlawEnumeration: fault.Enumeration,
		codes.FlawShort: fault.TooShort, codes.FlawLong: fault.TooLong, codes.FlawRange: fault.AboveMaximum,
	}[wrong.Flaw]
	f := fault.Field(kind, field, wrong.Code)
	f.Params = wrong.Params
	return f
}
