package fabric

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"

	"github.com/lifeledger/lifeledger/chaincode/api"
)

func TestSubmit(t *testing.T) {
	p := new(fakePeer)
	n := dial(t, p.start(t))
	e, err := n.Endorse(t.Context(), api.RecordReadingsTx, []byte(`{"a":1}`), "key1")
	if err != nil {
		t.Fatal(err)
	}
	if string(e.Result) != answer || len(e.TransactionID) != 64 {
		t.Errorf("got %+v", e)
	}
	kept := slices.Clone(e.Envelope)
	for range 2 {
		if err := n.Submit(t.Context(), e.Envelope); err != nil {
			t.Fatal(err)
		}
	}
	_, args, envelopes := p.took()
	if diff := cmp.Diff([]string{"shipment:RecordReadings", `{"a":1}`, "key1"}, args); diff != "" {
		t.Error(diff)
	}
	if len(envelopes) != 2 || !slices.Equal(envelopes[0], envelopes[1]) || !slices.Equal(kept, e.Envelope) {
		t.Error("what is sent again is not what was sent before")
	}
	if _, err := n.Endorse(t.Context(), api.RecordReadingsTx, []byte(`{}`), ""); err != nil {
		t.Error(err)
	}
	if _, args, _ := p.took(); len(args) != 2 {
		t.Errorf("without a key there is one argument: %q", args)
	}
	var rejected *Error
	if err := n.Submit(t.Context(), []byte("not an envelope")); !errors.As(err, &rejected) || rejected.Condition != Rejected {
		t.Errorf("bytes that are none: %v", err)
	}
}

func TestEvaluateAsksOneOrganisation(t *testing.T) {
	p := new(fakePeer)
	n := dial(t, p.start(t))
	if b, err := n.Evaluate(t.Context(), api.PingTx, []byte(`{}`)); err != nil || string(b) != answer {
		t.Errorf("got %s, %v", b, err)
	}
	if _, err := n.EvaluateAt(t.Context(), "B", api.PingTx, []byte(`{}`)); err != nil {
		t.Error(err)
	}
	asked, _, _ := p.took()
	if diff := cmp.Diff([][]string{{"A"}, {"B"}}, asked); diff != "" {
		t.Error(diff)
	}
}

func TestStatus(t *testing.T) {
	p := new(fakePeer)
	n := dial(t, p.start(t))
	p.status = func(ctx context.Context, txid string) (*gateway.CommitStatusResponse, error) {
		switch txid {
		case "good":
			return &gateway.CommitStatusResponse{BlockNumber: 4}, nil
		case "bad":
			return &gateway.CommitStatusResponse{BlockNumber: 5, Result: peer.TxValidationCode_MVCC_READ_CONFLICT}, nil
		case "denied":
			return nil, status.Error(codes.PermissionDenied, "no")
		}
		<-ctx.Done() // a peer holds the call until the transaction is committed
		return nil, ctx.Err()
	}
	if c, ok, err := n.Status(t.Context(), "good"); err != nil || !ok || c.Block != 4 || c.Failure != nil {
		t.Errorf("valid: %+v, %v, %v", c, ok, err)
	}
	if c, ok, err := n.Status(t.Context(), "bad"); err != nil || !ok || c.Failure == nil || c.Failure.Condition != Contended {
		t.Errorf("in conflict: %+v, %v, %v", c, ok, err)
	}
	if c, ok, err := n.Status(t.Context(), "unknown"); err != nil || ok {
		t.Errorf("not committed: %+v, %v, %v", c, ok, err)
	}
	var e *Error
	if _, ok, err := n.Status(t.Context(), "denied"); ok || !errors.As(err, &e) || e.Condition != Denied {
		t.Errorf("denied: %v", err)
	}
}

