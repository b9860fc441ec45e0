package audit

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/ledger"
)

// upkeep is what was seen of components and of the work on them.
type upkeep struct {
	places  map[string]map[string]bool // part → the slots that hold it, each "machine slot"
	events  map[string]uint64          // component → number of its events
	last    map[string]record          // component → its last event
	open    map[string]map[string]bool // component, task → its requests that are not over
	touched map[string]bool            // components whose place or life changed in this transaction
	tasks   map[string]bool            // whose requests did
}

func newUpkeep() upkeep {
	return upkeep{
		places: map[string]map[string]bool{}, events: map[string]uint64{}, last: map[string]record{},
		open: map[string]map[string]bool{}, touched: map[string]bool{}, tasks: map[string]bool{},
	}
}

// decode reads a record's members; one that is absent has its zero value.
func decode[T any](r record) (v T) {
	_ = json.Unmarshal(r.raw, &v)
	return v
}

type complaints = func(string, ...any)

// checkPage notes which parts a page of slots holds.
func checkPage(a *Auditor, _ string, before, after record, _ map[string]int64, _ complaints) {
	type page struct {
		MachineID string
		Positions []struct{ SlotID, ComponentID string }
	}
	note := func(p page, there bool) {
		for _, s := range p.Positions {
			if s.ComponentID == "" {
				continue
			}
			a.touched[s.ComponentID] = true
			if a.places[s.ComponentID] == nil {
				a.places[s.ComponentID] = map[string]bool{}
			}
			if at := p.MachineID + " " + s.SlotID; there {
				a.places[s.ComponentID][at] = true
			} else {
				delete(a.places[s.ComponentID], at)
			}
		}
	}
	note(decode[page](before), false)
	note(decode[page](after), true)
}

// checkPlacement: a part's moves are counted one by one.
func checkPlacement(a *Auditor, _ string, before, after record, _ map[string]int64, complain complaints) {
	a.touched[after.attrs[0]] = true
	if was, is := before.number("moves"), after.number("moves"); is != was+1 {
		complain("a part's moves go from %d to %d: %s", was, is, after.raw)
	}
	if after.text("since") < before.text("since") {
		complain("a part was moved before it came there: %s, then %s", before.raw, after.raw)
	}
}

// checkComponent: what is decommissioned stays as it is.
func checkComponent(a *Auditor, _ string, before, after record, _ map[string]int64, complain complaints) {
	a.touched[after.attrs[0]] = true
	if before.text("status") == "decommissioned" && string(before.raw) != string(after.raw) {
		complain("a decommissioned component changed: %s, then %s", before.raw, after.raw)
	}
}

// checkComponentEvent: the events of a life follow one another without a gap, so
// that each owner's time ends where the next one's begins.
func checkComponentEvent(a *Auditor, _ string, before, after record, _ map[string]int64, complain complaints) {
	id := after.attrs[0]
	a.touched[id] = true
	if before.members != nil {
		return // written again, which is complained of elsewhere
	}
	if n := uint64(after.number("number")); n != a.events[id] {
		complain("event %d of %s follows on %d events", n, id, a.events[id])
	}
	if last, ok := a.last[id]; ok && after.text("at") < last.text("at") {
		complain("an event before the last one: %s, then %s", last.raw, after.raw)
	}
	a.events[id]++
	a.last[id] = after
}

// checkCounters: no meter runs backwards but where another takes its place, and
// what a component had counted stays counted.
func checkCounters(_ *Auditor, _ string, before, after record, _ map[string]int64, complain complaints) {
	type counters struct {
		Through string
		Base    []struct {
			Measure string
			Value   int64
		}
		Meters []struct {
			Measure         string
			Number, Reading int64
		}
	}
	was, is := decode[counters](before), decode[counters](after)
	for _, m := range was.Meters {
		for _, n := range is.Meters {
			if m.Measure == n.Measure && (n.Number < m.Number || n.Number == m.Number && n.Reading < m.Reading) {
				complain("a meter ran backwards: %s, then %s", before.raw, after.raw)
			}
		}
	}
	for _, m := range was.Base {
		i := slices.IndexFunc(is.Base, func(n struct {
			Measure string
			Value   int64
		}) bool {
			return n.Measure == m.Measure
		})
		if i < 0 || is.Base[i].Value < m.Value {
			complain("what was counted is not any more: %s, then %s", before.raw, after.raw)
		}
	}
}

// checkCustody: each custody begins where the one before it ends, and one that was
// given stays given.
func checkCustody(before, after record, complain complaints) {
	type shipment struct {
		Custody []struct{ Custodian, From string }
	}
	was, is := decode[shipment](before).Custody, decode[shipment](after).Custody
	if len(is) < len(was) || len(is) > len(was)+1 || !slices.Equal(was, is[:len(was)]) {
		complain("custody that was given is changed: %v, then %v", was, is)
	}
	for i := 1; i < len(is); i++ {
		if is[i].From < is[i-1].From { // a carrier may be the consignee, too
			complain("custody does not go from one to the next: %v", is)
		}
	}
}

// request is what the audit reads of a service request.
type request struct {
	RequestID, ComponentID, PartNumber, TaskID, Skill, Provider, Status, FollowedBy, DoneAt string
	Steps, Events                                                                           uint64
	Result                                                                                  *struct{ EngineerID, StatementHash, InspectorID, InspectionHash string }
}

