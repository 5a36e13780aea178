package fault

import (
	"strings"
	"unicode/utf8"
)

// Text gives a text that has to be stated, such as a reason, without blanks around it, or the fault of the field: none,
// more than most characters, or bytes that no database keeps as text.
func Text(field, text string, most int) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return "", Field(TooShort, field, "input.required")
	case utf8.RuneCountInString(text) > most:
		return "", Field(TooLong, field, "input.too_long", "max", most)
	case strings.ContainsRune(text, 0) || !utf8.ValidString(text):
		return "", Field(Format, field, "input.format")
	}
	return text, nil
}
