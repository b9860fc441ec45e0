package measure

import (
	"time"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// Time is a moment in UTC with milliseconds, always written
// "2006-01-02T15:04:05.000Z": so the order of the texts is the order of the
// moments. It is text because it is stored and sent as text (LG5).
type Time string

const timeLayout = "2006-01-02T15:04:05.000Z"

// MaxSkewMs is how far ahead of the transaction's time a claimed time may be:
// clocks of devices and tablets run a little fast.
const MaxSkewMs = 5 * 60 * 1000

// At is the moment of Unix milliseconds.
func At(unixMs int64) Time { return Time(time.UnixMilli(unixMs).UTC().Format(timeLayout)) }

// TimeOf is the moment of t, cut to milliseconds.
func TimeOf(t time.Time) Time { return At(t.UnixMilli()) }

// UnixMs gives Unix milliseconds. Only a Time that came from [At], [TimeOf] or
// [ParseTime] has them; any other text gives the lowest value.
func (t Time) UnixMs() int64 {
	at, err := time.Parse(timeLayout, string(t))
	if err != nil {
		return -1 << 62
	}
	return at.UnixMilli()
}

// Add is the moment ms milliseconds later.
func (t Time) Add(ms int64) Time { return At(t.UnixMs() + ms) }

// AddMonths is the same day and time of day n months later; where that month is
// shorter, the days go on into the next one.
func (t Time) AddMonths(n int64) Time {
	return TimeOf(time.UnixMilli(t.UnixMs()).UTC().AddDate(0, int(n), 0))
}

// ParseTime reads RFC 3339 in UTC ("Z"), years 2000 to 2199, with at most
// milliseconds, and gives the one way in which we write it.
func ParseTime(field, text string) (Time, error) {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || len(text) == 0 || text[len(text)-1] != 'Z' || at.Nanosecond()%1_000_000 != 0 || at.Year() < 2000 || at.Year() > 2199 {
		return "", fault.New(fault.CodeTimeInvalid, "%s is not RFC 3339 in UTC with at most milliseconds", field).With("field", field)
	}
	return TimeOf(at), nil
}
