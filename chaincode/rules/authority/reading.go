package authority

import (
	"slices"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// What a reader can be let read of a component.
const (
	ReadPassport = "passport" // what it is, what is in it, and whether it may be used: now, and as of any moment
	ReadTimeline = "timeline" // what has happened to it
	ReadParts    = "parts"    // the same of each part that is in it
)

// ToReader is the id of the delegation to a reader: who is no member of the
// channel, has a key pair and nothing else, and is let read (ID12).
func ToReader(name string) string { return toReader + name }

// IsReader says that a delegation's id is of one to a reader.
func IsReader(id string) bool { return strings.HasPrefix(id, toReader) }

// readerAlgorithms are those of a reader's key: who reads shows a JSON Web Token,
// and these are signed as ES256 and EdDSA (RFC 7518, RFC 8037).
func readerAlgorithms() []string { return []string{"Ed25519", "ECDSA-P256"} }

// GrantReading lets whoever holds a key read of a component, until it is withdrawn
// with a reason, for no longer than the grant says. last is the owner's last grant under
// this name, or an empty one. Of one owner a name stands for one key for ever, and a grant
// in force gives way only to one that takes nothing from it: so nobody who was let read
// finds the door shut without being told by whom, when and why. The next owner owes
// nothing to the readers of the last one, and the name is free for it.
func GrantReading(t Tenure, name string, key party.DeviceKey, g Grant, last Delegation, w When) (Delegation, error) {
	if err := checkReading(name, key, g); err != nil {
		return last, err
	}
	d, err := grant(t, ToReader(name), g, last.Number, w)
	if err != nil {
		return last, err
	}
	key.Number, key.Since = 1, w.Now
	if last.Key != nil {
		if last.Key.KeyID != key.KeyID {
			return last, taken(last, "%s stands for another key; choose another name", last.DelegationID)
		}
		key.Since = last.Key.Since
	}
	if last.stands(t, w.Now) && d.takesFrom(last) {
		return last, taken(last, "%s is granted until %s; what takes something from that is a revocation, with a reason", last.DelegationID, last.Till)
	}
	d.Key, d.Ended = &key, last.ended(t)
	return d, nil
}

// Ending is how a grant, or a tenure and all that was granted in it, ended before its time.
type Ending struct {
	By     string       `json:"by"` // MSP id
	At     measure.Time `json:"at"`
	Reason string       `json:"reason"`
}

// ended is how the grant ended before its time; if it did not, how one before it did. So
// the next grant under a name, however short it is, takes no reason from the reader.
func (d Delegation) ended(t Tenure) *Ending {
	if d.Status == Revoked {
		return &Ending{d.RevokedBy, d.ChangedAt, d.RevokedFor}
	}
	if e := d.leftBehind(t); e != nil && d.Till > e.At {
		return e
	}
	return d.Ended
}

// leftBehind says how the tenure ended in which d was granted; nil: it lasts, or is too
// long ago. What later owners did with the component is not the reader's to know.
func (d Delegation) leftBehind(t Tenure) *Ending {
	if e := t.Before; d.Number > 0 && d.Tenure != t.Number && (d.Tenure+1 == t.Number || e.By == d.Owner) && e.At != "" {
		return &e
	}
	return nil
}

func checkReading(name string, key party.DeviceKey, g Grant) error {
	if err := checkName("reader", name); err != nil {
		return err
	}
	if !slices.Contains(readerAlgorithms(), key.Algorithm) {
		return invalid("algorithm", "a reader's key is of %v", readerAlgorithms())
	}
	for _, a := range g.Actions {
		if a != ReadPassport && a != ReadTimeline && a != ReadParts {
			return invalid("actions", "what is read is %s, %s or %s", ReadPassport, ReadTimeline, ReadParts)
		}
	}
	if len(g.Actions) == 1 && g.Actions[0] == ReadParts {
		return invalid("actions", "%s says of what: name %s or %s as well", ReadParts, ReadPassport, ReadTimeline)
	}
	return nil
}

// stands: it is in force, or will be.
func (d Delegation) stands(t Tenure, now measure.Time) bool {
	return d.Status == Granted && d.Owner == t.Owner && d.Tenure == t.Number && now <= d.Till
}

// takesFrom says that d gives less than another grant.
func (d Delegation) takesFrom(other Delegation) bool {
	missing := func(a string) bool { return !slices.Contains(d.Actions, a) }
	return slices.ContainsFunc(other.Actions, missing) || d.Till < other.Till || d.From > other.From && d.From > d.GrantedAt
}

func taken(d Delegation, format string, args ...any) error {
	return fault.New(fault.CodeDelegationExists, format, args...).With("delegationId", d.DelegationID)
}

// Asked is what a reader asks to read.
type Asked struct {
	What   string // [ReadPassport] or [ReadTimeline]
	PartID string // of what, if not of the component itself
	Inside bool   // the part is installed in the component now, at whatever depth
}

// LetsRead refuses what the reader is not let read, and tells it why not any more.
func (d Delegation) LetsRead(a Asked, t Tenure, now measure.Time) error {
	if a.What == ReadParts {
		return invalid("what", "what is read of a part is %s or %s", ReadPassport, ReadTimeline)
	}
	if why := d.outOfForce(t, now); why != "" {
		return d.over(why, t)
	}
	what := []string{a.What}
	if a.PartID != "" {
		what = append(what, ReadParts)
	}
	for _, w := range what {
		if !slices.Contains(d.Actions, w) {
			return tell(fault.New(fault.CodeDelegationAction, "%s does not allow %q", d.DelegationID, w).With("action", w), d.Ended)
		}
	}
	if a.PartID != "" && !a.Inside {
		return fault.New(fault.CodeReadingPart, "%s is not installed in %s", a.PartID, t.ComponentID).With("partId", a.PartID)
	}
	return nil
}

func (d Delegation) over(why string, t Tenure) error {
	f := fault.New(fault.CodeReadingOver, "%s, granted by %s until %s, is not in force: %s", d.DelegationID, d.Owner, d.Till, why)
	if d.Status == Revoked {
		f = fault.New(fault.CodeReadingOver, "%s was revoked by %s at %s: %s", d.DelegationID, d.RevokedBy, d.ChangedAt, d.RevokedFor).
			With("revokedBy", d.RevokedBy).With("revokedAt", string(d.ChangedAt)).With("reason", d.RevokedFor)
	} else {
		f = tell(f, d.ended(t))
	}
	return f.With("delegationId", d.DelegationID).With("owner", d.Owner).With("from", string(d.From)).With("till", string(d.Till))
}

// tell adds how a grant ended before its time: this one, or one before it.
func tell(f *fault.Fault, e *Ending) *fault.Fault {
	if e == nil {
		return f
	}
	told := fault.New(f.Code, "%s; a grant was ended before its time by %s at %s: %s", f.Detail, e.By, e.At, e.Reason)
	told.Params = f.Params
	return told.With("endedBy", e.By).With("endedAt", string(e.At)).With("endedFor", e.Reason)
}
