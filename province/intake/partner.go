package intake

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/beevik/etree"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/province/contact"
	"jike/province/customer"
	"jike/schemas/codes"
	"jike/schemas/xsd"
	"jike/xmlapi/document"
	"jike/xmlapi/server"
	"jike/xmlapi/shape"
)

const largest = 9_000_000_000_000_000 // fen; no enterprise has more

var (
	number = shape.Pattern(`[0-9A-Z]{4,24}`)
	serial = shape.Pattern(`[0-9]{3}1BIP4B254[0-9]{20}`)
)

// request describes GroupCustomerSyncReq.
var request = shape.Group("GroupCustomerSyncReq",
	shape.One("OprSeq", serial).Says("Business serial number: province, 1, BIPCode, yyyyMMddHHmmss, six digits."),
	shape.One("OprType", shape.OneOf(string(Add), string(Modify), string(Delete))).Says("01 add, 02 modify, 03 delete (soft)."),
	shape.One("CustomerNumber", number).Says("Number of the group customer (集团编号)."),
	shape.Group("CustomerInfo",
		shape.One("CustomerName", shape.Text(2, 120)),
		shape.Group("Licence",
			shape.One("LicenceType", shape.OneOf("1")).Says("1 unified credit code (统一社会信用代码); other licences are not taken."),
			shape.One("LicenceNumber", shape.Pattern(`[0-9A-Z]{18}`)).Says("With both check digits.")).Optional(),
		shape.One("CustomerClass", shape.OneOf("01", "02", "03", "04", "05", "06")).Says("Class (客户等级): A1, A2, B1, B2, C, D."),
		shape.One("CustomerStatus", shape.OneOf("1", "2", "3")).Says("1 potential, 2 active, 3 suspended; lost only by OprType 03."),
		shape.One("LegalPerson", shape.Text(0, 60)).Masked(shape.Name),
		shape.One("RegisteredCapital", shape.Integer(0, largest)).Optional().Says("In fen."),
		shape.One("Industry", shape.Pattern(`[0-9]{2}`)).Says("GB/T 4754 division."),
		shape.One("Headcount", shape.Integer(0, 1<<31-1)).Optional(),
		shape.One("AnnualSales", shape.Integer(0, largest)).Optional().Says("In fen."),
		shape.One("Region", shape.Pattern(`[0-9]{6}`)).Says("GB/T 2260, a city of this province."),
		shape.One("Address", shape.Text(0, 200)),
		shape.One("Postcode", shape.Pattern(`([0-9]{6})?`)),
		shape.One("ParentNumber", shape.Pattern(`0|[0-9A-Z]{4,24}`)).Says("0: none."),
	).Optional().Says("The customer's record; absent for 03."),
	shape.Group("KeyPersons",
		shape.Group("KeyPerson",
			shape.One("Role", shape.OneOf(xsd.PersonRole.Wires()...)).Says("1 decision, 2 technical, 3 payment, 4 liaison, 9 other."),
			shape.One("PersonName", shape.Text(1, 60)).Masked(shape.Name),
			shape.One("Title", shape.Text(0, 60)),
			shape.One("WorkPhone", shape.Text(0, 30)).Masked(shape.Phone),
			shape.One("Mobile", shape.Text(1, 30)).Masked(shape.Phone).Optional(),
			shape.One("Birthday", shape.Date).Masked(shape.Hidden).Optional(),
		).Times(1, 50),
	).Optional().Says("All key persons (关键人) that BOSS keeps; absent for 03 or where there are none."),
	shape.Group("Attributes",
		shape.Group("Attribute",
			shape.One("AttributeCode", shape.Pattern(`[a-z][a-z0-9_]{0,39}`)).Says("As the province's administrator has defined it."),
			shape.One("AttributeValue", shape.Text(0, 2000)).Masked(shape.Hidden).
				Says("A text, a decimal, yyyy-MM-dd, the code of a choice, true or false; empty: nothing is stated any more."),
		).Times(1, 100),
	).Optional().Says("Custom attributes (自定义属性) that change, each once; those that are not named stay. Absent for 03."),
).Says("Group-customer data sync (集团资料同步), BIP4B254 / T4011003.")

// reply describes GroupCustomerSyncRsp.
var reply = shape.Group("GroupCustomerSyncRsp",
	shape.One("OprSeq", serial),
	shape.One("RspCode", shape.OneOf("00")),
	shape.One("RspInfo", shape.Text(1, 200)),
	shape.One("CustomerNumber", number),
	shape.One("CustomerName", shape.FreeText(120)),
	shape.One("CustomerVersion", shape.Integer(1, 1<<31-1)).Says("Rises with every change of the customer's own record."),
).Says("Answer to GroupCustomerSyncReq.")

// Operation is the message BIP4B254 / T4011003.
func Operation(store *Store) server.Operation {
	return server.Operation{
		BIP: "BIP4B254", Activity: "T4011003", Name: "group-customer sync", Public: true, Request: request, Reply: reply,
		Handle: func(ctx context.Context, call server.Call) (server.Answer, error) {
			r, err := read(call.Message)
			answer := server.Answer{BusinessKey: document.Value(call.Message, "CustomerNumber")}
			if err != nil {
				return answer, err
			}
			c, err := store.Take(ctx, call.Tx, account.Partner(call.Partner.Domain), r)
			if err != nil {
				return answer, named(err)
			}
			answer.Content = etree.NewElement(reply.Name)
			for _, field := range [][2]string{
				{"OprSeq", document.Value(call.Message, "OprSeq")},
				{"RspCode", "00"},
				{"RspInfo", "ok"},
				{"CustomerNumber", c.Number},
				{"CustomerName", c.Name},
				{"CustomerVersion", strconv.Itoa(int(c.Version))},
			} {
				answer.Content.CreateElement(field[0]).SetText(field[1])
			}
			return answer, nil
		},
	}
}

