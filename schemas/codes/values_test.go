package codes_test

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"jike/schemas/codes"
)

func TestYuan(t *testing.T) {
	for fen, want := range map[int64]string{
		0: "0.00", 1: "0.01", -1: "-0.01", 10: "0.10", 123456: "1234.56", -100: "-1.00",
		math.MaxInt64: "92233720368547758.07", math.MinInt64: "-92233720368547758.08",
	} {
		if got := codes.FormatYuan(fen); got != want {
			t.Errorf("%d: got %s, want %s", fen, got, want)
		}
	}
	for in, want := range map[string]int64{
		"1": 100, "1.5": 150, " 1,234.50 ": 123450, "¥3": 300, "-￥0.01": -1, "０.１０": 10, "92233720368547758.07": math.MaxInt64,
	} {
		if got, err := codes.ParseYuan(in); err != nil || got != want {
			t.Errorf("%q: got %d, %v", in, got, err)
		}
	}
	for in, want := range map[string]string{
		"": "amount.format", "-": "amount.format", ".5": "amount.format", "1.": "amount.format", "1e3": "amount.format",
		"--1": "amount.format", "1,23": "amount.format", "1234,567": "amount.format", "1.005": "amount.decimals",
		"92233720368547758.08": "amount.range", "99999999999999999999": "amount.range", "NaN": "amount.format",
	} {
		_, err := codes.ParseYuan(in)
		if e, ok := errors.AsType[*codes.Error](err); !ok || e.Code != want {
			t.Errorf("%q: got %v, want %s", in, err, want)
		}
	}
}

func TestYuanIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fen := rapid.Int64Range(-math.MaxInt64, math.MaxInt64).Draw(t, "fen")
		text := codes.FormatYuan(fen)
		exact, ok := new(big.Rat).SetString(text)
		if !ok || exact.Mul(exact, big.NewRat(100, 1)).Cmp(new(big.Rat).SetInt64(fen)) != 0 {
			t.Fatalf("%d is written %s", fen, text)
		}
		if back, err := codes.ParseYuan(text); err != nil || back != fen {
			t.Fatalf("%s comes back as %d, %v", text, back, err)
		}
	})
}

func TestPhone(t *testing.T) {
	for in, want := range map[string]codes.Phone{
		"16000000001": "16000000001", "+86 160 0000 0001": "16000000001", "86-16000000001": "16000000001",
		"0086 16000000001": "16000000001", "１６００００0０００１": "16000000001", "1064700000001": "1064700000001",
		"0591-00000001": "0591-00000001", "(0591)00000001": "0591-00000001", "（0591）0000001": "0591-0000001",
		"01000000001": "010-00000001", "02100000001": "021-00000001", "+86 591 00000001": "0591-00000001",
		"+86 10 00000001": "010-00000001",
	} {
		got, err := codes.ParsePhone(in)
		if err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", in, got, err, want)
		}
		if again, err := codes.ParsePhone(string(got)); err != nil || again != got {
			t.Errorf("%q is not stable: %q, %v", got, again, err)
		}
	}
	for _, in := range []string{"", "12345678901", "1600000000", "160000000012", "00000000", "0591-000001", "abc", "+8616000000001x"} {
		_, err := codes.ParsePhone(in)
		if e, ok := errors.AsType[*codes.Error](err); !ok || e.Code != "phone.format" {
			t.Errorf("%q: got %v", in, err)
		}
	}
	if !codes.Phone("16000000001").IsMobile() || codes.Phone("0591-00000001").IsMobile() {
		t.Error("mobile and land line are confused")
	}
}

func FuzzParsePhone(f *testing.F) {
	f.Add("+86 160 0000 0001")
	f.Add("（0591）0000001")
	f.Fuzz(func(t *testing.T, text string) {
		phone, err := codes.ParsePhone(text)
		if err != nil {
			return
		}
		if again, err := codes.ParsePhone(string(phone)); err != nil || again != phone {
			t.Fatalf("%q gave %q, which gives %q, %v", text, phone, again, err)
		}
	})
}

func TestLifecycleNames(t *testing.T) {
	for _, l := range codes.Lifecycles() {
		if l.Name().Chinese == "" || l.Name().English == "" {
			t.Errorf("%s lacks a name", l)
		}
		if back, err := codes.ParseLifecycle(" " + l.String() + " "); err != nil || back != l {
			t.Errorf("%s: %v %v", l, back, err)
		}
	}
}
