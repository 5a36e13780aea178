package codes

import "strings"

// Class is the class of a group customer (客户等级), from the most to the least valuable.
type Class string

// The classes. A new group is a D.
const (
	ClassA1 Class = "A1"
	ClassA2 Class = "A2"
	ClassB1 Class = "B1"
	ClassB2 Class = "B2"
	ClassC  Class = "C"
	ClassD  Class = "D"
)

var classes = []Class{ClassA1, ClassA2, ClassB1, ClassB2, ClassC, ClassD}

// Classes lists the classes from the most to the least valuable.
func Classes() []Class { return append([]Class(nil), classes...) }

// ParseClass reads a class by its internal code, or fails with class.unknown.
func ParseClass(text string) (Class, error) {
	c := Class(strings.ToUpper(squeeze(text)))
	if c.rank() < 0 {
		return "", wrong(FlawEnumeration, "class.unknown", map[string]any{"value": excerpt(text)})
	}
	return c, nil
}

// String is the stored form.
func (c Class) String() string { return string(c) }

// MarshalText gives the stored form.
func (c Class) MarshalText() ([]byte, error) { return []byte(c), nil }

// UnmarshalText reads what ParseClass reads.
func (c *Class) UnmarshalText(text []byte) (err error) {
	*c, err = ParseClass(string(text))
	return err
}

// Above reports whether c is the more valuable class.
func (c Class) Above(other Class) bool { return c.rank() < other.rank() }

func (c Class) rank() int {
	for i, known := range classes {
		if c == known {
			return i
		}
	}
	return -1
}

// ClassCoding is how one interface writes classes.
type ClassCoding struct{ codes [6]string }

// The codings. Systems disagree, so each interface names its own.
var (
	// ClassesBIP4B254 is the coding of group-customer data sync (集团资料同步): 01 is A1 … 06 is D.
	ClassesBIP4B254 = ClassCoding{[6]string{"01", "02", "03", "04", "05", "06"}}
	// ClassesAnalysis is the coding 4 … 9 seen in business analysis and other systems: 4 is A1 … 9 is D.
	ClassesAnalysis = ClassCoding{[6]string{"4", "5", "6", "7", "8", "9"}}
)

// Parse reads a class as this interface writes it, or fails with class.unknown.
func (m ClassCoding) Parse(text string) (Class, error) {
	value := narrow(text)
	for i, code := range m.codes {
		if value == code {
			return classes[i], nil
		}
	}
	return "", wrong(FlawEnumeration, "class.unknown", map[string]any{"value": excerpt(text)})
}

// Format writes a class as this interface does; an unknown class gives an empty text.
func (m ClassCoding) Format(c Class) string {
	if i := c.rank(); i >= 0 {
		return m.codes[i]
	}
	return ""
}
