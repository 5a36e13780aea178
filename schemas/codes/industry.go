package codes

import (
	_ "embed"
	"fmt"
	"strings"
)

// Industry is a division of GB/T 4754-2017 (国民经济行业分类, 大类): two digits, 01 to 97.
type Industry string

// Section is a section of GB/T 4754-2017 (门类): one letter, A to T.
type Section string

//go:embed industries.txt
var industriesText string

type industryRow struct {
	code    Industry
	section Section
	name    Name
}

type sectionRow struct {
	code Section
	name Name
}

var industryRows, sectionRows = readIndustries(industriesText)

// readIndustries reads lines of code|Chinese|English, a section before its divisions. The file is
// part of the program: a bad line is a programming error and stops it.
func readIndustries(text string) (divisions []industryRow, sections []sectionRow) {
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, "|")
		switch {
		case len(fields) == 3 && len(fields[0]) == 1:
			sections = append(sections, sectionRow{Section(fields[0]), Name{fields[1], fields[2]}})
		case len(fields) == 3 && len(fields[0]) == 2 && len(sections) > 0:
			divisions = append(divisions, industryRow{
				Industry(fields[0]), sections[len(sections)-1].code, Name{fields[1], fields[2]},
			})
		default:
			panic(fmt.Sprintf("codes: industries.txt: bad line %q", line))
		}
	}
	return divisions, sections
}

// Industries lists the divisions in the order of the standard.
func Industries() []Industry {
	all := make([]Industry, len(industryRows))
	for i, row := range industryRows {
		all[i] = row.code
	}
	return all
}

// Sections lists the sections in the order of the standard.
func Sections() []Section {
	all := make([]Section, len(sectionRows))
	for i, row := range sectionRows {
		all[i] = row.code
	}
	return all
}

// ParseIndustry reads a division, or fails with industry.unknown. A longer code of the standard,
// with or without its section letter (I6510, 6510), gives its division.
func ParseIndustry(text string) (Industry, error) {
	code := strings.ToUpper(squeeze(text))
	section, digits := Section(""), code
	if code != "" && code[0] >= 'A' && code[0] <= 'T' {
		section, digits = Section(code[:1]), code[1:]
	}
	if len(digits) >= 2 && len(digits) <= 4 && allDigits(digits) {
		row, found := Industry(digits[:2]).row()
		if found && (section == "" || section == row.section) {
			return row.code, nil
		}
	}
	return "", wrong(FlawEnumeration, "industry.unknown", map[string]any{"value": excerpt(text)})
}

// ParseSection reads a section's letter, or fails with industry_section.unknown.
func ParseSection(text string) (Section, error) {
	code := Section(strings.ToUpper(squeeze(text)))
	for _, row := range sectionRows {
		if row.code == code {
			return code, nil
		}
	}
	return "", wrong(FlawEnumeration, "industry_section.unknown", map[string]any{"value": excerpt(text)})
}

// String is the stored form.
func (i Industry) String() string { return string(i) }

// MarshalText gives the stored form.
func (i Industry) MarshalText() ([]byte, error) { return []byte(i), nil }

// UnmarshalText reads what ParseIndustry reads.
func (i *Industry) UnmarshalText(text []byte) (err error) {
	*i, err = ParseIndustry(string(text))
	return err
}

// Section is the section that the division belongs to, empty for an unknown division.
func (i Industry) Section() Section {
	row, _ := i.row()
	return row.section
}

// Name is the division's name; an unknown division has its code as its name.
func (i Industry) Name() Name {
	if row, found := i.row(); found {
		return row.name
	}
	return Name{string(i), string(i)}
}

func (i Industry) row() (industryRow, bool) {
	for _, row := range industryRows {
		if row.code == i {
			return row, true
		}
	}
	return industryRow{}, false
}

// String is the stored form.
func (s Section) String() string { return string(s) }

// MarshalText gives the stored form.
func (s Section) MarshalText() ([]byte, error) { return []byte(s), nil }

// UnmarshalText reads what ParseSection reads.
func (s *Section) UnmarshalText(text []byte) (err error) {
	*s, err = ParseSection(string(text))
	return err
}

// Name is the section's name; an unknown section has its code as its name.
func (s Section) Name() Name {
	for _, row := range sectionRows {
		if row.code == s {
			return row.name
		}
	}
	return Name{string(s), string(s)}
}

// Divisions lists the section's divisions.
func (s Section) Divisions() []Industry {
	var all []Industry
	for _, row := range industryRows {
		if row.section == s {
			all = append(all, row.code)
		}
	}
	return all
}
