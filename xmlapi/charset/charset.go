// Package charset reads and writes the three character sets that partners speak: UTF-8, GBK and
// GB18030.
//
// Reading is strict: a byte sequence that the declared set does not assign is an error, never
// U+FFFD. Writing never fails: a character that the set lacks becomes a character reference
// (&#N;), which is right wherever text may stand in an XML document.
package charset

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Charset is one of the character sets. The zero value is none of them.
type Charset uint8

// The character sets.
const (
	UTF8 Charset = iota + 1
	GBK
	GB18030
)

// InvalidError says where a text stops being valid in its character set.
type InvalidError struct {
	Charset Charset
	Offset  int // of the first byte of the invalid sequence
}

// Error names the set and the offset.
func (e *InvalidError) Error() string {
	return fmt.Sprintf("byte %d is not valid %s", e.Offset, e.Charset)
}

// UnknownError is a label that names no set spoken here.
type UnknownError struct{ Label string }

// Error repeats the label.
func (e *UnknownError) Error() string { return fmt.Sprintf("charset %q is not known", e.Label) }

// Lookup finds a set by a label as it stands in an XML declaration or a content type, in any
// case. It returns an *UnknownError for every other label.
func Lookup(label string) (Charset, error) {
	switch strings.ToLower(label) {
	case "utf-8", "utf8":
		return UTF8, nil
	case "gbk", "gb2312", "cp936":
		return GBK, nil
	case "gb18030":
		return GB18030, nil
	}
	return 0, &UnknownError{label}
}

// String is the label that is written: UTF-8, GBK or GB18030.
func (c Charset) String() string {
	switch c {
	case UTF8:
		return "UTF-8"
	case GBK:
		return "GBK"
	case GB18030:
		return "GB18030"
	}
	return "none"
}

// Decode reads text. It returns an *InvalidError for the first byte sequence that the set does
// not assign.
func (c Charset) Decode(text []byte) (string, error) {
	if c == UTF8 {
		return decodeUTF8(text)
	}
	t := tables()
	var out strings.Builder
	out.Grow(len(text) + len(text)/2)
	for at := 0; at < len(text); {
		if text[at] < utf8.RuneSelf {
			out.WriteByte(text[at])
			at++
			continue
		}
		r, size := t.decode(c, text[at:])
		if size == 0 {
			return "", &InvalidError{c, at}
		}
		out.WriteRune(r)
		at += size
	}
	return out.String(), nil
}

func decodeUTF8(text []byte) (string, error) {
	if utf8.Valid(text) {
		return string(text), nil
	}
	at := 0
	for at < len(text) {
		r, size := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return "", &InvalidError{UTF8, at}
}

// Encode writes a valid UTF-8 text; what the set lacks becomes &#N;.
func (c Charset) Encode(text string) []byte {
	if c == UTF8 {
		return []byte(text)
	}
	t := tables()
	out := make([]byte, 0, len(text))
	for _, r := range text {
		if r < utf8.RuneSelf {
			out = append(out, byte(r))
			continue
		}
		if code := t.encode(c, r); code != nil {
			out = append(out, code...)
			continue
		}
		out = append(out, "&#"...)
		out = strconv.AppendInt(out, int64(r), 10)
		out = append(out, ';')
	}
	return out
}
