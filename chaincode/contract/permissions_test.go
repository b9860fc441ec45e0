package contract_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/authority"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// stranger is announced with whatever role, and in no relation to anything.
const stranger = "StrangerMSP"

// inquiry plays a story and asks, before each request that succeeds, what the ledger
// would say to it from everybody else, with every role, and in every other state.
type inquiry struct {
	scenario.Fake
	*testing.T
	what *scenario.WhatIf
	seen *coverage
}

// coverage is what all inquiries have come across.
type coverage struct {
	asked     map[string]int // by transaction, relations and states
	succeeded map[string]bool
	cells     int
}

func (q inquiry) Submit(org string, args ...string) (*scenario.Outcome, error) {
	if row, ok := authority.RowOf(args[0]); ok && len(args) > 1 {
		if r, err := scenario.NewRequest(q.Memory, args[0], args[1]); err == nil && q.says(org, args, nil) == "" {
			q.inquire(org, args, row, r)
		}
	}
	return q.Fake.Submit(org, args...)
}

// says is the code with which a request would be refused, or "".
func (q inquiry) says(org string, args []string, given map[string][]byte) fault.Code {
	q.what.Given(given)
	defer q.what.Given(nil)
	tx, err := q.Memory.Propose(ledgertest.Call{As: scenario.Client(org), Fn: args[0], Args: args[1:], Endorsers: scenario.Organisations()[:1]})
	if err != nil {
		q.Fatal(err)
	}
	if tx.Err() == nil {
		return ""
	}
	f, _ := fault.Parse(tx.Err().Error())
	return f.Code
}

func (q inquiry) inquire(org string, args []string, row authority.Row, r scenario.Request) {
	q.seen.succeeded[row.Transaction] = true
	sign := row.Transaction
	for _, a := range row.As {
		sign += fmt.Sprint(" ", r.Is(a, org, ""))
	}
	states := map[string]string{}
	for _, of := range authority.Records() {
		for _, in := range row.In {
			if in.Record != of.Name {
				continue
			}
			key, state := r.State(of)
			if key == "" {
				continue
			}
			states[of.Name] = key
			sign += " " + state
			q.seen.succeeded[row.Transaction+" in "+of.Name+" "+state] = true
			if !slices.Contains(in.States, state) {
				q.Errorf("%s: succeeds on a %s that is %s, and the table does not say so", row.Transaction, of.Name, state)
			}
		}
	}
	if q.seen.asked[sign]++; q.seen.asked[sign] > 1 {
		return
	}
	for _, caller := range append(scenario.Organisations(), stranger) {
		for _, role := range party.Roles() {
			key, record := scenario.Announced(caller, role)
			q.judge(row, r, caller, role, q.says(caller, args, map[string][]byte{key: record}))
		}
	}
	if got := q.says(stranger, args, nil); got == "" {
		q.Errorf("%s: taken from an organisation that nobody has announced", row.Transaction)
	}
	q.otherStates(org, args, row, r, states)
}

func (c *coverage) noteRelations(row authority.Row, r scenario.Request, caller string, role party.Role) {
	for _, a := range row.As {
		if r.Is(a, caller, role) {
			c.succeeded[row.Transaction+" as "+string(a)] = true
		}
	}
	if row.Delegable && r.Delegated(caller) {
		c.succeeded[row.Transaction+" as a delegate"] = true
	}
}

// judge holds one answer against the table.
func (q inquiry) judge(row authority.Row, r scenario.Request, caller string, role party.Role, got fault.Code) {
	q.seen.cells++
	may := row.Needs == "" || party.Permit(party.Organisation{MSPID: caller, Roles: []party.Role{role}}, row.Needs) == nil
	related := len(row.As) == 0 || slices.ContainsFunc(row.As, func(a authority.Relation) bool { return r.Is(a, caller, role) })
	related = related || row.Delegable && r.Delegated(caller)
	if got == "" {
		q.seen.noteRelations(row, r, caller, role)
	}
	denied := got != "" && (got == row.Refusal || fault.KindOf(got) == fault.Forbidden)
	switch {
	case may && related && denied && row.Also == "":
		q.Errorf("%s by %s as %s: refused with %s, and the table allows it", row.Transaction, caller, role, got)
	case (!may || !related) && got == "":
		q.Errorf("%s by %s as %s: taken, and the table does not allow it (role %v, relation %v)", row.Transaction, caller, role, may, related)
	case (!may || !related) && !denied:
		q.Errorf("%s by %s as %s: refused with %s, which does not say that it is not allowed", row.Transaction, caller, role, got)
	}
}

// otherStates asks the same of the records in every state.
func (q inquiry) otherStates(org string, args []string, row authority.Row, r scenario.Request, keys map[string]string) {
	for _, of := range authority.Records() {
		key, ok := keys[of.Name]
		if !ok {
			continue
		}
		i := slices.IndexFunc(row.In, func(in authority.In) bool { return in.Record == of.Name })
		for _, state := range of.States {
			q.seen.cells++
			got := q.says(org, args, map[string][]byte{key: r.InState(key, state)})
			if got == "" && !slices.Contains(row.In[i].States, state) {
				q.Errorf("%s: taken on a %s that is %s, and the table does not allow it", row.Transaction, of.Name, state)
			}
			if got == "" {
				q.seen.succeeded[row.Transaction+" in "+of.Name+" "+state] = true
			}
		}
	}
}

// TestThePermissionsAreWhatTheLedgerDoes plays every story, and holds what the ledger
// says to whom against the table: no more is allowed, and no less.
func TestThePermissionsAreWhatTheLedgerDoes(t *testing.T) {
	seen := &coverage{asked: make(map[string]int), succeeded: make(map[string]bool)}
	for _, s := range scenarios(t) {
		what := &scenario.WhatIf{Chaincode: newGuard(t)}
		if _, err := scenario.Run(s, inquiry{scenario.NewFake(what), t, what, seen}, "r1", "USD"); err != nil {
			t.Error(err)
		}
	}
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
		for _, w := range want {
			if !seen.succeeded[w] {
				t.Errorf("the table allows %s, and no story has shown it", w)
			}
		}
	}
	t.Logf("%d answers", seen.cells)
}

// TestEveryTransactionThatWritesHasItsRow: none is forgotten, and none is made up.
func TestEveryTransactionThatWritesHasItsRow(t *testing.T) {
	writes := make(map[string]bool)
	for _, a := range api.Transactions() {
		if a.Writes {
			writes[string(a.Name)] = true
		}
	}
	known := make(map[string]bool)
	for _, r := range authority.Rows() {
		if known[r.Transaction] || !writes[r.Transaction] {
			t.Errorf("%s has two rows, or does not write", r.Transaction)
		}
		known[r.Transaction] = true
		for _, a := range r.As {
			if !slices.ContainsFunc(authority.Places(), func(p authority.Place) bool { return p.Relation == a }) {
				t.Errorf("%s: nothing says where the %s is", r.Transaction, a)
			}
		}
	}
	if len(known) != len(writes) {
		t.Errorf("without a row: %s", strings.Join(slices.DeleteFunc(slices.Sorted(maps.Keys(writes)), func(w string) bool { return known[w] }), ", "))
	}
}
