package contract_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/lifeledger/lifeledger/chaincode/contract"
	"github.com/lifeledger/lifeledger/chaincode/contract/audit"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

var update = flag.Bool("update", false, "write the golden files anew")

// guard is made once: it keeps nothing of a transaction, and contract-api takes
// a while to compile its schemas.
var guard = sync.OnceValues(contract.New)

func newGuard(t testing.TB) *contract.Guard {
	t.Helper()
	g, err := guard()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func scenarios(t testing.TB) []*scenario.Scenario {
	t.Helper()
	all, err := scenario.Load("testdata/scenarios")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// recount audits every block of a ledger.
func recount(t testing.TB, l *ledgertest.Ledger) audit.Counts {
	t.Helper()
	a := audit.New()
	for _, block := range l.Blocks() {
		for _, r := range block {
			if !r.Valid() {
				continue
			}
			if err := a.Apply(r.Tx.ID, r.Tx.RWSet.GetWrites()); err != nil {
				t.Errorf("block %d: %v", r.Block, err)
			}
		}
	}
	return a.Counts
}

// TestScenarios plays every story on a ledger of its own and compares what the
// transactions did with what they did when the story was written down.
func TestScenarios(t *testing.T) {
	for _, s := range scenarios(t) {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			b := scenario.NewFake(newGuard(t))
			steps, err := scenario.Run(s, b, "r1", "USD")
			if err != nil {
				t.Fatal(err)
			}
			recount(t, b.Memory)
			golden(t, filepath.Join("testdata", "transcripts", s.Name+".txt"), transcript(steps))
		})
	}
}

// TestScenariosShareOneLedger plays every story twice, one after the other on
// one ledger: a story must not depend on what others left.
func TestScenariosShareOneLedger(t *testing.T) {
	b := scenario.NewFake(newGuard(t))
	for round := range 2 {
		for i, s := range scenarios(t) {
			id, ccy := fmt.Sprintf("n%dx%d", round, i), fmt.Sprintf("%c%c%c", 'A'+round, 'A'+i/26, 'A'+i%26)
			if _, err := scenario.Run(s, b, id, ccy); err != nil && !errors.Is(err, scenario.ErrNotFresh) {
				t.Error(err)
			}
		}
	}
}

// TestScenariosWithOtherOrganisations plays every story with organisations of other
// names, longer and shorter ones: nothing may hang on what an organisation is called.
func TestScenariosWithOtherOrganisations(t *testing.T) {
	for name, cast := range map[string]scenario.Cast{
		"test-network": {Manufacturer: "Org1MSP", Service: "Org2MSP", Shipper: "Org3MSP"},
		"companies":    {Manufacturer: "AlphaCorpMSP", Service: "Beta.Service-GmbH", Shipper: "Gamma_Freight"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, s := range scenarios(t) {
				b := scenario.NewFakeOf(newGuard(t), cast)
				if _, err := scenario.Run(s.With(cast), b, "r1", "USD"); err != nil {
					t.Error(err)
				}
				recount(t, b.Memory)
			}
		})
	}
}

// elsewhere are the codes that no script reaches, and the test that does.
var elsewhere = map[fault.Code]string{
	fault.CodeInternal:          "TestAPanicIsAnInternalFault",
	fault.CodeTimeInvalid:       "TestTheClockIsBounded",
	fault.CodeTooLarge:          "TestInvokeRefuses",
	fault.CodeSegmentExcursions: "TestTooManyExcursions",
	fault.CodeCreditUnproven:    "TestAForgedCreditIsNotCollected",
	fault.CodeRequestsMany:      "TestAMachineHasOnlySoManyOpenRequests",
	// The bounds of machines and counters are held in their rules, and tested there.
	fault.CodeAssemblyTooLarge: "TestAMachineChangesItsKeeper", fault.CodeAssemblyTooDeep: "TestAMachineIsAtMostEightDeep", fault.CodeUsageMeasures: "TestAReportIsHeldToItsForm",
	fault.CodeTaskUnknown: "TestARequestSaysWhyAndByWhenItIsDue",
	// Questions are checked in chaincode/filter, and its tests reach these.
	fault.CodeQuerySyntax: "TestWhatCannotBeRead", fault.CodeQueryEntity: "TestQuestions", fault.CodeQueryField: "TestWhatDoesNotFitTheCatalogue",
	fault.CodeQueryCursor: "TestACursorIsForOneQuestion", // in gateway/query
	// Saved questions are the gateway's, and its tests reach these.
	fault.CodeSavedQueryUnknown: "TestSavedQuestions", fault.CodeSavedQueryStanding: "TestFollowing", fault.CodeSavedQueriesMany: "TestSavedQuestions",
	// The contact book is the gateway's, too.
	fault.CodeContactUnknown: "TestContacts", fault.CodeContactsMany: "TestAContactBookIsBounded",
	fault.CodeQueryType: "TestWhatDoesNotFitTheCatalogue", fault.CodeQueryTooCostly: "TestWhatIsTooLarge", fault.CodeQueryForm: "TestQuestions",
}

func TestEveryFaultCodeIsReached(t *testing.T) {
	reached := make(map[fault.Code]bool)
	for _, s := range scenarios(t) {
		steps, err := scenario.Run(s, scenario.NewFake(newGuard(t)), "r1", "USD")
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range steps {
			reached[step.Fault()] = true
		}
	}
	for _, e := range fault.Catalogue() {
		if _, ok := elsewhere[e.Code]; !ok && !reached[e.Code] {
			t.Errorf("no scenario is refused with %s: %s", e.Code, e.Says)
		}
	}
}

// transcript is what the steps did, one paragraph each.
func transcript(steps []scenario.Step) []byte {
	var b bytes.Buffer
	for _, s := range steps {
		fmt.Fprintf(&b, "%d %s\n", s.Line, s.Text)
		if s.Err != nil {
			fmt.Fprintf(&b, "  refused %s\n", s.Err)
			continue
		}
		fmt.Fprintf(&b, "  answer %s\n", s.Outcome.Result)
		if e := s.Outcome.Event; e != nil {
			fmt.Fprintf(&b, "  event %s\n", e.GetPayload())
		}
		for _, r := range s.Outcome.RWSet.GetReads() {
			fmt.Fprintf(&b, "  read %s\n", readable(r.GetKey()))
		}
		for _, w := range s.Outcome.RWSet.GetWrites() {
			fmt.Fprintf(&b, "  write %s %d bytes\n", readable(w.GetKey()), len(w.GetValue()))
		}
		for _, m := range s.Outcome.RWSet.GetMetadataWrites() {
			fmt.Fprintf(&b, "  protect %s\n", readable(m.GetKey()))
		}
	}
	return b.Bytes()
}

func readable(key string) string { return strings.Trim(strings.ReplaceAll(key, "\x00", "/"), "/") }

// golden compares with a file of testdata, or writes it with -update.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("%s (run with -update if this is meant):\n%s", path, diff)
	}
}

// fingerprint is everything that a peer would sign of the steps.
func fingerprint(t testing.TB, steps []scenario.Step) []byte {
	t.Helper()
	var parts []string
	for _, s := range steps {
		if s.Err != nil {
			parts = append(parts, s.Err.Error())
			continue
		}
		for _, m := range []proto.Message{s.Outcome.RWSet, s.Outcome.Event} {
			b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			parts = append(parts, string(b))
		}
		parts = append(parts, string(s.Outcome.Result))
	}
	b, err := json.Marshal(slices.Clip(parts))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
