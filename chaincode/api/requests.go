package api

import (
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
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
