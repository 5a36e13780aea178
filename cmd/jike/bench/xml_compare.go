package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"jike/internal/mask"
	"jike/schemas/codes"
	"jike/schemas/xsd"
	"jike/xmlapi/document"
	"jike/xmlapi/envelope"
)

// queryDocument asks for everything that the overview shows too.
func queryDocument(number string) *etree.Element {
	e := etree.NewElement("GroupCustomerQueryReq")
	for _, pair := range [][2]string{{"IdType", "01"}, {"IdValue", number}, {"BillMonths", "24"}} {
		e.CreateElement(pair[0]).SetText(pair[1])
	}
	return e
}

// compare asks both sides for every customer and fails if they tell different facts. It gives how
// many bytes the answers of XML and JSON had.
func (p *place) compare(ctx context.Context, list []asked) (sizes [2]int, err error) {
	for _, a := range list {
		raw, err := p.queryXML(ctx, a)
		if err != nil {
			return sizes, err
		}
		reply, _, err := envelope.ReadReply(raw)
		if err != nil || reply.Response.Code != envelope.CodeOK {
			return sizes, fmt.Errorf("%s: %s, %w", a.Number, raw, err)
		}
		_, answer, err := p.get(ctx, fmt.Sprintf("/api/customers/%d/overview", a.ID))
		if err != nil {
			return sizes, err
		}
		var o overview
		if err := json.Unmarshal(answer, &o); err != nil {
			return sizes, fmt.Errorf("%s: %s, %w", a.Number, answer, err)
		}
		if difference := differ(xmlFacts(reply.Content), o.facts()); difference != "" {
			return sizes, fmt.Errorf("customer %s is not the same on both sides: %s", a.Number, difference)
		}
		sizes[0], sizes[1] = sizes[0]+len(raw), sizes[1]+len(answer)
	}
	return sizes, nil
}

// overview is what both sides tell, as the portal does.
type overview struct {
	Customer struct {
		Number, CreditCode, Name, Industry, City, Class, Lifecycle string
		LegalPerson, Address, Postcode                             string
		RegisteredCapitalFen, AnnualSalesFen                       *int64
		Headcount                                                  *int64
		Version                                                    int64
	}
	Manager  *struct{ Code, Name, DepartmentName string }
	Parent   *struct{ Number string }
	Contacts []struct{ Role, Name, Title, WorkPhone string }

	Contracts []struct {
		Number, Name, SignedOn, EffectiveOn, ExpiresOn, Status string
		AutoRenew                                              bool
		AmountFen                                              int64
	}
	Subscriptions []struct {
		ProductCode, ProductName, Status, StartedOn string
		EndedOn                                     *string
		Quantity, MonthlyFeeFen                     int64
	}
	Bills []struct {
		Month              string
		AmountFen, PaidFen int64
	}
	MemberCount int64
}

// facts are what XML tells, in its order and its codes, one text for each leaf.
func (o overview) facts() []string {
	c := o.Customer
	list := []string{c.Number, c.Name}
	add := func(values ...string) { list = append(list, values...) }
	number := func(v *int64) {
		if v != nil {
			add(strconv.FormatInt(*v, 10))
		}
	}
	if c.CreditCode != "" {
		add(c.CreditCode)
	}
	add(codes.ClassesBIP4B254.Format(codes.Class(c.Class)), xsd.CustomerStatus.Wire(c.Lifecycle), c.LegalPerson)
	number(c.RegisteredCapitalFen)
	add(c.Industry)
	number(c.Headcount)
	number(c.AnnualSalesFen)
	add(c.City, c.Address, c.Postcode)
	if o.Parent != nil {
		add(o.Parent.Number)
	} else {
		add("0")
	}
	add(strconv.FormatInt(o.MemberCount, 10), strconv.FormatInt(c.Version, 10))
	if o.Manager != nil {
		add(o.Manager.Code, o.Manager.Name, o.Manager.DepartmentName)
	}
	for _, p := range o.Contacts {
		add(xsd.PersonRole.Wire(p.Role), p.Name, p.Title, p.WorkPhone)
	}
	return append(list, o.business()...)
}

func (o overview) business() []string {
	var list []string
	add := func(values ...string) { list = append(list, values...) }
	number := func(v int64) string { return strconv.FormatInt(v, 10) }
	day := func(s string) string { return strings.ReplaceAll(s, "-", "") }
	for _, c := range o.Contracts {
		add(c.Number, c.Name, day(c.SignedOn), day(c.EffectiveOn), day(c.ExpiresOn), map[bool]string{false: "0", true: "1"}[c.AutoRenew],
			number(c.AmountFen), xsd.ContractStatus.Wire(c.Status))
	}
	for _, s := range o.Subscriptions {
		add(s.ProductCode, s.ProductName, number(s.Quantity), number(s.MonthlyFeeFen), xsd.SubscriptionStatus.Wire(s.Status), day(s.StartedOn))
		if s.EndedOn != nil && *s.EndedOn != "" {
			add(day(*s.EndedOn))
		}
	}
	for _, b := range o.Bills {
		add(day(b.Month), number(b.AmountFen), number(b.PaidFen))
	}
	return list
}

// xmlFacts are the leaves of a reply but those that JSON has no equal of: the second-level code,
// and the time of the last change, which JSON tells to the microsecond.
func xmlFacts(content *etree.Element) []string {
	var list []string
	for _, block := range content.ChildElements()[2:] {
		for _, e := range block.FindElements(".//*") {
			switch {
			case len(e.ChildElements()) > 0 || e.Tag == "UpdateTime":
			case e.Tag == "WorkPhone": // the portal masks it for who is not its account manager
				list = append(list, mask.Phone(document.Text(e)))
			default:
				list = append(list, document.Text(e))
			}
		}
	}
	return list
}
