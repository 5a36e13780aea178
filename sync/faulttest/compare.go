package faulttest

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
)

// mismatch is a row that is not the same in both databases: its text of either side, "" if it is
// not there.
type mismatch struct {
	table, key     string
	here, expected string
}

func (m mismatch) kind() Kind {
	switch {
	case m.here == "":
		return Lost
	case m.expected == "":
		return Doubled
	}
	return Half
}

func (m mismatch) String() string {
	return fmt.Sprintf("%s %s: headquarters has %.160q, the province %.160q", m.table, m.key, m.here, m.expected)
}

// compareAll compares every selected row and column of a province with headquarters' copy, in the
// text that PostgreSQL itself writes. Both must be at rest.
func compareAll(ctx context.Context, province, national *pgxpool.Pool, code int16) (rows int, found []mismatch, err error) {
	for _, table := range tables {
		list, err := columns(ctx, national, table)
		if err != nil {
			return rows, nil, err
		}
		names := "id, " + strings.Join(list, ", ")
		expected, err := dump(ctx, province, fmt.Sprintf("SELECT %s FROM crm.%s WHERE national ORDER BY id", names, table))
		if err != nil {
			return rows, nil, err
		}
		here, err := dump(ctx, national, fmt.Sprintf("SELECT %s FROM crm.%s WHERE province = %d ORDER BY id", names, table, code))
		if err != nil {
			return rows, nil, err
		}
		rows += len(expected)
		found = append(found, compareTable(table, expected, here)...)
	}
	return rows, found, nil
}

// compareTable compares two tables, by key.
func compareTable(table string, expected, here map[string]string) (found []mismatch) {
	for key, row := range expected {
		if here[key] != row {
			found = append(found, mismatch{table, key, here[key], row})
		}
	}
	for key, row := range here {
		if _, known := expected[key]; !known {
			found = append(found, mismatch{table, key, row, ""})
		}
	}
	return found
}

// dump gives rows by their first column.
func dump(ctx context.Context, pool *pgxpool.Pool, query string) (map[string]string, error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	var out bytes.Buffer
	if _, err := conn.Conn().PgConn().CopyTo(ctx, &out, "COPY ("+query+") TO STDOUT"); err != nil {
		return nil, err
	}
	rows := map[string]string{}
	for line := range strings.Lines(out.String()) {
		key, row, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if _, twice := rows[key]; twice {
			return nil, fmt.Errorf("%s: the key %s comes twice", query, key)
		}
		rows[key] = row
	}
	return rows, nil
}

// explain names rows of a lane that differ between the two databases now, with what wrote them. It says
// what was wrong a moment ago only if they have not changed since.
func (r *Rig) explain(ctx context.Context, lane int) string {
	var all []string
	for _, f := range family {
		list, err := columns(ctx, r.target, f.table)
		if err != nil {
			return err.Error()
		}
		query := func(where string) string {
			return fmt.Sprintf("SELECT id, %s FROM crm.%s WHERE %s AND %s BETWEEN %d AND %d",
				strings.Join(list, ", "), f.table, where, f.owner, lane*laneSize+1, (lane+1)*laneSize-1) // the head goes on
		}
		expected, err := dump(ctx, r.source, query("national"))
		if err != nil {
			return err.Error()
		}
		here, err := dump(ctx, r.target, query(fmt.Sprintf("province = %d", Province)))
		if err != nil {
			return err.Error()
		}
		for _, m := range compareTable(f.table, expected, here) {
			all = append(all, m.String())
		}
	}
	return fmt.Sprintf("the lane is at %d now, and %d rows differ: %.2000s", r.history.last(lane), len(all), strings.Join(all, "; "))
}
