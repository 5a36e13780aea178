package customer

import (
	"slices"
	"strings"
	"unicode/utf8"

	"jike/internal/fault"
	"jike/schemas/codes"
)

// Name is one of the names of a customer. Former ones (曾用名) are kept since old papers and partners use
// them: the duplicate check finds the customer by them, too.
type Name struct {
	Text   string
	Former bool
	// Stated is a name that follows from today's, which may state old ones in brackets. It goes only with
	// another name of the customer.
	Stated bool
}

// formerName gives a former name without blanks around it, and the fault of one that is none.
func formerName(c Customer, text string) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return "", fault.Field(fault.TooShort, "name", "customer.name.missing")
	case utf8.RuneCountInString(text) > maxName:
		return "", fault.Field(fault.TooLong, "name", "input.too_long", "max", maxName)
	case strings.ContainsRune(text, 0) || !utf8.ValidString(text):
		return "", fault.Field(fault.Format, "name", "input.format")
	case text == c.Name || slices.Contains(statedNames(c), text):
		return "", fault.Field(fault.Exists, "name", "customer.name.exists")
	}
	return text, nil
}

// statedNames are the names that the customer's name states.
func statedNames(c Customer) []string {
	var names []string
	for _, n := range codes.CompanyNames(c.Name) {
		names = append(names, n.Text)
	}
	return names
}
