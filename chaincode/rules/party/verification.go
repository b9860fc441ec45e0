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

// Verified says by whom an organisation is verified, with the number of the record.
type Verified struct {
	Registrar string       `json:"registrar"`
	Number    uint64       `json:"number"`
	Since     measure.Time `json:"since"`
	Until     measure.Time `json:"until"`
}

// Bounds of verifications.
const (
	MaxVerificationMonths = 60
	MaxVerified           = 16 // registrars that an organisation's record names
)

// Verify makes a verification of o, and o as it is with it: the registrar's last one
// takes the place of the one before.
func (o Organisation) Verify(v Verification, w When) (Organisation, Verification, error) {
	if o.MSPID == w.Actor {
		return o, v, fault.New(fault.CodeNotPermitted, "nobody verifies itself").With("organisation", w.Actor)
	}
	if err := CheckText("evidence", v.Evidence, 1, 100); err != nil {
		return o, v, err
	}
	if err := CheckText("reference", v.Reference, 1, 200); err != nil {
		return o, v, err
	}
	if err := CheckHash("evidenceHash", v.EvidenceHash); err != nil {
		return o, v, err
	}
	if v.Until <= w.Now || v.Until > w.Now.AddMonths(MaxVerificationMonths) {
		return o, v, fault.New(fault.CodeInvalid, "validUntil must be in the future, and at most %d months away", MaxVerificationMonths).With("field", "validUntil")
	}
	o.Verifications++
	v.MSPID, v.Number, v.Registrar, v.Status, v.Since = o.MSPID, o.Verifications, w.Actor, VerificationGiven, w.Now
	v.WithdrawnFor, v.ChangedAt, v.TransactionID = "", w.Now, w.TransactionID
	kept := slices.DeleteFunc(slices.Clone(o.Verified), func(k Verified) bool { return k.Registrar == w.Actor || k.Until < w.Now })
	if len(kept) >= MaxVerified {
		return o, v, fault.New(fault.CodeInvalid, "%s is verified by %d registrars", o.MSPID, len(kept)).With("field", "mspId")
	}
	o.Verified = append(kept, Verified{Registrar: w.Actor, Number: v.Number, Since: v.Since, Until: v.Until})
	slices.SortFunc(o.Verified, func(a, b Verified) int { return cmp.Compare(a.Registrar, b.Registrar) })
	o.ChangedAt = w.Now
	return o, v, nil
}

// Withdraw takes a verification back; what was done while it was given stays so. That
// needs no role, since who is no registrar any more still answers for its word.
func (v Verification) Withdraw(o Organisation, reason string, w When) (Organisation, Verification, error) {
	if v.Registrar != w.Actor {
		return o, v, fault.New(fault.CodeNotPermitted, "%s has not verified %s", w.Actor, o.MSPID).With("organisation", w.Actor)
	}
	if v.Status != VerificationGiven {
		return o, v, fault.New(fault.CodeVerificationOver, "verification %d of %s has been withdrawn", v.Number, o.MSPID)
	}
	if err := CheckText("reason", reason, 1, 200); err != nil {
		return o, v, err
	}
	v.Status, v.WithdrawnFor, v.ChangedAt, v.TransactionID = VerificationWithdrawn, reason, w.Now, w.TransactionID
	o.Verified = slices.DeleteFunc(slices.Clone(o.Verified), func(k Verified) bool { return k.Registrar == v.Registrar && k.Number == v.Number })
	o.ChangedAt = w.Now
	return o, v, nil
}
