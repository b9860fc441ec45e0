package api

import (
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// Every page holds items in key order and the cursor of the next page, "" at the end.

// OrganisationPage is a page of members.
type OrganisationPage struct {
	Items []party.Organisation `json:"items"`
	Next  string               `json:"next"`
}

// DeviceKeyPage is a page of a device's key events.
type DeviceKeyPage struct {
	Items []party.KeyEvent `json:"items"`
	Next  string           `json:"next"`
}

// ComponentEventPage is a page of a component's history.
type ComponentEventPage struct {
	Items []component.LifeEvent `json:"items"`
	Next  string                `json:"next"`
}

// ShipmentEventPage is a page of a shipment's history.
type ShipmentEventPage struct {
	Items []shipment.JourneyEvent `json:"items"`
	Next  string                  `json:"next"`
}

// ReplacedTermsPage is a page of a shipment's earlier offers.
type ReplacedTermsPage struct {
	Items []shipment.ReplacedTerms `json:"items"`
	Next  string                   `json:"next"`
}

// SegmentPage is a page of a device's segments.
type SegmentPage struct {
	Items []shipment.Segment `json:"items"`
	Next  string             `json:"next"`
}

// SessionPage is a page of a device's session keys for a shipment.
type SessionPage struct {
	Items []shipment.SessionRecord `json:"items"`
	Next  string                   `json:"next"`
}

// ForkPage is a page of the contradictions of a device in a shipment, by hash.
type ForkPage struct {
	Items []shipment.Fork `json:"items"`
	Next  string          `json:"next"`
}

// ExcursionPage is a page of a shipment's excursions, by device and opening.
type ExcursionPage struct {
	Items []shipment.Excursion `json:"items"`
	Next  string               `json:"next"`
}

// AcknowledgementPage is a page of what the parties said about an excursion, by organisation.
type AcknowledgementPage struct {
	Items []shipment.Acknowledgement `json:"items"`
	Next  string                     `json:"next"`
}

// EvidencePage is a page of a dispute's evidence, in order.
type EvidencePage struct {
	Items []shipment.DisputeEvidence `json:"items"`
	Next  string                     `json:"next"`
}

// PostingPage is a page of an account's postings.
type PostingPage struct {
	Items []money.Posting `json:"items"`
	Next  string          `json:"next"`
}

// CreditPage is a page of the credits of an account that wait to be collected.
type CreditPage struct {
	Items []money.Credit `json:"items"`
	Next  string         `json:"next"`
}
