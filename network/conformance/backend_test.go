package conformance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-gateway/pkg/hash"
	"github.com/hyperledger/fabric-gateway/pkg/identity"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/network/consortium"
)

// limit is how long one call may take on a busy machine.
const limit = 3 * time.Minute

// live is a real network as a backend of scenarios: each organisation calls
// through its own peer, with nothing of ours in between.
type live struct {
	*consortium.Consortium
	members map[string]*member
}

// member is one organisation's way to the channel.
type member struct {
	network *client.Network
	cc      *client.Contract
	qscc    *client.Contract
}

var _ scenario.Backend = (*live)(nil)

func connect(t *testing.T, n *consortium.Consortium) *live {
	t.Helper()
	l := &live{Consortium: n, members: make(map[string]*member)}
	for _, o := range n.Members {
		m, err := join(t, n, o)
		if err != nil {
			t.Fatalf("%s: %v", o.MSPID, err)
		}
		l.members[o.MSPID] = m
	}
	return l
}

func join(t *testing.T, n *consortium.Consortium, o consortium.Member) (*member, error) {
	certificate, err := os.ReadFile(o.Client.Certificate)
	if err != nil {
		return nil, err
	}
	private, err := os.ReadFile(o.Client.PrivateKey)
	if err != nil {
		return nil, err
	}
	cert, err := identity.CertificateFromPEM(certificate)
	if err != nil {
		return nil, err
	}
	id, err := identity.NewX509Identity(o.MSPID, cert)
	if err != nil {
		return nil, err
	}
	key, err := identity.PrivateKeyFromPEM(private)
	if err != nil {
		return nil, err
	}
	sign, err := identity.NewPrivateKeySign(key)
	if err != nil {
		return nil, err
	}
	tls, err := credentials.NewClientTLSFromFile(o.Peer.TLSRoots, o.Peer.ServerName)
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient(o.Peer.Address, grpc.WithTransportCredentials(tls))
	if err != nil {
		return nil, err
	}
	gw, err := client.Connect(id, client.WithSign(sign), client.WithHash(hash.SHA256), client.WithClientConnection(conn),
		client.WithEvaluateTimeout(limit), client.WithEndorseTimeout(limit), client.WithSubmitTimeout(limit), client.WithCommitStatusTimeout(limit))
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = gw.Close(); _ = conn.Close() })
	network := gw.GetNetwork(n.Channel)
	return &member{network, network.GetContract(n.Chaincode), network.GetContract("qscc")}, nil
}

// Now is this machine's clock, which the peers share.
func (l *live) Now() time.Time { return time.Now() }

// Ledger is the name that devices sign.
func (l *live) Ledger() string {
	return l.Channel + "/" + l.Chaincode
}

// Submit endorses at every organisation, submits, and waits until every peer has
// the block, so that the next call sees the same state wherever it is endorsed.
func (l *live) Submit(org string, args ...string) (*scenario.Outcome, error) {
	for attempt := 1; ; attempt++ {
		p, err := l.endorse(org, cast.Organisations(), args...)
		if err != nil {
			return nil, err
		}
		code, err := p.commit()
		if err != nil {
			return nil, err
		}
		// Another story, played at the same time, may have changed what this one read,
		// such as a carrier's rating. It had no effect then, and is asked again, as a
		// gateway does.
		if code == peer.TxValidationCode_MVCC_READ_CONFLICT && attempt < 5 {
			continue
		}
		if code != peer.TxValidationCode_VALID {
			return nil, fmt.Errorf("transaction %s failed to commit with status code %d (%s)", p.tx.TransactionID(), code, code)
		}
		return p.outcome()
	}
}

// Evaluate asks the organisation's own peer.
func (l *live) Evaluate(org string, args ...string) ([]byte, error) {
	return l.evaluateAt(org, org, args...)
}

// evaluateAt asks another organisation's peer, as the organisation.
func (l *live) evaluateAt(org, peer string, args ...string) ([]byte, error) {
	for began := time.Now(); ; time.Sleep(again) {
		b, err := l.members[org].cc.Evaluate(args[0], client.WithArguments(args[1:]...), client.WithEndorsingOrganizations(peer))
		if err = told(err); err == nil || answered(err) || time.Since(began) > limit {
			return b, err
		}
	}
}

// pending is an endorsed transaction.
type pending struct {
	live *live
	tx   *client.Transaction
}

// endorse asks one peer of each of by for its endorsement, and of nobody else.
func (l *live) endorse(org string, by []string, args ...string) (*pending, error) {
	proposal, err := l.members[org].cc.NewProposal(args[0], client.WithArguments(args[1:]...), client.WithEndorsingOrganizations(by...))
	if err != nil {
		return nil, err
	}
	for began := time.Now(); ; time.Sleep(again) {
		tx, err := proposal.Endorse()
		if err == nil {
			return &pending{l, tx}, nil
		}
		if err = told(err); answered(err) || time.Since(began) > limit {
			return nil, err
		}
	}
}

