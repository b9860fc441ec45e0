// Package disclosure owns how an organisation shows third parties what it did
// without saying who it is: pseudonyms, salted commitments, and attestations of
// taking part. It hides nothing from members of the consortium, who see who
// called. Invariant: what is attested names neither the organisation nor a
// shipment, and nobody who holds less than 16 secret bytes can find them out by
// trying the few there are (PV11, ADR 24).
package disclosure

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// Bounds of secrets and of one attestation.
const (
	MinSecret    = 16 // bytes; what keeps three organisations from being tried one after the other
	MaxSecret    = 32 // bytes
	MaxShipments = 50
)

// TakingPart is the role in which an organisation took part in shipments.
type TakingPart string

// The roles. AnyParty does not say which: where few organisations have a role,
// the role alone says who it is.
const (
	AnyParty    TakingPart = "party"
	AsCarrier   TakingPart = "carrier"
	AsConsignor TakingPart = "consignor"
	AsConsignee TakingPart = "consignee"
	AsPayer     TakingPart = "payer"
)

// Parts lists the roles.
func Parts() []TakingPart {
	return []TakingPart{AnyParty, AsCarrier, AsConsignor, AsConsignee, AsPayer}
}

// Pseudonym is the head of a pseudonym's record. It does not say whose it is.
type Pseudonym struct {
	Pseudonym    string       `json:"pseudonym"`
	Attestations uint64       `json:"attestations"` // number of them; the next one has this number
	Shipments    uint64       `json:"shipments"`    // in all of them together; no shipment counts twice
	ChangedAt    measure.Time `json:"changedAt"`
}

// Attestation says, checked by the ledger, that whoever is behind a pseudonym took
// part in so many settled shipments; it never changes.
type Attestation struct {
	Pseudonym string     `json:"pseudonym"`
	Number    uint64     `json:"number"` // from 0, under this pseudonym
	Role      TakingPart `json:"role"`
	Shipments uint64     `json:"shipments"`
	// WithPenalty counts those in which the record charged penalties: to the organisation itself where it was a carrier, to anybody otherwise.
	WithPenalty uint64 `json:"withPenalty"`
	// FromMonth and UntilMonth are the calendar months of the first and the last settlement; days would point at single shipments.
	FromMonth   string       `json:"fromMonth"`
	UntilMonth  string       `json:"untilMonth"`
	Commitments []string     `json:"commitments"` // one for each shipment, sorted
	At          measure.Time `json:"at"`
}

// Salted is a shipment with the salt of its commitment. Who is given both can
// check that the shipment is one of those attested.
type Salted struct {
	ShipmentID string `json:"shipmentId"`
	Salt       string `json:"salt"` // 16 to 32 bytes in hexadecimal, new for each shipment and attestation
}

// Journey is what the ledger knows of one of the shipments.
type Journey struct {
	Shipment  shipment.Shipment
	Terms     shipment.Terms
	Statement shipment.Statement
}

// NameOf is the pseudonym that an organisation has by a secret: nobody finds the
// organisation without the secret, and nobody else has the same pseudonym by it.
func NameOf(ledger, organisation, secret string) (string, error) {
	if err := checkSecret("secret", secret); err != nil {
		return "", err
	}
	return hashed("lifeledger-pseudonym-v1", ledger, organisation, secret), nil
}

// Commit is what an attestation holds of one shipment.
func Commit(ledger, pseudonym string, role TakingPart, s Salted) (string, error) {
	if err := checkSecret("salt", s.Salt); err != nil {
		return "", err
	}
	if err := party.CheckID("shipmentId", s.ShipmentID); err != nil {
		return "", err
	}
	return hashed("lifeledger-participation-v1", ledger, pseudonym, string(role), s.ShipmentID, s.Salt), nil
}

// CountedAs is the key under which a shipment is remembered as counted under a
// pseudonym. It is made with the secret, so that the key does not say which.
func CountedAs(ledger, pseudonym, shipmentID, secret string) string {
	return hashed("lifeledger-counted-v1", ledger, pseudonym, shipmentID, secret)
}

