package component

import (
	"strconv"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// Verdict is the short answer to "is it genuine".
type Verdict string

// The verdicts.
const (
	Genuine   Verdict = "genuine"
	Suspect   Verdict = "suspect"   // something about it does not fit
	Withdrawn Verdict = "withdrawn" // it is what it seems, and must not be used
	Unknown   Verdict = "unknown"   // no such code
)

// Authenticity is what a phone shows after reading a code (CM13): who made it,
// until when it is under warranty, and what speaks against it.
type Authenticity struct {
	ComponentID   string       `json:"componentId"`
	Verdict       Verdict      `json:"verdict"`
	Says          []string     `json:"says"`
	Manufacturer  string       `json:"manufacturer,omitempty" metadata:",optional"`
	PartNumber    string       `json:"partNumber,omitempty" metadata:",optional"`
	KeyID         string       `json:"keyId,omitempty" metadata:",optional"`
	Status        Status       `json:"status,omitempty" metadata:",optional"`
	ActivatedBy   string       `json:"activatedBy,omitempty" metadata:",optional"`
	ActivatedAt   measure.Time `json:"activatedAt,omitempty" metadata:",optional"`
	WarrantyUntil measure.Time `json:"warrantyUntil,omitempty" metadata:",optional"`
	Process       Process      `json:"process,omitempty" metadata:",optional"`
	OpenFindings  uint64       `json:"openFindings,omitempty" metadata:",optional"`
}

// NotRegistered is the answer to a code that nobody has announced.
func NotRegistered(id string) Authenticity {
	return Authenticity{ComponentID: id, Verdict: Unknown, Says: []string{"no component is registered under this code: re-check the code"}}
}

// Authentic says what speaks for and against a component.
func (c Component) Authentic(b Bearing, l FindingLog) Authenticity {
	a := Authenticity{
		ComponentID: c.ComponentID, Verdict: Genuine, Says: []string{}, Manufacturer: c.Manufacturer, PartNumber: c.PartNumber, KeyID: c.KeyID, Status: c.Status,
		WarrantyUntil: c.WarrantyUntil, Process: c.Process, OpenFindings: l.Open,
	}
	if c.ActivatedAt != "" {
		a.ActivatedBy, a.ActivatedAt = c.ActivatedBy, c.ActivatedAt
	}
	if c.Status == Registered {
		a.Says = append(a.Says, "nobody has activated it yet: its tag has not been shown")
	}
	for _, h := range b.Holds {
		a.Verdict, a.Says = Withdrawn, append(a.Says, "held by "+h.By+": "+h.Reason)
	}
	for _, r := range b.Recalls {
		a.Verdict, a.Says = Withdrawn, append(a.Says, "recalled by "+r.Manufacturer+": "+r.Reason)
	}
	if c.Status == Decommissioned {
		a.Verdict, a.Says = Withdrawn, append(a.Says, "decommissioned: what is sold under this code is not it")
	}
	if l.Contested > 0 {
		a.Says = append(a.Says, "another maker says that it is its own")
	}
	if l.Open > 0 {
		a.Verdict, a.Says = Suspect, append(a.Says, "something about it does not fit: see its findings")
	}
	return a
}

// MaxMessage is how many characters one text message holds.
const MaxMessage = 160

// Message is the answer in one text message (CM13): one line of at most
// [MaxMessage] characters that every telephone has. Reasons, which are free text,
// are left out; what does not fit is counted.
func (a Authenticity) Message() string {
	if a.Verdict == Unknown {
		return "Unknown code: re-check the code."
	}
	text := map[Verdict]string{Genuine: "Genuine.", Suspect: "SUSPECT.", Withdrawn: "DO NOT USE."}[a.Verdict]
	text += " Maker " + short(a.Manufacturer) + ", part " + strings.TrimSuffix(short(a.PartNumber), ".") + "."
	if a.WarrantyUntil != "" {
		text += " Warranty until " + string(a.WarrantyUntil[:10]) + "."
	}
	const more = " +00 more."
	for i, says := range a.Says {
		warning, _, _ := strings.Cut(says, ":")
		if len(text)+len(warning)+2+len(more) > MaxMessage {
			return text + " +" + strconv.Itoa(len(a.Says)-i) + " more."
		}
		text += " " + strings.ToUpper(warning[:1]) + warning[1:] + "."
	}
	return text
}

// short leaves room for the rest of a message.
func short(id string) string {
	const most = 24
	if len(id) > most {
		return id[:most-2] + ".."
	}
	return id
}
