package codes_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"jike/schemas/codes"
)

// nearEqual reports whether any name that one text gives is near-equal to one of the other.
func nearEqual(one, other string) bool {
	return slices.ContainsFunc(codes.CompanyNames(one), func(a codes.CompanyName) bool {
		return slices.ContainsFunc(codes.CompanyNames(other), a.NearEqual)
	})
}

func TestPublishedPairsOfNames(t *testing.T) {
	page, err := os.ReadFile("company-names.md")
	if err != nil {
		t.Fatal(err)
	}
	pairs := map[string]int{}
	for _, line := range strings.Split(string(page), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) != 6 || strings.Contains(line, "---") || strings.Contains(line, "one name") {
			continue
		}
		one, other, same := strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2]), strings.TrimSpace(cells[3])
		pairs[same]++
		for _, pair := range [][2]string{{one, other}, {other, one}} {
			if got := nearEqual(pair[0], pair[1]); got != (same == "yes") {
				t.Errorf("%s and %s: %v, want %s\n%+v\n%+v", pair[0], pair[1], got, same, codes.CompanyNames(pair[0]), codes.CompanyNames(pair[1]))
			}
		}
	}
	if pairs["yes"] < 20 || pairs["no"] < 15 || pairs["yes"]+pairs["no"] < 40 || len(pairs) != 2 {
		t.Errorf("%v pairs read", pairs)
	}
}

var namePieces = []string{"福建", "福州市", "鼓楼区", "晋江市", "榕澄", "第一", "十", "厂", "（", "）", "(原", "曾用名：", "中国", "集团", "有限公司", "分公司", "·"}

func TestAnyTextGivesNamesThatEqualThemselves(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(namePieces), rapid.String()), 0, 8).Draw(rt, "text"), "")
		for i, n := range codes.CompanyNames(text) {
			if n.Core == "" || i > 0 && !n.Former || !n.NearEqual(n) {
				rt.Fatalf("%q gives %+v", text, codes.CompanyNames(text))
			}
		}
	})
}

func TestALegalFormNeverMakesAnotherCompany(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := "榕澄" + strings.Join(rapid.SliceOfN(rapid.SampledFrom(namePieces), 0, 6).Draw(rt, "text"), "")
		if !nearEqual(text, text+"有限公司") {
			rt.Fatalf("%q: %+v, %+v", text, codes.CompanyNames(text), codes.CompanyNames(text+"有限公司"))
		}
	})
}
