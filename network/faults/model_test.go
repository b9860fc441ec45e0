package faults

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// The sequential objects that the ledger has to look like, however many clients,
// gateways and peers there are and whatever is killed. Only what was acknowledged
// says how things stood; a refusal may come of a peer that is behind, changes
// nothing, and is left out.

// call is the input of an operation: what was asked, of which object.
type call struct {
	object string // an account, a shipment or a component
	verb   string
	minor  int64  // of issue, redeem, escrow and collect
	credit string // of collect
	party  string // who asks, and to whom the offer is
	to     string

	machine, part int // of a yard
}

// seen is what an answer says about the object after the operation. Unknown: the
// client gave up before it was told.
type seen struct {
	unknown bool

	balance, postings int64 // of an account; told with issue and redeem only

	status          string // of a shipment
	custody, events int64
	offer           bool

	owner, offeredTo string // of a component, with events

	holds int64 // of its maker's hold: how many there were, and whether one is in force
	held  bool

	filled int64 // slots of a machine, with events
}

// accountState is an account and the credits that were put to it.
type accountState struct {
	balance, issued, postings int64
	collected                 string // credit ids
}

// accounts: issue, redeem, escrow and collect on accounts that begin empty. A credit
// is there before anybody collects it, and counts once.
var accounts = partitioned(accountState{}, func(s accountState, in call, out seen) (bool, accountState) {
	next := s
	switch in.verb {
	case "issue":
		next.balance, next.issued = s.balance+in.minor, s.issued+in.minor
	case "redeem":
		next.balance, next.issued = s.balance-in.minor, s.issued-in.minor
	case "escrow":
		next.balance = s.balance - in.minor
	case "collect":
		next.balance, next.collected = s.balance+in.minor, s.collected+in.credit+" "
	}
	next.postings++
	if next.balance < 0 || next.issued < 0 || in.credit != "" && strings.Contains(s.collected, in.credit+" ") {
		return out.unknown, s // it cannot have been taken; one of which nothing is known was refused
	}
	if told := in.verb == "issue" || in.verb == "redeem"; told && !out.unknown && (out.balance != next.balance || out.postings != next.postings) {
		return false, s
	}
	return true, next
})

// shipmentState is a shipment that all parties have agreed to, with one leg.
type shipmentState struct {
	status          string
	custody, events int64
	offer           bool
}

// firstEvents is how many events a shipment has when three parties have agreed:
// the proposal and their acceptances.
const firstEvents = 4

var shipments = partitioned(shipmentState{status: "agreed", events: firstEvents}, func(s shipmentState, in call, out seen) (bool, shipmentState) {
	next, proper := s, false
	next.events++
	switch in.verb {
	case "offer":
		proper = !s.offer && (s.status == "agreed" || s.status == "in-transit")
		next.offer = true
	case "decline":
		proper = s.offer
		next.offer = false
	case "accept":
		proper = s.offer
		next.offer, next.custody = false, s.custody+1
		if next.status = "in-transit"; next.custody == 2 {
			next.status = "delivered"
		}
	case "settle": // answers the statement, which says nothing but that it is done
		proper = s.status == "delivered"
		next.status = "settled"
		out.status, out.custody, out.events, out.offer = next.status, next.custody, next.events, next.offer
	}
	if !proper {
		return out.unknown, s
	}
	if !out.unknown && next != (shipmentState{out.status, out.custody, out.events, out.offer}) {
		return false, s
	}
	return true, next
})

// componentState is a component of the manufacturer's, which may hold it whoever owns it.
type componentState struct {
	owner, offeredTo string
	events           int64
	holds            int64
	held             bool
}

var components = partitioned(componentState{owner: manufacturer, events: 1}, func(s componentState, in call, out seen) (bool, componentState) {
	next, proper := s, false
	next.events++
	switch in.verb {
	case "hold", "release": // are no events of the component, and say nothing of its owner
		proper = in.party == manufacturer && s.held == (in.verb == "release")
		next.events = s.events
		if next.held = in.verb == "hold"; next.held {
			next.holds++
		}
		out.owner, out.offeredTo, out.events = s.owner, s.offeredTo, s.events
	case "offer":
		proper = s.owner == in.party && s.offeredTo == "" && !s.held
		next.offeredTo = in.to
	case "accept":
		proper = s.offeredTo == in.party && !s.held
		next.owner, next.offeredTo = in.party, ""
	case "decline":
		proper = s.offeredTo != "" && (s.owner == in.party || s.offeredTo == in.party)
		next.offeredTo = ""
	}
	if !proper {
		return out.unknown, s
	}
	if in.verb != "hold" && in.verb != "release" { // an answer about the owner says nothing of holds
		out.holds, out.held = s.holds, s.held
	}
	if !out.unknown && next != (componentState{out.owner, out.offeredTo, out.events, out.holds, out.held}) {
		return false, s
	}
	return true, next
})

