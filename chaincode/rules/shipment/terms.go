// Package shipment owns what two companies argue about: the terms of a
// shipment, who had custody when, what counts as a violation, and what is paid.
// It does not verify signatures and moves no money. Invariant: every decision
// here follows from the agreed terms, the custody record and the readings alone,
// the same on every peer for ever.
package shipment

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// RuleSet names the meaning of all rules in this package. Terms record it, and
// a changed meaning gets a new name (LG8).
const RuleSet = "shipment-1"

// Bounds of terms: what one record and one transaction can hold.
const (
	MaxLegs    = 32
	MaxGoods   = 50
	MaxUnits   = 50 // logistic units
	MaxSeals   = 16 // of a leg, and of a hand-over
	MaxDevices = 8
	MaxReaders = 24 // parties of confidential terms: those to whom a segment can be sealed
	MaxLimits  = 16
	MaxDelayMs = 30 * 24 * 3600 * 1000
	MaxWaitS   = 366 * 24 * 3600
	MaxMilli   = 1_000_000_000_000 // beyond every plausible value of every metric
)

// Terms are what the parties agree in advance; once every party has accepted
// them they never change (SH1).
type Terms struct {
	RuleSet   string         `json:"ruleSet"` // shipment-1
	Consignor string         `json:"consignor"`
	Consignee string         `json:"consignee"`
	Payer     string         `json:"payer"`
	Currency  money.Currency `json:"currency"` // one for the whole journey (SH13)
	Legs      []Leg          `json:"legs"`     // in order; each carrier hands over to the next
	Goods     []string       `json:"goods"`    // component ids
	Devices   []string       `json:"devices"`  // whose readings count
	Limits    []Limit        `json:"limits"`
	// Arbiter decides a dispute that the parties do not settle between them; it is none of them. "": nobody, the record decides.
	Arbiter string `json:"arbiter,omitempty" metadata:",optional"`
	// LogisticUnits are the SSCCs (18 digits) of what is carried; a hand-over names those that were scanned.
	LogisticUnits []string     `json:"logisticUnits,omitempty" metadata:",optional"`
	Checkpoints   []Checkpoint `json:"checkpoints,omitempty" metadata:",optional"` // in the order in which they are passed (SH9)
	Geofences     []Geofence   `json:"geofences,omitempty" metadata:",optional"`
	Schedule      *Schedule    `json:"schedule,omitempty" metadata:",optional"`
	Contract      *Commercial  `json:"contract,omitempty" metadata:",optional"` // SH10
	// Confidential: the readings come sealed to the parties, with commitments on the ledger (SH3).
	Confidential bool `json:"confidential,omitempty" metadata:",optional"`
	// LateRecordingSeconds is how long after it happened a hand-over may still be recorded.
	LateRecordingSeconds int64 `json:"lateRecordingSeconds"`
	// SettleAfterSeconds is how long after delivery readings of a device that has not ended its recording are waited for.
	SettleAfterSeconds int64 `json:"settleAfterSeconds"`
	// AcceptWithinSeconds is how long after delivery the consignee may accept, and every party may open a dispute; silence is acceptance. 0: delivery is acceptance.
	AcceptWithinSeconds int64 `json:"acceptWithinSeconds,omitempty" metadata:",optional"`
	// DisputeSeconds is how long after its opening a dispute takes evidence and may be resolved; after that the record decides.
	DisputeSeconds int64 `json:"disputeSeconds,omitempty" metadata:",optional"`
}

// Schedule is when things are to happen. After PickUp.Latest, goods that nobody
// picked up may be cancelled by any party; LostAfterSeconds after
// Delivery.Latest, goods that did not arrive may be declared lost.
type Schedule struct {
	PickUp           Interval `json:"pickUp"`
	Delivery         Interval `json:"delivery"`
	LostAfterSeconds int64    `json:"lostAfterSeconds"`
}

// Interval is from Earliest to Latest, both included; "" is open.
type Interval struct {
	Earliest measure.Time `json:"earliest,omitempty" metadata:",optional"`
	Latest   measure.Time `json:"latest,omitempty" metadata:",optional"`
}

