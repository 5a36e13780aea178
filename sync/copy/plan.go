package copy

import (
	"context"
	"fmt"
	"math"
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

// plan cuts one table into ranges. Where it is cut decides only how evenly the work is shared, so
// a sample of the table's pages is enough, whatever the table's size.
func (p *Province) plan(ctx context.Context, t replica.Table) (tablePlan, error) {
	table := pgx.Identifier{t.Schema, t.Name}.Sanitize()
	one := tablePlan{Table: t.Qualified(), Ranges: []keyRange{{math.MinInt64, math.MaxInt64}}}
	var heap, size int64
	err := p.opts.Pool.QueryRow(ctx, `SELECT pg_relation_size($1::regclass), pg_table_size($1::regclass)`, table).Scan(&heap, &size)
	if err != nil {
		return one, err
	}
	if heap <= p.opts.RangeBytes/4 { // large values lie elsewhere
		return one, p.opts.Pool.QueryRow(ctx, fmt.Sprintf(`SELECT count(*) FROM %s WHERE national`, table)).Scan(&one.Rows)
	}
	percent := min(100, 100*samplePages*pageBytes/float64(heap))
	rows, err := p.opts.Pool.Query(ctx, fmt.Sprintf(`SELECT %s FROM %s TABLESAMPLE SYSTEM (%f) WHERE national`,
		pgx.Identifier{t.Key}.Sanitize(), table, percent))
	if err != nil {
		return one, err
	}
	sample, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return one, err
	}
	one.Rows = int64(float64(len(sample)) * 100 / percent)
	one.Ranges = cut(sample, int(min(size/p.opts.RangeBytes, maxRanges)))
	return one, nil
}

// cut makes up to n ranges that cover every key and hold about as many keys of the sample each.
func cut(sample []int64, n int) []keyRange {
	slices.Sort(sample)
	first := int64(math.MinInt64)
	var ranges []keyRange
	for i := 1; i < n; i++ {
		at := i * len(sample) / n
		if at >= len(sample) || sample[at] <= first || sample[at] == math.MaxInt64 {
			continue
		}
		ranges = append(ranges, keyRange{first, sample[at]})
		first = sample[at] + 1
	}
	return append(ranges, keyRange{first, math.MaxInt64})
}
