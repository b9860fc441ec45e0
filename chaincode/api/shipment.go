package api

import (
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// ProposeShipment proposes terms for a new shipment (SH1).
type ProposeShipment struct {
	ShipmentID string         `json:"shipmentId"`
	Terms      shipment.Terms `json:"terms"`
}

// AcceptTerms accepts exactly the terms with this hash.
type AcceptTerms struct {
	ShipmentID string `json:"shipmentId"`
	TermsHash  string `json:"termsHash"`
}

// AmendTerms answers the terms with this hash with others (SH1).
type AmendTerms struct {
	ShipmentID string         `json:"shipmentId"`
	TermsHash  string         `json:"termsHash"`
	Terms      shipment.Terms `json:"terms"`
}

// OfferHandover offers the goods to the next party of the route (SH5).
type OfferHandover struct {
	ShipmentID string `json:"shipmentId"`
	To         string `json:"to"`
	OccurredAt string `json:"occurredAt"` // RFC 3339 UTC
	// PartID is the part that is handed over; left out: what has not been split off.
	PartID    string              `json:"partId,omitempty" metadata:",optional"`
	Condition *shipment.Condition `json:"condition,omitempty" metadata:",optional"`
}

// AcceptHandover takes the goods over, in the condition in which the receiver finds them.
type AcceptHandover struct {
	ShipmentID string              `json:"shipmentId"`
	PartID     string              `json:"partId,omitempty" metadata:",optional"`
	Condition  *shipment.Condition `json:"condition,omitempty" metadata:",optional"`
}

// DeclineHandover ends a pending hand-over.
type DeclineHandover struct {
	ShipmentID string `json:"shipmentId"`
	PartID     string `json:"partId,omitempty" metadata:",optional"`
	Reason     string `json:"reason,omitempty" metadata:",optional"`
}

// PackShipment says that the goods are packed (SH4).
type PackShipment struct {
	ShipmentID string              `json:"shipmentId"`
	OccurredAt string              `json:"occurredAt"` // RFC 3339 UTC
	Condition  *shipment.Condition `json:"condition,omitempty" metadata:",optional"`
}

// RecordCheckpoint says that the goods have passed a checkpoint (SH9).
type RecordCheckpoint struct {
	ShipmentID   string              `json:"shipmentId"`
	CheckpointID string              `json:"checkpointId"`
	OccurredAt   string              `json:"occurredAt"` // RFC 3339 UTC
	Condition    *shipment.Condition `json:"condition,omitempty" metadata:",optional"`
}

// CancelShipment consents to the end of a shipment, or ends it.
type CancelShipment struct {
	ShipmentID string `json:"shipmentId"`
	Reason     string `json:"reason,omitempty" metadata:",optional"`
}

// SplitShipment puts some of the goods on a way of their own (SH5).
type SplitShipment struct {
	ShipmentID    string   `json:"shipmentId"`
	PartID        string   `json:"partId"`
	Goods         []string `json:"goods,omitempty" metadata:",optional"`
	LogisticUnits []string `json:"logisticUnits,omitempty" metadata:",optional"`
	Devices       []string `json:"devices,omitempty" metadata:",optional"`
}

// PartRef names a part of a shipment.
type PartRef struct {
	ShipmentID string `json:"shipmentId"`
	PartID     string `json:"partId"`
}

// ConsolidateShipments puts shipments together under an SSCC (SH5).
type ConsolidateShipments struct {
	ConsolidationID string   `json:"consolidationId"`
	ShipmentIDs     []string `json:"shipmentIds"`
}

// OfferConsolidation offers all shipments of a consolidation to the next party of their routes.
type OfferConsolidation struct {
	ConsolidationID string              `json:"consolidationId"`
	To              string              `json:"to"`
	OccurredAt      string              `json:"occurredAt"` // RFC 3339 UTC
	Condition       *shipment.Condition `json:"condition,omitempty" metadata:",optional"`
}

// AcceptConsolidation takes all shipments of a consolidation over.
type AcceptConsolidation struct {
	ConsolidationID string              `json:"consolidationId"`
	Condition       *shipment.Condition `json:"condition,omitempty" metadata:",optional"`
}

// DeclineConsolidation ends a pending hand-over of a consolidation.
type DeclineConsolidation struct {
	ConsolidationID string `json:"consolidationId"`
	Reason          string `json:"reason,omitempty" metadata:",optional"`
}

// ConsolidationRef names a consolidation.
type ConsolidationRef struct {
	ConsolidationID string `json:"consolidationId"`
}

// ShipmentRef names a shipment.
type ShipmentRef struct {
	ShipmentID string `json:"shipmentId"`
}

// RecordReadings brings signed reading segments of one device, in order (SH3).
// The contract reads it without contract-api's schema, which would dominate the
// cost of large batches.
type RecordReadings struct {
	ShipmentID string          `json:"shipmentId"`
	DeviceID   string          `json:"deviceId"`
	Envelopes  []dsse.Envelope `json:"envelopes"`
}

// AnnounceSessionKey brings the statement by which a device announces the key
// that signs its segments for one shipment.
type AnnounceSessionKey struct {
	ShipmentID string        `json:"shipmentId"`
	DeviceID   string        `json:"deviceId"`
	Proof      dsse.Envelope `json:"proof"` // a session statement, signed by the device's key and by the session's
}

// AnnounceEncryptionKey says with which key the caller's organisation wants
// readings sealed to it.
type AnnounceEncryptionKey struct {
	PublicKey string `json:"publicKey"` // base64 SubjectPublicKeyInfo of an X25519 key
}

// OpenSegments reveals sealed segments of one device, in their order.
type OpenSegments struct {
	ShipmentID string           `json:"shipmentId"`
	DeviceID   string           `json:"deviceId"`
	Openings   []SegmentOpening `json:"openings"` // at most 16
}

// SegmentOpening is what was sealed: the salted payload of an open segment.
type SegmentOpening struct {
	FirstSequence uint64 `json:"firstSequence"`
	Salt          string `json:"salt"`    // base64, 32 bytes
	Payload       string `json:"payload"` // base64
}

// Opened says how far a device's sealed segments are opened, and which excursions
// that changed.
type Opened struct {
	ShipmentID   string               `json:"shipmentId"`
	DeviceID     string               `json:"deviceId"`
	Segments     int                  `json:"segments"`
	NextSequence uint64               `json:"nextSequence"` // the first reading that is not opened
	Excursions   []shipment.Excursion `json:"excursions"`   // the first 16 of those changed; all are on the ledger
	Changed      int                  `json:"changed"`
}

// ReportFork shows a signed segment that contradicts one on the ledger.
type ReportFork struct {
	ShipmentID string `json:"shipmentId"`
	DeviceID   string `json:"deviceId"`
	// RecordedSequence is the first reading of the segment on the ledger; left out when both begin with the same one.
	RecordedSequence uint64        `json:"recordedSequence,omitempty" metadata:",optional"`
	Envelope         dsse.Envelope `json:"envelope"`
}

// Recorded says where a device's stream stands after its segments were taken,
// and which excursions they changed.
type Recorded struct {
	ShipmentID   string               `json:"shipmentId"`
	DeviceID     string               `json:"deviceId"`
	Segments     int                  `json:"segments"`
	Readings     int                  `json:"readings"`
	NextSequence uint64               `json:"nextSequence"`
	Excursions   []shipment.Excursion `json:"excursions"` // the first 16 of those changed; all are on the ledger
	Changed      int                  `json:"changed"`
}

// AcknowledgeExcursion says that the caller's organisation has seen an excursion.
type AcknowledgeExcursion struct {
	ShipmentID  string `json:"shipmentId"`
	ExcursionID string `json:"excursionId"`
	Comment     string `json:"comment"`
}

// AcknowledgementListRequest asks for one page of what the parties said about an excursion.
type AcknowledgementListRequest struct {
	ShipmentID  string `json:"shipmentId"`
	ExcursionID string `json:"excursionId"`
	Limit       int    `json:"limit"`
	Cursor      string `json:"cursor,omitempty" metadata:",optional"`
}

// SimulateShipment asks what a recording would cost under terms. Segments are
// payloads as a device signs them, unsigned, in standard base64; which ledger and
// shipment they name does not matter.
type SimulateShipment struct {
	ShipmentID string                    `json:"shipmentId"`
	Terms      shipment.Terms            `json:"terms"`
	Custody    []shipment.PlannedCustody `json:"custody"`
	Recordings []UnsignedRecording       `json:"recordings"`
}

// UnsignedRecording is what one device recorded, from its first reading on.
type UnsignedRecording struct {
	DeviceID string   `json:"deviceId"`
	Segments []string `json:"segments"`
}

// TemplateListRequest asks for the templates of limits.
type TemplateListRequest struct{}

// TemplateList holds every template; there are few.
type TemplateList struct {
	RuleSet string              `json:"ruleSet"` // whose rules the limits name
	Items   []shipment.Template `json:"items"`
}

// AcceptDelivery is the consignee's word about what was delivered; goods and
// logisticUnits are those that it does not accept.
type AcceptDelivery struct {
	ShipmentID    string            `json:"shipmentId"`
	Accepted      shipment.Accepted `json:"accepted"` // all or partial
	Goods         []string          `json:"goods,omitempty" metadata:",optional"`
	LogisticUnits []string          `json:"logisticUnits,omitempty" metadata:",optional"`
	Reason        string            `json:"reason,omitempty" metadata:",optional"`
}

// OpenDispute claims a part of what a carrier would be paid (SH19).
type OpenDispute struct {
	ShipmentID string                `json:"shipmentId"`
	Claim      shipment.DisputeClaim `json:"claim"`
}

// AddEvidence brings a document into a dispute, by its hash.
type AddEvidence struct {
	ShipmentID  string `json:"shipmentId"`
	DisputeID   int    `json:"disputeId"`
	SHA256      string `json:"sha256"` // hex
	MediaType   string `json:"mediaType"`
	Description string `json:"description"`
}

// DisputeAmount offers an amount to end a dispute with, or accepts the one that is offered.
type DisputeAmount struct {
	ShipmentID  string      `json:"shipmentId"`
	DisputeID   int         `json:"disputeId"`
	AmountMinor money.Minor `json:"amountMinor"`
}

// DecideDispute is the arbiter's decision.
type DecideDispute struct {
	ShipmentID  string      `json:"shipmentId"`
	DisputeID   int         `json:"disputeId"`
	AmountMinor money.Minor `json:"amountMinor"` // of the claim: what the respondent loses
	Reasoning   string      `json:"reasoning"`
}

// DisputeRef names a dispute.
type DisputeRef struct {
	ShipmentID string `json:"shipmentId"`
	DisputeID  int    `json:"disputeId"`
}

// DisputeListRequest asks for one page of a dispute's evidence.
type DisputeListRequest struct {
	ShipmentID string `json:"shipmentId"`
	DisputeID  int    `json:"disputeId"`
	Limit      int    `json:"limit"`
	Cursor     string `json:"cursor,omitempty" metadata:",optional"`
}
