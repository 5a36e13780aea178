package codes

import "strings"

// Lifecycle is where a group customer stands (客户生命周期).
type Lifecycle string

// The states of the life cycle.
const (
	Potential Lifecycle = "potential" // 潜在
	Active    Lifecycle = "active"    // 在网
	Suspended Lifecycle = "suspended" // 停机
	Lost      Lifecycle = "lost"      // 离网
)

var lifecycles = []struct {
	code Lifecycle
	name Name
}{
	{Potential, Name{"潜在", "Potential"}},
	{Active, Name{"在网", "Active"}},
	{Suspended, Name{"暂停", "Suspended"}},
	{Lost, Name{"离网", "Lost"}},
}

// Lifecycles lists the states in their usual order.
func Lifecycles() []Lifecycle {
	all := make([]Lifecycle, len(lifecycles))
	for i, row := range lifecycles {
		all[i] = row.code
	}
	return all
}

// ParseLifecycle reads a state by its code, or fails with lifecycle.unknown.
func ParseLifecycle(text string) (Lifecycle, error) {
	value := Lifecycle(strings.ToLower(narrow(text)))
	for _, row := range lifecycles {
		if row.code == value {
			return value, nil
		}
	}
	return "", wrong(FlawEnumeration, "lifecycle.unknown", map[string]any{"value": excerpt(text)})
}

// String is the stored form.
func (l Lifecycle) String() string { return string(l) }

// MarshalText gives the stored form.
func (l Lifecycle) MarshalText() ([]byte, error) { return []byte(l), nil }

// UnmarshalText reads what ParseLifecycle reads.
func (l *Lifecycle) UnmarshalText(text []byte) (err error) {
	*l, err = ParseLifecycle(string(text))
	return err
}

// Name is the state's name in both languages; an unknown state has its code as its name.
func (l Lifecycle) Name() Name {
	for _, row := range lifecycles {
		if row.code == l {
			return row.name
		}
	}
	return Name{string(l), string(l)}
}
