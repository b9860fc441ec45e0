package shipment

import (
	"slices"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// Bounds of disputes: what one record and one settlement can hold.
const (
	MaxDisputes = 32 // of a shipment
	MaxClaims   = 8  // of them by one claimant; those who only carry share as many
	MaxEvidence = 64 // of a dispute
	MaxCited    = 16 // excursions that a claim rests on
)

// Dispute is one claim against one carrier and what became of it (SH19). While
// it is open, what is claimed stays in escrow.
type Dispute struct {
	DisputeID     int           `json:"disputeId"` // from 1
	Claimant      string        `json:"claimant"`
	Claim         DisputeClaim  `json:"claim"`
	State         DisputeState  `json:"state"`
	OpenedAt      measure.Time  `json:"openedAt"`
	Until         measure.Time  `json:"until"`         // when the record decides
	TransactionID string        `json:"transactionId"` // that opened it
	Evidence      uint64        `json:"evidence"`      // number of pieces; the next one has this number
	Offer         *DisputeOffer `json:"offer,omitempty" metadata:",optional"`
	// AwardMinor is what the respondent loses of the claim: agreed, or decided.
	AwardMinor money.Minor  `json:"awardMinor"`
	Reasoning  string       `json:"reasoning,omitempty" metadata:",optional"` // the arbiter's
	EndedAt    measure.Time `json:"endedAt,omitempty" metadata:",optional"`
	EndedBy    string       `json:"endedBy,omitempty" metadata:",optional"` // "" of a dispute that lapsed
	EndedIn    string       `json:"endedIn,omitempty" metadata:",optional"` // transaction
}

// DisputeClaim is what a party wants of a carrier beyond the agreed penalties:
// a part of what the carrier would be paid, which goes back to the payer.
type DisputeClaim struct {
	Respondent  string      `json:"respondent"` // the carrier
	AmountMinor money.Minor `json:"amountMinor"`
	Reason      string      `json:"reason"`
	Excursions  []string    `json:"excursions"` // ids; the respondent had custody in all of them
}

// DisputeOffer is an amount that one side would agree on.
type DisputeOffer struct {
	By          string       `json:"by"`
	AmountMinor money.Minor  `json:"amountMinor"`
	At          measure.Time `json:"at"`
}

// DisputeState is how a dispute stands.
type DisputeState string

// The states: all but the first are for ever.
const (
	DisputeOpen      DisputeState = "open"
	DisputeResolved  DisputeState = "resolved"  // both sides agreed on an amount
	DisputeDecided   DisputeState = "decided"   // by the arbiter
	DisputeWithdrawn DisputeState = "withdrawn" // by the claimant
	DisputeLapsed    DisputeState = "lapsed"    // nobody decided in time: what the readings show is what counts
)

// DisputeEvidence is one document that a party brings; its bytes are elsewhere.
// It never changes.
type DisputeEvidence struct {
	ShipmentID    string       `json:"shipmentId"`
	DisputeID     int          `json:"disputeId"`
	Number        uint64       `json:"number"` // from 0
	By            string       `json:"by"`
	SHA256        string       `json:"sha256"` // hex
	MediaType     string       `json:"mediaType"`
	Description   string       `json:"description"`
	At            measure.Time `json:"at"`
	TransactionID string       `json:"transactionId"`
}

// open reports whether the dispute still holds money back at this time.
func (d Dispute) open(now measure.Time) bool { return d.State == DisputeOpen && now < d.Until }

// OpenDispute begins a dispute within the time to accept. cited are the
// excursions that the claim names, as they are on the ledger.
func (r Review) OpenDispute(s Shipment, t Terms, c DisputeClaim, cited []Excursion, w When) (Review, Shipment, JourneyEvent, error) {
	fail := func(err error) (Review, Shipment, JourneyEvent, error) { return r, s, JourneyEvent{}, err }
	if err := s.expect(Arrived, LostStatus); err != nil {
		return fail(err)
	}
	if !slices.Contains(t.Parties(), w.Actor) {
		return fail(notParty(w.Actor))
	}
	accepted := r.Acceptance != nil && r.Acceptance.Accepted == AcceptedAll
	if t.AcceptWithinSeconds == 0 || t.DisputeSeconds == 0 || accepted || w.Now >= r.reviewUntil(s, t) {
		return fail(fault.New(fault.CodeDisputeClosed, "the time for claims about %s is over", s.ShipmentID).With("shipmentId", s.ShipmentID))
	}
	if !r.room(t, w.Actor) {
		return fail(fault.New(fault.CodeDisputeBounds, "a claimant has at most %d disputes about a shipment, and those who only carry have as many together", MaxClaims))
	}
	if err := c.check(t, cited, w); err != nil {
		return fail(err)
	}
	if most := t.stake(c.Respondent) - r.claimed(c.Respondent, w.Actor); c.AmountMinor > most {
		return fail(fault.New(fault.CodeDisputeAmount, "of %s, %d minor units can be claimed", c.Respondent, most).With("most", int64(most)))
	}
	d := Dispute{
		DisputeID: len(r.Disputes) + 1, Claimant: w.Actor, Claim: c, State: DisputeOpen,
		OpenedAt: w.Now, Until: w.Now.Add(t.DisputeSeconds * 1000), TransactionID: w.TransactionID,
	}
	r.Disputes, r.ChangedAt = append(slices.Clone(r.Disputes), d), w.Now
	next, e := s.record(DisputeOpenedStep, c.Respondent, "", w)
	return r, next, e, nil
}

func (c DisputeClaim) check(t Terms, cited []Excursion, w When) error {
	wrong := func(format string, args ...any) error { return fault.New(fault.CodeDisputeClaim, format, args...) }
	if !slices.Contains(t.carriers(), c.Respondent) || c.Respondent == w.Actor {
		return wrong("a claim is against a carrier, and not against oneself")
	}
	if err := c.AmountMinor.CheckPositive("amountMinor"); err != nil {
		return err
	}
	for _, e := range cited {
		if e.Custodian != c.Respondent {
			return wrong("excursion %s was in the custody of %s", e.ExcursionID, e.Custodian)
		}
	}
	return party.CheckText("reason", c.Reason, 1, MaxReason)
}

// CheckCited bounds what a claim cites, before anything is looked up.
func (c DisputeClaim) CheckCited() error {
	ids := slices.Clone(c.Excursions)
	slices.Sort(ids)
	if len(ids) > MaxCited || len(slices.Compact(ids)) != len(c.Excursions) {
		return fault.New(fault.CodeDisputeClaim, "a claim cites at most %d excursions, each once", MaxCited)
	}
	return nil
}

// stake is the most that a carrier can lose: its fees and what it has deposited.
func (t Terms) stake(carrier string) (sum money.Minor) {
	for _, l := range t.Legs {
		if l.Carrier == carrier {
			sum += l.FeeMinor + l.DepositMinor // the sum of all is within bounds
		}
	}
	return sum
}

// room reports whether a claimant may open one more dispute. Nobody takes the
// others' places: consignor, consignee and payer have their own.
func (r Review) room(t Terms, claimant string) bool {
	carries := func(o string) bool { return o != t.Consignor && o != t.Consignee && o != t.Payer }
	n := 0
	for _, d := range r.Disputes {
		if d.Claimant == claimant || carries(d.Claimant) && carries(claimant) {
			n++
		}
	}
	return n < MaxClaims
}

// claimed is what one claimant claims of a carrier, or was awarded. A claim takes
// nothing from those of others: together they hold back and take at most what
// the carrier has at stake ([Statement.After]).
func (r Review) claimed(carrier, claimant string) (sum money.Minor) {
	for _, d := range r.Disputes {
		switch {
		case d.Claim.Respondent != carrier, d.Claimant != claimant:
		case d.State == DisputeOpen:
			sum += d.Claim.AmountMinor
		default:
			sum += d.AwardMinor
		}
	}
	return sum
}

// AddEvidence brings a document into an open dispute: every party may.
func (r Review) AddEvidence(s Shipment, t Terms, id int, ev DisputeEvidence, w When) (Review, Shipment, DisputeEvidence, JourneyEvent, error) {
	fail := func(err error) (Review, Shipment, DisputeEvidence, JourneyEvent, error) {
		return r, s, ev, JourneyEvent{}, err
	}
	d, err := r.running(s, id, w)
	if err != nil {
		return fail(err)
	}
	if !slices.Contains(t.Parties(), w.Actor) {
		return fail(notParty(w.Actor))
	}
	if err := ev.check(); err != nil {
		return fail(err)
	}
	if d.Evidence == MaxEvidence {
		return fail(fault.New(fault.CodeDisputeBounds, "a dispute has at most %d pieces of evidence", MaxEvidence))
	}
	ev.ShipmentID, ev.DisputeID, ev.Number = s.ShipmentID, id, d.Evidence
	ev.By, ev.At, ev.TransactionID = w.Actor, w.Now, w.TransactionID
	d.Evidence++
	r, next, e := r.with(d, s, EvidenceAddedStep, d.other(w.Actor), w)
	return r, next, ev, e, nil
}

func (ev DisputeEvidence) check() error {
	if len(ev.SHA256) != 64 || strings.Trim(ev.SHA256, "0123456789abcdef") != "" {
		return fault.New(fault.CodeInvalid, "sha256 must be 64 lower-case hexadecimal digits").With("field", "sha256")
	}
	major, minor, ok := strings.Cut(ev.MediaType, "/")
	if !ok || !mediaWord(major) || !mediaWord(minor) {
		return fault.New(fault.CodeInvalid, "mediaType must be a type and a subtype, such as image/jpeg").With("field", "mediaType")
	}
	return party.CheckText("description", ev.Description, 1, MaxReason)
}

// mediaWord is a restricted-name of RFC 6838.
func mediaWord(s string) bool {
	const more = "!#$&-^_.+"
	for i := range len(s) {
		c := s[i]
		alnum := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !alnum && (i == 0 || strings.IndexByte(more, c) < 0) {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

// OfferResolution names an amount that the claimant or the respondent would
// agree on; it takes the place of an earlier offer.
func (r Review) OfferResolution(s Shipment, id int, amount money.Minor, w When) (Review, Shipment, JourneyEvent, error) {
	fail := func(err error) (Review, Shipment, JourneyEvent, error) { return r, s, JourneyEvent{}, err }
	d, err := r.running(s, id, w)
	if err != nil {
		return fail(err)
	}
	if err := d.side(w.Actor); err != nil {
		return fail(err)
	}
	if err := d.within(amount); err != nil {
		return fail(err)
	}
	d.Offer = &DisputeOffer{By: w.Actor, AmountMinor: amount, At: w.Now}
	r, next, e := r.with(d, s, ResolutionOfferedStep, d.other(w.Actor), w)
	return r, next, e, nil
}

// AcceptResolution ends a dispute with the amount that the other side offers.
// The amount is named, so that nobody accepts an offer that it has not seen.
func (r Review) AcceptResolution(s Shipment, id int, amount money.Minor, w When) (Review, Shipment, JourneyEvent, error) {
	fail := func(err error) (Review, Shipment, JourneyEvent, error) { return r, s, JourneyEvent{}, err }
	d, err := r.running(s, id, w)
	if err != nil {
		return fail(err)
	}
	if err := d.side(w.Actor); err != nil {
		return fail(err)
	}
	if d.Offer == nil || d.Offer.By == w.Actor || d.Offer.AmountMinor != amount {
		return fail(fault.New(fault.CodeDisputeNoOffer, "the other side does not offer %d minor units", amount))
	}
	r, next, e := r.end(d, s, DisputeResolved, amount, DisputeResolvedStep, w)
	return r, next, e, nil
}

// DecideDispute is the arbiter's decision; only the arbiter of the terms decides.
func (r Review) DecideDispute(s Shipment, t Terms, id int, award money.Minor, reasoning string, w When) (Review, Shipment, JourneyEvent, error) {
	fail := func(err error) (Review, Shipment, JourneyEvent, error) { return r, s, JourneyEvent{}, err }
	d, err := r.running(s, id, w)
	if err != nil {
		return fail(err)
	}
	if w.Actor != t.Arbiter {
		return fail(fault.New(fault.CodeDisputeNotSide, "only the arbiter of the terms decides"))
	}
	if err := d.within(award); err != nil {
		return fail(err)
	}
	if err := party.CheckText("reasoning", reasoning, 1, MaxReason); err != nil {
		return fail(err)
	}
	d.Reasoning = reasoning
	r, next, e := r.end(d, s, DisputeDecided, award, DisputeDecidedStep, w)
	return r, next, e, nil
}

// WithdrawDispute ends a dispute with nothing: the claimant may.
func (r Review) WithdrawDispute(s Shipment, id int, w When) (Review, Shipment, JourneyEvent, error) {
	fail := func(err error) (Review, Shipment, JourneyEvent, error) { return r, s, JourneyEvent{}, err }
	d, err := r.running(s, id, w)
	if err != nil {
		return fail(err)
	}
	if w.Actor != d.Claimant {
		return fail(fault.New(fault.CodeDisputeNotSide, "only the claimant withdraws"))
	}
	r, next, e := r.end(d, s, DisputeWithdrawn, 0, DisputeWithdrawnStep, w)
	return r, next, e, nil
}

// running gives a dispute that is open now.
func (r Review) running(s Shipment, id int, w When) (Dispute, error) {
	if err := s.expect(Arrived, InDispute, LostStatus); err != nil {
		return Dispute{}, err
	}
	if id < 1 || id > len(r.Disputes) {
		return Dispute{}, fault.New(fault.CodeDisputeUnknown, "shipment %s has no dispute %d", s.ShipmentID, id)
	}
	d := r.Disputes[id-1]
	if !d.open(w.Now) {
		return d, fault.New(fault.CodeDisputeEnded, "dispute %d has ended", id).With("state", string(d.State)).With("until", string(d.Until))
	}
	return d, nil
}

// lapse ends what nobody has decided in time: the claim fails.
func (r Review) lapse(now measure.Time) Review {
	r.Disputes = slices.Clone(r.Disputes)
	for i, d := range r.Disputes {
		if d.State == DisputeOpen && now >= d.Until {
			r.Disputes[i].State, r.Disputes[i].EndedAt, r.Disputes[i].Offer = DisputeLapsed, d.Until, nil
			r.ChangedAt = max(r.ChangedAt, d.Until)
		}
	}
	return r
}

// side refuses whom the dispute is not between.
func (d Dispute) side(actor string) error {
	if actor == d.Claimant || actor == d.Claim.Respondent {
		return nil
	}
	return fault.New(fault.CodeDisputeNotSide, "the dispute is between %s and %s", d.Claimant, d.Claim.Respondent)
}

func (d Dispute) other(actor string) string {
	if actor == d.Claimant {
		return d.Claim.Respondent
	}
	return d.Claimant
}

// within refuses an amount beyond the claim.
func (d Dispute) within(amount money.Minor) error {
	if amount < 0 || amount > d.Claim.AmountMinor {
		return fault.New(fault.CodeDisputeAmount, "the claim is %d minor units", d.Claim.AmountMinor).With("most", int64(d.Claim.AmountMinor))
	}
	return nil
}

func (r Review) end(d Dispute, s Shipment, state DisputeState, award money.Minor, step Step, w When) (Review, Shipment, JourneyEvent) {
	d.State, d.AwardMinor, d.Offer = state, award, nil
	d.EndedAt, d.EndedBy, d.EndedIn = w.Now, w.Actor, w.TransactionID
	return r.with(d, s, step, d.other(w.Actor), w)
}

func (r Review) with(d Dispute, s Shipment, step Step, counterparty string, w When) (Review, Shipment, JourneyEvent) {
	r.Disputes = slices.Clone(r.Disputes)
	r.Disputes[d.DisputeID-1], r.ChangedAt = d, w.Now
	next, e := s.record(step, counterparty, "", w)
	return r, next, e
}
