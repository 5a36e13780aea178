package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
)

// combination is a filter with an order, as the portal's list takes it.
type combination struct{ name, query string }

// combinations are filters and orders that people use: one facet, several, many values of one, none.
// All but the narrowest let fifty thousand customers of a million through, so that there is a 1,000th
// page of fifty rows.
var combinations = []combination{
	{"all_by_id", "sort=id"},
	{"all_by_name", "sort=name"},
	{"newest_change", "sort=updatedAt&dir=desc"},
	{"by_class", "sort=class"},
	{"by_city_descending", "sort=city&dir=desc"},
	{"classes_ab", "class=A1,A2,B1,B2&sort=id"},
	{"class_c_by_name", "class=C&sort=name"},
	{"capital_newest_change", "city=350100&sort=updatedAt&dir=desc"},
	{"manufacturing", "industry=C&sort=id&dir=desc"},
	{"not_active_by_name", "lifecycle=potential,suspended,lost&sort=name"},
	{"national_by_number", "national=true&sort=number"},
	{"three_facets_newest", "class=C,D&city=350200,350500&lifecycle=active&sort=updatedAt&dir=desc"},
}

// managersShare is one of how many requests an account manager sends; the others come from somebody
// who reaches the whole province, which costs more.
const managersShare = 4

func (p *bigProvince) person(random *rand.Rand) (browser, string) {
	if random.IntN(managersShare) == 0 {
		return p.manager, "manager"
	}
	return p.admin, "admin"
}

// list is the first or the 1,000th page of one of the combinations.
func (p *bigProvince) list(_ context.Context, random *rand.Rand) (request, error) {
	c := combinations[random.IntN(len(combinations))]
	page, ordinal := 1, "first"
	if random.IntN(2) == 0 {
		page, ordinal = 1000, "page1000"
	}
	who, role := p.person(random)
	label := fmt.Sprintf("%s_%s", c.name, ordinal)
	if role == "manager" {
		label = "of_one_manager"
	}
	return request{who, label, fmt.Sprintf("/api/customers?%s&page=%d&size=50", c.query, page)}, nil
}

// search is for two neighbouring characters of the name of some customer, frequent ones as often as
// they occur.
func (p *bigProvince) search(ctx context.Context, random *rand.Rand) (request, error) {
	pair, err := p.pair(ctx, random)
	who, role := p.person(random)
	return request{who, role, "/api/customers?size=20&q=" + url.QueryEscape(pair)}, err
}

func (p *bigProvince) pair(ctx context.Context, random *rand.Rand) (string, error) {
	var name string
	if err := p.db.QueryRow(ctx, `SELECT name FROM crm.customer WHERE id = $1`, p.someone(random)).Scan(&name); err != nil {
		return "", err
	}
	n := utf8.RuneCountInString(name)
	at := random.IntN(n - 1)
	return string([]rune(name)[at : at+2]), nil
}

// everythingSQL gives, for a customer, a text of each kind that the global search finds something by. Its
// name is read in pinyin from the beginning, and from behind its place.
const everythingSQL = `SELECT t.kind, t.text FROM crm.customer c LEFT JOIN crm.customer_name n ON n.customer_id = c.id AND NOT n.former
	LEFT JOIN LATERAL (SELECT name, mobile FROM crm.contact p WHERE p.customer_id = c.id ORDER BY p.id LIMIT 1) p ON true
	LEFT JOIN LATERAL (SELECT phone, short_number FROM crm.member m WHERE m.customer_id = c.id AND m.left_on IS NULL ORDER BY m.phone LIMIT 1) m ON true
	LEFT JOIN LATERAL (SELECT number, name FROM crm.contract k WHERE k.customer_id = c.id ORDER BY k.id LIMIT 1) k ON true,
	LATERAL (VALUES ('pair', substr(c.name, $2, 2)), ('initials', left(n.core_initials, 4)), ('place_initials', left(n.initials, 5)),
		('number', left(c.number, 11)), ('credit_code', left(c.credit_code, 14)), ('person', p.name), ('given_name', right(p.name, 2)), ('mobile', p.mobile),
		('member', left(m.phone, 9)), ('short_number', m.short_number), ('contract', left(k.number, 12)), ('contract_name', left(k.name, 4))) t (kind, text)
	WHERE c.id = $1 AND length(t.text) >= 2 ORDER BY t.kind`

// everything is a text of some kind of some customer, for the global search.
func (p *bigProvince) everything(ctx context.Context, random *rand.Rand) (request, error) {
	rows, err := p.db.Query(ctx, everythingSQL, p.someone(random), 1+random.IntN(6))
	if err != nil {
		return request{}, err
	}
	texts, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct{ Kind, Text string }])
	if err != nil {
		return request{}, err
	}
	who, _ := p.person(random)
	some := texts[random.IntN(len(texts))]
	return request{who, some.Kind, "/api/search?q=" + url.QueryEscape(some.Text)}, nil
}

// someone is the id of some customer.
func (p *bigProvince) someone(random *rand.Rand) int64 { return random.Int64N(p.customers) + 1 }

// overview is everything about some customer.
func (p *bigProvince) overview(_ context.Context, random *rand.Rand) (request, error) {
	return request{p.admin, "admin", fmt.Sprintf("/api/customers/%d/overview", p.someone(random))}, nil
}
