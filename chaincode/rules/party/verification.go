package party

import (
	"cmp"
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// VerificationStatus is where a verification stands; one that is given ends by itself.
type VerificationStatus string

// The statuses of a verification.
const (
	VerificationGiven     VerificationStatus = "given"
	VerificationWithdrawn VerificationStatus = "withdrawn"
)

// Verification is a registrar's word that an organisation is who it says (ID7). It is
// changed once, if the registrar takes it back.
type Verification struct {
	MSPID         string             `json:"mspId"` // of the organisation that was verified
	Number        uint64             `json:"number"`
	Registrar     string             `json:"registrar"` // MSP id
	Evidence      string             `json:"evidence"`  // what was looked at, such as an entry in a register of companies
	Reference     string             `json:"reference"` // where that is found
	EvidenceHash  string             `json:"evidenceHash"`
	Status        VerificationStatus `json:"status"`
	Since         measure.Time       `json:"since"`
	Until         measure.Time       `json:"until"`
	WithdrawnFor  string             `json:"withdrawnFor,omitempty" metadata:",optional"`
	ChangedAt     measure.Time       `json:"changedAt"`
	TransactionID string             `json:"transactionId"` // that changed it last
}

// Standing says by whom an organisation is verified. It is kept under a key of its own,
// which registrars alone write: were it in the organisation's record, which every check
// of a role reads, a registrar could stop all that the organisation does, by verifying
// it again and again.
type Standing struct {
	MSPID         string       `json:"mspId"`
	Verified      []Verified   `json:"verified"`      // by registrar
	Verifications uint64       `json:"verifications"` // how many records of that there are
	ChangedAt     measure.Time `json:"changedAt"`
}

// With is the organisation with by whom it is verified.
func (o Organisation) With(s Standing) Organisation {
	o.Verified, o.Verifications = s.Verified, s.Verifications
	return o
}

// Verified is one registrar's word that holds, with the number of its record.
type Verified struct {
	Registrar string       `json:"registrar"`
	Number    uint64       `json:"number"`
	Since     measure.Time `json:"since"`
	Until     measure.Time `json:"until"`
}

// Bounds of verifications.
const (
	MaxVerificationMonths = 60
	MaxVerified           = 16 // registrars that vouch for one organisation
)

// Verify makes a verification of the organisation, and what stands of it then: the
// registrar's last one takes the place of the one before.
func (s Standing) Verify(v Verification, w When) (Standing, Verification, error) {
	if s.MSPID == w.Actor {
		return s, v, fault.New(fault.CodeNotPermitted, "nobody verifies itself").With("organisation", w.Actor)
	}
	if err := CheckText("evidence", v.Evidence, 1, 100); err != nil {
		return s, v, err
	}
	if err := CheckText("reference", v.Reference, 1, 200); err != nil {
		return s, v, err
	}
	if err := CheckHash("evidenceHash", v.EvidenceHash); err != nil {
		return s, v, err
	}
	if v.Until <= w.Now || v.Until > w.Now.AddMonths(MaxVerificationMonths) {
		return s, v, fault.New(fault.CodeInvalid, "validUntil must be in the future, and at most %d months away", MaxVerificationMonths).With("field", "validUntil")
	}
	kept := slices.DeleteFunc(slices.Clone(s.Verified), func(k Verified) bool { return k.Registrar == w.Actor || k.Until < w.Now })
	if len(kept) >= MaxVerified {
		return s, v, fault.New(fault.CodeInvalid, "%s is verified by %d registrars", s.MSPID, len(kept)).With("field", "mspId")
	}
	s.Verifications++
	v.MSPID, v.Number, v.Registrar, v.Status, v.Since = s.MSPID, s.Verifications, w.Actor, VerificationGiven, w.Now
	v.WithdrawnFor, v.ChangedAt, v.TransactionID = "", w.Now, w.TransactionID
	s.Verified = append(kept, Verified{Registrar: w.Actor, Number: v.Number, Since: v.Since, Until: v.Until})
	slices.SortFunc(s.Verified, func(a, b Verified) int { return cmp.Compare(a.Registrar, b.Registrar) })
	s.ChangedAt = w.Now
	return s, v, nil
}

// Withdraw takes a verification back; what was done while it was given stays so. That
// needs no role, since who is no registrar any more still answers for its word.
func (v Verification) Withdraw(s Standing, reason string, w When) (Standing, Verification, error) {
	if v.Registrar != w.Actor {
		return s, v, fault.New(fault.CodeNotPermitted, "%s has not verified %s", w.Actor, s.MSPID).With("organisation", w.Actor)
	}
	if v.Status != VerificationGiven {
		return s, v, fault.New(fault.CodeVerificationOver, "verification %d of %s has been withdrawn", v.Number, s.MSPID)
	}
	if err := CheckText("reason", reason, 1, 200); err != nil {
		return s, v, err
	}
	v.Status, v.WithdrawnFor, v.ChangedAt, v.TransactionID = VerificationWithdrawn, reason, w.Now, w.TransactionID
	s.Verified = slices.DeleteFunc(slices.Clone(s.Verified), func(k Verified) bool { return k.Registrar == v.Registrar && k.Number == v.Number })
	s.ChangedAt = w.Now
	return s, v, nil
}