// detail is an endorsement error in which the named peers say what words.
func detail(t *testing.T, words map[string]string) error {
	st := status.New(codes.Aborted, "failed to collect enough transaction endorsements, see attached details for more info")
	for org, message := range words {
		var err error
		if st, err = st.WithDetails(protoadapt.MessageV1Of(&gateway.ErrorDetail{MspId: org, Message: message})); err != nil {
			t.Error(err)
		}
	}
	return st.Err()
}

const (
	gone    = "rpc error: code = Unavailable desc = connection error"
	refusal = `chaincode response 500, {"fault":1,"kind":"not-found","code":"shipment.unknown","detail":"no"}`
)

func TestWhoIsAsked(t *testing.T) {
	missing := func(org string) func(*testing.T, []string) error {
		return func(t *testing.T, orgs []string) error {
			if slices.Contains(orgs, org) {
				return detail(t, map[string]string{org: gone})
			}
			return nil
		}
	}
	for _, c := range []struct {
		name    string
		tx      api.Transaction
		endorse func(t *testing.T, orgs []string) error
		asked   string
		want    Condition
	}{
		{name: "a majority with the own organisation, the others in turn", tx: api.RecordReadingsTx, asked: "AB AB AC AB"},
		{name: "every party for keys under a policy of their own", tx: api.SettleTx, asked: "ABC ABC ABC ABC"},
		{name: "an organisation that does not answer is passed over for a while", tx: api.RecordReadingsTx, endorse: missing("B"), asked: "AB AC AC AC AC"},
		{name: "without the own organisation's chaincode the others are asked", tx: api.RecordReadingsTx, endorse: missing("A"), asked: "AB BC BC BC BC"},
		{name: "the peer finds out who is needed when not every party answers", tx: api.SettleTx, endorse: missing("C"), asked: "ABC  ABC  ABC  ABC "},
		{name: "an organisation that the peer no longer knows is passed over", tx: api.RecordReadingsTx, endorse: func(_ *testing.T, orgs []string) error {
			if slices.Contains(orgs, "B") {
				return status.Error(codes.Unavailable, "failed to find any endorsing peers for org(s): B")
			}
			return nil
		}, asked: "AB AC AC AC AC"},
		{name: "nobody answers", tx: api.RecordReadingsTx, endorse: func(t *testing.T, orgs []string) error {
			if len(orgs) == 0 {
				return status.Error(codes.FailedPrecondition, "no combination of peers can be derived which satisfy the endorsement policy")
			}
			words := make(map[string]string)
			for _, org := range orgs {
				words[org] = gone
			}
			return detail(t, words)
		}, asked: "AB  AC  BC  AB ", want: Unreachable},
		{name: "a refusal by all is not asked again", tx: api.RecordReadingsTx, endorse: func(t *testing.T, orgs []string) error {
			return detail(t, map[string]string{orgs[0]: refusal, orgs[1]: refusal})
		}, asked: "AB AB AC AB", want: Refused},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := new(fakePeer)
			if c.endorse != nil {
				p.endorse = func(orgs []string) error { return c.endorse(t, orgs) }
			}
			n := dial(t, p.start(t))
			for range 4 {
				_, err := n.Endorse(t.Context(), c.tx, []byte(`{}`), "")
				var e *Error
				if errors.As(err, &e); err != nil && (e == nil || e.Condition != c.want) || err == nil && c.want != "" {
					t.Errorf("got %v, want %q", err, c.want)
				}
			}
			asked, _, _ := p.took()
			if got := joined(asked); got != c.asked {
				t.Errorf("asked %q, want %q", got, c.asked)
			}
		})
	}
}

func TestEveryTransactionThatWritesIsInTheTable(t *testing.T) {
	writes := 0
	for _, a := range api.Transactions() {
		if _, ok := endorsers[a.Name]; ok != a.Writes {
			t.Errorf("%s: in the table %v, writes %v", a.Name, ok, a.Writes)
		}
		if a.Writes {
			writes++
		}
	}
	if len(endorsers) != writes {
		t.Errorf("%d in the table, %d write", len(endorsers), writes)
	}
}

