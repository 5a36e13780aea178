package overview

import (
	"context"
	"strconv"
	"time"

	"github.com/beevik/etree"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/customer"
	"jike/schemas/codes"
	"jike/schemas/xsd"
	"jike/xmlapi/document"
	"jike/xmlapi/envelope"
	"jike/xmlapi/server"
	"jike/xmlapi/shape"
)

// The ways to name a customer.
const (
	byNumber     = "01"
	byCreditCode = "02"
)

// usualMonths is how many bills are told without BillMonths.
const usualMonths = 12

var (
	number  = shape.Pattern(`[0-9A-Z]{4,24}`)
	money   = shape.Integer(-9_000_000_000_000_000, 9_000_000_000_000_000)
	integer = shape.Integer(0, 1<<31-1)
	text    = shape.FreeText(300)
)

// request describes GroupCustomerQueryReq.
var request = shape.Group("GroupCustomerQueryReq",
	shape.One("IdType", shape.OneOf(byNumber, byCreditCode)).Says("01 customer number (集团编号), 02 unified credit code."),
	shape.One("IdValue", shape.Text(1, 32)),
	shape.One("BillMonths", shape.Integer(0, months)).Optional().Says("How many of the newest bills; 12 without it."),
	shape.One("WithAttributes", shape.OneOf("0", "1")).Optional().Says("1: with custom attributes; else the answer has no such block."),
).Says("Query of a group customer with its family, BIP4Z001 / T4990001: codes of our own, no public number is known.")

// reply describes GroupCustomerQueryRsp.
var reply = shape.Group("GroupCustomerQueryRsp",
	shape.One("RspCode", shape.OneOf("00")),
	shape.One("RspInfo", shape.Text(1, 200)),
	shape.Group("Customer",
		shape.One("CustomerNumber", number),
		shape.One("CustomerName", text),
		shape.One("CreditCode", shape.Pattern(`[0-9A-Z]{18}`)).Optional(),
		shape.One("CustomerClass", shape.OneOf("01", "02", "03", "04", "05", "06")).Says("Class (客户等级): A1, A2, B1, B2, C, D."),
		shape.One("CustomerStatus", shape.OneOf(xsd.CustomerStatus.Wires()...)).Says("1 potential, 2 active, 3 suspended, 4 lost."),
		shape.One("LegalPerson", text).Masked(shape.Name),
		shape.One("RegisteredCapital", money).Optional(),
		shape.One("Industry", shape.Pattern(`[0-9]{2}`)),
		shape.One("Headcount", integer).Optional(),
		shape.One("AnnualSales", money).Optional(),
		shape.One("Region", shape.Pattern(`[0-9]{6}`)),
		shape.One("Address", text),
		shape.One("Postcode", text),
		shape.One("ParentNumber", shape.Pattern(`0|[0-9A-Z]{4,24}`)).Says("0: none, or none that a partner may see."),
		shape.One("MemberCount", integer),
		shape.One("CustomerVersion", integer),
		shape.One("UpdateTime", shape.Time)),
	shape.Group("Manager",
		shape.One("StaffNumber", text), shape.One("ManagerName", text).Masked(shape.Name), shape.One("Department", text)).Optional(),
	shape.Group("KeyPersons",
		shape.Group("KeyPerson",
			shape.One("Role", shape.OneOf(xsd.PersonRole.Wires()...)), shape.One("PersonName", text).Masked(shape.Name),
			shape.One("Title", text), shape.One("WorkPhone", text).Masked(shape.Phone)).Times(0, 500)).
		Says("Work facts only: private facts about key persons are not told."),
	shape.Group("Contracts",
		shape.Group("Contract",
			shape.One("ContractNumber", text), shape.One("ContractName", text), shape.One("SignDate", shape.Date),
			shape.One("EffectiveDate", shape.Date), shape.One("ExpiryDate", shape.Date), shape.One("AutoRenew", shape.OneOf("0", "1")),
			shape.One("ContractAmount", money), shape.One("ContractStatus", shape.OneOf(xsd.ContractStatus.Wires()...))).Times(0, 500)).
		Says("ContractStatus: 1 draft, 2 active, 3 expired, 4 terminated."),
	shape.Group("Subscriptions",
		shape.Group("Subscription",
			shape.One("ProductCode", text), shape.One("ProductName", text), shape.One("Quantity", integer), shape.One("MonthlyFee", money),
			shape.One("SubscriptionStatus", shape.OneOf(xsd.SubscriptionStatus.Wires()...)), shape.One("StartDate", shape.Date),
			shape.One("EndDate", shape.Date).Optional()).Times(0, 500)).
		Says("SubscriptionStatus: 1 to 8, the states of TMF637 in their order from created to aborted."),
	shape.Group("Bills",
		shape.Group("Bill", shape.One("BillMonth", shape.Month), shape.One("Amount", money), shape.One("Paid", money)).Times(0, months)).
		Says("The newest first; amounts in fen."),
	shape.Group("Subsidiaries",
		shape.Group("Subsidiary", shape.One("CustomerNumber", number), shape.One("CustomerName", text)).Times(0, 500)),
	shape.Group("Attributes",
		shape.Group("Attribute",
			shape.One("AttributeCode", shape.Pattern(`[a-z][a-z0-9_]{0,39}`)),
			shape.One("AttributeName", text),
			shape.One("AttributeValue", shape.FreeText(2000)).Masked(shape.Hidden)).Times(0, 1000)).Optional().
		Says("Custom attributes (自定义属性) of which something is stated, if they were asked for: a text, a decimal, yyyy-MM-dd, the code of a choice, true or false."),
).Says("Answer to GroupCustomerQueryReq.")

