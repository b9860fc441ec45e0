package authority_test

import (
	"flag"
	"os"
	"slices"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/rules/authority"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

var update = flag.Bool("update", false, "write docs/permissions.md anew")

func TestTheTableIsWrittenDown(t *testing.T) {
	const file = "../../../docs/permissions.md"
	if *update {
		if err := os.WriteFile(file, []byte(authority.Table()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != authority.Table() {
		t.Error("docs/permissions.md is not the table: make generate")
	}
}

// What a row names exists: the action, the records and their states.
func TestRowsNameWhatThereIs(t *testing.T) {
	for _, r := range authority.Rows() {
		if r.Needs != "" && !slices.ContainsFunc(party.Permissions(), func(p party.Permission) bool { return p.Action == r.Needs }) {
			t.Errorf("%s: nobody may %s", r.Transaction, r.Needs)
		}
		for _, in := range r.In {
			i := slices.IndexFunc(authority.Records(), func(of authority.Record) bool { return of.Name == in.Record })
			if i < 0 {
				t.Fatalf("%s: there is no %s", r.Transaction, in.Record)
			}
			for _, state := range in.States {
				if !slices.Contains(authority.Records()[i].States, state) {
					t.Errorf("%s: no %s is %s", r.Transaction, in.Record, state)
				}
			}
		}
		if r.Delegable && !slices.Contains(r.As, authority.Owner) {
			t.Errorf("%s: only what an owner does is delegated", r.Transaction)
		}
		if found, ok := authority.RowOf(r.Transaction); !ok || found.Transaction != r.Transaction {
			t.Errorf("%s is not found", r.Transaction)
		}
	}
}
