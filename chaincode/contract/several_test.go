package contract_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/encoding/protodelim"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// askTogether asks in one call, and takes the answers apart.
func askTogether(t *testing.T, l *ledgertest.Ledger, as ledgertest.Identity, questions ...string) ([]*peer.Response, *ledgertest.Tx) {
	t.Helper()
	tx, err := l.Endorse(as, string(api.AskTx), questions)
	if err != nil || tx.Err() != nil {
		t.Fatalf("got %v, %v", err, tx.Err())
	}
	var all []*peer.Response
	for from := bytes.NewReader(tx.Response.GetPayload()); from.Len() > 0; {
		one := new(peer.Response)
		if err := protodelim.UnmarshalFrom(from, one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	if len(all) != len(questions)/2 {
		t.Fatalf("%d answers to %d questions", len(all), len(questions)/2)
	}
	return all, tx
}

// togetherReader asks every timeless question once more, after one that is refused.
type togetherReader struct {
	scenario.Fake
	t *testing.T
}

func (r togetherReader) Evaluate(org string, args ...string) ([]byte, error) {
	alone, err := r.Fake.Evaluate(org, args...)
	tx := api.Transaction(args[0])
	if !tx.Timeless() || len(args) != 2 {
		return alone, err
	}
	got, call := askTogether(r.t, r.Memory, scenario.Client(org), string(api.GetComponentTx), `{}`, args[0], args[1])
	if f, ok := fault.Parse(got[0].GetMessage()); !ok || f.Code != fault.CodeSchema {
		r.t.Errorf("the question before: %v", got[0])
	}
	second := &ledgertest.Tx{Response: got[1]}
	if !bytes.Equal(got[1].GetPayload(), alone) || fmt.Sprint(second.Err()) != fmt.Sprint(err) {
		r.t.Errorf("%s %s: alone %s (%v), together %v", args[0], args[1], alone, err, got[1])
	}
	if size := call.Size(); tx.Brief() && (len(call.RWSet.GetRangeQueriesInfo()) > 0 || size.Reads > 12) {
		r.t.Errorf("%s is called brief and reads %+v", args[0], size)
	}
	return alone, err
}

// What a gateway asks together with other questions is what it would have got alone, and
// no question that it holds to be brief reads many records.
func TestSeveralQuestionsAreAnsweredAsEachAlone(t *testing.T) {
	for _, s := range scenarios(t) {
		if _, err := scenario.Run(s, togetherReader{scenario.NewFake(newGuard(t)), t}, "r1", "USD"); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
}

func TestOneOfSeveralQuestionsPanics(t *testing.T) {
	g, err := contract.Assemble([]api.Access{{Name: "rogue:Panic"}, {Name: "rogue:Ping"}}, func() contract.Product { return &rogue{contract.NewBase("rogue")} })
	if err != nil {
		t.Fatal(err)
	}
	got, _ := askTogether(t, ledgertest.New(g, ledgertest.Options{}), maker, "rogue:Panic", "{}", "rogue:Ping", "{}")
	if f, ok := fault.Parse(got[0].GetMessage()); !ok || f.Code != fault.CodeInternal {
		t.Errorf("got %v", got[0])
	}
	if got[1].GetStatus() != shim.OK || len(got[1].GetPayload()) == 0 {
		t.Errorf("after the panic: %v", got[1])
	}
}

// What several long answers would take is more than a peer takes from its chaincode.
func TestSeveralAnswersAreBounded(t *testing.T) {
	g, err := contract.Assemble([]api.Access{{Name: "rogue:Long"}}, func() contract.Product { return &rogue{contract.NewBase("rogue")} })
	if err != nil {
		t.Fatal(err)
	}
	l := ledgertest.New(g, ledgertest.Options{})
	var args []string
	for range 7 {
		args = append(args, "rogue:Long", "{}")
	}
	askTogether(t, l, maker, args...)
	_, err = l.Evaluate(maker, string(api.AskTx), append(args, "rogue:Long", "{}")...)
	if f, ok := fault.Parse(fmt.Sprint(err)); !ok || f.Code != fault.CodeTooLarge {
		t.Errorf("got %.200v", err)
	}
}

func TestAskRefuses(t *testing.T) {
	l := founded(t)
	ping := []string{string(api.PingTx), "{}"}
	many := func(n int) (all []string) {
		for range n {
			all = append(all, ping...)
		}
		return all
	}
	for name, c := range map[string]struct {
		args []string
		want fault.Code
	}{
		"no question":                         {nil, fault.CodeArgumentCount},
		"a question without its argument":     {append(many(1), string(api.PingTx)), fault.CodeArgumentCount},
		"one question more than are taken":    {many(api.MaxQuestions + 1), fault.CodeArgumentCount},
		"a transaction that writes":           {append(many(1), "settlement:Issue", issue), fault.CodeTransactionUnknown},
		"several questions within a question": {[]string{string(api.AskTx), "{}"}, fault.CodeTransactionUnknown},
		"contract-api's metadata":             {[]string{"org.hyperledger.fabric:GetMetadata", "{}"}, fault.CodeTransactionUnknown},
		"a very long name":                    {[]string{strings.Repeat("x", 1<<16), "{}"}, fault.CodeTransactionUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := l.Evaluate(maker, string(api.AskTx), c.args...)
			if f, ok := fault.Parse(fmt.Sprint(err)); !ok || f.Code != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
	if got, _ := askTogether(t, l, maker, many(api.MaxQuestions)...); got[api.MaxQuestions-1].GetStatus() != shim.OK {
		t.Errorf("the last of as many as are taken: %v", got[api.MaxQuestions-1])
	}
}
