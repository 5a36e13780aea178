package document

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// name reads a name, at most one colon in it; empty if there is none.
func (p *parser) name() string {
	start, colon := p.pos, -1
	for p.pos < len(p.text) {
		r, size := rune(p.text[p.pos]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(p.text[p.pos:])
		}
		switch {
		case r == ':':
			if colon >= 0 || p.pos == start {
				return ""
			}
			colon = p.pos
		case p.pos == start || p.pos == colon+1 && colon >= 0:
			if !isNameStart(r) {
				return ""
			}
		case !isNameStart(r) && !isNamePart(r):
			if colon >= 0 && p.pos == colon+1 {
				return ""
			}
			return p.text[start:p.pos]
		}
		p.pos += size
	}
	if colon >= 0 && p.pos == colon+1 {
		return ""
	}
	return p.text[start:p.pos]
}

func (p *parser) space() bool {
	start := p.pos
	for p.pos < len(p.text) && isSpace(p.text[p.pos]) {
		p.pos++
	}
	return p.pos > start
}

// resolve gives the meaning of text with references in it.
func (p *parser) resolve(raw string) (string, error) {
	if err := p.checkCharacters(raw); err != nil {
		return "", err
	}
	raw = newlines(raw)
	if !strings.Contains(raw, "&") {
		return raw, nil
	}
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(raw, "&")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		name, after, closed := strings.Cut(rest, ";")
		r, known := reference(name)
		if !closed || !known {
			return "", p.fail(CodeEntity)
		}
		out.WriteRune(r)
		raw = after
	}
}

// reference resolves what stands between & and ;.
func reference(name string) (rune, bool) {
	switch name {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	digits, base := strings.TrimPrefix(name, "#"), 10
	if digits == name {
		return 0, false
	}
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	if digits == "" || strings.ContainsAny(digits, "+-_") {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n > utf8.MaxRune || !isCharacter(rune(n)) {
		return 0, false
	}
	return rune(n), true
}

func (p *parser) checkCharacters(s string) error {
	for _, r := range s {
		if !isCharacter(r) {
			return p.fail(CodeCharacter)
		}
	}
	return nil
}

// newlines makes every line end a line feed, as XML asks.
func newlines(s string) string {
	if !strings.Contains(s, "\r") {
		return s
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }

// isCharacter is the production Char of XML 1.0.
func isCharacter(r rune) bool {
	return r >= 0x20 && r <= 0xD7FF || r == '\t' || r == '\n' || r == '\r' || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= utf8.MaxRune
}

// isNameStart is the production NameStartChar of XML 1.0, fifth edition, without the colon.
func isNameStart(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '_',
		r >= 0xC0 && r <= 0x2FF && r != 0xD7 && r != 0xF7, r >= 0x370 && r <= 0x1FFF && r != 0x37E,
		r >= 0x200C && r <= 0x200D, r >= 0x2070 && r <= 0x218F, r >= 0x2C00 && r <= 0x2FEF,
		r >= 0x3001 && r <= 0xD7FF, r >= 0xF900 && r <= 0xFDCF, r >= 0xFDF0 && r <= 0xFFFD,
		r >= 0x10000 && r <= 0xEFFFF:
		return true
	}
	return false
}

// isNamePart is what NameChar has beyond NameStartChar.
func isNamePart(r rune) bool {
	return r == '-' || r == '.' || r >= '0' && r <= '9' || r == 0xB7 || r >= 0x300 && r <= 0x36F || r >= 0x203F && r <= 0x2040
}
