package notary

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/lifeledger/lifeledger/chaincode/api"
)

func TestAFileSaysWhatWasEndorsed(t *testing.T) {
	w := newWorld(t)
	p, err := Verify(w.file(t, newDraft()), Demands{Roots: w.roots, Ledger: "lifeledger/lifeledger"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"A", "B", "C"}, p.Organisations); diff != "" {
		t.Error(diff)
	}
	if string(p.Result) != memory || string(p.Argument) != `{"componentId":"pump-1"}` || p.Transaction != "component:GetMemory" || p.Version != "1.0" {
		t.Errorf("%+v", p.File)
	}
	if p.Height != 8 || p.AskedBy != "A" || p.AskedAt != "2026-03-01T08:30:00Z" || p.Vouchers[1].Peer != "peer.b" {
		t.Errorf("%+v", p)
	}
	if diff := cmp.Diff([]Place{{"aa", 7}, {"bb", 9}}, p.Transactions); diff != "" {
		t.Error(diff)
	}
}

func TestTheTransactionsThatAnAnswerNames(t *testing.T) {
	w := newWorld(t)
	got, err := Named(newDraft().payload(t, w.gateway, w.peerA))
	if diff := cmp.Diff([]string{"aa", "bb"}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestOnlyQuestionsAreNotarised(t *testing.T) {
	for _, name := range Notarised() {
		found := false
		for _, tx := range api.Transactions() {
			found = found || tx.Name == name && !tx.Writes
		}
		if !found {
			t.Errorf("%s is no transaction that only reads", name)
		}
	}
}

// TestWhatIsNoAnswer: parts that do not fit one another, whoever signed them.
func TestWhatIsNoAnswer(t *testing.T) {
	w := newWorld(t)
	for says, change := range map[string]func(*draft){
		"is no question whose answer can be notarised": func(d *draft) { d.function = "component:AcceptOwnership" },
		"a transaction that writes, which": func(d *draft) {
			d.set.Writes = []*kvrwset.KVWrite{{Key: "k", Value: []byte("v")}}
		},
		"that writes, which says": func(d *draft) { d.event = []byte("event") },
		"writes, which says nothing": func(d *draft) {
			d.set.MetadataWrites = []*kvrwset.KVMetadataWrite{{Key: "k"}}
		},
		"which says nothing about": func(d *draft) {
			d.private = []*rwset.CollectionHashedReadWriteSet{{CollectionName: "secret"}}
		},
		"the answer is a refusal with status 500":             func(d *draft) { d.status = 500 },
		"the result is not JSON":                              func(d *draft) { d.result = `{"owner":` },
		"a question is a name and one JSON argument":          func(d *draft) { d.argument = "pump-1" },
		"a question is a name and one JSON":                   func(d *draft) { d.more = [][]byte{[]byte("{}")} },
		"the answer is to another question":                   func(d *draft) { d.other = true },
		"the question's id is not the one":                    func(d *draft) { d.id = strings.Repeat("0", 64) },
		"the question has no time":                            func(d *draft) { d.at = nil },
		"the question has no":                                 func(d *draft) { d.at = &timestamppb.Timestamp{Nanos: -1} },
		"it is not a call of a chaincode":                     func(d *draft) { d.kind = common.HeaderType_CONFIG },
		"chaincode lifeledger was asked, and other answered":  func(d *draft) { d.answering = "other" },
		"the question names two chaincodes":                   func(d *draft) { d.header = "other" },
		"it holds 2 answers, want one":                        func(d *draft) { d.actions = 2 },
		"it has 0 endorsements":                               func(d *draft) { d.change = func([]*peer.Endorsement) []*peer.Endorsement { return nil } },
		"the endorser's identity is not in Fabric's encoding": func(d *draft) { d.change = spoilt },
	} {
		d := newDraft()
		change(d)
		_, err := Write(d.payload(t, w.gateway, w.peerA, w.peerB, w.peerC), nil, w.gateway.sign)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("want %q, got %v", says, err)
		}
	}
}

func spoilt(all []*peer.Endorsement) []*peer.Endorsement {
	all[1].Endorser = []byte("peer.b")
	return all
}

func TestNothingIsWrittenWithoutASignature(t *testing.T) {
	w := newWorld(t)
	away := errors.New("the key is away")
	if text, err := Write(newDraft().payload(t, w.gateway, w.peerA), nil, func([]byte) ([]byte, error) { return nil, away }); !errors.Is(err, away) {
		t.Errorf("%s %v", text, err)
	}
	if _, err := Write([]byte("not an answer"), nil, w.gateway.sign); err == nil {
		t.Error("bytes that are none became a file")
	}
}

// The places are the asking gateway's word; it cannot add a transaction to the answer.
func TestAFilePlacesWhatTheAnswerNamesAlone(t *testing.T) {
	w := newWorld(t)
	payload := newDraft().payload(t, w.gateway, w.peerA, w.peerB, w.peerC)
	for name, all := range map[string][]Place{
		"one that it does not name": {{"aa", 7}, {"cc", 8}},
		"one twice":                 {{"aa", 7}, {"aa", 8}},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := Write(payload, all, w.gateway.sign)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Verify(text, Demands{Roots: w.roots}); err == nil || !strings.Contains(err.Error(), "it places the transaction") {
				t.Errorf("got %v", err)
			}
		})
	}
}
