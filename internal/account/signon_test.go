package account

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"jike/internal/fault"
)

// TestWhomAProviderVouchesFor goes through what can happen between an account, a claim and a subject.
func TestWhomAProviderVouchesFor(t *testing.T) {
	s := newStore(t, cheap())
	lin, wang := create(t, s, "lin.yi"), create(t, s, "wang_er")
	at := func(issuer, subject string) Witness { return Witness{"统一认证", issuer, subject} }
	exec := func(query string) func() error {
		return func() error { _, err := s.db.Exec(t.Context(), query); return err }
	}
	for _, step := range []struct {
		what   string
		before func() error
		claim  string
		w      Witness
		want   int64 // account, 0: none
	}{
		{"the claim names an account", nil, "lin.yi", at("https://sso", "1"), lin},
		{"somebody else has the claim now", nil, "lin.yi", at("https://sso", "2"), 0},
		{"the first one's claim is another's login", nil, "wang_er", at("https://sso", "1"), lin},
		{"the first one's claim is nobody's", nil, "gone", at("https://sso", "1"), lin},
		{"the same subject at another provider", nil, "gone", at("https://other", "1"), 0},
		{"an unknown claim", nil, "gone", at("https://sso", "3"), 0},
		{"a locked account", exec(`UPDATE account.account SET locked_until = now() + interval '1 minute'`), "lin.yi", at("https://sso", "1"), 0},
		{"a locked account, the first time", nil, "wang_er", at("https://sso", "4"), 0},
		{"a lock that has run out", exec(`UPDATE account.account SET locked_until = now() - interval '1 minute'`), "lin.yi", at("https://sso", "1"), lin},
		{"a password that must be changed", exec(`UPDATE account.account SET must_change = true`), "lin.yi", at("https://sso", "1"), lin},
		{"a closed account", exec(`UPDATE account.account SET active = false WHERE login = 'lin.yi'`), "lin.yi", at("https://sso", "1"), 0},
		{"a closed account's person with another's claim", nil, "wang_er", at("https://sso", "1"), 0},
		{"another person's first time", nil, "wang_er", at("https://sso", "4"), wang},
		{"the provider is another one now", nil, "wang_er", at("https://new", "a"), wang},
		{"an administrator has undone it", func() error { return s.Unbind(t.Context(), administrator, wang) }, "wang_er", at("https://new", "b"), wang},
		{"and the one before has lost it", nil, "wang_er", at("https://new", "a"), 0},
	} {
		if step.before != nil {
			if err := step.before(); err != nil {
				t.Fatal(err)
			}
		}
		c, err := s.SignInBy(t.Context(), step.claim, step.w)
		if c.AccountID != step.want || (err == nil) != (step.want != 0) || err != nil && !errors.Is(err, ErrNoAccount) {
			t.Fatalf("%s: account %d, %v; want %d", step.what, c.AccountID, err, step.want)
		}
	}
	a, err := s.Get(t.Context(), administrator, wang)
	if err != nil || a.Subject != "b" || a.BoundAt == nil || a.LastSignIn == nil {
		t.Errorf("%+v %v", a, err)
	}
	rows, err := s.db.Query(t.Context(), `SELECT action || ' ' || actor || ' ' || coalesce(before->>'subject', '') || '>' || coalesce(after->>'subject', '')
		FROM audit.line WHERE action LIKE 'account.%bind' ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	var trail []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		trail = append(trail, line)
	}
	want := []string{
		"account.bind lin.yi >1", "account.bind wang_er >4", "account.bind wang_er >a", "account.unbind admin a>", "account.bind wang_er >b",
	}
	if !slices.Equal(trail, want) {
		t.Errorf("the trail has %q", trail)
	}
	if err := s.Unbind(t.Context(), Caller{AccountID: lin, Login: "lin.yi", Role: DepartmentHead}, wang); !fault.Is(err, fault.Denied) {
		t.Errorf("a head undoes a binding: %v", err)
	}
	if err := s.Unbind(t.Context(), administrator, 1<<40); !fault.Is(err, fault.NotFound) {
		t.Errorf("nobody's binding is undone: %v", err)
	}
	if _, err := s.db.Exec(t.Context(), fmt.Sprintf(`UPDATE account.account SET issuer = 'https://new', subject = 'b', bound_at = now() WHERE id = %d`, lin)); err == nil {
		t.Error("two accounts are one subject's")
	}
}
