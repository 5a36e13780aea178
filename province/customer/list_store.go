package customer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/pg"
)

// Page is one page of a list.
type Page struct {
	Items []Customer
	Total int // of all pages
	// More says that a text was searched for and that there are more customers than Total, which stops
	// at mostCounted: how many hundred thousand companies are called 有限公司 tells nobody anything.
	More bool
}

// mostCounted is how many hits of a text are counted.
const mostCounted = 1000

// sortColumns are the columns of the sort keys.
var sortColumns = map[string]string{
	"id": "c.id", "number": "c.number", "name": "c.name", "class": "c.class", "lifecycle": "c.lifecycle",
	"industry": "c.industry", "city": "c.city", "updatedAt": "c.updated_at",
}

// facets are the columns that the tally counts by.
var facets = []string{"c.class", "c.lifecycle", "c.city", "c.industry"}

// tally is all that was counted, folded or not.
const tally = `(SELECT * FROM crm.customer_tally UNION ALL SELECT * FROM crm.customer_tally_change) c`

// listColumns are the columns without the long texts, which no list shows.
var listColumns = strings.NewReplacer("c.profile", "'' AS profile", "c.remark", "'' AS remark").Replace(columns)

// Search lists the customers within the caller's scope that the filter lets through, without
// profile and remark; total and page are of one moment. A page, size or sort key that is not allowed
// is a fault.
func (s *Store) Search(ctx context.Context, caller account.Caller, f Filter) (Page, error) {
	page, _, err := s.SearchWith(ctx, caller, f, nil)
	return page, err
}

// SearchWith is Search with what is stated of the page's customers under custom attributes, by id and code.
func (s *Store) SearchWith(ctx context.Context, caller account.Caller, f Filter, attributes []string) (page Page, stated map[int64]map[string]string, err error) {
	if err := f.check(); err != nil {
		return page, nil, err
	}
	moment := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, s.db, moment, func(tx pgx.Tx) (err error) {
		if page, err = search(ctx, tx, caller, f); err != nil || len(attributes) == 0 {
			return err
		}
		stated, err = statedOf(ctx, tx, page.Items, attributes)
		return err
	})
	return page, stated, err
}

// statedOf reads of a page's customers what is stated under some attributes, and no more: a text may be long.
func statedOf(ctx context.Context, tx pgx.Tx, page []Customer, attributes []string) (map[int64]map[string]string, error) {
	ids := make([]int64, len(page))
	for i, c := range page {
		ids[i] = c.ID
	}
	rows, err := tx.Query(ctx, `SELECT a.customer_id, v.key, v.value FROM crm.customer_attributes a, jsonb_each_text(a.stated) v
		WHERE a.customer_id = ANY ($1) AND v.key = ANY ($2)`, ids, attributes)
	if err != nil {
		return nil, err
	}
	stated := map[int64]map[string]string{}
	var id int64
	var code, value string
	_, err = pgx.ForEachRow(rows, []any{&id, &code, &value}, func() error {
		if stated[id] == nil {
			stated[id] = map[string]string{}
		}
		stated[id][code] = value
		return nil
	})
	return stated, err
}

func search(ctx context.Context, tx pgx.Tx, caller account.Caller, f Filter) (page Page, err error) {
	if f, err = f.within(ctx, tx); err != nil {
		return page, err
	}
	l := newListing(caller, f)
	if l.text {
		return l.found(ctx, tx)
	}
	var at span
	if page.Total, at, err = l.count(ctx, tx); err != nil || (f.Page-1)*f.Size >= page.Total {
		return page, err
	}
	page.Items, err = l.page(ctx, tx, at)
	return page, err
}

// planned has PostgreSQL plan a statement for its own arguments: one plan for every page and every
// filter would be right for none.
const planned = pgx.QueryExecModeCacheDescribe

// listing is how one page is found, without counting or reading what lies before it in a million
// customers:
//
//   - The total is a sum over the tally, some twenty thousand cells of facets that triggers keep exact
//     (schemas/sql/province: customer_tally): 3 to 8 ms where counting the rows took 150.
//   - The 50 rows are found in an index that has the list's order and holds what lists filter by, and
//     only these rows are read. The walk begins at the nearer end of the list; if the order begins with
//     a facet, at the value in which the page lies, by the tally.
//   - A filter on a facet walks the facet's own index, several values at once by merging theirs, of several facets the narrowest's: page
//     1,000 by change of one city took 90 ms in the common index and takes 16 in the city's.
//   - What is selected for headquarters, one customer in six, has an index of its own for every order but by a facet.
//
// The customers of one manager or department are counted and sorted themselves, an industry by name
// walks the index of all names, and for a text see Page.More. Nineteen indexes are the price, paid by
// every change of a customer, four of them by few. Times are PostgreSQL's own, with a million customers.
type listing struct {
	f      Filter
	where  string // on the customers' rows
	facets string // the part of it that the tally's cells answer
	args   pgx.NamedArgs
	text   bool // a text is searched for
	// tallied: the tally counts what the filter lets through, since it filters by facets alone and for
	// somebody who reaches every customer.
	tallied bool
	// few says that so few rows are listed that they are all read and sorted, wherever in an index of a million they
	// lie: customers of one department, who have their city's name in theirs, may all stand at its end.
	few bool
}

