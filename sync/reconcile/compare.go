package reconcile

import "bytes"

// Kind says how a row differs.
type Kind string

// The kinds of difference, seen from headquarters.
const (
	Missing   Kind = "missing"   // the province has the row, headquarters does not
	Extra     Kind = "extra"     // headquarters has the row, the province does not
	Different Kind = "different" // both have it with different values
)

// Cause says where a difference comes from, as far as that can be told.
type Cause string

// The causes. Where several hold, the first does.
const (
	// Parked: apply could not take a change of the row and skips it until it is repaired.
	Parked Cause = "parked"
	// LargeValue: the row's large values were not in the log; apply waits for its repair.
	LargeValue Cause = "large-value"
	// KnownDivergence: a change of the row met none at headquarters, and apply recorded it.
	KnownDivergence Cause = "known-divergence"
	// OutsideStream: the row's stamp is none that this province's stream can have written:
	// somebody else wrote the row at headquarters.
	OutsideStream Cause = "outside-stream"
	// NewEpoch: nothing is proved yet in this epoch. The province was restored or failed over, its
	// slot was lost, or headquarters was restored.
	NewEpoch Cause = "epoch"
	// NewSelection: row filter or columns have changed since they were proved last.
	NewSelection Cause = "selection"
	// Unknown: nothing explains the difference. It should not be there.
	Unknown Cause = "unknown"
)

// Difference is one row that differs.
type Difference struct {
	Table   string   `json:"table"` // with its schema
	Key     int64    `json:"key"`
	Kind    Kind     `json:"kind"`
	Columns []string `json:"columns"` // of a different row: the columns that differ
	Cause   Cause    `json:"cause"`

	foreign bool // the stamp of headquarters' row is none that the stream can have written
}

// differing gives the indexes of the ranges that are not equal on both sides.
func differing(a, b []Range) []int {
	var out []int
	for i := range a {
		if a[i].Rows != b[i].Rows || !bytes.Equal(a[i].Digest, b[i].Digest) {
			out = append(out, i)
		}
	}
	return out
}

// merge compares the rows of both sides in the same run of keys, each sorted by key.
func merge(table string, province, national []rowHash) []Difference {
	var out []Difference
	add := func(key int64, kind Kind) {
		out = append(out, Difference{Table: table, Key: key, Kind: kind, Columns: []string{}, Cause: Unknown})
	}
	i, j := 0, 0
	for i < len(province) || j < len(national) {
		switch {
		case j == len(national) || i < len(province) && province[i].Key < national[j].Key:
			add(province[i].Key, Missing)
			i++
		case i == len(province) || national[j].Key < province[i].Key:
			add(national[j].Key, Extra)
			j++
		default:
			if !bytes.Equal(province[i].Hash, national[j].Hash) {
				add(province[i].Key, Different)
			}
			i++
			j++
		}
	}
	return out
}

// differingColumns names the columns whose values are not equal.
func differingColumns(names, province, national []string) []string {
	out := []string{}
	for i, name := range names {
		if i >= len(province) || i >= len(national) || province[i] != national[i] {
			out = append(out, name)
		}
	}
	return out
}

// The approval rule. A run over the limit stops before it repairs anything: so many differences
// at once are seldom damage at headquarters, more often a province restored from a wrong backup
// or a wrong filter, and repairing would spread the error.
const (
	approvalTotal    = 10000 // differences in all
	approvalPerMille = 1     // of a table's rows ...
	approvalFloor    = 100   // ... but never for so few rows of one table
)

// tableCount is what the approval rule looks at.
type tableCount struct {
	rows, differences int64
}

// needsApproval is the rule: more than 10,000 differences in all, or in any table more than 100
// and more than 0.1 % of its rows (of the larger side). approved is the number of differences that
// a person has agreed to, which covers as many again by a tenth, or by the floor: rows go on
// changing while the person decides.
func needsApproval(tables []tableCount, approved int64) bool {
	var total int64
	over := false
	for _, t := range tables {
		total += t.differences
		over = over || t.differences > approvalFloor && t.differences*1000 > t.rows*approvalPerMille
	}
	if approved > 0 {
		return total > approved+max(approved/10, approvalFloor)
	}
	return over || total > approvalTotal
}
