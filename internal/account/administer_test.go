package account

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"jike/internal/fault"
)

var administrator = Caller{AccountID: 1000, Login: "admin", Role: ProvinceAdministrator}

func TestLocksGrow(t *testing.T) {
	settings := cheap()
	settings.MaxFailures, settings.LockFor, settings.MaxLock = 2, 10*time.Minute, 35*time.Minute
	s := newStore(t, settings)
	id := create(t, s, "lin.yi")
	for _, want := range []time.Duration{10 * time.Minute, 20 * time.Minute, 35 * time.Minute, 35 * time.Minute} {
		for range settings.MaxFailures {
			_, _ = s.SignIn(t.Context(), "lin.yi", "wrong")
		}
		var lasts time.Duration
		const lock = `WITH w AS (SELECT locked_until - now() AS lasts FROM account.account WHERE id = $1)
			UPDATE account.account SET locked_until = now() - interval '1 second' FROM w WHERE id = $1 RETURNING w.lasts`
		if err := s.db.QueryRow(t.Context(), lock, id).Scan(&lasts); err != nil {
			t.Fatal(err)
		}
		if lasts > want || lasts < want-time.Minute {
			t.Errorf("locked for %v, want %v", lasts, want)
		}
	}
	if _, err := s.SignIn(t.Context(), "lin.yi", goodPassword); err != nil {
		t.Fatal(err)
	}
	if a, err := s.Get(t.Context(), administrator, id); err != nil || a.Locked || a.LastSignIn == nil {
		t.Errorf("%+v %v", a, err)
	}
}

