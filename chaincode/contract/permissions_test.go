package contract_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/rules/authority"
)

// TestThePermissionsAreWhatTheLedgerDoes plays every story, and holds what the ledger
// says to whom against the table: no more is allowed, and no less.
func TestThePermissionsAreWhatTheLedgerDoes(t *testing.T) {
	seen := scenario.NewCoverage()
	for _, s := range scenarios(t) {
		what := &scenario.WhatIf{Chaincode: newGuard(t)}
		q := &scenario.Inquiry{Fake: scenario.NewFake(what), What: what, Report: t.Errorf, Seen: seen}
		q.Ask = q.Direct
		if _, err := scenario.Run(s, q, "r1", "USD"); err != nil {
			t.Error(err)
		}
	}
	for _, missing := range seen.Unseen() {
		t.Errorf("the table allows %s, and no story has shown it", missing)
	}
	t.Logf("%d answers", seen.Answers)
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
