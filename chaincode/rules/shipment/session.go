package shipment

import (
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// Session is the key with which a device signs for one shipment instead of its
// own, announced by its own. It lives as long as the device's key that vouched
// for it is the present one, and until the next session.
type Session struct {
	Number          uint64       `json:"number"` // from 1, for this device and shipment
	KeyID           string       `json:"keyId"`
	Algorithm       string       `json:"algorithm"`
	PublicKey       string       `json:"publicKey"`
	DeviceKeyNumber uint64       `json:"deviceKeyNumber"` // of the device's key that signed the announcement
	Since           measure.Time `json:"since"`
}

// SessionRecord is the append-only record of a session's beginning: with it a
// segment can be verified when the session is long over.
type SessionRecord struct {
	ShipmentID    string  `json:"shipmentId"`
	DeviceID      string  `json:"deviceId"`
	Session       Session `json:"session"`
	AnnouncedBy   string  `json:"announcedBy"` // who carried it to the ledger
	TransactionID string  `json:"transactionId"`
}

// Announce begins a session, the next one of this stream; an earlier one ends.
// That the device's present key and the session's have signed the statement is
// checked before this is called.
func (s Stream) Announce(sh Shipment, d party.Device, key Session, w When) (Stream, SessionRecord, error) {
	fail := func(err error) (Stream, SessionRecord, error) { return s, SessionRecord{}, err }
	if err := sh.expect(Agreed, Packed, InTransit, Arrived); err != nil {
		return fail(err)
	}
	if err := d.Signs(); err != nil {
		return fail(err)
	}
	if s.Ended {
		return fail(fault.New(fault.CodeSegmentClosed, "device %s has ended its recording", s.DeviceID).With("deviceId", s.DeviceID))
	}
	if next := s.sessions() + 1; key.Number != next {
		return fail(fault.New(fault.CodeSessionNumber, "the statement is for session %d, the next one is %d", key.Number, next).With("nextSession", next).With("deviceId", s.DeviceID))
	}
	key.DeviceKeyNumber, key.Since = d.Key.Number, w.Now
	s.Session, s.ChangedAt = &key, w.Now
	return s, SessionRecord{ShipmentID: s.ShipmentID, DeviceID: s.DeviceID, Session: key, AnnouncedBy: w.Actor, TransactionID: w.TransactionID}, nil
}

// Live is the session that signs now, nil when it is the device's own key. A
// rotation ends a session along with the key that vouched for it.
func (s Stream) Live(d party.Device) *Session {
	if s.Session == nil || s.Session.DeviceKeyNumber != d.Key.Number {
		return nil
	}
	return s.Session
}

// sessions is how many there have been.
func (s Stream) sessions() uint64 {
	if s.Session == nil {
		return 0
	}
	return s.Session.Number
}
