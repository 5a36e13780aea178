package province_test

import (
	"fmt"
	"strings"
	"testing"

	"jike/xmlapi/document"
	"jike/xmlapi/shape"
)

// crowd adds customers 591C00001 and so on.
func (p *partners) crowd(t *testing.T, n int) []string {
	t.Helper()
	_, err := p.owner.Exec(t.Context(), `INSERT INTO crm.customer (number, name, name_terms, industry, city, class, lifecycle, national)
		SELECT '591C' || lpad(i::text, 5, '0'), '虚构' || i, '{}', '65', '350100', CASE WHEN i % 8 = 0 THEN 'A1' ELSE 'D' END, 'active', i % 8 = 0
		FROM generate_series(1, $1::int) i`, n)
	if err != nil {
		t.Fatal(err)
	}
	numbers := make([]string, n)
	for i := range numbers {
		numbers[i] = fmt.Sprintf("591C%05d", i+1)
	}
	return numbers
}

func TestABatchOf10000Bills(t *testing.T) {
	p := newPartners(t)
	numbers := p.crowd(t, 10001)
	full := lines("10000", numbers[:10000]...)
	r := p.must(t, full)
	if document.Value(r.Content, "Written") != "10000" || document.Value(r.Content, "Unchanged") != "0" {
		t.Fatalf("%s", r.Raw)
	}
	row := p.row(t, `SELECT count(*) AS n, sum(b.amount_fen) AS sum, bool_and(b.national = c.national) AS follow, min(b.month)::text AS month
		FROM crm.bill b JOIN crm.customer c ON c.id = b.customer_id`)
	if row["n"] != 10000.0 || row["sum"] != float64(10000*1000+9999*10000/2) || row["follow"] != true || row["month"] != "2026-10-01" {
		t.Errorf("%v", row)
	}
	// Another message that says the same writes nothing; one audit line tells of a batch.
	if r = p.must(t, full); document.Value(r.Content, "Unchanged") != "10000" {
		t.Errorf("%s", r.Raw)
	}
	if row = p.row(t, `SELECT count(*) AS n FROM audit.line WHERE action = 'bill.batch'`); row["n"] != 1.0 {
		t.Errorf("%v audit lines", row["n"])
	}
	// One line too many is refused by the schema, one wrong line refuses all.
	if r = p.send(t, lines("10000", numbers...)); r.Response.Code != "0106" || !strings.Contains(r.Response.Desc, "element=Bill ") {
		t.Errorf("%+v", r.Response)
	}
	numbers[9999] = "591NOBODY"
	wrong := lines("10000", numbers[:10000]...)
	wrong.FindElement("Bills/Bill/Amount").SetText("7")
	r = p.send(t, wrong)
	refused := document.Child(r.Content, "Refused").ChildElements()
	if r.Response.Code != "2998" || document.Value(r.Content, "RspCode") != "99" || len(refused) != 1 || document.Value(refused[0], "LineNumber") != "10000" {
		t.Errorf("%s", r.Raw)
	}
	op := operationOf(t, billReq)
	if err := shape.Check(r.Content, &op.Reply); err != nil {
		t.Errorf("the refusal does not fit its description: %v", err)
	}
	if row = p.row(t, `SELECT count(*) AS n FROM crm.bill WHERE amount_fen = 7`); row["n"] != 0.0 {
		t.Error("a line of a refused batch was taken")
	}
}
