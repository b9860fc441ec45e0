package ledger

import (
	"encoding/json"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// maxEvent bounds the event, which every block carries to every listener for
// ever: facts name what changed, the records hold the rest.
const maxEvent = 16 << 10

// envelopeVersion is the version of the envelope's own form.
const envelopeVersion = 1

// Envelope is the one event of a transaction as listeners receive it. The
// gateway adds the id, since block and position are not known here.
type Envelope struct {
	V       int    `json:"v"`
	Type    string `json:"type"` // "shipment.readings-recorded.v1", also the event's name
	Time    string `json:"time"` // RFC 3339, UTC, milliseconds
	Tx      string `json:"tx"`
	Actor   Actor  `json:"actor"`
	Subject string `json:"subject"` // the entity that the transaction is about
	Facts   []Fact `json:"facts"`
}

// Actor is the [Caller] as an event shows it.
type Actor struct {
	MSPID string `json:"mspId"`
	Name  string `json:"name"`
}

// Fact is one thing that became true. Make it with [NewFact].
type Fact struct {
	Type    string          `json:"type"`
	Subject string          `json:"subject"`
	Data    json.RawMessage `json:"data,omitempty"` // none: the event had no room for it, the record has it

	err error // why Data could not be made; Announce reports it
}

// NewFact is a fact with data, a struct that [CheckType] accepts.
func NewFact[T any](typ, subject string, data T) Fact {
	raw, err := encodeStruct(data)
	return Fact{Type: typ, Subject: subject, Data: raw, err: err}
}

// Announce sets the transaction's event: Fabric has room for one, so everything
// else that became true goes into its facts. The name carries its version, as in
// "shipment.readings-recorded.v1". A second call is a mistake, since the first
// event would be lost.
func (t *Tx) Announce(name, subject string, facts ...Fact) error {
	if err := t.mayWrite(); err != nil {
		return err
	}
	if t.event != nil {
		return t.mistake("events %q and %q in one transaction", t.event.Type, name)
	}
	if !eventName(name) {
		return t.mistake("event name %q is not like shipment.readings-recorded.v1", name)
	}
	for _, f := range facts {
		if f.err != nil {
			return t.mistake("fact %q: %v", f.Type, f.err)
		}
	}
	t.event = &Envelope{
		V:       envelopeVersion,
		Type:    name,
		Time:    t.now.Format(timeFormat),
		Tx:      t.ID(),
		Actor:   Actor(t.caller),
		Subject: subject,
		Facts:   append([]Fact{}, facts...), // never null
	}
	return nil
}

func (t *Tx) emit() error {
	if t.event == nil {
		return nil
	}
	payload, err := marshal(t.event)
	if err != nil {
		return fault.Wrap(err, "encode event")
	}
	for len(payload) > maxEvent && t.event.shed() {
		if payload, err = marshal(t.event); err != nil {
			return fault.Wrap(err, "encode event")
		}
	}
	if err := t.stub.SetEvent(t.event.Type, payload); err != nil {
		return fault.Wrap(err, "set event")
	}
	return nil
}

// shed leaves out the largest data, and where there is none the last fact: what
// an event has no room for is on the ledger, and must not keep the transaction
// from being valid, or long names could lock a settlement for ever.
func (e *Envelope) shed() bool {
	if len(e.Facts) == 0 {
		return false
	}
	most := 0
	for i := range e.Facts {
		if len(e.Facts[i].Data) > len(e.Facts[most].Data) {
			most = i
		}
	}
	if len(e.Facts[most].Data) == 0 {
		e.Facts = e.Facts[:len(e.Facts)-1]
	} else {
		e.Facts[most].Data = nil
	}
	return true
}

// eventName: two or more words of a-z, 0-9 and hyphens, then v and a number.
func eventName(name string) bool {
	parts := strings.Split(name, ".")
	if len(parts) < 3 {
		return false
	}
	for _, p := range parts {
		if p == "" || strings.Trim(p, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	n, ok := strings.CutPrefix(parts[len(parts)-1], "v")
	return ok && n != "" && n[0] != '0' && strings.Trim(n, "0123456789") == ""
}
