package check

import (
	"context"
	"fmt"
	"net/http"

	"jike/schemas/codes"
)

// Canaries are put where a person or a partner could put a value. What a customer is decides
// which of its values may be seen at headquarters; the rest may be nowhere outside the province.

// nest makes and changes customers that carry canaries, at one province.
type nest struct {
	*site
	finder *finder
	label  string // which customer, for the report
}

// facts are words for the texts of a customer's own record; what selected headquarters gets too.
func (n nest) facts(when string, selected bool) []any {
	word := func(field string, selected bool) string {
		return n.finder.word(fmt.Sprintf("%s of the %s customer %s at %s", field, n.label, when, n.node.Name), selected)
	}
	return []any{
		"name", "虚构 " + word("name", selected) + " 有限公司", "address", "虚构路 " + word("address", selected),
		"legalPerson", word("legal person", selected), "profile", word("profile", selected), "remark", word("remark", false),
	}
}

// create makes a customer in the care of the site's account manager.
func (n nest) create(ctx context.Context, class codes.Class, sensitive, selected bool) (record, error) {
	sent := record{
		"creditCode": "", "industry": "65", "city": string(codes.Cities(n.node.Code)[0]), "class": string(class), "lifecycle": "active",
		"parentId": nil, "managerId": n.manager.unitID, "sensitive": sensitive, "crossProvince": false, "postcode": "",
		"registeredCapitalFen": nil, "headcount": nil, "annualSalesFen": nil,
		"organisationType": "", "licenceType": "", "licenceNumber": "", "creditLevel": "", "creditLimitFen": nil,
	}
	facts := n.facts("when new", selected)
	for i := 0; i < len(facts); i += 2 {
		sent[facts[i].(string)] = facts[i+1]
	}
	var made record
	if err := n.admin.do(ctx, http.MethodPost, "/api/customers", sent, &made); err != nil {
		return nil, err
	}
	if made.national() != selected {
		return nil, fmt.Errorf("the %s customer at %s: selected is %t", n.label, n.node.Name, made.national())
	}
	return made, nil
}

// family gives a customer a contact, a contract and, by SQL since no portal or message makes one
// yet, a subscription.
func (n nest) family(ctx context.Context, c record, when string, selected bool) error {
	what := func(field string) string {
		return fmt.Sprintf("%s at the %s customer %s at %s", field, n.label, when, n.node.Name)
	}
	person := map[string]any{
		"role": "decision", "name": n.finder.word(what("name of a contact"), selected), "workPhone": "0591-87654321",
		"title": n.finder.word(what("title of a contact"), false), "mobile": n.finder.phone(what("mobile")),
		"birthday": n.finder.birthday(what("birthday")), "family": n.finder.word(what("family"), false),
		"hobbies": n.finder.word(what("hobbies"), false), "email": n.finder.word(what("e-mail"), false) + "@example.com",
		"decisionRole": "decision_maker", "influence": 5, "attitude": "supportive", "channel": "phone",
		"hoursFrom": "", "hoursTo": "", "doNotContact": false,
	}
	if err := n.manager.do(ctx, http.MethodPost, fmt.Sprintf("/api/customers/%d/contacts", c.id()), person, nil); err != nil {
		return err
	}
	signed := map[string]any{
		"number": fmt.Sprintf("HT-%d-%s", c.id(), when[:4]), "name": n.finder.word(what("name of a contract"), selected),
		"signedOn": "2026-01-05", "effectiveOn": "2026-02-01", "expiresOn": "2028-01-31", "autoRenew": true, "amountFen": 1200000, "status": "active",
	}
	if err := n.manager.do(ctx, http.MethodPost, fmt.Sprintf("/api/customers/%d/contracts", c.id()), signed, nil); err != nil {
		return err
	}
	_, err := n.db.Exec(ctx, `INSERT INTO crm.subscription (customer_id, national, product_code, product_name, quantity, monthly_fee_fen, status, started_on)
		SELECT id, national, 'P1001', $2, 2, 50000, 'active', '2026-02-01' FROM crm.customer WHERE id = $1`,
		c.id(), n.finder.word(what("product of a subscription"), selected))
	return err
}

// hide puts canaries into customers that never are selected, that are, that are sensitive, that come
// into the selection and that leave it, in both cases also in the very change that does it.
func hide(ctx context.Context, s *site, f *finder) error {
	for _, c := range []struct {
		label               string
		class               codes.Class
		sensitive, selected bool
		then                []any // a change that crosses; nil: none
		after               bool  // selected after it
	}{
		{"unselected", codes.ClassC, false, false, nil, false},
		{"selected", codes.ClassA1, false, true, nil, true},
		{"sensitive", codes.ClassA1, true, false, nil, false},
		{"raised", codes.ClassD, false, false, []any{"class", "A2"}, true},
		{"lowered", codes.ClassB1, false, true, []any{"class", "C"}, false},
		{"later sensitive", codes.ClassA2, false, true, []any{"sensitive", true}, false},
		{"crossing provinces", codes.ClassD, false, false, []any{"crossProvince", true}, true},
	} {
		n := nest{s, f, c.label}
		if err := n.walk(ctx, c.class, c.sensitive, c.selected, c.then, c.after); err != nil {
			return fmt.Errorf("the %s customer at %s: %w", c.label, s.node.Title(), err)
		}
	}
	return nil
}

func (n nest) walk(ctx context.Context, class codes.Class, sensitive, selected bool, then []any, after bool) error {
	c, err := n.create(ctx, class, sensitive, selected)
	if err != nil {
		return err
	}
	if then == nil {
		return n.family(ctx, c, "then", selected)
	}
	// What the family is called stays with it: it is seen when the customer is raised later.
	if err := n.family(ctx, c, "before", selected || after); err != nil {
		return err
	}
	if c, err = n.admin.change(ctx, c, append(n.facts("when crossing", after), then...)...); err != nil {
		return err
	}
	if c.national() != after {
		return fmt.Errorf("selected is %t after %v", c.national(), then)
	}
	if _, err = n.admin.change(ctx, c, n.facts("after crossing", after)...); err != nil {
		return err
	}
	return n.family(ctx, c, "afterwards", after)
}
