package codes

import "strings"

// CreditCode is a unified social credit code (统一社会信用代码, GB 32100-2015) in its one form: 18
// upper-case characters with both check digits right. Empty means that there is none.
type CreditCode string

const (
	creditAlphabet       = "0123456789ABCDEFGHJKLMNPQRTUWXY" // base 31: no I, O, S, V, Z
	creditLength         = 18
	organisationStart    = 8 // positions 9-17 are a GB 11714 organisation code
	organisationLength   = 9
	organisationAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

var (
	creditWeights       = [17]int{1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28}
	organisationWeights = [8]int{3, 7, 9, 10, 5, 8, 4, 2}
)

// ParseCreditCode reads a credit code. Spaces, hyphens, lower case and full-width characters are
// accepted. It returns an *Error with one of the codes
//
//	credit_code.too_short, credit_code.too_long          params length
//	credit_code.character                                params character, position (from 1)
//	credit_code.check_digit                              params expected, found (position 18)
//	credit_code.organisation_check_digit                 params expected, found (position 17)
func ParseCreditCode(text string) (CreditCode, error) {
	code := strings.ToUpper(squeeze(text))
	for i, r := range []rune(code) {
		if i < creditLength && !strings.ContainsRune(creditAlphabet, r) {
			return "", wrong(FlawFormat, "credit_code.character", map[string]any{"character": string(r), "position": i + 1})
		}
	}
	switch n := len([]rune(code)); {
	case n < creditLength:
		return "", wrong(FlawShort, "credit_code.too_short", map[string]any{"length": n})
	case n > creditLength:
		return "", wrong(FlawLong, "credit_code.too_long", map[string]any{"length": n})
	}
	if want := creditCheck(code[:17]); code[17] != want {
		return "", wrong(FlawFormat, "credit_code.check_digit", map[string]any{"expected": string(want), "found": code[17:]})
	}
	organisation := code[organisationStart : organisationStart+organisationLength]
	if want := organisationCheck(organisation[:8]); organisation[8] != want {
		return "", wrong(FlawFormat, "credit_code.organisation_check_digit",
			map[string]any{"expected": string(want), "found": organisation[8:]})
	}
	return CreditCode(code), nil
}

// CompleteCreditCode makes a credit code of the eight characters before the organisation code
// (authority, category, region) and the first eight of the organisation code, and adds both check
// digits. Test data uses the region 000000, which no register issues.
func CompleteCreditCode(prefix, organisation string) (CreditCode, error) {
	prefix, organisation = strings.ToUpper(prefix), strings.ToUpper(organisation)
	if len(prefix) != organisationStart || len(organisation) != organisationLength-1 {
		return "", wrong(FlawFormat, "credit_code.parts", map[string]any{"prefix": prefix, "organisation": organisation})
	}
	body := prefix + organisation
	for i, r := range body {
		if !strings.ContainsRune(creditAlphabet, r) {
			return "", wrong(FlawFormat, "credit_code.character", map[string]any{"character": string(r), "position": i + 1})
		}
	}
	body += string(organisationCheck(organisation))
	return CreditCode(body + string(creditCheck(body))), nil
}

// String is the stored form.
func (c CreditCode) String() string { return string(c) }

// MarshalText gives the stored form.
func (c CreditCode) MarshalText() ([]byte, error) { return []byte(c), nil }

// UnmarshalText reads what ParseCreditCode reads; an empty text is no code.
func (c *CreditCode) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*c = ""
		return nil
	}
	parsed, err := ParseCreditCode(string(text))
	if err != nil {
		return err
	}
	*c = parsed
	return nil
}

// Region is the six digits of the registering authority's region, 000000 for fictional codes.
func (c CreditCode) Region() string {
	if len(c) != creditLength {
		return ""
	}
	return string(c[2:8])
}

// creditCheck computes position 18 of GB 32100: (31 − Σ mod 31) mod 31.
func creditCheck(body string) byte {
	sum := 0
	for i, weight := range creditWeights {
		sum += weight * strings.IndexByte(creditAlphabet, body[i])
	}
	return creditAlphabet[(31-sum%31)%31]
}

// organisationCheck computes the ninth character of GB 11714: 11 − Σ mod 11, 10 is X and 11 is 0.
func organisationCheck(body string) byte {
	sum := 0
	for i, weight := range organisationWeights {
		sum += weight * strings.IndexByte(organisationAlphabet, body[i])
	}
	switch check := 11 - sum%11; check {
	case 10:
		return 'X'
	case 11:
		return '0'
	default:
		return byte('0' + check)
	}
}
