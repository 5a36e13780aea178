package reconcile

import (
	"math"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jike/schemas/replica"
)

func TestApprovalRule(t *testing.T) {
	cases := []struct {
		name     string
		tables   []tableCount
		approved int64
		want     bool
	}{
		{"nothing differs", []tableCount{{1000, 0}}, 0, false},
		{"one row of a small table", []tableCount{{3, 1}}, 0, false},
		{"every row of a small table", []tableCount{{100, 100}}, 0, false},
		{"an empty table with few extra rows", []tableCount{{40, 40}}, 0, false},
		{"101 of 1,000 rows", []tableCount{{1000, 101}}, 0, true},
		{"0.1 % of a large table is allowed", []tableCount{{1_000_000, 1000}}, 0, false},
		{"above 0.1 % is not", []tableCount{{1_000_000, 1001}}, 0, true},
		{"a large table does not hide a small one", []tableCount{{5_000_000, 0}, {2000, 150}}, 0, true},
		{"10,000 in all are allowed", []tableCount{{50_000_000, 9000}, {50_000_000, 1000}}, 0, false},
		{"10,001 in all are not", []tableCount{{50_000_000, 9000}, {50_000_000, 1001}}, 0, true},
		{"approved", []tableCount{{1000, 500}}, 500, false},
		{"approved, a few more since", []tableCount{{1000, 600}}, 500, false},
		{"approved, but many more now", []tableCount{{1000, 601}}, 500, true},
	}
	for _, c := range cases {
		if got := needsApproval(c.tables, c.approved); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestMergeNamesExactlyWhatDiffers holds merge to the plain definition over two maps.
func TestMergeNamesExactlyWhatDiffers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.MapOf(rapid.Int64Range(-20, 20), rapid.Byte())
		province, national := values.Draw(t, "province"), values.Draw(t, "national")
		got := map[int64]Kind{}
		before := int64(math.MinInt64)
		for _, d := range merge("t", sorted(province), sorted(national)) {
			if d.Key <= before {
				t.Fatalf("key %d after %d", d.Key, before)
			}
			before, got[d.Key] = d.Key, d.Kind
		}
		want := map[int64]Kind{}
		for k, v := range province {
			if w, ok := national[k]; !ok {
				want[k] = Missing
			} else if w != v {
				want[k] = Different
			}
		}
		for k := range national {
			if _, ok := province[k]; !ok {
				want[k] = Extra
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

func sorted(m map[int64]byte) (rows []rowHash) {
	for k := int64(-20); k <= 20; k++ {
		if v, ok := m[k]; ok {
			rows = append(rows, rowHash{k, []byte{v}})
		}
	}
	return rows
}

func TestPagesMustLeaveNoGap(t *testing.T) {
	whole := cutReply{Last: true, Ranges: []Range{{Low: math.MinInt64, High: 5}, {Low: 6, High: math.MaxInt64}}}
	if err := checkPage(whole, math.MinInt64, math.MaxInt64); err != nil {
		t.Fatal(err)
	}
	for name, page := range map[string]cutReply{
		"no ranges":           {Last: true},
		"a gap":               {Last: true, Ranges: []Range{{Low: math.MinInt64, High: 5}, {Low: 7, High: math.MaxInt64}}},
		"begins late":         {Last: true, Ranges: []Range{{Low: 1, High: math.MaxInt64}}},
		"ends early":          {Last: true, Ranges: []Range{{Low: math.MinInt64, High: 5}}},
		"ends without an end": {Ranges: []Range{{Low: math.MinInt64, High: math.MaxInt64}}},
	} {
		if checkPage(page, math.MinInt64, math.MaxInt64) == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestMethodIsChosenByVersionPlatformAndTypes(t *testing.T) {
	a, other, platform := capability{150020, "7"}, capability{170003, "7"}, capability{150020, "8"}
	plain := []replica.Table{{Columns: []replica.Column{{Name: "id", Type: "int8"}, {Name: "name", Type: "text"}}}}
	numeric := []replica.Table{{Columns: []replica.Column{{Name: "id", Type: "int8"}, {Name: "rate", Type: "numeric"}}}}
	for i, c := range []struct {
		a, b   capability
		tables []replica.Table
		want   Method
	}{{a, a, plain, TypedHash}, {a, capability{150018, "7"}, plain, TypedHash}, {a, other, plain, TextMD5}, {a, platform, plain, TextMD5}, {a, a, numeric, TextMD5}} {
		if got := chooseMethod(c.a, c.b, c.tables); got != c.want {
			t.Errorf("case %d: %s, want %s", i, got, c.want)
		}
	}
}

func TestScheduleIsReadInTheProvincesTimeZone(t *testing.T) {
	s, err := parseSchedule("30 2 * * *", "Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	from := mustTime(t, "2026-11-24T10:00:00Z")
	if got, want := s.Next(from), mustTime(t, "2026-11-24T18:30:00Z"); !got.Equal(want) {
		t.Fatalf("next run at %s, want %s", got.UTC(), want)
	}
	if s, err := parseSchedule("", "Asia/Shanghai"); s != nil || err != nil {
		t.Fatalf("empty schedule: %v, %v", s, err)
	}
	for _, bad := range [][2]string{{"30 2 * *", "Asia/Shanghai"}, {"30 2 * * *", "Asia/Nowhere"}, {"", "Mars"}} {
		if _, err := parseSchedule(bad[0], bad[1]); err == nil {
			t.Errorf("%q in %q was taken", bad[0], bad[1])
		}
	}
}

func TestLSNTextForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := LSN(rapid.Uint64().Draw(t, "lsn"))
		text, _ := l.MarshalText()
		var back LSN
		if err := back.UnmarshalText(text); err != nil || back != l {
			t.Fatalf("%s read as %s, %v", l, back, err)
		}
	})
}

func mustTime(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
