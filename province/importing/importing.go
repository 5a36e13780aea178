// Package importing takes customers in from a file (资料导入), and takes such an import back.
//
//	uploaded ──► mapped ──► tried ──► run ──► taken back
//
// A file is read once, when it is uploaded, and kept as it was read. Its person says what each column means,
// by which fact customers are recognised, and whether lines may create, change, or both. A dry run (a job)
// tells for every line what would become of it; only what was tried with the same settings can be run. The
// run is a job too: its lines, what they wrote and the place that it has reached commit together, so that a
// node that is killed goes on where it was, and nothing is done twice. Each line is checked as the portal
// checks one customer, in the scope and with the rights that the person has at that moment, and each customer
// that is written has its own line in the audit trail.
//
// An import can be taken back as a whole. A customer that it changed gets back what it had before; one that
// it created is removed, since it should never have been there. What somebody changed since, or what other
// records refer to, stays and is listed.
//
// A column may mean a custom attribute (province/attribute) as well: its values are checked by its kind, and are
// taken back with the rest.
//
// An empty cell leaves a fact as it is. A customer that is new is a potential one of class D unless the file
// says otherwise, in the care of the person who imports, if that is an account manager.
package importing

import (
	"slices"
	"strings"
	"time"

	"jike/internal/fault"
	"jike/province/customer"
	"jike/province/job"
)

// The kinds of job.
const (
	TryKind    = "customer.import.try"
	RunKind    = "customer.import"
	RevertKind = "customer.import.revert"
)

// Kept is how long an import can be looked at and taken back.
const Kept = job.Kept

// The bounds of a file.
const (
	maxColumns = 100
	maxHeading = 100
	maxCell    = 32_767 // characters, what a workbook's cell holds
	previewed  = 10     // lines
)

// Mode is what lines may do.
type Mode string

// The modes.
const (
	Create Mode = "create" // a line whose customer is there is refused
	Change Mode = "change" // a line whose customer is not there is refused
	Both   Mode = "both"
)

// Settings say how a file is to be read and what is to become of it.
type Settings struct {
	Fields   []string // what each column means, by the name of a field or attribute.CODE; empty: nothing
	Key      customer.Key
	Mode     Mode
	Distinct bool // refuse new customers with near-equal names
}

// Import is a file with what became of it.
type Import struct {
	ID        int64
	OwnerID   int64 // account
	Owner     string
	FileName  string
	Encoding  string // utf-8, gb18030 or xlsx
	Columns   []string
	Total     int   // lines
	Settings        // without fields: not yet stated
	TryJob    int64 // 0: none
	RunJob    int64
	RevertJob int64
	CreatedAt time.Time
}

// check gives the faults of settings for a file with the columns.
func (s Settings) check(columns []string, known vocabulary) error {
	if len(s.Fields) != len(columns) {
		return fault.Field(fault.Format, "fields", "import.fields.count", "columns", len(columns))
	}
	for i, name := range s.Fields {
		if name != "" && known.named(name) == nil {
			return fault.Field(fault.Enumeration, "fields", "import.field.unknown", "field", name)
		}
		if name != "" && slices.Contains(s.Fields[:i], name) {
			return fault.Field(fault.Rule, "fields", "import.field.twice", "field", name)
		}
	}
	if !slices.Contains(s.Fields, string(s.Key)) {
		return fault.Field(fault.Rule, "key", "import.key.no_column", "field", string(s.Key))
	}
	if s.Key == customer.ByNumber && s.Mode != Change {
		return fault.Field(fault.Rule, "mode", "import.number.changes_only")
	}
	if s.Mode == Change {
		return nil
	}
	for _, needed := range []string{"name", "industry", "city"} {
		if !slices.Contains(s.Fields, needed) {
			return fault.Field(fault.Rule, "fields", "import.field.needed", "field", needed)
		}
	}
	return nil
}

// guess says what columns mean: as the person said the last time, or else by their headings. No field is
// guessed twice.
func guess(columns []string, remembered map[string]string, known vocabulary) []string {
	fields := make([]string, len(columns))
	for i, heading := range columns {
		name, said := remembered[headingKey(heading)]
		if !said {
			name = known.headed(heading)
		}
		if !slices.Contains(fields[:i], name) {
			fields[i] = name
		}
	}
	return fields
}

// headingKey is a heading without what spreadsheets and people vary.
func headingKey(heading string) string {
	key := strings.ToLower(strings.Join(strings.Fields(heading), ""))
	return strings.NewReplacer("（", "(", "）", ")", "*", "", "_", "", "：", "", ":", "").Replace(key)
}
