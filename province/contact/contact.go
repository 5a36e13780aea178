// Package contact is the people at a group customer (联系人, 关键人) with their roles.
//
// Role, name and work phone go to headquarters with a selected customer. Mobile phone, birthday,
// family and hobbies never leave the province. Who may read what of it, and how a value that was
// read masked is kept when the contact is saved, is in sight.go.
//
// A contact comes from the portal or from BOSS. What BOSS states about its contacts (role, name,
// work phone, title) is BOSS's: the portal cannot change it, and the next message replaces it.
package contact

import (
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"jike/internal/fault"
	"jike/province/customer"
	"jike/schemas/codes"
)

// Role is the part that a person plays at the customer.
type Role string

// The roles.
const (
	Decision  Role = "decision"  // decides (决策人)
	Technical Role = "technical" // 技术联系人
	Payment   Role = "payment"   // pays (付款联系人)
	Liaison   Role = "liaison"   // daily contact (业务联系人)
	Other     Role = "other"
)

// Roles lists the roles.
func Roles() []Role { return []Role{Decision, Technical, Payment, Liaison, Other} }

// Source is who keeps a contact.
type Source string

// The sources.
const (
	FromPortal Source = "portal"
	FromBOSS   Source = "boss"
)

// Contact is a person at a customer.
type Contact struct {
	ID         int64
	CustomerID int64
	Source     Source
	Facts
	Version   int32
	UpdatedAt time.Time
}

// Facts are what is stated about a contact.
type Facts struct {
	Role      Role
	Name      string
	WorkPhone codes.Phone
	Title     string // position (职务)
	Email     string
	Private
	KeyPerson
}

// Private are the facts that stay in the province.
type Private struct {
	Mobile   string
	Birthday string // YYYY-MM-DD, empty if unknown
	Family   string
	Hobbies  string
}

// The greatest lengths, in characters.
const (
	maxName  = 60
	maxTitle = 60
	maxNote  = 500
)

// check gives the faults of the facts by themselves, joined, and the facts in their stored form.
func (f Facts) check() (Facts, error) {
	for _, text := range []*string{&f.Name, &f.Title, &f.Email, &f.Family, &f.Hobbies} {
		*text = strings.TrimSpace(*text)
	}
	f.KeyPerson = f.stored()
	faults := append(f.KeyPerson.check(), checkEmail(f.Email))
	if !slices.Contains(Roles(), f.Role) {
		faults = append(faults, fault.Field(fault.Enumeration, "role", "contact.role.unknown"))
	}
	if f.Name == "" {
		faults = append(faults, fault.Field(fault.TooShort, "name", "contact.name.missing"))
	}
	for _, text := range []struct {
		field, value string
		most         int
	}{{"name", f.Name, maxName}, {"title", f.Title, maxTitle}, {"family", f.Family, maxNote}, {"hobbies", f.Hobbies, maxNote}} {
		if utf8.RuneCountInString(text.value) > text.most {
			faults = append(faults, fault.Field(fault.TooLong, text.field, "input.too_long", "max", text.most))
		}
		if strings.ContainsRune(text.value, 0) || !utf8.ValidString(text.value) {
			faults = append(faults, fault.Field(fault.Format, text.field, "input.format"))
		}
	}
	if f.Mobile != "" {
		mobile, err := codes.ParsePhone(f.Mobile)
		if err != nil {
			faults = append(faults, customer.Invalid("mobile", err))
		}
		f.Mobile = string(mobile)
	}
	if f.Birthday != "" {
		if _, err := time.Parse(time.DateOnly, f.Birthday); err != nil {
			faults = append(faults, fault.Field(fault.Format, "birthday", "input.format", "pattern", "YYYY-MM-DD"))
		}
	}
	return f, errors.Join(faults...)
}

// change gives the fault of changing in the portal what BOSS keeps.
func change(before Contact, after Facts) error {
	if before.Source != FromBOSS {
		return nil
	}
	if before.Role != after.Role || before.Name != after.Name || before.WorkPhone != after.WorkPhone || before.Title != after.Title {
		return fault.New(fault.Rule, "contact.kept_by_boss")
	}
	return nil
}
