package shipment

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// Status is how far a shipment is.
type Status string

// The statuses, in order; a shipment is withdrawn only before it is agreed,
// cancelled only before it is delivered.
const (
	Proposed  Status = "proposed"
	Agreed    Status = "agreed"
	InTransit Status = "in-transit"
	Arrived   Status = "delivered"
	InDispute Status = "in-dispute" // what is not disputed has been paid out
	Settled   Status = "settled"
	Withdrawn Status = "withdrawn"
)

// The statuses of journeys that are longer, or end otherwise.
const (
	Packed     Status = "packed" // agreed, and the consignor answers for what the devices measure
	Cancelled  Status = "cancelled"
	LostStatus Status = "lost" // it is settled as after a delivery
)

// Shipment is the head of a shipment's record: what is true now. Its terms
// have a key of their own, which nobody writes again once they are agreed.
type Shipment struct {
	ShipmentID string       `json:"shipmentId"`
	Status     Status       `json:"status"`
	TermsHash  string       `json:"termsHash"`
	Proposer   string       `json:"proposer"`
	AcceptedBy []string     `json:"acceptedBy"` // sorted
	Custody    []Custody    `json:"custody"`    // from packing or pick-up on, contiguous; of what has not been split off
	Offer      *Handover    `json:"offer,omitempty" metadata:",optional"`
	Events     uint64       `json:"events"` // number of events; the next one has this number
	ChangedAt  measure.Time `json:"changedAt"`
	// Seals are the numbers last read from the seals, or agreed, sorted.
	Seals []string `json:"seals,omitempty" metadata:",optional"`
	// Passed are the checkpoints that were passed, in order (SH9).
	Passed []Passage `json:"passed,omitempty" metadata:",optional"`
	// Parts are what has been split off, in that order; those that were joined again too (SH5).
	Parts []Part `json:"parts,omitempty" metadata:",optional"`
	// Penalties are what the limits about the journey itself have cost; those about readings are with the streams.
	Penalties []Penalty `json:"penalties,omitempty" metadata:",optional"`
	// Consents are the parties that want to cancel, sorted; when custody changes they are asked anew.
	Consents []string `json:"consents,omitempty" metadata:",optional"`
	// ConsolidationID is the SSCC under which the goods are moved together with those of other shipments.
	ConsolidationID string       `json:"consolidationId,omitempty" metadata:",optional"`
	LostAt          measure.Time `json:"lostAt,omitempty" metadata:",optional"` // nobody has custody from here on
}

// Custody is one party's responsibility for the goods, from a moment on until
// the next one begins (SH5; EPCIS possessing_party).
type Custody struct {
	Custodian  string       `json:"custodian"`
	From       measure.Time `json:"from"`       // readings from here on are this custodian's
	OccurredAt measure.Time `json:"occurredAt"` // when, as both parties say, the goods changed hands
	RecordedAt measure.Time `json:"recordedAt"`
	// Delivered marks the consignee's: what is measured from here on is nobody's violation.
	Delivered bool `json:"delivered"`
	// Leg is the custodian's place on the route: 0 the consignor's from packing on, 1 the first carrier's, one more than the last carrier's the consignee's.
	Leg int `json:"leg"`
}

// Handover is an offer that waits for the receiver's answer.
type Handover struct {
	By         string       `json:"by"`
	To         string       `json:"to"`
	OccurredAt measure.Time `json:"occurredAt"`
	OfferedAt  measure.Time `json:"offeredAt"`
	Condition  *Condition   `json:"condition,omitempty" metadata:",optional"` // as the giver says
}

// JourneyEvent is one entry of a shipment's history; it never changes.
type JourneyEvent struct {
	ShipmentID    string       `json:"shipmentId"`
	Number        uint64       `json:"number"`
	Step          Step         `json:"step"`
	At            measure.Time `json:"at"`
	Actor         string       `json:"actor"`
	Counterparty  string       `json:"counterparty,omitempty" metadata:",optional"`
	OccurredAt    measure.Time `json:"occurredAt,omitempty" metadata:",optional"`
	TransactionID string       `json:"transactionId"`
	// Condition is the actor's word about the goods.
	Condition       *Condition `json:"condition,omitempty" metadata:",optional"`
	PartID          string     `json:"partId,omitempty" metadata:",optional"`
	CheckpointID    string     `json:"checkpointId,omitempty" metadata:",optional"`
	ConsolidationID string     `json:"consolidationId,omitempty" metadata:",optional"`
	Reason          string     `json:"reason,omitempty" metadata:",optional"`
}

// Step is what happened to a shipment.
type Step string

// The steps.
const (
	TermsProposed    Step = "terms-proposed"
	TermsAccepted    Step = "terms-accepted"
	TermsWithdrawn   Step = "terms-withdrawn"
	TermsAmended     Step = "terms-amended"
	HandoverOffered  Step = "hand-over-offered"
	HandoverDeclined Step = "hand-over-declined"
	PickedUp         Step = "picked-up"
	HandedOver       Step = "handed-over"
	DeliveredStep    Step = "delivered"
	SettledStep      Step = "settled"
)

