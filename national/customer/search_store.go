package customer

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
)

// columns of a customer. Headquarters' tables refuse nothing, so a value may be missing.
const columns = `c.province, c.id, coalesce(c.number, '') AS number, coalesce(c.credit_code, '') AS credit_code,
	coalesce(c.name, '') AS name, coalesce(c.industry, '') AS industry, coalesce(c.city, '') AS city,
	coalesce(c.class, '') AS class, coalesce(c.lifecycle, '') AS lifecycle, coalesce(c.parent_id, 0) AS parent_id,
	coalesce(c.cross_province, false) AS cross_province, coalesce(c.address, '') AS address,
	coalesce(c.postcode, '') AS postcode, coalesce(c.legal_person, '') AS legal_person, c.registered_capital_fen,
	c.headcount, c.annual_sales_fen, coalesce(c.profile, '') AS profile, coalesce(c.version, 0) AS version,
	c.created_at, c.updated_at`

// sortColumns are the columns behind SortKeys. Ties are broken by the key, so that pages do not
// overlap.
var sortColumns = map[string]string{
	"id": "c.id", "province": "c.province", "number": "c.number", "name": "c.name", "class": "c.class",
	"lifecycle": "c.lifecycle", "industry": "c.industry", "city": "c.city", "updatedAt": "c.updated_at",
}

// List gives one page of the customers that match, and how many match in all. Faults: a filter
// out of bounds, Denied without nation.customer.read.
func (s *Store) List(ctx context.Context, caller account.Caller, f Filter) (page []Customer, total int, err error) {
	if err := caller.Demand(account.NationCustomerRead); err != nil {
		return nil, 0, err
	}
	if err := f.check(); err != nil {
		return nil, 0, err
	}
	where, args := f.where()
	if err := s.db.QueryRow(ctx, `SELECT count(*) FROM crm.customer c `+where, args).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("count customers: %w", err)
	}
	direction := " ASC"
	if f.Descending {
		direction = " DESC"
	}
	args["limit"], args["offset"] = f.Size, (f.Page-1)*f.Size
	rows, err := s.db.Query(ctx, `SELECT `+columns+` FROM crm.customer c `+where+
		` ORDER BY `+sortColumns[f.Sort]+direction+`, c.province, c.id LIMIT @limit OFFSET @offset`, args)
	if err != nil {
		return nil, 0, fmt.Errorf("list customers: %w", err)
	}
	page, err = pgx.CollectRows(rows, pgx.RowToStructByName[Customer])
	return page, total, err
}

// where is the filter as a condition with its arguments.
func (f Filter) where() (string, pgx.NamedArgs) {
	var conditions []string
	args := pgx.NamedArgs{}
	add := func(given bool, condition, name string, value any) {
		if given {
			conditions = append(conditions, condition)
			args[name] = value
		}
	}
	add(len(f.Provinces) > 0, `c.province = ANY(@provinces)`, "provinces", f.Provinces)
	add(len(f.Classes) > 0, `c.class = ANY(@classes)`, "classes", f.Classes)
	add(len(f.Lifecycles) > 0, `c.lifecycle = ANY(@lifecycles)`, "lifecycles", f.Lifecycles)
	add(len(f.Industries) > 0, `c.industry = ANY(@industries)`, "industries", f.Industries)
	add(len(f.Cities) > 0, `c.city = ANY(@cities)`, "cities", f.Cities)
	add(f.CrossProvince != nil, `c.cross_province = @cross`, "cross", f.CrossProvince)
	if f.Text != "" {
		conditions = append(conditions, parseQuery(f.Text).condition(args))
	}
	if len(conditions) == 0 {
		return "", args
	}
	return `WHERE ` + strings.Join(conditions, ` AND `), args
}

// condition of a search text.
func (q query) condition(args pgx.NamedArgs) string {
	byName := q.byName("c.name", args)
	if q.code == "" {
		return byName
	}
	// Codes are ASCII and the database compares bytes: a prefix is a range of the index.
	args["code"], args["codeEnd"] = q.code, q.code+"\u007f"
	return `(` + byName + ` OR c.number >= @code AND c.number < @codeEnd OR c.credit_code >= @code AND c.credit_code < @codeEnd)`
}

// byName is the condition that a column with names holds every word. The index of characters leaves
// few names, and the comparison with the name itself settles whether they stand together.
func (q query) byName(column string, args pgx.NamedArgs) string {
	var all []string
	for i, word := range q.words {
		name := fmt.Sprintf("word%d", i)
		args[name], args["like"+name] = word, "%"+escapeLike(word)+"%"
		all = append(all, `crm.name_characters(`+column+`) @> crm.name_characters(@`+name+`)`, `crm.plain_name(`+column+`) LIKE @like`+name)
	}
	if len(all) == 0 {
		all = append(all, `true`)
	}
	return `(` + strings.Join(all, ` AND `) + `)`
}

// NameCondition is the condition that a column with names holds every word of a text, as in the list
// of customers; it adds its arguments to args.
func NameCondition(text, column string, args pgx.NamedArgs) string {
	return parseQuery(text).byName(column, args)
}

func escapeLike(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
}
