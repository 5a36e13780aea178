package charset

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// iconv runs the system's iconv, the reference: a missing iconv fails the test.
func iconv(tb testing.TB, input []byte, args ...string) []byte {
	tb.Helper()
	cmd := exec.Command("iconv", args...)
	cmd.Stdin = bytes.NewReader(input)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		tb.Fatalf("iconv: %v", err)
	}
	return out
}

func TestEveryTwoByteCodeAgreesWithIconv(t *testing.T) {
	for _, c := range []Charset{GBK, GB18030} {
		var codes [][]byte
		var input bytes.Buffer
		for high := 0x81; high <= 0xFE; high++ {
			for low := 0x40; low <= 0xFE; low++ {
				if low == 0x7F {
					continue
				}
				code := []byte{byte(high), byte(low)}
				codes = append(codes, code)
				input.Write(code)
				input.WriteByte('\n')
			}
		}
		lines := strings.Split(string(iconv(t, input.Bytes(), "-c", "-f", c.String(), "-t", "UTF-8")), "\n")
		if len(lines) != len(codes)+1 {
			t.Fatalf("%s: iconv gave %d lines for %d codes", c, len(lines), len(codes))
		}
		for i, code := range codes {
			want, _ := utf8.DecodeRuneInString(lines[i])
			got, err := c.Decode(code)
			if lines[i] == "" || isPrivate(want) {
				if err == nil {
					t.Errorf("%s %X: read as %q, iconv has %q", c, code, got, lines[i])
				}
			} else if err != nil || got != lines[i] {
				t.Errorf("%s %X: read as %q (%v), iconv has %q", c, code, got, err, lines[i])
			}
		}
	}
}

func TestEveryCharacterIsWrittenAsIconvDoes(t *testing.T) {
	for _, c := range []Charset{GBK, GB18030} {
		var input strings.Builder
		var runes []rune
		for r := rune(0x80); r < 0x30000; r++ {
			if !utf8.ValidRune(r) || isPrivate(r) {
				continue
			}
			runes = append(runes, r)
			input.WriteRune(r)
			input.WriteByte('\n')
		}
		lines := bytes.Split(iconv(t, []byte(input.String()), "-c", "-f", "UTF-8", "-t", c.String()), []byte("\n"))
		if len(lines) != len(runes)+1 {
			t.Fatalf("%s: iconv gave %d lines for %d characters", c, len(lines), len(runes))
		}
		for i, r := range runes {
			want := lines[i]
			if len(want) == 0 {
				want = fmt.Appendf(nil, "&#%d;", r)
			}
			if got := c.Encode(string(r)); !bytes.Equal(got, want) {
				t.Errorf("%s %U: wrote %X %q, iconv %X", c, r, got, got, want)
			}
		}
	}
}

func TestLabels(t *testing.T) {
	for label, want := range map[string]Charset{
		"utf-8": UTF8, "UTF-8": UTF8, "gbk": GBK, "GB2312": GBK, "cp936": GBK, "GB18030": GB18030,
	} {
		if got, err := Lookup(label); got != want || err != nil {
			t.Errorf("%s: got %v, %v", label, got, err)
		}
	}
	for _, label := range []string{"", "latin1", "UTF-16", "gbk ", "windows-936"} {
		if _, err := Lookup(label); err == nil {
			t.Errorf("%q was accepted", label)
		}
	}
}

func TestInvalidBytesAreAnErrorWithTheirPlace(t *testing.T) {
	for _, tc := range []struct {
		charset Charset
		text    string
		offset  int
	}{
		{UTF8, "ab\xff", 2},
		{UTF8, "集\xe9\x9b", 3},
		{UTF8, "\xed\xa0\x80", 0}, // a surrogate
		{GB18030, "a\x80", 1},
		{GBK, "\xa2\xe3", 0}, // the euro sign of GB 18030
		{GBK, "\xbc\xaf\xff", 2},
		{GBK, "\xbc", 0},
		{GBK, "\xbc\x20", 0},
		{GBK, "\x81\x30\x81\x30", 0}, // GB 18030 only
		{GB18030, "\x81\x30\x81", 0},
		{GB18030, "\xfe\x39\xfe\x39", 0},
	} {
		_, err := tc.charset.Decode([]byte(tc.text))
		var invalid *InvalidError
		if !errors.As(err, &invalid) || invalid.Offset != tc.offset {
			t.Errorf("%s %q: got %v, want an error at %d", tc.charset, tc.text, err, tc.offset)
		}
	}
}

func TestTextSurvivesThereAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		for _, c := range []Charset{UTF8, GBK, GB18030} {
			back, err := c.Decode(c.Encode(text))
			if err != nil {
				t.Fatalf("%s: %v", c, err)
			}
			for _, r := range text {
				reference := fmt.Sprintf("&#%d;", r)
				if !strings.ContainsRune(back, r) && !strings.Contains(back, reference) {
					t.Fatalf("%s: %U is lost in %q", c, r, back)
				}
			}
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add(byte(GBK), []byte("\xbc\xaf\xb8\xa3"))
	f.Add(byte(GB18030), []byte("\x95\x32\x82\x36"))
	f.Add(byte(UTF8), []byte("集"))
	f.Fuzz(func(t *testing.T, which byte, text []byte) {
		c := Charset(which%3) + UTF8
		decoded, err := c.Decode(text)
		if err != nil {
			return
		}
		if !utf8.ValidString(decoded) {
			t.Fatalf("%s: %q became invalid UTF-8", c, text)
		}
		// Whatever is accepted has one code only, so that it is written back as it came.
		if got := c.Encode(decoded); !bytes.Equal(got, text) {
			t.Fatalf("%s: %X became %X", c, text, got)
		}
	})
}
