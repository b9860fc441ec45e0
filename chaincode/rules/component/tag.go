package component

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// TagResponseKind is the kind of a statement by which a tag answers a challenge.
const TagResponseKind = "tag-response"

// TagResponse is what a tag signs: that it is there, since nobody could know the
// challenge before, and that its seal is whole (CM4, CM6).
type TagResponse struct {
	Challenge string `json:"challenge"` // as it is on the ledger
	Intact    bool   `json:"intact"`
}

// ChallengeSeconds is how long a challenge is open: a tag has no line of its own,
// and what carries its answer may be out of reach for a while.
const ChallengeSeconds = 24 * 3600

// TagChallenge is what a component's tag is to sign next. It is a head, and open to
// one answer.
type TagChallenge struct {
	ComponentID   string       `json:"componentId"`
	Number        uint64       `json:"number"` // from 1
	Challenge     string       `json:"challenge"`
	AskedBy       string       `json:"askedBy"`
	AskedAt       measure.Time `json:"askedAt"`
	OpenTill      measure.Time `json:"openTill"`
	AnsweredAt    measure.Time `json:"answeredAt,omitempty" metadata:",optional"`
	TransactionID string       `json:"transactionId"` // that asked
}

// Challenge asks the tag anew; l is the last challenge, or one that names the
// component only. The transaction's id, of which the challenge is made, does not
// exist before somebody asks.
func (c Component) Challenge(l TagChallenge, w When) (TagChallenge, error) {
	if c.PublicKey == "" || c.TagClass == Passive {
		return l, fault.New(fault.CodeTagSilent, "the tag of %s does not sign", c.ComponentID).With("componentId", c.ComponentID)
	}
	n := l.Number + 1
	sum := sha256.Sum256([]byte("tag-challenge\n" + c.ComponentID + "\n" + strconv.FormatUint(n, 10) + "\n" + w.TransactionID))
	return TagChallenge{
		ComponentID: c.ComponentID, Number: n, Challenge: hex.EncodeToString(sum[:]), AskedBy: w.Actor, AskedAt: w.Now,
		OpenTill: w.Now.Add(ChallengeSeconds * 1000), TransactionID: w.TransactionID,
	}, nil
}

// Answer takes a tag's response, whose signature has been verified.
func (l TagChallenge) Answer(r TagResponse, w When) (TagChallenge, error) {
	if l.Challenge == "" || l.AnsweredAt != "" || w.Now > l.OpenTill || r.Challenge != l.Challenge {
		return l, fault.New(fault.CodeTagChallenge, "the tag has not answered the challenge that is open")
	}
	l.AnsweredAt = w.Now
	return l, nil
}

// TagKey says which component a tag's key is of: a copy of the tag cannot be
// activated as another component.
type TagKey struct {
	KeyID       string       `json:"keyId"`
	ComponentID string       `json:"componentId"`
	At          measure.Time `json:"at"`
}

// Shown is what somebody who activates a component has shown.
type Shown struct {
	Response  *TagResponse // of the tag, to the challenge that is open
	Code      string       // from under the seal of a passive tag
	Place     string       // where it is
	Contested bool         // another maker says that it is its own
}

// Activate makes a component that was announced with a tag one to be used (CM14).
// The receiver that the maker has named does it, or the first buyer: nobody who
// merely has the thing on a shelf. A tag that signs is asked; a passive one is
// shown by the code under its seal or, without one, with the maker's consent.
func (c Component) Activate(s Shown, w When) (Component, []Found, LifeEvent, error) {
	fail := func(err error) (Component, []Found, LifeEvent, error) { return c, nil, LifeEvent{}, err }
	if c.Status != Registered {
		return fail(fault.New(fault.CodeActivationDone, "%s needs no activation, or %s has activated it", c.ComponentID, c.ActivatedBy).
			With("activatedBy", c.ActivatedBy).With("activatedAt", string(c.ActivatedAt)))
	}
	if err := checkPlace("place", s.Place); err != nil {
		return fail(err)
	}
	consent := w.Actor == c.Manufacturer && c.ActivatedBy != "" && c.ActivationCodeHash == "" && c.TagClass == Passive
	if !consent && !c.receives(w.Actor) {
		return fail(fault.New(fault.CodeActivationNotParty, "%s is neither the receiver that the maker has named nor the first buyer of %s", w.Actor, c.ComponentID).With("componentId", c.ComponentID))
	}
	if s.Contested {
		return fail(fault.New(fault.CodeActivationContested, "another maker says that %s is its own", c.ComponentID).With("componentId", c.ComponentID))
	}
	var found []Found
	if c.Destination != "" && s.Place != c.Destination && !consent {
		found = append(found, Found{Type: Diverted, Place: s.Place, Detail: "activated at " + s.Place + ", destined for " + c.Destination})
	}
	done, err := c.shown(s, consent, w)
	if err != nil {
		return fail(err)
	}
	if !consent {
		c.ActivatedBy, c.Location = w.Actor, s.Place
	}
	step := ActivationAsked
	if done {
		c.Status, c.ActivatedAt, step = Active, w.Now, Activated
		c = c.startWarranty(w.Now)
	}
	next, e := c.record(step, "", w)
	return next, found, e, nil
}

// receives reports whether somebody is to activate the component.
func (c Component) receives(actor string) bool {
	if c.Consignee == "" || c.Owner != c.Manufacturer {
		return actor == c.Owner || actor == c.Consignee
	}
	return actor == c.Consignee
}

// shown reports whether what was shown is enough, or the maker's consent is missing.
func (c Component) shown(s Shown, consent bool, w When) (bool, error) {
	if c.TagClass != Passive {
		if s.Response == nil {
			return false, fault.New(fault.CodeTagChallenge, "the tag of %s signs, and its answer is missing", c.ComponentID)
		}
		if !s.Response.Intact {
			return false, fault.New(fault.CodeTagBroken, "the seal of %s is broken", c.ComponentID)
		}
		return true, nil
	}
	if c.ActivationCodeHash != "" {
		sum := sha256.Sum256([]byte(s.Code))
		if hex.EncodeToString(sum[:]) != c.ActivationCodeHash {
			return false, fault.New(fault.CodeActivationCode, "this is not the code under the seal of %s", c.ComponentID)
		}
		return true, nil
	}
	return consent || w.Actor == c.Manufacturer, nil
}
