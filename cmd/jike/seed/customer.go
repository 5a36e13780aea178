package seed

import (
	"fmt"
	"strings"
	"time"

	business "jike/province/customer"
	"jike/province/selection"
	"jike/schemas/codes"
)

// customer is one row of crm.customer; whether it goes up and its search terms are asked of the
// business when it is written.
type customer struct {
	id, parent, manager int64 // parent and manager 0: none
	number              string
	creditCode          codes.CreditCode
	name                string
	industry            codes.Industry
	city                codes.City
	class               codes.Class
	lifecycle           codes.Lifecycle
	sensitive, cross    bool
	address, postcode   string
	legalPerson         string
	capitalFen          int64
	headcount           int
	salesFen            int64
	profile, remark     string
	created, updated    time.Time

	brand string
	depth int // 1: at the top of its tree
}

// The make-up of a province, in permille of its customers.
const (
	groupHeads   = 45  // heads of a group of companies
	subsidiaries = 190 // belong to a parent
	crossings    = 12  // cross-province beside the shared ones
	sensitives   = 8
	unassigned   = 25 // in no manager's care
	uncoded      = 20 // without a credit code
	longProfiles = 10 // profile of some kilobytes
	maxDepth     = 4
	sharedEvery  = 40 // one customer in so many is a company that other provinces have as well
	sharedOffset = 7
)

// classWeights gives A and B together 13.2 % of the customers.
var classWeights = []int{8, 20, 42, 62, 270, 598}

var (
	lifecycles       = []codes.Lifecycle{codes.Active, codes.Potential, codes.Suspended, codes.Lost}
	lifecycleWeights = []int{860, 55, 40, 45}
)

// node is what a later subsidiary needs to know of its parent.
type node struct {
	id    int64
	brand string
	depth int
}

// generator makes a province's customers in the order of their ids.
type generator struct {
	policy       selection.Policy // which customers go up
	seed         uint64
	province     codes.Province
	today        time.Time
	organisation *organisation
	tradeWeights []int
	parents      []node          // who may get subsidiaries
	names        map[string]bool // names given so far
}

func newGenerator(o Options, policy selection.Policy) *generator {
	g := &generator{
		policy: policy, seed: o.Seed, province: o.Province, today: o.Today, names: map[string]bool{},
		organisation: newOrganisation(o.Seed, o.Province, o.Customers, o.Staff),
	}
	for _, t := range trades {
		g.tradeWeights = append(g.tradeWeights, t.weight)
	}
	return g
}

// customer makes the customer with the number n, from 1.
func (g *generator) customer(n int) customer {
	d := newDice(g.seed, "customer", int(g.province), n)
	c := customer{id: int64(n), number: business.NumberOf(g.province, int64(n)), depth: 1}
	g.place(d, &c)
	if n%sharedEvery == sharedOffset {
		g.identifyShared(n/sharedEvery, &c)
	} else {
		g.identify(d, n, &c)
	}
	c.class = codes.Classes()[d.weighted(classWeights)]
	if strings.Contains(c.name, "集团") && c.class == codes.ClassD {
		c.class = codes.ClassC
	}
	c.lifecycle = lifecycles[d.weighted(lifecycleWeights)]
	c.sensitive = d.chance(sensitives)
	g.describe(d, &c)
	if c.depth < maxDepth && (c.depth > 1 || strings.Contains(c.name, "集团")) {
		g.parents = append(g.parents, node{c.id, c.brand, c.depth})
	}
	return c
}

// place gives city and account manager.
func (g *generator) place(d dice, c *customer) {
	c.city = g.organisation.cities[d.weighted(g.organisation.weights)]
	if !d.chance(unassigned) {
		c.manager = of(d, g.organisation.managers[c.city]).id
	}
}

// identify gives a company of this province its industry, name, parent and credit code.
func (g *generator) identify(d dice, n int, c *customer) {
	t := trades[d.weighted(g.tradeWeights)]
	c.industry = t.industry
	c.cross = d.chance(crossings)
	head, child := d.chance(groupHeads), d.chance(subsidiaries)
	for range 8 { // a name that is taken is drawn again; some double ones may stay, as in life
		c.brand = d.brand()
		switch {
		case child && len(g.parents) > 0 && !head:
			parent := of(d, g.parents)
			c.brand, c.parent, c.depth = parent.brand, parent.id, parent.depth+1
			c.name = c.city.Short() + c.brand + of(d, t.words) + of(d, t.suffixes)
		case head:
			c.name = of(d, []string{g.province.Name().Chinese, c.city.Short(), ""}) + c.brand +
				of(d, []string{"集团有限公司", "控股集团有限公司", "投资集团有限公司", of(d, t.words) + "集团有限公司"})
		default:
			c.name = c.city.Short() + c.brand + of(d, t.words) + of(d, t.suffixes)
		}
		if !g.names[c.name] {
			break
		}
	}
	g.names[c.name] = true
	if !d.chance(uncoded) {
		c.creditCode = creditCode(registrar(c.industry, c.name), int64(g.province)*codesPerProvince+int64(n))
	}
}