// Checkpoint is a place that the goods pass, in the order of the terms (SH9).
type Checkpoint struct {
	CheckpointID string   `json:"checkpointId"`
	Location     string   `json:"location"` // UN/LOCODE or GLN
	When         Interval `json:"when"`
}

// Geofence is an area on the map: a simple polygon that does not cross the
// antimeridian. It is closed by itself, from the last corner to the first.
type Geofence struct {
	GeofenceID string   `json:"geofenceId"`
	Corners    []Corner `json:"corners"`
}

// Corner is a position in thousandths of a second of arc (about 3 cm), WGS 84.
type Corner struct {
	LatitudeMilli  int64 `json:"latitudeMilli"`
	LongitudeMilli int64 `json:"longitudeMilli"`
}

// Commercial is what else the contract of carriage says (SH10). It is recorded and judged by nobody.
type Commercial struct {
	Incoterm          string `json:"incoterm,omitempty" metadata:",optional"` // three letters of Incoterms 2020
	IncotermPlace     string `json:"incotermPlace,omitempty" metadata:",optional"`
	CustomerReference string `json:"customerReference,omitempty" metadata:",optional"`
	SenderReference   string `json:"senderReference,omitempty" metadata:",optional"`
	FreightReference  string `json:"freightReference,omitempty" metadata:",optional"`
	InsuranceProvider string `json:"insuranceProvider,omitempty" metadata:",optional"`
	InsurancePolicy   string `json:"insurancePolicy,omitempty" metadata:",optional"`
}

// Leg is one carrier's part of the journey and what it is paid for it.
type Leg struct {
	Carrier  string      `json:"carrier"`
	FeeMinor money.Minor `json:"feeMinor"`
	// DepositMinor is what the carrier itself puts into escrow when it accepts the terms, for penalties beyond its fee.
	DepositMinor money.Minor `json:"depositMinor,omitempty" metadata:",optional"`
	// From and To are the places of the leg, UN/LOCODE or GLN.
	From string `json:"from,omitempty" metadata:",optional"`
	To   string `json:"to,omitempty" metadata:",optional"`
	// Seals are the numbers of the seals under which the carrier is to receive the goods.
	Seals []string `json:"seals,omitempty" metadata:",optional"`
}

// Check refuses terms that could not be judged or settled.
func (t Terms) Check() error {
	if t.RuleSet != RuleSet {
		return invalid("ruleSet", "ruleSet must be %q", RuleSet)
	}
	for _, p := range []struct{ field, id string }{{"consignor", t.Consignor}, {"consignee", t.Consignee}, {"payer", t.Payer}} {
		if err := party.CheckID(p.field, p.id); err != nil {
			return err
		}
	}
	if err := t.Currency.Check(); err != nil {
		return err
	}
	if t.LateRecordingSeconds < 0 || t.LateRecordingSeconds > MaxWaitS {
		return invalid("lateRecordingSeconds", "lateRecordingSeconds must be 0 to %d", MaxWaitS)
	}
	if t.SettleAfterSeconds < 0 || t.SettleAfterSeconds > MaxWaitS {
		return invalid("settleAfterSeconds", "settleAfterSeconds must be 0 to %d", MaxWaitS)
	}
	if err := t.checkLegs(); err != nil {
		return err
	}
	if err := t.checkMore(); err != nil {
		return err
	}
	if err := checkIDs("goods", t.Goods, 0, MaxGoods); err != nil {
		return err
	}
	if err := checkIDs("devices", t.Devices, 1, MaxDevices); err != nil {
		return err
	}
	return t.checkLimits()
}

