package customer

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
)

// Page is one page of a list.
type Page struct {
	Items []Customer
	Total int // of all pages
}

// sortColumns are the columns of the sort keys.
var sortColumns = map[string]string{
	"id": "c.id", "number": "c.number", "name": "c.name", "class": "c.class", "lifecycle": "c.lifecycle",
	"industry": "c.industry", "city": "c.city", "updatedAt": "c.updated_at",
}

// listColumns are the columns without the long texts, which no list shows.
var listColumns = strings.NewReplacer("c.profile", "'' AS profile", "c.remark", "'' AS remark").Replace(columns)

// Search lists the customers within the caller's scope that the filter lets through, without
// profile and remark. A page, size
// or sort key that is not allowed is a fault.
func (s *Store) Search(ctx context.Context, caller account.Caller, f Filter) (Page, error) {
	if err := f.check(); err != nil {
		return Page{}, err
	}
	where, args := conditions(caller, f)
	direction := " ASC"
	if f.Descending {
		direction = " DESC"
	}
	order := sortColumns[f.Sort] + direction
	if f.Sort != "id" {
		order += ", c.id" + direction
	}
	args["size"], args["skip"] = f.Size, (f.Page-1)*f.Size
	var page Page
	batch := &pgx.Batch{}
	batch.Queue(`SELECT count(*) FROM crm.customer c WHERE `+where, args).
		QueryRow(func(row pgx.Row) error { return row.Scan(&page.Total) })
	batch.Queue(`SELECT `+listColumns+` FROM `+tables+` WHERE `+where+` ORDER BY `+order+` LIMIT @size OFFSET @skip`, args).
		Query(func(rows pgx.Rows) (err error) {
			page.Items, err = pgx.CollectRows(rows, pgx.RowToStructByName[Customer])
			return err
		})
	err := s.db.SendBatch(ctx, batch).Close()
	return page, err
}

// conditions are those of scope and filter on the row c.
func conditions(caller account.Caller, f Filter) (string, pgx.NamedArgs) {
	args := pgx.NamedArgs{}
	// A merged customer is found by its whole number alone, which leads on to the survivor.
	list := []string{within(caller, args), `(c.merged_into IS NULL OR c.number = @whole)`}
	args["whole"] = strings.TrimSpace(f.Text)
	add := func(condition, name string, value any) {
		list = append(list, condition)
		args[name] = value
	}
	if len(f.Classes) > 0 {
		add(`c.class = ANY (@classes)`, "classes", f.Classes)
	}
	if len(f.Lifecycles) > 0 {
		add(`c.lifecycle = ANY (@lifecycles)`, "lifecycles", f.Lifecycles)
	}
	if len(f.Industries) > 0 {
		add(`c.industry = ANY (@industries)`, "industries", f.Industries)
	}
	if len(f.Cities) > 0 {
		add(`c.city = ANY (@cities)`, "cities", f.Cities)
	}
	if f.ManagerID != 0 {
		add(`c.manager_id = @manager`, "manager", f.ManagerID)
	}
	if f.National != nil {
		add(`c.national = @national`, "national", *f.National)
	}
	if strings.TrimSpace(f.Text) != "" {
		list = append(list, textCondition(parseQuery(f.Text), args))
	}
	return strings.Join(list, " AND "), args
}

// textCondition is the condition of a search text. Numbers and credit codes are ASCII and the
// database sorts by code point, so a range of their plain index finds a beginning.
func textCondition(q query, args pgx.NamedArgs) string {
	var either []string
	if len(q.terms) > 0 {
		either = append(either, `c.name_terms @> @terms::text[]`)
		args["terms"] = q.terms
	}
	if q.single != "" {
		either = append(either, `strpos(lower(c.name), @single) > 0`)
		args["single"] = q.single
	}
	if q.code != "" {
		either = append(either, `c.number >= @code AND c.number < @code_end`, `c.credit_code >= @code AND c.credit_code < @code_end`)
		args["code"], args["code_end"] = q.code, q.code+"\x7f"
	}
	if len(either) == 0 {
		return `false` // nothing but punctuation
	}
	return `(` + strings.Join(either, ` OR `) + `)`
}