// The steps after the delivery.
const (
	DeliveryAcceptedStep  Step = "delivery-accepted"
	DisputeOpenedStep     Step = "dispute-opened"
	EvidenceAddedStep     Step = "evidence-added"
	ResolutionOfferedStep Step = "resolution-offered"
	DisputeResolvedStep   Step = "dispute-resolved"
	DisputeDecidedStep    Step = "dispute-decided"
	DisputeWithdrawnStep  Step = "dispute-withdrawn"
	PartlyReleasedStep    Step = "partly-released"
)

// The steps of journeys that are longer, or end otherwise.
const (
	PackedStep       Step = "packed"
	CheckpointPassed Step = "checkpoint-passed"
	SplitStep        Step = "split"
	JoinedStep       Step = "joined"
	Consolidated     Step = "consolidated"
	Deconsolidated   Step = "deconsolidated"
	CancelConsented  Step = "cancellation-consented"
	CancelledStep    Step = "cancelled"
	LostStep         Step = "lost"
)

// When says by whom, when, and in which transaction something is done.
type When struct {
	Actor         string
	Now           measure.Time
	TransactionID string
}

// Propose begins a shipment with terms that one party proposes; proposing is
// not accepting.
func Propose(id string, t Terms, w When) (Shipment, JourneyEvent, error) {
	if err := party.CheckID("shipmentId", id); err != nil {
		return Shipment{}, JourneyEvent{}, err
	}
	if err := t.Check(); err != nil {
		return Shipment{}, JourneyEvent{}, err
	}
	if !slices.Contains(t.Parties(), w.Actor) {
		return Shipment{}, JourneyEvent{}, notParty(w.Actor)
	}
	hash, err := t.Hash()
	if err != nil {
		return Shipment{}, JourneyEvent{}, err
	}
	s := Shipment{ShipmentID: id, Status: Proposed, TermsHash: hash, Proposer: w.Actor, AcceptedBy: []string{}, Custody: []Custody{}}
	next, e := s.record(TermsProposed, "", "", w)
	return next, e, nil
}

// Accept is one party's consent to exactly these terms. With the last one the
// shipment is agreed.
func (s Shipment) Accept(t Terms, hash string, w When) (Shipment, JourneyEvent, error) {
	if err := s.expect(Proposed); err != nil {
		return s, JourneyEvent{}, err
	}
	if !slices.Contains(t.Parties(), w.Actor) {
		return s, JourneyEvent{}, notParty(w.Actor)
	}
	if hash != s.TermsHash {
		return s, JourneyEvent{}, fault.New(fault.CodeTermsChanged, "the terms have another hash").With("termsHash", s.TermsHash)
	}
	if slices.Contains(s.AcceptedBy, w.Actor) {
		return s, JourneyEvent{}, fault.New(fault.CodeTermsAccepted, "%s has accepted these terms", w.Actor)
	}
	s.AcceptedBy = append(slices.Clone(s.AcceptedBy), w.Actor)
	slices.Sort(s.AcceptedBy)
	if len(s.AcceptedBy) == len(t.Parties()) {
		s.Status = Agreed
	}
	next, e := s.record(TermsAccepted, "", "", w)
	return next, e, nil
}

// Withdraw ends a proposal that is not yet agreed: any party may.
func (s Shipment) Withdraw(t Terms, w When) (Shipment, JourneyEvent, error) {
	if err := s.expect(Proposed); err != nil {
		return s, JourneyEvent{}, err
	}
	if !slices.Contains(t.Parties(), w.Actor) {
		return s, JourneyEvent{}, notParty(w.Actor)
	}
	s.Status = Withdrawn
	next, e := s.record(TermsWithdrawn, "", "", w)
	return next, e, nil
}

// alone refuses a step of one shipment that travels in a consolidation.
func (s Shipment) alone() error {
	if s.ConsolidationID == "" {
		return nil
	}
	return fault.New(fault.CodeConsolidated, "shipment %s is moved with %s", s.ShipmentID, s.ConsolidationID).
		With("shipmentId", s.ShipmentID).With("consolidationId", s.ConsolidationID)
}

func (s Shipment) expect(allowed ...Status) error {
	if slices.Contains(allowed, s.Status) {
		return nil
	}
	return fault.New(fault.CodeShipmentStatus, "shipment %s is %s", s.ShipmentID, s.Status).With("status", string(s.Status)).With("shipmentId", s.ShipmentID)
}

func (s Shipment) record(step Step, counterparty string, occurredAt measure.Time, w When) (Shipment, JourneyEvent) {
	e := JourneyEvent{ShipmentID: s.ShipmentID, Number: s.Events, Step: step, At: w.Now, Actor: w.Actor, Counterparty: counterparty, OccurredAt: occurredAt, TransactionID: w.TransactionID}
	s.Events++
	s.ChangedAt = w.Now
	return s, e
}

func notParty(actor string) error {
	return fault.New(fault.CodeTermsNotParty, "%s is not a party to these terms", actor)
}
