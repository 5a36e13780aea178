package check

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"jike/schemas/codes"
)

// shape is one table as this check knows it. The columns are written out here a second time, so
// that a column that the product forgets is missed.
type shape struct {
	name    string
	columns string // separated by blanks, the key first
	from    string // of the province: the table as t and what it is joined with
}

// isSelected is the policy, reckoned from the customer's own attributes and not from the flag that
// the product keeps.
const isSelected = `(c.class IN ('A1', 'A2', 'B1', 'B2') OR c.cross_province) AND NOT c.sensitive`

const family = ` JOIN crm.customer c ON c.id = t.customer_id WHERE ` + isSelected

var shapes = []shape{
	{
		"customer", "id number credit_code name industry city class lifecycle parent_id cross_province address postcode " +
			"legal_person registered_capital_fen headcount annual_sales_fen profile version created_at updated_at",
		`crm.customer t JOIN crm.customer c ON c.id = t.id WHERE ` + isSelected,
	},
	{"contact", "id customer_id role name work_phone", `crm.contact t` + family},
	{
		"contract", "id customer_id number name signed_on effective_on expires_on auto_renew amount_fen status updated_at",
		`crm.contract t` + family,
	},
	{
		"subscription", "id customer_id product_code product_name quantity monthly_fee_fen status started_on ended_on updated_at",
		`crm.subscription t` + family,
	},
	{"bill", "id customer_id month amount_fen paid_fen updated_at", `crm.bill t` + family},
	{"monthly_summary", "id month city class industry customers members income_fen updated_at", `crm.monthly_summary t`},
}

// national are the columns that headquarters adds to each table.
var national = []string{"province", "stamp_epoch", "stamp_lsn"}

func (s shape) list() []string { return strings.Fields(s.columns) }

// texts is the select list: the key, and every column as text.
func (s shape) texts() string {
	var list []string
	for _, c := range s.list() {
		list = append(list, "t."+c+"::text")
	}
	return "t.id, ARRAY[" + strings.Join(list, ", ") + "]"
}

// kinds of a difference, seen from headquarters.
const (
	missing   = "missing"
	extra     = "extra"
	different = "different"
)

// difference is a row that is not the same at both levels.
type difference struct {
	Province codes.Province
	Table    string // such as crm.customer
	Key      int64
	Kind     string
	Columns  []string // of a different row
	Note     string   // the values
}

func (d difference) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %d is %s %s %s", d.Province, d.Table, d.Key, d.Kind, strings.Join(d.Columns, " "), d.Note))
}

// compared says how much was compared.
type compared struct {
	rows, values int
	differences  []difference
}

func (c compared) String() string {
	return fmt.Sprintf("%d rows, %d values", c.rows, c.values)
}

// compareRows compares every selected row and column of a province with what headquarters holds
// of it, in plain SQL. Both databases must be at rest.
func compareRows(ctx context.Context, province, headquarters querier, code codes.Province) (compared, error) {
	var all compared
	for _, s := range shapes {
		if err := s.known(ctx, headquarters); err != nil {
			return all, err
		}
		here, err := rowsOf(ctx, province, `SELECT `+s.texts()+` FROM `+s.from)
		if err != nil {
			return all, fmt.Errorf("province %s, %s: %w", code, s.name, err)
		}
		there, err := rowsOf(ctx, headquarters, `SELECT `+s.texts()+` FROM crm.`+s.name+` t WHERE t.province = $1`, int16(code))
		if err != nil {
			return all, fmt.Errorf("headquarters, %s: %w", s.name, err)
		}
		all.rows += len(here)
		all.values += len(here) * len(s.list())
		all.differences = append(all.differences, s.differences(code, here, there)...)
	}
	return all, nil
}

// known fails unless headquarters' table has exactly the columns that are compared here.
func (s shape) known(ctx context.Context, headquarters querier) error {
	rows, err := headquarters.Query(ctx, `SELECT column_name::text FROM information_schema.columns
		WHERE table_schema = 'crm' AND table_name = $1 ORDER BY ordinal_position`, s.name)
	if err != nil {
		return err
	}
	there, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	want := append(slices.Clone(national), s.list()...)
	slices.Sort(want)
	slices.Sort(there)
	if !slices.Equal(want, there) {
		return fmt.Errorf("headquarters' table crm.%s has the columns %v, this check compares %v", s.name, there, want)
	}
	return nil
}

// querier is a pool, a connection or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func rowsOf(ctx context.Context, db querier, query string, args ...any) (map[int64][]*string, error) {
	rows, err := db.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	all := map[int64][]*string{}
	var key int64
	var values []*string
	_, err = pgx.ForEachRow(rows, []any{&key, &values}, func() error {
		if _, twice := all[key]; twice {
			return fmt.Errorf("the key %d comes twice", key)
		}
		all[key] = slices.Clone(values)
		return nil
	})
	return all, err
}

func (s shape) differences(code codes.Province, here, there map[int64][]*string) []difference {
	var found []difference
	add := func(key int64, kind, note string, columns ...string) {
		found = append(found, difference{code, "crm." + s.name, key, kind, columns, note})
	}
	for _, key := range slices.Sorted(maps.Keys(here)) {
		other, there := there[key]
		if !there {
			add(key, missing, "")
			continue
		}
		var columns, notes []string
		for i, c := range s.list() {
			if a, b := here[key][i], other[i]; text(a) != text(b) {
				columns, notes = append(columns, c), append(notes, fmt.Sprintf("%s, not %s", text(b), text(a)))
			}
		}
		if len(columns) > 0 {
			add(key, different, strings.Join(notes, "; "), columns...)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(there)) {
		if _, known := here[key]; !known {
			add(key, extra, "")
		}
	}
	return found
}

// text writes a value so that NULL differs from every text.
func text(v *string) string {
	if v == nil {
		return "NULL"
	}
	return fmt.Sprintf("%q", *v)
}

// flagsWrong counts customers whose flag is not what the policy says, and family rows whose flag is
// not their customer's.
func flagsWrong(ctx context.Context, province querier) (int, error) {
	var queries []string
	for _, table := range []string{"contact", "contract", "subscription", "bill"} {
		queries = append(queries, `(SELECT count(*) FROM crm.`+table+` t JOIN crm.customer c ON c.id = t.customer_id WHERE t.national <> (`+isSelected+`))`)
	}
	queries = append(queries, `(SELECT count(*) FROM crm.customer c WHERE c.national <> (`+isSelected+`))`)
	return one[int](ctx, province, `SELECT `+strings.Join(queries, " + "))
}

// one reads a single value.
func one[T any](ctx context.Context, db querier, query string, args ...any) (T, error) {
	rows, err := db.Query(ctx, query, args...)
	if err != nil {
		return *new(T), err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowTo[T])
}
