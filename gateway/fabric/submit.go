package fabric

import (
	"context"
	"errors"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"github.com/lifeledger/lifeledger/chaincode/api"
)

// Endorsed is a transaction that is ready to be ordered.
type Endorsed struct {
	TransactionID string
	Envelope      []byte // signed; the same bytes may be submitted any number of times
	Result        []byte // what the transaction answers once it is committed
}

// lagging is how long to wait before peers that disagreed are asked again: the
// others are usually less than a block behind, and seconds where a machine stalls.
var lagging = []time.Duration{30 * time.Millisecond, 100 * time.Millisecond, 300 * time.Millisecond, 800 * time.Millisecond, 2 * time.Second, 4 * time.Second, 6 * time.Second}

// EvaluateAt asks a peer of the named organisation; nothing is written.
func (n *Network) EvaluateAt(ctx context.Context, mspID string, tx api.Transaction, argument []byte) ([]byte, error) {
	return n.evaluate(ctx, n.call, n.session.Load().contract, string(tx),
		client.WithBytesArguments(argument), client.WithEndorsingOrganizations(mspID))
}

// caller is how a call to the peer is made: [Network.call] or [Network.callAhead].
type caller func(ctx context.Context, stage Stage, txid string, timeout time.Duration, do func(context.Context) error) error

func (n *Network) evaluate(ctx context.Context, call caller, c *client.Contract, name string, opts ...client.ProposalOption) ([]byte, error) {
	proposal, err := c.NewProposal(name, opts...)
	if err != nil {
		return nil, NewError(Internal, Evaluate, err)
	}
	var result []byte
	err = call(ctx, Evaluate, proposal.TransactionID(), n.config.EvaluateTimeout, func(ctx context.Context) (err error) {
		result, err = proposal.EvaluateWithContext(ctx)
		return err
	})
	return result, err
}

// Endorse collects endorsements and signs; nothing is sent to be ordered. key is
// the idempotency key for the ledger, or "". When named organisations do not
// answer, others are asked, and at last the peer to find some.
func (n *Network) Endorse(ctx context.Context, tx api.Transaction, argument []byte, key string) (*Endorsed, error) {
	orgs := n.roster.choose(tx, time.Now())
	fallbacks, pauses := 0, 0
	for {
		endorsed, err := n.endorseOnce(ctx, tx, argument, key, orgs)
		var e *Error
		if err == nil || !errors.As(err, &e) {
			return endorsed, err
		}
		switch {
		case e.Condition == Unreachable && len(orgs) > 0 && n.roster.failed(e, time.Now()):
			if fallbacks++; fallbacks > 1 {
				orgs = nil
			} else {
				orgs = n.roster.instead(tx, orgs, time.Now())
			}
			if n.config.Observer.Fallback != nil {
				n.config.Observer.Fallback(tx)
			}
		case inDoubt(e, len(orgs)) && pauses < len(lagging):
			if !pause(ctx, lagging[pauses]) {
				return nil, err
			}
			pauses++
		default:
			return nil, err
		}
	}
}

func (n *Network) endorseOnce(ctx context.Context, tx api.Transaction, argument []byte, key string, orgs []string) (*Endorsed, error) {
	s := n.session.Load()
	args := [][]byte{argument}
	if key != "" {
		args = append(args, []byte(key))
	}
	opts := []client.ProposalOption{client.WithBytesArguments(args...)}
	if len(orgs) > 0 {
		opts = append(opts, client.WithEndorsingOrganizations(orgs...))
	}
	transaction, err := n.propose(ctx, s, tx, opts)
	if err != nil {
		return nil, err
	}
	envelope, err := s.seal(transaction)
	if err != nil {
		return nil, NewError(Internal, Endorse, err)
	}
	return &Endorsed{TransactionID: transaction.TransactionID(), Envelope: envelope, Result: transaction.Result()}, nil
}

// seal signs an endorsed transaction. fabric-gateway signs when it submits, but
// the outbox must hold the signed bytes before anything is sent.
func (s *session) seal(t *client.Transaction) ([]byte, error) {
	signature, err := s.sign(t.Digest())
	if err != nil {
		return nil, err
	}
	unsigned, err := t.Bytes()
	if err != nil {
		return nil, err
	}
	// A signature is one more field of the nested envelope. Protocol buffers merge
	// a message field that comes twice, so appending it costs no decoding.
	more, err := proto.Marshal(&gateway.PreparedTransaction{Envelope: &common.Envelope{Signature: signature}})
	if err != nil {
		return nil, err
	}
	return append(unsigned, more...), nil
}

