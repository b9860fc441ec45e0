package filter

import (
	"time"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// period is a year, a quarter, a month or a day in UTC, from its first moment to the first one after it.
func period(s string) (from, until measure.Time, ok bool) {
	if len(s) == len("2006-Q1") && s[4:6] == "-Q" && s[6] >= '1' && s[6] <= '4' {
		year, err := time.Parse("2006", s[:4])
		start := year.AddDate(0, 3*int(s[6]-'1'), 0)
		return measure.TimeOf(start), measure.TimeOf(start.AddDate(0, 3, 0)), err == nil && inRange(year)
	}
	for layout, length := range map[string][3]int{"2006": {1, 0, 0}, "2006-01": {0, 1, 0}, "2006-01-02": {0, 0, 1}} {
		if len(s) != len(layout) {
			continue
		}
		start, err := time.Parse(layout, s)
		return measure.TimeOf(start), measure.TimeOf(start.AddDate(length[0], length[1], length[2])), err == nil && inRange(start)
	}
	return "", "", false
}

func inRange(t time.Time) bool { return t.Year() >= 2000 && t.Year() < 2199 }