func TestAPeerThatIsABlockBehindIsAskedAgain(t *testing.T) {
	for name, words := range map[string]string{
		"results that differ":           "ProposalResponsePayloads do not match",
		"a refusal by one of those two": refusal,
	} {
		t.Run(name, func(t *testing.T) {
			p := new(fakePeer)
			n := 0
			p.endorse = func([]string) error {
				if n++; n < 3 {
					return detail(t, map[string]string{"B": words})
				}
				return nil
			}
			if _, err := dial(t, p.start(t)).Endorse(t.Context(), api.RecordReadingsTx, nil, ""); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestGate(t *testing.T) {
	p := new(fakePeer)
	var wg sync.WaitGroup
	hold, held := make(chan struct{}), make(chan struct{}, 2)
	p.endorse = func([]string) error {
		held <- struct{}{}
		<-hold
		return nil
	}
	c := p.start(t)
	c.InFlight, c.AdmissionWait = 2, time.Millisecond
	n := dial(t, c)
	for range 2 {
		wg.Go(func() {
			if _, err := n.Endorse(t.Context(), api.RecordReadingsTx, nil, ""); err != nil {
				t.Error(err)
			}
		})
	}
	<-held
	<-held
	var e *Error
	if _, err := n.Endorse(t.Context(), api.RecordReadingsTx, nil, ""); !errors.As(err, &e) || e.Condition != Busy {
		t.Errorf("got %v", err)
	}
	close(hold)
	wg.Wait()
	if _, err := n.Evaluate(t.Context(), api.PingTx, nil); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestAnUnreachablePeer(t *testing.T) {
	c := new(fakePeer).start(t)
	c.Address = "127.0.0.1:1"
	n := dial(t, c)
	var e *Error
	if _, err := n.Evaluate(t.Context(), api.PingTx, nil); !errors.As(err, &e) || e.Condition != Unreachable {
		t.Errorf("got %v", err)
	}
	if n.Live() {
		t.Error("live")
	}
}

func TestDialRefuses(t *testing.T) {
	good := new(fakePeer).start(t)
	dir := filepath.Dir(good.Certificate)
	issue(t, dir, "other")
	issue(t, dir, "chief", "admin")
	for name, change := range map[string]func(*Config){
		"no address":            func(c *Config) { c.Address = "" },
		"no channel":            func(c *Config) { c.Channel = "" },
		"a missing certificate": func(c *Config) { c.Certificate = filepath.Join(dir, "none") },
		"an administrator's identity": func(c *Config) {
			c.Certificate, c.Key = filepath.Join(dir, "chief.pem"), filepath.Join(dir, "chief.key")
		},
		"a key of another certificate":     func(c *Config) { c.Key = filepath.Join(dir, "other.key") },
		"a directory of more than one key": func(c *Config) { c.Key = dir },
		"TLS roots that are none":          func(c *Config) { c.TLSRoots = c.Key },
		"endorsers without itself":         func(c *Config) { c.Endorsers = []string{"B", "C"} },
	} {
		t.Run(name, func(t *testing.T) {
			c := good
			change(&c)
			if n, err := Dial(c); err == nil {
				t.Error("dialled", n.Close())
			}
		})
	}
}

func TestARenewedIdentityIsTakenUp(t *testing.T) {
	p := new(fakePeer)
	c := p.start(t)
	c.IdentityCheck = time.Millisecond
	n := dial(t, c)
	before := n.session.Load()
	key, _ := issue(t, filepath.Dir(c.Certificate), "user")
	deadline := time.After(3 * time.Minute)
	for n.session.Load() == before {
		select {
		case <-deadline:
			t.Fatal("not taken up")
		case <-time.After(time.Millisecond):
		}
	}
	p.mu.Lock()
	p.key = &key.PublicKey
	p.mu.Unlock()
	e, err := n.Endorse(t.Context(), api.RecordReadingsTx, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Submit(t.Context(), e.Envelope); err != nil {
		t.Error(err)
	}
}
