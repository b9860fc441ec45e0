package shipment_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

func TestACounterOfferReplacesTheTermsAndNobodyHasAcceptedIt(t *testing.T) {
	terms := agree(sh7())
	s := proposed(t, terms)
	s, _, err := s.Accept(terms, s.TermsHash, when(buyer, pickedUp))
	wantFault(t, err, "")
	other := agree(sh7())
	other.Legs[0].FeeMinor++
	next, old, e, err := s.Amend(terms, other, s.TermsHash, when(north, pickedUp+second))
	wantFault(t, err, "")
	hash, _ := other.Hash()
	if next.Status != shipment.Proposed || next.TermsHash != hash || next.Proposer != north || len(next.AcceptedBy) != 0 || next.Events != s.Events+1 {
		t.Errorf("the head is %+v", next)
	}
	want := shipment.ReplacedTerms{ShipmentID: "S-1", Number: s.Events, TermsHash: s.TermsHash, Terms: terms, Proposer: maker, AcceptedBy: []string{buyer}, ReplacedBy: north, ReplacedAt: measure.At(pickedUp + second)}
	if diff := cmp.Diff(want, old); diff != "" {
		t.Error(diff)
	}
	if e.Step != shipment.TermsAmended || e.Actor != north || e.Counterparty != maker || e.Number != old.Number {
		t.Errorf("event %+v", e)
	}
	// Who accepts what it saw before is told that it is gone; who accepts the new terms may.
	_, _, err = next.Accept(other, s.TermsHash, when(maker, pickedUp+second))
	wantFault(t, err, fault.CodeTermsChanged)
	_, _, err = next.Accept(other, hash, when(buyer, pickedUp+second))
	wantFault(t, err, "")
	// Who changes its own proposal answers nobody.
	_, _, e, err = next.Amend(other, terms, hash, when(north, pickedUp+2*second))
	wantFault(t, err, "")
	if e.Counterparty != "" {
		t.Errorf("event %+v", e)
	}
}

func TestCounterOffersAreRefused(t *testing.T) {
	terms := agree(sh7())
	s := proposed(t, terms)
	other := agree(sh7())
	other.SettleAfterSeconds++
	without := agree(sh7())
	without.Legs = without.Legs[:1]
	broken := agree(sh7())
	broken.Devices = nil
	withdrawn, _, err := s.Withdraw(terms, when(maker, pickedUp))
	wantFault(t, err, "")
	for name, c := range map[string]struct {
		s     shipment.Shipment
		next  shipment.Terms
		hash  string
		actor string
		want  fault.Code
	}{
		"a party of both":                 {s, other, s.TermsHash, south, ""},
		"a stranger":                      {s, other, s.TermsHash, "StrangerMSP", fault.CodeTermsNotParty},
		"to terms that are gone":          {s, other, "00", south, fault.CodeTermsChanged},
		"the same terms":                  {s, terms, s.TermsHash, south, fault.CodeTermsSame},
		"terms that could not be judged":  {s, broken, s.TermsHash, south, fault.CodeTermsInvalid},
		"by who would not be a party":     {s, without, s.TermsHash, south, fault.CodeTermsNotParty},
		"without a carrier, by another":   {s, without, s.TermsHash, north, ""},
		"when all have agreed":            {agreed(t, terms), other, s.TermsHash, south, fault.CodeShipmentStatus},
		"when the proposal was withdrawn": {withdrawn, other, s.TermsHash, south, fault.CodeShipmentStatus},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, _, err := c.s.Amend(terms, c.next, c.hash, when(c.actor, pickedUp))
			wantFault(t, err, c.want)
		})
	}
}
