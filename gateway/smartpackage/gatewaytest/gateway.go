// Package gatewaytest owns a gateway and ledger of one kind only: enough to test
// the device's side of the device protocol in one process. It refuses to judge
// readings. Invariant: it takes segments exactly as docs/device-protocol.md says
// that the ledger does: in order, all of a request or none.
package gatewaytest

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"sync"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
	"github.com/lifeledger/lifeledger/chaincode/segment"
)

// Stream is what the ledger has of one device's recording for one shipment.
type Stream struct {
	Next     uint64
	Last     string // hexadecimal
	Ended    bool
	Hashes   map[uint64]string // by first sequence
	Readings []measure.Reading // of sealed segments: their numbers only
	Session  *shipment.Session
	Opened   []api.SegmentOpening
	order    []string        // the hashes of all segments
	signs    *dsse.PublicKey // the session's
}

// Gateway is an [http.Handler] and an [http.RoundTripper].
type Gateway struct {
	Ledger string
	Token  string

	// Before, if set, may answer the n-th request (from 1) in place of the
	// gateway by returning true.
	Before func(n int, w http.ResponseWriter, r *http.Request) bool
	// Lose, if set, says whether the answer to the n-th request gets lost after
	// the request was carried out.
	Lose func(n int) bool

	mu        sync.Mutex // owns everything below
	requests  []*http.Request
	devices   map[string]*dsse.PublicKey
	revoked   map[string]bool
	shipments map[string]shipment.Shipment
	streams   map[string]*Stream // by shipment and device
	forks     []any
	terms     map[string]shipment.Terms
	keys      map[string]string // by organisation
}

// SetTerms says what a shipment's terms are, and which encryption keys the parties have.
func (g *Gateway) SetTerms(shipmentID string, t shipment.Terms, keys map[string]string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.terms, g.keys = map[string]shipment.Terms{shipmentID: t}, keys
}

// Forks lists what was reported as contradictions.
func (g *Gateway) Forks() []any {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]any(nil), g.forks...)
}

// New is a gateway that knows no device.
func New(ledger, token string) *Gateway {
	return &Gateway{
		Ledger: ledger, Token: token,
		devices: map[string]*dsse.PublicKey{}, revoked: map[string]bool{}, shipments: map[string]shipment.Shipment{}, streams: map[string]*Stream{},
	}
}

// SetShipment says what the gateway answers when it is asked for a shipment.
// Segments are taken for any shipment, known or not.
func (g *Gateway) SetShipment(s shipment.Shipment) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shipments[s.ShipmentID] = s
}

// Revoke ends a device's right to sign, as far as the gateway tells.
func (g *Gateway) Revoke(deviceID string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.revoked[deviceID] = true
}

// Stream is a copy of a stream, empty if there is none.
func (g *Gateway) Stream(shipmentID, deviceID string) Stream {
	g.mu.Lock()
	defer g.mu.Unlock()
	return *g.stream(shipmentID, deviceID)
}

// Requests lists what arrived, without bodies.
func (g *Gateway) Requests() []*http.Request {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]*http.Request(nil), g.requests...)
}

func (g *Gateway) stream(shipmentID, deviceID string) *Stream {
	key := shipmentID + "\n" + deviceID
	if g.streams[key] == nil {
		g.streams[key] = &Stream{Next: 1, Last: strings.Repeat("0", 64), Hashes: map[uint64]string{}}
	}
	return g.streams[key]
}

// ServeHTTP takes one request.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests = append(g.requests, r)
	if g.Before != nil && g.Before(len(g.requests), w, r) {
		return
	}
	if g.Token != "" && r.Header.Get("Authorization") != "Bearer "+g.Token {
		Refuse(w, http.StatusUnauthorized, fault.New("authn.token-invalid", "no such token"))
		return
	}
	status, answer, err := http.StatusCreated, any(nil), error(nil)
	shipmentID, aboutShipment := strings.CutPrefix(r.URL.Path, "/v1/shipments/")
	switch {
	case r.Method == http.MethodGet:
		status = http.StatusOK
		answer, err = g.answer(r.URL.Path)
	case aboutShipment && strings.HasSuffix(r.URL.Path, "/session-keys"):
		err = g.session(strings.Split(shipmentID, "/"), r)
	case aboutShipment && strings.HasSuffix(r.URL.Path, "/openings"):
		err = g.reveal(strings.Split(shipmentID, "/"), r)
	case aboutShipment && strings.HasSuffix(r.URL.Path, "/forks"):
		err = json.NewDecoder(r.Body).Decode(&answer)
		g.forks = append(g.forks, answer)
	case aboutShipment:
		err = g.record(strings.TrimSuffix(shipmentID, "/segments"), r)
	default:
		err = g.register(r)
	}
	if g.Lose != nil && g.Lose(len(g.requests)) {
		panic(http.ErrAbortHandler)
	}
	if err != nil {
		f := fault.From(err)
		switch f.Kind {
		case fault.Malformed:
			status = http.StatusBadRequest
		case fault.Conflict:
			status = http.StatusConflict
		case fault.NotFound:
			status = http.StatusNotFound
		default:
			status = http.StatusUnprocessableEntity
		}
		Refuse(w, status, f)
		return
	}
	w.WriteHeader(status)
	if answer != nil {
		_ = json.NewEncoder(w).Encode(answer)
	}
}

