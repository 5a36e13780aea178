package province_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"jike/internal/pg"
	"jike/province/contact"
	"jike/province/customer/customertest"
)

// secrets are the personal facts of the contact of these tests.
var secrets = contact.Facts{
	Role: contact.Decision, Name: "张某", WorkPhone: "059112345678", Email: "secret@example.com",
	Private: contact.Private{Mobile: "13800001234", Birthday: "1980-02-03", Family: "secret family", Hobbies: "secret hobby"},
}

// asked is the key person's part of a contact's document.
const asked = `"decisionRole":"influencer","influence":4,"attitude":"neutral","channel":"visit","hoursFrom":"09:00","hoursTo":"11:30","doNotContact":true`

// person makes a customer of the manager's with one contact, kept by the portal or by BOSS.
func (x *site) person(t *testing.T, name string, source contact.Source) (customer, id int64) {
	t.Helper()
	c := x.Add(t, customertest.Facts(name, x.ManagerUnit.ID))
	if source == contact.FromBOSS {
		x.InTx(t, func(tx pg.Tx) {
			if err := x.all.Contacts.ReplaceFromBOSS(t.Context(), tx, x.BOSS, c.ID, c.National, []contact.Facts{secrets}); err != nil {
				t.Fatal(err)
			}
		})
	} else if _, err := x.all.Contacts.Add(t.Context(), x.Everybody, c.ID, secrets); err != nil {
		t.Fatal(err)
	}
	return c.ID, customertest.Value[int64](t, x.DB, `SELECT id FROM crm.contact WHERE customer_id = $1`, c.ID)
}

// seen is the contact as a login sees it on the customer's page, and the whole page.
func (x *site) seen(t *testing.T, login string, customer int64) (shown, page map[string]any) {
	t.Helper()
	status, page := x.as(t, login).Call(t, "GET", fmt.Sprintf("/api/customers/%d/overview", customer), "")
	if status != 200 {
		t.Fatalf("%s: %d %v", login, status, page)
	}
	_, page["timeline"] = x.as(t, login).Call(t, "GET", fmt.Sprintf("/api/customers/%d/timeline", customer), "")
	return page["contacts"].([]any)[0].(map[string]any), page
}

func TestPersonalFactsAreMaskedButForTheirOwnManager(t *testing.T) {
	x := newSite(t)
	for _, source := range []contact.Source{contact.FromPortal, contact.FromBOSS} {
		c, _ := x.person(t, string(source)+"公司", source)
		shown, page := x.seen(t, "manager", c)
		for field, want := range map[string]string{
			"workPhone": "059112345678", "mobile": "13800001234", "email": "secret@example.com", "birthday": "1980-02-03", "family": "secret family", "hobbies": "secret hobby",
		} {
			if shown[field] != want || fmt.Sprint(shown["masked"]) != "[]" {
				t.Errorf("%s: the manager reads %v as %s", source, shown[field], field)
			}
		}
		if page["manager"].(map[string]any)["departmentName"] != "集客一部" {
			t.Errorf("manager %v", page["manager"])
		}
		for _, login := range []string{"head-a", "administrator"} {
			shown, page := x.seen(t, login, c)
			if shown["mobile"] != "138****1234" || shown["workPhone"] != "059****5678" || shown["email"] != "***@example.com" ||
				shown["birthday"] != "****-**-**" || shown["family"] != "****" {
				t.Errorf("%s: %s reads %v", source, login, shown)
			}
			if fmt.Sprint(shown["masked"]) != "[workPhone mobile email birthday family hobbies]" {
				t.Errorf("%s: %s reads masked %v", source, login, shown["masked"])
			}
			// The trail too. The year with its dash: four digits alone also occur in the microseconds of a time.
			for _, secret := range []string{"secret", "13800001234", "12345678", "1980-"} {
				if strings.Contains(fmt.Sprint(page), secret) {
					t.Errorf("%s: %s reads %q in %v", source, login, secret, page)
				}
			}
		}
	}
}

func TestNullKeepsAndAMaskIsRefused(t *testing.T) {
	x := newSite(t)
	for _, source := range []contact.Source{contact.FromPortal, contact.FromBOSS} {
		c, id := x.person(t, string(source)+"公司", source)
		put := func(login, facts string) (int, map[string]any) {
			shown, _ := x.seen(t, login, c)
			return x.as(t, login).Call(t, "PUT", fmt.Sprint("/api/contacts/", id),
				fmt.Sprintf(`{"version":%v,"role":"decision","name":"张某","title":"",`+asked+`,%s}`, shown["version"], facts))
		}
		if status, doc := put("head-a", `"workPhone":null,"mobile":null,"email":null,"birthday":null,"family":null,"hobbies":null`); status != 200 || doc["attitude"] != "neutral" || doc["part"] != "influencer" {
			t.Errorf("%s: what BOSS knows nothing of: %d %v", source, status, doc)
		}
		for _, login := range []string{"head-a", "manager"} { // whoever sends it
			for field, value := range map[string]string{"workPhone": "059****5678", "mobile": "138****1234", "email": "***@example.com", "birthday": "****-**-**", "family": "****", "hobbies": "*****"} {
				facts := []string{}
				for _, f := range contact.PersonalFields() {
					if string(f) == field {
						facts = append(facts, fmt.Sprintf("%q:%q", f, value))
					} else {
						facts = append(facts, fmt.Sprintf("%q:null", f))
					}
				}
				status, doc := put(login, strings.Join(facts, ","))
				if status != 422 || doc["code"] != "input.masked" {
					t.Errorf("%s: %s stores the mask %s of %s: %d %v", source, login, value, field, status, doc)
				}
			}
		}
		if status, doc := put("head-a", `"workPhone":null,"mobile":null,"email":null,"birthday":null,"family":"told","hobbies":null`); status != 403 {
			t.Errorf("%s: a head writes private facts: %d %v", source, status, doc)
		}
		status, doc := put("head-a", `"workPhone":null,"mobile":"13800009999","email":null,"birthday":null,"family":null,"hobbies":null`)
		if status != 200 || doc["mobile"] != "138****9999" {
			t.Errorf("%s: a head states a new phone: %d %v", source, status, doc)
		}
		var mobile, phone, birthday, family, hobbies string
		if err := x.DB.QueryRow(t.Context(), `SELECT mobile, work_phone, birthday::text, family, hobbies FROM crm.contact WHERE id = $1`, id).
			Scan(&mobile, &phone, &birthday, &family, &hobbies); err != nil {
			t.Fatal(err)
		}
		if mobile != "13800009999" || phone != "059112345678" || birthday != "1980-02-03" || family != "secret family" || hobbies != "secret hobby" {
			t.Errorf("%s: stored %s %s %s %s %s", source, mobile, phone, birthday, family, hobbies)
		}
	}
}

