package reference

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"jike/internal/fault"
	"jike/schemas/codes"
)

const (
	usualMost   = 200
	mostCount   = math.MaxInt32
	dayForm     = "2006-01-02"
	instantForm = "2006-01-02T15:04:05Z"
)

// read checks a value as it came from JSON or from a line of text and gives its one form, nil for
// none.
func (f Field) read(value any) (*string, error) {
	text, ok := asText(value)
	if !ok {
		return nil, fault.Field(fault.Type, f.Name, "input.type")
	}
	text = strings.TrimSpace(text)
	if text == "" {
		if f.Optional {
			return f.none(), nil
		}
		return nil, fault.Field(fault.TooShort, f.Name, "input.required")
	}
	text, err := f.form(text)
	return &text, err
}

// none is the value of an optional field that is left out: the empty text, or nothing.
func (f Field) none() *string {
	if f.Type == Text {
		return new(string)
	}
	return nil
}

// asText is a scalar or document as text.
func asText(value any) (string, bool) {
	switch v := value.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	case map[string]any:
		text, err := json.Marshal(v)
		return string(text), err == nil
	}
	return "", false
}

// form gives a text's one form for the field, or a fault.
func (f Field) form(text string) (string, error) {
	wrong := fault.Field(fault.Format, f.Name, "input.format")
	switch f.Type {
	case Count:
		n, err := strconv.ParseInt(text, 10, 64)
		switch {
		case err != nil:
			return "", wrong
		case n < 0:
			return "", fault.Field(fault.BelowMinimum, f.Name, "input.below_minimum", "min", 0)
		case n > mostCount:
			return "", fault.Field(fault.AboveMaximum, f.Name, "input.above_maximum", "max", mostCount)
		}
		return strconv.FormatInt(n, 10), nil
	case Date:
		day, err := time.Parse(dayForm, text)
		if err != nil {
			return "", wrong
		}
		return day.Format(dayForm), nil
	case Time:
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return "", wrong
		}
		return at.UTC().Format(instantForm), nil
	case Document:
		var document map[string]any
		if err := json.Unmarshal([]byte(text), &document); err != nil {
			return "", wrong
		}
		return text, nil
	case Choice:
		if !slices.Contains(f.Values, text) {
			return "", fault.Field(fault.Enumeration, f.Name, "input.not_in_list")
		}
		return text, nil
	case CreditCode:
		return f.creditCode(text)
	}
	most := f.Most
	if most == 0 {
		most = usualMost
	}
	if utf8.RuneCountInString(text) > most {
		return "", fault.Field(fault.TooLong, f.Name, "input.too_long", "max", most)
	}
	if strings.ContainsRune(text, 0) || !utf8.ValidString(text) {
		return "", wrong
	}
	return text, nil
}

func (f Field) creditCode(text string) (string, error) {
	code, err := codes.ParseCreditCode(text)
	var flaw *codes.Error
	if errors.As(err, &flaw) {
		wrong := fault.Field(fault.Format, f.Name, flaw.Code)
		wrong.Params = flaw.Params
		return "", wrong
	}
	return string(code), err
}
