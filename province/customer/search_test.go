package customer_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/pg"
	"jike/province/customer"
	"jike/province/customer/customertest"
)

// TestSearchByTwoCharactersUsesTheIndex asks PostgreSQL itself, with the planner as it is, whether the
// store's own statements read the index of terms and never the whole table.
func TestSearchByTwoCharactersUsesTheIndex(t *testing.T) {
	w := customertest.New(t)
	addMany(t, w.DB, 20_000)
	if _, err := w.Database.Owner(t).Exec(t.Context(), `ANALYZE crm.customer`); err != nil {
		t.Fatal(err)
	}
	one, err := pg.Open(t.Context(), w.Database.AppURL, 1) // one backend, whose counters can be flushed
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	scans := func() (index, table int64) {
		t.Helper()
		const query = `SELECT (SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'customer_name_terms'),
			(SELECT seq_scan FROM pg_stat_user_tables WHERE relid = 'crm.customer'::regclass)`
		if _, err := one.Exec(t.Context(), `SELECT pg_stat_force_next_flush(), pg_stat_clear_snapshot()`); err != nil {
			t.Fatal(err)
		}
		if err := one.QueryRow(t.Context(), query).Scan(&index, &table); err != nil {
			t.Fatal(err)
		}
		return index, table
	}
	store := customer.NewStore(one, customertest.Province)
	search := func(text string, want int) {
		t.Helper()
		page, err := store.Search(t.Context(), w.Administrator, customer.Filter{Text: text, Sort: "id", Page: 1, Size: 20})
		if err != nil || page.Total != want {
			t.Fatalf("%s: %d rows, want %d, %v", text, page.Total, want, err)
		}
	}
	index, table := scans()
	search("龘靐", 1)
	indexAfter, tableAfter := scans()
	if indexAfter == index || tableAfter != table {
		t.Errorf("two characters: %d index scans, %d scans of the whole table", indexAfter-index, tableAfter-table)
	}
	// The counters can tell: a single character has no index.
	search("龘", 1)
	if _, whole := scans(); whole == tableAfter {
		t.Error("a scan of the whole table was not counted")
	}
}

// TestFrequentTextsAreCountedUpToAThousand looks for a pair that three thousand names have. Groups are of as many.
func TestFrequentTextsAreCountedUpToAThousand(t *testing.T) {
	w := customertest.New(t)
	addMany(t, w.DB, 3000)
	for page, items := range map[int]int{1: 200, 15: 200, 16: 0} { // pages go on behind what is counted
		got, err := w.Customers.Search(t.Context(), w.Administrator, customer.Filter{Text: "有限", Sort: "id", Page: page, Size: 200})
		if err != nil || got.Total != 1000 || !got.More || len(got.Items) != items {
			t.Errorf("page %d: total %d, more %t, %d items, %v", page, got.Total, got.More, len(got.Items), err)
		}
	}
	rare, err := w.Customers.Search(t.Context(), w.Administrator, customer.Filter{Text: "龘靐", Sort: "id", Page: 1, Size: 200})
	if err != nil || rare.Total != 1 || rare.More {
		t.Errorf("a rare pair: total %d, more %t, %v", rare.Total, rare.More, err)
	}
	for text, want := range map[string]customer.Groups{
		"有限": {List: []customer.Group{{Value: "D", Customers: 1000}}, Total: 1000, More: true},
		"龘靐": {List: []customer.Group{{Value: "D", Customers: 1}}, Total: 1},
	} {
		got, err := w.Customers.Groups(t.Context(), w.Administrator, customer.Filter{Text: text}, customer.GroupClass)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("groups of %s: %+v, %v", text, got, err)
		}
	}
}

// addMany adds n customers with ordinary names and one with a rare one.
func addMany(t *testing.T, db *pgxpool.Pool, n int) {
	t.Helper()
	rows := make([][]any, n)
	for i := range rows {
		name := fmt.Sprintf("福建%c%c信息技术有限公司", rune(0x4e00+i%2000), rune(0x5e00+i/10))
		if i == n/2 {
			name = "福建龘靐信息技术有限公司"
		}
		rows[i] = []any{fmt.Sprintf("5917%09d", i), name, customer.Terms(name), "65", "350100", "D", "active"}
	}
	columns := []string{"number", "name", "name_terms", "industry", "city", "class", "lifecycle"}
	if _, err := db.CopyFrom(t.Context(), pgx.Identifier{"crm", "customer"}, columns, pgx.CopyFromRows(rows)); err != nil {
		t.Fatal(err)
	}
}

// TestAChangeWithoutItsAuditLineIsRolledBack takes away the right to write the trail.
func TestAChangeWithoutItsAuditLineIsRolledBack(t *testing.T) {
	w := customertest.New(t)
	c := w.Add(t, customertest.Facts("甲公司", w.ManagerUnit.ID))
	if _, err := w.Database.Owner(t).Exec(t.Context(), `REVOKE INSERT ON audit.line FROM jike_app`); err != nil {
		t.Fatal(err)
	}
	f := c.Facts
	f.Address = "新址"
	if _, err := w.Customers.Change(t.Context(), w.Manager, c.ID, c.Version, f); err == nil {
		t.Error("changed without an audit line")
	}
	if _, err := w.Customers.Create(t.Context(), w.Everybody, customertest.Facts("乙公司", 0)); err == nil {
		t.Error("created without an audit line")
	}
	left := customertest.Value[string](t, w.DB, `SELECT string_agg(concat_ws(' ', name, version, address), '; ') FROM crm.customer`)
	if left != "甲公司 1 " {
		t.Errorf("customers: %q", left)
	}
	err := pg.InTx(t.Context(), w.DB, func(tx pg.Tx) error {
		return audit.Record(t.Context(), tx, audit.Entry{Actor: account.System("test").Actor(), Action: "x", ObjectKind: "x"})
	})
	if err == nil {
		t.Error("the right was not taken away: the test proves nothing")
	}
}
