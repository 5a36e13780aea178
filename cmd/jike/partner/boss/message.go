package boss

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	chance "math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"

	"jike/schemas/codes"
	"jike/schemas/xsd"
	"jike/xmlapi/carriage"
	"jike/xmlapi/charset"
	"jike/xmlapi/document"
	"jike/xmlapi/envelope"
)

// runAlphabet is what credit codes are written with: a run is part of those of its customers.
const runAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

func validRun(run string) bool { return len(run) == 4 && strings.Trim(run, runAlphabet) == "" }

func newHeader(o Options) Header {
	h := Header{Run: o.Run, Seed: o.Seed, Province: o.Province, Customers: o.Customers, Began: time.Now().UTC().Truncate(time.Second)}
	if h.Customers == 0 {
		h.Customers = defaultCustomers
	}
	if h.Run == "" {
		random := make([]byte, 4)
		_, _ = rand.Read(random) // never fails
		for _, b := range random {
			h.Run += string(runAlphabet[int(b)%len(runAlphabet)])
		}
	}
	return h
}

// message is one message, whole: it can be sent any number of times.
type message struct {
	entry    Exchange
	header   envelope.Header
	content  *etree.Element
	kind     carriage.Kind
	charset  charset.Charset
	expected state // the customer after it
}

// state is where a slot stands: what its next message follows from.
type state struct {
	slot, step int
	generation int // of the customer, from 0
	age        int // messages to this customer so far
	version    int32
	class      codes.Class
	lifecycle  codes.Lifecycle
	name       string
	city       codes.City
	industry   codes.Industry
	marker     string // id of the message that last stated the address
}

// lifetime is how many messages the customers of a slot get; it differs, so that they do not all
// go at once.
func (s *state) lifetime() int { return 20 + s.slot%11 }

// plan is what a message does, before it is written.
type plan struct {
	op    Op
	id    string
	state state // the customer after it
	dice  *chance.Rand
}

// plan decides the slot's next message and moves the slot on.
func (h Header) plan(s *state) plan {
	d := dice(h.Seed, h.Run, s.slot, s.step)
	p := plan{id: fmt.Sprintf("B%s%04d%08d", h.Run, s.slot, s.step), dice: d}
	switch pick := d.IntN(100); {
	case s.age == 0:
		p.op = Create
		h.born(s, d)
	case s.age == s.lifetime()-1:
		p.op, s.lifecycle = Delete, codes.Lost
	case pick < 45:
		p.op = Modify
		s.change(d)
	case pick < 80:
		p.op = Bill
	default:
		p.op = Query
	}
	switch p.op {
	case Create, Modify:
		s.marker = p.id
		s.version++
	case Delete:
		s.version++
	}
	p.state = *s
	if s.step, s.age = s.step+1, s.age+1; p.op == Delete {
		*s = state{slot: s.slot, step: s.step, generation: s.generation + 1}
	}
	return p
}

// message writes what was planned.
func (h Header) message(p plan) *message {
	s := &p.state
	m := &message{
		header: h.envelope(p.id, p.op, s.step), expected: p.state,
		kind: kinds[(s.slot+s.step)%len(kinds)], charset: charsets[(s.slot+2*s.step)%len(charsets)],
		entry: Exchange{ID: p.id, Op: p.op, Number: h.number(s), Slot: s.slot, Step: s.step, Sent: time.Now().UTC()},
	}
	m.content, m.entry.Effect = h.compose(p.op, s, p.dice)
	digest := document.Digest(m.content)
	m.entry.Hash = hex.EncodeToString(digest[:])
	return m
}

var (
	kinds    = []carriage.Kind{carriage.Multipart, carriage.Form, carriage.Single}
	charsets = []charset.Charset{charset.UTF8, charset.GBK, charset.GB18030}
)

// dice is the chance of one message, whatever was drawn before it.
func dice(seed uint64, run string, slot, step int) *chance.Rand {
	hash := fnv.New64a()
	_, _ = fmt.Fprintf(hash, "%s/%d/%d", run, slot, step) // a hash never fails to write
	return chance.New(chance.NewPCG(seed, hash.Sum64()))
}

// born makes up a customer.
func (h Header) born(s *state, d *chance.Rand) {
	cities := codes.Cities(h.Province)
	s.city = cities[d.IntN(len(cities))]
	s.industry = trades[d.IntN(len(trades))].industry
	s.class, s.lifecycle = anyClass(d), codes.Active
	s.name = fmt.Sprintf("%s%s%s有限公司（%s%d号%d）", h.Province.Name().Chinese, brands[d.IntN(len(brands))], trade(s.industry), h.Run, s.slot, s.generation)
}

// change makes up what is new about a customer; the address is new in any case.
func (s *state) change(d *chance.Rand) {
	if d.IntN(4) == 0 {
		s.class = anyClass(d)
	}
	switch {
	case s.lifecycle == codes.Suspended:
		s.lifecycle = codes.Active
	case d.IntN(10) == 0:
		s.lifecycle = codes.Suspended
	}
}

// anyClass gives half of the customers a class that headquarters selects.
func anyClass(d *chance.Rand) codes.Class {
	classes := codes.Classes()
	if d.IntN(2) == 0 {
		return classes[d.IntN(4)]
	}
	return classes[4+d.IntN(2)]
}

func (h Header) number(s *state) string {
	return fmt.Sprintf("%sB%s%04d%04d", h.Province, h.Run, s.slot, s.generation)
}

// creditCode is the fictional code of the n-th customer of a run.
func (h Header) creditCode(n int) string {
	tail := []byte("0000")
	for i := len(tail) - 1; i >= 0; i-- {
		tail[i] = runAlphabet[n%len(runAlphabet)]
		n /= len(runAlphabet)
	}
	code, err := codes.CompleteCreditCode("99000000", h.Run+string(tail))
	if err != nil {
		panic("boss: " + err.Error()) // the parts are made of the alphabet above
	}
	return string(code)
}

