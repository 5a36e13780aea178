package codes

import (
	"regexp"
	"strings"
)

// Phone is a mobile, machine or land-line number of the mainland in its one form: bare digits for
// mobile (11) and machine numbers (13), 0591-12345678 for land lines. Empty means that there is none.
type Phone string

var (
	mobile  = regexp.MustCompile(`^1[3-9][0-9]{9}$`)
	machine = regexp.MustCompile(`^1[04][0-9]{11}$`)
	// Area codes of three digits are 010 and 02N, all others have four.
	landLine = regexp.MustCompile(`^(0(?:10|2[0-9])|0[3-9][0-9]{2})([0-9]{7,8})$`)
)

// ParsePhone reads a number. Spaces, hyphens, brackets, full-width digits and a leading +86, 86 or
// 0086 are accepted. It fails with phone.format.
func ParsePhone(text string) (Phone, error) {
	digits := strings.NewReplacer("(", "", ")", "").Replace(squeeze(text))
	international := false
	for _, prefix := range []string{"+86", "0086", "86"} { // no domestic number begins with 86
		if rest, found := strings.CutPrefix(digits, prefix); found {
			digits, international = rest, true
			break
		}
	}
	// Abroad a land line loses its leading zero.
	if international && !isPhone(digits) && landLine.MatchString("0"+digits) {
		digits = "0" + digits
	}
	if parts := landLine.FindStringSubmatch(digits); parts != nil {
		return Phone(parts[1] + "-" + parts[2]), nil
	}
	if !isPhone(digits) {
		return "", wrong(FlawFormat, "phone.format", map[string]any{"value": excerpt(text)})
	}
	return Phone(digits), nil
}

func isPhone(digits string) bool {
	return mobile.MatchString(digits) || machine.MatchString(digits) || landLine.MatchString(digits)
}

// IsMobile reports whether p is a person's mobile number.
func (p Phone) IsMobile() bool { return mobile.MatchString(string(p)) }

// String is the stored form.
func (p Phone) String() string { return string(p) }

// MarshalText gives the stored form.
func (p Phone) MarshalText() ([]byte, error) { return []byte(p), nil }

// UnmarshalText reads what ParsePhone reads; an empty text is no number.
func (p *Phone) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*p = ""
		return nil
	}
	parsed, err := ParsePhone(string(text))
	if err != nil {
		return err
	}
	*p = parsed
	return nil
}
