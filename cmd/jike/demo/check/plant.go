package check

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"jike/schemas/codes"
)

// planter makes differences in headquarters' database behind the system's back, at random tables,
// rows and columns, and keeps a list of what must be found. It leaves rows alone that traffic may
// change meanwhile: those would be repaired before anybody looks.
type planter struct {
	db      *pgx.Conn // headquarters, as superuser
	code    codes.Province
	dice    *rand.Rand
	planted []difference
	keys    map[string][]int64 // by table: rows that nothing was done to yet
}

// quiet says which rows t of a table traffic does not touch: those of the seed. The monthly
// summary is only left alone for months that nothing is billed to any more.
func quiet(table string) string {
	switch table {
	case "customer":
		return `t.number ~ '^[0-9]+$'`
	case "monthly_summary":
		return `t.month < date_trunc('month', now()) - interval '12 months'`
	}
	return `EXISTS (SELECT FROM crm.customer c WHERE c.province = t.province AND c.id = t.customer_id AND c.number ~ '^[0-9]+$')`
}

// plant makes so many edits, deletions, inventions and swaps, each at a row of its own.
func (p *planter) plant(ctx context.Context, each int) error {
	p.keys = map[string][]int64{}
	for _, s := range shapes {
		rows, err := p.db.Query(ctx, `SELECT t.id FROM crm.`+s.name+` t WHERE t.province = $1 AND `+quiet(s.name)+` ORDER BY t.id`, int16(p.code))
		if err != nil {
			return err
		}
		if p.keys[s.name], err = pgx.CollectRows(rows, pgx.RowTo[int64]); err != nil {
			return err
		}
	}
	for range each {
		for _, way := range []func(context.Context, shape) error{p.edit, p.remove, p.invent, p.swap} {
			if err := way(ctx, shapes[p.dice.IntN(len(shapes))]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *planter) note(s shape, key int64, kind string, columns ...string) {
	p.planted = append(p.planted, difference{Province: p.code, Table: "crm." + s.name, Key: key, Kind: kind, Columns: columns})
}

// take picks a row at random. No other difference is planted there.
func (p *planter) take(s shape) (int64, error) {
	keys := p.keys[s.name]
	if len(keys) == 0 {
		return 0, fmt.Errorf("no row of crm.%s is left to plant a difference in", s.name)
	}
	i := p.dice.IntN(len(keys))
	key := keys[i]
	p.keys[s.name] = slices.Delete(keys, i, i+1)
	return key, nil
}

// column picks a column at random, never the key, and gives its type.
func (p *planter) column(ctx context.Context, s shape) (name, kind string, err error) {
	name = s.list()[1+p.dice.IntN(len(s.list())-1)]
	kind, err = one[string](ctx, p.db, `SELECT format_type(atttypid, atttypmod) FROM pg_attribute
		WHERE attrelid = ('crm.' || $1)::regclass AND attname = $2`, s.name, name)
	return name, kind, err
}

// otherwise is an expression of another value than the column has.
func otherwise(column, kind string) (string, error) {
	switch kind {
	case "text":
		return fmt.Sprintf("coalesce(%s, '') || '*'", column), nil
	case "bigint", "integer":
		return fmt.Sprintf("coalesce(%s, 0) + 1", column), nil
	case "boolean":
		return fmt.Sprintf("NOT coalesce(%s, false)", column), nil
	case "date":
		return fmt.Sprintf("coalesce(%s, '2026-01-01') + 1", column), nil
	case "timestamp with time zone":
		return fmt.Sprintf("coalesce(%s, now()) + interval '1 microsecond'", column), nil
	}
	return "", fmt.Errorf("column %s: no other value of type %s is known here", column, kind)
}

func (p *planter) edit(ctx context.Context, s shape) error {
	key, err := p.take(s)
	if err != nil {
		return err
	}
	column, kind, err := p.column(ctx, s)
	if err != nil {
		return err
	}
	value, err := otherwise(column, kind)
	if err != nil {
		return err
	}
	p.note(s, key, different, column)
	return p.exec(ctx, 1, fmt.Sprintf(`UPDATE crm.%s t SET %s = %s WHERE province = $1 AND id = $2`, s.name, column, value), int16(p.code), key)
}

func (p *planter) remove(ctx context.Context, s shape) error {
	key, err := p.take(s)
	if err != nil {
		return err
	}
	p.note(s, key, missing)
	return p.exec(ctx, 1, fmt.Sprintf(`DELETE FROM crm.%s WHERE province = $1 AND id = $2`, s.name), int16(p.code), key)
}

// invent copies a row under a key that the province does not have: beyond all others, or in a gap
// that a customer left who is not selected.
func (p *planter) invent(ctx context.Context, s shape) error {
	from, err := p.take(s)
	if err != nil {
		return err
	}
	key := int64(1)<<40 + p.dice.Int64N(1<<30)
	if p.dice.IntN(2) == 0 {
		key = -1 - p.dice.Int64N(1<<30)
	}
	p.note(s, key, extra)
	columns := strings.Join(append(slices.Clone(national), s.list()[1:]...), ", ")
	return p.exec(ctx, 1, fmt.Sprintf(`INSERT INTO crm.%s (id, %s) SELECT $3, %s FROM crm.%[1]s WHERE province = $1 AND id = $2`,
		s.name, columns, columns), int16(p.code), from, key)
}

// swap exchanges the values of a column between two rows: counts and sums stay as they are.
func (p *planter) swap(ctx context.Context, s shape) error {
	for range 50 {
		column, _, err := p.column(ctx, s)
		if err != nil {
			return err
		}
		a, err := p.take(s)
		if err != nil {
			return err
		}
		b, err := p.take(s)
		if err != nil {
			return err
		}
		differ, err := one[bool](ctx, p.db, fmt.Sprintf(`SELECT count(DISTINCT coalesce(%s::text, '')) = 2 FROM crm.%s WHERE province = $1 AND id IN ($2, $3)`,
			column, s.name), int16(p.code), a, b)
		if err != nil {
			return err
		}
		if !differ {
			continue
		}
		p.note(s, a, different, column)
		p.note(s, b, different, column)
		return p.exec(ctx, 2, fmt.Sprintf(`UPDATE crm.%s t SET %s = o.%[2]s FROM crm.%[1]s o
			WHERE t.province = $1 AND o.province = $1 AND (t.id, o.id) IN (($2, $3), ($3, $2))`, s.name, column), int16(p.code), a, b)
	}
	return fmt.Errorf("no two rows of crm.%s differ in what can be swapped", s.name)
}

// exec fails unless so many rows were changed.
func (p *planter) exec(ctx context.Context, want int64, query string, args ...any) error {
	tag, err := p.db.Exec(ctx, query, args...)
	if err != nil {
		return err
	}
	if tag.RowsAffected() != want {
		return fmt.Errorf("%d rows instead of %d: %s", tag.RowsAffected(), want, query)
	}
	return nil
}
