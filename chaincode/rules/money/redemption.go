package money

import (
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// MaxPaymentText bounds what is said of a payment outside the ledger.
const MaxPaymentText = 200

// RedemptionStatus is how far a redemption is.
type RedemptionStatus string

// The statuses. All but the first are final.
const (
	RedemptionRequested RedemptionStatus = "requested"
	RedemptionConfirmed RedemptionStatus = "confirmed"
	RedemptionDeclined  RedemptionStatus = "declined"
	RedemptionWithdrawn RedemptionStatus = "withdrawn"
)

// Redemption is tokens that a holder asks an issuer to pay out (SH13). They are
// set aside here until the issuer has paid, or they go back.
type Redemption struct {
	RedemptionID string           `json:"redemptionId"`
	Holder       string           `json:"holder"` // MSP id
	Issuer       string           `json:"issuer"` // MSP id
	Currency     Currency         `json:"currency"`
	AmountMinor  Minor            `json:"amountMinor"`
	PayTo        string           `json:"payTo"` // where the holder wants the money, such as a bank reference
	Status       RedemptionStatus `json:"status"`
	// Reference is that of the payment, in the issuer's words.
	Reference     string       `json:"reference,omitempty" metadata:",optional"`
	Reason        string       `json:"reason,omitempty" metadata:",optional"` // why it is declined
	RequestedAt   measure.Time `json:"requestedAt"`
	ChangedAt     measure.Time `json:"changedAt"`
	TransactionID string       `json:"transactionId"` // that made the status what it is
}

// When says who acts, when, and in which transaction.
type When struct {
	Actor         string
	Now           measure.Time
	TransactionID string
}

// RequestRedemption sets tokens aside. Whoever issued them, an issuer redeems
// what it holds itself without asking itself.
func RequestRedemption(r Redemption, w When) (Redemption, error) {
	if err := party.CheckID("redemptionId", r.RedemptionID); err != nil {
		return r, err
	}
	if err := party.CheckText("payTo", r.PayTo, 1, MaxPaymentText); err != nil {
		return r, err
	}
	if err := r.Currency.Check(); err != nil {
		return r, err
	}
	if err := r.AmountMinor.CheckPositive("amountMinor"); err != nil {
		return r, err
	}
	if r.Issuer == w.Actor {
		return r, fault.New(fault.CodeInvalid, "%s redeems tokens that it holds itself by settlement:Redeem", w.Actor).With("field", "issuer")
	}
	r.Holder, r.Status, r.Reference, r.Reason = w.Actor, RedemptionRequested, "", ""
	r.RequestedAt, r.ChangedAt, r.TransactionID = w.Now, w.Now, w.TransactionID
	return r, nil
}

// Confirm is the issuer's word that it has paid, or has ordered the payment so
// that it cannot be called back.
func (r Redemption) Confirm(reference string, w When) (Redemption, error) {
	if err := party.CheckText("reference", reference, 1, MaxPaymentText); err != nil {
		return r, err
	}
	r, err := r.end(RedemptionConfirmed, r.Issuer, w)
	if err == nil {
		r.Reference = reference
	}
	return r, err
}

// Decline is the issuer's word that it will not pay; the tokens go back.
func (r Redemption) Decline(reason string, w When) (Redemption, error) {
	if err := party.CheckText("reason", reason, 1, MaxPaymentText); err != nil {
		return r, err
	}
	r, err := r.end(RedemptionDeclined, r.Issuer, w)
	if err == nil {
		r.Reason = reason
	}
	return r, err
}

// Withdraw takes back a request that is not answered.
func (r Redemption) Withdraw(w When) (Redemption, error) {
	return r.end(RedemptionWithdrawn, r.Holder, w)
}

// end is the one change that there is of a redemption.
func (r Redemption) end(to RedemptionStatus, by string, w When) (Redemption, error) {
	if w.Actor != by {
		return r, fault.New(fault.CodeRedemptionNotParty, "redemption %s is not %s by %s", r.RedemptionID, to, w.Actor).
			With("redemptionId", r.RedemptionID).With("organisation", w.Actor)
	}
	if r.Status != RedemptionRequested {
		return r, fault.New(fault.CodeRedemptionOver, "redemption %s is %s", r.RedemptionID, r.Status).
			With("redemptionId", r.RedemptionID).With("status", string(r.Status))
	}
	r.Status, r.ChangedAt, r.TransactionID = to, max(w.Now, r.ChangedAt), w.TransactionID
	return r, nil
}

// Owes reports whether the redemption is what the credit comes from: its tokens
// went back.
func (r Redemption) Owes(c Credit) bool {
	return (r.Status == RedemptionDeclined || r.Status == RedemptionWithdrawn) && r.RedemptionID == c.Reference && c.Number == 0 &&
		r.Holder == c.Organisation && r.Currency == c.Currency && r.AmountMinor == c.AmountMinor && r.TransactionID == c.CreditID
}
