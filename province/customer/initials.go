package customer

import (
	"strings"
	"unicode"

	"github.com/mozillazg/go-pinyin"
	"golang.org/x/text/unicode/norm"
)

// spoken are the words of company names that are not read as their characters are by themselves, with
// their initials, and two characters of which the dictionary prefers the rarer reading.
var spoken = strings.NewReplacer(
	"银行", "yh", "分行", "fh", "支行", "zh", "商行", "sh", "洋行", "yh", "车行", "ch", "琴行", "qh", "行业", "hy",
	"重庆", "cq", "厦门", "xm", "西藏", "xz", "朝阳", "cy", "音乐", "yy", "乐器", "yq", "空调", "kt", "调味", "tw", "会计", "kj",
	"成长", "cz", "家长", "jz", "长", "c", "曾", "z",
)

// Initials are the first letters of a name as it is read in pinyin (首字母): 福建电力 gives fjdl. Latin
// letters and digits stand for themselves, and all else is passed over.
func Initials(name string) string {
	var b strings.Builder
	for _, r := range spoken.Replace(plain(name)) {
		reading := pinyin.PinyinDict[int(r)]
		switch {
		case reading != "":
			b.WriteByte(norm.NFD.String(reading)[0]) // without the tone: ān begins with a
		case r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			b.WriteRune(r)
		}
	}
	return b.String()
}

// asInitials is a search text as the initials that it may be, or "".
func asInitials(text string) string {
	letters := plain(strings.TrimSpace(text))
	if len(letters) < shortest || strings.Trim(letters, "0123456789abcdefghijklmnopqrstuvwxyz") != "" {
		return ""
	}
	return letters
}
