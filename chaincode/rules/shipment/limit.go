package shipment

import (
	"slices"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/rules/money"
)

// Limit is one handling constraint with its price (SH1, SH7).
type Limit struct {
	LimitID string `json:"limitId"` // the parties' own name for it, such as SH7; without a full stop, which separates the parts of an excursion's id
	Rule    RuleID `json:"rule"`    // which rule of this package judges it
	// Milli is the bound in thousandths of the rule's unit: 40 °C is 40000.
	Milli int64 `json:"milli"`
	// OnDelayMs is the tolerance: how long the bound may be passed before it is an excursion (OPC UA OnDelay). 0: at once.
	// One reading within the bound ends it, and the next tolerance begins anew.
	OnDelayMs int64 `json:"onDelayMs"`
	// OffDelayMs is how long readings must stay within the bound before the excursion ends (OPC UA OffDelay). 0: at once.
	OffDelayMs   int64       `json:"offDelayMs"`
	PenaltyMinor money.Minor `json:"penaltyMinor"` // for each excursion, or for each unit of PenaltyBy

	// Cumulative: OnDelayMs is the total time that may be passed beyond the bound, in each window or, without one, in the whole scope.
	Cumulative bool `json:"cumulative,omitempty" metadata:",optional"`
	// WindowMs: over what time a mean, a rate or a total is taken. 0: the whole scope.
	WindowMs  int64     `json:"windowMs,omitempty" metadata:",optional"`
	PenaltyBy PenaltyBy `json:"penaltyBy,omitempty" metadata:",optional"`
	// PenaltyBasisPoints of the custodian's fee, for the penalty by percentage.
	PenaltyBasisPoints int64 `json:"penaltyBasisPoints,omitempty" metadata:",optional"`
	// CapMinor is the most that this limit costs in its scope. 0: no cap.
	CapMinor money.Minor `json:"capMinor,omitempty" metadata:",optional"`
	Scope    Scope       `json:"scope,omitempty" metadata:",optional"`
	// Devices are those whose readings this limit judges; none: all of the terms (SH2).
	Devices []string `json:"devices,omitempty" metadata:",optional"`
	// Goods are the components that this limit protects; none: all of the terms (SH2).
	Goods      []string `json:"goods,omitempty" metadata:",optional"`
	GeofenceID string   `json:"geofenceId,omitempty" metadata:",optional"` // for the rule about one
	// CheckpointID is what the rule about lateness is about: a checkpoint of the terms, "pick-up" or "delivery".
	CheckpointID string `json:"checkpointId,omitempty" metadata:",optional"`
}

// PenaltyBy is what a penalty is counted by.
type PenaltyBy string

// The ways to count a penalty.
const (
	ByExcursion  PenaltyBy = ""            // PenaltyMinor once for each excursion
	ByMinute     PenaltyBy = "minute"      // PenaltyMinor for each started minute of the excursion
	ByUnitMinute PenaltyBy = "unit-minute" // PenaltyMinor for each started unit of the rule times minute beyond the bound: degree-minutes
	ByPercentage PenaltyBy = "percentage"  // PenaltyBasisPoints of the custodian's fee for each excursion
)

// Scope is over what totals and caps are taken.
type Scope string

// The scopes.
const (
	WholeJourney Scope = ""        // over all custodies; who has the goods when the limit is broken answers
	EachCustody  Scope = "custody" // anew for each custodian
)

// MaxWindowMs bounds windows.
const MaxWindowMs = MaxWaitS * 1000

// judges says whether the limit is about this device's readings.
func (l *Limit) judges(device string) bool {
	return len(l.Devices) == 0 || slices.Contains(l.Devices, device)
}

// check refuses a limit that could not be judged, or says two things at once.
func (l *Limit) check(t *Terms) error {
	rule, ok := RuleByID(l.Rule)
	if !ok {
		return invalid("limits", "no rule is called %q", string(l.Rule))
	}
	if l.OnDelayMs < 0 || l.OnDelayMs > MaxDelayMs || l.OffDelayMs < 0 || l.OffDelayMs > MaxDelayMs {
		return invalid("limits", "onDelayMs and offDelayMs must be 0 to %d", MaxDelayMs)
	}
	if l.WindowMs < 0 || l.WindowMs > MaxWindowMs {
		return invalid("limits", "windowMs must be 0 to %d", int64(MaxWindowMs))
	}
	if l.Scope != WholeJourney && l.Scope != EachCustody {
		return invalid("limits", "scope is %q or left out", string(EachCustody))
	}
	if strings.Contains(l.LimitID, ".") { // device ids may have one; the ids of excursions must not become ambiguous
		return invalid("limits", "limitId must not contain a full stop")
	}
	for _, check := range []func(Rule, *Terms) error{l.checkBound, l.checkTime, l.checkPrice, l.checkNames} {
		if err := check(rule, t); err != nil {
			return err
		}
	}
	return nil
}

