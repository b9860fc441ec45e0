package fabric

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"errors"
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/protobuf/proto"

	"github.com/lifeledger/lifeledger/chaincode/api"
)

func TestANotarisedAnswerIsOfThoseWhoWereAsked(t *testing.T) {
	p := new(fakePeer)
	n := dial(t, p.start(t))
	found, err := n.Notarise(t.Context(), api.GetMemoryTx, []byte(`{"componentId":"c"}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Notarise(t.Context(), api.GetMemoryTx, []byte(`{}`), []string{"C", "A", "C"}); err != nil {
		t.Fatal(err)
	}
	asked, _, submitted := p.took()
	if got := joined(asked); got != "ABC AC" || len(submitted) > 0 {
		t.Errorf("asked %s, submitted %d", got, len(submitted))
	}
	var payload common.Payload
	if err := proto.Unmarshal(found.Payload, &payload); err != nil || len(payload.GetData()) == 0 {
		t.Errorf("%v", err)
	}
	signature, err := found.Sign([]byte("message"))
	if sum := sha256.Sum256([]byte("message")); err != nil || !ecdsa.VerifyASN1(p.key, sum[:], signature) {
		t.Errorf("the asker's signature does not verify: %v", err)
	}
	var e *Error
	if _, err := n.Notarise(t.Context(), api.GetMemoryTx, nil, []string{"D"}); !errors.As(err, &e) || e.Condition != Refused {
		t.Errorf("an organisation that is none: %v", err)
	}
}

// TestNobodyVouchesInAnothersPlace: a peer that is behind is asked again, one that
// is away is missed, and one that goes on disagreeing is told of.
func TestNobodyVouchesInAnothersPlace(t *testing.T) {
	patience := lagging
	lagging = lagging[:2]
	t.Cleanup(func() { lagging = patience })
	const apart = "ProposalResponsePayloads do not match"
	for _, c := range []struct {
		name  string
		says  []string // of B, time after time
		asked string
		want  Condition
	}{
		{"behind for a moment", []string{apart, refusal}, "ABC ABC ABC", ""},
		{"different for good", []string{apart, apart, apart}, "ABC ABC ABC", Apart},
		{"away", []string{gone}, "ABC", Unreachable},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := new(fakePeer)
			says := c.says
			p.endorse = func([]string) (err error) {
				if len(says) > 0 {
					err, says = detail(t, map[string]string{"B": says[0]}), says[1:]
				}
				return err
			}
			_, err := dial(t, p.start(t)).Notarise(t.Context(), api.GetMemoryTx, []byte(`{}`), nil)
			var e *Error
			if errors.As(err, &e); err != nil && (e == nil || e.Condition != c.want) || err == nil && c.want != "" {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if asked, _, _ := p.took(); joined(asked) != c.asked {
				t.Errorf("asked %s, want %s", joined(asked), c.asked)
			}
		})
	}
}
