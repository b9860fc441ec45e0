package api

import (
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// PingRequest asks whether the contract answers.
type PingRequest struct{}

// Pong says which ledger answers, and by which version of the contract.
type Pong struct {
	Ledger  string `json:"ledger"` // channel/chaincode
	Version string `json:"version"`
}

// GetRecords asks for records as they are stored, for those who hold what they
// know against the ledger. A key is written as package catalogue does: kind and
// attributes between slashes, such as "shipment.event/SH-1/00000000000000000000".
type GetRecords struct {
	Keys []string `json:"keys"`
}

// StoredRecord is one record, byte for byte.
type StoredRecord struct {
	Key      string `json:"key"`
	Found    bool   `json:"found"`
	SHA256   string `json:"sha256,omitempty" metadata:",optional"` // hexadecimal, of the document
	Document string `json:"document,omitempty" metadata:",optional"`
}

// StoredRecords are the records in the order in which they were asked for.
type StoredRecords struct {
	Records []StoredRecord `json:"records"`
}

// FindRecords asks the ledger itself for records, in the language of package filter:
// the plural of the catalogue, the one-line form of the filter, and at most one field to
// sort by, such as "-changedAt".
type FindRecords struct {
	Entity string   `json:"entity"`
	Where  string   `json:"where,omitempty" metadata:",optional"`
	Sort   []string `json:"sort,omitempty" metadata:",optional"`
	Limit  int      `json:"limit"` // 1 to 200
	Cursor string   `json:"cursor,omitempty" metadata:",optional"`
}

// FoundRecords is a page of an answer. Index is the one that bounded what the database
// read, and warnings say what made it read more than that. A page may have fewer records
// than its limit and still be followed by others.
type FoundRecords struct {
	Records  []StoredRecord `json:"records"`
	Next     string         `json:"next"`
	Index    string         `json:"index"`
	Warnings []string       `json:"warnings"`
}

// AnnounceOrganisation makes an organisation a member (ID1, ID2).
type AnnounceOrganisation struct {
	MSPID string       `json:"mspId"`
	Name  string       `json:"name"`
	Roles []party.Role `json:"roles"`
}

// RegisterDevice registers a device of the caller's organisation with its
// first key. Proof is a key statement signed by that key.
type RegisterDevice struct {
	DeviceID  string         `json:"deviceId"`
	Algorithm dsse.Algorithm `json:"algorithm"`
	PublicKey string         `json:"publicKey"` // base64 SubjectPublicKeyInfo
	Proof     dsse.Envelope  `json:"proof"`
}

// RotateDeviceKey gives a device its next key. Proof is a key statement signed
// by the new key and by the present one.
type RotateDeviceKey struct {
	DeviceID  string         `json:"deviceId"`
	Algorithm dsse.Algorithm `json:"algorithm"`
	PublicKey string         `json:"publicKey"`
	Proof     dsse.Envelope  `json:"proof"`
}

// RevokeDevice ends a device's right to sign (ID6).
type RevokeDevice struct {
	DeviceID string `json:"deviceId"`
	Reason   string `json:"reason"`
}

// RegisterComponent announces a component with its key and location (CM1).
type RegisterComponent struct {
	ComponentID string         `json:"componentId"`
	PartNumber  string         `json:"partNumber"`
	Algorithm   dsse.Algorithm `json:"algorithm,omitempty" metadata:",optional"` // a passive tag may have no key
	PublicKey   string         `json:"publicKey,omitempty" metadata:",optional"`
	Location    string         `json:"location"`

	Lot               string             `json:"lot,omitempty" metadata:",optional"`
	TagClass          component.TagClass `json:"tagClass,omitempty" metadata:",optional"`
	SpecificationHash string             `json:"specificationHash,omitempty" metadata:",optional"` // hex SHA-256
	WarrantyMonths    int64              `json:"warrantyMonths,omitempty" metadata:",optional"`
	// Destination is where, and Consignee who, is to receive the component first; it is activated there (CM14, CM15).
	Destination        string `json:"destination,omitempty" metadata:",optional"`
	Consignee          string `json:"consignee,omitempty" metadata:",optional"`
	ActivationCodeHash string `json:"activationCodeHash,omitempty" metadata:",optional"` // hex SHA-256 of the code under the seal of a passive tag
	WitnessSeconds     int64  `json:"witnessSeconds,omitempty" metadata:",optional"`     // how long the maker may take to witness the end; none: 30 days
	// Tasks are its maintenance plan, loaded as it is announced (SV1).
	Tasks []service.Task `json:"tasks,omitempty" metadata:",optional"`
}

// RelocateComponent says where a component is now (CM7).
type RelocateComponent struct {
	ComponentID string `json:"componentId"`
	Location    string `json:"location"`
}

// OfferOwnership offers a component to another organisation (CM8).
type OfferOwnership struct {
	ComponentID string `json:"componentId"`
	To          string `json:"to"` // MSP id
	// PriceMinor and Currency are what the new owner pays as it accepts (SH18); none: nothing.
	PriceMinor money.Minor    `json:"priceMinor,omitempty" metadata:",optional"`
	Currency   money.Currency `json:"currency,omitempty" metadata:",optional"`
}

// AcceptOwnership takes an offered component over; Location may say where it is now.
type AcceptOwnership struct {
	ComponentID string `json:"componentId"`
	Location    string `json:"location,omitempty" metadata:",optional"`
	// PriceMinor and Currency are the price that is asked for, and paid in the same transaction.
	PriceMinor money.Minor    `json:"priceMinor,omitempty" metadata:",optional"`
	Currency   money.Currency `json:"currency,omitempty" metadata:",optional"`
}

// ComponentRef names a component.
type ComponentRef struct {
	ComponentID string `json:"componentId"`
}

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

// OrganisationRef names an organisation.
type OrganisationRef struct {
	MSPID string `json:"mspId"`
}

// DeviceRef names a device.
type DeviceRef struct {
	DeviceID string `json:"deviceId"`
}

// StreamRef names one device's stream of one shipment.
type StreamRef struct {
	ShipmentID string `json:"shipmentId"`
	DeviceID   string `json:"deviceId"`
}

// ListRequest asks for one page of a list; Of names what is listed under, such as a shipment id.
type ListRequest struct {
	Of     string `json:"of,omitempty" metadata:",optional"`
	Limit  int    `json:"limit"` // 1 to 200
	Cursor string `json:"cursor,omitempty" metadata:",optional"`
}

// StreamListRequest asks for one page of a device's segments.
type StreamListRequest struct {
	ShipmentID string `json:"shipmentId"`
	DeviceID   string `json:"deviceId"`
	Limit      int    `json:"limit"`
	Cursor     string `json:"cursor,omitempty" metadata:",optional"`
}

// IssueTokens creates tokens in the caller's account against a stated reserve (SH13).
type IssueTokens struct {
	Currency    money.Currency `json:"currency"`
	AmountMinor money.Minor    `json:"amountMinor"`
	Reserve     string         `json:"reserve"` // where the money is that stands behind the tokens
}

// RedeemTokens destroys tokens that the caller issued and holds.
type RedeemTokens struct {
	Currency    money.Currency `json:"currency"`
	AmountMinor money.Minor    `json:"amountMinor"`
	Reference   string         `json:"reference"` // of the payment out of the reserve
}

// CollectCredits puts credits that wait to the balance, at most a hundred. The
// account is the caller's own.
type CollectCredits struct {
	Organisation string         `json:"organisation"`
	Currency     money.Currency `json:"currency"`
	Credits      []string       `json:"credits"` // credit ids
}

// SpreadAccount divides the balance among so many shards, in equal parts. The
// account is the caller's own.
type SpreadAccount struct {
	Organisation string         `json:"organisation"`
	Currency     money.Currency `json:"currency"`
	Shards       int            `json:"shards"` // 1 to 16
}

// RequestRedemption asks an issuer to pay out tokens that the caller holds,
// whoever issued them.
type RequestRedemption struct {
	RedemptionID string         `json:"redemptionId"`
	Issuer       string         `json:"issuer"` // MSP id
	Currency     money.Currency `json:"currency"`
	AmountMinor  money.Minor    `json:"amountMinor"`
	PayTo        string         `json:"payTo"` // where the money is to go, such as a bank reference
}

// ConfirmRedemption says that the issuer has paid.
type ConfirmRedemption struct {
	RedemptionID string `json:"redemptionId"`
	Reference    string `json:"reference"` // of the payment
}

// DeclineRedemption says that the issuer will not pay.
type DeclineRedemption struct {
	RedemptionID string `json:"redemptionId"`
	Reason       string `json:"reason"`
}

// RedemptionRef names a redemption.
type RedemptionRef struct {
	RedemptionID string `json:"redemptionId"`
}

// AccountRef names an account.
type AccountRef struct {
	Organisation string         `json:"organisation"`
	Currency     money.Currency `json:"currency"`
}

// AccountListRequest asks for one page of an account's postings.
type AccountListRequest struct {
	Organisation string         `json:"organisation"`
	Currency     money.Currency `json:"currency"`
	Limit        int            `json:"limit"`
	Cursor       string         `json:"cursor,omitempty" metadata:",optional"`
}
