package selection

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/schemas/replica"
)

// keyBytes is about what travels of a row that leaves.
const keyBytes = 16

// Try counts what a version would move, keeps the count with it, and makes a draft a tried one. It
// reads one moment and holds up nobody. Faults: a version past approval (Conflict).
func (s *Store) Try(ctx context.Context, caller account.Caller, version int32) (Version, error) {
	if err := caller.Demand(account.SelectionChange); err != nil {
		return Version{}, err
	}
	v, err := get(ctx, s.db, version)
	if err != nil {
		return Version{}, err
	}
	if !open(v) {
		return Version{}, wrongState(v)
	}
	trial, err := s.count(ctx, v.Rule)
	if err != nil {
		return Version{}, fmt.Errorf("dry run of version %d: %w", version, err)
	}
	text, err := json.Marshal(trial)
	if err != nil {
		return Version{}, err
	}
	return s.move(ctx, caller, version, false, "selection.try", func(tx pg.Tx, v Version) error {
		if !open(v) {
			return fault.New(fault.Conflict, "selection.version.state", "state", string(v.State))
		}
		_, err := tx.PGX().Exec(ctx, `UPDATE crm.selection_policy SET trial = $2, state = CASE state WHEN 'draft' THEN 'tried' ELSE state END
			WHERE version = $1`, version, text)
		return err
	})
}

// open reports whether a version may be tried: nothing of it has begun.
func open(v Version) bool { return v.State == Draft || v.State == Tried || v.State == Approved }

// count is the dry run.
func (s *Store) count(ctx context.Context, rule Rule) (Trial, error) {
	t := Trial{Cells: []TrialCell{}, Rows: []TrialRows{}, Sample: []Moved{}}
	moment := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, s.db, moment, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, `SELECT now()`).Scan(&t.At); err != nil {
			return err
		}
		if err := t.countCells(ctx, tx, rule); err != nil {
			return err
		}
		for _, table := range replica.Up {
			if err := t.countRows(ctx, tx, rule, table); err != nil {
				return err
			}
		}
		for _, enters := range []bool{true, false} {
			if err := t.draw(ctx, tx, rule, enters); err != nil {
				return err
			}
		}
		return nil
	})
	return t, err
}

func (t *Trial) countCells(ctx context.Context, tx pgx.Tx, rule Rule) error {
	args := pgx.NamedArgs{}
	selects := rule.condition(args)
	rows, err := tx.Query(ctx, `SELECT c.class, c.city, count(*) FILTER (WHERE NOT c.national AND `+selects+`),
			count(*) FILTER (WHERE c.national AND NOT `+selects+`), count(*) FILTER (WHERE c.national AND `+selects+`)
		FROM crm.customer c GROUP BY c.class, c.city ORDER BY c.class, c.city`, args)
	if err != nil {
		return err
	}
	var cell TrialCell
	var stay int64
	_, err = pgx.ForEachRow(rows, []any{&cell.Class, &cell.City, &cell.Enter, &cell.Leave, &stay}, func() error {
		t.Customers.Enter += cell.Enter
		t.Customers.Leave += cell.Leave
		t.Stay += stay
		if cell.Enter+cell.Leave > 0 {
			t.Cells = append(t.Cells, cell)
		}
		return nil
	})
	return err
}

// countRows counts the rows of a replicated table that follow a moved customer, and what they weigh.
// A table without a customer is passed over.
func (t *Trial) countRows(ctx context.Context, tx pgx.Tx, rule Rule, table replica.Table) error {
	join := "x.customer_id"
	if table.Qualified() == "crm.customer" {
		join = "x.id"
	} else if !slices.ContainsFunc(table.Columns, func(c replica.Column) bool { return c.Name == "customer_id" }) {
		return nil
	}
	weights := make([]string, len(table.Columns))
	for i, c := range table.Columns {
		weights[i] = fmt.Sprintf("coalesce(pg_column_size(x.%s), 0) + 4", pgx.Identifier{c.Name}.Sanitize())
	}
	args := pgx.NamedArgs{}
	selects := rule.condition(args)
	query := fmt.Sprintf(`SELECT count(*) FILTER (WHERE NOT c.national), count(*) FILTER (WHERE c.national),
			coalesce(sum(%s) FILTER (WHERE NOT c.national), 0)
		FROM %s x JOIN crm.customer c ON c.id = %s WHERE c.national <> %s`,
		strings.Join(weights, " + "), pgx.Identifier{table.Schema, table.Name}.Sanitize(), join, selects)
	r := TrialRows{Table: table.Qualified()}
	var bytes int64
	if err := tx.QueryRow(ctx, query, args).Scan(&r.Enter, &r.Leave, &bytes); err != nil {
		return fmt.Errorf("%s: %w", table.Qualified(), err)
	}
	t.Rows = append(t.Rows, r)
	t.Bytes += bytes + r.Leave*keyBytes
	return nil
}

// draw takes the first customers that enter or leave.
func (t *Trial) draw(ctx context.Context, tx pgx.Tx, rule Rule, enters bool) error {
	args := pgx.NamedArgs{"now": !enters, "size": sampleSize}
	rows, err := tx.Query(ctx, `SELECT c.id, c.number, c.name, coalesce(c.credit_code, ''), c.class, c.industry, c.city, c.cross_province, c.sensitive
		FROM crm.customer c WHERE c.national = @now AND c.national <> `+rule.condition(args)+` ORDER BY c.id LIMIT @size`, args)
	if err != nil {
		return err
	}
	var m Moved
	var f Facts
	_, err = pgx.ForEachRow(rows, []any{&m.ID, &f.Number, &m.Name, &f.CreditCode, &f.Class, &f.Industry, &f.City, &f.CrossProvince, &f.Sensitive}, func() error {
		m.Number, m.Class, m.City = f.Number, f.Class, f.City
		m.Enters, m.Clause = rule.Judge(f)
		t.Sample = append(t.Sample, m)
		return nil
	})
	return err
}