// Operation is the query of a group customer with its family.
func Operation(store *Store) server.Operation {
	return server.Operation{
		BIP: "BIP4Z001", Activity: "T4990001", Name: "group-customer query", Snapshot: true, Request: request, Reply: reply,
		Handle: func(ctx context.Context, call server.Call) (server.Answer, error) {
			answer := server.Answer{BusinessKey: document.Value(call.Message, "IdValue")}
			caller := account.Partner(call.Partner.Domain)
			if err := caller.Demand(account.CustomerRead); err != nil {
				return answer, err
			}
			c, err := find(ctx, call.Tx, store, caller, call.Message)
			if err != nil {
				return answer, err
			}
			answer.BusinessKey = c.Number
			o, err := store.family(ctx, call.Tx, caller, c, billMonths(call.Message))
			if err != nil {
				return answer, err
			}
			answer.Content = tell(o)
			if document.Value(call.Message, "WithAttributes") == "1" {
				err = store.tellAttributes(ctx, call.Tx, caller, c.ID, teller{answer.Content})
			}
			return answer, err
		},
	}
}

func find(ctx context.Context, tx pg.Tx, store *Store, caller account.Caller, message *etree.Element) (c customer.Customer, err error) {
	value := document.Value(message, "IdValue")
	if document.Value(message, "IdType") == byCreditCode {
		code, parseErr := codes.ParseCreditCode(value)
		if parseErr != nil {
			return c, customer.Invalid("IdValue", parseErr)
		}
		c, err = store.byCreditCode(ctx, tx, caller, code)
	} else {
		c, err = store.Customers.ByNumber(ctx, tx, caller, value)
	}
	if fault.Is(err, fault.NotFound) {
		return c, fault.Field(fault.NotFound, "IdValue", "customer.unknown")
	}
	return c, err
}

func billMonths(message *etree.Element) int {
	if document.Child(message, "BillMonths") == nil {
		return usualMonths
	}
	n, _ := strconv.Atoi(document.Value(message, "BillMonths")) // the description was checked
	return n
}

// teller writes elements one after the other.
type teller struct{ e *etree.Element }

func (t teller) put(name, value string) { t.e.CreateElement(name).SetText(value) }

func (t teller) group(name string) teller { return teller{t.e.CreateElement(name)} }

func (t teller) number(name string, value *int64) {
	if value != nil {
		t.put(name, strconv.FormatInt(*value, 10))
	}
}

// tell writes the reply.
func tell(o Overview) *etree.Element {
	t := teller{etree.NewElement(reply.Name)}
	t.put("RspCode", "00")
	t.put("RspInfo", "ok")
	tellCustomer(t.group("Customer"), o)
	if o.Manager != nil {
		m := t.group("Manager")
		m.put("StaffNumber", o.Manager.Code)
		m.put("ManagerName", o.Manager.Name)
		m.put("Department", o.Customer.DepartmentName)
	}
	persons := t.group("KeyPersons")
	for _, c := range o.Contacts {
		p := persons.group("KeyPerson")
		p.put("Role", xsd.PersonRole.Wire(string(c.Role)))
		p.put("PersonName", c.Name)
		p.put("Title", c.Title)
		p.put("WorkPhone", string(c.WorkPhone))
	}
	tellBusiness(t, o)
	subsidiaries := t.group("Subsidiaries")
	for _, c := range o.Children {
		s := subsidiaries.group("Subsidiary")
		s.put("CustomerNumber", c.Number)
		s.put("CustomerName", c.Name)
	}
	return t.e
}