// partitioned is the model of many objects that have nothing to do with each other.
func partitioned[S comparable](first S, step func(S, call, seen) (bool, S)) porcupine.Model {
	return porcupine.Model{
		Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
			by := map[string][]porcupine.Operation{}
			for _, o := range history {
				object := o.Input.(call).object
				by[object] = append(by[object], o)
			}
			var parts [][]porcupine.Operation
			for _, p := range by {
				parts = append(parts, p)
			}
			return parts
		},
		Init: func() any { return first },
		Step: func(state, input, output any) (bool, any) { return step(state.(S), input.(call), output.(seen)) },
	}
}

// operation is one entry of a history; one whose outcome is unknown may take
// effect at any time after its call, or never.
func operation(client int, in call, out seen, began, ended int64) porcupine.Operation {
	if out.unknown {
		ended = math.MaxInt64
	}
	return porcupine.Operation{ClientId: client, Input: in, Output: out, Call: began, Return: ended}
}

// judge says whether a history can have been the work of one object at a time.
func judge(t *testing.T, name string, m porcupine.Model, history []porcupine.Operation) {
	t.Helper()
	switch porcupine.CheckOperationsTimeout(m, history, 3*time.Minute) {
	case porcupine.Ok:
	case porcupine.Unknown:
		t.Errorf("%s: %d operations could not be judged in time", name, len(history))
	default:
		t.Errorf("%s: %d operations have no order in which they make sense", name, len(history))
		for _, o := range history {
			t.Logf("%d: %d to %d: %+v: %+v", o.ClientId, o.Call, o.Return, o.Input, o.Output)
		}
	}
}

// read takes from an answer what a model compares.
func read(body []byte) seen {
	var v struct {
		BalanceMinor, Postings int64
		Status                 string
		Custody                []struct{}
		Events                 int64
		Offer                  *struct{}
		Owner, OfferedTo       string
		Number                 int64
		Active                 bool
		Filled                 int64
	}
	if json.Unmarshal(body, &v) != nil {
		return seen{unknown: true}
	}
	return seen{
		balance: v.BalanceMinor, postings: v.Postings, status: v.Status, custody: int64(len(v.Custody)), events: v.Events,
		offer: v.Offer != nil, owner: v.Owner, offeredTo: v.OfferedTo, holds: v.Number, held: v.Active, filled: v.Filled,
	}
}

