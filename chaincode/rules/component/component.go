// Package component owns the record of one serialised component: its
// announcement, its ownership, whether it may still be used, and how its life
// goes on or ends. It does not own where it is installed, how much it was used or
// who carries it. Invariant: a component has exactly one owner, the events of its
// record are numbered without gaps, and nothing follows its decommissioning.
package component

import (
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/gs1"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// Component is the head of a component's record: what is true now.
type Component struct {
	ComponentID string `json:"componentId"` // SGTIN, CPI or GIAI, as a URN or otherwise
	PartNumber  string `json:"partNumber"`
	// Algorithm, PublicKey and KeyID are of the component's own key, which names it
	// (CM1); a passive tag may have none.
	Algorithm    string `json:"algorithm,omitempty" metadata:",optional"`
	PublicKey    string `json:"publicKey,omitempty" metadata:",optional"` // base64 SubjectPublicKeyInfo
	KeyID        string `json:"keyId,omitempty" metadata:",optional"`
	Location     string `json:"location"` // GLN or UN/LOCODE
	Manufacturer string `json:"manufacturer"`
	Owner        string `json:"owner"`
	OfferedTo    string `json:"offeredTo,omitempty" metadata:",optional"` // pending offer of ownership
	// InstalledIn is the machine that it is installed in. Its owner is then whoever
	// owns the outermost machine; Owner is who did when it was installed.
	InstalledIn string `json:"installedIn,omitempty" metadata:",optional"`
	// PriceMinor and Currency are what the pending offer asks for; none: nothing.
	PriceMinor  money.Minor    `json:"priceMinor,omitempty" metadata:",optional"`
	Currency    money.Currency `json:"currency,omitempty" metadata:",optional"`
	Sales       uint64         `json:"sales,omitempty" metadata:",optional"` // number of sales; the next one has this number
	Disposition string         `json:"disposition"`                          // CBV: active, or what became of it
	Events      uint64         `json:"events"`                               // number of events; the next one has this number
	ChangedAt   measure.Time   `json:"changedAt"`

	// What the maker says of it; it never changes.
	Lot                string   `json:"lot,omitempty" metadata:",optional"`
	TagClass           TagClass `json:"tagClass,omitempty" metadata:",optional"`
	SpecificationHash  string   `json:"specificationHash,omitempty" metadata:",optional"`  // hex SHA-256 of what it was made to (PV8)
	WarrantyMonths     int64    `json:"warrantyMonths,omitempty" metadata:",optional"`     // as new
	Destination        string   `json:"destination,omitempty" metadata:",optional"`        // where the first owner is to receive it (CM15)
	Consignee          string   `json:"consignee,omitempty" metadata:",optional"`          // MSP id of who is to activate it (CM14)
	ActivationCodeHash string   `json:"activationCodeHash,omitempty" metadata:",optional"` // hex SHA-256 of the code under the seal
	WitnessSeconds     int64    `json:"witnessSeconds,omitempty" metadata:",optional"`     // how long the maker may take to witness the end

	// Where it stands in its life. An absent status is an active one.
	Status      Status       `json:"status,omitempty" metadata:",optional"`
	ActivatedBy string       `json:"activatedBy,omitempty" metadata:",optional"` // also while the maker's consent is outstanding
	ActivatedAt measure.Time `json:"activatedAt,omitempty" metadata:",optional"`
	PledgedTo   string       `json:"pledgedTo,omitempty" metadata:",optional"` // MSP id of the lender (CM17)
	PledgedTill measure.Time `json:"pledgedTill,omitempty" metadata:",optional"`
	PledgedBy   uint64       `json:"pledgedBy,omitempty" metadata:",optional"` // number of the pledge

	// Process is what was last done to the whole unit, Life how often it was
	// remanufactured; the same serial number continues the core's history.
	Process Process `json:"process,omitempty" metadata:",optional"`
	Life    uint64  `json:"life,omitempty" metadata:",optional"`
	// Transfers counts how often it has changed hands, or was put into a machine or
	// taken out of one: what an owner allowed somebody ends then.
	Transfers            uint64       `json:"transfers,omitempty" metadata:",optional"`
	TenureEvent          uint64       `json:"tenureEvent,omitempty" metadata:",optional"`          // number of the event of the last of them
	Core                 bool         `json:"core,omitempty" metadata:",optional"`                 // given back, and not to be used before a process
	PresentSpecification string       `json:"presentSpecification,omitempty" metadata:",optional"` // hex SHA-256 of what it meets now, where that is another
	WarrantyUntil        measure.Time `json:"warrantyUntil,omitempty" metadata:",optional"`

	// How many there are of the records that the head numbers.
	Documents   uint64 `json:"documents,omitempty" metadata:",optional"`
	Tests       uint64 `json:"tests,omitempty" metadata:",optional"`
	TestsUsed   uint64 `json:"testsUsed,omitempty" metadata:",optional"` // those before this number have served a process
	Processes   uint64 `json:"processes,omitempty" metadata:",optional"`
	Concessions uint64 `json:"concessions,omitempty" metadata:",optional"`
	Pledges     uint64 `json:"pledges,omitempty" metadata:",optional"`
}

// Status is where a component stands in its life.
type Status string

// The statuses.
const (
	Registered      Status = "registered" // announced with a tag, which nobody has shown yet (CM14)
	Active          Status = "active"
	Decommissioning Status = "decommissioning" // asked for, not yet witnessed
	Decommissioned  Status = "decommissioned"
)

// TagClass is what a component can do for itself.
type TagClass string

// The tag classes.
const (
	Passive   TagClass = "passive"   // is read by a scanner, which reports for it (CM3)
	ActiveTag TagClass = "active"    // signs with its own key what another device carries (CM4)
	Connected TagClass = "connected" // reports for itself (CM5)
)

// LifeEvent is one entry of a component's history; it never changes (LG2).
type LifeEvent struct {
	ComponentID   string       `json:"componentId"`
	Number        uint64       `json:"number"`
	Step          Step         `json:"step"`
	At            measure.Time `json:"at"`
	Actor         string       `json:"actor"`                                     // MSP id
	OnBehalfOf    string       `json:"onBehalfOf,omitempty" metadata:",optional"` // the owner, if the actor acted under a delegation
	Owner         string       `json:"owner"`                                     // after the event
	Counterparty  string       `json:"counterparty,omitempty" metadata:",optional"`
	Location      string       `json:"location"`
	Reference     string       `json:"reference,omitempty" metadata:",optional"` // of the record that says more, such as a number
	Reason        string       `json:"reason,omitempty" metadata:",optional"`
	MachineID     string       `json:"machineId,omitempty" metadata:",optional"` // of an installation or removal
	SlotID        string       `json:"slotId,omitempty" metadata:",optional"`
	Meter         *MeterChange `json:"meter,omitempty" metadata:",optional"`
	TransactionID string       `json:"transactionId"`
}

// Step is what happened; CBV business steps where there is one.
type Step string

// The steps.
const (
	Commissioning     Step = "commissioning"
	OwnershipOffered  Step = "ownership-offered"
	OwnershipAccepted Step = "ownership-accepted"
	OwnershipDeclined Step = "ownership-declined"
	Relocated         Step = "relocated"
	DocumentAdded     Step = "document-added"
	ActivationAsked   Step = "activation-asked"
	Activated         Step = "activated"
	PledgeOffered     Step = "pledge-offered"
	PledgeAccepted    Step = "pledge-accepted"
	PledgeEnded       Step = "pledge-ended"
	CoreReturned      Step = "core-returned"
	Tested            Step = "tested"
	ProcessProposed   Step = "process-proposed"
	ProcessConfirmed  Step = "process-confirmed"
	ProcessDeclined   Step = "process-declined"
	ConcessionAsked   Step = "concession-asked"
	ConcessionDecided Step = "concession-decided"
	EndAsked          Step = "decommissioning-asked"
	EndWithdrawn      Step = "decommissioning-withdrawn"
	Ended             Step = "decommissioned"
)

// When says by whom and in which transaction something is done.
type When struct {
	Actor         string // in whose right
	Delegate      string // who acts for it, if another does (ID14)
	Now           measure.Time
	TransactionID string
}

// MaxWarrantyMonths and MaxWitnessSeconds bound what a maker promises: fifty
// years of warranty, a year to witness an end.
const (
	MaxWarrantyMonths = 600
	MaxWitnessSeconds = 366 * 24 * 3600
)

// Register announces a component with its key and location (CM1). The maker
// is its first owner. One with a tag is used once the tag has been shown.
func Register(c Component, w When) (Component, LifeEvent, error) {
	if err := c.checkAnnounced(); err != nil {
		return c, LifeEvent{}, err
	}
	next := Component{
		ComponentID: c.ComponentID, PartNumber: c.PartNumber, Algorithm: c.Algorithm, PublicKey: c.PublicKey, KeyID: c.KeyID, Location: c.Location,
		Manufacturer: w.Actor, Owner: w.Actor, Disposition: "active",
		Lot: c.Lot, TagClass: c.TagClass, SpecificationHash: c.SpecificationHash, WarrantyMonths: c.WarrantyMonths,
		Destination: c.Destination, Consignee: c.Consignee, ActivationCodeHash: c.ActivationCodeHash, WitnessSeconds: c.WitnessSeconds,
	}
	if c.TagClass != "" {
		next.Status = Registered
	}
	next, e := next.record(Commissioning, "", w)
	return next, e, nil
}

// checkAnnounced holds what a maker says to its form.
func (c Component) checkAnnounced() error {
	for _, id := range [][2]string{{"componentId", c.ComponentID}, {"partNumber", c.PartNumber}, {"location", c.Location}} {
		if err := party.CheckID(id[0], id[1]); err != nil {
			return err
		}
	}
	for _, id := range [][2]string{{"lot", c.Lot}, {"destination", c.Destination}} {
		if id[1] != "" {
			if err := party.CheckID(id[0], id[1]); err != nil {
				return err
			}
		}
		if err := gs1.CheckLocation(id[0], id[1]); err != nil && id[0] == "destination" {
			return err
		}
	}
	if _, err := gs1.Parse("componentId", c.ComponentID); err != nil {
		return err
	}
	if err := gs1.CheckLocation("location", c.Location); err != nil {
		return err
	}
	for _, hash := range [][2]string{{"specificationHash", c.SpecificationHash}, {"activationCodeHash", c.ActivationCodeHash}} {
		if err := checkHash(hash[0], hash[1], true); err != nil {
			return err
		}
	}
	if c.WarrantyMonths < 0 || c.WarrantyMonths > MaxWarrantyMonths {
		return invalid("warrantyMonths", "warrantyMonths must be 0 to %d", MaxWarrantyMonths)
	}
	if c.WitnessSeconds < 0 || c.WitnessSeconds > MaxWitnessSeconds {
		return invalid("witnessSeconds", "witnessSeconds must be 0 to %d", MaxWitnessSeconds)
	}
	return c.checkTag()
}

// checkTag: who takes part has a key to sign with.
func (c Component) checkTag() error {
	switch c.TagClass {
	case Passive:
		return nil
	case "", ActiveTag, Connected:
		if c.PublicKey == "" {
			return invalid("publicKey", "a component has a key of its own, unless its tag is passive")
		}
		if c.ActivationCodeHash != "" {
			return invalid("activationCodeHash", "a code under a seal is for passive tags; others sign")
		}
		return nil
	}
	return invalid("tagClass", "tagClass must be passive, active or connected")
}

// checkHash accepts a SHA-256, or none where it is optional.
func checkHash(field, hash string, optional bool) error {
	if optional && hash == "" {
		return nil
	}
	return party.CheckHash(field, hash)
}

func invalid(field, format string, args ...any) error {
	return fault.New(fault.CodeInvalid, format, args...).With("field", field)
}

// OfferOwnership is the owner's half of a transfer (CM8).
func (c Component) OfferOwnership(to string, w When) (Component, LifeEvent, error) {
	if c.Owner != w.Actor {
		return c, LifeEvent{}, notOwner(c)
	}
	if err := c.Loose(); err != nil {
		return c, LifeEvent{}, err
	}
	if c.OfferedTo != "" {
		return c, LifeEvent{}, fault.New(fault.CodeOwnershipOffered, "ownership of %s is offered to %s", c.ComponentID, c.OfferedTo).With("offeredTo", c.OfferedTo)
	}
	if to == c.Owner {
		return c, LifeEvent{}, fault.New(fault.CodeInvalid, "the owner cannot offer ownership to itself").With("field", "to")
	}
	c.OfferedTo = to
	next, e := c.record(OwnershipOffered, to, w)
	return next, e, nil
}

// Receives refuses whoever ownership is not offered to, before anything else about the
// transfer is of interest.
func (c Component) Receives(w When) error {
	if c.OfferedTo == "" || c.OfferedTo != w.Actor {
		return fault.New(fault.CodeOwnershipNoOffer, "ownership of %s is not offered to %s", c.ComponentID, w.Actor)
	}
	return nil
}

// AcceptOwnership is the receiver's half; location says where the component
// is now (CM7), and stays as it was when it is empty.
func (c Component) AcceptOwnership(location string, w When) (Component, LifeEvent, error) {
	if err := c.Receives(w); err != nil {
		return c, LifeEvent{}, err
	}
	if c.PriceMinor != 0 {
		return c, LifeEvent{}, c.asks()
	}
	if location != "" {
		if err := checkPlace("location", location); err != nil {
			return c, LifeEvent{}, err
		}
		c.Location = location
	}
	former := c.Owner
	c.Owner, c.OfferedTo = w.Actor, ""
	c = c.handed()
	c = c.unpledged() // it went to the lender, or the pledge is over
	c = c.startWarranty(w.Now)
	next, e := c.record(OwnershipAccepted, former, w)
	return next, e, nil
}

// DeclineOwnership ends a pending offer: the owner takes it back, or the
// receiver declines.
func (c Component) DeclineOwnership(w When) (Component, LifeEvent, error) {
	if c.OfferedTo == "" {
		return c, LifeEvent{}, fault.New(fault.CodeOwnershipNoOffer, "no offer of ownership of %s is pending", c.ComponentID)
	}
	if w.Actor != c.Owner && w.Actor != c.OfferedTo {
		return c, LifeEvent{}, notOwner(c)
	}
	other := c.OfferedTo
	if w.Actor == c.OfferedTo {
		other = c.Owner
	}
	c.OfferedTo, c.PriceMinor, c.Currency = "", 0, ""
	next, e := c.record(OwnershipDeclined, other, w)
	return next, e, nil
}

func (c Component) record(s Step, counterparty string, w When) (Component, LifeEvent) {
	e := LifeEvent{
		ComponentID: c.ComponentID, Number: c.Events, Step: s, At: w.Now, Actor: w.Actor, Owner: c.Owner,
		Counterparty: counterparty, Location: c.Location, TransactionID: w.TransactionID,
	}
	if w.Delegate != "" {
		e.Actor, e.OnBehalfOf = w.Delegate, w.Actor
	}
	c.Events++
	c.ChangedAt = w.Now
	return c, e
}

// Relocate says where the component is now (CM7).
func (c Component) Relocate(location string, w When) (Component, LifeEvent, error) {
	if c.Owner != w.Actor {
		return c, LifeEvent{}, notOwner(c)
	}
	if err := checkPlace("location", location); err != nil {
		return c, LifeEvent{}, err
	}
	c.Location = location
	next, e := c.record(Relocated, "", w)
	return next, e, nil
}

func checkPlace(field, place string) error {
	if err := party.CheckID(field, place); err != nil {
		return err
	}
	return gs1.CheckLocation(field, place)
}

// startWarranty lets the maker's warranty run from the day on which somebody else
// has the component, or has activated it.
func (c Component) startWarranty(now measure.Time) Component {
	if c.WarrantyUntil == "" && c.WarrantyMonths > 0 && c.Owner != c.Manufacturer {
		c.WarrantyUntil = now.AddMonths(c.WarrantyMonths)
	}
	return c
}

func notOwner(c Component) error {
	return fault.New(fault.CodeOwnershipNotOwner, "%s is owned by %s", c.ComponentID, c.Owner).With("owner", c.Owner)
}