func tellCustomer(t teller, o Overview) {
	c := o.Customer
	t.put("CustomerNumber", c.Number)
	t.put("CustomerName", c.Name)
	if c.CreditCode != "" {
		t.put("CreditCode", string(c.CreditCode))
	}
	t.put("CustomerClass", codes.ClassesBIP4B254.Format(c.Class))
	t.put("CustomerStatus", xsd.CustomerStatus.Wire(string(c.Lifecycle)))
	t.put("LegalPerson", c.LegalPerson)
	t.number("RegisteredCapital", c.RegisteredCapitalFen)
	t.put("Industry", string(c.Industry))
	if c.Headcount != nil {
		t.put("Headcount", strconv.Itoa(int(*c.Headcount)))
	}
	t.number("AnnualSales", c.AnnualSalesFen)
	t.put("Region", string(c.City))
	t.put("Address", c.Address)
	t.put("Postcode", c.Postcode)
	parent := "0"
	if o.Parent != nil {
		parent = o.Parent.Number
	}
	t.put("ParentNumber", parent)
	t.put("MemberCount", strconv.Itoa(int(o.Members.Members)))
	t.put("CustomerVersion", strconv.Itoa(int(c.Version)))
	t.put("UpdateTime", c.UpdatedAt.In(envelope.Zone).Format(envelope.TimeFormat))
}

func tellBusiness(t teller, o Overview) {
	contracts := t.group("Contracts")
	for _, c := range o.Contracts {
		e := contracts.group("Contract")
		e.put("ContractNumber", c.Number)
		e.put("ContractName", c.Name)
		e.put("SignDate", day(c.SignedOn))
		e.put("EffectiveDate", day(c.EffectiveOn))
		e.put("ExpiryDate", day(c.ExpiresOn))
		e.put("AutoRenew", map[bool]string{false: "0", true: "1"}[c.AutoRenew])
		e.put("ContractAmount", strconv.FormatInt(c.AmountFen, 10))
		e.put("ContractStatus", xsd.ContractStatus.Wire(string(c.Status)))
	}
	subscriptions := t.group("Subscriptions")
	for _, s := range o.Subscriptions {
		e := subscriptions.group("Subscription")
		e.put("ProductCode", s.ProductCode)
		e.put("ProductName", s.ProductName)
		e.put("Quantity", strconv.Itoa(int(s.Quantity)))
		e.put("MonthlyFee", strconv.FormatInt(s.MonthlyFeeFen, 10))
		e.put("SubscriptionStatus", xsd.SubscriptionStatus.Wire(string(s.Status)))
		e.put("StartDate", day(s.StartedOn))
		if s.EndedOn != nil {
			e.put("EndDate", day(*s.EndedOn))
		}
	}
	bills := t.group("Bills")
	for _, b := range o.Bills {
		e := bills.group("Bill")
		e.put("BillMonth", b.Month.Format("200601"))
		e.put("Amount", strconv.FormatInt(b.AmountFen, 10))
		e.put("Paid", strconv.FormatInt(b.PaidFen, 10))
	}
}

func (s *Store) tellAttributes(ctx context.Context, tx pg.Tx, caller account.Caller, customerID int64, t teller) error {
	definitions, err := s.Attributes.ListIn(ctx, tx, caller)
	if err != nil {
		return err
	}
	stated, err := s.Attributes.OfAll(ctx, tx, []int64{customerID})
	if err != nil {
		return err
	}
	attributes := t.group("Attributes")
	for _, d := range definitions {
		if value := stated[customerID].Values[d.Code]; value != "" {
			a := attributes.group("Attribute")
			a.put("AttributeCode", d.Code)
			a.put("AttributeName", d.NameZh)
			a.put("AttributeValue", value)
		}
	}
	return nil
}

func day(t time.Time) string { return t.Format("20060102") }