func (l *Limit) checkBound(rule Rule, _ *Terms) error {
	least, greatest := int64(-MaxMilli), int64(MaxMilli)
	switch {
	case rule.YesNo:
		least, greatest = 0, 0
	case rule.ID == Tilt.ID:
		least, greatest = 0, 180_000
	case rule.Method == ByMean: // nothing is carried colder, and the arithmetic ends at absolute zero
		least, greatest = -200_000, 2_000_000
	case rule.Method == BySilence || rule.ID == Late.ID:
		least, greatest = 0, MaxWindowMs
	case rule.Method == ByDose || rule.Method == ByRate:
		least = 0
	}
	if l.Milli < least || l.Milli > greatest {
		return invalid("limits", "milli of %s must be %d to %d", rule.ID, least, greatest)
	}
	return nil
}

// checkTime refuses times that would mean nothing.
func (l *Limit) checkTime(rule Rule, _ *Terms) error {
	byReading := rule.Method == "" || rule.Method == ByReading
	total := l.Cumulative || rule.Method == ByDose || rule.Method == ByMean
	switch {
	case l.Cumulative && !byReading:
		return invalid("limits", "%s cannot be cumulative: it is not judged by each reading's own value", rule.ID)
	case l.WindowMs > 0 && !total && rule.Method != ByRate:
		return invalid("limits", "a window means nothing to %s unless it is cumulative", rule.ID)
	case total && l.OffDelayMs > 0:
		return invalid("limits", "offDelayMs means nothing to a total or a mean")
	case l.OnDelayMs > 0 && !byReading && rule.Method != ByRate:
		return invalid("limits", "onDelayMs means nothing to %s: the bound is the tolerance", rule.ID)
	case l.OffDelayMs > 0 && (rule.Method == BySilence || rule.Method == ByJourney):
		return invalid("limits", "offDelayMs means nothing to %s", rule.ID)
	case l.Cumulative && l.WindowMs > 0 && l.OnDelayMs >= l.WindowMs:
		return invalid("limits", "a total of onDelayMs cannot be passed within windowMs")
	}
	return nil
}

func (l *Limit) checkPrice(rule Rule, _ *Terms) error {
	if err := l.PenaltyMinor.Check("penaltyMinor"); err != nil {
		return err
	}
	if err := l.CapMinor.Check("capMinor"); err != nil {
		return err
	}
	byReading := rule.Method == "" || rule.Method == ByReading || rule.Method == ByRate
	switch {
	case rule.Finding && (l.PenaltyMinor != 0 || l.PenaltyBasisPoints != 0 || l.PenaltyBy != ByExcursion || l.CapMinor != 0):
		return invalid("limits", "%s is a finding and has no price", rule.ID)
	case l.PenaltyBasisPoints < 0 || l.PenaltyBasisPoints > wholeInPoints:
		return invalid("limits", "penaltyBasisPoints must be 0 to %d", wholeInPoints)
	case l.PenaltyBy != ByPercentage && l.PenaltyBasisPoints != 0, l.PenaltyBy == ByPercentage && l.PenaltyMinor != 0:
		return invalid("limits", "a penalty is an amount, or by percentage with penaltyBasisPoints alone")
	}
	switch l.PenaltyBy {
	case ByExcursion, ByPercentage:
	case ByMinute:
		if !byReading && rule.Method != BySilence && rule.ID != Late.ID {
			return invalid("limits", "%s has no minutes to count", rule.ID)
		}
	case ByUnitMinute:
		if !byReading || rule.YesNo {
			return invalid("limits", "%s has no distance from its bound to count", rule.ID)
		}
	default:
		return invalid("limits", "a penalty is by excursion, minute, unit-minute or percentage")
	}
	return nil
}

// checkNames holds what a limit names to what the terms have.
func (l *Limit) checkNames(rule Rule, t *Terms) error {
	if (l.GeofenceID != "") != (rule.ID == OutsideGeofence.ID) {
		return invalid("limits", "geofenceId belongs to %s", OutsideGeofence.ID)
	}
	if l.GeofenceID != "" && !slices.ContainsFunc(t.Geofences, func(g Geofence) bool { return g.GeofenceID == l.GeofenceID }) {
		return invalid("limits", "the terms have no geofence %q", l.GeofenceID)
	}
	if (l.CheckpointID != "") != (rule.ID == Late.ID) {
		return invalid("limits", "checkpointId belongs to %s", Late.ID)
	}
	if l.CheckpointID != "" && t.Latest(l.CheckpointID) == "" {
		return invalid("limits", "the terms have no latest time for %q", l.CheckpointID)
	}
	if rule.Method == ByJourney && len(l.Devices) > 0 {
		return invalid("limits", "%s is not judged by devices", rule.ID)
	}
	for _, n := range []struct {
		field      string
		ids, known []string
		most       int
	}{{"devices", l.Devices, t.Devices, MaxDevices}, {"goods", l.Goods, t.Goods, MaxGoods}} {
		if err := checkIDs(n.field, n.ids, 0, n.most); err != nil {
			return err
		}
		for _, id := range n.ids {
			if !slices.Contains(n.known, id) {
				return invalid("limits", "the terms have no %q among their %s", id, n.field)
			}
		}
	}
	return nil
}

// geofence finds an area of the terms; agreed terms have every one that a limit names.
func (t *Terms) geofence(id string) Geofence {
	if i := slices.IndexFunc(t.Geofences, func(g Geofence) bool { return g.GeofenceID == id }); i >= 0 {
		return t.Geofences[i]
	}
	return Geofence{}
}
