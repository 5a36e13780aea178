package national_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"jike/internal/account"
	"jike/national/report"
	"jike/schemas/codes"
)

// Whatever provinces change, a report says what plain addition over their cells says.
func TestReportsAreTheSumsOfTheCells(t *testing.T) {
	s := newSite(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	analyst := account.Caller{Login: "analyst", Role: account.HeadquartersAnalyst}
	cities, sections := []codes.City{"350100", "350200", "330100"}, []codes.Section{"A", "C", "I"}
	for step := range 12 {
		for range 20 {
			cell := []any{[]int16{591, 571}[random.IntN(2)], 100 + random.IntN(60)}
			sql := `DELETE FROM crm.monthly_summary WHERE province = $1 AND id = $2`
			if random.IntN(4) > 0 {
				sql = `INSERT INTO crm.monthly_summary (province, id, month, city, class, industry, customers, members, income_fen, updated_at)
					VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, now())
					ON CONFLICT (province, id) DO UPDATE SET month = excluded.month, city = excluded.city, class = excluded.class,
						industry = excluded.industry, customers = excluded.customers, members = excluded.members, income_fen = excluded.income_fen`
				cell = append(cell, time.Date(2025, time.Month(1+random.IntN(20)), 1, 0, 0, 0, 0, time.UTC), cities[random.IntN(3)],
					codes.Classes()[random.IntN(6)], sections[random.IntN(3)], random.IntN(9), random.IntN(99), random.IntN(9999))
			}
			if _, err := s.owner.Exec(t.Context(), sql, cell...); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.stores.Reports.Compute(t.Context()); err != nil {
			t.Fatal(err)
		}
		for subset := range 32 {
			q := report.Question{From: time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)}
			for i, d := range report.Dimensions() {
				if subset&(1<<i) != 0 {
					q.GroupBy = append(q.GroupBy, d)
				}
			}
			if random.IntN(3) == 0 {
				q.Cities = cities[:1+random.IntN(2)]
			}
			if random.IntN(3) == 0 {
				q.Classes = codes.Classes()[:2]
			}
			if random.IntN(3) == 0 {
				q.Industries = sections[1:]
			}
			got, err := s.stores.Reports.Summary(t.Context(), analyst, q)
			if err != nil {
				t.Fatal(err)
			}
			lines := []string{}
			for _, r := range got.Rows {
				lines = append(lines, fmt.Sprint(r.Month, "|", r.Province, "|", r.City, "|", r.Class, "|", r.Industry, "|", r.IncomeFen))
			}
			if want := s.plainSums(t, q); !slices.Equal(lines, want) {
				t.Fatalf("step %d, %v of %v %v %v:\ngot  %v\nwant %v", step, q.GroupBy, q.Cities, q.Classes, q.Industries, lines, want)
			}
		}
	}
}

// A workbook has the figures of the page as numbers, and says where they come from.
func TestReportAsWorkbook(t *testing.T) {
	s := newSite(t)
	if err := s.stores.Reports.Compute(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := s.signIn(t, account.HeadquartersAnalyst)
	for language, want := range map[string][]string{
		"zh": {
			"报表", "月份,省份,客户数,客户数 · 环比,客户数 · 同比,新增客户数,新增客户数 · 环比,新增客户数 · 同比,离网客户数,离网客户数 · 环比,离网客户数 · 同比,成员数,成员数 · 环比,成员数 · 同比,收入（元）,收入（元） · 环比,收入（元） · 同比",
			"2026-10,福建,7,6,6,0,,,0,,,34,1.8333,2.4,20,0.25,1", "说明",
		},
		"en": {
			"Report", "Month,Province,Customers,Customers · Month on month,Customers · Year on year,New customers,New customers · Month on month,New customers · Year on year,Lost customers,Lost customers · Month on month,Lost customers · Year on year,Members,Members · Month on month,Members · Year on year,Income (yuan),Income (yuan) · Month on month,Income (yuan) · Year on year",
			"2026-10,Fujian,7,6,6,0,,,0,,,34,1.8333,2.4,20,0.25,1", "Notes",
		},
	} {
		status, header, raw := b.Raw(t, http.MethodGet, "/api/reports/summary.xlsx?from=2026-10&to=2026-10&groupBy=month,province&language="+language, "")
		if status != http.StatusOK || header.Get("Content-Disposition") != "attachment; filename=report-2026-10-2026-10.xlsx" {
			t.Fatalf("%d %v", status, header)
		}
		book, err := excelize.OpenReader(bytes.NewReader(raw), excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		rows, err := book.GetRows(want[0])
		if err != nil || len(rows) != 3 {
			t.Fatalf("%d rows of %s, %v", len(rows), want[0], err)
		}
		if head, last := strings.Join(rows[0], ","), strings.Join(rows[2], ","); head != want[1] || last != want[2] {
			t.Errorf("got %s and %s, want %s and %s", head, last, want[1], want[2])
		}
		if notes, err := book.GetRows(want[3]); err != nil || notes[2][1] != "crm.monthly_summary, crm.customer" || len(notes) != 12 {
			t.Errorf("notes %v, %v", notes, err)
		}
	}
}

// plainSums adds up the cells themselves.
func (s *site) plainSums(t *testing.T, q report.Question) []string {
	t.Helper()
	plain := map[report.Dimension][2]string{
		report.ByMonth: {`to_char(month, 'YYYY-MM')`, `''`}, report.ByProvince: {`lpad(province::text, 3, '0')`, `'000'`},
		report.ByCity: {`city`, `''`}, report.ByClass: {`class`, `''`}, report.ByIndustry: {`industry`, `''`},
	}
	var columns []string
	for _, d := range report.Dimensions() {
		if slices.Contains(q.GroupBy, d) {
			columns = append(columns, plain[d][0])
		} else {
			columns = append(columns, plain[d][1])
		}
	}
	rows, err := s.owner.Query(t.Context(), `SELECT concat_ws('|', a, b, c, d, e, sum(income_fen)) FROM (SELECT `+strings.Join(columns, `, `)+`, income_fen
			FROM crm.monthly_summary WHERE month BETWEEN $1 AND $2
				AND (cardinality($3::text[]) = 0 OR city = ANY($3)) AND (cardinality($4::text[]) = 0 OR class = ANY($4))
				AND (cardinality($5::text[]) = 0 OR industry = ANY($5))) x (a, b, c, d, e, income_fen)
		GROUP BY a, b, c, d, e ORDER BY a, b, c, d, e`, q.From, q.To, texted(q.Cities), texted(q.Classes), texted(q.Industries))
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{}
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

func texted[T ~string](values []T) []string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = string(v)
	}
	return list
}
