package codes_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"jike/schemas/codes"
)

func TestClassCodingsAreOneToOne(t *testing.T) {
	for name, coding := range map[string]codes.ClassCoding{
		"BIP4B254": codes.ClassesBIP4B254, "analysis": codes.ClassesAnalysis,
	} {
		seen := map[string]bool{}
		for _, class := range codes.Classes() {
			wire := coding.Format(class)
			if back, err := coding.Parse(wire); err != nil || back != class || seen[wire] {
				t.Errorf("%s: %s is %q, back %q, %v", name, class, wire, back, err)
			}
			seen[wire] = true
		}
		if coding.Format("E") != "" {
			t.Errorf("%s: an unknown class has a code", name)
		}
	}
	if codes.ClassesBIP4B254.Format(codes.ClassA1) != "01" || codes.ClassesBIP4B254.Format(codes.ClassD) != "06" {
		t.Error("BIP4B254 is 01 for A1 to 06 for D")
	}
	if !codes.ClassA1.Above(codes.ClassA2) || codes.ClassD.Above(codes.ClassC) || codes.ClassC.Above(codes.ClassC) {
		t.Error("the order of the classes is wrong")
	}
}

func TestUnknownCodesAreRefusedByName(t *testing.T) {
	for want, parse := range map[string]func(string) error{
		"class.unknown":            func(s string) error { _, err := codes.ParseClass(s); return err },
		"lifecycle.unknown":        func(s string) error { _, err := codes.ParseLifecycle(s); return err },
		"industry.unknown":         func(s string) error { _, err := codes.ParseIndustry(s); return err },
		"industry_section.unknown": func(s string) error { _, err := codes.ParseSection(s); return err },
		"province.unknown":         func(s string) error { _, err := codes.ParseProvince(s); return err },
		"city.unknown":             func(s string) error { _, err := codes.ParseCity(s); return err },
		"region.unknown":           func(s string) error { _, err := codes.ProvinceOfGB(s); return err },
	} {
		for _, value := range []string{"", "?", "98", "0a", "999", "000000", "990100", "A3", "客户", strings.Repeat("9", 99)} {
			e, ok := errors.AsType[*codes.Error](parse(value))
			if !ok || e.Code != want || e.Flaw != codes.FlawEnumeration {
				t.Errorf("%q: got %v, want %s", value, e, want)
			}
			if ok && len(e.Error()) > 200 {
				t.Errorf("an error carries the whole of a long value: %d bytes", len(e.Error()))
			}
		}
	}
}

func TestIndustriesAreThoseOfTheStandard(t *testing.T) {
	if n := len(codes.Industries()); n != 97 {
		t.Errorf("%d divisions, want 97", n)
	}
	// Section: first and last division, as domain facts give them.
	want := "A0105 B0612 C1343 D4446 E4750 F5152 G5360 H6162 I6365 J6669 K7070 L7172 M7375 N7679 O8082 P8383 Q8485 R8690 S9196 T9797"
	var got []string
	for _, s := range codes.Sections() {
		divisions := s.Divisions()
		got = append(got, string(s)+string(divisions[0])+string(divisions[len(divisions)-1]))
		if s.Name().Chinese == "" || s.Name().English == "" {
			t.Errorf("section %s lacks a name", s)
		}
	}
	if strings.Join(got, " ") != want {
		t.Errorf("sections\n%s, want\n%s", strings.Join(got, " "), want)
	}
	for _, i := range codes.Industries() {
		if i.Name().Chinese == "" || i.Name().English == "" || i.Section() == "" {
			t.Errorf("division %s is incomplete", i)
		}
	}
	for in, want := range map[string]codes.Industry{"65": "65", "I6510": "65", "6510": "65", " c39 ": "39", "０１": "01"} {
		if got, err := codes.ParseIndustry(in); err != nil || got != want {
			t.Errorf("%q: got %q, %v", in, got, err)
		}
	}
	if _, err := codes.ParseIndustry("C65"); err == nil {
		t.Error("a division in another section's letter is accepted")
	}
}

func TestProvincesAndTheirCities(t *testing.T) {
	all := codes.Provinces()
	if len(all) != 31 {
		t.Fatalf("%d provinces, want 31", len(all))
	}
	cities := 0
	seen := map[codes.Province]bool{}
	for _, p := range all {
		if back, err := codes.ParseProvince(p.String()); err != nil || back != p || seen[p] {
			t.Errorf("%s: %v %v", p, back, err)
		}
		seen[p] = true
		if back, err := codes.ProvinceOfGB(p.GB()); err != nil || back != p {
			t.Errorf("%s: GB %s gives %v", p, p.GB(), back)
		}
		own := codes.Cities(p)
		if len(own) == 0 {
			t.Errorf("%s has no city", p)
		}
		for _, c := range own {
			if c.Province() != p || c.Name() == string(c) || c.Short() == "" || !strings.HasPrefix(c.Name(), c.Short()) {
				t.Errorf("%s in %s: province %s, name %q, short %q", c, p, c.Province(), c.Name(), c.Short())
			}
		}
		cities += len(own)
	}
	// 333 units of the prefecture level, the municipalities' five, 32 counties under a province.
	if cities != 333+5+32 {
		t.Errorf("%d cities, want 370", cities)
	}
	if n := len(codes.Cities(591)); n != 9 {
		t.Errorf("Fujian has %d cities, want 9", n)
	}
	if n := len(codes.Cities(571)); n != 11 {
		t.Errorf("Zhejiang has %d cities, want 11", n)
	}
	if hq, err := codes.ParseProvince("000"); err != nil || hq != codes.Headquarters || hq.Known() || hq.String() != "000" {
		t.Errorf("headquarters: %v %v", hq, err)
	}
	if c, err := codes.ParseCity("350102"); err != nil || c != "350100" || c.Name() != "福州市" || c.Short() != "福州" {
		t.Errorf("a county of Fuzhou: %q %v", c, err)
	}
	if codes.Cities(codes.Headquarters) != nil {
		t.Error("headquarters has cities")
	}
}

func TestCodesAreTextInJSON(t *testing.T) {
	type record struct {
		CreditCode codes.CreditCode
		Class      codes.Class
		Lifecycle  codes.Lifecycle
		Industry   codes.Industry
		Section    codes.Section
		City       codes.City
		Phone      codes.Phone
		Province   codes.Province
	}
	rapid.Check(t, func(t *rapid.T) {
		province := rapid.SampledFrom(codes.Provinces()).Draw(t, "province")
		industry := rapid.SampledFrom(codes.Industries()).Draw(t, "industry")
		in := record{
			CreditCode: drawCreditCode(t),
			Class:      rapid.SampledFrom(codes.Classes()).Draw(t, "class"),
			Lifecycle:  rapid.SampledFrom(codes.Lifecycles()).Draw(t, "lifecycle"),
			Industry:   industry, Section: industry.Section(),
			City:     rapid.SampledFrom(codes.Cities(province)).Draw(t, "city"),
			Phone:    "0591-00000001",
			Province: province,
		}
		text, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var out record
		if err := json.Unmarshal(text, &out); err != nil || out != in {
			t.Fatalf("%s came back as %+v, %v", text, out, err)
		}
	})
}
