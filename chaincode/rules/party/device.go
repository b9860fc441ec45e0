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
}

// DeviceKey is one key of a device, numbered from 1.
type DeviceKey struct {
	Number    uint64       `json:"number"`
	KeyID     string       `json:"keyId"`     // hex SHA-256 of the SubjectPublicKeyInfo
	Algorithm string       `json:"algorithm"` // Ed25519 or ECDSA-P256
	PublicKey string       `json:"publicKey"` // base64 of the SubjectPublicKeyInfo, DER
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