// answer gives a device, a shipment, or a device's stream.
func (g *Gateway) answer(path string) (any, error) {
	if id, ok := strings.CutPrefix(path, "/v1/devices/"); ok {
		key := g.devices[id]
		if key == nil {
			return nil, fault.New(fault.CodeDeviceUnknown, "no device %s is registered", id)
		}
		status := party.Active
		if g.revoked[id] {
			status = party.Revoked
		}
		return party.Device{DeviceID: id, Status: status, Key: party.DeviceKey{Number: 1, KeyID: key.ID()}}, nil
	}
	if org, ok := strings.CutPrefix(path, "/v1/encryption-keys/"); ok {
		if g.keys[org] == "" {
			return nil, fault.New(fault.CodeEncryptionKeyUnknown, "%s has announced no key", org)
		}
		return party.EncryptionKey{Organisation: org, PublicKey: g.keys[org]}, nil
	}
	shipmentID, rest, _ := strings.Cut(strings.TrimPrefix(path, "/v1/shipments/"), "/")
	s, ok := g.shipments[shipmentID]
	if !ok {
		return nil, fault.New(fault.CodeShipmentUnknown, "shipment %s is unknown", shipmentID)
	}
	if rest == "" {
		return s, nil
	}
	if rest == "terms" {
		return g.terms[shipmentID], nil
	}
	deviceID := strings.TrimSuffix(strings.TrimPrefix(rest, "devices/"), "/stream")
	to := g.stream(shipmentID, deviceID)
	return shipment.Stream{ShipmentID: shipmentID, DeviceID: deviceID, NextSequence: to.Next, LastSegment: to.Last, Readings: to.Next - 1, Ended: to.Ended, Session: to.Session, Unopened: to.position()}, nil
}

// Refuse answers with a problem document.
func Refuse(w http.ResponseWriter, status int, f *fault.Fault) {
	params := map[string]string{}
	for _, p := range f.Params {
		params[p.Name] = p.Value
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"status": status, "code": f.Code, "title": f.Kind, "detail": f.Detail, "params": params})
}

func (g *Gateway) register(r *http.Request) error {
	var in struct {
		DeviceID  string         `json:"deviceId"`
		Algorithm dsse.Algorithm `json:"algorithm"`
		PublicKey string         `json:"publicKey"`
		Proof     dsse.Envelope  `json:"proof"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return fault.New(fault.CodeNotJSON, "%v", err)
	}
	s, key, err := dsse.OpenKeyStatement(&in.Proof, nil)
	if err != nil {
		return err
	}
	if s.Ledger != g.Ledger || s.DeviceID != in.DeviceID || s.KeyNumber != 1 || s.Algorithm != in.Algorithm || s.PublicKey != in.PublicKey {
		return fault.New(fault.CodeKeyProofInvalid, "the statement says something else than the request")
	}
	if g.devices[in.DeviceID] != nil {
		return fault.New(fault.CodeDeviceExists, "device %s exists", in.DeviceID)
	}
	g.devices[in.DeviceID] = key
	return nil
}

func (g *Gateway) record(shipmentID string, r *http.Request) error {
	var in struct {
		DeviceID  string          `json:"deviceId"`
		Envelopes []dsse.Envelope `json:"envelopes"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return fault.New(fault.CodeNotJSON, "%v", err)
	}
	type change struct {
		to   *Stream
		next Stream
	}
	var last *change
	for i := range in.Envelopes {
		s, hash, err := g.open(shipmentID, in.DeviceID, &in.Envelopes[i])
		if err != nil {
			return err
		}
		if last == nil {
			to := g.stream(shipmentID, s.DeviceID)
			last = &change{to: to, next: *to}
			last.next.Hashes = map[uint64]string{}
			for k, v := range to.Hashes {
				last.next.Hashes[k] = v
			}
		}
		if err := last.next.take(s, hash); err != nil {
			return err
		}
	}
	if last != nil {
		*last.to = last.next
	}
	return nil
}

