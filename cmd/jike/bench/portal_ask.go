package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"unicode/utf8"
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

// someone is the id of some customer.
func (p *bigProvince) someone(random *rand.Rand) int64 { return random.Int64N(p.customers) + 1 }

// overview is everything about some customer.
func (p *bigProvince) overview(_ context.Context, random *rand.Rand) (request, error) {
	return request{p.admin, "admin", fmt.Sprintf("/api/customers/%d/overview", p.someone(random))}, nil
}
