package contract_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/assembly"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/usage"
)

// plant is a ledger with machines on it.
type plant struct {
	*ledgertest.Ledger
	t    testing.TB
	keys map[string]*scenario.Key
	said map[string]*dsse.Statement[json.RawMessage] // the last statement of each machine
	hash map[string]string
}

func newPlant(t testing.TB) *plant {
	p := newPlantOn(founded(t), t)
	p.Advance(24 * time.Hour)
	return p
}

// newPlantOn is a plant on a ledger that is in use.
func newPlantOn(l *ledgertest.Ledger, t testing.TB) *plant {
	return &plant{l, t, map[string]*scenario.Key{}, map[string]*dsse.Statement[json.RawMessage]{}, map[string]string{}}
}

// do submits with as many endorsements as a majority needs, and says what was read and written.
func (p *plant) do(tx api.Transaction, in any) *ledgertest.Tx {
	p.t.Helper()
	e, err := p.Endorse(maker, string(tx), []string{argument(p.t, in)}, maker.MSPID, service.MSPID)
	if err != nil {
		p.t.Fatalf("%s: %.500v", tx, err)
	}
	if r := p.Commit(e); r[0].Code != 0 {
		p.t.Fatalf("%s: %v", tx, r[0].Code)
	}
	p.Advance(time.Second)
	return e
}

func (p *plant) register(id, partNumber string) {
	p.t.Helper()
	key := p.keys[id]
	if key == nil {
		key = p.keys[""]
	}
	if key == nil {
		key = p.newKey("")
	}
	p.do(api.RegisterComponentTx, api.RegisterComponent{ComponentID: id, PartNumber: partNumber, Algorithm: dsse.Ed25519, PublicKey: key.Public.Base64(), Location: "DEHAM"})
}

func (p *plant) newKey(id string) *scenario.Key {
	p.t.Helper()
	key, err := scenario.NewKey(dsse.Ed25519, "plant/"+id)
	if err != nil {
		p.t.Fatal(err)
	}
	p.keys[id] = key
	return key
}

// machine registers a machine of n slots s0000, s0001, …, with a key of its own.
func (p *plant) machine(id string, n int) {
	p.t.Helper()
	p.newKey(id)
	p.register(id, "MACHINE")
	var slots []assembly.SlotDefinition
	for i := range n {
		slots = append(slots, assembly.SlotDefinition{SlotID: fmt.Sprintf("s%04d", i), PartNumbers: []string{"PART", "PART-ALT"}})
		if len(slots) == assembly.MaxBatch || i == n-1 {
			p.do(api.DefineSlotsTx, api.DefineSlots{MachineID: id, Slots: slots})
			slots = nil
		}
	}
}

// state is the machine's next statement.
func (p *plant) state(machineID, kind string, body any) dsse.Envelope {
	p.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	s := &dsse.Statement[json.RawMessage]{
		Ledger: "lifeledger/lifeledger", Kind: kind, Subject: machineID, Signer: "component:" + machineID,
		Sequence: 1, Previous: dsse.NoStatement, SignedAt: measure.TimeOf(p.Now()), Body: b,
	}
	if before := p.said[machineID]; before != nil {
		s.Sequence, s.Previous = before.Sequence+1, p.hash[machineID]
	}
	payload, err := s.Encode()
	if err != nil {
		p.t.Fatal(err)
	}
	e, err := scenario.Sign(dsse.StatementType, payload, p.keys[machineID])
	if err != nil {
		p.t.Fatal(err)
	}
	p.said[machineID], p.hash[machineID] = s, dsse.StatementHash(payload)
	return e
}

func (p *plant) report(id string, hours int64) *ledgertest.Tx {
	p.t.Helper()
	e := p.state(id, "usage-report", api.UsageReport{Readings: []usage.Count{{Measure: "hours", Value: hours}}})
	return p.do(api.ReportUsageTx, api.ReportUsage{ComponentID: id, Envelope: e})
}

func partID(i int) string { return fmt.Sprintf("urn:epc:id:sgtin:4012345.011111.%04d", i) }

