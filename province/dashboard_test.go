package province_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"jike/internal/account"
	"jike/province/completeness"
	"jike/province/customer/customertest"
	"jike/province/dashboard"
)

// bill bills a random customer for one of the last months, or pays.
func (g *gaps) bill(t *testing.T) {
	t.Helper()
	const put = `INSERT INTO crm.bill (customer_id, national, month, amount_fen, paid_fen)
		SELECT id, national, (date_trunc('month', now()) - make_interval(months => $2))::date, $3, $4 FROM crm.customer WHERE id = $1 AND merged_into IS NULL
		ON CONFLICT (customer_id, month) DO UPDATE SET amount_fen = excluded.amount_fen, paid_fen = excluded.paid_fen`
	if _, err := g.Database.Owner(t).Exec(t.Context(), put, g.ids[g.random.IntN(len(g.ids))], g.random.IntN(4), g.random.IntN(900), g.random.IntN(90)); err != nil {
		t.Fatal(err)
	}
}

// plain adds up the customers that a caller sees, looked at one by one; by says to which group one belongs.
func (g *gaps) plain(t *testing.T, caller account.Caller, by func(manager int64) (group int64, shown bool)) (counts map[string]int64, total dashboard.Income, groups map[int64]dashboard.Group) {
	t.Helper()
	counts, groups = map[string]int64{}, map[int64]dashboard.Group{}
	for _, id := range g.ids {
		c, err := g.Customers.Get(t.Context(), caller, id)
		if err != nil || c.MergedInto != 0 {
			continue
		}
		counts[fmt.Sprint(c.Class, " ", c.Lifecycle)]++
		findings, err := g.all.Completeness.Of(t.Context(), caller, id)
		if err != nil {
			t.Fatal(err)
		}
		var i dashboard.Income
		const amounts = `SELECT coalesce(sum(amount_fen) FILTER (WHERE month = date_trunc('month', now()) - interval '1 month'), 0)::bigint,
			coalesce(sum(amount_fen) FILTER (WHERE month = date_trunc('month', now()) - interval '2 months'), 0)::bigint,
			coalesce(sum(amount_fen - paid_fen), 0)::bigint FROM crm.bill WHERE customer_id = $1`
		if err := g.DB.QueryRow(t.Context(), amounts, id).Scan(&i.LastFen, &i.BeforeFen, &i.ArrearsFen); err != nil {
			t.Fatal(err)
		}
		total.LastFen, total.BeforeFen, total.ArrearsFen = total.LastFen+i.LastFen, total.BeforeFen+i.BeforeFen, total.ArrearsFen+i.ArrearsFen
		key, shown := by(c.ManagerID)
		if !shown {
			continue
		}
		group := groups[key]
		group.ID, group.Customers, group.Points = key, group.Customers+1, group.Points+int64(completeness.Score(findings))
		group.LastFen, group.BeforeFen, group.ArrearsFen = group.LastFen+i.LastFen, group.BeforeFen+i.BeforeFen, group.ArrearsFen+i.ArrearsFen
		groups[key] = group
	}
	return counts, total, groups
}

// TestDashboardsAddUp changes and bills customers at random and compares the dashboards of callers of every reach, one
// of whom is named for sensitive customers and one of whom is in teams too, with the customers looked at one by one.
func TestDashboardsAddUp(t *testing.T) {
	g := &gaps{site: newSite(t), random: rand.New(rand.NewPCG(5, 6))}
	for i := range 10 {
		g.ids = append(g.ids, g.Add(t, customertest.Facts(fmt.Sprint("客户", i), []int64{0, g.ManagerUnit.ID, g.ColleagueUnit.ID, g.StrangerUnit.ID}[i%4])).ID)
	}
	head := g.HeadA
	head.AccountID = g.accountID(t, "head-a")
	serving := g.Manager
	serving.AccountID, serving.Teams = g.accountID(t, "manager"), true
	if _, err := g.DB.Exec(t.Context(), enlist, serving.AccountID, g.ids[2:9]); err != nil {
		t.Fatal(err)
	}
	departments := map[int64]int64{g.ManagerUnit.ID: g.DepartmentA.ID, g.ColleagueUnit.ID: g.DepartmentA.ID, g.StrangerUnit.ID: g.DepartmentB.ID}
	byManager := func(manager int64) (int64, bool) { return manager, true }
	for round := range 3 {
		for range 8 {
			if err := answered(g.act(t)); err != nil {
				t.Fatal(err)
			}
			g.bill(t)
		}
		for _, id := range g.ids[:6] { // refused for those that are not sensitive, or in whose team somebody is not
			for _, account := range []int64{head.AccountID, serving.AccountID} {
				if err := answered(g.Customers.Name(t.Context(), g.Everybody, id, account, today().AddDate(0, 0, 1), "专项")); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := g.all.Hierarchy.Count(t.Context(), time.Now()); err != nil {
			t.Fatal(err)
		}
		if _, err := g.all.Completeness.Judge(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := g.all.Dashboard.Compute(t.Context(), time.Now()); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			caller     account.Caller
			department int64
			by         func(int64) (int64, bool)
		}{
			{g.Manager, 0, byManager},
			{serving, 0, byManager},
			{head, 0, byManager},
			{g.HeadB, 0, byManager},
			{g.Administrator, 0, func(manager int64) (int64, bool) { return departments[manager], true }},
			{g.Administrator, g.DepartmentA.ID, func(manager int64) (int64, bool) { return manager, departments[manager] == g.DepartmentA.ID }},
		} {
			d, err := g.all.Dashboard.Of(t.Context(), c.caller, c.department)
			if err != nil || d.AsOf == nil {
				t.Fatalf("%+v, %v", d, err)
			}
			counts, total, groups := g.plain(t, c.caller, c.by)
			found := map[string]int64{}
			for _, n := range d.Counts {
				found[fmt.Sprint(n.Class, " ", n.Lifecycle)] = n.Customers
			}
			if fmt.Sprint(found) != fmt.Sprint(counts) || d.Total != total || len(d.Groups) != len(groups) {
				t.Fatalf("round %d, %s of %d: %v, %+v, %d groups; one by one: %v, %+v, %d groups",
					round, c.caller.Login, c.department, found, d.Total, len(d.Groups), counts, total, len(groups))
			}
			for i, group := range d.Groups {
				want := groups[group.ID]
				want.Name, want.Department = group.Name, group.Department
				if group != want || i > 0 && d.Groups[i-1].LastFen < group.LastFen {
					t.Fatalf("round %d, %s of %d: %+v, one by one %+v, in %+v", round, c.caller.Login, c.department, group, want, d.Groups)
				}
			}
		}
	}
}
