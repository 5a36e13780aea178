package charset

import (
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// table holds the two-byte codes. x/text follows the WHATWG tables, which mix three things that
// the rest of the world keeps apart: GBK, the 80 codes that only GB 18030 has, and the euro sign
// of Windows. The tables here are x/text's, corrected to what iconv and the standards say.
type table struct {
	runes map[uint16]rune // code to character, both sets
	codes map[rune]uint16 // and back
}

// lately are the codes that GB 18030-2005 and -2022 moved from the private use area to characters.
var lately = map[uint16]rune{
	0xA8BC: 'ḿ', 0xFE51: '𠂇', 0xFE52: '𠂉', 0xFE53: '𠃌', 0xFE59: '龴', 0xFE61: '龵', 0xFE66: '龶',
	0xFE67: '龷', 0xFE6C: '𡗗', 0xFE6D: '龸', 0xFE76: '𢦏', 0xFE7E: '龹', 0xFE90: '龺', 0xFE91: '𤇾',
	0xFEA0: '龻', 0xA6D9: '︐', 0xA6DA: '︒', 0xA6DB: '︑', 0xA6DC: '︓', 0xA6DD: '︔', 0xA6DE: '︕', 0xA6DF: '︖',
	0xA6EC: '︗', 0xA6ED: '︘', 0xA6F3: '︙',
}

// replacement is the four-byte code of U+FFFD, which x/text cannot tell from its own error mark.
const replacement = "\x84\x31\xA4\x37"

// onlyGB18030 says whether a two-byte code is assigned in GB 18030 but not in GBK.
func onlyGB18030(code uint16) bool {
	if _, late := lately[code]; late {
		return true
	}
	switch {
	case code == 0xA2E3, code == 0xA8BF:
		return true
	case 0xA989 <= code && code <= 0xA995, 0xFE50 <= code && code <= 0xFEA0:
		return true
	}
	return false
}

var tables = sync.OnceValue(func() *table {
	t := &table{runes: make(map[uint16]rune, 24000), codes: make(map[rune]uint16, 24000)}
	decoder := simplifiedchinese.GB18030.NewDecoder()
	for high := 0x81; high <= 0xFE; high++ {
		for low := 0x40; low <= 0xFE; low++ {
			code := uint16(high<<8 | low)
			r, late := lately[code]
			if !late {
				text, err := decoder.Bytes([]byte{byte(high), byte(low)})
				if err != nil {
					continue
				}
				var size int
				if r, size = utf8.DecodeRune(text); size != len(text) {
					continue
				}
			}
			// A3A0 is a second code of the ideographic space that nothing else reads so.
			if r == utf8.RuneError || isPrivate(r) || code == 0xA3A0 {
				continue
			}
			t.runes[code], t.codes[r] = r, code
		}
	}
	return t
})

// decode reads the character at the start of text, whose first byte is not ASCII. Size 0 means
// that there is none.
func (t *table) decode(c Charset, text []byte) (r rune, size int) {
	if c == GBK && text[0] == 0x80 { // as Windows has it, and iconv
		return '€', 1
	}
	if len(text) < 2 {
		return 0, 0
	}
	if '0' <= text[1] && text[1] <= '9' {
		return t.decodeFour(c, text)
	}
	code := uint16(text[0])<<8 | uint16(text[1])
	if c == GBK && onlyGB18030(code) {
		return 0, 0
	}
	r, ok := t.runes[code]
	if !ok {
		return 0, 0
	}
	return r, 2
}

// decodeFour reads a four-byte code of GB 18030.
func (t *table) decodeFour(c Charset, text []byte) (rune, int) {
	if c != GB18030 || len(text) < 4 {
		return 0, 0
	}
	if string(text[:4]) == replacement {
		return utf8.RuneError, 4
	}
	decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(text[:4])
	if err != nil {
		return 0, 0
	}
	r, size := utf8.DecodeRune(decoded)
	if size != len(decoded) || r == utf8.RuneError || isPrivate(r) {
		return 0, 0
	}
	// A character with a two-byte code has no second one.
	if _, two := t.codes[r]; two {
		return 0, 0
	}
	return r, 4
}

// encode gives the character's code, or nil if the set has none.
func (t *table) encode(c Charset, r rune) []byte {
	switch {
	case c == GBK && r == '€':
		return []byte{0x80}
	case c == GB18030 && r == utf8.RuneError:
		return []byte(replacement)
	}
	if code, ok := t.codes[r]; ok {
		if c == GBK && onlyGB18030(code) {
			return nil
		}
		return []byte{byte(code >> 8), byte(code)}
	}
	if c != GB18030 || isPrivate(r) {
		return nil
	}
	code, err := simplifiedchinese.GB18030.NewEncoder().Bytes(utf8.AppendRune(nil, r))
	if err != nil || len(code) != 4 {
		return nil
	}
	if back, size := t.decodeFour(c, code); size != 4 || back != r {
		return nil
	}
	return code
}

// isPrivate says whether a character is for private use: two systems need not mean the same by it.
func isPrivate(r rune) bool {
	return 0xE000 <= r && r <= 0xF8FF || 0xF0000 <= r && r <= 0x10FFFF
}