func (r request) over() bool {
	return r.Status == "confirmed" || r.Status == "cancelled" || r.Status == "done" && r.FollowedBy != ""
}

// checkRequest: a request that is over is over, steps are not lost, and what is done
// was done by engineers who were certified for it then.
func checkRequest(a *Auditor, _ string, before, after record, _ map[string]int64, complain complaints) {
	was, is := decode[request](before), decode[request](after)
	if (was.Status == "confirmed" || was.Status == "cancelled") && was.Status != is.Status {
		complain("a request that was over goes on: %s, then %s", before.raw, after.raw)
	}
	if is.Steps < was.Steps || is.Events < was.Events {
		complain("work was lost: %s, then %s", before.raw, after.raw)
	}
	if is.Status == "done" && was.Status != "done" {
		a.checkWork(is, complain)
	}
	if is.TaskID == "" {
		return
	}
	task := is.ComponentID + " " + is.TaskID
	a.tasks[task] = true
	if a.open[task] == nil {
		a.open[task] = map[string]bool{}
	}
	if is.over() {
		delete(a.open[task], is.RequestID)
	} else {
		a.open[task][is.RequestID] = true
	}
}

// checkWork asks of everyone who signed whether their word counted as it was recorded.
func (a *Auditor) checkWork(r request, complain complaints) {
	if r.Result == nil {
		complain("request %s is done, and nobody says by whom", r.RequestID)
		return
	}
	a.Counts.Works++
	for hash, id := range map[string]string{r.Result.StatementHash: r.Result.EngineerID, r.Result.InspectionHash: r.Result.InspectorID} {
		if id == "" && hash == "" {
			continue
		}
		c := decode[struct {
			Issuer, Status string
			Grant          struct {
				Skills, PartNumbers   []string
				ValidFrom, ValidUntil string
			}
		}](a.records[key(ledger.KeyCredential, id)])
		held, late := a.records[key(ledger.KeyQuarantine, c.Issuer, hash)]
		switch {
		case c.Issuer == "" || c.Issuer != r.Provider:
			complain("request %s is done by %q, who is not of %s", r.RequestID, id, r.Provider)
		case !slices.Contains(c.Grant.Skills, r.Skill) || !slices.Contains(c.Grant.PartNumbers, "*") && !slices.Contains(c.Grant.PartNumbers, r.PartNumber):
			complain("request %s is done by %s, who is not certified for it: %+v", r.RequestID, id, c.Grant)
		case late && held.text("status") != "released":
			complain("request %s is done on a statement in quarantine: %s", r.RequestID, held.raw)
		case !late && (c.Status != "active" || r.DoneAt < c.Grant.ValidFrom || r.DoneAt >= c.Grant.ValidUntil):
			complain("request %s is done by %s at %s, whose credential was %s, from %s until %s", r.RequestID, id, r.DoneAt, c.Status, c.Grant.ValidFrom, c.Grant.ValidUntil)
		}
	}
}

// key is the composite key of a record.
func key(kind string, attrs ...string) string {
	return "\x00" + kind + "\x00" + strings.Join(attrs, "\x00") + "\x00"
}

// checkPaidSteps: a payment of steps is for those after the ones that were paid, at
// the prices that were recorded with them.
func (a *Auditor) checkPaidSteps(before, after record, complain complaints) {
	from, to := before.number("steps"), after.number("steps")
	sum := int64(0)
	for n := from; n < to; n++ {
		s, ok := a.records[key(ledger.KeyStep, after.text("billId"), ledger.Seq(uint64(n)))]
		if !ok {
			complain("step %d is paid, and was never recorded: %s", n, after.raw)
		}
		sum += s.number("priceMinor")
	}
	if paid := after.number("paidMinor") - before.number("paidMinor"); to > from && paid != sum {
		complain("%d are paid for steps %d to %d, which cost %d: %s", paid, from, to, sum, after.raw)
	}
}

// settleUpkeep holds together what the transaction has changed: a part is in one
// place, its life ends in its present owner, and a task has one open request.
func (a *Auditor) settleUpkeep(complain complaints) {
	for _, id := range slices.Sorted(maps.Keys(a.touched)) {
		at := slices.Sorted(maps.Keys(a.places[id]))
		p := a.records[key(ledger.KeyPlacement, id)]
		if where := strings.TrimSpace(p.text("machineId") + " " + p.text("slotId")); strings.Join(at, ", ") != where {
			complain("%s is in %q, and its placement says %q", id, at, where)
		}
		c, ok := a.records[key(ledger.KeyComponent, id)]
		if !ok {
			continue
		}
		if n := uint64(c.number("events")); n != a.events[id] || n > 0 && a.last[id].text("owner") != c.text("owner") {
			complain("%s has %d events, the last %s, and is %s", id, a.events[id], a.last[id].raw, c.raw)
		}
	}
	for _, task := range slices.Sorted(maps.Keys(a.tasks)) {
		if len(a.open[task]) > 1 {
			complain("the task %s has more than one open request: %v", task, slices.Sorted(maps.Keys(a.open[task])))
		}
	}
	clear(a.touched)
	clear(a.tasks)
}
