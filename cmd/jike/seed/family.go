package seed

import (
	"fmt"
	"time"

	"jike/schemas/codes"
)

// Months is how many monthly bills each customer has: the last of them is the month before today.
const Months = 24

// contact is one row of crm.contact with its private facts, all of them fictional.
type contact struct {
	role, name, workPhone, title, mobile string
	birthday                             time.Time
	family, hobbies                      string
	influence                            int
	attitude                             string
}

// contract is one row of crm.contract.
type contract struct {
	number, name               string
	signed, effective, expires time.Time
	autoRenew                  bool
	amountFen                  int64
	status                     string
}

// subscription is one row of crm.subscription.
type subscription struct {
	product  product
	quantity int
	status   string
	started  time.Time
	ended    *time.Time
}

// bill is one row of crm.bill.
type bill struct {
	month              time.Time
	amountFen, paidFen int64
}

// roles are the key persons in the order in which customers have them (决策, 联络, 技术, 付费, 其他).
var roles = []string{"decision", "liaison", "technical", "payment", "other"}

// attitudes are how key persons stand to us; of one in four nobody knows.
var attitudes = []string{"supportive", "neutral", "opposed", "unknown"}

func (g *generator) contacts(c customer) []contact {
	d := newDice(g.seed, "contacts", int(g.province), int(c.id))
	n := d.between(1, 3)
	if c.class.Above(codes.ClassC) {
		n = d.between(2, len(roles))
	}
	all := make([]contact, n)
	for i := range all {
		all[i] = contact{
			role: roles[i], name: d.person(), title: of(d, titles), mobile: d.mobile(), workPhone: d.landLine(g.province),
			birthday: g.today.AddDate(-d.between(24, 62), 0, -d.IntN(365)),
			family:   of(d, families), hobbies: of(d, hobbies),
			influence: d.IntN(6), attitude: of(d, attitudes),
		}
	}
	return all
}

func (g *generator) contracts(c customer) []contract {
	d := newDice(g.seed, "contracts", int(g.province), int(c.id))
	n := 0
	switch {
	case c.lifecycle == codes.Potential:
		return nil
	case c.class.Above(codes.ClassC):
		n = d.between(1, 3)
	case d.chance(450):
		n = 1
	}
	all := make([]contract, n)
	for i := range all {
		// Expiries lie around today, from half a year ago to two years ahead.
		expires := g.today.AddDate(0, 0, d.between(-180, 730))
		effective := expires.AddDate(-d.between(1, 3), 0, 1)
		k := contract{
			number: fmt.Sprintf("HT%s%07d%d", g.province, c.id, i+1), name: of(d, contracts),
			signed: effective.AddDate(0, 0, -d.between(1, 40)), effective: effective, expires: expires,
			autoRenew: d.chance(300), amountFen: c.capitalFen/1000 + int64(d.between(1000, 90000))*100, status: "active",
		}
		switch {
		case c.lifecycle == codes.Lost:
			k.status = "terminated"
		case expires.Before(g.today) && !k.autoRenew:
			k.status = "expired"
		case effective.After(g.today):
			k.status = "draft"
		}
		all[i] = k
	}
	return all
}

func (g *generator) subscriptions(c customer) []subscription {
	d := newDice(g.seed, "subscriptions", int(g.province), int(c.id))
	if c.lifecycle == codes.Potential {
		return nil
	}
	n := d.between(1, 2)
	if c.class.Above(codes.ClassC) {
		n = d.between(2, 5)
	}
	all := make([]subscription, n)
	first := d.IntN(len(products)) // different products, one after the other
	for i := range all {
		s := subscription{
			product: products[(first+i)%len(products)], quantity: 1, status: "active",
			started: g.today.AddDate(0, 0, -d.between(30, 1800)),
		}
		if s.product.feeFen < 10000 {
			s.quantity = max(1, c.headcount*d.between(20, 90)/100)
		}
		if c.lifecycle == codes.Suspended {
			s.status = "suspended"
		}
		if c.lifecycle == codes.Lost || d.chance(50) {
			ended := s.started.AddDate(0, 0, d.between(0, int(g.today.Sub(s.started).Hours()/24)))
			s.status, s.ended = "terminated", &ended
		}
		all[i] = s
	}
	return all
}

// monthlyFen is what a customer of the class pays in an ordinary month.
var monthlyFen = map[codes.Class]int64{
	codes.ClassA1: 180_000_00, codes.ClassA2: 62_000_00, codes.ClassB1: 21_000_00,
	codes.ClassB2: 8_600_00, codes.ClassC: 2_300_00, codes.ClassD: 480_00,
}

// seasons is the ordinary course of a year in permille, January first.
var seasons = [12]int64{990, 930, 1000, 1005, 1010, 1005, 985, 990, 1015, 1000, 1020, 1050}

func (g *generator) bills(c customer) []bill {
	d := newDice(g.seed, "bills", int(g.province), int(c.id))
	level := monthlyFen[c.class] * int64(d.bell(0.45)*1000) / 1000
	drift := int64(d.between(-12, 22)) // permille a month
	lostAt := Months + 1
	if c.lifecycle == codes.Lost {
		lostAt = d.between(1, Months)
	}
	first := time.Date(g.today.Year(), g.today.Month(), 1, 0, 0, 0, 0, time.UTC).AddDate(0, -Months, 0)
	all := make([]bill, Months)
	for i := range all {
		month := first.AddDate(0, i, 0)
		amount := level * (1000 + drift*int64(i)) / 1000 * seasons[month.Month()-1] / 1000 * int64(d.between(960, 1040)) / 1000
		if i >= lostAt || c.lifecycle == codes.Potential {
			amount = 0
		}
		paid := amount
		if (i == Months-1 && d.chance(300)) || d.chance(15) {
			paid = amount * int64(d.between(0, 9)) / 10
		}
		all[i] = bill{month, amount, paid}
	}
	return all
}

// members is how many phone lines the customer has.
func (g *generator) members(c customer) int {
	d := newDice(g.seed, "members", int(g.province), int(c.id))
	if c.lifecycle == codes.Potential || c.lifecycle == codes.Lost {
		return 0
	}
	return c.headcount * d.between(30, 120) / 100
}

// classChange is one row of crm.class_history; from is empty for the first class.
type classChange struct {
	from, to string
	at       time.Time
}

// classHistory tells how the customer came to its class: a new group is a D.
func (g *generator) classHistory(c customer) []classChange {
	d := newDice(g.seed, "history", int(g.province), int(c.id))
	if c.class == codes.ClassD || d.chance(400) {
		return []classChange{{"", string(c.class), c.created}}
	}
	half := c.updated.Sub(c.created) / 2
	return []classChange{
		{"", string(codes.ClassD), c.created},
		{string(codes.ClassD), string(c.class), c.created.Add(max(0, half))},
	}
}