// checkMore checks what terms may leave out.
func (t Terms) checkMore() error {
	if t.Arbiter != "" {
		if err := party.CheckID("arbiter", t.Arbiter); err != nil {
			return err
		}
		if slices.Contains(t.Parties(), t.Arbiter) {
			return invalid("arbiter", "the arbiter must not be a party")
		}
	}
	if t.AcceptWithinSeconds < 0 || t.AcceptWithinSeconds > MaxWaitS {
		return invalid("acceptWithinSeconds", "acceptWithinSeconds must be 0 to %d", MaxWaitS)
	}
	if t.DisputeSeconds < 0 || t.DisputeSeconds > MaxWaitS {
		return invalid("disputeSeconds", "disputeSeconds must be 0 to %d", MaxWaitS)
	}
	if t.Confidential && len(t.Parties()) > MaxReaders {
		return invalid("confidential", "readings can be sealed to at most %d parties", MaxReaders)
	}
	if err := checkSSCCs("logisticUnits", t.LogisticUnits, MaxUnits); err != nil {
		return err
	}
	if err := t.checkSchedule(); err != nil {
		return err
	}
	if err := t.checkGeofences(); err != nil {
		return err
	}
	if err := t.checkDue(); err != nil {
		return err
	}
	return t.Contract.check()
}

func (t Terms) checkLegs() error {
	if len(t.Legs) < 1 || len(t.Legs) > MaxLegs {
		return invalid("legs", "there must be 1 to %d legs", MaxLegs)
	}
	for i, l := range t.Legs {
		if err := party.CheckID("carrier", l.Carrier); err != nil {
			return err
		}
		if i > 0 && l.Carrier == t.Legs[i-1].Carrier {
			return invalid("legs", "a carrier does not hand over to itself: merge the legs of %s", l.Carrier)
		}
		if err := l.check(); err != nil {
			return err
		}
	}
	sum, err := t.Fees()
	for _, l := range t.Legs { // the escrow may come to hold all of them
		if err == nil {
			sum, err = money.Add(sum, l.DepositMinor)
		}
	}
	return err
}

func (l Leg) check() error {
	if err := l.FeeMinor.Check("feeMinor"); err != nil {
		return err
	}
	if err := l.DepositMinor.Check("depositMinor"); err != nil {
		return err
	}
	for _, p := range []struct{ field, place string }{{"from", l.From}, {"to", l.To}} {
		if p.place == "" {
			continue
		}
		if err := checkPlace(p.field, p.place); err != nil {
			return err
		}
	}
	return checkIDs("seals", l.Seals, 0, MaxSeals)
}

func (t Terms) checkLimits() error {
	if len(t.Limits) > MaxLimits {
		return invalid("limits", "there must be at most %d limits", MaxLimits)
	}
	var ids []string
	for i := range t.Limits {
		l := &t.Limits[i]
		if err := l.check(&t); err != nil {
			return err
		}
		ids = append(ids, l.LimitID)
	}
	return checkIDs("limits", ids, 0, MaxLimits)
}

// Fees is what the carriers earn if nothing goes wrong, and so what the escrow
// must hold before pick-up (SH13).
func (t Terms) Fees() (money.Minor, error) {
	var sum money.Minor
	for _, l := range t.Legs {
		next, err := money.Add(sum, l.FeeMinor)
		if err != nil {
			return 0, err
		}
		sum = next
	}
	return sum, nil
}

// Parties are the organisations that must accept, sorted, each once.
func (t Terms) Parties() []string {
	ps := []string{t.Consignor, t.Consignee, t.Payer}
	for _, l := range t.Legs {
		ps = append(ps, l.Carrier)
	}
	slices.Sort(ps)
	return slices.Compact(ps)
}

// Names reports whether an organisation is one of the parties.
func (t Terms) Names(organisation string) bool { return slices.Contains(t.Parties(), organisation) }

// Hash identifies the terms: a party accepts exactly these and no others.
func (t Terms) Hash() (string, error) {
	b, err := json.Marshal(t) // field order is fixed, and there is no map or float in it
	if err != nil {
		return "", fault.Wrap(err, "encode terms")
	}
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:]), nil
}

func checkIDs(field string, ids []string, low, high int) error {
	if len(ids) < low || len(ids) > high {
		return invalid(field, "%s must have %d to %d entries", field, low, high)
	}
	seen := slices.Clone(ids)
	slices.Sort(seen)
	if len(slices.Compact(seen)) != len(ids) {
		return invalid(field, "%s must name each only once", field)
	}
	for _, id := range ids {
		if err := party.CheckID(field, id); err != nil {
			return err
		}
	}
	return nil
}

func invalid(field, format string, args ...any) error {
	return fault.New(fault.CodeTermsInvalid, format, args...).With("field", field)
}
