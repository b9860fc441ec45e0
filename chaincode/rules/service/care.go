package service

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// MaxOpen bounds the open requests of one machine, which one record lists.
const MaxOpen = 64

// Care is who serves a component, and what is being done to it and to the parts
// that are installed in it: a scan that finds a part exchanged asks here whether
// somebody was to exchange it.
type Care struct {
	ComponentID string        `json:"componentId"`
	AgreementID string        `json:"agreementId,omitempty" metadata:",optional"`
	Open        []OpenRequest `json:"open"` // at most 64, oldest first
	ChangedAt   measure.Time  `json:"changedAt"`
}

// OpenRequest is one request that is neither finished nor refused.
type OpenRequest struct {
	RequestID   string `json:"requestId"`
	ComponentID string `json:"componentId"`                           // what is to be served
	SlotID      string `json:"slotId,omitempty" metadata:",optional"` // where that is installed, if it is
	Action      Action `json:"action"`
}

// NewCare is the record of a component that nobody serves yet.
func NewCare(componentID string) Care {
	return Care{ComponentID: componentID, Open: []OpenRequest{}}
}

// Has reports whether the request is open.
func (c Care) Has(requestID string) bool {
	return slices.ContainsFunc(c.Open, func(o OpenRequest) bool { return o.RequestID == requestID })
}

// Add opens a request.
func (c Care) Add(o OpenRequest, now measure.Time) (Care, error) {
	if len(c.Open) >= MaxOpen {
		return c, fault.New(fault.CodeRequestsMany, "%s has %d open requests", c.ComponentID, MaxOpen).With("most", MaxOpen)
	}
	c.Open = append(slices.Clone(c.Open), o)
	c.ChangedAt = max(c.ChangedAt, now)
	return c, nil
}

// Remove closes a request.
func (c Care) Remove(requestID string, now measure.Time) Care {
	c.Open = slices.DeleteFunc(slices.Clone(c.Open), func(o OpenRequest) bool { return o.RequestID == requestID })
	c.ChangedAt = max(c.ChangedAt, now)
	return c
}

// Under puts the component under an agreement, or under none.
func (c Care) Under(agreementID string, now measure.Time) Care {
	c.AgreementID, c.ChangedAt = agreementID, max(c.ChangedAt, now)
	return c
}

// Covers reports whether an open request says that this part, or what is in this
// slot, may be exchanged.
func (c Care) Covers(slotID, componentID string) bool {
	return slices.ContainsFunc(c.Open, func(o OpenRequest) bool {
		return o.Action != Inspect && (o.ComponentID == componentID || slotID != "" && o.SlotID == slotID)
	})
}
