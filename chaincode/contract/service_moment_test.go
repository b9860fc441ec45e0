package contract_test

import (
	"encoding/json"
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/assembly"
	"github.com/lifeledger/lifeledger/chaincode/rules/credential"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	ruling "github.com/lifeledger/lifeledger/chaincode/rules/service"
	"github.com/lifeledger/lifeledger/chaincode/rules/statement"
)

// exchanged has a request brought as far as the engineer's last word, which it
// gives: the exchange of a part by a provider's engineer, or by the owner's own.
func (s *servicing) exchanged(id, part, spare, who string, by ledgertest.Identity) api.CompleteWork {
	s.t.Helper()
	in, ref := faultOf(id), api.RequestRef{RequestID: id}
	in.ComponentID, in.Action = part, ruling.Replace
	s.must(by, api.ReportFaultTx, in)
	if by == maker {
		s.must(maker, api.AssignRequestTx, api.AssignRequest{RequestID: id})
	}
	s.must(by, api.AcceptRequestTx, ref)
	s.must(by, api.ScheduleRequestTx, api.ScheduleRequest{RequestID: id, EngineerID: who, ScheduledFor: s.now()})
	s.must(by, api.StartWorkTx, ref)
	var step ruling.ServiceStep
	if err := json.Unmarshal(s.must(by, api.RecordStepTx, api.RecordStep{RequestID: id, Step: "exchange", Activity: "replace"}).Tx.Response.GetPayload(), &step); err != nil {
		s.t.Fatal(err)
	}
	said := dsse.Statement[ruling.Work]{
		Ledger: "lifeledger/lifeledger", Kind: ruling.WorkStatement, Subject: id, Signer: "credential:" + who, Sequence: 1, Previous: statement.First, SignedAt: s.now(),
		Body: ruling.Work{Outcome: ruling.Passed, Steps: 1, StepsHash: step.StepsHash, Removed: part, Installed: spare, Mode: "ELP", Mechanism: "1.1", Cause: "3.4"},
	}
	payload, err := said.Encode()
	if err != nil {
		s.t.Fatal(err)
	}
	e, err := scenario.Sign(dsse.StatementType, payload, s.key(who, 1))
	if err != nil {
		s.t.Fatal(err)
	}
	return api.CompleteWork{RequestID: id, Statement: e}
}

// TestTwoEngineersAtTheSameMoment: what two engineers have signed about one machine
// comes into one block. Of two parts, the second is done again and takes effect; of
// one part, it finds out as a rule of business what the first has done. The same on
// a real network is TestTwoEngineersOnOneMachine of network/faults.
func TestTwoEngineersAtTheSameMoment(t *testing.T) {
	for name, c := range map[string]struct {
		second string // the part that the second exchanges
		again  fault.Code
	}{
		"on two parts": {"right", ""},
		"on one part":  {"left", fault.CodeWorkDiffers},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServicing(t, nil)
			for _, id := range []string{"left", "right", "left-new", "right-new"} {
				s.must(maker, api.RegisterComponentTx, api.RegisterComponent{ComponentID: id, PartNumber: "SEAL", Algorithm: dsse.Ed25519, PublicKey: s.key("part", 1).Public.Base64(), Location: "DEHAM"})
			}
			s.must(maker, api.DefineSlotsTx, api.DefineSlots{MachineID: pump, Slots: []assembly.SlotDefinition{{SlotID: "l", PartNumbers: []string{"SEAL"}}, {SlotID: "r", PartNumbers: []string{"SEAL"}}}})
			s.must(maker, api.InstallPartsTx, api.InstallParts{MachineID: pump, Parts: []assembly.Fill{{SlotID: "l", ComponentID: "left"}, {SlotID: "r", ComponentID: "right"}}})
			for who, org := range map[string]ledgertest.Identity{"ann": service, "bob": maker} {
				k := s.key(who, 1)
				proof, err := scenario.CredentialStatement("lifeledger/lifeledger", who, org.MSPID, 1, k)
				if err != nil {
					t.Fatal(err)
				}
				s.must(org, api.IssueCredentialTx, api.IssueCredential{CredentialID: who, Algorithm: dsse.Ed25519, PublicKey: k.Public.Base64(), Proof: proof, Grant: credential.Grant{
					Skills: []string{"hydraulics"}, PartNumbers: []string{"SEAL"}, ValidFrom: s.now(), ValidUntil: s.now().Add(3_600_000),
				}})
			}
			first := s.exchanged("r-a", "left", "left-new", "ann", service)
			second := s.exchanged("r-b", c.second, "right-new", "bob", maker)
			done := s.Commit(s.endorse(service, api.CompleteWorkTx, first), s.endorse(maker, api.CompleteWorkTx, second))
			if done[0].Code != peer.TxValidationCode_VALID || done[1].Valid() {
				t.Fatalf("%v and %v", done[0].Code, done[1].Code)
			}
			_, err := s.Submit(maker, string(api.CompleteWorkTx), argument(t, second))
			if c.again != "" {
				wantFault(t, err, c.again)
			} else if err != nil {
				t.Error(err)
			}
			recount(t, s.Ledger)
		})
	}
}