// Attest counts the shipments in which the caller took part. The ones that were
// counted before under the pseudonym are refused before this is called.
func (p Pseudonym) Attest(ledger, organisation string, role TakingPart, salted []Salted, journeys []Journey, now measure.Time) (Pseudonym, Attestation, error) {
	fail := func(err error) (Pseudonym, Attestation, error) { return p, Attestation{}, err }
	a := Attestation{Pseudonym: p.Pseudonym, Number: p.Attestations, Role: role, Commitments: []string{}, At: now}
	for i, s := range salted {
		j := journeys[i]
		if j.Shipment.Status != shipment.Settled || !j.Statement.Final {
			return fail(fault.New(fault.CodeParticipationOpen, "shipment %s is not settled", s.ShipmentID).With("shipmentId", s.ShipmentID))
		}
		if !tookPart(j.Terms, organisation, role) {
			return fail(fault.New(fault.CodeParticipationNone, "%s was not %s of shipment %s", organisation, role, s.ShipmentID).With("shipmentId", s.ShipmentID))
		}
		c, err := Commit(ledger, p.Pseudonym, role, s)
		if err != nil {
			return fail(err)
		}
		a.Commitments = append(a.Commitments, c)
		a.Shipments++
		if charged(j.Statement, organisation) {
			a.WithPenalty++
		}
		month := string(j.Statement.At[:len("2006-01")])
		if a.FromMonth == "" || month < a.FromMonth {
			a.FromMonth = month
		}
		a.UntilMonth = max(a.UntilMonth, month)
	}
	slices.Sort(a.Commitments) // the order of asking says nothing
	p.Attestations++
	p.Shipments += a.Shipments
	p.ChangedAt = now
	return p, a, nil
}

// CheckSalted refuses a list that could be tried out or that counts twice.
func CheckSalted(role TakingPart, salted []Salted) error {
	if !slices.Contains(Parts(), role) {
		return invalid("role", "no role is called %q", string(role))
	}
	if len(salted) < 1 || len(salted) > MaxShipments {
		return invalid("shipments", "there must be 1 to %d shipments", MaxShipments)
	}
	var ids, salts []string
	for _, s := range salted {
		if err := party.CheckID("shipmentId", s.ShipmentID); err != nil {
			return err
		}
		if err := checkSecret("salt", s.Salt); err != nil {
			return err
		}
		ids, salts = append(ids, s.ShipmentID), append(salts, s.Salt)
	}
	if repeats(ids) || repeats(salts) {
		return invalid("shipments", "every shipment is named once, and has a salt of its own")
	}
	return nil
}

// Names reports whether an attestation's pseudonym is this organisation's.
func (a Attestation) Names(ledger, organisation, secret string) error {
	name, err := NameOf(ledger, organisation, secret)
	if err != nil {
		return err
	}
	if name != a.Pseudonym {
		return fault.New(fault.CodeDisclosureWrong, "this organisation and secret do not give the pseudonym")
	}
	return nil
}

// Holds reports whether a shipment is one of those attested.
func (a Attestation) Holds(ledger string, s Salted) error {
	c, err := Commit(ledger, a.Pseudonym, a.Role, s)
	if err != nil {
		return err
	}
	if !slices.Contains(a.Commitments, c) {
		return fault.New(fault.CodeDisclosureWrong, "this shipment and salt do not give a commitment of the attestation")
	}
	return nil
}

func tookPart(t shipment.Terms, organisation string, role TakingPart) bool {
	carries := slices.ContainsFunc(t.Legs, func(l shipment.Leg) bool { return l.Carrier == organisation })
	switch role {
	case AsCarrier:
		return carries
	case AsConsignor:
		return t.Consignor == organisation
	case AsConsignee:
		return t.Consignee == organisation
	case AsPayer:
		return t.Payer == organisation
	}
	return t.Names(organisation)
}

// charged reports whether penalties were charged: to the organisation where it
// carried, to any carrier where it did not.
func charged(st shipment.Statement, organisation string) bool {
	own := slices.ContainsFunc(st.Lines, func(l shipment.Line) bool { return l.Carrier == organisation })
	return slices.ContainsFunc(st.Lines, func(l shipment.Line) bool {
		return l.PenaltyMinor > 0 && (l.Carrier == organisation || !own)
	})
}

func checkSecret(field, text string) error {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) < MinSecret || len(b) > MaxSecret || hex.EncodeToString(b) != text {
		return invalid(field, "%s must be %d to %d bytes in lower-case hexadecimal", field, MinSecret, MaxSecret)
	}
	if strings.Count(text, text[:2]) == len(b) {
		return invalid(field, "%s must be random", field)
	}
	return nil
}

func repeats(list []string) bool {
	sorted := slices.Clone(list)
	slices.Sort(sorted)
	return len(slices.Compact(sorted)) != len(list)
}

// hashed is hex SHA-256 of its parts, one on each line. No part holds a line
// break, so no two lists of parts have the same text.
func hashed(parts ...string) string {
	h := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return hex.EncodeToString(h[:])
}

func invalid(field, format string, args ...any) error {
	return fault.New(fault.CodeParticipationInvalid, format, args...).With("field", field)
}

// Counted remembers that a shipment was counted under a pseudonym, and in which
// attestation; its key does not say which shipment it is.
type Counted struct {
	Pseudonym string `json:"pseudonym"`
	Number    uint64 `json:"number"`
}
