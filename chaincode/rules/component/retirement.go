package component

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// What becomes of a component (CBV dispositions, and recycled).
const (
	Inactive  = "inactive"
	Destroyed = "destroyed"
	Disposed  = "disposed"
	Recycled  = "recycled" // its material was recovered (PV7)
)

// RetirementStatus is where the end of a component's life stands.
type RetirementStatus string

// The statuses of a retirement.
const (
	EndPending   RetirementStatus = "asked"
	EndDropped   RetirementStatus = "withdrawn"
	EndWitnessed RetirementStatus = "witnessed" // the maker's word stands behind it
	EndByTime    RetirementStatus = "unwitnessed"
)

// Material is what recycling has recovered of one component.
type Material struct {
	Name      string `json:"name"`
	MassGrams int64  `json:"massGrams"`
}

// Retirement is the certificate of the end of a component's life (CM9): a
// decommissioning certificate, one of destruction, or one of recycling. It is a
// head, which nobody changes once the component is decommissioned.
type Retirement struct {
	ComponentID     string           `json:"componentId"`
	Status          RetirementStatus `json:"status"`
	Disposition     string           `json:"disposition"` // CBV
	Reason          string           `json:"reason"`
	CertificateID   string           `json:"certificateId,omitempty" metadata:",optional"` // GDTI
	CertificateHash string           `json:"certificateHash,omitempty" metadata:",optional"`
	Materials       []Material       `json:"materials"`
	AskedBy         string           `json:"askedBy"`
	AskedAt         measure.Time     `json:"askedAt"`
	WitnessTill     measure.Time     `json:"witnessTill"` // from then on the owner ends it alone
	Witness         string           `json:"witness,omitempty" metadata:",optional"`
	WitnessHash     string           `json:"witnessHash,omitempty" metadata:",optional"` // hex SHA-256 of what the maker adds
	EndedAt         measure.Time     `json:"endedAt,omitempty" metadata:",optional"`
	ChangedAt       measure.Time     `json:"changedAt"`
	TransactionID   string           `json:"transactionId"` // that changed it last
}

// DefaultWitnessSeconds is how long a maker has that has said nothing: 30 days.
const DefaultWitnessSeconds = 30 * 24 * 3600

// MaxMaterials bounds what recycling lists.
const MaxMaterials = 32

// AskEnd is the owner's wish to end a component's life. Of its own products the
// maker is witness enough.
func (c Component) AskEnd(r Retirement, w When) (Component, Retirement, LifeEvent, error) {
	fail := func(err error) (Component, Retirement, LifeEvent, error) { return c, r, LifeEvent{}, err }
	if c.Owner != w.Actor {
		return fail(notOwner(c))
	}
	if c.Status == Decommissioning {
		return fail(fault.New(fault.CodeComponentEnding, "the decommissioning of %s has been asked for", c.ComponentID).With("componentId", c.ComponentID))
	}
	if c.OfferedTo != "" {
		return fail(fault.New(fault.CodeOwnershipOffered, "ownership of %s is offered to %s", c.ComponentID, c.OfferedTo).With("offeredTo", c.OfferedTo))
	}
	if err := r.check(); err != nil {
		return fail(err)
	}
	seconds := c.WitnessSeconds
	if seconds == 0 {
		seconds = DefaultWitnessSeconds
	}
	r = Retirement{
		ComponentID: c.ComponentID, Status: EndPending, Disposition: r.Disposition, Reason: r.Reason, CertificateID: r.CertificateID,
		CertificateHash: r.CertificateHash, Materials: append([]Material{}, r.Materials...), AskedBy: w.Actor, AskedAt: w.Now,
		WitnessTill: w.Now.Add(seconds * 1000), ChangedAt: w.Now, TransactionID: w.TransactionID,
	}
	if c.Owner == c.Manufacturer {
		return c.end(r, "", w)
	}
	c.Status = Decommissioning
	next, e := c.record(EndAsked, c.Manufacturer, w)
	e.Reason = r.Reason
	return next, r, e, nil
}

// EndLife is the maker's witness, or the owner's own word once the maker has had
// its time.
func (c Component) EndLife(r Retirement, witnessHash string, w When) (Component, Retirement, LifeEvent, error) {
	fail := func(err error) (Component, Retirement, LifeEvent, error) { return c, r, LifeEvent{}, err }
	if c.Status != Decommissioning {
		return fail(fault.New(fault.CodeRetirementNone, "nobody has asked for the decommissioning of %s", c.ComponentID))
	}
	if w.Actor != c.Manufacturer && w.Actor != c.Owner {
		return fail(notOwner(c))
	}
	if w.Actor == c.Owner && w.Now < r.WitnessTill {
		return fail(fault.New(fault.CodeRetirementEarly, "%s may witness it until %s", c.Manufacturer, r.WitnessTill).With("witnessTill", string(r.WitnessTill)))
	}
	if err := checkHash("witnessHash", witnessHash, true); err != nil {
		return fail(err)
	}
	return c.end(r, witnessHash, w)
}

// WithdrawEnd lets the component live on.
func (c Component) WithdrawEnd(r Retirement, w When) (Component, Retirement, LifeEvent, error) {
	fail := func(err error) (Component, Retirement, LifeEvent, error) { return c, r, LifeEvent{}, err }
	if c.Owner != w.Actor {
		return fail(notOwner(c))
	}
	if c.Status != Decommissioning {
		return fail(fault.New(fault.CodeRetirementNone, "nobody has asked for the decommissioning of %s", c.ComponentID))
	}
	r.Status, r.ChangedAt, r.TransactionID = EndDropped, w.Now, w.TransactionID
	c.Status = Active
	if c.TagClass != "" && c.ActivatedAt == "" {
		c.Status = Registered
	}
	next, e := c.record(EndWithdrawn, c.Manufacturer, w)
	return next, r, e, nil
}

func (c Component) end(r Retirement, witnessHash string, w When) (Component, Retirement, LifeEvent, error) {
	r.Status, r.EndedAt, r.ChangedAt, r.TransactionID = EndByTime, w.Now, w.Now, w.TransactionID
	if w.Actor == c.Manufacturer {
		r.Status, r.Witness, r.WitnessHash = EndWitnessed, w.Actor, witnessHash
	}
	c.Status, c.Disposition = Decommissioned, r.Disposition
	next, e := c.record(Ended, r.Witness, w)
	e.Reason = r.Reason
	return next, r, e, nil
}

func (r Retirement) check() error {
	if !slices.Contains([]string{Inactive, Destroyed, Disposed, Recycled}, r.Disposition) {
		return invalid("disposition", "disposition must be inactive, destroyed, disposed or recycled")
	}
	if err := party.CheckText("reason", r.Reason, 1, MaxReason); err != nil {
		return err
	}
	if r.CertificateID != "" {
		if err := party.CheckID("certificateId", r.CertificateID); err != nil {
			return err
		}
	}
	if err := checkHash("certificateHash", r.CertificateHash, true); err != nil {
		return err
	}
	if (r.Disposition == Recycled) != (len(r.Materials) > 0) || len(r.Materials) > MaxMaterials {
		return invalid("materials", "what is recycled names 1 to %d materials, anything else none", MaxMaterials)
	}
	for _, m := range r.Materials {
		if err := party.CheckText("materials", m.Name, 1, 96); err != nil {
			return err
		}
		if m.MassGrams < 1 || m.MassGrams > 1_000_000_000_000 {
			return invalid("materials", "massGrams must be 1 to a million tonnes")
		}
	}
	return nil
}
