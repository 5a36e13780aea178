package customer

import "jike/internal/fault"

// takeable are the facts that the survivor of a merge can take from the merged customer: its name to
// callers and how it is taken. Parent and account manager are among them, the life cycle is not.
var takeable = map[string]func(to *Facts, from Facts){
	"creditCode":           func(to *Facts, from Facts) { to.CreditCode = from.CreditCode },
	"name":                 func(to *Facts, from Facts) { to.Name = from.Name },
	"industry":             func(to *Facts, from Facts) { to.Industry = from.Industry },
	"city":                 func(to *Facts, from Facts) { to.City = from.City },
	"class":                func(to *Facts, from Facts) { to.Class = from.Class },
	"parentId":             func(to *Facts, from Facts) { to.ParentID = from.ParentID },
	"managerId":            func(to *Facts, from Facts) { to.ManagerID = from.ManagerID },
	"sensitive":            func(to *Facts, from Facts) { to.Sensitive = from.Sensitive },
	"crossProvince":        func(to *Facts, from Facts) { to.CrossProvince = from.CrossProvince },
	"address":              func(to *Facts, from Facts) { to.Address = from.Address },
	"postcode":             func(to *Facts, from Facts) { to.Postcode = from.Postcode },
	"legalPerson":          func(to *Facts, from Facts) { to.LegalPerson = from.LegalPerson },
	"registeredCapitalFen": func(to *Facts, from Facts) { to.RegisteredCapitalFen = from.RegisteredCapitalFen },
	"headcount":            func(to *Facts, from Facts) { to.Headcount = from.Headcount },
	"annualSalesFen":       func(to *Facts, from Facts) { to.AnnualSalesFen = from.AnnualSalesFen },
	"profile":              func(to *Facts, from Facts) { to.Profile = from.Profile },
	"remark":               func(to *Facts, from Facts) { to.Remark = from.Remark },
	"organisationType":     func(to *Facts, from Facts) { to.OrganisationType = from.OrganisationType },
	"licenceType":          func(to *Facts, from Facts) { to.LicenceType = from.LicenceType },
	"licenceNumber":        func(to *Facts, from Facts) { to.LicenceNumber = from.LicenceNumber },
	"creditLevel":          func(to *Facts, from Facts) { to.CreditLevel = from.CreditLevel },
	"creditLimitFen":       func(to *Facts, from Facts) { to.CreditLimitFen = from.CreditLimitFen },
}

// Taking gives the facts with the named ones taken from another customer, or the fault of a name
// that cannot be taken.
func (f Facts) Taking(from Facts, names []string) (Facts, error) {
	for _, name := range names {
		take := takeable[name]
		if take == nil {
			return f, fault.Field(fault.Enumeration, "take", "input.not_in_list")
		}
		take(&f, from)
	}
	return f, nil
}

// Differing lists the facts, by their names, in which two differ.
func (f Facts) Differing(other Facts) []string {
	var names []string
	for _, a := range attributes {
		if a.value(&f) != a.value(&other) {
			names = append(names, a.name)
		}
	}
	return names
}

// merged is the fault of writing to a customer that was merged into another, whose number it tells.
func merged(into string) error {
	return fault.New(fault.Rule, "customer.merged", "number", into)
}
