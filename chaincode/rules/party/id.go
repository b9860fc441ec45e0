package party

import (
	"unicode"
	"unicode/utf8"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// MaxID is the longest identifier: a GS1 Digital Link path or an EPC URN fits.
const MaxID = 96

// CheckID accepts 1 to 96 characters of A-Z a-z 0-9 . _ : - that begin with a
// letter or digit: what GS1 keys and EPC URNs need, the same in every script,
// in every address, and in a key of the ledger.
func CheckID(field, id string) error {
	ok := len(id) >= 1 && len(id) <= MaxID
	for i := 0; ok && i < len(id); i++ {
		c := id[i]
		alnum := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		ok = alnum || i > 0 && (c == '.' || c == '_' || c == ':' || c == '-')
	}
	if !ok {
		return fault.New(fault.CodeIDInvalid, "%s must be 1 to %d characters of A-Z a-z 0-9 . _ : - and begin with a letter or digit", field, MaxID).With("field", field)
	}
	return nil
}

// IsHash reports whether text is a SHA-256 in lower-case hexadecimal digits.
func IsHash(text string) bool {
	ok := len(text) == 64
	for i := 0; ok && i < len(text); i++ {
		ok = text[i] >= '0' && text[i] <= '9' || text[i] >= 'a' && text[i] <= 'f'
	}
	return ok
}

// CheckHash accepts what [IsHash] does.
func CheckHash(field, hash string) error {
	if !IsHash(hash) {
		return fault.New(fault.CodeInvalid, "%s must be a SHA-256 in 64 digits 0-9 a-f", field).With("field", field)
	}
	return nil
}

// CheckText accepts text for people: between low and high characters, no
// control or formatting characters (so no hidden direction marks), one line. The
// replacement character is refused as well: decoders put it in the place of what
// is no character (half a surrogate pair), and the sender meant something else.
func CheckText(field, text string, low, high int) error {
	n := utf8.RuneCountInString(text)
	ok := utf8.ValidString(text) && n >= low && n <= high
	for _, r := range text {
		ok = ok && r != utf8.RuneError && !unicode.In(r, unicode.C, unicode.Zl, unicode.Zp)
	}
	if !ok {
		return fault.New(fault.CodeInvalid, "%s must be %d to %d printable characters", field, low, high).With("field", field)
	}
	return nil
}
