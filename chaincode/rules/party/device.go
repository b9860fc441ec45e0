package party

import (
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// Status of a device or key.
type Status string

// The statuses of devices and their keys.
const (
	Active     Status = "active"
	Superseded Status = "superseded"
	Revoked    Status = "revoked"
)

// Device is something that signs what it measures. It has one key at a time;
// only the organisation that registered it changes that.
type Device struct {
	DeviceID     string       `json:"deviceId"`
	Organisation string       `json:"organisation"` // who registered it and answers for it
	Status       Status       `json:"status"`
	Key          DeviceKey    `json:"key"` // the present key
	RegisteredAt measure.Time `json:"registeredAt"`
	ChangedAt    measure.Time `json:"changedAt"`
	RevokedFor   string       `json:"revokedFor,omitempty" metadata:",optional"` // the reason, once revoked
	// Suspicion says that the present key has signed two histories. It stands in answers; see [Device.Suspect].
	Suspicion *Suspicion `json:"suspicion,omitempty" metadata:",optional"`
}

// Suspicion is kept under a key of its own, which a majority may write: were it in
// the device's record, the organisation that answers for the device could keep
// the others from noting it.
type Suspicion struct {
	DeviceID   string       `json:"deviceId"`
	KeyNumber  uint64       `json:"keyNumber"`  // of the key that signed, or that vouched for the session's key that did
	ShipmentID string       `json:"shipmentId"` // where it was noted last
	Forks      uint64       `json:"forks"`      // of this key, in all shipments
	Since      measure.Time `json:"since"`
	ChangedAt  measure.Time `json:"changedAt"`
}

// Suspect notes that the device's present key has signed two histories; before is
// what was noted until now. A fork that an earlier key signed says nothing about
// the device as it is: its owner has rotated the key, which is what is asked for.
func (d Device) Suspect(before Suspicion, keyNumber uint64, shipmentID string, now measure.Time) (Suspicion, bool) {
	if keyNumber != d.Key.Number || d.Status == Revoked {
		return before, false
	}
	if before.KeyNumber != keyNumber {
		before = Suspicion{DeviceID: d.DeviceID, KeyNumber: keyNumber, Since: now}
	}
	before.Forks++
	before.ShipmentID, before.ChangedAt = shipmentID, now
	return before, true
}

// With is the device with what is noted of its present key.
func (d Device) With(s Suspicion) Device {
	if s.KeyNumber == d.Key.Number {
		d.Suspicion = &s
	}
	return d
}

// DeviceKey is one key of a device, numbered from 1.
type DeviceKey struct {
	Number    uint64       `json:"number"`
	KeyID     string       `json:"keyId"`     // hex SHA-256 of the SubjectPublicKeyInfo
	Algorithm string       `json:"algorithm"` // such as Ed25519; chaincode/dsse has the list
	PublicKey string       `json:"publicKey"` // base64 of the SubjectPublicKeyInfo, DER; of a pair, of both
	Since     measure.Time `json:"since"`
}

// KeyEvent is the append-only record of what happened to a device's key.
type KeyEvent struct {
	DeviceID      string       `json:"deviceId"`
	Number        uint64       `json:"number"`
	Status        Status       `json:"status"` // active when it was announced, revoked when it ended
	KeyID         string       `json:"keyId"`
	Algorithm     string       `json:"algorithm"`
	PublicKey     string       `json:"publicKey"`
	Reason        string       `json:"reason,omitempty" metadata:",optional"`
	At            measure.Time `json:"at"`
	Actor         string       `json:"actor"`
	TransactionID string       `json:"transactionId"`
}

// KeyUse says whose key a key id names. It is made once for each key, and for
// each half of a pair, and never changes: a key serves one device or one engineer,
// in one place. With the same key in two devices a signature would not say which
// one it was.
type KeyUse struct {
	KeyID        string       `json:"keyId"`
	DeviceID     string       `json:"deviceId,omitempty" metadata:",optional"`
	CredentialID string       `json:"credentialId,omitempty" metadata:",optional"` // of an engineer's key, which is no device's
	Event        uint64       `json:"event,omitempty" metadata:",optional"`        // of the credential: which one announced the key
	Number       uint64       `json:"number"`                                      // of the device's or the credential's key
	ShipmentID   string       `json:"shipmentId,omitempty" metadata:",optional"`   // of a session's key: where it signs
	Session      uint64       `json:"session,omitempty" metadata:",optional"`      // and its number
	PairKeyID    string       `json:"pairKeyId,omitempty" metadata:",optional"`    // of the pair that the key is a half of
	At           measure.Time `json:"at"`
}

// KeyStatus is what became of the key of a number, where the holder has the present
// number and is of this status.
func KeyStatus(number, present uint64, holder Status) Status {
	switch {
	case holder == Revoked:
		return Revoked
	case number != present:
		return Superseded
	}
	return Active
}

// Uses are the records that a device's new key takes: one for the key, one for
// each of the halves, if it is a pair.
func (d Device) Uses(halves []string) []KeyUse {
	uses := []KeyUse{{KeyID: d.Key.KeyID, DeviceID: d.DeviceID, Number: d.Key.Number, At: d.Key.Since}}
	for _, half := range halves {
		uses = append(uses, KeyUse{KeyID: half, DeviceID: d.DeviceID, Number: d.Key.Number, PairKeyID: d.Key.KeyID, At: d.Key.Since})
	}
	return uses
}

// NewDevice registers a device with its first key. That the key signed its own
// announcement is checked before this is called.
func NewDevice(caller, id string, key DeviceKey, now measure.Time) (Device, error) {
	if err := CheckID("deviceId", id); err != nil {
		return Device{}, err
	}
	key.Number, key.Since = 1, now
	return Device{DeviceID: id, Organisation: caller, Status: Active, Key: key, RegisteredAt: now, ChangedAt: now}, nil
}

// Rotate replaces the present key (ID4). Both the old and the new key have
// signed the announcement; that is checked before this is called.
func (d Device) Rotate(caller string, key DeviceKey, now measure.Time) (Device, error) {
	if err := d.changeable(caller); err != nil {
		return d, err
	}
	if key.KeyID == d.Key.KeyID {
		return d, fault.New(fault.CodeKeyInvalid, "the new key is the present key")
	}
	key.Number, key.Since = d.Key.Number+1, now
	d.Key, d.ChangedAt = key, now
	return d, nil
}

// Revoke ends the device for ever: what was recorded before stays valid, what
// comes later is refused (ID6).
func (d Device) Revoke(caller, reason string, now measure.Time) (Device, error) {
	if err := d.changeable(caller); err != nil {
		return d, err
	}
	if err := CheckText("reason", reason, 1, 200); err != nil {
		return d, err
	}
	d.Status, d.RevokedFor, d.ChangedAt = Revoked, reason, now
	return d, nil
}

// Signs refuses a device that may not sign any more.
func (d Device) Signs() error {
	if d.Status == Revoked {
		return fault.New(fault.CodeDeviceRevoked, "device %s was revoked", d.DeviceID).With("deviceId", d.DeviceID).With("since", string(d.ChangedAt))
	}
	return nil
}

func (d Device) changeable(caller string) error {
	if d.Organisation != caller {
		return fault.New(fault.CodeNotPermitted, "device %s belongs to %s", d.DeviceID, d.Organisation).With("deviceId", d.DeviceID)
	}
	return d.Signs()
}

// EncryptionKey is the key to which readings are sealed for an organisation.
type EncryptionKey struct {
	Organisation string       `json:"organisation"`
	Number       uint64       `json:"number"`    // from 1
	KeyID        string       `json:"keyId"`     // hex SHA-256 of the SubjectPublicKeyInfo
	PublicKey    string       `json:"publicKey"` // base64 of the SubjectPublicKeyInfo of an X25519 key, DER
	Since        measure.Time `json:"since"`
}
