package national_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"jike/internal/account"
)

// version is that of the reference data, and of how many lines the trail of it has.
func (s *site) version(t *testing.T) (version, lines int64) {
	t.Helper()
	const query = `SELECT version, (SELECT count(*) FROM audit.line WHERE object_kind LIKE 'reference.%') FROM sync.master`
	if err := s.owner.QueryRow(t.Context(), query).Scan(&version, &lines); err != nil {
		t.Fatal(err)
	}
	return version, lines
}

// A row is created, changed and expires, each time with one version and one line of the trail.
func TestReferenceRow(t *testing.T) {
	s := newSite(t)
	b := s.signIn(t, account.HeadquartersAnalyst)
	call := func(method, path, body string, want int) map[string]any {
		t.Helper()
		before, trail := s.version(t)
		status, doc := b.Call(t, method, path, body)
		if status != want {
			t.Fatalf("%s %s: %d %v, want %d", method, path, status, doc, want)
		}
		after, lines := s.version(t)
		if wrote := int64(1); method != http.MethodGet && (want >= 300 && after+lines != before+trail || want < 300 && (after-before != wrote || lines-trail != wrote)) {
			t.Errorf("%s %s with %d: version %d to %d, %d to %d lines of the trail", method, path, status, before, after, trail, lines)
		}
		return doc
	}
	const product = `{"code":"IDL100","nameZh":"互联网专线 100M","nameEn":"Internet line 100M","family":"line","unit":"line","monthlyFeeFen":%s,"status":"active","effectiveOn":"2026-01-01","expiresOn":%s}`
	body := func(province int, fee, expires string) string {
		return fmt.Sprintf(`{"province":%d,"values":%s}`, province, fmt.Sprintf(product, fee, expires))
	}
	row := call("POST", "/api/reference/products", body(0, "128000", `null`), 201)
	call("POST", "/api/reference/products", body(0, "1", `null`), 409)
	call("POST", "/api/reference/products", body(591, "1", `null`), 201)
	call("POST", "/api/reference/products", body(999, "1", `null`), 422)
	call("POST", "/api/reference/products", body(571, "-1", `null`), 422)
	call("POST", "/api/reference/products", body(571, `"x"`, `null`), 422)
	call("POST", "/api/reference/products", body(571, "1", `"2025-12-31"`), 422)
	call("POST", "/api/reference/nothing", body(571, "1", `null`), 422)

	path := fmt.Sprintf("/api/reference/products/%.0f", row["id"])
	change := func(province int, fee string, version any) string {
		return strings.Replace(body(province, fee, `"2026-12-31"`), "{", fmt.Sprintf(`{"version":%v,`, version), 1)
	}
	changed := call("PUT", path, change(0, "130000", row["version"]), 200)
	if values := changed["values"].(map[string]any); values["monthlyFeeFen"] != float64(130000) || values["expiresOn"] != "2026-12-31" {
		t.Errorf("changed to %v", values)
	}
	call("PUT", path, change(0, "1", row["version"]), 409)
	call("PUT", path, change(591, "1", changed["version"]), 422)
	call("DELETE", path+fmt.Sprintf("?version=%v", row["version"]), "", 409)
	call("DELETE", path+fmt.Sprintf("?version=%v", changed["version"]), "", 204)
	call("DELETE", path+fmt.Sprintf("?version=%v", changed["version"]), "", 422)
	call("POST", "/api/reference/products", body(0, "1", `null`), 201) // the code is free again
	if doc := call("GET", "/api/reference/products?expired=true&q=idl", "", 200); doc["total"] != float64(3) {
		t.Errorf("%v rows with the expired one", doc["total"])
	}
	if doc := call("GET", "/api/reference/products?province=591", "", 200); doc["total"] != float64(1) {
		t.Errorf("%v rows for the province", doc["total"])
	}
	const policy = `{"province":0,"values":{"number":1,"rule":{"classes":["A1"]},"effectiveAt":"2026-01-01T08:00:00+08:00","note":""}}`
	withdrawn := call("POST", "/api/reference/policies", strings.Replace(policy, ":1,", ":2,", 1), 201)
	call("DELETE", fmt.Sprintf("/api/reference/policies/%.0f?version=%v", withdrawn["id"], withdrawn["version"]), "", 204)
	call("POST", "/api/reference/policies", strings.Replace(policy, ":1,", ":2,", 1), 409) // a number stands for one rule
	call("POST", "/api/reference/policies", policy, 201)
	if doc := call("GET", "/api/reference/policies", "", 200); fmt.Sprint(doc["items"].([]any)[0].(map[string]any)["values"]) !=
		"map[effectiveAt:2026-01-01T00:00:00Z note: number:1 rule:map[classes:[A1]]]" {
		t.Errorf("policy %v", doc["items"])
	}
}

