package report

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

func (q Question) arguments() pgx.NamedArgs {
	return pgx.NamedArgs{
		"from": q.From, "to": q.To, "provinces": q.Provinces, "classes": q.Classes, "industries": q.Industries, "cities": q.Cities,
	}
}

// The bits of crm.summary_sum.across.
const (
	acrossCities     = 4
	acrossClasses    = 2
	acrossIndustries = 1
	acrossAll        = acrossCities | acrossClasses | acrossIndustries
)

// across is what the question neither tells apart nor chooses from.
func (q Question) across() int {
	across := acrossAll
	for _, d := range []struct {
		needed bool
		bit    int
	}{
		{q.by(ByCity) || len(q.Cities) > 0, acrossCities},
		{q.by(ByClass) || len(q.Classes) > 0, acrossClasses},
		{q.by(ByIndustry) || len(q.Industries) > 0, acrossIndustries},
	} {
		if d.needed {
			across &^= d.bit
		}
	}
	return across
}

// reported are the months that a province reported, whatever else is filtered.
func (q Question) reported() string {
	return `SELECT month, province FROM crm.summary_sum WHERE ` + fmt.Sprintf(`across = %d AND `, acrossAll) + q.period()
}

// period is the condition of the question's months, with a year before them to compare, and provinces.
func (q Question) period() string {
	condition := `month BETWEEN (@from::date - interval '1 year')::date AND @to::date`
	if len(q.Provinces) > 0 {
		condition += ` AND province = ANY(@provinces)`
	}
	return condition
}

// filter is the condition of what the question chooses from.
func (q Question) filter() string {
	condition := q.period()
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
	return condition
}

// isReported is the condition that a province reported a month. New and lost customers of a month that
// was not reported would stand in a row without customers.
const isReported = ` AND (province, month) IN (SELECT province, month FROM crm.summary_held)`

// cells are the cells that the question is about, summed over what it does not ask for: those of the
// summaries, and those of new and lost customers.
func (q Question) cells() string {
	across := q.across()
	summed := `SELECT month, province, city, class, industry, customers, 0 AS new_customers, 0 AS lost_customers, members, income_fen
		FROM crm.summary_sum WHERE ` + fmt.Sprintf(`across = %d AND `, across) + q.filter()
	if across == 0 {
		summed = `SELECT month, province, coalesce(city, '') AS city, coalesce(class, '') AS class, coalesce(industry, '') AS industry,
				coalesce(customers, 0)::bigint AS customers, 0 AS new_customers, 0 AS lost_customers, coalesce(members, 0) AS members,
				coalesce(income_fen, 0) AS income_fen
			FROM ` + Source + ` WHERE ` + q.filter()
	}
	return `cells AS (` + summed + ` UNION ALL SELECT month, province, city, class, industry, 0, new_customers, lost_customers, 0, 0
		FROM crm.movement_sum WHERE ` + fmt.Sprintf(`across = %d AND `, across) + q.filter() + isReported + `)`
}

// measureColumns are the columns of Measures, in their order.
var measureColumns = []string{"customers", "new_customers", "lost_customers", "members", "income_fen"}

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
	query := `WITH ` + q.cells() + `, last AS (SELECT province, max(month) AS month FROM (` + q.reported() + `) r
			WHERE month >= @from::date GROUP BY province)
		SELECT ` + strings.Join(selected, `, `) + `,
			coalesce(sum(c.customers) FILTER (WHERE c.month = l.month), 0)::bigint AS customers,
			sum(c.new_customers)::bigint AS new_customers, sum(c.lost_customers)::bigint AS lost_customers,
			coalesce(sum(c.members) FILTER (WHERE c.month = l.month), 0)::bigint AS members,
			sum(c.income_fen)::bigint AS income_fen, NULL::bigint[] AS month_on_month, NULL::bigint[] AS year_on_year
		FROM cells c JOIN last l ON l.province = c.province WHERE c.month >= @from::date`
	if len(grouped) > 0 {
		list := strings.Join(prefixed("c.", grouped), `, `)
		return query + ` GROUP BY ` + list + ` ORDER BY ` + list
	}
	return query + ` HAVING count(*) > 0`
}

// monthly gives each month's figures with their growth. A month is compared with an earlier one only
// if the same provinces reported both: a province that is missing would look like a change.
func (q Question) monthly() string {
	selected, grouped := q.dimensions("g")
	keys := append([]string{"month"}, grouped...)
	var sums []string
	for _, m := range measureColumns {
		sums = append(sums, `sum(`+m+`)::bigint AS `+m)
	}
	onMonth, earlierMonth := q.growth("month_on_month", "1 month", grouped)
	onYear, earlierYear := q.growth("year_on_year", "1 year", grouped)
	return `WITH ` + q.cells() + `,
		months AS MATERIALIZED (SELECT month, array_agg(province ORDER BY province) AS provinces FROM (` + q.reported() + `) r GROUP BY month),
		groups AS MATERIALIZED (SELECT ` + strings.Join(append(keys, sums...), `, `) + ` FROM cells GROUP BY ` + strings.Join(keys, `, `) + `)
		SELECT ` + strings.Join(append(selected, prefixed("g.", measureColumns)...), `, `) + `, ` + onMonth + `, ` + onYear + `
		FROM groups g JOIN months now ON now.month = g.month ` + earlierMonth + earlierYear + `
		WHERE g.month >= @from::date ORDER BY ` + strings.Join(prefixed("g.", keys), `, `)
}

// growth is a column with the growth of each measure against an earlier month, and what it has to be
// joined with: the months, to know whether the earlier one has the provinces of this one (the group's
// own province, or all of them), and the earlier group.
func (q Question) growth(name, interval string, grouped []string) (column, joins string) {
	months, earlier := "m_"+name, "e_"+name
	month := `(g.month - interval '` + interval + `')::date`
	comparable := months + `.provinces = now.provinces`
	if q.by(ByProvince) {
		comparable = `g.province = ANY(` + months + `.provinces)`
	}
	var each []string
	for _, m := range measureColumns {
		each = append(each, fmt.Sprintf(`round((g.%[1]s - %[2]s.%[1]s) * 10000::float8 / nullif(%[2]s.%[1]s, 0))::bigint`, m, earlier))
	}
	column = `CASE WHEN ` + comparable + ` THEN ARRAY[` + strings.Join(each, `, `) + `] END AS ` + name
	joins = ` LEFT JOIN months ` + months + ` ON ` + months + `.month = ` + month +
		` LEFT JOIN groups ` + earlier + ` ON ` + earlier + `.month = ` + month
	for _, d := range grouped {
		joins += ` AND ` + earlier + `.` + d + ` = g.` + d
	}
	return column, joins
}

func prefixed(prefix string, names []string) []string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = prefix + name
	}
	return list
}
