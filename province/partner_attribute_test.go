package province_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"jike/internal/pg/pgtest"
	"jike/province/attribute"
	"jike/xmlapi/shape"
	"jike/xmlapi/shape/shapetest"
)

// stating is a record that states attributes, pairs of code and value.
func stating(t *testing.T, pairs ...string) *etree.Element {
	t.Helper()
	root := edited(t, sample(t, syncReq), "OprType", "02")
	block := root.CreateElement("Attributes")
	for i := 0; i < len(pairs); i += 2 {
		a := block.CreateElement("Attribute")
		a.CreateElement("AttributeCode").SetText(pairs[i])
		a.CreateElement("AttributeValue").SetText(pairs[i+1])
	}
	return root
}

// TestPartnersStateAndReadCustomAttributes has BOSS state attributes in the extension block, leave them alone as the
// release before does, be refused, and read them where it asks for them.
func TestPartnersStateAndReadCustomAttributes(t *testing.T) {
	p := newPartners(t)
	p.ready(t)
	for _, f := range []attribute.Facts{
		{Code: "lines", NameZh: "专线条数", NameEn: "Lines", Kind: attribute.Number, Most: "5000"},
		{Code: "access", NameZh: "接入方式", NameEn: "Access", Kind: attribute.Choice, Choices: []attribute.Option{{Code: "fibre", NameZh: "光纤", NameEn: "Fibre"}}},
		{Code: "owner", NameZh: "机房联系人", NameEn: "Owner", Kind: attribute.Text, Longest: 20, Required: true}, // of which BOSS knows nothing
	} {
		if _, err := p.Attributes.Add(t.Context(), p.Everybody, f); err != nil {
			t.Fatal(err)
		}
	}
	const stated = `SELECT a.stated::text AS stated FROM crm.customer_attributes a`
	valid := func(name string, root *etree.Element) {
		t.Helper()
		if ok := shapetest.Valid(t, filepath.Join(schemas, name+".xsd"), []string{shapetest.Text(t, root)}); !ok[0] {
			t.Errorf("xmllint refuses %s", shapetest.Text(t, root))
		}
	}
	first := stating(t, "lines", "+012.50", "access", "fibre")
	valid(syncReq, first)
	p.must(t, first)
	const want = `{"lines": "12.5", "access": "fibre"}`
	if got := p.row(t, stated)["stated"]; got != want {
		t.Errorf("stated %v", got)
	}
	trail := p.row(t, `SELECT actor || ' ' || (after::text) AS line FROM audit.line WHERE action = 'customer.attributes'`)
	if trail["line"] != "partner:BOSS "+want {
		t.Errorf("the trail has %v", trail)
	}
	p.must(t, edited(t, sample(t, syncReq), "OprType", "02")) // without the block
	if got := p.row(t, stated)["stated"]; got != want {
		t.Errorf("a record without the block left %v", got)
	}

	before := pgtest.Digest(t, p.owner)
	for desc, root := range map[string]*etree.Element{
		"input.above_maximum AttributeValue attribute=lines": stating(t, "lines", "5001"),
		"attribute.number AttributeValue attribute=lines":    stating(t, "lines", "many"),
		"input.not_in_list AttributeValue attribute=access":  stating(t, "access", "radio"),
		"attribute.unknown AttributeCode attribute=none":     stating(t, "none", "1"),
		"input.required AttributeValue attribute=owner":      stating(t, "owner", ""),
		"intake.attribute_twice AttributeCode":               stating(t, "lines", "1", "lines", "2"),
		"schema.format AttributeCode":                        stating(t, "Lines", "1"),
		"schema.missing Attribute":                           stating(t),
		"intake.delete_with_record Attributes":               edited(t, stating(t, "lines", "1"), "OprType", "03", "CustomerInfo", absent, "KeyPersons", absent),
	} {
		r := p.send(t, root)
		for _, word := range strings.Fields(desc) {
			if r.Response.Code == "0000" || !strings.Contains(r.Response.Desc, word) {
				t.Errorf("%s: answered %s %s", desc, r.Response.Code, r.Response.Desc)
			}
		}
	}
	after := pgtest.Digest(t, p.owner)
	for _, table := range []string{"crm.customer", "crm.customer_attributes", "crm.contact"} {
		if fmt.Sprint(before[table]) != fmt.Sprint(after[table]) {
			t.Errorf("what was refused has changed %s", table)
		}
	}

	query := operationOf(t, queryReq)
	plain := p.must(t, sample(t, queryReq))
	if strings.Contains(string(plain.Raw), "Attribute") {
		t.Errorf("who did not ask is told of attributes: %s", plain.Raw)
	}
	asking := sample(t, queryReq)
	asking.CreateElement("WithAttributes").SetText("1")
	valid(queryReq, asking)
	r := p.must(t, asking)
	if err := shape.Check(r.Content, &query.Reply); err != nil {
		t.Error(err)
	}
	valid("group-customer-query-rsp", r.Content)
	var told []string
	for _, a := range r.Content.FindElements("Attributes/Attribute") {
		told = append(told, a.FindElement("AttributeCode").Text()+" "+a.FindElement("AttributeName").Text()+" "+a.FindElement("AttributeValue").Text())
	}
	if fmt.Sprint(told) != "[lines 专线条数 12.5 access 接入方式 fibre]" {
		t.Errorf("told %v", told)
	}
	// Nobody knows what people write into a text: the journal shows no value.
	if n := p.row(t, `SELECT count(*) AS n FROM journal.exchange WHERE request LIKE '%<AttributeValue>fibre%' OR reply LIKE '%<AttributeValue>fibre%'`)["n"]; n != 0.0 {
		t.Errorf("%v exchanges show values", n)
	}

	p.must(t, stating(t, "lines", ""))
	if got := p.row(t, stated)["stated"]; got != `{"access": "fibre"}` {
		t.Errorf("taken away: %v", got)
	}
}
