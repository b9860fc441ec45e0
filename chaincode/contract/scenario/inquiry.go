package scenario

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/authority"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// Stranger is an organisation that is in no relation to anything. In an [Inquiry] it
// is announced with whatever role, and once not at all.
const Stranger = "StrangerMSP"

// Inquiry plays a story and asks, before each request that succeeds, what the ledger
// would say to it from everybody else, with every role, and with its records in every
// other state. It holds each answer against the table of permissions.
type Inquiry struct {
	Fake
	What *WhatIf
	// Ask gives the code with which a request is refused, or "", and changes nothing.
	Ask    func(org string, args []string) fault.Code
	Report func(format string, args ...any)
	Seen   *Coverage
	Once   bool // each transaction once, not once for each of its relations and states
}

// Coverage is what all inquiries have come across.
type Coverage struct {
	Answers   int
	asked     map[string]int // by transaction, relations and states
	succeeded map[string]bool
}

// NewCoverage is one before the first inquiry.
func NewCoverage() *Coverage {
	return &Coverage{asked: make(map[string]int), succeeded: make(map[string]bool)}
}

// Unseen lists what the table allows and no request has shown.
func (c *Coverage) Unseen() []string {
	var missing []string
	for _, row := range authority.Rows() {
		want := []string{row.Transaction}
		for _, a := range row.As {
			want = append(want, row.Transaction+" as "+string(a))
		}
		if row.Delegable {
			want = append(want, row.Transaction+" as a delegate")
		}
		for _, in := range row.In {
			for _, state := range in.States {
				want = append(want, row.Transaction+" in "+in.Record+" "+state)
			}
		}
		missing = append(missing, slices.DeleteFunc(want, func(w string) bool { return c.succeeded[w] })...)
	}
	return missing
}

// Asked reports whether the transaction has been asked about.
func (c *Coverage) Asked(transaction string) bool { return c.succeeded[transaction] }

// Direct asks the chaincode itself.
func (q *Inquiry) Direct(org string, args []string) fault.Code {
	tx, err := q.Memory.Propose(ledgertest.Call{As: Client(org), Fn: args[0], Args: args[1:], Endorsers: Organisations()[:1]})
	if err != nil {
		q.Report("%s by %s: %v", args[0], org, err)
		return fault.CodeInternal
	}
	if tx.Err() == nil {
		return ""
	}
	f, _ := fault.Parse(tx.Err().Error())
	return f.Code
}

// Submit asks first, and then submits.
func (q *Inquiry) Submit(org string, args ...string) (*Outcome, error) {
	if row, ok := authority.RowOf(args[0]); ok && len(args) > 1 {
		if r, err := NewRequest(q.Memory, args[0], args[1]); err == nil && q.Direct(org, args) == "" {
			q.inquire(org, args, row, r)
		}
	}
	return q.Fake.Submit(org, args...)
}

func (q *Inquiry) says(org string, args []string, given map[string][]byte) fault.Code {
	q.What.Given(given)
	defer q.What.Given(nil)
	q.Seen.Answers++
	return q.Ask(org, args)
}

func (q *Inquiry) inquire(org string, args []string, row authority.Row, r Request) {
	q.Seen.succeeded[row.Transaction] = true
	states := r.states(row)
	for _, h := range states {
		q.Seen.succeeded[row.Transaction+" in "+h.Name+" "+h.state] = true
		if !slices.Contains(statesOf(row, h.Record), h.state) {
			q.Report("%s: succeeds on a %s that is %s, and the table does not say so", row.Transaction, h.Name, h.state)
		}
	}
	sign := r.Kind(row, org)
	if q.Once {
		sign = row.Transaction
	}
	if q.Seen.asked[sign]++; q.Seen.asked[sign] > 1 {
		return
	}
	for _, caller := range append(Organisations(), Stranger) {
		for _, role := range party.Roles() {
			key, record := Announced(caller, role)
			q.judge(row, r, caller, role, q.says(caller, args, map[string][]byte{key: record}))
		}
	}
	if q.says(Stranger, args, nil) == "" {
		q.Report("%s: taken from an organisation that nobody has announced", row.Transaction)
	}
	q.otherStates(org, args, row, r, states)
}

// judge holds one answer against the table.
func (q *Inquiry) judge(row authority.Row, r Request, caller string, role party.Role, got fault.Code) {
	s := r.Standing(row, caller, role)
	if wrong := s.Differs(row, got); wrong != "" {
		q.Report("%s by %s as %s: %s", row.Transaction, caller, role, wrong)
	}
	if got != "" {
		return
	}
	for _, a := range row.As {
		if r.Is(a, caller, role) {
			q.Seen.succeeded[row.Transaction+" as "+string(a)] = true
		}
	}
	if s.Delegated {
		q.Seen.succeeded[row.Transaction+" as a delegate"] = true
	}
}

// otherStates asks the same of the records in every state.
func (q *Inquiry) otherStates(org string, args []string, row authority.Row, r Request, states []held) {
	for _, h := range states {
		for _, state := range h.States {
			if q.says(org, args, map[string][]byte{h.key: r.InState(h.key, state)}) != "" {
				continue
			}
			q.Seen.succeeded[row.Transaction+" in "+h.Name+" "+state] = true
			if !slices.Contains(statesOf(row, h.Record), state) {
				q.Report("%s: taken on a %s that is %s, and the table does not allow it", row.Transaction, h.Name, state)
			}
		}
	}
}

// statesOf are the states of the record in which the row takes the transaction; nil:
// it says nothing about them.
func statesOf(row authority.Row, of authority.Record) []string {
	for _, in := range row.In {
		if in.Record == of.Name {
			return in.States
		}
	}
	return nil
}
