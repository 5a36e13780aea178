package copy

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"jike/schemas/replica"
)

// A table is cut into at most maxRanges. About samplePages of its pages are read to find where.
const (
	maxRanges   = 1024
	samplePages = 2048
	pageBytes   = 8192
)

// plan cuts one table into ranges, from the least key that is selected now to the greatest. Rows
// outside of them are selected later and come with the stream, so a table that grows faster than
// it is copied is copied all the same. Where it is cut decides only how evenly the work is shared:
// a sample of the table's pages is enough, whatever the table's size.
func (p *Province) plan(ctx context.Context, t replica.Table) (tablePlan, error) {
	one := tablePlan{Table: t.Qualified()}
	table, key := pgx.Identifier{t.Schema, t.Name}.Sanitize(), pgx.Identifier{t.Key}.Sanitize()
	var first, last *int64
	var heap, size int64
	err := p.opts.Pool.QueryRow(ctx, fmt.Sprintf(`SELECT min(%s), max(%[1]s), pg_relation_size($1::regclass), pg_table_size($1::regclass)
		FROM %s WHERE national`, key, table), table).Scan(&first, &last, &heap, &size)
	if err != nil || first == nil {
		return one, err
	}
	one.Ranges = []keyRange{{*first, *last}}
	if heap <= p.opts.RangeBytes/4 { // large values lie elsewhere
		return one, p.opts.Pool.QueryRow(ctx, fmt.Sprintf(`SELECT count(*) FROM %s WHERE national`, table)).Scan(&one.Rows)
	}
	percent := min(100, 100*samplePages*pageBytes/float64(heap))
	rows, err := p.opts.Pool.Query(ctx, fmt.Sprintf(`SELECT %s FROM %s TABLESAMPLE SYSTEM (%f) WHERE national`, key, table, percent))
	if err != nil {
		return one, err
	}
	sample, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return one, err
	}
	one.Rows = int64(float64(len(sample)) * 100 / percent)
	one.Ranges = cut(sample, one.Ranges[0], int(min(size/p.opts.RangeBytes, maxRanges)))
	return one, nil
}

// cut makes up to n ranges of whole, with about as many keys of the sample in each.
func cut(sample []int64, whole keyRange, n int) []keyRange {
	slices.Sort(sample)
	first := whole.First
	var ranges []keyRange
	for i := 1; i < n; i++ {
		at := i * len(sample) / n
		if at >= len(sample) || sample[at] <= first || sample[at] >= whole.Last {
			continue
		}
		ranges = append(ranges, keyRange{first, sample[at]})
		first = sample[at] + 1
	}
	return append(ranges, keyRange{first, whole.Last})
}
