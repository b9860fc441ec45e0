package measure

import (
	"errors"
	"math"
	"strconv"
)

// ErrNotDecimal says that a text is not a decimal number of this package.
var ErrNotDecimal = errors.New("not a decimal number with at most three decimals")

// ErrRange says that a number has no room in 64 bits of thousandths.
var ErrRange = errors.New("number out of range")

// ParseMilli reads a decimal such as "16.241", "33" or "-0.5" as thousandths:
// 16241, 33000, -500. At most three decimals, since a fourth could not be kept;
// no exponent, plus sign, blank, leading zero, or bare point, so that one number
// has few spellings. Never goes through floating point.
func ParseMilli(s string) (int64, error) {
	rest, negative := s, false
	if rest != "" && rest[0] == '-' {
		rest, negative = rest[1:], true
	}
	whole, decimals, pointed := rest, "", false
	for i := range len(rest) {
		if rest[i] == '.' {
			whole, decimals, pointed = rest[:i], rest[i+1:], true
			break
		}
	}
	if !digits(whole) || len(whole) > 1 && whole[0] == '0' {
		return 0, ErrNotDecimal
	}
	if pointed && (!digits(decimals) || len(decimals) > 3) {
		return 0, ErrNotDecimal
	}
	// -2^63 thousandths is the one value whose magnitude exceeds the greatest.
	limit := uint64(math.MaxInt64)
	if negative {
		limit++
	}
	var n uint64
	for i := range len(whole) + 3 {
		var d uint64
		switch j := i - len(whole); {
		case j < 0:
			d = uint64(whole[i] - '0')
		case j < len(decimals):
			d = uint64(decimals[j] - '0')
		}
		if n > (limit-d)/10 {
			return 0, ErrRange
		}
		n = n*10 + d
	}
	if negative {
		return int64(-n), nil
	}
	return int64(n), nil
}

func digits(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// FormatMilli writes thousandths as the shortest decimal: 16241 is "16.241",
// 33000 is "33", -500 is "-0.5". [ParseMilli] reads it back.
func FormatMilli(v int64) string {
	a := magnitude(v)
	b := make([]byte, 0, 24)
	if v < 0 {
		b = append(b, '-')
	}
	b = strconv.AppendUint(b, a/1000, 10)
	if f := a % 1000; f != 0 {
		b = append(b, '.', byte('0'+f/100), byte('0'+f/10%10), byte('0'+f%10))
		for b[len(b)-1] == '0' {
			b = b[:len(b)-1]
		}
	}
	return string(b)
}