func TestRevealNeedsAReasonAndIsAudited(t *testing.T) {
	x := newSite(t)
	c, id := x.person(t, "甲公司", contact.FromBOSS)
	path := fmt.Sprintf("/api/contacts/%d/reveal", id)
	for body, want := range map[string]int{
		`{"field":"mobile","reason":"   ."}`:      422, // four characters that say nothing
		`{"field":"mobile"}`:                      422,
		`{"field":"title","reason":"客户催办"}`:       422,
		`{"field":"family","reason":"客户催办"}`:      403, // private facts have their own right
		`{"field":"mobile","reason":"客户来电，回拨确认"}`: 200,
	} {
		status, doc := x.as(t, "head-a").Call(t, "POST", path, body)
		if status != want || status == 200 && doc["value"] != "13800001234" {
			t.Errorf("%s: %d %v", body, status, doc)
		}
	}
	lines := customertest.Value[string](t, x.DB, `SELECT string_agg(actor || ' ' || object_id || ' ' || customer_id || ' ' || after::text, '; ')
		FROM audit.line WHERE action = 'contact.reveal'`)
	if want := fmt.Sprintf(`head-a %d %d {"field": "mobile", "reason": "客户来电，回拨确认"}`, id, c); lines != want {
		t.Errorf("audited %s, want %s", lines, want)
	}
}

func TestKeyPersonFaults(t *testing.T) {
	x := newSite(t)
	c, _ := x.person(t, "甲公司", contact.FromPortal)
	for edit, field := range map[[2]string]string{
		{`"influence":4`, `"influence":6`}:                       "influence",
		{`"attitude":"neutral"`, `"attitude":"hostile"`}:         "attitude",
		{`"decisionRole":"influencer"`, `"decisionRole":"king"`}: "decisionRole",
		{`"hoursFrom":"09:00"`, `"hoursFrom":"9:00"`}:            "hoursFrom",
		{`"hoursFrom":"09:00"`, `"hoursFrom":"12:00"`}:           "hoursTo",
		{`"hoursTo":"11:30"`, `"hoursTo":""`}:                    "hoursTo",
		{`"email":""`, `"email":"张三 <zhang@example.com>"`}:       "email",
		{`"email":""`, `"email":"zhang"`}:                        "email",
	} {
		body := `{"role":"other","name":"李某","workPhone":"","title":"","mobile":"","email":"","birthday":"","family":"","hobbies":"",` + asked + `}`
		status, doc := x.as(t, "manager").Call(t, "POST", fmt.Sprintf("/api/customers/%d/contacts", c), strings.Replace(body, edit[0], edit[1], 1))
		if errors := fmt.Sprint(doc["errors"]); status != 422 || !strings.Contains(errors, "field:"+field) {
			t.Errorf("%s: %d %v", edit[1], status, doc)
		}
	}
}

func TestBirthdaysOfTheManagersOwnCustomers(t *testing.T) {
	x := newSite(t)
	add := func(manager int64, born string) {
		c := x.Add(t, customertest.Facts("客户"+born, manager))
		if _, err := x.all.Contacts.Add(t.Context(), x.Everybody, c.ID, contact.Facts{
			Role: contact.Other, Name: born, Private: contact.Private{Birthday: born},
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, born := range []string{"1980-02-28", "1984-02-29", "1990-03-05", "1990-03-06", "1975-02-20", "1970-12-31"} {
		add(x.ManagerUnit.ID, born)
	}
	add(x.ColleagueUnit.ID, "1981-03-01")
	for today, want := range map[string]string{
		"2027-02-20": "1975-02-20 on 2027-02-20, 1980-02-28 on 2027-02-28, 1984-02-29 on 2027-02-28, 1990-03-05 on 2027-03-05",
		"2028-02-21": "1980-02-28 on 2028-02-28, 1984-02-29 on 2028-02-29, 1990-03-05 on 2028-03-05",
		"2027-12-20": "1970-12-31 on 2027-12-31",
		"2027-06-01": "",
	} {
		day, err := time.Parse(time.DateOnly, today)
		if err != nil {
			t.Fatal(err)
		}
		list, err := x.all.Contacts.Birthdays(t.Context(), x.Manager, day, 14)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, b := range list {
			got = append(got, b.Name+" on "+b.On.Format(time.DateOnly))
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("from %s: %v, want %s", today, got, want)
		}
	}
}