// TestAMachineOfTwoThousandParts is defined, assembled, scanned and compared within
// what a transaction may be: definitions and installations in batches of a hundred,
// the scan and its comparison in one.
func TestAMachineOfTwoThousandParts(t *testing.T) {
	const n = 2000
	p := newPlant(t)
	p.machine("m", n)
	for i := range n {
		p.register(partID(i), "PART")
	}
	largest := func(what string, tx *ledgertest.Tx, in any, most, sets int) {
		t.Helper()
		a, rw := len(argument(t, in)), proto.Size(tx.RWSet)
		t.Logf("%s: argument %d bytes, %d reads, %d writes, read and write set %d bytes", what, a, len(tx.RWSet.GetReads()), len(tx.RWSet.GetWrites()), rw)
		if a > most || rw > sets {
			t.Errorf("%s: argument %d bytes, at most %d; read and write set %d bytes, at most %d", what, a, most, rw, sets)
		}
	}
	for from := 0; from < n; from += assembly.MaxBatch {
		in := api.InstallParts{MachineID: "m"}
		for i := from; i < min(from+assembly.MaxBatch, n); i++ {
			in.Parts = append(in.Parts, assembly.Fill{SlotID: fmt.Sprintf("s%04d", i), ComponentID: partID(i)})
		}
		tx := p.do(api.InstallPartsTx, in)
		if from+assembly.MaxBatch >= n {
			largest("a hundred parts", tx, in, 16<<10, 512<<10)
		}
	}
	tx := p.do(api.CompleteAssemblyTx, api.MachineRef{MachineID: "m"})
	largest("completion", tx, api.MachineRef{MachineID: "m"}, 1<<10, 32<<10)
	tx = p.report("m", 100)
	largest("usage", tx, api.MachineRef{MachineID: "m"}, 1<<10, 32<<10)

	// All but one are as they should be; the bolt of the last slot is another one.
	p.register("stranger", "PART")
	scan := api.MachineScan{Tags: []assembly.ScanTag{{ComponentID: "stranger", SlotID: fmt.Sprintf("s%04d", n-1)}}}
	for i := range n - 1 {
		scan.Tags = append(scan.Tags, assembly.ScanTag{ComponentID: partID(i), SlotID: fmt.Sprintf("s%04d", i)})
	}
	in := api.RecordMachineScan{MachineID: "m", Envelope: p.state("m", "machine-scan", scan)}
	tx = p.do(api.RecordMachineScanTx, in)
	largest("scan", tx, in, api.MaxArgument, 64<<10)
	var out api.ScanOutcome
	if err := json.Unmarshal(tx.Response.GetPayload(), &out); err != nil {
		t.Fatal(err)
	}
	if s := out.Summary; int(s.Expected) != n || int(s.Tags) != n || len(out.Differences) != 1 || out.Differences[0].Instead != partID(n-1) {
		t.Errorf("%+v", out)
	}
	if reads, pages := len(tx.RWSet.GetReads()), (n+assembly.PageSlots-1)/assembly.PageSlots; reads > pages+16 {
		t.Errorf("%d reads for %d pages", reads, pages)
	}
}

// TestAChangeCostsTheSameWhateverWasBefore: replacing a part and reporting usage
// read and write the same records, of the same size, after ten and after ten
// thousand events of machine and parts.
func TestAChangeCostsTheSameWhateverWasBefore(t *testing.T) {
	many := 10_000
	if testing.Short() {
		many = 120
	}
	p := newPlant(t)
	p.machine("m", 40)
	p.register("a", "PART")
	p.register("b", "PART")
	p.do(api.InstallPartsTx, api.InstallParts{MachineID: "m", Parts: []assembly.Fill{{SlotID: "s0000", ComponentID: "a"}}})
	in, out := "a", "b"
	replace := func() *ledgertest.Tx {
		in, out = out, in
		return p.do(api.ReplacePartTx, api.ReplacePart{MachineID: "m", SlotID: "s0000", Removed: out, Installed: in})
	}
	hours := int64(1_000_000)
	report := func() *ledgertest.Tx { hours++; return p.report("m", hours) }
	size := func(tx *ledgertest.Tx) [3]int {
		return [3]int{len(tx.RWSet.GetReads()), len(tx.RWSet.GetWrites()), proto.Size(tx.RWSet)}
	}
	var few [2][3]int
	for i := range many {
		replaced, reported := size(replace()), size(report())
		if i == 10 {
			few = [2][3]int{replaced, reported}
		}
		if i < 10 || i < many-1 && i%1000 != 0 {
			continue
		}
		for what, pair := range map[string][2][3]int{"a replacement": {few[0], replaced}, "a report": {few[1], reported}} {
			// The numbers of events have more digits, and nothing else is larger.
			if pair[0][0] != pair[1][0] || pair[0][1] != pair[1][1] || pair[1][2]-pair[0][2] > 64 {
				t.Fatalf("%s reads, writes and weighs %v after 10 events, %v after %d", what, pair[0], pair[1], i)
			}
		}
	}
	t.Logf("after %d events: a replacement reads, writes and weighs %v, a report %v", many, few[0], few[1])
}

