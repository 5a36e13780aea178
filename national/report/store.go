package report

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
)

// Store computes reports.
type Store struct{ db *pgxpool.Pool }

// NewStore makes the store.
func NewStore(db *pgxpool.Pool) *Store { return &Store{db} }

// Summary answers a question; figures and their freshness are of one moment. Faults: a question out
// of bounds, Denied without report.read.
func (s *Store) Summary(ctx context.Context, caller account.Caller, q Question) (Answer, error) {
	if err := caller.Demand(account.ReportRead); err != nil {
		return Answer{}, err
	}
	if err := q.check(); err != nil {
		return Answer{}, err
	}
	var a Answer
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, s.db, options, func(tx pgx.Tx) (err error) {
		if a.Rows, err = figures(ctx, tx, q); err != nil {
			return fmt.Errorf("figures: %w", err)
		}
		if a.DataTime, err = freshness(ctx, tx, q); err != nil {
			return fmt.Errorf("freshness: %w", err)
		}
		return nil
	})
	return a, err
}

func figures(ctx context.Context, tx pgx.Tx, q Question) ([]Row, error) {
	query := q.total()
	if q.by(ByMonth) {
		query = q.monthly()
	}
	rows, err := tx.Query(ctx, query, q.arguments())
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Row])
}

func (q Question) arguments() pgx.NamedArgs {
	return pgx.NamedArgs{
		"from": q.From, "to": q.To, "provinces": q.Provinces, "classes": q.Classes, "industries": q.Industries, "cities": q.Cities,
	}
}

// reported are the cells' provinces and months, whatever else is filtered.
func (q Question) reported() string {
	condition := `month BETWEEN @from::date - interval '1 year' AND @to::date`
	if len(q.Provinces) > 0 {
		condition += ` AND province = ANY(@provinces)`
	}
	return condition
}

// cells are the summary's cells that the question is about, with a year before them to compare.
func (q Question) cells() string {
	condition := q.reported()
	for _, f := range []struct {
		given bool
		text  string
	}{
		{len(q.Classes) > 0, ` AND class = ANY(@classes)`},
		{len(q.Industries) > 0, ` AND industry = ANY(@industries)`},
		{len(q.Cities) > 0, ` AND city = ANY(@cities)`},
	} {
		if f.given {
			condition += f.text
		}
	}
	return `cells AS (SELECT month, province, coalesce(city, '') AS city, coalesce(class, '') AS class,
			coalesce(industry, '') AS industry, coalesce(customers, 0) AS customers, coalesce(members, 0) AS members,
			coalesce(income_fen, 0) AS income_fen FROM ` + Source + ` WHERE ` + condition + `)`
}

// empty is what stands for a dimension that is not grouped by.
var empty = map[Dimension]string{
	ByMonth: `''`, ByProvince: `0::smallint`, ByCity: `''`, ByClass: `''`, ByIndustry: `''`,
}

// dimensions are the question's dimensions as they are selected, and as a list to group by; month,
// when grouped by, is apart since it is written differently.
func (q Question) dimensions(alias string) (selected []string, grouped []string) {
	for _, d := range Dimensions() {
		switch {
		case !q.by(d):
			selected = append(selected, empty[d]+` AS `+string(d))
		case d == ByMonth:
			selected = append(selected, `to_char(`+alias+`.month, 'YYYY-MM') AS month`)
		default:
			selected = append(selected, alias+`.`+string(d))
			grouped = append(grouped, string(d))
		}
	}
	return selected, grouped
}

// total sums over the range. Customers and members are no sums over time: they are each province's
// last month in the range.
func (q Question) total() string {
	selected, grouped := q.dimensions("c")
	query := `WITH ` + q.cells() + `, last AS (SELECT province, max(month) AS month FROM ` + Source + `
			WHERE ` + q.reported() + ` AND month >= @from::date GROUP BY province)
		SELECT ` + strings.Join(selected, `, `) + `,
			coalesce(sum(c.customers) FILTER (WHERE c.month = l.month), 0)::bigint AS customers,
			coalesce(sum(c.members) FILTER (WHERE c.month = l.month), 0)::bigint AS members,
			sum(c.income_fen)::bigint AS income_fen, NULL::bigint AS month_on_month, NULL::bigint AS year_on_year
		FROM cells c JOIN last l ON l.province = c.province WHERE c.month >= @from::date`
	if len(grouped) > 0 {
		list := strings.Join(prefixed("c.", grouped), `, `)
		return query + ` GROUP BY ` + list + ` ORDER BY ` + list
	}
	return query + ` HAVING count(*) > 0`
}

// monthly gives each month's figures with its growth. A month is compared with an earlier one only
// if the same provinces reported both: a province that is missing would look like a change.
func (q Question) monthly() string {
	selected, grouped := q.dimensions("g")
	keys := append([]string{"month"}, grouped...)
	var same strings.Builder
	for _, d := range grouped {
		same.WriteString(` AND e.` + d + ` = g.` + d)
	}
	// Whether the earlier month has the provinces of this one: of the group's own province, or of all.
	present := `(SELECT array_agg(DISTINCT province ORDER BY province) FROM reported r WHERE r.month = %s)`
	if q.by(ByProvince) {
		present = `EXISTS (SELECT FROM reported r WHERE r.month = %s AND r.province = g.province)`
	}
	growth := func(name, interval string) string {
		earlier := `(g.month - interval '` + interval + `')::date`
		return `(SELECT CASE WHEN ` + fmt.Sprintf(present, `g.month`) + ` = ` + fmt.Sprintf(present, earlier) + `
			THEN round((g.income_fen - e.income_fen) * 10000.0 / nullif(e.income_fen, 0))::bigint END
			FROM groups e WHERE e.month = ` + earlier + same.String() + `) AS ` + name
	}
	return `WITH ` + q.cells() + `,
		reported AS MATERIALIZED (SELECT DISTINCT month, province FROM ` + Source + ` WHERE ` + q.reported() + `),
		groups AS MATERIALIZED (SELECT ` + strings.Join(keys, `, `) + `, sum(customers)::bigint AS customers, sum(members)::bigint AS members,
			sum(income_fen)::bigint AS income_fen FROM cells GROUP BY ` + strings.Join(keys, `, `) + `)
		SELECT ` + strings.Join(selected, `, `) + `, g.customers, g.members, g.income_fen,
			` + growth("month_on_month", "1 month") + `, ` + growth("year_on_year", "1 year") + `
		FROM groups g WHERE g.month >= @from::date ORDER BY ` + strings.Join(prefixed("g.", keys), `, `)
}

func prefixed(prefix string, names []string) []string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = prefix + name
	}
	return list
}

func freshness(ctx context.Context, tx pgx.Tx, q Question) ([]Freshness, error) {
	const query = `SELECT f.province, f.data_time AS as_of, s.refreshed, coalesce(to_char(s.last, 'YYYY-MM'), '') AS last_month
		FROM sync.freshness f LEFT JOIN (
			SELECT province, max(updated_at) AS refreshed, max(month) AS last FROM ` + Source + ` GROUP BY province) s
			ON s.province = f.province
		WHERE cardinality(@provinces::smallint[]) = 0 OR f.province = ANY(@provinces) ORDER BY f.province`
	provinces := make([]int16, len(q.Provinces))
	for i, p := range q.Provinces {
		provinces[i] = int16(p)
	}
	rows, err := tx.Query(ctx, query, pgx.NamedArgs{"provinces": provinces})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Freshness])
}