// mostSorted is how many rows are few.
const mostSorted = 20_000

func newListing(caller account.Caller, f Filter) *listing {
	l := &listing{f: f, text: strings.TrimSpace(f.Text) != ""}
	l.where, l.args = conditions(caller, f)
	l.facets = strings.Join(facetConditions(f, l.args), ` AND `)
	everywhere := caller.Scope().Reach >= account.ReachProvince && caller.May(account.CustomerSensitive)
	l.tallied = everywhere && f.byFacets() && !l.text
	return l
}

// span is which rows are read, in the order of the list or from its end, beginning at a value of the
// first sort column.
type span struct {
	skip, rows int
	back       bool
	from       string // empty: at the beginning
}

// count is how many rows all pages have, and where the page lies among them.
func (l *listing) count(ctx context.Context, tx pgx.Tx) (total int, at span, err error) {
	skip := (l.f.Page - 1) * l.f.Size
	if l.tallied && slices.Contains(facets, sortColumns[l.f.Sort]) {
		values, err := l.values(ctx, tx)
		for _, v := range values {
			if total <= skip && skip < total+v.Customers {
				at = span{skip: skip - total, rows: l.f.Size, from: v.Value}
			}
			total += v.Customers
		}
		return total, at, err
	}
	count := `SELECT count(*) FROM crm.customer c WHERE ` + l.where
	if l.tallied {
		count = `SELECT coalesce(sum(c.customers), 0) FROM ` + tally + ` WHERE ` + l.facets
	}
	err = tx.QueryRow(ctx, count, planned, l.args).Scan(&total)
	l.few = !l.tallied && total <= mostSorted
	at = span{skip: skip, rows: min(l.f.Size, total-skip)}
	if skip > total/2 { // the end is nearer
		at.skip, at.back = total-skip-at.rows, true
	}
	return total, at, err
}

// found is a page of the customers that a text finds.
func (l *listing) found(ctx context.Context, tx pgx.Tx) (page Page, err error) {
	if page.Total, page.More, err = l.hits(ctx, tx); err != nil {
		return page, err
	}
	l.few = !page.More
	page.Items, err = l.page(ctx, tx, span{skip: (l.f.Page - 1) * l.f.Size, rows: l.f.Size})
	return page, err
}

// hits counts what a text finds, and says whether there are more than are counted.
func (l *listing) hits(ctx context.Context, tx pgx.Tx) (total int, more bool, err error) {
	l.args["most"] = mostCounted + 1
	err = tx.QueryRow(ctx, `SELECT count(*) FROM (SELECT FROM crm.customer c WHERE `+l.where+` LIMIT @most) c`, planned, l.args).Scan(&total)
	return min(total, mostCounted), total > mostCounted, err
}

// values are those of the facet that the list is sorted by, in its order.
func (l *listing) values(ctx context.Context, tx pgx.Tx) ([]Group, error) {
	rows, err := tx.Query(ctx, l.counted(sortColumns[l.f.Sort])+` ORDER BY 1`+l.direction(false), planned, l.args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByNameLax[Group])
}

// page reads the rows of a span: which ones is found in an index, and only they are read.
func (l *listing) page(ctx context.Context, tx pgx.Tx, at span) ([]Customer, error) {
	l.args["skip"], l.args["rows"], l.args["from"] = at.skip, at.rows, at.from
	where := l.where
	if at.from != "" {
		where += ` AND ` + sortColumns[l.f.Sort] + map[bool]string{false: ` >= `, true: ` <= `}[l.f.Descending] + `@from`
	}
	from := `crm.customer c WHERE ` + where
	if l.few { // OFFSET 0 keeps PostgreSQL from walking in the list's order
		from = `(SELECT ` + l.keys() + ` FROM ` + from + ` OFFSET 0) c`
	}
	ids := `SELECT c.id FROM ` + from + ` ORDER BY ` + l.order(at.back) + ` OFFSET @skip LIMIT @rows`
	if choices := l.branches(); len(choices) > 0 {
		best, err := l.narrowest(ctx, tx, choices)
		if err != nil {
			return nil, err
		}
		ids = l.merged(choices[best], at)
	}
	rows, err := tx.Query(ctx, `WITH page AS MATERIALIZED (`+ids+`) SELECT `+listColumns+` FROM `+tables+
		` JOIN page ON page.id = c.id ORDER BY `+l.order(false), planned, l.args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Customer])
}

// branch is a facet whose values have an index each in the order of the list.
type branch struct {
	column string
	values []string
	orders []string // sort keys of these indexes
}

