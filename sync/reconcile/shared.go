package reconcile

import (
	"slices"

	"jike/schemas/replica"
)

// shared gives what both sides replicate of a province that sends the list theirs: its tables in
// its order, each with the columns that headquarters has as well. A province that is a release
// behind lacks what is new at headquarters, where it stays empty until the province is upgraded. A list
// that is none of this release and of those before is of a newer one.
func (n *National) shared(province int16, theirs []replica.Table) ([]replica.Table, error) {
	hash := replica.Hash(theirs)
	ofRelease := func(l replica.List) bool { return replica.Hash(l.Tables) == hash }
	if hash != n.schema && !slices.ContainsFunc(n.opts.Previous, ofRelease) {
		return nil, fail(ReasonNewer, "province %d replicates tables or columns that headquarters does not know: bring headquarters to the newer release first", province)
	}
	out := make([]replica.Table, 0, len(theirs))
	for _, t := range theirs {
		at := slices.IndexFunc(n.opts.Tables, func(own replica.Table) bool { return own.Qualified() == t.Qualified() })
		if at < 0 {
			return nil, fail(ReasonOld, "province %d still replicates %s, which headquarters has given up: bring the province to the newer release first", province, t.Qualified())
		}
		var both []replica.Column
		for _, c := range t.Columns {
			if slices.Contains(n.opts.Tables[at].Columns, c) {
				both = append(both, c)
			}
		}
		t.Columns = both
		out = append(out, t)
	}
	return out, nil
}

// narrowed is a table with those of its columns that are named, in the order in which they are
// named; with no names, the table as it is. It reports whether the table has all of them.
func narrowed(t replica.Table, names []string) (replica.Table, bool) {
	if names == nil {
		return t, true
	}
	var columns []replica.Column
	for _, name := range names {
		at := slices.IndexFunc(t.Columns, func(c replica.Column) bool { return c.Name == name })
		if at < 0 {
			return t, false
		}
		columns = append(columns, t.Columns[at])
	}
	t.Columns = columns
	return t, true
}

func namesOf(t replica.Table) []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}
