package component

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// FindingType is what does not fit together.
type FindingType string

// The types of finding: of the scan of one tag, of a machine's scan, and what
// another maker says.
const (
	ImpossibleTravel FindingType = "impossible-travel" // at two places that are too far apart for the time between
	DuplicateScan    FindingType = "duplicate-scan"    // at two places at once, or with a tag's count that was used
	Diverted         FindingType = "diverted"          // received at another place than its destination
	StolenSeen       FindingType = "stolen"            // seen while it is reported stolen
	SealBroken       FindingType = "seal-broken"       // the tag says that it was tampered with

	UnauthorisedReplacement FindingType = "unauthorised-replacement" // changed without an open request for service
	MissingPart             FindingType = "missing"
	UnexpectedPart          FindingType = "unexpected"
	MovedPart               FindingType = "moved"        // another machine has it on its record
	NotApprovedPart         FindingType = "not-approved" // its part number is not allowed in the slot
	RecalledPart            FindingType = "recalled"

	RegistrationContested FindingType = "registration-contested" // somebody says that another made it
)

// Found is what a look at a component has shown.
type Found struct {
	Type    FindingType
	OtherID string // of the other component that it is about, if there is one
	SlotID  string
	Place   string
	Detail  string // for people
}

// Finding is one thing that does not fit, numbered by its component's log. It is
// open until somebody who answers for the component says why it may be closed.
type Finding struct {
	ComponentID   string       `json:"componentId"`
	Number        uint64       `json:"number"`
	Type          FindingType  `json:"type"`
	Open          bool         `json:"open"`
	OtherID       string       `json:"otherId,omitempty" metadata:",optional"`
	SlotID        string       `json:"slotId,omitempty" metadata:",optional"`
	Place         string       `json:"place,omitempty" metadata:",optional"`
	Detail        string       `json:"detail"`
	Evidence      string       `json:"evidence,omitempty" metadata:",optional"` // number of the scan, or hex SHA-256
	By            string       `json:"by"`                                      // who recorded what shows it
	At            measure.Time `json:"at"`
	ClosedBy      string       `json:"closedBy,omitempty" metadata:",optional"`
	ClosedAt      measure.Time `json:"closedAt,omitempty" metadata:",optional"`
	ClosedFor     string       `json:"closedFor,omitempty" metadata:",optional"`
	TransactionID string       `json:"transactionId"` // that changed it last
}

// FindingLog counts a component's findings. It is a head of its own: who looks at
// a component needs nobody's consent to say what it has seen.
type FindingLog struct {
	ComponentID string       `json:"componentId"`
	Findings    uint64       `json:"findings"`
	Open        uint64       `json:"open"`
	Contested   uint64       `json:"contested,omitempty" metadata:",optional"` // open ones that say another made it
	ChangedAt   measure.Time `json:"changedAt"`
}

// Raise numbers what was found.
func (l FindingLog) Raise(found []Found, evidence string, w When) (FindingLog, []Finding) {
	var out []Finding
	for _, f := range found {
		l.Findings++
		l.Open++
		if f.Type == RegistrationContested {
			l.Contested++
		}
		out = append(out, Finding{
			ComponentID: l.ComponentID, Number: l.Findings, Type: f.Type, Open: true, OtherID: f.OtherID, SlotID: f.SlotID, Place: f.Place,
			Detail: f.Detail, Evidence: evidence, By: w.Actor, At: w.Now, TransactionID: w.TransactionID,
		})
	}
	l.ChangedAt = w.Now
	return l, out
}

// Contest is the word of another maker, or of who serves or certifies such things,
// that the component was registered by somebody who merely had it in hand (CM14).
func (c Component) Contest(reason, evidenceHash string, w When) (Found, error) {
	if w.Actor == c.Manufacturer {
		return Found{}, invalid("componentId", "a maker does not contest what it has announced itself")
	}
	if err := party.CheckText("reason", reason, 1, MaxReason); err != nil {
		return Found{}, err
	}
	if err := checkHash("evidenceHash", evidenceHash, true); err != nil {
		return Found{}, err
	}
	return Found{Type: RegistrationContested, Detail: reason}, nil
}

// Close ends a finding: owner and maker answer for the component. That another has
// made it is taken back by who said so, or decided by a regulator.
func (l FindingLog) Close(f Finding, c Component, o party.Organisation, reason string, w When) (FindingLog, Finding, error) {
	if !f.Open {
		return l, f, fault.New(fault.CodeFindingClosed, "finding %d of %s is closed", f.Number, f.ComponentID)
	}
	may := slices.Contains([]string{c.Owner, c.Manufacturer}, o.MSPID)
	if f.Type == RegistrationContested {
		may = o.MSPID == f.By || o.Has(party.Regulator)
	}
	if !may {
		return l, f, fault.New(fault.CodeFindingNotParty, "%s does not answer for %s in this", o.MSPID, c.ComponentID).With("componentId", c.ComponentID)
	}
	if err := party.CheckText("reason", reason, 1, MaxReason); err != nil {
		return l, f, err
	}
	f.Open, f.ClosedBy, f.ClosedAt, f.ClosedFor, f.TransactionID = false, w.Actor, w.Now, reason, w.TransactionID
	l.Open--
	if f.Type == RegistrationContested {
		l.Contested--
	}
	l.ChangedAt = w.Now
	return l, f, nil
}
