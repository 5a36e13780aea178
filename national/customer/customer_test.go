package customer

import (
	"slices"
	"strings"
	"testing"
)

func TestParseQuery(t *testing.T) {
	for in, want := range map[string]query{
		"澄川":           {words: []string{"澄川"}},
		" 澄川　ＡＢＣ ":     {words: []string{"澄川", "abc"}},
		"5910":         {words: []string{"5910"}, code: "5910"},
		"ma00":         {words: []string{"ma00"}, code: "MA00"},
		"ab":           {words: []string{"ab"}},
		"5910 5710":    {words: []string{"5910", "5710"}},
		"":             {},
		"\t":           {},
		"100%":         {words: []string{"100%"}},
		"91000000-MA0": {words: []string{"91000000-ma0"}},
	} {
		got := parseQuery(in)
		if !slices.Equal(got.words, want.words) || got.code != want.code {
			t.Errorf("%q: got %+v, want %+v", in, got, want)
		}
	}
}

func TestFilterBounds(t *testing.T) {
	good := Filter{Sort: "name", Page: 1, Size: 20}
	if err := good.check(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Filter){
		"page": func(f *Filter) { f.Page = 0 },
		"size": func(f *Filter) { f.Size = MaxPageSize + 1 },
		"none": func(f *Filter) { f.Size = 0 },
		"sort": func(f *Filter) { f.Sort = "profile" },
		"text": func(f *Filter) { f.Text = strings.Repeat("字", 101) },
	} {
		bad := good
		change(&bad)
		if bad.check() == nil {
			t.Errorf("%s out of bounds is accepted", name)
		}
	}
	for _, key := range SortKeys() {
		if sortColumns[key] == "" {
			t.Errorf("sort key %s has no column", key)
		}
	}
}
