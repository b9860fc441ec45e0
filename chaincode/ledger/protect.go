package ledger

import (
	"errors"
	"slices"

	"github.com/hyperledger/fabric-chaincode-go/v2/pkg/statebased"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"
)

// Protect demands that a peer of every named organisation endorses any later
// write of the record, and any later change of this demand. It holds from the
// next block on. The record must have been read or written here: Fabric drops a
// policy for a key that does not exist.
//
// A key's own policy replaces the chaincode's policy for that key. Named alone,
// one organisation could therefore rewrite the record with its own peer's
// signature and nobody else's. Use Protect where the named organisations watch one
// another, and [ProtectWithMajority] where they do not.
func Protect[T any](t *Tx, k Kind[T], orgs []string, attrs ...string) error {
	return t.protect(k.Name, attrs, func() ([]byte, error) { return endorsedBy(orgs) })
}

// ProtectWithMajority is [Protect] on top of the chaincode's own policy: every one
// of orgs endorses, and with them enough of all to be more than half of all.
func ProtectWithMajority[T any](t *Tx, k Kind[T], orgs, all []string, attrs ...string) error {
	return t.protect(k.Name, attrs, func() ([]byte, error) { return endorsedByMajority(orgs, all) })
}

func (t *Tx) protect(name string, attrs []string, policy func() ([]byte, error)) error {
	if err := t.mayWrite(); err != nil {
		return err
	}
	key, err := t.compose(name, attrs)
	if err != nil {
		return err
	}
	if !t.read[key] && !t.written[key] {
		return t.mistake("%s is protected without having been read or written", name)
	}
	if t.protected[key] {
		return t.mistake("%s is protected twice in one transaction", name)
	}
	p, err := policy()
	if err != nil {
		return t.mistake("endorsement policy of %s: %v", name, err)
	}
	t.protected[key] = true
	t.policies = append(t.policies, write{key, p})
	return nil
}

// endorsedBy is the policy "one peer of each organisation". A policy of nobody
// would be satisfied by nobody's signature, so it is refused.
func endorsedBy(orgs []string) ([]byte, error) {
	if err := checkOrgs(orgs); err != nil {
		return nil, err
	}
	ep, err := statebased.NewStateEP(nil)
	if err != nil {
		return nil, err
	}
	if err := ep.AddOrgs(statebased.RoleTypePeer, orgs...); err != nil {
		return nil, err
	}
	return ep.Policy() // sorted by MSP id, so the same bytes on every peer
}

// endorsedByMajority is "one peer of each of orgs, and of enough others". The
// others are counted apart because one signature can serve one demand only.
func endorsedByMajority(orgs, all []string) ([]byte, error) {
	if err := checkOrgs(orgs); err != nil {
		return nil, err
	}
	if err := checkOrgs(all); err != nil {
		return nil, err
	}
	must := slices.Compact(slices.Sorted(slices.Values(orgs)))
	everyone := slices.Compact(slices.Sorted(slices.Values(all)))
	others := slices.DeleteFunc(slices.Clone(everyone), func(o string) bool { return slices.Contains(must, o) })
	if len(must)+len(others) != len(everyone) {
		return nil, errors.New("demands an organisation that is not one of all")
	}
	more := len(everyone)/2 + 1 - len(must)
	if more <= 0 {
		return endorsedBy(must)
	}
	env := &common.SignaturePolicyEnvelope{}
	signed := func(org string) (*common.SignaturePolicy, error) {
		role, err := proto.Marshal(&msp.MSPRole{MspIdentifier: org, Role: msp.MSPRole_PEER})
		if err != nil {
			return nil, err
		}
		env.Identities = append(env.Identities, &msp.MSPPrincipal{
			PrincipalClassification: msp.MSPPrincipal_ROLE, Principal: role,
		})
		return &common.SignaturePolicy{Type: &common.SignaturePolicy_SignedBy{SignedBy: int32(len(env.Identities) - 1)}}, nil
	}
	rules, err := each(must, signed)
	if err != nil {
		return nil, err
	}
	rest, err := each(others, signed)
	if err != nil {
		return nil, err
	}
	rules = append(rules, outOf(more, rest))
	env.Rule = outOf(len(rules), rules)
	return proto.MarshalOptions{Deterministic: true}.Marshal(env)
}

func outOf(n int, rules []*common.SignaturePolicy) *common.SignaturePolicy {
	return &common.SignaturePolicy{Type: &common.SignaturePolicy_NOutOf_{
		NOutOf: &common.SignaturePolicy_NOutOf{N: int32(n), Rules: rules},
	}}
}

func each(orgs []string, signed func(string) (*common.SignaturePolicy, error)) ([]*common.SignaturePolicy, error) {
	rules := make([]*common.SignaturePolicy, 0, len(orgs))
	for _, o := range orgs {
		r, err := signed(o)
		if err != nil {
			return nil, err
		}
		rules = append(rules, r)
	}
	return rules, nil
}

func checkOrgs(orgs []string) error {
	if len(orgs) == 0 || slices.Contains(orgs, "") {
		return errors.New("names no organisation")
	}
	return nil
}