// TestTheModelsTellRightFromWrong: what no single object can have done is found.
func TestTheModelsTellRightFromWrong(t *testing.T) {
	type entry struct {
		in           call
		out          seen
		began, ended int64
	}
	issue := func(minor, balance, postings, began, ended int64) entry {
		return entry{call{object: "a", verb: "issue", minor: minor}, seen{balance: balance, postings: postings}, began, ended}
	}
	redeem := func(minor, balance, postings, began, ended int64) entry {
		return entry{call{object: "a", verb: "redeem", minor: minor}, seen{balance: balance, postings: postings}, began, ended}
	}
	collect := func(credit string, began, ended int64) entry {
		return entry{call{object: "a", verb: "collect", minor: 3, credit: credit}, seen{}, began, ended}
	}
	lost := func(e entry) entry { e.out = seen{unknown: true}; return e }
	head := func(verb, status string, custody, events int64, offer bool, began, ended int64) entry {
		return entry{call{object: "s", verb: verb}, seen{status: status, custody: custody, events: events, offer: offer}, began, ended}
	}
	part := func(verb, by, to, owner, offeredTo string, events, began, ended int64) entry {
		return entry{call{object: "c", verb: verb, party: by, to: to}, seen{owner: owner, offeredTo: offeredTo, events: events}, began, ended}
	}
	hold := func(verb string, holds, began, ended int64) entry {
		return entry{call{object: "c", verb: verb, party: manufacturer}, seen{holds: holds, held: verb == "hold"}, began, ended}
	}
	for name, c := range map[string]struct {
		model   porcupine.Model
		legal   bool
		history []entry
	}{
		"issues one after the other":                    {accounts, true, []entry{issue(5, 5, 1, 0, 1), issue(5, 10, 2, 2, 3)}},
		"issues at once, the second answered first":     {accounts, true, []entry{issue(5, 10, 2, 0, 3), issue(5, 5, 1, 1, 2)}},
		"an issue that was forgotten":                   {accounts, false, []entry{issue(5, 5, 1, 0, 1), issue(5, 5, 1, 2, 3)}},
		"an issue done twice":                           {accounts, false, []entry{issue(5, 10, 2, 0, 1)}},
		"an answer from the past":                       {accounts, false, []entry{issue(5, 10, 2, 0, 1), issue(5, 5, 1, 2, 3)}},
		"one lost that took effect":                     {accounts, true, []entry{lost(issue(5, 0, 0, 0, 1)), issue(5, 10, 2, 2, 3)}},
		"one lost that never did":                       {accounts, true, []entry{lost(issue(5, 0, 0, 0, 1)), issue(5, 5, 1, 2, 3)}},
		"one lost that took effect, and then had not":   {accounts, false, []entry{lost(issue(5, 0, 0, 0, 1)), issue(5, 10, 2, 2, 3), issue(5, 10, 2, 4, 5)}},
		"more redeemed than there is":                   {accounts, false, []entry{issue(5, 5, 1, 0, 1), redeem(6, -1, 2, 2, 3)}},
		"a credit that counts once":                     {accounts, true, []entry{collect("x", 0, 1), issue(5, 8, 2, 2, 3)}},
		"a credit that counts twice":                    {accounts, false, []entry{collect("x", 0, 1), collect("x", 2, 3)}},
		"a credit that was lost":                        {accounts, false, []entry{collect("x", 0, 1), issue(5, 5, 2, 2, 3)}},
		"a journey":                                     {shipments, true, []entry{head("offer", "agreed", 0, 5, true, 0, 1), head("accept", "in-transit", 1, 6, false, 2, 3), head("offer", "in-transit", 1, 7, true, 4, 5), head("accept", "delivered", 2, 8, false, 6, 7), head("settle", "", 0, 0, false, 8, 9)}},
		"two who take the same offer":                   {shipments, false, []entry{head("offer", "agreed", 0, 5, true, 0, 1), head("accept", "in-transit", 1, 6, false, 2, 3), head("accept", "in-transit", 1, 6, false, 2, 3)}},
		"an offer taken and declined":                   {shipments, false, []entry{head("offer", "agreed", 0, 5, true, 0, 1), head("accept", "in-transit", 1, 6, false, 2, 4), head("decline", "agreed", 0, 6, false, 2, 4)}},
		"settled twice":                                 {shipments, false, []entry{head("offer", "agreed", 0, 5, true, 0, 1), head("accept", "in-transit", 1, 6, false, 2, 3), head("offer", "in-transit", 1, 7, true, 4, 5), head("accept", "delivered", 2, 8, false, 6, 7), head("settle", "", 0, 0, false, 8, 10), head("settle", "", 0, 0, false, 8, 10)}},
		"a component sold on":                           {components, true, []entry{part("offer", manufacturer, service, manufacturer, service, 2, 0, 1), part("accept", service, "", service, "", 3, 2, 3)}},
		"a component with two owners":                   {components, false, []entry{part("offer", manufacturer, service, manufacturer, service, 2, 0, 1), part("accept", service, "", service, "", 3, 2, 3), part("offer", manufacturer, carrier, manufacturer, carrier, 4, 4, 5)}},
		"a component offered to two at once":            {components, false, []entry{part("offer", manufacturer, service, manufacturer, service, 2, 0, 2), part("offer", manufacturer, carrier, manufacturer, carrier, 2, 0, 2)}},
		"a component held, released and offered":        {components, true, []entry{hold("hold", 1, 0, 1), hold("release", 1, 2, 3), part("offer", manufacturer, service, manufacturer, service, 2, 4, 5)}},
		"a component offered while it is held":          {components, false, []entry{hold("hold", 1, 0, 1), part("offer", manufacturer, service, manufacturer, service, 2, 2, 3), hold("release", 1, 4, 5)}},
		"a component taken while it is held":            {components, false, []entry{part("offer", manufacturer, service, manufacturer, service, 2, 0, 1), hold("hold", 1, 2, 3), part("accept", service, "", service, "", 3, 4, 5)}},
		"a component held as it is taken":               {components, true, []entry{part("offer", manufacturer, service, manufacturer, service, 2, 0, 1), hold("hold", 1, 2, 4), part("accept", service, "", service, "", 3, 2, 4)}},
		"a hold that was forgotten":                     {components, false, []entry{hold("hold", 1, 0, 1), hold("hold", 1, 2, 3)}},
		"a component taken whose offer was never taken": {components, false, []entry{part("accept", service, "", service, "", 2, 0, 1)}},
	} {
		t.Run(name, func(t *testing.T) {
			var history []porcupine.Operation
			for i, e := range c.history {
				history = append(history, operation(i, e.in, e.out, e.began, e.ended))
			}
			if got := porcupine.CheckOperations(c.model, history); got != c.legal {
				t.Errorf("judged %v", got)
			}
		})
	}
}
