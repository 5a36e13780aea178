package selection_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/internal/pg/pgtest"
	"jike/province/customer/customertest"
	"jike/province/selection"
	"jike/schemas/codes"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestTheFirstClauseThatHoldsDecides(t *testing.T) {
	rule := selection.Rule{
		Classes: []codes.Class{"A1"}, CrossProvince: true, Industries: []codes.Industry{"65"}, Cities: []codes.City{"350200"},
		Named: []string{"1", "91X"}, Excluded: []string{"2", "91Y"},
	}
	for _, c := range []struct {
		facts    selection.Facts
		national bool
		by       selection.Clause
	}{
		{selection.Facts{Class: "A1"}, true, selection.ClauseClass},
		{selection.Facts{Class: "D"}, false, selection.ClauseNone},
		{selection.Facts{Class: "D", CrossProvince: true}, true, selection.ClauseCrossProvince},
		{selection.Facts{Class: "D", Industry: "65"}, true, selection.ClauseIndustry},
		{selection.Facts{Class: "D", City: "350200"}, true, selection.ClauseCity},
		{selection.Facts{Class: "D", Number: "1"}, true, selection.ClauseNamed},
		{selection.Facts{Class: "D", CreditCode: "91X"}, true, selection.ClauseNamed},
		{selection.Facts{Class: "A1", Number: "2", CrossProvince: true}, false, selection.ClauseExcluded},
		{selection.Facts{Class: "A1", CreditCode: "91Y"}, false, selection.ClauseExcluded},
		{selection.Facts{Class: "A1", Number: "1", CrossProvince: true, Sensitive: true}, false, selection.ClauseSensitive},
	} {
		if national, by := rule.Judge(c.facts); national != c.national || by != c.by {
			t.Errorf("%+v: %t by %s", c.facts, national, by)
		}
	}
}

// some takes a random part of a list.
func some[T any](r *rand.Rand, list []T) []T {
	var part []T
	for _, v := range list {
		if r.IntN(4) == 0 {
			part = append(part, v)
		}
	}
	return part
}

func randomRule(r *rand.Rand, names []string) selection.Rule {
	return selection.Rule{
		Classes: some(r, codes.Classes()), CrossProvince: r.IntN(2) == 0, Industries: some(r, []codes.Industry{"14", "65", "83"}),
		Cities: some(r, []codes.City{"350100", "350200"}), Named: some(r, names)[:r.IntN(3)], Excluded: some(r, names)[:r.IntN(3)],
	}
}

// The database and this program judge every customer alike, by any rule.
func TestTheDatabaseJudgesLikeTheProgram(t *testing.T) {
	w := customertest.New(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	var names []string
	all := map[int64]selection.Facts{}
	for i := range 120 {
		f := customertest.Facts(fmt.Sprintf("客户%d", i), 0)
		f.Class, f.Industry = codes.Classes()[r.IntN(6)], []codes.Industry{"14", "65", "83"}[r.IntN(3)]
		f.City, f.CrossProvince, f.Sensitive = []codes.City{"350100", "350200"}[r.IntN(2)], r.IntN(4) == 0, r.IntN(6) == 0
		if r.IntN(2) == 0 {
			f.CreditCode = customertest.CreditCode(t, i)
			names = append(names, string(f.CreditCode))
		}
		c := w.Add(t, f)
		names = append(names, c.Number)
		all[c.ID] = selection.Facts{
			Number: c.Number, CreditCode: c.CreditCode, Class: c.Class, Industry: c.Industry, City: c.City,
			CrossProvince: c.CrossProvince, Sensitive: c.Sensitive,
		}
	}
	selected := 0
	for range 100 {
		rule := randomRule(r, names)
		args := pgx.NamedArgs{}
		rows, err := w.DB.Query(t.Context(), `SELECT c.id FROM crm.customer c WHERE `+rule.Condition(args), args)
		if err != nil {
			t.Fatal(err)
		}
		got, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			t.Fatal(err)
		}
		selected += len(got)
		for id, f := range all {
			national, by := rule.Judge(f)
			if in := slices.Contains(got, id); in != national {
				t.Fatalf("rule %+v, customer %+v: the database says %t, the program %t by %s", rule, f, in, national, by)
			}
			if national && f.Sensitive {
				t.Fatalf("rule %+v selects the sensitive customer %+v", rule, f)
			}
		}
	}
	if selected < 1000 {
		t.Errorf("only %d customers were selected by 100 rules", selected)
	}
}
