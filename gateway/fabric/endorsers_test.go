package fabric

import (
	"errors"
	"fmt"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
)

// A transaction that in any story of the contracts writes a key with a policy of
// its own is put to every party: put to a majority, it would fail at commit.
func TestWhoeverWritesWhatIsProtectedAsksEveryParty(t *testing.T) {
	guard, err := contract.New()
	if err != nil {
		t.Fatal(err)
	}
	stories, err := scenario.Load("../../chaincode/contract/testdata/scenarios")
	if err != nil {
		t.Fatal(err)
	}
	f := scenario.NewFake(guard)
	for i, s := range stories {
		if _, err := scenario.Run(s, f, fmt.Sprintf("e%d", i), fmt.Sprintf("E%c%c", 'A'+i/26, 'A'+i%26)); err != nil && !errors.Is(err, scenario.ErrNotFresh) {
			t.Fatal(err)
		}
	}
	protected := make(map[string]bool) // by key
	wrong := make(map[api.Transaction]bool)
	for _, block := range f.Memory.Blocks() {
		for _, r := range block {
			if !r.Valid() {
				continue
			}
			name := api.Transaction(r.Tx.Call.Fn)
			for _, w := range r.Tx.RWSet.GetWrites() {
				if protected[w.GetKey()] && endorsers[name] != everyParty && !wrong[name] {
					wrong[name] = true
					t.Errorf("%s is put to a majority and writes %q, which has a policy of its own", name, w.GetKey())
				}
			}
			for _, m := range r.Tx.RWSet.GetMetadataWrites() {
				protected[m.GetKey()] = len(m.GetEntries()) > 0 && len(m.GetEntries()[0].GetValue()) > 0
			}
		}
	}
	if len(protected) == 0 {
		t.Error("nothing is protected")
	}
}