// branches are the facets that the filter names values of, if an index has them in the list's order.
func (l *listing) branches() []branch {
	if !l.tallied {
		return nil
	}
	orders := []string{"id", "name", "updatedAt"}
	return slices.DeleteFunc([]branch{
		{"c.class", texts(l.f.Classes), orders},
		{"c.city", texts(l.f.Cities), orders},
		{"c.lifecycle", texts(l.f.Lifecycles), orders},
		{"c.industry", texts(l.f.Industries), orders[:1]},
	}, func(b branch) bool { return len(b.values) == 0 || !slices.Contains(b.orders, l.f.Sort) })
}

// narrowest is which of the branches has the fewest customers, of which the least are passed over.
func (l *listing) narrowest(ctx context.Context, tx pgx.Tx, choices []branch) (best int, err error) {
	if len(choices) == 1 {
		return 0, nil
	}
	counts := make([]string, len(choices))
	args := make([]any, len(choices))
	for i, c := range choices {
		counts[i] = fmt.Sprintf(`coalesce(sum(c.customers) FILTER (WHERE %s = ANY ($%d)), 0)`, c.column, i+1)
		args[i] = c.values
	}
	customers := []int64{}
	query := `SELECT ARRAY[` + strings.Join(counts, `, `) + `]::bigint[] FROM ` + tally
	if err := tx.QueryRow(ctx, query, args...).Scan(&customers); err != nil {
		return 0, err
	}
	return slices.Index(customers, slices.Min(customers)), nil
}

// merged finds the page in the indexes of several values at once, which PostgreSQL merges. Each value
// has a statement of its own: the index of one of a list of values has no order to PostgreSQL.
func (l *listing) merged(b branch, at span) string {
	l.args["upto"] = at.skip + at.rows
	selected := l.keys()
	list := make([]string, len(b.values))
	for i, v := range b.values {
		name := fmt.Sprintf("branch_%d", i)
		l.args[name] = v
		list[i] = `(SELECT ` + selected + ` FROM crm.customer c WHERE ` + l.where + ` AND ` + b.column + ` = @` + name +
			` ORDER BY ` + l.order(at.back) + ` LIMIT @upto)`
	}
	return `SELECT c.id FROM (` + strings.Join(list, ` UNION ALL `) + `) c ORDER BY ` + l.order(at.back) + ` OFFSET @skip LIMIT @rows`
}

func texts[T ~string](list []T) []string {
	out := make([]string, 0, len(list))
	for _, v := range list {
		if !slices.Contains(out, string(v)) {
			out = append(out, string(v))
		}
	}
	return out
}

// keys are the columns that the list is ordered by.
func (l *listing) keys() string {
	if l.f.Sort == "id" {
		return sortColumns["id"]
	}
	return sortColumns["id"] + ", " + sortColumns[l.f.Sort]
}

func (l *listing) direction(back bool) string {
	if l.f.Descending != back {
		return " DESC"
	}
	return " ASC"
}

// order is the order of the list, or the one from its end.
func (l *listing) order(back bool) string {
	order := sortColumns[l.f.Sort] + l.direction(back)
	if !slices.Contains([]string{"id", "number"}, l.f.Sort) { // which are unique
		order += ", " + sortColumns["id"] + l.direction(back)
	}
	return order
}

// Listed gives the ids of all customers that Search lists with the filter, in its order, at most so many.
func (s *Store) Listed(ctx context.Context, caller account.Caller, f Filter, most int) ([]int64, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	f, err := f.within(ctx, s.db)
	if err != nil {
		return nil, err
	}
	l := newListing(caller, f)
	l.args["rows"] = most
	rows, err := s.db.Query(ctx, `SELECT c.id FROM crm.customer c WHERE `+l.where+` ORDER BY `+l.order(false)+` LIMIT @rows`, planned, l.args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// Reached counts which of the customers are within the caller's scope.
func (s *Store) Reached(ctx context.Context, tx pg.Tx, caller account.Caller, ids []int64) (n int, err error) {
	args := pgx.NamedArgs{"ids": ids}
	query := `SELECT count(*) FROM unnest(@ids::bigint[]) AS u (id) JOIN crm.customer c ON c.id = u.id WHERE ` + Within(caller, args)
	err = tx.PGX().QueryRow(ctx, query, planned, args).Scan(&n)
	return n, err
}

// ByIDs reads customers as the list shows them, by id; those that are not within the caller's scope are left out.
func (s *Store) ByIDs(ctx context.Context, tx pg.Tx, caller account.Caller, ids []int64) (map[int64]Customer, error) {
	args := pgx.NamedArgs{"ids": ids}
	rows, err := tx.PGX().Query(ctx, `SELECT `+listColumns+` FROM `+tables+` WHERE c.id = ANY (@ids) AND `+Within(caller, args), planned, args)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Customer])
	found := make(map[int64]Customer, len(list))
	for _, c := range list {
		found[c.ID] = c
	}
	return found, err
}
