package codes

import (
	"math"
	"strconv"
	"strings"
)

// FormatYuan writes an amount of fen as yuan with two decimals, such as -1234.05. The portal's
// JSON carries fen as numbers; this form is for partner messages and for people.
func FormatYuan(fen int64) string {
	sign, abs := "", uint64(fen)
	if fen < 0 {
		sign, abs = "-", -abs // two's complement: right for the least int64 too
	}
	cents := strconv.FormatUint(abs%100, 10)
	if len(cents) == 1 {
		cents = "0" + cents
	}
	return sign + strconv.FormatUint(abs/100, 10) + "." + cents
}

// ParseYuan reads an amount in yuan, with at most two decimals and optional thousands commas and ¥,
// as fen. It returns an *Error with the code amount.format, amount.decimals (more than two) or
// amount.range (does not fit).
func ParseYuan(text string) (int64, error) {
	value := narrow(text)
	negative := strings.HasPrefix(value, "-")
	value = strings.TrimPrefix(value, "-")
	for _, mark := range []string{"¥", "￥"} {
		value = strings.TrimPrefix(value, mark)
	}
	whole, decimals, pointed := strings.Cut(value, ".")
	whole, ok := ungroup(whole)
	if !ok || pointed && decimals == "" || !allDigits(decimals) {
		return 0, wrong(FlawFormat, "amount.format", map[string]any{"value": excerpt(text)})
	}
	if len(decimals) > 2 {
		return 0, wrong(FlawFormat, "amount.decimals", map[string]any{"value": excerpt(text), "max": 2})
	}
	fen, err := strconv.ParseUint(whole+(decimals + "00")[:2], 10, 64)
	if err != nil || fen > math.MaxInt64 {
		return 0, wrong(FlawRange, "amount.range", map[string]any{"value": excerpt(text)})
	}
	if negative {
		return -int64(fen), nil
	}
	return int64(fen), nil
}

// ungroup removes thousands commas where they stand right: 1,234,567.
func ungroup(whole string) (string, bool) {
	groups := strings.Split(whole, ",")
	for i, group := range groups {
		if !allDigits(group) || group == "" || i > 0 && len(group) != 3 || i == 0 && len(groups) > 1 && len(group) > 3 {
			return "", false
		}
	}
	return strings.Join(groups, ""), true
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
