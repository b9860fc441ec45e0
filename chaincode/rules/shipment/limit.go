package shipment

import "github.com/lifeledger/lifeledger/chaincode/rules/money"

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
