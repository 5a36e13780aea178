package codes

import (
	_ "embed"
	"fmt"
	"strings"
)

// City is a GB/T 2260 code of a unit of the prefecture level (地级): six digits. Where a province
// governs counties directly (济源, 仙桃, 石河子 …) these stand in the list with their own code,
// and the four municipalities stand in it as one city each, Chongqing's counties apart.
type City string

//go:embed cities.csv
var citiesCSV string

type cityRow struct {
	code        City
	name, short string
}

var (
	cityRows = readCities(citiesCSV)
	cityAt   = indexCities(cityRows)
)

// readCities reads lines of code,name,short name. The file is part of the program: a bad line is a
// programming error and stops it.
func readCities(csv string) []cityRow {
	var rows []cityRow
	for _, line := range strings.Split(strings.TrimSpace(csv), "\n")[1:] {
		fields := strings.Split(line, ",")
		if len(fields) != 3 || len(fields[0]) != 6 {
			panic(fmt.Sprintf("codes: cities.csv: bad line %q", line))
		}
		rows = append(rows, cityRow{City(fields[0]), fields[1], fields[2]})
	}
	return rows
}

func indexCities(rows []cityRow) map[City]int {
	index := make(map[City]int, len(rows))
	for i, row := range rows {
		index[row.code] = i
	}
	return index
}

// ParseCity reads a city's code, or fails with city.unknown. A county's code (350102) is accepted
// and gives its city (350100).
func ParseCity(text string) (City, error) {
	code := squeeze(text)
	if len(code) == 6 && allDigits(code) {
		for _, candidate := range []City{City(code), City(code[:4] + "00")} {
			if _, found := cityAt[candidate]; found {
				return candidate, nil
			}
		}
	}
	return "", wrong(FlawEnumeration, "city.unknown", map[string]any{"value": excerpt(text)})
}

// Cities lists a province's cities in the order of their codes; none for headquarters.
func Cities(province Province) []City {
	gb := province.GB()
	if gb == "" {
		return nil
	}
	var all []City
	for _, row := range cityRows {
		if strings.HasPrefix(string(row.code), gb) {
			all = append(all, row.code)
		}
	}
	return all
}

// String is the stored form.
func (c City) String() string { return string(c) }

// MarshalText gives the stored form.
func (c City) MarshalText() ([]byte, error) { return []byte(c), nil }

// UnmarshalText reads what ParseCity reads.
func (c *City) UnmarshalText(text []byte) (err error) {
	*c, err = ParseCity(string(text))
	return err
}

// Name is the city's Chinese name, such as 福州市; an unknown code is its own name.
func (c City) Name() string {
	if i, found := cityAt[c]; found {
		return cityRows[i].name
	}
	return string(c)
}

// Short is the name as it stands in front of company names, such as 福州 or 延边.
func (c City) Short() string {
	if i, found := cityAt[c]; found {
		return cityRows[i].short
	}
	return string(c)
}

// Province is the province that the city belongs to, 0 if the code is unknown.
func (c City) Province() Province {
	p, err := ProvinceOfGB(string(c))
	if err != nil {
		return 0
	}
	return p
}
