package credential

import (
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// Standing is what a key of a credential is worth at the moment at which something
// that it signed is recorded. When it was signed does not matter: nobody but the
// signer knows that, and whoever has a stolen tablet would say what helps.
type Standing string

// The standings. What is late was perhaps signed in time, on a tablet that was
// offline; nobody can tell but the issuer.
const (
	Valid      Standing = "valid"
	Early      Standing = "early"
	Expired    Standing = "expired"
	Withdrawn  Standing = "revoked"
	Superseded Standing = "key-superseded"
)

// Late reports whether the key was good once and is not any more.
func (s Standing) Late() bool { return s == Expired || s == Withdrawn || s == Superseded }

// Standing is that of the key of this number, now.
func (c Credential) Standing(keyNumber uint64, now measure.Time) Standing {
	switch {
	case c.Status == party.Revoked:
		return Withdrawn
	case keyNumber != c.Key.Number:
		return Superseded
	case now < c.Grant.ValidFrom:
		return Early
	case now >= c.Grant.ValidUntil:
		return Expired
	}
	return Valid
}

// Signs refuses what the key of this number has signed, unless it is valid now.
func (c Credential) Signs(keyNumber uint64, now measure.Time) error {
	switch s := c.Standing(keyNumber, now); {
	case s == Early:
		return fault.New(fault.CodeCredentialEarly, "credential %s is not valid yet", c.CredentialID).With("validFrom", string(c.Grant.ValidFrom))
	case s.Late():
		return fault.New(fault.CodeStatementLate, "the statement comes too late (%s): it has no effect unless %s releases it from quarantine", s, c.Issuer).
			With("standing", string(s)).With("issuer", c.Issuer)
	}
	return nil
}