// read makes a record of a message that fits the description. What the description cannot say is
// checked here: which parts go with which operation, check digits, code tables.
func read(message *etree.Element) (Record, error) {
	r := Record{Action: Action(document.Value(message, "OprType")), Number: document.Value(message, "CustomerNumber")}
	info, persons, attributes := document.Child(message, "CustomerInfo"), document.Child(message, "KeyPersons"), document.Child(message, "Attributes")
	switch {
	case r.Action == Delete && info != nil:
		return r, fault.Field(fault.Rule, "CustomerInfo", "intake.delete_with_record")
	case r.Action == Delete && persons != nil:
		return r, fault.Field(fault.Rule, "KeyPersons", "intake.delete_with_record")
	case r.Action == Delete && attributes != nil:
		return r, fault.Field(fault.Rule, "Attributes", "intake.delete_with_record")
	case r.Action == Delete:
		return r, nil
	case info == nil:
		return r, fault.Field(fault.Rule, "CustomerInfo", "intake.record_missing")
	}
	var err error
	if r.Stated, err = readFacts(info); err != nil {
		return r, err
	}
	if parent := document.Value(info, "ParentNumber"); parent != "0" {
		r.ParentNumber = parent
	}
	if persons != nil {
		for _, person := range persons.ChildElements() {
			f, err := readPerson(person)
			if err != nil {
				return r, err
			}
			r.Persons = append(r.Persons, f)
		}
	}
	if attributes != nil {
		r.Attributes, err = readAttributes(attributes)
	}
	return r, err
}

// readAttributes reads values by code, each of which may stand once.
func readAttributes(attributes *etree.Element) (map[string]string, error) {
	stated := map[string]string{}
	for _, a := range attributes.ChildElements() {
		code := document.Value(a, "AttributeCode")
		if _, twice := stated[code]; twice {
			return nil, fault.Field(fault.Rule, "AttributeCode", "intake.attribute_twice", "attribute", code)
		}
		stated[code] = document.Value(a, "AttributeValue")
	}
	return stated, nil
}

func readFacts(info *etree.Element) (f customer.Facts, err error) {
	if licence := document.Child(info, "Licence"); licence != nil {
		if f.CreditCode, err = codes.ParseCreditCode(document.Value(licence, "LicenceNumber")); err != nil {
			return f, customer.Invalid("LicenceNumber", err)
		}
	}
	if f.Class, err = codes.ClassesBIP4B254.Parse(document.Value(info, "CustomerClass")); err != nil {
		return f, customer.Invalid("CustomerClass", err)
	}
	if f.Industry, err = codes.ParseIndustry(document.Value(info, "Industry")); err != nil {
		return f, customer.Invalid("Industry", err)
	}
	if f.City, err = codes.ParseCity(document.Value(info, "Region")); err != nil {
		return f, customer.Invalid("Region", err)
	}
	f.Name = document.Value(info, "CustomerName")
	f.Lifecycle = codes.Lifecycle(xsd.CustomerStatus.Stored(document.Value(info, "CustomerStatus")))
	f.LegalPerson, f.Address, f.Postcode = document.Value(info, "LegalPerson"), document.Value(info, "Address"), document.Value(info, "Postcode")
	f.RegisteredCapitalFen, f.AnnualSalesFen = integer(info, "RegisteredCapital"), integer(info, "AnnualSales")
	if n := integer(info, "Headcount"); n != nil {
		headcount := int32(*n) // the description keeps it in range
		f.Headcount = &headcount
	}
	return f, nil
}

func readPerson(person *etree.Element) (f contact.Facts, err error) {
	f.Role = contact.Role(xsd.PersonRole.Stored(document.Value(person, "Role")))
	f.Name, f.Title = document.Value(person, "PersonName"), document.Value(person, "Title")
	if phone := document.Value(person, "WorkPhone"); phone != "" {
		if f.WorkPhone, err = codes.ParsePhone(phone); err != nil {
			return f, customer.Invalid("WorkPhone", err)
		}
	}
	f.Mobile = document.Value(person, "Mobile")
	if birthday := document.Value(person, "Birthday"); birthday != "" {
		day, err := time.Parse("20060102", birthday)
		if err != nil {
			return f, fault.Field(fault.Format, "Birthday", shape.CodeFormat)
		}
		f.Birthday = day.Format(time.DateOnly)
	}
	return f, nil
}

// integer is the number in an optional element, nil if it is absent.
func integer(e *etree.Element, name string) *int64 {
	c := document.Child(e, name)
	if c == nil {
		return nil
	}
	n, err := strconv.ParseInt(document.Text(c), 10, 64)
	if err != nil {
		return nil // cannot be: the description was checked
	}
	return &n
}

// elements say how the message calls the fields of faults.
var elements = map[string]string{
	"number": "CustomerNumber", "creditCode": "LicenceNumber", "name": "CustomerName", "class": "CustomerClass",
	"lifecycle": "CustomerStatus", "industry": "Industry", "city": "Region", "address": "Address", "postcode": "Postcode",
	"parentId": "ParentNumber", "legalPerson": "LegalPerson", "registeredCapitalFen": "RegisteredCapital",
	"headcount": "Headcount", "annualSalesFen": "AnnualSales",
	"person.role": "Role", "person.name": "PersonName", "person.title": "Title", "person.workPhone": "WorkPhone",
	"person.mobile": "Mobile", "person.birthday": "Birthday",
}

// named makes a fault call its field as the message does.
func named(err error) error {
	found, ok := errors.AsType[*fault.Error](err)
	if !ok || elements[found.Field] == "" {
		return err
	}
	changed := *found
	changed.Field = elements[found.Field]
	return &changed
}
