// Package gs1 owns the form of GS1 keys: check digits, places, and the
// identifiers of single things as EPC pure-identity URNs. It does not own what
// they name, and it does not say whose a company prefix is: GS1 does. Invariant:
// what it accepts has exactly one spelling, so that two texts that differ name
// two things.
package gs1

import (
	"slices"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// ChecksOut reports whether text has n digits, the last of which is the GS1
// check digit of the others: weights 3 and 1 in turn, from the right.
func ChecksOut(text string, n int) bool {
	if len(text) != n || !digits(text) {
		return false
	}
	sum, weight := 0, 1
	for _, c := range slices.Backward([]byte(text)) {
		sum += weight * int(c-'0')
		weight = 4 - weight
	}
	return sum%10 == 0
}

// withCheckDigit appends the digit that [ChecksOut] asks for.
func withCheckDigit(text string) string {
	sum, weight := 0, 3
	for _, c := range slices.Backward([]byte(text)) {
		sum += weight * int(c-'0')
		weight = 4 - weight
	}
	return text + string(rune('0'+(10-sum%10)%10))
}

// CheckLocation refuses what looks like a GLN, 13 digits, and has another check
// digit: a slip of the pen would otherwise be another place.
func CheckLocation(field, place string) error {
	if len(place) == 13 && digits(place) && !ChecksOut(place, 13) {
		return fault.New(fault.CodeIDInvalid, "%s is a GLN with a wrong check digit", field).With("field", field)
	}
	return nil
}

// Scheme is a kind of key for single things.
type Scheme string

// The schemes that a serialised component may be named by.
const (
	SGTIN Scheme = "sgtin" // trade item number and serial number
	GIAI  Scheme = "giai"  // individual asset
	CPI   Scheme = "cpi"   // component or part number and serial number
)

// Serialised is an EPC pure-identity URN taken apart.
type Serialised struct {
	Scheme        Scheme
	CompanyPrefix string // 6 to 12 digits, given by GS1
	Reference     string // of the kind of thing; "" for an individual asset
	Serial        string
}

const urn = "urn:epc:id:"

// Parse takes a URN of one of the schemes apart. Any other identifier is none of
// ours: it comes back without a scheme and without a fault. What begins as a URN
// and is not a good one is refused, since somebody would take it for another's.
func Parse(field, id string) (Serialised, error) {
	if len(id) < len(urn) || !strings.EqualFold(id[:len(urn)], urn) {
		return Serialised{}, nil
	}
	scheme, rest, _ := strings.Cut(id[len(urn):], ":")
	s := Serialised{Scheme: Scheme(scheme)}
	prefix, rest, found := strings.Cut(rest, ".")
	s.CompanyPrefix, s.Serial = prefix, rest
	ok := found && id[:len(urn)] == urn && digits(prefix) && len(prefix) >= 6 && len(prefix) <= 12
	if ok && s.Scheme != GIAI {
		s.Reference, s.Serial, ok = strings.Cut(rest, ".")
	}
	if !ok || !s.ok() {
		return Serialised{}, fault.New(fault.CodeIDInvalid, "%s is not an SGTIN, GIAI or CPI as a URN", field).With("field", field)
	}
	return s, nil
}

// ok holds each scheme to its lengths and characters (GS1 EPC Tag Data Standard).
func (s Serialised) ok() bool {
	switch s.Scheme {
	case SGTIN:
		return len(s.CompanyPrefix)+len(s.Reference) == 13 && digits(s.Reference) && text(s.Serial, 20)
	case GIAI:
		return text(s.Serial, 30-len(s.CompanyPrefix))
	case CPI:
		return part(s.Reference, 30-len(s.CompanyPrefix)) && len(s.Serial) <= 12 && digits(s.Serial) && (s.Serial == "0" || s.Serial[0] != '0')
	}
	return false
}

// GTIN is the trade item number of an SGTIN with its check digit, 14 digits; ""
// for other schemes.
func (s Serialised) GTIN() string {
	if s.Scheme != SGTIN {
		return ""
	}
	return withCheckDigit(s.Reference[:1] + s.CompanyPrefix + s.Reference[1:])
}

// URN is the one spelling that [Parse] takes.
func (s Serialised) URN() string {
	if s.Scheme == GIAI {
		return urn + string(s.Scheme) + ":" + s.CompanyPrefix + "." + s.Serial
	}
	return urn + string(s.Scheme) + ":" + s.CompanyPrefix + "." + s.Reference + "." + s.Serial
}

func digits(s string) bool { return only(s, func(c byte) bool { return c >= '0' && c <= '9' }) }

func text(s string, most int) bool {
	return len(s) <= most && only(s, func(c byte) bool {
		return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '-' || c == '.' || c == '_' || c == ':'
	})
}

func part(s string, most int) bool {
	return len(s) <= most && only(s, func(c byte) bool { return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c == '-' })
}

// only reports whether s has characters, and all of them are good.
func only(s string, good func(byte) bool) bool {
	for i := range len(s) {
		if !good(s[i]) {
			return false
		}
	}
	return s != ""
}
