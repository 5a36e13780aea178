package importing

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"jike/internal/fault"
	"jike/province/attribute"
)

// ofAttribute is how the name of a field that is a custom attribute begins, before the attribute's code.
const ofAttribute = "attribute."

// vocabulary is all that a column can mean.
type vocabulary []field

// words are the standard facts, and the custom attributes that are asked for.
func words(attributes []attribute.Definition) vocabulary {
	list := slices.Clone(fields)
	for _, d := range attributes {
		if !d.Retired {
			list = append(list, attributeField(d))
		}
	}
	return list
}

// names lists what a column can mean.
func (v vocabulary) names() []string {
	names := make([]string, len(v))
	for i, f := range v {
		names[i] = f.name
	}
	return names
}

func (v vocabulary) named(name string) *field {
	if i := slices.IndexFunc(v, func(f field) bool { return f.name == name }); i >= 0 {
		return &v[i]
	}
	return nil
}

// headed is the name of the field that a heading means, "" if it means none. A standard fact goes before a custom
// attribute that is called the same.
func (v vocabulary) headed(heading string) string {
	key := headingKey(heading)
	for _, f := range v {
		if strings.ToLower(f.name) == key || slices.Contains(f.headings, key) {
			return f.name
		}
	}
	return ""
}

// meanings are the fields by their names, nil for a column that means nothing. An attribute that has been retired
// since the person said what the columns mean refuses every line that states it.
func (v vocabulary) meanings(names []string) []*field {
	list := make([]*field, len(names))
	for i, name := range names {
		if list[i] = v.named(name); list[i] == nil && name != "" {
			list[i] = &field{name: name, set: func(*line, string) error { return fault.Field(fault.Enumeration, name, "attribute.unknown") }}
		}
	}
	return list
}

// attributeField is a custom attribute as a column can mean it: by its names or its code.
func attributeField(d attribute.Definition) field {
	return field{
		name: ofAttribute + d.Code, headings: []string{headingKey(d.NameZh), headingKey(d.NameEn), headingKey(d.Code)},
		set: func(l *line, cell string) error {
			value, err := d.Parse(spelled(d.Facts, cell))
			if err != nil {
				return asColumn(err)
			}
			if l.attributes == nil {
				l.attributes = map[string]string{}
			}
			l.attributes[d.Code] = value
			return nil
		},
	}
}

// asColumn makes a fault of an attribute one of the column that means it.
func asColumn(err error) error {
	found, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return err
	}
	changed := *found
	changed.Field = ofAttribute + found.Field
	return &changed
}

// dayLayouts are how people write days.
var dayLayouts = []string{"2006-1-2", "2006/1/2", "2006.1.2", "2006年1月2日", "20060102"}

// spelled is a value as the attribute spells it, of what people and workbooks write; what is not known stays.
func spelled(f attribute.Facts, cell string) string {
	switch f.Kind {
	case attribute.Number:
		return strings.ReplaceAll(cell, ",", "")
	case attribute.Date:
		for _, layout := range dayLayouts {
			if day, err := time.Parse(layout, cell); err == nil {
				return day.Format(time.DateOnly)
			}
		}
		if days, err := strconv.Atoi(cell); err == nil && len(cell) == 5 { // as a workbook counts them
			if day, err := excelize.ExcelDateToTime(float64(days), false); err == nil {
				return day.Format(time.DateOnly)
			}
		}
	case attribute.Choice:
		for _, o := range f.Choices {
			if strings.EqualFold(cell, o.NameZh) || strings.EqualFold(cell, o.NameEn) || strings.EqualFold(cell, o.Code) {
				return o.Code
			}
		}
	case attribute.Flag:
		if yes, known := yesWords[strings.ToLower(cell)]; known {
			return strconv.FormatBool(yes)
		}
	case attribute.Text:
	}
	return cell
}
