package customer

import (
	"slices"
	"strings"

	"jike/internal/fault"
)

// organisationTypes are what a customer can be (组织类型); empty: not known.
var organisationTypes = []string{"", "enterprise", "government", "public_institution", "association", "military", "individual", "other"}

// licenceTypes are the documents by which a customer can be known (证件类型) beside its unified credit
// code, which is a fact of its own; empty: none.
var licenceTypes = []string{"", "business_licence", "organisation_code", "tax", "public_institution", "association", "letter", "military"}

// creditLevels run from the most to the least trusted (信用等级); empty: not rated.
var creditLevels = []string{"", "A", "B", "C", "D"}

const maxLicence = 40

// Standing is what a customer is and how far it is trusted. The level and the limit of credit are
// decided by those who have the permission customer.credit; their history is the audit trail.
type Standing struct {
	OrganisationType string
	LicenceType      string
	LicenceNumber    string
	CreditLevel      string
	CreditLimitFen   *int64 // most that may be owed; nil: no limit is set
}

// check gives the faults of a standing by itself.
func (s Standing) check() (faults []error) {
	for _, choice := range []struct {
		field, value string
		of           []string
	}{
		{"organisationType", s.OrganisationType, organisationTypes}, {"licenceType", s.LicenceType, licenceTypes}, {"creditLevel", s.CreditLevel, creditLevels},
	} {
		if !slices.Contains(choice.of, choice.value) {
			faults = append(faults, fault.Field(fault.Enumeration, choice.field, "input.not_in_list"))
		}
	}
	switch {
	case len(s.LicenceNumber) > maxLicence:
		faults = append(faults, fault.Field(fault.TooLong, "licenceNumber", "input.too_long", "max", maxLicence))
	case strings.Trim(strings.ToUpper(s.LicenceNumber), "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-") != "":
		faults = append(faults, fault.Field(fault.Format, "licenceNumber", "input.format"))
	case (s.LicenceType == "") != (s.LicenceNumber == ""):
		faults = append(faults, fault.Field(fault.Rule, "licenceNumber", "customer.licence.incomplete"))
	}
	if negative(s.CreditLimitFen) {
		faults = append(faults, fault.Field(fault.BelowMinimum, "creditLimitFen", "input.below_minimum", "min", 0))
	}
	return faults
}
