package fault

import (
	"strings"
	"time"
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

// Day gives the day of a text YYYY-MM-DD, or the fault of the field.
func Day(field, text string) (time.Time, error) {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return day, Field(Format, field, "input.format", "pattern", "YYYY-MM-DD")
	}
	return day, nil
}

// OptionalDay is Day, and nil of an empty text.
func OptionalDay(field, text string) (*time.Time, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // no day is no fault
	}
	day, err := Day(field, text)
	return &day, err
}