// Submit sends signed bytes to be ordered. Sending the same bytes again is the
// same call; the ledger keeps the first. Success does not mean that the
// transaction will be committed: orderers forget what they have acknowledged when
// their leader dies.
func (n *Network) Submit(ctx context.Context, envelope []byte) error {
	// Not through fabric-gateway's Transaction, which would take the whole result
	// apart again and make a status request that nobody sends.
	var t gateway.PreparedTransaction
	if err := proto.Unmarshal(envelope, &t); err != nil {
		return NewError(Rejected, Submit, err)
	}
	if t.GetTransactionId() == "" || len(t.GetEnvelope().GetSignature()) == 0 {
		return NewError(Rejected, Submit, errors.New("not a signed transaction"))
	}
	return n.call(ctx, Submit, t.GetTransactionId(), n.config.SubmitTimeout, func(ctx context.Context) error {
		_, err := n.peer.Submit(ctx, &gateway.SubmitRequest{
			TransactionId: t.GetTransactionId(), ChannelId: n.config.Channel, PreparedTransaction: t.GetEnvelope(),
		})
		return err
	})
}

// Status asks the own peer for the outcome of a transaction and does not wait
// for one: false means that the peer has not committed it yet.
func (n *Network) Status(ctx context.Context, transactionID string) (Committed, bool, error) {
	s := n.session.Load()
	request, err := proto.Marshal(&gateway.CommitStatusRequest{
		ChannelId: n.config.Channel, TransactionId: transactionID, Identity: s.creator,
	})
	if err != nil {
		return Committed{}, false, NewError(Internal, CommitStatus, err)
	}
	signed, err := proto.Marshal(&gateway.SignedCommitStatusRequest{Request: request})
	if err != nil {
		return Committed{}, false, NewError(Internal, CommitStatus, err)
	}
	commit, err := s.gateway.NewCommit(signed)
	if err != nil {
		return Committed{}, false, NewError(Internal, CommitStatus, err)
	}
	var found *client.Status
	// The peer answers at once about a committed transaction and holds the call for
	// any other, so a short wait tells them apart.
	err = n.call(ctx, CommitStatus, transactionID, min(n.config.CommitStatusTimeout, statusWait), func(ctx context.Context) (err error) {
		found, err = commit.StatusWithContext(ctx)
		return err
	})
	var e *Error
	switch {
	case err == nil:
		n.stream.waits.tell(found.BlockNumber + 1)
		return committed(transactionID, found.BlockNumber, found.Code), true, nil
	case errors.As(err, &e) && statusOf(e.cause).Code() == deadlineExceeded && ctx.Err() == nil:
		return Committed{}, false, nil
	default:
		return Committed{}, false, err
	}
}

// chainHeight is the height of the own peer's chain. It is asked ahead of all
// others: when much is under way it matters most that the stream is watched.
func (n *Network) chainHeight(ctx context.Context) (uint64, error) {
	b, err := n.evaluate(ctx, n.callAhead, n.session.Load().system, "GetChainInfo",
		client.WithArguments(n.config.Channel), client.WithEndorsingOrganizations(n.config.MSPID))
	if err != nil {
		return 0, err
	}
	var info common.BlockchainInfo
	if err := proto.Unmarshal(b, &info); err != nil {
		return 0, NewError(Internal, Evaluate, err)
	}
	return info.GetHeight(), nil
}

// call makes one call to the peer: in its turn, in its time, classified, observed.
func (n *Network) call(ctx context.Context, stage Stage, txid string, timeout time.Duration, do func(context.Context) error) error {
	if err := n.gate.enter(ctx, stage); err != nil {
		return err
	}
	defer n.gate.leave()
	return n.callAhead(ctx, stage, txid, timeout, do)
}

// callAhead is call without waiting for a turn.
func (n *Network) callAhead(ctx context.Context, stage Stage, txid string, timeout time.Duration, do func(context.Context) error) error {
	began := time.Now()
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := classify(ctx, stage, txid, do(bounded))
	if n.config.Observer.Call != nil {
		var e *Error
		var condition Condition
		if errors.As(err, &e) {
			condition = e.Condition
		}
		n.config.Observer.Call(stage, condition, time.Since(began))
	}
	return err
}

// pause waits, or returns false when the context ends first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// committed makes the answer out of a validation code.
func committed(txid string, block uint64, code peer.TxValidationCode) Committed {
	c := Committed{TransactionID: txid, Block: block, Code: code.String()}
	if code != peer.TxValidationCode_VALID {
		c.Failure = ofCode(txid, code)
	}
	return c
}
