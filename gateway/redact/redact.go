// Package redact owns exports of a shipment for third parties: what the ledger
// knows of it with salted pseudonyms in the place of the parties, and openings of
// those who shall be revealed (PV11, docs/disclosure.md). It takes over what it
// names and nothing else, so that a member that a record gets later does not slip
// through. Invariant: within one export a party has one pseudonym; two exports
// share none, and no opening helps to guess another.
package redact

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// Source is what the ledger knows of a shipment.
type Source struct {
	Ledger     string
	Shipment   shipment.Shipment
	Terms      shipment.Terms
	Events     []shipment.JourneyEvent
	Excursions []shipment.Excursion
	Statement  shipment.Statement
}

// Export is a document to hand on, and what opens it. Whoever hands it on keeps
// Kept, and shows more of it when that is needed.
type Export struct {
	Document RedactedJourney `json:"document"`
	Revealed []Opening       `json:"revealed"`
	Kept     []Opening       `json:"kept"`
}

// Opening says who or what is behind a pseudonym: the pseudonym is hex SHA-256 of
// "lifeledger-export-v1", ledger, name and salt, one on each line.
type Opening struct {
	Pseudonym string `json:"pseudonym"`
	Name      string `json:"name"` // MSP id, or shipment id
	Salt      string `json:"salt"` // 16 bytes in hexadecimal, new for each name and export
}

// RedactedJourney is a shipment without names.
type RedactedJourney struct {
	Ledger     string              `json:"ledger"`
	Shipment   string              `json:"shipment"` // pseudonym
	Status     shipment.Status     `json:"status"`
	RuleSet    string              `json:"ruleSet"`
	Currency   money.Currency      `json:"currency"`
	Consignor  string              `json:"consignor"`
	Consignee  string              `json:"consignee"`
	Payer      string              `json:"payer"`
	Carriers   []string            `json:"carriers"` // in the order of the legs
	Events     []RedactedEvent     `json:"events"`
	Excursions []RedactedExcursion `json:"excursions"`
	Final      bool                `json:"final"`
	Lines      []RedactedLine      `json:"lines"`
}

// RedactedEvent is a step of the journey.
type RedactedEvent struct {
	Step         shipment.Step `json:"step"`
	At           measure.Time  `json:"at"`
	Actor        string        `json:"actor"`
	Counterparty string        `json:"counterparty,omitempty"`
	OccurredAt   measure.Time  `json:"occurredAt,omitempty"`
}

// RedactedExcursion is an excursion.
type RedactedExcursion struct {
	Rule         shipment.RuleID `json:"rule"`
	Custodian    string          `json:"custodian"`
	DurationMs   int64           `json:"durationMs"`
	PenaltyMinor money.Minor     `json:"penaltyMinor"`
}

// RedactedLine is one carrier's account.
type RedactedLine struct {
	Carrier      string      `json:"carrier"`
	FeeMinor     money.Minor `json:"feeMinor"`
	Excursions   int64       `json:"excursions"`
	PenaltyMinor money.Minor `json:"penaltyMinor"`
	PayableMinor money.Minor `json:"payableMinor"`
}

// Pseudonym is what stands for a name.
func Pseudonym(ledger, name, salt string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{"lifeledger-export-v1", ledger, name, salt}, "\n")))
	return hex.EncodeToString(sum[:])
}

// Make makes an export with new salts. Reveal names parties, and the shipment by
// its id if that shall be known; anything else is refused.
func Make(s Source, reveal []string) (*Export, error) {
	n := names{ledger: s.Ledger, of: make(map[string]Opening)}
	d := RedactedJourney{
		Ledger: s.Ledger, Shipment: n.name(s.Shipment.ShipmentID), Status: s.Shipment.Status, RuleSet: s.Terms.RuleSet, Currency: s.Terms.Currency,
		Consignor: n.name(s.Terms.Consignor), Consignee: n.name(s.Terms.Consignee), Payer: n.name(s.Terms.Payer),
		Carriers: []string{}, Events: []RedactedEvent{}, Excursions: []RedactedExcursion{}, Final: s.Statement.Final, Lines: []RedactedLine{},
	}
	for _, l := range s.Terms.Legs {
		d.Carriers = append(d.Carriers, n.name(l.Carrier))
	}
	for _, e := range s.Events {
		d.Events = append(d.Events, RedactedEvent{e.Step, e.At, n.name(e.Actor), n.name(e.Counterparty), e.OccurredAt})
	}
	for _, e := range s.Excursions {
		d.Excursions = append(d.Excursions, RedactedExcursion{e.Rule, n.name(e.Custodian), e.DurationMs, e.PenaltyMinor})
	}
	for _, l := range s.Statement.Lines {
		d.Lines = append(d.Lines, RedactedLine{n.name(l.Carrier), l.FeeMinor, l.Excursions, l.PenaltyMinor, l.PayableMinor})
	}
	out := &Export{Document: d, Revealed: []Opening{}, Kept: []Opening{}}
	for _, r := range reveal {
		if _, known := n.of[r]; !known || r == "" {
			return nil, fmt.Errorf("%q is neither a party nor the shipment", r)
		}
	}
	for _, o := range n.of {
		if slices.Contains(reveal, o.Name) {
			out.Revealed = append(out.Revealed, o)
		} else {
			out.Kept = append(out.Kept, o)
		}
	}
	for _, os := range [][]Opening{out.Revealed, out.Kept} {
		slices.SortFunc(os, func(a, b Opening) int { return strings.Compare(a.Pseudonym, b.Pseudonym) })
	}
	return out, nil
}

// names gives each name its pseudonym.
type names struct {
	ledger string
	of     map[string]Opening
}

func (n *names) name(name string) string {
	if name == "" {
		return ""
	}
	if o, known := n.of[name]; known {
		return o.Pseudonym
	}
	var salt [16]byte
	_, _ = rand.Read(salt[:]) // never fails (crypto/rand)
	o := Opening{Name: name, Salt: hex.EncodeToString(salt[:])}
	o.Pseudonym = Pseudonym(n.ledger, o.Name, o.Salt)
	n.of[name] = o
	return o.Pseudonym
}
