package contract_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// TestAVerificationDisturbsNobody: a registrar that verifies an organisation, or takes
// that back, writes no record that others' transactions read, so that whatever the
// organisation does in the same block stands, and whatever is decided about it.
func TestAVerificationDisturbsNobody(t *testing.T) {
	l := founded(t)
	endorsed := func(as ledgertest.Identity, tx api.Transaction, in any) *ledgertest.Tx {
		t.Helper()
		got, err := l.Endorse(as, string(tx), []string{argument(t, in)})
		if err != nil || got.Err() != nil {
			t.Fatal(tx, err, got.Err())
		}
		return got
	}
	must := func(txs ...*ledgertest.Tx) {
		t.Helper()
		for i, r := range l.Commit(txs...) {
			if !r.Valid() {
				t.Fatalf("transaction %d of the block: %v", i, r.Code)
			}
		}
	}
	change := func(of, id string, role party.Role) *ledgertest.Tx {
		t.Helper()
		must(endorsed(maker, api.ChangeRolesTx, api.ChangeRoles{MSPID: of, ChangeID: id, Grant: []party.Role{role}, Withdraw: []party.Role{}, Reason: "asked for"}))
		by := carrier
		if of == carrier.MSPID {
			by = service
		}
		return endorsed(by, api.AgreeToRolesTx, api.RoleChangeRef{MSPID: of, ChangeID: id})
	}
	must(change(service.MSPID, "r", party.Registrar))

	organisation := ledgertest.Key(ledger.KeyOrganisation, carrier.MSPID)
	standing := ledgertest.Key(ledger.KeyStanding, carrier.MSPID)
	record := ledgertest.Key(ledger.KeyVerification, carrier.MSPID, "00000000000000000001")
	verify := func() *ledgertest.Tx {
		return endorsed(service, api.VerifyOrganisationTx, api.VerifyOrganisation{
			MSPID: carrier.MSPID, Evidence: "extract", Reference: "HRB 1", EvidenceHash: strings.Repeat("a", 64), ValidUntil: "2026-12-01T00:00:00Z",
		})
	}
	withdraw := func() *ledgertest.Tx {
		return endorsed(service, api.WithdrawVerificationTx, api.WithdrawVerification{MSPID: carrier.MSPID, Number: 1, Reason: "moved"})
	}
	registrar := ledgertest.Key(ledger.KeyOrganisation, service.MSPID)
	for _, step := range []struct {
		what          string
		endorse       func() *ledgertest.Tx
		meanwhile     party.Role // is granted
		reads, writes []string
	}{
		{"verify", verify, party.Owner, []string{registrar, organisation, standing}, []string{record, standing}},
		{"withdraw", withdraw, party.Auditor, []string{record, standing}, []string{record, standing}},
	} {
		t.Run(step.what, func(t *testing.T) {
			changes := change(carrier.MSPID, step.what, step.meanwhile)
			tx := step.endorse()
			var reads, writes []string
			for _, r := range tx.RWSet.GetReads() {
				reads = append(reads, r.GetKey())
			}
			for _, w := range tx.RWSet.GetWrites() {
				writes = append(writes, w.GetKey())
			}
			slices.Sort(reads)
			slices.Sort(writes)
			slices.Sort(step.reads)
			slices.Sort(step.writes)
			if diff := cmp.Diff(step.reads, reads); diff != "" {
				t.Error("reads", diff)
			}
			if diff := cmp.Diff(step.writes, writes); diff != "" {
				t.Error("writes", diff)
			}
			issues := endorsed(carrier, api.IssueTokensTx, api.IssueTokens{Currency: "USD", AmountMinor: 1, Reserve: "Bank"})
			must(tx, issues, changes)
		})
	}
}