func (g *Gateway) open(shipmentID, deviceID string, e *dsse.Envelope) (*segment.Segment, string, error) {
	key := g.devices[deviceID]
	if s := g.stream(shipmentID, deviceID).signs; s != nil {
		key = s
	}
	if key == nil {
		return nil, "", fault.New(fault.CodeDeviceUnknown, "no device %s is registered", deviceID)
	}
	payload, err := dsse.Open(e, e.PayloadType, key)
	if err != nil {
		return nil, "", err
	}
	if (e.PayloadType == segment.SealedPayloadType) != g.terms[shipmentID].Confidential {
		return nil, "", fault.New(fault.CodeSegmentSealing, "open or sealed, and the terms ask for the other")
	}
	s, err := decode(e.PayloadType, payload)
	switch {
	case err != nil:
		return nil, "", err
	case s.Ledger != g.Ledger:
		return nil, "", fault.New(fault.CodeSegmentWrongLedger, "signed for %s", s.Ledger)
	case s.ShipmentID != shipmentID || s.DeviceID != deviceID:
		return nil, "", fault.New(fault.CodeSegmentWrong, "signed for %s, %s", s.ShipmentID, s.DeviceID)
	}
	hash := segment.Hash(payload)
	return s, hex.EncodeToString(hash[:]), nil
}

func (s *Stream) take(seg *segment.Segment, hash string) error {
	var f *fault.Fault
	switch {
	case seg.FirstSequence < s.Next && s.Hashes[seg.FirstSequence] == hash, hash == s.Last:
		f = fault.New(fault.CodeSegmentReplayed, "on the ledger already")
	case seg.FirstSequence < s.Next:
		f = fault.New(fault.CodeSegmentForked, "other bytes")
	case s.Ended:
		f = fault.New(fault.CodeSegmentClosed, "ended")
	case seg.FirstSequence > s.Next:
		f = fault.New(fault.CodeSegmentOutOfOrder, "a gap")
	case hex.EncodeToString(seg.Previous[:]) != s.Last:
		f = fault.New(fault.CodeSegmentForked, "another history")
	}
	if f != nil {
		return f.With("nextSequence", s.Next).With("lastSegment", s.Last)
	}
	s.Hashes[seg.FirstSequence] = hash
	s.order = append(s.order[:len(s.order):len(s.order)], hash)
	s.Next, s.Last, s.Ended = seg.LastSequence()+1, hash, seg.Final
	s.Readings = append(s.Readings[:len(s.Readings):len(s.Readings)], seg.Readings...)
	return nil
}

// decode reads a segment; of a sealed one, what it shows.
func decode(payloadType string, payload []byte) (*segment.Segment, error) {
	if payloadType != segment.SealedPayloadType {
		return segment.Decode(payload)
	}
	x, err := segment.DecodeSealed(payload)
	if err != nil {
		return nil, err
	}
	s := &segment.Segment{Ledger: x.Ledger, ShipmentID: x.ShipmentID, DeviceID: x.DeviceID, FirstSequence: x.FirstSequence, Previous: x.Previous, Final: x.Final}
	for i := range x.Count {
		s.Readings = append(s.Readings, measure.Reading{Sequence: x.FirstSequence + i})
	}
	return s, nil
}

func (g *Gateway) session(path []string, r *http.Request) error {
	var in struct {
		Proof dsse.Envelope `json:"proof"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return fault.New(fault.CodeNotJSON, "%v", err)
	}
	to := g.stream(path[0], path[2])
	s, key, err := dsse.OpenSessionStatement(&in.Proof, g.devices[path[2]])
	if err != nil {
		return err
	}
	number := uint64(1)
	if to.Session != nil {
		number = to.Session.Number + 1
	}
	if s.Ledger != g.Ledger || s.ShipmentID != path[0] || s.DeviceID != path[2] || s.SessionNumber != number {
		return fault.New(fault.CodeSessionNumber, "the next session is %d", number)
	}
	to.Session, to.signs = &shipment.Session{Number: number, KeyID: key.ID()}, key
	return nil
}

// reveal takes openings in order; it does not compare them with what was sealed.
func (g *Gateway) reveal(path []string, r *http.Request) error {
	var in api.OpenSegments
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return fault.New(fault.CodeNotJSON, "%v", err)
	}
	to := g.stream(path[0], path[2])
	for _, o := range in.Openings {
		if next := to.position().NextSequence; o.FirstSequence != next || len(to.Opened) == len(to.order) {
			return fault.New(fault.CodeOpeningOrder, "the next is %d", next).With("nextSequence", next)
		}
		to.Opened = append(to.Opened, o)
	}
	return nil
}

func (s *Stream) position() *shipment.Unopened {
	next, last := uint64(1), strings.Repeat("0", 64)
	if n := len(s.Opened); n > 0 {
		last = s.order[n-1]
	}
	for _, o := range s.Opened {
		if text, err := base64.StdEncoding.DecodeString(o.Payload); err == nil {
			if x, err := segment.Decode(text); err == nil {
				next = x.LastSequence() + 1
			}
		}
	}
	return &shipment.Unopened{NextSequence: next, Opened: uint64(len(s.Opened)), LastHash: last}
}
