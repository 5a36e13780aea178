package contact

import (
	"errors"
	"slices"
	"unicode/utf8"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/mask"
	"jike/schemas/codes"
)

// Field names a personal fact about a contact, as the portal and the audit trail call it.
type Field string

// The personal facts: phone numbers and e-mail, and the private facts, which have a right of their own.
const (
	WorkPhone Field = "workPhone"
	Mobile    Field = "mobile"
	Email     Field = "email"
	Birthday  Field = "birthday"
	Family    Field = "family"
	Hobbies   Field = "hobbies"
)

// PersonalFields lists the personal facts.
func PersonalFields() []Field { return []Field{WorkPhone, Mobile, Email, Birthday, Family, Hobbies} }

// private reports whether the fact needs the permission contact.private.
func (f Field) private() bool { return f == Birthday || f == Family || f == Hobbies }

// Sight is what a caller may read about the people at one customer without asking. Phone numbers
// and e-mail addresses are for the account manager in whose care the customer is, and for whoever
// has the permission contact.phones; private facts are for whoever has contact.private. Everybody
// else sees a mask.
type Sight struct{ Phones, Private bool }

// SightOf is the caller's sight at a customer; own says that it is in the caller's own care.
func SightOf(caller account.Caller, own bool) Sight {
	return Sight{Phones: own || caller.May(account.ContactPhones), Private: caller.May(account.ContactPrivate)}
}

// Reads reports whether the fact is shown as it is.
func (s Sight) Reads(f Field) bool {
	if f.private() {
		return s.Private
	}
	return s.Phones
}

// Shown gives the facts as they are in sight, the others masked.
func (f Facts) Shown(s Sight) Facts {
	for _, field := range PersonalFields() {
		if !s.Reads(field) {
			f.set(field, masked(field, f.get(field)))
		}
	}
	return f
}

func masked(field Field, value string) string {
	switch field {
	case WorkPhone, Mobile:
		return mask.Phone(value)
	case Email:
		return mask.Mail(value)
	case Birthday:
		return mask.Date(value)
	}
	return mask.Text(value)
}

func (f *Facts) get(field Field) string {
	switch field {
	case WorkPhone:
		return string(f.WorkPhone)
	case Mobile:
		return f.Mobile
	case Email:
		return f.Email
	case Birthday:
		return f.Birthday
	case Family:
		return f.Family
	}
	return f.Hobbies
}

func (f *Facts) set(field Field, value string) {
	switch field {
	case WorkPhone:
		f.WorkPhone = codes.Phone(value)
	case Mobile:
		f.Mobile = value
	case Email:
		f.Email = value
	case Birthday:
		f.Birthday = value
	case Family:
		f.Family = value
	case Hobbies:
		f.Hobbies = value
	}
}

// stated gives the facts to store when a caller states f of a contact that has before. What the
// caller names in keep stays as it is stored: so does who saves a contact with values that it has
// only seen masked say so, whatever they look like. A mask in any other fact is refused, and so is a
// private fact of a caller that may not write it.
func (f Facts) stated(caller account.Caller, before Facts, keep []Field) (Facts, error) {
	var faults []error
	for _, field := range PersonalFields() {
		value := f.get(field)
		switch {
		case slices.Contains(keep, field):
			f.set(field, before.get(field))
		case mask.Is(value):
			faults = append(faults, fault.Field(fault.Format, string(field), "input.masked"))
			f.set(field, before.get(field)) // one fault is enough: a mask is no phone and no day either
		case field.private() && value != before.get(field) && !caller.May(account.ContactPrivate):
			faults = append(faults, fault.Field(fault.Denied, string(field), "permission.missing", "permission", string(account.ContactPrivate)))
		}
	}
	return f, errors.Join(faults...)
}

// The bounds of a reason, in characters.
const (
	minReason = 4
	maxReason = 200
)

// checkReveal gives the faults of asking for a fact for a reason, joined.
func checkReveal(field Field, reason string) error {
	var faults []error
	if !slices.Contains(PersonalFields(), field) {
		faults = append(faults, fault.Field(fault.Enumeration, "field", "input.not_in_list"))
	}
	switch n := utf8.RuneCountInString(reason); {
	case n < minReason:
		faults = append(faults, fault.Field(fault.TooShort, "reason", "input.too_short", "min", minReason))
	case n > maxReason:
		faults = append(faults, fault.Field(fault.TooLong, "reason", "input.too_long", "max", maxReason))
	}
	return errors.Join(faults...)
}

// mayReveal gives a Denied fault unless the caller may have the masked fact shown for a reason: the
// permission contact.reveal, and for a private fact the right to private facts as well.
func mayReveal(caller account.Caller, field Field) error {
	if err := caller.Demand(account.ContactReveal); err != nil {
		return err
	}
	if field.private() {
		return caller.Demand(account.ContactPrivate)
	}
	return nil
}