func TestPasswordsAgeAndAreNotUsedTwice(t *testing.T) {
	settings := cheap()
	settings.History = 3
	s := newStore(t, settings)
	id := create(t, s, "lin.yi")
	caller := func() Caller {
		c, err := s.Caller(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	now := goodPassword
	change := func(to string) error {
		err := s.ChangePassword(t.Context(), caller(), now, to)
		if err == nil {
			now = to
		}
		return err
	}
	password := func(n int) string { return fmt.Sprintf("Autumn-leaf-%d", n) }
	for n := range 3 {
		if err := change(password(n)); err != nil {
			t.Fatal(err)
		}
	}
	for _, used := range []string{password(2), password(1), password(0)} {
		if err := change(used); !fault.Is(err, fault.Rule) || !strings.Contains(err.Error(), "account.password.used") {
			t.Errorf("%s may be taken again: %v", used, err)
		}
	}
	if err := change(goodPassword); err != nil { // the fourth from the end
		t.Error(err)
	}
	if err := s.ChangePassword(t.Context(), caller(), "wrong", password(7)); !fault.Is(err, fault.Rule) {
		t.Errorf("the old password is not asked for: %v", err)
	}
	if caller().MustChange {
		t.Error("a new password must be changed")
	}
	if _, err := s.db.Exec(t.Context(), `UPDATE account.account SET password_at = now() - interval '91 days'`); err != nil {
		t.Fatal(err)
	}
	if !caller().MustChange {
		t.Error("a password of 91 days holds")
	}
}

func TestAWrongOldPasswordLocks(t *testing.T) {
	settings := cheap()
	settings.MaxFailures = 2
	s := newStore(t, settings)
	id := create(t, s, "lin.yi")
	c, err := s.Caller(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_ = s.ChangePassword(t.Context(), c, "wrong", "Autumn-leaf-1")
	}
	if err := s.ChangePassword(t.Context(), c, goodPassword, "Autumn-leaf-1"); err == nil {
		t.Fatal("who holds a stolen session may guess on")
	}
	if err := s.Unlock(t.Context(), administrator, id); err != nil {
		t.Fatal(err)
	}
	if err := s.ChangePassword(t.Context(), c, goodPassword, "Autumn-leaf-1"); err != nil {
		t.Fatal(err)
	}
}

func TestAnAccountThatIsOpenedForSomebody(t *testing.T) {
	s := newStore(t, cheap())
	id, password, err := s.Open(t.Context(), administrator, NewAccount{Login: "wang", Name: "王二", Role: DepartmentHead, UnitID: 3})
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.SignIn(t.Context(), "wang", password)
	if err != nil || !c.MustChange {
		t.Fatalf("%+v %v", c, err)
	}
	if err := s.ChangePassword(t.Context(), c, password, "Autumn-leaf-1"); err != nil {
		t.Fatal(err)
	}
	again, err := s.Reset(t.Context(), administrator, id)
	if err != nil || again == password {
		t.Fatal(again, err)
	}
	if c, err = s.SignIn(t.Context(), "wang", again); err != nil || !c.MustChange {
		t.Fatalf("%+v %v", c, err)
	}
	var told int
	const secrets = `SELECT count(*) FROM audit.line WHERE coalesce(before::text, '') || coalesce(after::text, '') LIKE ANY(ARRAY['%' || $1 || '%', '%' || $2 || '%', '%argon2%'])`
	if err := s.db.QueryRow(t.Context(), secrets, password, again).Scan(&told); err != nil || told != 0 {
		t.Errorf("%d lines of the trail tell a password, %v", told, err)
	}
	var actions string
	if err := s.db.QueryRow(t.Context(), `SELECT string_agg(action, ' ' ORDER BY id) FROM audit.line WHERE actor = 'admin'`).Scan(&actions); err != nil || actions != "account.create account.password.reset" {
		t.Errorf("audited %q, %v", actions, err)
	}
}

func TestChangesOfAnAccount(t *testing.T) {
	s := newStore(t, cheap())
	id := create(t, s, "lin.yi")
	to := Statement{Name: "林一", Role: DepartmentHead, UnitID: 3, Active: true}
	changed, err := s.Change(t.Context(), administrator, id, 1, to)
	if err != nil || changed.Version != 2 || changed.Role != DepartmentHead {
		t.Fatalf("%+v %v", changed, err)
	}
	_, err = s.Change(t.Context(), administrator, id, 1, to)
	if conflict, ok := errors.AsType[*fault.StaleError[Account]](err); !ok || conflict.Current.Version != 2 {
		t.Errorf("an old version is taken: %v", err)
	}
	own := Caller{AccountID: id, Login: "lin.yi", Role: ProvinceAdministrator}
	for name, to := range map[string]Statement{
		"role": {Name: "林一", Role: ProvinceAdministrator, UnitID: 3, Active: true}, "unit": {Name: "林一", Role: DepartmentHead, UnitID: 4, Active: true},
		"closed": {Name: "林一", Role: DepartmentHead, UnitID: 3},
	} {
		if _, err := s.Change(t.Context(), own, id, 2, to); !fault.Is(err, fault.Rule) {
			t.Errorf("somebody changes their own %s: %v", name, err)
		}
	}
	if _, err := s.Reset(t.Context(), own, id); !fault.Is(err, fault.Rule) {
		t.Errorf("somebody resets their own password: %v", err)
	}
	if _, err := s.Change(t.Context(), Caller{AccountID: 9, Login: "head", Role: DepartmentHead}, id, 2, to); !fault.Is(err, fault.Denied) {
		t.Errorf("a head changes accounts: %v", err)
	}
}

func TestListOfAccounts(t *testing.T) {
	s := newStore(t, cheap())
	create(t, s, "lin.yi")
	create(t, s, "wang_er")
	closed := create(t, s, "chen")
	if _, err := s.Change(t.Context(), administrator, closed, 1, Statement{Name: "陈三", Role: ProvinceAdministrator}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		f    Filter
		want string
	}{
		{Filter{Page: 1, Size: 50}, "chen lin.yi wang_er"},
		{Filter{Page: 2, Size: 1}, "lin.yi"},
		{Filter{Page: 1, Size: 50, Text: "_"}, "wang_er"},
		{Filter{Page: 1, Size: 50, Text: "%"}, ""},
		{Filter{Page: 1, Size: 50, Text: "陈"}, "chen"},
		{Filter{Page: 1, Size: 50, State: "active"}, "lin.yi wang_er"},
		{Filter{Page: 1, Size: 50, State: "closed"}, "chen"},
		{Filter{Page: 1, Size: 50, State: "locked"}, ""},
		{Filter{Page: 1, Size: 50, Role: AccountManager}, "lin.yi wang_er"},
	} {
		page, _, err := s.List(t.Context(), administrator, c.f)
		if err != nil {
			t.Fatal(err)
		}
		var logins []string
		for _, a := range page {
			logins = append(logins, a.Login)
		}
		if got := strings.Join(logins, " "); got != c.want {
			t.Errorf("%+v: %q, want %q", c.f, got, c.want)
		}
	}
}
