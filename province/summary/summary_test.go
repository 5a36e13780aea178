package summary_test

import (
	"testing"
	"time"

	"jike/internal/pg/pgtest"
	"jike/province/customer"
	"jike/province/customer/customertest"
	"jike/province/summary"
	"jike/schemas/codes"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestRefreshCountsWhatBelongsToAMonth(t *testing.T) {
	w := customertest.New(t)
	owner := w.Database.Owner(t)
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	facts := func(name string, class codes.Class) customer.Facts {
		f := customertest.Facts(name, w.ManagerUnit.ID)
		f.Class = class
		return f
	}
	a := w.Add(t, facts("甲信息有限公司", codes.ClassA1))
	b := w.Add(t, facts("乙信息有限公司", codes.ClassB1)) // raised to A1 in November
	lost := w.Add(t, facts("丙信息有限公司", codes.ClassA1))
	late := w.Add(t, facts("丁信息有限公司", codes.ClassA1)) // known since November, Shanghai time
	exec := func(query string, args ...any) {
		t.Helper()
		if _, err := owner.Exec(t.Context(), query, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec(`UPDATE crm.customer SET created_at = '2026-01-01'`)
	exec(`UPDATE crm.customer SET created_at = '2026-11-01 00:30+08' WHERE id = $1`, late.ID)
	exec(`UPDATE crm.class_history SET at = '2026-01-01'`)
	exec(`INSERT INTO crm.class_history (customer_id, class_from, class_to, actor, at) VALUES ($1, 'B1', 'A1', 'x', '2026-11-02')`, b.ID)
	exec(`UPDATE crm.customer SET class = 'A1', national = true WHERE id = $1`, b.ID)
	exec(`UPDATE crm.customer SET lifecycle = 'lost' WHERE id = $1`, lost.ID)
	exec(`INSERT INTO crm.member_count (customer_id, members) VALUES ($1, 5), ($2, 7)`, a.ID, b.ID)
	exec(`INSERT INTO crm.bill (customer_id, national, month, amount_fen, paid_fen) VALUES
		($1, true, '2026-10-01', 100, 0), ($2, true, '2026-10-01', 10, 0), ($3, true, '2026-10-01', 1, 1), ($1, true, '2026-11-01', 1000, 0)`,
		a.ID, b.ID, lost.ID)

	s := summary.NewStore(w.DB, zone)
	refresh := func(want int) {
		t.Helper()
		n, err := s.Refresh(t.Context(), time.Date(2026, 11, 24, 0, 0, 0, 0, zone))
		if err != nil || n != want {
			t.Fatalf("%d rows changed, want %d, %v", n, want, err)
		}
	}
	cells := func(want string) {
		t.Helper()
		got := customertest.Value[string](t, w.DB, `SELECT string_agg(concat_ws(' ', to_char(month, 'YYYY-MM'), city, class, industry, customers, members, income_fen), '; '
			ORDER BY month, class) FROM crm.monthly_summary`)
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	refresh(3)
	// October: the lost one was billed, the late one is not known yet, b is still of class B1.
	cells("2026-10 350100 A1 I 2 5 101; 2026-10 350100 B1 I 1 7 10; 2026-11 350100 A1 I 3 12 1000")
	refresh(0)

	// A late bill of an old month, and a cell that empties.
	exec(`INSERT INTO crm.bill (customer_id, national, month, amount_fen, paid_fen) VALUES ($1, true, '2026-09-01', 4, 0)`, a.ID)
	exec(`UPDATE crm.class_history SET class_to = 'A1' WHERE customer_id = $1`, b.ID)
	refresh(3) // September: a new cell; October: one changed, one gone
	cells("2026-09 350100 A1 I 2 12 4; 2026-10 350100 A1 I 3 12 111; 2026-11 350100 A1 I 3 12 1000")
}
