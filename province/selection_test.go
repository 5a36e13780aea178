package province_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"jike/internal/account"
	"jike/internal/portal/portaltest"
	"jike/province/customer/customertest"
	"jike/province/selection"
	"jike/schemas/codes"
)

// A policy goes through the portal from its proposal to being in force, by two persons, and the
// customer's page says so.
func TestASelectionPolicyGoesThroughThePortal(t *testing.T) {
	x := newSite(t)
	f := customertest.Facts("甲公司", x.ManagerUnit.ID)
	f.Class = codes.ClassC
	c := x.Add(t, f)
	accounts, err := account.NewStore(x.DB, portaltest.Settings(), x.Organisation.PlaceOf)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := accounts.Create(t.Context(), account.System("test"), account.NewAccount{
		Login: "second", Name: "第二人", Role: account.ProvinceAdministrator, Password: portaltest.Password,
	}); err != nil {
		t.Fatal(err)
	}
	author, second := x.as(t, "administrator"), x.as(t, "second")
	call := func(b *portaltest.Browser, method, path, body string, want int) map[string]any {
		t.Helper()
		status, doc := b.Call(t, method, path, body)
		if status != want {
			t.Fatalf("%s %s: %d, want %d, %v", method, path, status, want, doc)
		}
		return doc
	}
	const policies = "/api/selection-policies"
	body := func(rule string) string { return `{"rule":` + rule + `,"effectiveAt":null,"note":"试点"}` }
	if doc := call(author, "POST", policies, body(strings.Replace(anyRule, "A1", "E9", 1)), 422); fmt.Sprint(doc) == "" {
		t.Error(doc)
	}
	call(author, "POST", policies, body(strings.NewReplacer(`"A1"`, "", "true", "false").Replace(anyRule)), 422)
	doc := call(author, "POST", policies, body(strings.Replace(anyRule, "A1", "C", 1)), 201)
	if doc["state"] != "draft" || doc["version"] != 2.0 || doc["author"] != "administrator" {
		t.Fatalf("%v", doc)
	}
	call(second, "POST", policies+"/2/approval", "", 409)
	trial := call(author, "POST", policies+"/2/trial", "", 200)["trial"].(map[string]any)
	if fmt.Sprint(trial["customers"]) != "map[enter:1 leave:0]" || len(trial["sample"].([]any)) != 1 {
		t.Errorf("%v", trial)
	}
	call(author, "POST", policies+"/2/approval", "", 403)
	call(second, "POST", policies+"/2/approval", "", 200)
	call(author, "POST", policies+"/2/pause", "", 409)
	call(author, "GET", policies+"/99", "", 404)

	page := fmt.Sprintf("/api/customers/%d/selection", c.ID)
	if doc := call(x.as(t, "manager"), "GET", page, "", 200); doc["national"] != false || doc["clause"] != "none" {
		t.Errorf("%v", doc)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() { x.all.Selection.Keep(ctx, selection.DefaultSettings(), nil, slog.New(slog.DiscardHandler)) })
	defer done.Wait()
	defer cancel()
	for deadline := time.Now().Add(time.Minute); call(author, "GET", policies+"/2", "", 200)["state"] != "in_force"; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the version does not come into force")
		}
	}
	doc = call(x.as(t, "manager"), "GET", page, "", 200)
	by, _ := doc["by"].(map[string]any)
	if doc["national"] != true || doc["clause"] != "class" || by["reason"] != "rollout" || by["version"] != 2.0 {
		t.Errorf("%v", doc)
	}
	if doc := call(second, "GET", "/api/selection-proof", "", 200); doc["wrong"] != 0.0 || doc["customers"] != 1.0 {
		t.Errorf("%v", doc)
	}
	items := call(author, "GET", policies, "", 200)["items"].([]any)
	if len(items) != 2 || items[1].(map[string]any)["state"] != "superseded" {
		t.Errorf("%v", items)
	}
}
