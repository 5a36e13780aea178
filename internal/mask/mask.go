// Package mask shows personal data to those who need not know it: enough to tell two people or two
// phones apart, not enough to call one. An empty value stays empty. A mask is for reading only:
// whoever takes records back must not take a masked value for a stated one (Is).
package mask

import "strings"

// Hidden stands for a text of which nothing is shown, HiddenDate for a day.
const (
	Hidden     = "****"
	HiddenDate = "****-**-**"
)

// Name keeps the first character and, of a longer name, the last: 张*, 李*宝.
func Name(name string) string {
	runes := []rune(name)
	switch {
	case len(runes) == 0:
		return ""
	case len(runes) <= 2:
		return string(runes[0]) + "*"
	}
	return string(runes[0]) + strings.Repeat("*", len(runes)-2) + string(runes[len(runes)-1])
}

// Phone keeps the first three and the last four characters: 138****1234.
func Phone(phone string) string { return middle(phone, 3, 4) }

// Identity keeps the first four and the last two characters of an identity document's number.
func Identity(number string) string { return middle(number, 4, 2) }

// Mail keeps the domain: ***@example.com.
func Mail(address string) string {
	if address == "" {
		return ""
	}
	_, domain, _ := strings.Cut(address, "@")
	return "***@" + domain
}

// Text shows nothing but that there is something.
func Text(text string) string {
	if text == "" {
		return ""
	}
	return Hidden
}

// Date shows nothing of a day but that it is known.
func Date(day string) string {
	if day == "" {
		return ""
	}
	return HiddenDate
}

// Is reports whether a value could be a masked one.
func Is(value string) bool { return strings.Contains(value, "**") }

// middle hides what lies between the first and the last characters; a short value wholly.
func middle(value string, first, last int) string {
	runes := []rune(value)
	switch {
	case len(runes) == 0:
		return ""
	case len(runes) < first+last+2:
		return Hidden
	}
	return string(runes[:first]) + Hidden + string(runes[len(runes)-last:])
}
