package sync

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jike/internal/account"
	"jike/internal/control"
	"jike/internal/pg/pgtest"
	"jike/province"
	"jike/province/customer"
	"jike/province/selection"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// start runs a provincial node and gives its configuration file.
func start(t *testing.T, db *pgtest.DB) string {
	t.Helper()
	dir := pgtest.Dir(t)
	config := filepath.Join(dir, "province.yaml")
	text := fmt.Sprintf("code: 591\ndata: %s\nlog: error\nhttp: {listen: '127.0.0.1:0'}\nxml: {listen: '127.0.0.1:0'}\n"+
		"postgres: {owner_url: '%s', app_url: '%s', sync_url: '%s'}\n", dir, db.OwnerURL, db.AppURL, db.SyncURL)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := province.LoadConfig(config, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- province.Run(ctx, c, nil) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		var list []selection.Version
		if err := (provincial{config}).ask(t.Context(), "GET", "/selection/policies", nil, &list); err == nil {
			return config
		} else if time.Now().After(deadline) || len(ended) > 0 {
			t.Fatal("the node does not answer: ", err)
		}
	}
}

// printed is what a command writes to standard output.
func printed(t *testing.T, run func(context.Context) error) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = w
	failed := run(t.Context())
	os.Stdout = stdout
	_ = w.Close()
	text, err := io.ReadAll(r)
	if failed != nil || err != nil {
		t.Fatal(failed, err)
	}
	return string(text)
}

func TestCommandsAskTheRunningNode(t *testing.T) {
	db := pgtest.Province(t)
	p := provincial{start(t, db)}
	app := db.App(t)
	facts := customer.Facts{Name: "甲公司", Industry: "65", City: "350100", Class: "C", Lifecycle: "active"}
	c, err := customer.NewStore(app, 591).Create(t.Context(), account.System("test"), facts)
	if err != nil {
		t.Fatal(err)
	}
	says := func(run func(context.Context) error, wants ...string) {
		t.Helper()
		text := printed(t, run)
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in\n%s", want, text)
			}
		}
	}
	says(explainCmd{p, c.Number, false}.Run, "is not national since", "clause none", "no  class         C is not in [A1 A2 B1 B2]", "its number or credit code is not on the list")
	says(explainCmd{p, fmt.Sprint(c.ID), true}.Run, `"national": false`, `"number": "`+c.Number+`"`)
	says(listCmd{p}.Run, "1  in_force    built-in")
	file := filepath.Join(t.TempDir(), "policy.json")
	if err := os.WriteFile(file, []byte(`{"rule": {"classes": ["C"]}, "note": "pilot"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	says(proposeCmd{p, file}.Run, "version 2: draft, from province, by system:command", `rule {"classes":["C"]}`, "note pilot")
	two := one{p, 2}
	says(tryCmd{two}.Run, "1 customers enter, 0 leave, 0 stay", "crm.customer")
	if _, err := selection.NewStore(app).Approve(t.Context(), account.Caller{Login: "somebody", Role: account.ProvinceAdministrator}, 2); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); !strings.Contains(printed(t, showCmd{two}.Run), "version 2: in_force"); {
		if time.Now().After(deadline) {
			t.Fatal("the version does not come into force")
		}
	}
	says(explainCmd{p, c.Number, false}.Run, "is national since", "rollout, version 2 of the policy, clause class", "yes class", "history, the newest first")
	says(proveCmd{p}.Run, "of 1 customers, 0 are not as version 2 says")
	says(resendsCmd{p}.Run)
	if err := (cancelCmd{two}).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "selection.version.state") {
		t.Errorf("a version in force was cancelled: %v", err)
	}
	if err := (explainCmd{p, "5919999999999", false}).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "customer.unknown") {
		t.Errorf("an unknown customer: %v", err)
	}
	if _, err := control.Client(t.TempDir()); err == nil {
		t.Error("a node that does not run was asked")
	}
}