// An import tells of each bad line and then writes nothing; a good one is one version.
func TestReferenceImport(t *testing.T) {
	s := newSite(t)
	b := s.signIn(t, account.HeadquartersAnalyst)
	load := func(kind, format, text string, dry bool, want string) {
		t.Helper()
		body, err := json.Marshal(map[string]any{"format": format, "text": text, "dry": dry})
		if err != nil {
			t.Fatal(err)
		}
		status, doc := b.Call(t, "POST", "/api/reference/"+kind+"/import", string(body))
		got := fmt.Sprint(status, " ", doc["code"])
		if status == 200 {
			got = fmt.Sprint(doc["created"], " ", doc["changed"], " ", doc["same"], " ", doc["refused"])
			for _, l := range doc["lines"].([]any) {
				line := l.(map[string]any)
				for _, e := range line["errors"].([]any) {
					got += fmt.Sprint(" ", line["number"], ":", e.(map[string]any)["field"], ":", e.(map[string]any)["code"])
				}
			}
		}
		if got != want {
			t.Errorf("%s: %s\nwant %s", text, got, want)
		}
	}
	before, _ := s.version(t)
	const head = "creditCode,name,since,province\n"
	load("key-accounts", "csv", head+"91000000MA00000157,澄川集团有限公司,2026-01-01,\n91000000MA00000158,坏,2026-01-01,\n"+
		"91000000MA00000A9W,福州澄川,2026-13-01,12\n91000000MA00000157,又一次,2026-01-01,\nx,y\n", false,
		"1 0 0 4 3:creditCode:credit_code.check_digit 4:province:province.unknown 4:since:input.format 5:creditCode:reference.import.twice 6::reference.import.width")
	load("key-accounts", "csv", head+"91000000MA00000157,澄川集团有限公司,2026-01-01,\n", true, "1 0 0 0")
	if now, _ := s.version(t); now != before {
		t.Errorf("version %d after a refused import and one that only asked, %d before", now, before)
	}
	load("key-accounts", "csv", "\ufeff"+head+"91000000MA00000157,澄川集团有限公司,2026-01-01,\n91000000MA00000A9W,\"福州,澄川\",2026-02-01,591\n", false, "2 0 0 0")
	load("key-accounts", "json", `[{"creditCode":"91000000ma00000157","name":"澄川集团","since":"2026-01-01"},
		{"creditCode":"91000000MA00000A9W","name":"福州,澄川","since":"2026-02-01","province":591}]`, false, "0 1 1 0")
	if now, lines := s.version(t); now != before+2 || lines != 2 {
		t.Errorf("version %d, %d lines of the trail; %d before two imports", now, lines, before)
	}
	load("key-accounts", "csv", "creditCode,nonsense\n", false, "422 reference.import.column")
	load("key-accounts", "csv", "", false, "422 reference.import.head")
	load("key-accounts", "json", "{", false, "422 reference.import.list")
	load("key-accounts", "json", `[5, {"more":1}]`, false,
		"0 0 0 2 1::reference.import.object 2:creditCode:input.required 2:name:input.required 2:since:input.required 2:more:input.unexpected")
}

// Versions are committed in their order, however many change at once: whoever reads version V has
// every row of all versions before it.
func TestReferenceVersionsAreSerial(t *testing.T) {
	s := newSite(t)
	b := s.signIn(t, account.HeadquartersAnalyst)
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for n := range 10 {
				body := fmt.Sprintf(`{"province":0,"values":{"list":"l%d","code":"c%d","nameZh":"名","nameEn":"n","position":1}}`, w, n)
				if status, doc := b.Call(t, "POST", "/api/reference/codes", body); status != 201 {
					t.Errorf("%d %v", status, doc)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		var version, rows int64
		if err := s.owner.QueryRow(t.Context(), `SELECT version - 1, (SELECT count(*) FROM ref.code) FROM sync.master`).Scan(&version, &rows); err != nil {
			t.Fatal(err)
		}
		if version != rows {
			t.Fatalf("at version %d there are %d rows", version, rows)
		}
	}
}
