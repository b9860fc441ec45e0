package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/usage"
)

// These are for contracts that keep components. What they change is stored once,
// as the transaction is closed, together with whatever else it does to the same
// machine; so they are called in any order and any number of times.

// setThresholds says at which totals tasks of a component fall due, in the place
// of what was said before.
func setThresholds(ctx *Context, componentID string, ts []usage.Threshold) error {
	w := ctx.workshop()
	c, err := w.Counters(componentID)
	if err != nil {
		return err
	}
	return w.SetThresholds(componentID, ts, ctx.now(c.ChangedAt))
}

// raiseReached gives what has fallen due by use, of the component and of all that
// counts through it, and was not given before; at most sixteen thresholds.
func raiseReached(ctx *Context, componentID string) ([]usage.Crossed, error) {
	w := ctx.workshop()
	c, err := w.Counters(componentID)
	if err != nil {
		return nil, err
	}
	return w.Raise(componentID, ctx.now(c.ChangedAt))
}

// overhauled lets the counters since overhaul begin anew.
func overhauled(ctx *Context, componentID string) error {
	w := ctx.workshop()
	c, err := w.Counters(componentID)
	if err != nil {
		return err
	}
	return w.Overhaul(componentID, ctx.now(c.ChangedAt))
}

// totalsOf are a component's totals since new, by measure.
func totalsOf(ctx *Context, componentID string) ([]usage.Count, error) {
	return ctx.workshop().Totals(componentID)
}

// exchange replaces a part of a machine for an open request, with the signed
// statement that it was done. Whether the caller may do that is the caller's to
// decide; what a slot allows and whether the part may be used is decided here. It
// writes the heads of both components.
func exchange(ctx *Context, machineID, slotID, removed, installed, requestID, statement string) error {
	s, err := ctx.siteFor(machineID, component.Maintain)
	if err != nil {
		return err
	}
	w := s.when(requestID, "")
	w.Statement = statement
	_, err = s.replace(slotID, removed, installed, w)
	return err
}