// identifyShared gives a company that every province of the same seed has: name, industry and
// credit code depend on the seed alone.
func (g *generator) identifyShared(k int, c *customer) {
	d := newDice(g.seed, "shared", k)
	t := trades[d.weighted(g.tradeWeights)]
	c.industry, c.cross, c.brand = t.industry, true, d.brand()
	c.name = c.brand + of(d, t.words) + of(d, []string{"集团股份有限公司", "（集团）有限公司", "股份有限公司"})
	g.names[c.name] = true
	c.creditCode = creditCode("91", int64(k))
}

// describe fills in what depends on class and place.
func (g *generator) describe(d dice, c *customer) {
	rank := int64(len(codes.Classes()))
	for i, class := range codes.Classes() {
		if class == c.class {
			rank = int64(i)
		}
	}
	size := int64(1) << (2 * (5 - rank)) // D 1, C 4, B2 16 … A1 1024
	street := of(d, streets)
	c.address = fmt.Sprintf("%s%s%d号", c.city.Name(), street, d.between(1, 999))
	c.postcode = c.city.String()[:2] + d.digits(4)
	c.legalPerson = d.person()
	c.headcount = int(size)*d.between(2, 9) + d.between(0, 9)
	c.capitalFen = size * int64(d.between(5, 60)) * 10_000_00
	c.salesFen = c.capitalFen/10*int64(d.between(8, 90)) + int64(d.IntN(100_00))
	c.profile = g.profile(d, c)
	if d.chance(120) {
		c.remark = of(d, []string{"续约需提前一个月联系", "由分管副总对接", "关注专线扩容需求", "对资费敏感", "年底有预算"})
	}
	c.created = g.today.AddDate(0, 0, -d.between(400, 2600)).Add(time.Duration(d.IntN(86400)) * time.Second)
	c.updated = g.today.AddDate(0, 0, -d.between(1, 390)).Add(time.Duration(d.IntN(86400)) * time.Second)
}

func (g *generator) profile(d dice, c *customer) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s位于%s，主要从事%s，现有员工%d人。", c.name, c.city.Name(), c.industry.Name().Chinese, c.headcount)
	if d.chance(longProfiles) {
		for b.Len() < 6000 { // beyond what PostgreSQL keeps in the row, even compressed
			fmt.Fprintf(&b, "%s%s与%s%s合作开展%s%d项，", d.person(), d.brand(), d.brand(), d.person(), d.brand(), d.between(10, 99999))
		}
	}
	return b.String()
}

// codesPerProvince keeps the credit codes of provinces apart; below the first province's share
// are those of shared companies.
const codesPerProvince = 10_000_000

// creditCode makes the fictional credit code with this number: unique per number, and not in the
// order of the numbers.
func creditCode(registrar string, number int64) codes.CreditCode {
	const (
		alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
		space    = 31 * 31 * 31 * 31 * 31 * 31 * 31
		scatter  = 600_000_011 // shares no factor with the space: one to one
	)
	value := uint64(number) * scatter % space
	body := []byte("M0000000")
	for i := len(body) - 1; i > 0; i-- {
		body[i] = alphabet[value%31]
		value /= 31
	}
	code, err := codes.CompleteCreditCode(registrar+"000000", string(body))
	if err != nil {
		panic("seed: " + err.Error()) // the parts are made of the alphabet above
	}
	return code
}

// registrar is the authority and kind that a credit code begins with.
func registrar(industry codes.Industry, name string) string {
	switch {
	case strings.HasSuffix(name, "公司"):
		return "91"
	case strings.HasSuffix(name, "合作社"):
		return "93"
	case industry == "92":
		return "11"
	case industry == "95":
		return "51"
	case industry == "96":
		return "59"
	case industry.Section() == "P" || industry.Section() == "Q":
		return "12"
	default:
		return "52"
	}
}
