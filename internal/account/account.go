// Package account says who calls and what they may do.
//
// A Caller is a person with an account or a partner's system. Every use case takes it as a
// parameter: its permissions come from its role, by the table in role.go, and its scope says which
// rows it reaches. Rights are read from the database with every request, so that a change of role
// or a closed account takes effect at once.
//
// Passwords are kept as argon2id. Signing in gives one and the same answer, after the same time,
// for an unknown login, a wrong password and a locked account, so that nobody learns from it which
// logins exist.
package account

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"jike/internal/fault"
)

// Caller is who calls: a person, or a partner's system when Partner is not empty. The zero Caller
// may do nothing and reaches nothing.
type Caller struct {
	AccountID int64
	Login     string
	Name      string
	Role      Role
	UnitID    int64   // place in the organisation tree, 0 if none
	Path      string  // ids from the root of the tree to UnitID, such as "/1/5/17/"
	Absent    []int64 // units of the account managers for whom the caller stands in today
	Teams     bool    // the caller is in the team of some customer today
	Language  string  // "zh" or "en"
	Partner   string  // domain of a partner's system, such as "BOSS"; empty for a person
	// MustChange says that the password was given by somebody else or is too old: nothing may be done
	// before it is changed.
	MustChange bool
}

// Partner is the caller for a partner's system, known by its domain such as "BOSS".
func Partner(domain string) Caller {
	return Caller{Login: "partner:" + domain, Name: domain, Role: PartnerSystem, Partner: domain}
}

// System is the caller for work that the node does by itself, such as seeding or a nightly run;
// task names it in the audit trail.
func System(task string) Caller {
	return Caller{Login: "system:" + task, Name: task, Role: SystemTask}
}

// May reports whether the caller's role has the permission.
func (c Caller) May(p Permission) bool { return c.Role.May(p) }

// Demand gives a Denied fault unless the caller has the permission.
func (c Caller) Demand(p Permission) error {
	if c.May(p) {
		return nil
	}
	return fault.New(fault.Denied, "permission.missing", "permission", string(p))
}

// Actor is the caller's name in the audit trail: the login, or "partner:" and the domain.
func (c Caller) Actor() string { return c.Login }

// Scope is the part of the customers that the caller reaches.
func (c Caller) Scope() Scope {
	s := Scope{Reach: c.Role.reach(), UnitID: c.UnitID, Path: c.Path, Absent: c.Absent, Teams: c.Teams}
	if (s.Reach == ReachOwn && s.UnitID == 0) || (s.Reach == ReachDepartment && s.Path == "") {
		s.Reach = ReachNothing
	}
	return s
}

// CaresFor reports whether what is in the care of a unit is in the caller's own: as its account manager, or as
// the deputy of that one.
func (c Caller) CaresFor(unitID int64) bool {
	return unitID != 0 && (unitID == c.UnitID || slices.Contains(c.Absent, unitID))
}

// InCharge is the caller without what it reaches by being in customers' teams: who is in a team reads the customer,
// and what is decided about it is the matter of those who are in charge.
func (c Caller) InCharge() Caller {
	c.Teams = false
	return c
}

// Place is where an account stands in the organisation at this moment.
type Place struct {
	Path   string  // ids from the root of the tree to its unit
	Absent []int64 // units of the account managers for whom it stands in today
	Teams  bool    // it is in the team of some customer today
}

// The bounds of a login and a password, in characters.
const (
	minLogin    = 2
	maxLogin    = 64
	minPassword = 10
	maxPassword = 128
)

// CheckLogin gives a fault unless login is 2 to 64 lower-case letters, digits, dots, dashes and
// underscores.
func CheckLogin(login string) error {
	switch n := utf8.RuneCountInString(login); {
	case n < minLogin:
		return fault.Field(fault.TooShort, "login", "account.login.too_short", "min", minLogin)
	case n > maxLogin:
		return fault.Field(fault.TooLong, "login", "account.login.too_long", "max", maxLogin)
	}
	for _, r := range login {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789._-", r) {
			return fault.Field(fault.Format, "login", "account.login.format")
		}
	}
	return nil
}

// CheckPassword gives a fault unless the password is 10 to 128 characters, holds three of the four
// groups lower case, upper case, digit and other, and does not contain the login.
func CheckPassword(login, password string) error {
	switch n := utf8.RuneCountInString(password); {
	case n < minPassword:
		return fault.Field(fault.TooShort, "password", "account.password.too_short", "min", minPassword)
	case n > maxPassword:
		return fault.Field(fault.TooLong, "password", "account.password.too_long", "max", maxPassword)
	}
	if login != "" && strings.Contains(strings.ToLower(password), strings.ToLower(login)) {
		return fault.Field(fault.Rule, "password", "account.password.contains_login")
	}
	if characterGroups(password) < 3 {
		return fault.Field(fault.Rule, "password", "account.password.too_simple", "groups", 3)
	}
	return nil
}

// characterGroups counts which of lower case, upper case, digit and other the text holds.
func characterGroups(text string) int {
	var lower, upper, digit, other int
	for _, r := range text {
		switch {
		case unicode.IsLower(r):
			lower = 1
		case unicode.IsUpper(r):
			upper = 1
		case unicode.IsDigit(r):
			digit = 1
		default:
			other = 1
		}
	}
	return lower + upper + digit + other
}
