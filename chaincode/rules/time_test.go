package rules_test

import (
	"testing"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// Every time that comes from outside goes through ParseTime, and everything that
// is stored, compared and used in keys relies on its one form.
func FuzzParseTime(f *testing.F) {
	for _, s := range []string{
		"2026-03-01T08:00:00Z", "2026-03-01T08:00:00.1Z", "2026-03-01T08:00:00.123Z", "2026-03-01T08:00:00.1234Z", "2026-03-01T08:00:00+01:00",
		"2026-02-30T08:00:00Z", "1999-12-31T23:59:59.999Z", "2199-12-31T23:59:59.999Z", "2200-01-01T00:00:00Z", "2026-06-30T23:59:60Z", "", "Z", "2026-03-01 08:00:00Z",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := measure.ParseTime("at", text)
		if err != nil {
			if got != "" || !fault.Is(err, fault.CodeTimeInvalid) {
				t.Fatalf("%q: %q, %v", text, got, err)
			}
			return
		}
		if again, err := measure.ParseTime("at", string(got)); err != nil || again != got {
			t.Fatalf("%q is read as %q, and that as %q, %v", text, got, again, err)
		}
		want, err := time.Parse(time.RFC3339Nano, text)
		if err != nil || got.UnixMs() != want.UnixMilli() || measure.At(got.UnixMs()) != got || len(got) != len("2006-01-02T15:04:05.000Z") {
			t.Fatalf("%q is read as %q (%d ms)", text, got, got.UnixMs())
		}
		if later := got.Add(1); later <= got && got < "2199-12-31T23:59:59.999Z" {
			t.Fatalf("the order of the texts is not that of the moments: %q then %q", got, later)
		}
	})
}
