package portaltest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"jike/internal/portal"
)

// Rights is a portal's table of rights as a text that a person can read: a line for each operation, in
// alphabetical order, a column for each caller. A test fills it with what the portal has answered and
// compares it with the file of what it should.
type Rights struct {
	note  string
	head  []string
	lines map[string][]string // by operation
}

// NewRights makes a table with the note above it.
func NewRights(note string, callers ...string) *Rights {
	return &Rights{note, append([]string{"operation", "permission"}, callers...), map[string][]string{}}
}

// Add adds the line of an operation: what each caller was answered.
func (r *Rights) Add(op portal.Operation, cells []string) {
	r.lines[op.ID] = append([]string{op.ID, string(op.Permission)}, cells...)
}

// String is the whole table.
func (r *Rights) String() string {
	rows := [][]string{r.head}
	for _, id := range slices.Sorted(maps.Keys(r.lines)) {
		rows = append(rows, r.lines[id])
	}
	// Widths that no new operation changes: a new line is the only line of its difference.
	width := []int{32, 24, 8, 16, 16, 16, 16, 16}
	var out strings.Builder
	out.WriteString(r.note + "\n")
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell + strings.Repeat(" ", max(1, width[i]-utf8.RuneCountInString(cell))))
		}
		out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return out.String()
}

// Differences says how the lines that were added differ from those of the expected table.
func (r *Rights) Differences(expected string) []string {
	want := map[string]string{}
	for line := range strings.Lines(expected) {
		if fields := strings.Fields(line); len(fields) > 0 {
			want[fields[0]] = strings.Join(fields, " ")
		}
	}
	var list []string
	for _, id := range slices.Sorted(maps.Keys(r.lines)) {
		got := strings.Join(strings.Fields(strings.Join(r.lines[id], " ")), " ")
		switch expected, known := want[id]; {
		case !known:
			list = append(list, fmt.Sprintf("%s is not in the table of rights: %s", id, got))
		case got != expected:
			list = append(list, fmt.Sprintf("rights differ\n got %s\nwant %s", got, expected))
		}
	}
	return list
}
