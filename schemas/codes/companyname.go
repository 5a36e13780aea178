package codes

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// CompanyName is a name of a company with the form in which names are compared. Two names are
// near-equal when their cores are the same and they do not state different places; the pairs in
// company-names.md say what that means and are the test of it.
//
// The core is the name in its plain form (full width, case, spaces and punctuation do not count)
// without the places in front of it, without legal forms (有限公司, 集团, Co., Ltd.) wherever they
// stand, and without what brackets add (（中国）, （集团）). Numbers are written in figures, and stay:
// 第一 and 第二 are two companies. What names a branch stays too: branches of one bank are
// customers of their own.
type CompanyName struct {
	Text   string // as it is written
	Former bool   // an old name that the text mentions: （原…）, （曾用名：…）
	Core   string
	// Place is the smallest place that the name states in front or in brackets: a county by its
	// name, a city or province by its GB/T 2260 code. Empty: none.
	Place string
}

// NearEqual reports whether two names may be of one company.
func (n CompanyName) NearEqual(other CompanyName) bool {
	return n.Core == other.Core && (n.Place == other.Place || n.Place == "" || other.Place == "")
}

// CompanyNames reads a name: the name itself first, then old names that it mentions in brackets.
// A name without a letter or digit gives none.
func CompanyNames(text string) []CompanyName {
	text = strings.TrimSpace(text)
	outside, brackets := unbracket(strings.ToLower(norm.NFKC.String(text)))
	n := CompanyName{Text: text}
	var former []CompanyName
	for _, content := range brackets {
		if old := formerMark.ReplaceAllString(content, ""); old != content {
			if names := CompanyNames(old); len(names) > 0 {
				names[0].Former = true
				former = append(former, names[0])
			}
			continue
		}
		content = squeezeName(content)
		if place, rest := leadingPlace(content); place != "" && rest == "" {
			n.Place = place
		} else if !slices.Contains(bracketNoise, content) {
			outside += content // a branch, a plant, a place that is in no table: it tells apart
		}
	}
	if n.Core = squeezeName(outside); n.Core == "" {
		return former
	}
	if core := withoutLegalForm(n.Core); core != "" {
		n.Core = core
	}
	if place, rest := leadingPlace(n.Core); place != "" && len([]rune(rest)) >= 2 {
		if n.Place != "" && n.Place != place {
			rest += n.Place // the branch of a company of one place in another
		}
		n.Place, n.Core = place, rest
	}
	n.Core = ordinal.ReplaceAllStringFunc(n.Core, figures)
	return append([]CompanyName{n}, former...)
}

var (
	formerMark   = regexp.MustCompile(`^\s*(?:原名称?|曾用名|旧名|前身|原)\s*[为是]?\s*[:：]?\s*`)
	bracketNoise = []string{"", "中国", "集团", "控股", "股份", "有限合伙", "普通合伙", "特殊普通合伙", "个体工商户", "个人独资", "筹", "筹备"}
	// The branch's own word is guarded while the forms are taken away: 分公司 holds 公司.
	legalForms   = strings.NewReplacer("分公司", "分公司", "子公司", "子公司", "集团", "", "股份有限公司", "", "有限责任公司", "", "有限公司", "", "股份公司", "", "总公司", "", "公司", "")
	englishForms = []string{"co", "ltd", "limited", "inc", "incorporated", "corp", "corporation", "company", "llc", "plc", "group"}
	ordinal      = regexp.MustCompile(`第?[零〇一二三四五六七八九十百\d]+(?:分?厂|分?店|分?院|车间|[号中小院队局部所处校期矿建幼])|第[零〇一二三四五六七八九十百\d]+`)
	numerals     = regexp.MustCompile(`[零〇一二三四五六七八九十百]+`)
	county       = regexp.MustCompile(`^(\p{Han}{2})([市县区])`)
)

// unbracket takes the contents of brackets out of a text in compatibility form.
func unbracket(text string) (outside string, contents []string) {
	var out, in strings.Builder
	depth := 0
	for _, r := range text {
		switch {
		case strings.ContainsRune("([{【〔〈《", r):
			if depth++; depth > 1 {
				in.WriteRune(' ')
			}
		case strings.ContainsRune(")]}】〕〉》", r) && depth > 0:
			if depth--; depth == 0 {
				contents = append(contents, in.String())
				in.Reset()
			}
		case depth > 0:
			in.WriteRune(r)
		default:
			out.WriteRune(r)
		}
	}
	return out.String() + in.String(), contents // an open bracket hides nothing
}

// squeezeName drops English legal forms and whatever is neither letter nor digit.
func squeezeName(text string) string {
	words := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	kept := words[:0:0]
	for i, word := range words {
		if i > 0 && slices.Contains(englishForms, word) {
			continue
		}
		kept = append(kept, word)
	}
	return placeTable().plain.Replace(strings.Join(kept, ""))
}

func withoutLegalForm(core string) string {
	core = legalForms.Replace(core)
	if short := strings.TrimSuffix(core, "中国"); len([]rune(short)) >= 2 {
		core = short
	}
	return core
}

// figures writes a number in a name in figures and without 第.
func figures(text string) string {
	return numerals.ReplaceAllStringFunc(strings.TrimPrefix(text, "第"), func(n string) string {
		return strconv.Itoa(chineseNumber(n))
	})
}

// chineseNumber reads a number below a thousand; digits in a row (八一) count as they are written.
func chineseNumber(text string) int {
	units := map[rune]int{'十': 10, '百': 100}
	total, digit, positional := 0, 0, !strings.ContainsAny(text, "十百")
	for _, r := range text {
		if unit := units[r]; unit > 0 {
			total += max(digit, 1) * unit
			digit = 0
			continue
		}
		value := strings.IndexRune("零一二三四五六七八九", r) / len("零")
		if r == '〇' {
			value = 0
		}
		if positional {
			digit = digit*10 + value
		} else {
			digit = value
		}
	}
	return total + digit
}

// places are the names by which provinces and cities stand in company names.
type places struct {
	codes   map[string]string // by short name
	longest int               // characters of the longest
	plain   *strings.Replacer // full names to short ones
}

var placeTable = sync.OnceValue(func() places {
	p := places{codes: map[string]string{}}
	var pairs []string
	add := func(code, full, short string) {
		p.codes[short] = code
		p.longest = max(p.longest, len([]rune(short)))
		if full != short {
			pairs = append(pairs, full, short)
		}
	}
	for _, row := range provinces {
		add(row.gb, row.full, row.name.Chinese)
	}
	for _, row := range cityRows {
		add(string(row.code), row.name, row.short)
	}
	p.plain = strings.NewReplacer(pairs...)
	return p
})

// leadingPlace takes the places in front of a name away, from the province to the county, and gives
// the smallest.
func leadingPlace(text string) (place, rest string) {
	rest = text
	for range 2 {
		code, short := placeTable().at(rest)
		if code == "" {
			break
		}
		place, rest = code, strings.TrimPrefix(rest, short)
	}
	// After a city a district is told by its word; before one only what cannot be part of a brand.
	if found := county.FindStringSubmatch(rest); found != nil && (place != "" || found[2] != "区") {
		if after := strings.TrimPrefix(rest, found[0]); len([]rune(after)) >= 4 {
			place, rest = found[1], after
		}
	}
	return place, rest
}

// at finds the longest known place that a text begins with.
func (p places) at(text string) (code, short string) {
	runes := []rune(text)
	for n := min(p.longest, len(runes)); n >= 2; n-- {
		if code := p.codes[string(runes[:n])]; code != "" {
			return code, string(runes[:n])
		}
	}
	return "", ""
}
