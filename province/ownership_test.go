package province_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"jike/internal/pg"
	"jike/province/contact"
	"jike/province/customer"
	"jike/province/customer/customertest"
	"jike/province/intake"
	"jike/schemas/codes"
	"jike/xmlapi/document"
	"jike/xmlapi/shape/shapetest"
)

const (
	customerRow = `SELECT * FROM crm.customer WHERE number = '` + sampleNo + `'`
	contactRow  = `SELECT p.* FROM crm.contact p JOIN crm.customer c ON c.id = p.customer_id WHERE c.number = '` + sampleNo + `' AND p.role = 'decision'`
)

func TestTheTableOfOwnershipIsPublished(t *testing.T) {
	shapetest.Golden(t, filepath.Join(schemas, "ownership.md"), intake.OwnershipTable())
}

func TestTheTableOfOwnershipNamesEveryColumn(t *testing.T) {
	p := newPartners(t)
	rows, err := p.owner.Query(t.Context(), `SELECT table_name || '.' || column_name FROM information_schema.columns
		WHERE table_schema = 'crm' AND table_name IN ('customer', 'contact', 'customer_attributes')`)
	if err != nil {
		t.Fatal(err)
	}
	want, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range intake.Ownership {
		got = append(got, o.Table+"."+o.Column)
		if states := o.Owner == intake.BOSS || o.Owner == intake.Shared; states != (o.Element != "") {
			t.Errorf("%s.%s is owned by %s and has the element %q", o.Table, o.Column, o.Owner, o.Element)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the table has\n%v\nthe database\n%v", got, want)
	}
	request := operationOf(t, syncReq).Request
	text := shapetest.XSD(&request, "")
	for _, o := range intake.Ownership {
		if o.Element != "" && !strings.Contains(text, `name="`+o.Element+`"`) {
			t.Errorf("the message has no %s", o.Element)
		}
	}
}

// sampled reads the sample's customer.
func (p *partners) sampled(t *testing.T) (c customer.Customer) {
	t.Helper()
	p.InTx(t, func(tx pg.Tx) {
		var err error
		if c, err = p.Stores.Customers.ByNumber(t.Context(), tx, p.Everybody, sampleNo); err != nil {
			t.Fatal(err)
		}
	})
	return c
}

// portalOwned makes the sample's customer with everything that the portal owns filled in.
func (p *partners) portalOwned(t *testing.T) {
	t.Helper()
	p.ready(t)
	c := p.sampled(t)
	p.Change(t, c, func(f *customer.Facts) {
		f.ManagerID, f.CrossProvince, f.Profile, f.Remark = p.ManagerUnit.ID, true, "专注虚构业务", "由分管副总对接"
	})
	_, err := p.owner.Exec(t.Context(), `UPDATE crm.contact SET family = '已婚', hobbies = '围棋', email = 'boss@example.com',
		decision_role = 'gatekeeper', influence = 4, attitude = 'opposed', channel = 'visit', hours_from = '09:00', hours_to = '11:30', do_not_contact = true
		WHERE role = 'decision'`)
	if err != nil {
		t.Fatal(err)
	}
	// Somebody whom BOSS does not know.
	if _, err := p.Contacts.Add(t.Context(), p.Everybody, c.ID, contact.Facts{Role: contact.Other, Name: "门卫"}); err != nil {
		t.Fatal(err)
	}
}

// restated are other texts for the elements that BOSS owns, and what the column has then.
var restated = map[string]struct {
	path, text string
	want       any
}{
	"name":                   {"CustomerInfo/CustomerName", "改名虚构有限公司", "改名虚构有限公司"},
	"credit_code":            {"CustomerInfo/Licence/LicenceNumber", "91000000MA00000A9W", "91000000MA00000A9W"},
	"class":                  {"CustomerInfo/CustomerClass", "05", "C"},
	"lifecycle":              {"CustomerInfo/CustomerStatus", "3", "suspended"},
	"legal_person":           {"CustomerInfo/LegalPerson", "李虚构", "李虚构"},
	"registered_capital_fen": {"CustomerInfo/RegisteredCapital", "1", 1.0},
	"industry":               {"CustomerInfo/Industry", "52", "52"},
	"headcount":              {"CustomerInfo/Headcount", "7", 7.0},
	"annual_sales_fen":       {"CustomerInfo/AnnualSales", "2", 2.0},
	"city":                   {"CustomerInfo/Region", "350200", "350200"},
	"address":                {"CustomerInfo/Address", "别处", "别处"},
	"postcode":               {"CustomerInfo/Postcode", "", ""},
	"title":                  {"KeyPersons/KeyPerson/Title", "副总经理", "副总经理"},
	"work_phone":             {"KeyPersons/KeyPerson/WorkPhone", "0591-87000002", "0591-87000002"},
	"mobile":                 {"KeyPersons/KeyPerson/Mobile", "13800000002", "13800000002"},
	"birthday":               {"KeyPersons/KeyPerson/Birthday", "19810102", "1981-01-02"},
}

// follows are the columns that the node keeps by itself, and so may change with any other.
var follows = []string{"national", "name_terms", "version", "updated_at"}

func changed(before, after map[string]any) []string {
	var names []string
	for name := range before {
		if fmt.Sprint(before[name]) != fmt.Sprint(after[name]) && !slices.Contains(follows, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func TestARecordReplacesWhatBOSSOwnsAndNothingElse(t *testing.T) {
	p := newPartners(t)
	p.portalOwned(t)
	identity := []string{"number", "parent_id", "role"} // tests of their own, as custom attributes have; a contact's name is its identity
	for _, o := range intake.Ownership {
		if o.Element == "" || o.Table == "customer_attributes" || slices.Contains(identity, o.Column) || o.Table == "contact" && o.Column == "name" {
			continue
		}
		r, known := restated[o.Column]
		if !known {
			t.Errorf("no other text for %s.%s", o.Table, o.Column)
			continue
		}
		beforeCustomer, beforeContact := p.row(t, customerRow), p.row(t, contactRow)
		p.must(t, edited(t, sample(t, syncReq), "OprType", "02", r.path, r.text))
		afterCustomer, afterContact := p.row(t, customerRow), p.row(t, contactRow)
		got := map[string][]string{"customer": changed(beforeCustomer, afterCustomer), "contact": changed(beforeContact, afterContact)}
		want := map[string][]string{"customer": nil, "contact": nil}
		want[o.Table] = []string{o.Column}
		if !maps.EqualFunc(got, want, slices.Equal) {
			t.Errorf("%s.%s: changed %v", o.Table, o.Column, got)
		}
		if after := map[string]map[string]any{"customer": afterCustomer, "contact": afterContact}[o.Table]; after[o.Column] != r.want {
			t.Errorf("%s.%s is %v, want %v", o.Table, o.Column, after[o.Column], r.want)
		}
		p.must(t, edited(t, sample(t, syncReq), "OprType", "02")) // back
	}
	row := p.row(t, customerRow)
	if row["profile"] != "专注虚构业务" || row["remark"] != "由分管副总对接" || row["cross_province"] != true || row["manager_id"] != float64(p.ManagerUnit.ID) {
		t.Errorf("what the portal owns is %v", row)
	}
}

func TestWhatARecordLeavesOutIsCleared(t *testing.T) {
	p := newPartners(t)
	p.portalOwned(t)
	bare := edited(t, sample(t, syncReq), "OprType", "02", "CustomerInfo/Licence", absent, "CustomerInfo/RegisteredCapital", absent,
		"CustomerInfo/Headcount", absent, "CustomerInfo/AnnualSales", absent, "KeyPersons/KeyPerson/Mobile", absent, "KeyPersons/KeyPerson/Birthday", absent)
	p.must(t, bare)
	row := p.row(t, customerRow)
	for _, column := range []string{"credit_code", "registered_capital_fen", "headcount", "annual_sales_fen"} {
		if row[column] != nil {
			t.Errorf("%s is %v", column, row[column])
		}
	}
	// Private facts that the record does not state are the portal's.
	person := p.row(t, contactRow)
	if person["mobile"] != "13800000001" || person["birthday"] != "1980-02-29" || person["family"] != "已婚" || person["hobbies"] != "围棋" {
		t.Errorf("%v", person)
	}
	// Persons whom the record does not name are gone, unless they are the portal's.
	p.must(t, edited(t, bare, "KeyPersons", absent))
	if names := p.row(t, `SELECT array_agg(name) AS names FROM crm.contact`)["names"]; fmt.Sprint(names) != "[门卫]" {
		t.Errorf("left: %v", names)
	}
}

func TestDeleteIsSoftAndAddedAgainByModify(t *testing.T) {
	p := newPartners(t)
	p.portalOwned(t)
	before := p.row(t, customerRow)
	gone := edited(t, sample(t, syncReq), "OprType", "03", "CustomerInfo", absent, "KeyPersons", absent)
	r := p.must(t, gone)
	after := p.row(t, customerRow)
	if got := changed(before, after); !slices.Equal(got, []string{"lifecycle"}) || after["lifecycle"] != string(codes.Lost) {
		t.Errorf("changed %v, %v", got, after["lifecycle"])
	}
	if document.Value(r.Content, "CustomerVersion") != fmt.Sprint(after["version"]) {
		t.Errorf("%s", r.Raw)
	}
	if r := p.send(t, gone); r.Response.Code != "2998" {
		t.Errorf("a lost customer was deleted: %+v", r.Response)
	}
	p.must(t, edited(t, sample(t, syncReq), "OprType", "02"))
	if row := p.row(t, customerRow); row["lifecycle"] != string(codes.Active) {
		t.Errorf("%v", row["lifecycle"])
	}
}

func TestTheHierarchyIsBOSS(t *testing.T) {
	p := newPartners(t)
	p.ready(t)
	parent := p.Add(t, customertest.Facts("母公司", 0))
	child := edited(t, sample(t, syncReq), "OprType", "02", "CustomerInfo/ParentNumber", parent.Number)
	p.must(t, child)
	if row := p.row(t, customerRow); row["parent_id"] != float64(parent.ID) {
		t.Errorf("%v", row["parent_id"])
	}
	if r := p.must(t, edited(t, sample(t, queryReq), "IdValue", parent.Number)); r.Content.FindElement("Subsidiaries/Subsidiary/CustomerNumber").Text() != sampleNo {
		t.Errorf("%s", r.Raw)
	}
	p.must(t, edited(t, sample(t, syncReq), "OprType", "02"))
	if row := p.row(t, customerRow); row["parent_id"] != nil {
		t.Errorf("%v", row["parent_id"])
	}
}

func TestAQueryTellsWhatItMay(t *testing.T) {
	p := newPartners(t)
	p.portalOwned(t)
	p.must(t, sample(t, billReq))
	for _, pair := range [][2]string{{"01", sampleNo}, {"02", "91000000MA00000157"}} {
		r := p.must(t, edited(t, sample(t, queryReq), "IdType", pair[0], "IdValue", pair[1]))
		for path, want := range map[string]string{
			"Customer/CustomerName": sampleName, "Customer/CustomerClass": "02", "Manager/ManagerName": "林一", "Manager/Department": "集客一部",
			"KeyPersons/KeyPerson/PersonName": "李虚构", "Bills/Bill/BillMonth": "202610", "Bills/Bill/Amount": "1000000",
		} {
			if e := r.Content.FindElement(path); e == nil || e.Text() != want {
				t.Errorf("%s is not %s in %s", path, want, r.Raw)
			}
		}
		for _, secret := range []string{"13800000001", "19800229", "1980", "已婚", "围棋", "由分管副总对接", "专注虚构业务"} {
			if strings.Contains(string(r.Raw), secret) {
				t.Errorf("a partner is told %s", secret)
			}
		}
	}
	// A sensitive customer is not there for a query, but BOSS keeps its record all the same.
	c := p.sampled(t)
	p.Change(t, c, func(f *customer.Facts) { f.Sensitive = true })
	if r := p.send(t, sample(t, queryReq)); r.Response.Code != "2002" || strings.Contains(string(r.Raw), sampleName) {
		t.Errorf("%s", r.Raw)
	}
	p.must(t, edited(t, sample(t, syncReq), "OprType", "02", "CustomerInfo/Address", "别处"))
	if row := p.row(t, customerRow); row["address"] != "别处" || row["sensitive"] != true || row["national"] != false {
		t.Errorf("%v", row)
	}
}
