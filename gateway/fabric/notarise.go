package fabric

import (
	"context"
	"errors"
	"slices"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"google.golang.org/protobuf/proto"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// Notarised is an answer that peers have signed.
type Notarised struct {
	// Payload is that of the envelope which Fabric prepares: question, answer and
	// endorsements. The envelope is never signed, so nobody can submit it.
	Payload []byte
	// Sign signs as the one who asked; it hashes as its kind of key needs.
	Sign func(message []byte) ([]byte, error)
}

// Notarise has a question answered by a peer of each of the organisations, all of
// them when none is named, and nobody else in their place: what is missing is an
// error. tx MUST only read.
func (n *Network) Notarise(ctx context.Context, tx api.Transaction, argument []byte, orgs []string) (*Notarised, error) {
	orgs, err := n.roster.named(orgs)
	if err != nil {
		return nil, err
	}
	for try := 0; ; try++ {
		found, err := n.notariseOnce(ctx, tx, argument, orgs)
		var e *Error
		if err == nil || !errors.As(err, &e) || !inDoubt(e, len(orgs)) {
			return found, err
		}
		if try == len(lagging) || !pause(ctx, lagging[try]) {
			return nil, &Error{Condition: Apart, Stage: Endorse, TransactionID: e.TransactionID, Peers: e.Peers, cause: err}
		}
	}
}

// named checks the organisations that are asked for; none stands for all. Where
// the roster is not known, the peer finds out.
func (r *roster) named(orgs []string) ([]string, error) {
	if len(orgs) == 0 {
		return r.all, nil
	}
	sorted := slices.Compact(slices.Sorted(slices.Values(orgs)))
	for _, org := range sorted {
		if len(r.all) > 0 && !slices.Contains(r.all, org) {
			return nil, RefusedBy(fault.New(fault.CodeOrgUnknown, "%s is not among the organisations that endorse", org).With("mspId", org))
		}
	}
	return sorted, nil
}

func (n *Network) notariseOnce(ctx context.Context, tx api.Transaction, argument []byte, orgs []string) (*Notarised, error) {
	s := n.session.Load()
	opts := []client.ProposalOption{client.WithBytesArguments(argument)}
	if len(orgs) > 0 {
		opts = append(opts, client.WithEndorsingOrganizations(orgs...))
	}
	transaction, err := n.propose(ctx, s, tx, opts)
	if err != nil {
		return nil, err
	}
	prepared, err := transaction.Bytes()
	var t gateway.PreparedTransaction
	if err == nil {
		err = proto.Unmarshal(prepared, &t)
	}
	if err != nil {
		return nil, NewError(Internal, Endorse, err)
	}
	return &Notarised{Payload: t.GetEnvelope().GetPayload(), Sign: func(message []byte) ([]byte, error) { return s.sign(s.hash(message)) }}, nil
}

// propose has a proposal endorsed.
func (n *Network) propose(ctx context.Context, s *session, tx api.Transaction, opts []client.ProposalOption) (transaction *client.Transaction, err error) {
	proposal, err := s.contract.NewProposal(string(tx), opts...)
	if err != nil {
		return nil, NewError(Internal, Endorse, err)
	}
	err = n.call(ctx, Endorse, proposal.TransactionID(), n.config.EndorseTimeout, func(ctx context.Context) (err error) {
		transaction, err = proposal.EndorseWithContext(ctx)
		return err
	})
	return transaction, err
}
