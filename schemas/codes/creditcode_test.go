package codes_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"jike/schemas/codes"
)

const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// drawCreditCode makes any valid code.
func drawCreditCode(t *rapid.T) codes.CreditCode {
	body := rapid.StringOfN(rapid.SampledFrom([]rune(alphabet)), 16, 16, -1).Draw(t, "body")
	code, err := codes.CompleteCreditCode(body[:8], body[8:])
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestFictionalSamplesAreValid(t *testing.T) {
	for _, sample := range []string{
		"91000000MA00000157", "91000000MA00000A9W", "12000000000000019M", "52000000MJ00000182", "11000000000000027K",
	} {
		code, err := codes.ParseCreditCode(sample)
		if err != nil || code.String() != sample {
			t.Errorf("%s: got %q, %v", sample, code, err)
		}
		if code.Region() != "000000" {
			t.Errorf("%s: region %q", sample, code.Region())
		}
		again, err := codes.CompleteCreditCode(sample[:8], sample[8:16])
		if err != nil || again != code {
			t.Errorf("%s: completed to %q, %v", sample, again, err)
		}
	}
}

func TestCreditCodeSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		in, code string
		flaw     codes.Flaw
	}{
		{"", "credit_code.too_short", codes.FlawShort},
		{"91000000MA0000015", "credit_code.too_short", codes.FlawShort},
		{"91000000MA000001577", "credit_code.too_long", codes.FlawLong},
		{"91000000MA0000O157", "credit_code.character", codes.FlawFormat},
		{"91000000MA福0000157", "credit_code.character", codes.FlawFormat},
		{"91000000MA00000158", "credit_code.check_digit", codes.FlawFormat},
		{"91000000MA00000167", "credit_code.check_digit", codes.FlawFormat},
	} {
		_, err := codes.ParseCreditCode(c.in)
		e, ok := errors.AsType[*codes.Error](err)
		if !ok || e.Code != c.code || e.Flaw != c.flaw {
			t.Errorf("%q: got %v, want %s", c.in, err, c.code)
		}
	}
	// Right in its last digit, wrong in the organisation code's.
	_, err := codes.ParseCreditCode(wrongOrganisation(t))
	if e, ok := errors.AsType[*codes.Error](err); !ok || e.Code != "credit_code.organisation_check_digit" {
		t.Errorf("got %v", err)
	}
}

// wrongOrganisation finds a code whose overall check digit is right and whose inner one is not.
func wrongOrganisation(t *testing.T) string {
	t.Helper()
	for _, last := range alphabet {
		text := "91000000MA0000016" + string(last)
		_, err := codes.ParseCreditCode(text)
		if e, ok := errors.AsType[*codes.Error](err); ok && e.Code != "credit_code.check_digit" {
			return text
		}
	}
	t.Fatal("no last character made the overall check right")
	return ""
}

func TestCreditCodeIsTolerantInAndOneFormOut(t *testing.T) {
	for _, in := range []string{
		" 91000000ma00000157 ", "９１０００000MA00000157", "910000-00MA0000015-7", "9100 0000 MA00 0001 57",
	} {
		if code, err := codes.ParseCreditCode(in); err != nil || code != "91000000MA00000157" {
			t.Errorf("%q: got %q, %v", in, code, err)
		}
	}
}

func TestCreditCodeDetectsEverySubstitution(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := drawCreditCode(t)
		if parsed, err := codes.ParseCreditCode(string(code)); err != nil || parsed != code {
			t.Fatalf("%s: %q %v", code, parsed, err)
		}
		at := rapid.IntRange(0, 17).Draw(t, "at")
		other := rapid.SampledFrom(strings.Split(alphabet, "")).Draw(t, "other")
		if other == string(code[at]) {
			return
		}
		// The modulus 31 is prime and no weight is a multiple of it: no single substitution passes.
		mutant := string(code[:at]) + other + string(code[at+1:])
		if _, err := codes.ParseCreditCode(mutant); err == nil {
			t.Fatalf("%s passes as %s", code, mutant)
		}
	})
}

func TestCreditCodeText(t *testing.T) {
	var code codes.CreditCode
	if err := code.UnmarshalText(nil); err != nil || code != "" {
		t.Fatalf("empty text: %q %v", code, err)
	}
	rapid.Check(t, func(t *rapid.T) {
		text, err := drawCreditCode(t).MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var back codes.CreditCode
		if err := back.UnmarshalText(text); err != nil || string(back) != string(text) {
			t.Fatalf("%s came back as %q, %v", text, back, err)
		}
	})
}

func FuzzParseCreditCode(f *testing.F) {
	f.Add("91000000MA00000157")
	f.Add("９1000000ma0000015７")
	f.Fuzz(func(t *testing.T, text string) {
		code, err := codes.ParseCreditCode(text)
		if err != nil {
			return
		}
		if again, err := codes.ParseCreditCode(string(code)); err != nil || again != code {
			t.Fatalf("%q gave %q, which gives %q, %v", text, code, again, err)
		}
	})
}
