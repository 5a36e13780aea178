package trail_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/internal/pg/pgtest"
	"jike/internal/trail"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var administrator = account.Caller{AccountID: 1, Login: "administrator", Role: account.ProvinceAdministrator}

func TestTheTrailIsSearchedAndPagedByItsEnd(t *testing.T) {
	db := pgtest.Province(t).App(t)
	began := time.Now().Add(-time.Second)
	err := pg.InTx(t.Context(), db, func(tx pg.Tx) error {
		for i := range 30 {
			e := audit.Entry{Actor: fmt.Sprint("actor", i%2), Action: fmt.Sprint("action", i%3), ObjectKind: "thing", ObjectID: int64(i%5) + 1, CustomerID: int64(i % 10)}
			if err := audit.Record(t.Context(), tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	store := trail.NewStore(db)
	for _, c := range []struct {
		filter audit.Filter
		want   int
	}{
		{audit.Filter{}, 30},
		{audit.Filter{Actor: "actor1"}, 15},
		{audit.Filter{Action: "action0"}, 10},
		{audit.Filter{Actor: "actor1", Action: "action0"}, 5},
		{audit.Filter{ObjectKind: "thing", ObjectID: 5}, 6},
		{audit.Filter{ObjectKind: "other", ObjectID: 5}, 0},
		{audit.Filter{CustomerID: 9}, 3},
		{audit.Filter{From: began, To: began.Add(time.Hour)}, 30},
		{audit.Filter{To: began}, 0},
	} {
		var after *audit.Place
		got, last := 0, int64(1<<40)
		for more := true; more; {
			var page []audit.Line
			if page, more, err = store.Search(t.Context(), administrator, c.filter, after, 4); err != nil {
				t.Fatal(err)
			}
			for _, l := range page {
				if l.ID >= last {
					t.Fatalf("%+v: line %d follows %d", c.filter, l.ID, last)
				}
				last, after = l.ID, &audit.Place{At: l.At, ID: l.ID}
			}
			got += len(page)
		}
		if got != c.want {
			t.Errorf("%+v: %d lines, want %d", c.filter, got, c.want)
		}
	}
	if _, _, err := store.Search(t.Context(), account.Caller{Role: account.DepartmentHead}, audit.Filter{}, nil, 4); !fault.Is(err, fault.Denied) {
		t.Errorf("a head of department reads the trail: %v", err)
	}
}

func TestPersonalValuesAreMasked(t *testing.T) {
	for kind, c := range map[string]struct{ doc, want map[string]any }{
		"contact": {
			map[string]any{"name": "张某某", "mobile": "13800001234", "email": "a@example.com", "birthday": "1980-02-03", "family": "x", "influence": 3.0},
			map[string]any{"name": "张*某", "mobile": "138****1234", "email": "***@example.com", "birthday": "****-**-**", "family": "****", "influence": 3.0},
		},
		"member":   {map[string]any{"phone": "13800001234", "name": "李某"}, map[string]any{"phone": "138****1234", "name": "李*"}},
		"customer": {map[string]any{"name": "甲公司", "legalPerson": "王某某"}, map[string]any{"name": "甲公司", "legalPerson": "王*某"}},
		"account":  {map[string]any{"name": "赵某"}, map[string]any{"name": "赵某"}},
	} {
		in := audit.Line{ObjectKind: kind, After: map[string]any{"list": []any{c.doc}}, Before: c.doc}
		got := trail.Shown(in)
		if !reflect.DeepEqual(got.Before, c.want) || !reflect.DeepEqual(got.After, map[string]any{"list": []any{c.want}}) {
			t.Errorf("%s: %v, %v", kind, got.Before, got.After)
		}
	}
}

func TestAVerificationSaysWhetherTheTrailHolds(t *testing.T) {
	database := pgtest.Province(t)
	db := database.App(t)
	store := trail.NewStore(db)
	order := func() {
		t.Helper()
		if v, err := store.Order(t.Context(), administrator); err != nil || v.FinishedAt != nil {
			t.Fatal(v, err)
		}
	}
	if v, err := store.Verify(t.Context()); v != nil || err != nil {
		t.Fatalf("nobody asked for %v, %v", v, err)
	}
	order()
	if _, err := store.Order(t.Context(), administrator); !fault.Is(err, fault.Conflict) {
		t.Errorf("a second one is under way: %v", err)
	}
	if v, err := store.Verify(t.Context()); err != nil || v.FinishedAt == nil || v.BrokenSeal != nil || v.Seals != 0 || v.Unsealed != 1 {
		t.Fatal(v, err)
	}
	for sealed := int64(0); sealed == 0; {
		var err error
		if sealed, err = audit.NewSealer(db, nil).Seal(t.Context()); err != nil { // others' transactions may hold it back
			t.Fatal(err)
		}
	}
	order()
	if v, err := store.Verify(t.Context()); err != nil || v.BrokenSeal != nil || v.Seals != 1 || v.Lines != 1 || v.LastHash == "" {
		t.Fatal(v, err)
	}
	if _, err := database.Owner(t).Exec(t.Context(), `UPDATE audit.line SET actor = 'other' WHERE id = 1`); err != nil {
		t.Fatal(err)
	}
	order()
	if v, err := store.Verify(t.Context()); err != nil || v.BrokenSeal == nil || *v.BrokenSeal != 1 || v.Reason == "" {
		t.Fatal(v, err)
	}
	list, err := store.Verifications(t.Context(), administrator)
	if err != nil || len(list) != 3 || list[0].BrokenSeal == nil || list[2].BrokenSeal != nil {
		t.Errorf("%v, %v", list, err)
	}
	if _, err := store.Order(t.Context(), account.Caller{Role: account.HeadquartersAnalyst}); !fault.Is(err, fault.Denied) {
		t.Errorf("an analyst verifies: %v", err)
	}
}
