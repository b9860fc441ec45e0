package shipment

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// ReplacedTerms are terms that were proposed and answered with others; they
// never change (SH1).
type ReplacedTerms struct {
	ShipmentID string       `json:"shipmentId"`
	Number     uint64       `json:"number"` // of the event that replaced them
	TermsHash  string       `json:"termsHash"`
	Terms      Terms        `json:"terms"`
	Proposer   string       `json:"proposer"`
	AcceptedBy []string     `json:"acceptedBy"` // who had accepted them, sorted
	ReplacedBy string       `json:"replacedBy"`
	ReplacedAt measure.Time `json:"replacedAt"`
}

// Amend answers the proposed terms with others: a counter-offer. It names the
// hash of those that it answers, so of two counter-offers, or of one and an
// acceptance, that meet, each is about the terms that its sender has seen. A
// party of the present terms makes it, since it is their negotiation, and one of
// the new terms, since nobody proposes what others are to do between them.
// Nobody has accepted the new terms yet, not even who proposes them.
func (s Shipment) Amend(present, next Terms, hash string, w When) (Shipment, ReplacedTerms, JourneyEvent, error) {
	fail := func(err error) (Shipment, ReplacedTerms, JourneyEvent, error) {
		return s, ReplacedTerms{}, JourneyEvent{}, err
	}
	if err := s.expect(Proposed); err != nil {
		return fail(err)
	}
	if !slices.Contains(present.Parties(), w.Actor) {
		return fail(notParty(w.Actor))
	}
	if hash != s.TermsHash {
		return fail(fault.New(fault.CodeTermsChanged, "the terms have another hash").With("termsHash", s.TermsHash))
	}
	if err := next.Check(); err != nil {
		return fail(err)
	}
	if !slices.Contains(next.Parties(), w.Actor) {
		return fail(notParty(w.Actor))
	}
	amended, err := next.Hash()
	if err != nil {
		return fail(err)
	}
	if amended == s.TermsHash {
		return fail(fault.New(fault.CodeTermsSame, "these are the terms that are proposed").With("termsHash", s.TermsHash))
	}
	old := ReplacedTerms{
		ShipmentID: s.ShipmentID, Number: s.Events, TermsHash: s.TermsHash, Terms: present, Proposer: s.Proposer,
		AcceptedBy: s.AcceptedBy, ReplacedBy: w.Actor, ReplacedAt: w.Now,
	}
	s.TermsHash, s.Proposer, s.AcceptedBy = amended, w.Actor, []string{}
	out, e := s.record(TermsAmended, old.Proposer, "", w)
	if old.Proposer == w.Actor {
		e.Counterparty = ""
	}
	return out, old, e, nil
}
