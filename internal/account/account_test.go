package account

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"jike/internal/fault"
	"jike/internal/pg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// cheap makes hashing fast enough for tests; nothing else is changed.
func cheap() Settings {
	s := DefaultSettings()
	s.Hashing = Hashing{MemoryKiB: 64, Passes: 1, Threads: 1}
	s.RefuseAfter = 20 * time.Millisecond
	return s
}

func newStore(t *testing.T, s Settings) *Store {
	t.Helper()
	store, err := NewStore(pgtest.Province(t).App(t), s, func(context.Context, int64, int64) (Place, error) { return Place{Path: "/1/2/3/"}, nil })
	if err != nil {
		t.Fatal(err)
	}
	return store
}

const goodPassword = "Spring-rain-88"

func create(t *testing.T, s *Store, login string) int64 {
	t.Helper()
	id, err := s.Create(t.Context(), System("test"), NewAccount{Login: login, Name: "林一", Role: AccountManager, UnitID: 3, Password: goodPassword})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestSignInGivesTheCallerWithItsRights(t *testing.T) {
	s := newStore(t, cheap())
	id := create(t, s, "lin.yi")
	c, err := s.SignIn(t.Context(), "lin.yi", goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	want := Caller{AccountID: id, Login: "lin.yi", Name: "林一", Role: AccountManager, UnitID: 3, Path: "/1/2/3/", Language: "zh"}
	if !reflect.DeepEqual(c, want) {
		t.Fatalf("got %+v, want %+v", c, want)
	}
	if _, err := s.Change(t.Context(), System("test"), id, 1, Statement{Name: "林一", Role: AccountManager, UnitID: 3}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Caller(t.Context(), id); !errors.Is(err, ErrNoAccount) {
		t.Fatalf("a closed account still acts: %v", err)
	}
}

func TestRefusalsAreAlikeInAnswerAndTime(t *testing.T) {
	settings := cheap()
	settings.MaxFailures = 3
	s := newStore(t, settings)
	create(t, s, "lin.yi")
	try := func(login, password string) string {
		t.Helper()
		began := time.Now()
		_, err := s.SignIn(t.Context(), login, password)
		if took := time.Since(began); took < settings.RefuseAfter {
			t.Errorf("refused after %v, before the common time %v", took, settings.RefuseAfter)
		}
		if !fault.Is(err, fault.Unauthenticated) {
			t.Fatalf("%s: %v", login, err)
		}
		return err.Error()
	}
	unknown := try("nobody", goodPassword)
	for range settings.MaxFailures {
		if wrong := try("lin.yi", "wrong-Password-1"); wrong != unknown {
			t.Fatalf("a wrong password is told from an unknown login: %q, %q", wrong, unknown)
		}
	}
	if locked := try("lin.yi", goodPassword); locked != unknown {
		t.Fatalf("a lock is told: %q", locked)
	}
}

func TestLockRunsOutAndFailuresMustBeInARow(t *testing.T) {
	settings := cheap()
	settings.MaxFailures = 2
	s := newStore(t, settings)
	id := create(t, s, "lin.yi")
	fail := func() { _, _ = s.SignIn(t.Context(), "lin.yi", "wrong") }
	right := func() error { _, err := s.SignIn(t.Context(), "lin.yi", goodPassword); return err }
	fail()
	if err := right(); err != nil {
		t.Fatalf("locked too early: %v", err)
	}
	fail()
	if err := right(); err != nil {
		t.Fatalf("the right password did not clear the count: %v", err)
	}
	fail()
	fail()
	if right() == nil {
		t.Fatal("not locked")
	}
	if _, err := s.db.Exec(t.Context(), `UPDATE account.account SET locked_until = now() - interval '1 second' WHERE id = $1`, id); err != nil {
		t.Fatal(err)
	}
	fail() // counts as the first one again
	if err := right(); err != nil {
		t.Fatalf("the lock does not run out: %v", err)
	}
}

func TestPasswordIsHashedAnewWhenTheCostChanges(t *testing.T) {
	db := pgtest.Province(t).App(t)
	old, err := NewStore(db, cheap(), nil)
	if err != nil {
		t.Fatal(err)
	}
	create(t, old, "lin.yi")
	dearer := cheap()
	dearer.Hashing.MemoryKiB = 128
	s, err := NewStore(db, dearer, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // with the old hash, then with the new one
		if _, err := s.SignIn(t.Context(), "lin.yi", goodPassword); err != nil {
			t.Fatal(err)
		}
	}
	var hash string
	if err := db.QueryRow(t.Context(), `SELECT password_hash FROM account.account`).Scan(&hash); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=128,t=1,p=1$") {
		t.Fatalf("hash is %q", hash)
	}
}

func TestCreateRefuses(t *testing.T) {
	s := newStore(t, cheap())
	create(t, s, "taken")
	good := NewAccount{Login: "wang", Name: "王", Role: ProvinceAdministrator, Password: goodPassword}
	for name, change := range map[string]func(*NewAccount){
		"account.login.exists":            func(n *NewAccount) { n.Login = "taken" },
		"account.login.format":            func(n *NewAccount) { n.Login = "Wang" },
		"account.login.too_short":         func(n *NewAccount) { n.Login = "w" },
		"account.password.too_short":      func(n *NewAccount) { n.Password = "Ab1-" },
		"account.password.too_simple":     func(n *NewAccount) { n.Password = "aaaaaaaaaaaa1" },
		"account.password.contains_login": func(n *NewAccount) { n.Password = "My-Wang-2026" },
		"account.role.unknown":            func(n *NewAccount) { n.Role = PartnerSystem },
		"account.unit.missing":            func(n *NewAccount) { n.Role = DepartmentHead },
		"account.language.unknown":        func(n *NewAccount) { n.Language = "fr" },
	} {
		n := good
		change(&n)
		_, err := s.Create(t.Context(), System("test"), n)
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want %s, got %v", name, err)
		}
	}
}

func TestScopeCovers(t *testing.T) {
	manager := Caller{Role: AccountManager, UnitID: 9, Path: "/1/2/3/9/"}
	head := Caller{Role: DepartmentHead, UnitID: 3, Path: "/1/2/3/"}
	admin := Caller{Role: ProvinceAdministrator}
	for _, c := range []struct {
		name   string
		caller Caller
		unit   int64
		path   string
		want   bool
	}{
		{"own", manager, 9, "/1/2/3/9/", true},
		{"colleague's", manager, 8, "/1/2/3/8/", false},
		{"nobody's, for a manager", manager, 0, "", false},
		{"below the department", head, 9, "/1/2/3/9/", true},
		{"other department", head, 7, "/1/2/4/7/", false},
		{"a unit whose number begins alike", head, 30, "/1/2/30/", false},
		{"nobody's, for a head", head, 0, "", false},
		{"nobody's, for the administrator", admin, 0, "", true},
		{"zero caller", Caller{}, 9, "/1/2/3/9/", false},
		{"manager without a unit", Caller{Role: AccountManager}, 0, "", false},
		{"head without a path", Caller{Role: DepartmentHead, UnitID: 3}, 3, "/1/2/3/", false},
	} {
		if got := c.caller.Scope().Covers(c.unit, c.path); got != c.want {
			t.Errorf("%s: covered is %v", c.name, got)
		}
	}
}

func TestStoredHashThatCannotBeReadIsRefused(t *testing.T) {
	h, err := newHasher(cheap().Hashing, 1)
	if err != nil {
		t.Fatal(err)
	}
	good, err := h.hash(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	if ok, _, err := h.verify(t.Context(), good, "x"); !ok || err != nil {
		t.Fatalf("%v %v", ok, err)
	}
	for _, bad := range []string{
		"", "x", strings.Replace(good, "argon2id", "argon2i", 1), strings.Replace(good, "m=64", "m=99999999", 1),
		strings.Replace(good, "t=1", "t=0", 1), strings.Replace(good, "p=1", "p=1,x=2", 1), good[:len(good)-30],
	} {
		if ok, _, err := h.verify(t.Context(), bad, "x"); ok || err == nil {
			t.Errorf("%q: accepted %v, error %v", bad, ok, err)
		}
	}
}
