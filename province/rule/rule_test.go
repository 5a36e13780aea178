package rule_test

import (
	"testing"
	"time"

	"jike/province/rule"
)

// TestTheFirstLineThatHoldsDecides goes over the facts and comparisons of one customer on one day.
func TestTheFirstLineThatHoldsDecides(t *testing.T) {
	today := time.Date(2026, 3, 15, 9, 0, 0, 0, time.FixedZone("China", 8*3600))
	month := func(m time.Month, year int) time.Time { return time.Date(year, m, 1, 0, 0, 0, 0, time.UTC) }
	february := month(time.February, 2026)
	v := rule.Values{
		Stage: "active", Class: "B1", Arrears: 500, Contracts: 1, Subscriptions: 0, Members: 40,
		Billed:  []time.Time{month(time.November, 2025), month(time.December, 2025), month(time.January, 2026), february, february},
		Amounts: []int64{1, 10, 100, 1000, 5}, NewestBill: &february, EnteredAt: time.Date(2026, 3, 13, 20, 0, 0, 0, time.UTC), // the 14th in China
	}
	number := func(fact rule.Fact, months int, n int64) rule.Condition {
		return rule.Condition{Fact: fact, Months: months, Number: n}
	}
	for _, c := range []struct {
		rule.Condition // with what the fact is exactly
		never          bool
	}{
		{number(rule.Income, 1, 1005), false},
		{number(rule.Income, 3, 1115), false},
		{number(rule.Arrears, 0, 500), false},
		{number(rule.Contracts, 0, 1), false},
		{number(rule.Subscriptions, 0, 0), false},
		{number(rule.Members, 0, 40), false},
		{number(rule.SinceBill, 0, 15), false}, // the 28th of February
		{number(rule.SinceInteraction, 0, 9999), true},
		{number(rule.FileAge, 0, 1), false},
	} {
		for comparison, want := range map[rule.Comparison][3]bool{
			rule.AtLeast: {true, true, false}, rule.AtMost: {false, true, true}, // with one less, the same, one more
		} {
			if c.never {
				want = map[rule.Comparison][3]bool{rule.AtLeast: {true, true, true}, rule.AtMost: {}}[comparison]
			}
			for i, holds := range want {
				at := c.Condition
				at.Comparison, at.Number = comparison, c.Number+int64(i)-1
				got := (rule.Set{Lines: []rule.Line{{Outcome: "lost", Match: rule.All, Conditions: []rule.Condition{at}}}}).Judge(v, today)
				if (got.Outcome == "lost") != holds {
					t.Errorf("%+v holds: %v, want %v", at, !holds, holds)
				}
			}
		}
	}
	stage := func(values ...string) rule.Condition {
		return rule.Condition{Fact: rule.Stage, Comparison: rule.OneOf, Values: values}
	}
	class := rule.Condition{Fact: rule.Class, Comparison: rule.OneOf, Values: []string{"A1", "B1"}}
	both := rule.Set{Lines: []rule.Line{
		{Outcome: "suspended", Match: rule.All, Conditions: []rule.Condition{stage("lost"), class}},
		{Outcome: "lost", Match: rule.Any, Conditions: []rule.Condition{stage("lost"), class}},
		{Outcome: "potential", Match: rule.All, Conditions: []rule.Condition{class}},
	}}
	if got := both.Judge(v, today); got.Outcome != "lost" || got.Line != 2 || len(got.Grounds) != 1 || got.Grounds[0].Choice != "B1" {
		t.Errorf("%+v", got)
	}
	v.Class = "D"
	if got := both.Judge(v, today); got.Outcome != "" || got.Grounds != nil {
		t.Errorf("no line holds, and yet: %+v", got)
	}
}