// activities are the pairs of codes.
var activities = map[Op][2]string{
	Create: {"BIP4B254", "T4011003"}, Modify: {"BIP4B254", "T4011003"}, Delete: {"BIP4B254", "T4011003"},
	Bill: {"BIP4Z002", "T4990002"}, Query: {"BIP4Z001", "T4990001"},
}

func (h Header) envelope(id string, op Op, step int) envelope.Header {
	return envelope.Header{
		Version: "0100", TestFlag: "0", BIPCode: activities[op][0], ActivityCode: activities[op][1], OrigDomain: "BOSS",
		RouteType: "00", HomeDomain: "BBSS", RouteValue: h.Province.String(), SessionID: id, TransIDO: id, TransIDOTime: h.moment(step),
	}
}

// moment is when the n-th message of a slot is made up to have been written.
func (h Header) moment(step int) string {
	return h.Began.In(envelope.Zone).Add(time.Duration(step) * time.Second).Format(envelope.TimeFormat)
}

// serial is the business serial number.
func (h Header) serial(op Op, slot, step int) string {
	return fmt.Sprintf("%s1%s%s%06d", h.Province, activities[op][0], h.moment(step), slot)
}

// compose writes the message's own document and says what it leaves.
func (h Header) compose(op Op, s *state, d *chance.Rand) (*etree.Element, Effect) {
	switch op {
	case Query:
		return tree("GroupCustomerQueryReq", "IdType", "01", "IdValue", h.number(s), "BillMonths", "3"),
			Effect{Version: s.version, Marker: s.marker}
	case Bill:
		month := h.Began.AddDate(0, 0, 1-h.Began.Day()).AddDate(0, -1-d.IntN(6), 0)
		e := Effect{Month: month.Format("2006-01"), AmountFen: int64(s.step+1)*10000 + int64(s.slot)}
		if d.IntN(2) == 0 {
			e.PaidFen = e.AmountFen
		}
		return batch(h.serial(op, s.slot, s.step), month, line{h.number(s), e.AmountFen, e.PaidFen}), e
	case Delete:
		return tree("GroupCustomerSyncReq", "OprSeq", h.serial(op, s.slot, s.step), "OprType", "03", "CustomerNumber", h.number(s)),
			Effect{Version: s.version, Class: string(s.class), Lifecycle: string(codes.Lost), Marker: s.marker}
	}
	return h.customer(op, s, d), Effect{Version: s.version, Class: string(s.class), Lifecycle: string(s.lifecycle), Marker: s.marker}
}

func (h Header) customer(op Op, s *state, d *chance.Rand) *etree.Element {
	r := tree("GroupCustomerSyncReq", "OprSeq", h.serial(op, s.slot, s.step),
		"OprType", map[Op]string{Create: "01", Modify: "02"}[op], "CustomerNumber", h.number(s))
	info := tree("CustomerInfo", "CustomerName", s.name)
	info.AddChild(tree("Licence", "LicenceType", "1", "LicenceNumber", h.creditCode(s.slot+s.generation*h.Customers)))
	put(info, "CustomerClass", codes.ClassesBIP4B254.Format(s.class), "CustomerStatus", xsd.CustomerStatus.Wire(string(s.lifecycle)),
		"LegalPerson", person(d), "RegisteredCapital", strconv.Itoa(1_000_000*(1+d.IntN(900))), "Industry", string(s.industry),
		"Headcount", strconv.Itoa(5+d.IntN(2000)), "AnnualSales", strconv.Itoa(100_000*(1+d.IntN(90000))), "Region", string(s.city),
		"Address", fmt.Sprintf("%s%s%d号 %s", s.city.Name(), streets[d.IntN(len(streets))], 1+d.IntN(999), s.marker),
		"Postcode", fmt.Sprintf("%06d", d.IntN(1_000_000)), "ParentNumber", "0")
	r.AddChild(info)
	persons := r.CreateElement("KeyPersons")
	for _, role := range []string{"decision", "liaison"}[:1+d.IntN(2)] {
		persons.AddChild(tree("KeyPerson", "Role", xsd.PersonRole.Wire(role), "PersonName", person(d), "Title", titles[d.IntN(len(titles))],
			"WorkPhone", fmt.Sprintf("0%s-00%06d", h.Province, d.IntN(1_000_000)), "Mobile", fmt.Sprintf("160%08d", d.IntN(100_000_000)),
			"Birthday", fmt.Sprintf("19%02d%02d%02d", 60+d.IntN(40), 1+d.IntN(12), 1+d.IntN(28))))
	}
	return r
}

// line is one line of a bill batch.
type line struct {
	number             string
	amountFen, paidFen int64
}

func batch(serial string, month time.Time, lines ...line) *etree.Element {
	r := tree("MonthlyBillBatchReq", "OprSeq", serial, "BillMonth", month.Format("200601"), "BillCount", strconv.Itoa(len(lines)))
	bills := r.CreateElement("Bills")
	for _, l := range lines {
		bills.AddChild(tree("Bill", "CustomerNumber", l.number, "Amount", strconv.FormatInt(l.amountFen, 10), "Paid", strconv.FormatInt(l.paidFen, 10)))
	}
	return r
}

// tree makes an element with children: names and texts in turn.
func tree(name string, pairs ...string) *etree.Element {
	e := etree.NewElement(name)
	put(e, pairs...)
	return e
}

func put(e *etree.Element, pairs ...string) {
	for i := 0; i < len(pairs); i += 2 {
		e.CreateElement(pairs[i]).SetText(pairs[i+1])
	}
}