// TestOfTwoAtTheSameMomentOneIsDoneAgain: what two do to the same thing at the same
// moment is never both valid, and the second finds out as a rule of business what
// the first has done, or is done too.
func TestOfTwoAtTheSameMomentOneIsDoneAgain(t *testing.T) {
	installs := func(machine, slot, part string) func(p *plant) (api.Transaction, any) {
		return func(*plant) (api.Transaction, any) {
			return api.InstallPartsTx, api.InstallParts{MachineID: machine, Parts: []assembly.Fill{{SlotID: slot, ComponentID: part}}}
		}
	}
	hold := func(*plant) (api.Transaction, any) {
		return api.PlaceHoldTx, api.PlaceHold{ComponentID: "a", Kind: component.SafetyHold, Reason: "a crack"}
	}
	recall := func(*plant) (api.Transaction, any) {
		return api.IssueRecallTx, api.IssueRecall{PartNumber: "PART", Lot: "*", Reason: "cracks"}
	}
	reads := func(p *plant) (api.Transaction, any) {
		return api.ReportUsageTx, api.ReportUsage{ComponentID: "m", Envelope: p.state("m", "usage-report", api.UsageReport{Readings: []usage.Count{{Measure: "hours", Value: 7}}})}
	}
	scans := func(p *plant) (api.Transaction, any) {
		return api.RecordMachineScanTx, api.RecordMachineScan{MachineID: "m", Envelope: p.state("m", "machine-scan", api.MachineScan{Tags: []assembly.ScanTag{}})}
	}
	for name, c := range map[string]struct {
		first, second func(*plant) (api.Transaction, any)
		again         fault.Code // of the second, when it is done once more
	}{
		"one part into two machines":                {installs("m", "s0000", "a"), installs("n", "s0000", "a"), fault.CodePartInstalled},
		"two parts into one slot":                   {installs("m", "s0000", "a"), installs("m", "s0000", "b"), fault.CodeSlotFilled},
		"two engineers in two slots":                {installs("m", "s0000", "a"), installs("m", "s0001", "b"), ""},
		"two machines into one another":             {installs("m", "s0002", "n"), installs("n", "s0002", "m"), fault.CodeAssemblyCycle},
		"a part that is held meanwhile":             {hold, installs("m", "s0000", "a"), fault.CodeComponentHeld},
		"a part that is recalled meanwhile":         {recall, installs("m", "s0000", "a"), fault.CodeComponentRecalled},
		"a part that comes in as the meter is read": {reads, installs("m", "s0000", "a"), ""},
		"a part that comes in during the scan":      {installs("m", "s0000", "a"), scans, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlant(t)
			p.newKey("m")
			p.newKey("n")
			for _, id := range []string{"m", "n"} {
				p.register(id, "MACHINE")
				p.do(api.DefineSlotsTx, api.DefineSlots{MachineID: id, Slots: []assembly.SlotDefinition{
					{SlotID: "s0000", PartNumbers: []string{"PART"}}, {SlotID: "s0001", PartNumbers: []string{"PART"}}, {SlotID: "s0002", PartNumbers: []string{"MACHINE"}},
				}})
			}
			p.register("a", "PART")
			p.register("b", "PART")
			endorse := func(tx api.Transaction, in any) *ledgertest.Tx {
				e, err := p.Endorse(maker, string(tx), []string{argument(t, in)})
				if err != nil {
					t.Fatal(err)
				}
				return e
			}
			second, in := c.second(p)
			done := p.Commit(endorse(c.first(p)), endorse(second, in))
			if done[0].Code != peer.TxValidationCode_VALID || done[1].Code == peer.TxValidationCode_VALID {
				t.Fatalf("%v and %v", done[0].Code, done[1].Code)
			}
			_, err := p.Evaluate(maker, string(second), argument(t, in))
			if c.again == "" && err != nil || c.again != "" && !strings.Contains(fmt.Sprint(err), string(c.again)) {
				t.Errorf("once more: %v, want %q", err, c.again)
			}
		})
	}
}

func BenchmarkScanOfTwoThousandParts(b *testing.B) {
	const n = 2000
	p := newPlant(b)
	p.machine("m", n)
	scan := api.MachineScan{Tags: []assembly.ScanTag{}}
	for i := range n {
		p.register(partID(i), "PART")
		p.do(api.InstallPartsTx, api.InstallParts{MachineID: "m", Parts: []assembly.Fill{{SlotID: fmt.Sprintf("s%04d", i), ComponentID: partID(i)}}})
		scan.Tags = append(scan.Tags, assembly.ScanTag{ComponentID: partID(i)})
	}
	for b.Loop() {
		p.do(api.RecordMachineScanTx, api.RecordMachineScan{MachineID: "m", Envelope: p.state("m", "machine-scan", scan)})
	}
}

func BenchmarkUsageReport(b *testing.B) {
	p := newPlant(b)
	p.machine("m", 40)
	hours := int64(0)
	for b.Loop() {
		hours++
		p.report("m", hours)
	}
}
