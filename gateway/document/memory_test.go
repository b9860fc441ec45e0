package document

import (
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/assembly"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
	"github.com/lifeledger/lifeledger/chaincode/rules/usage"
)

func memory(text string) Memory {
	return Memory{Hash: strings.Repeat("c", 64), ProductMemory: api.ProductMemory{
		Ledger: "lifeledger/lifeledger", Owner: "ShipperMSP", Component: component.Component{ComponentID: "pump-1", PartNumber: "PUMP-200", Manufacturer: "ManufacturerMSP", Events: 2},
		End:       &component.Retirement{Status: "asked", TransactionID: "tx-end"},
		Events:    []component.LifeEvent{{Step: "commissioning", Actor: "ManufacturerMSP", Location: "DEHAM", Reason: text, TransactionID: "tx-made"}},
		Documents: []component.AttachedDocument{{Number: 1, Kind: "raw-materials", Hash: strings.Repeat("a", 64), URI: text, TransactionID: "tx-paper"}},
		Tests:     []component.TestReport{{Number: 1, Tester: "ServiceMSP", Passed: true, Method: text, TransactionID: "tx-test"}},
		Holds:     []component.Hold{{Holder: component.ByOwner, Reason: text, TransactionID: "tx-hold"}},
		Findings:  []component.Finding{{Type: "missing", Detail: text, TransactionID: "tx-finding"}},
		Scans:     []component.TagScan{{Place: "NLRTM", TransactionID: "tx-scan"}},
		Pledges:   []component.PledgeRecord{{Lender: "ServiceMSP", TransactionID: "tx-pledge"}},
		Usage:     api.ComponentUsage{Usage: []usage.Usage{{Measure: "HUR", SinceNew: 40_000}}},
		Parts:     []assembly.AssemblyEvent{{Step: "replacing", Changes: []assembly.SlotChange{{SlotID: "seal", Removed: "seal-1", Installed: "seal-2"}}, TransactionID: "tx-part"}},
		Services:  []service.ServiceRequest{{RequestID: "F-1", Title: text, Result: &service.WorkResult{EngineerID: "4711", StatementHash: strings.Repeat("b", 64)}}},
		Steps:     []service.ServiceStep{{RequestID: "F-1", Step: "measure", Measurements: []service.Measurement{{Quantity: "gap", ValueMilli: 1500, Unit: "MMT"}}, TransactionID: "tx-step"}},
	}}
}

// TestAMemoryNamesItsTransactions: what a court reads can be checked.
func TestAMemoryNamesItsTransactions(t *testing.T) {
	m := memory("wet")
	page, err := m.HTML()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"tx-made", "tx-paper", "tx-test", "tx-hold", "tx-finding", "tx-scan", "tx-pledge", "tx-part", "tx-step", "tx-end", "pump-1", "40000", "gap 1.5 MMT",
		strings.Repeat("a", 64), strings.Repeat("b", 64), strings.Repeat("c", 64), "4711", "wet",
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page does not say %s", want)
		}
		if !strings.Contains(string(m.Markdown()), want) {
			t.Errorf("the Markdown does not say %s", want)
		}
	}
}

// TestAMemorysTextsAreNoMarkup: nothing that a party writes becomes an element or a cell.
func TestAMemorysTextsAreNoMarkup(t *testing.T) {
	page, err := memory(evil).HTML()
	if err != nil {
		t.Fatal(err)
	}
	markdown := string(memory(evil).Markdown())
	if strings.Contains(string(page), "<script") || strings.Contains(string(page), "<img") || strings.ContainsAny(markdown, "<") {
		t.Error("a text became an element")
	}
	cells := func(text string) int { return strings.Count(strings.ReplaceAll(text, `\|`, ""), "|") }
	if cells(markdown) != cells(string(memory("wet").Markdown())) {
		t.Error("a text made cells of its own")
	}
}

// TestAMemoryFitsATag: whatever the component is called, and on the longest of ledgers.
func TestAMemoryFitsATag(t *testing.T) {
	long := strings.Repeat("x", party.MaxID)
	m := Memory{Hash: strings.Repeat("c", 64), ProductMemory: api.ProductMemory{
		Ledger: strings.Repeat("c", 249) + "/" + strings.Repeat("n", 128), Component: component.Component{ComponentID: long, PartNumber: long, Manufacturer: long, Events: 1<<64 - 1},
	}}
	if n := len(m.Tag()) + 1; n > MaxTag {
		t.Errorf("%d bytes", n)
	}
	if got, want := memory("").Tag(), "M1 lifeledger/lifeledger pump-1 PUMP-200 ManufacturerMSP 2 "+strings.Repeat("c", 64); got != want {
		t.Errorf("got %s", got)
	}
}