// again is the pause before the same is tried once more.
const again = 100 * time.Millisecond

// answered says whether an error is the chaincode's answer. Any other comes of a
// machine that stalls: peers that have lost sight of each other for a while.
func answered(err error) bool { return strings.Contains(err.Error(), "chaincode response") }

// commit orders the transaction and gives its validation code, once every peer has it.
func (p *pending) commit() (peer.TxValidationCode, error) {
	for began := time.Now(); ; time.Sleep(again) {
		code, err := p.order()
		if err == nil {
			return code, p.live.everywhere(p.tx.TransactionID())
		}
		if time.Since(began) > limit {
			return 0, told(err)
		}
	}
}

// order submits and waits a while. Orderers elect when a machine stalls, and then
// refuse, or forget what they took; the same bytes have one effect however often
// they are sent.
func (p *pending) order() (peer.TxValidationCode, error) {
	c, err := p.tx.Submit()
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	s, err := c.StatusWithContext(ctx)
	if err != nil {
		return 0, err
	}
	return s.Code, nil
}

// everywhere waits until every peer has a transaction's block.
func (l *live) everywhere(id string) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	for org, m := range l.members {
		for {
			_, err := m.qscc.EvaluateWithContext(ctx, "GetTransactionByID", client.WithArguments(l.Channel, id), client.WithEndorsingOrganizations(org))
			if err == nil {
				break
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("%s has not seen transaction %s: %w", org, id, told(err))
			case <-time.After(5 * time.Millisecond):
			}
		}
	}
	return nil
}

// height is how many blocks an organisation's peer has.
func (l *live) height(org string) (uint64, error) {
	b, err := l.members[org].qscc.Evaluate("GetChainInfo", client.WithArguments(l.Channel), client.WithEndorsingOrganizations(org))
	if err != nil {
		return 0, told(err)
	}
	var info common.BlockchainInfo
	err = proto.Unmarshal(b, &info)
	return info.GetHeight(), err
}

// block reads a block as an organisation's peer has committed it.
func (l *live) block(org string, number uint64) (*common.Block, error) {
	b, err := l.members[org].qscc.Evaluate("GetBlockByNumber", client.WithArguments(l.Channel, strconv.FormatUint(number, 10)), client.WithEndorsingOrganizations(org))
	if err != nil {
		return nil, told(err)
	}
	block := new(common.Block)
	return block, proto.Unmarshal(b, block)
}

// outcome reads out of the transaction what the peers have signed.
func (p *pending) outcome() (*scenario.Outcome, error) {
	raw, err := p.tx.Bytes()
	if err != nil {
		return nil, err
	}
	var prepared gateway.PreparedTransaction
	if err := proto.Unmarshal(raw, &prepared); err != nil {
		return nil, err
	}
	return p.live.read(prepared.GetEnvelope())
}

// read takes out of a signed transaction what it did.
func (l *live) read(envelope *common.Envelope) (*scenario.Outcome, error) {
	var (
		payload  common.Payload
		tx       peer.Transaction
		action   peer.ChaincodeActionPayload
		response peer.ProposalResponsePayload
		did      peer.ChaincodeAction
		results  rwset.TxReadWriteSet
		event    peer.ChaincodeEvent
	)
	if err := errors.Join(proto.Unmarshal(envelope.GetPayload(), &payload), proto.Unmarshal(payload.GetData(), &tx)); err != nil {
		return nil, err
	}
	if len(tx.GetActions()) != 1 {
		return nil, fmt.Errorf("the transaction has %d actions", len(tx.GetActions()))
	}
	if err := errors.Join(proto.Unmarshal(tx.GetActions()[0].GetPayload(), &action), proto.Unmarshal(action.GetAction().GetProposalResponsePayload(), &response),
		proto.Unmarshal(response.GetExtension(), &did), proto.Unmarshal(did.GetResults(), &results), proto.Unmarshal(did.GetEvents(), &event)); err != nil {
		return nil, err
	}
	out := &scenario.Outcome{Result: did.GetResponse().GetPayload(), RWSet: new(kvrwset.KVRWSet)}
	if event.GetEventName() != "" {
		out.Event = &event
	}
	for _, ns := range results.GetNsRwset() {
		if ns.GetNamespace() == l.Chaincode {
			if err := proto.Unmarshal(ns.GetRwset(), out.RWSet); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// told is an error with what each peer said, which fabric-gateway keeps in the
// details of the status.
func told(err error) error {
	if err == nil {
		return nil
	}
	var parts []string
	for _, d := range status.Convert(err).Details() {
		if e, ok := d.(*gateway.ErrorDetail); ok {
			parts = append(parts, e.GetMspId()+": "+e.GetMessage())
		}
	}
	if len(parts) == 0 {
		return err
	}
	return fmt.Errorf("%s [%w]", strings.Join(parts, "; "), err)
}
