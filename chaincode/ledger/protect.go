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

// ProtectByMajority asks for more than half of all and for nobody in particular:
// for a record that belongs to whoever has something else at the time.
func ProtectByMajority[T any](t *Tx, k Kind[T], all []string, attrs ...string) error {
	return t.protect(k.Name, attrs, func() ([]byte, error) {
		if err := checkOrgs(all); err != nil {
			return nil, err
		}
		everyone := slices.Compact(slices.Sorted(slices.Values(all)))
		e := &signers{}
		return e.policy(outOf(len(everyone)/2+1, e.each(everyone)))
	})
}

// ProtectForParties is [ProtectWithMajority] of all parties, or, so that none of
// them can hold the record hostage, of the arbiter and at least half of the
// parties. Without an arbiter only all parties write it.
func ProtectForParties[T any](t *Tx, k Kind[T], parties []string, arbiter string, all []string, attrs ...string) error {
	if arbiter == "" {
		return ProtectWithMajority(t, k, parties, all, attrs...)
	}
	return t.protect(k.Name, attrs, func() ([]byte, error) { return endorsedByPartiesOrArbiter(parties, arbiter, all) })
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
	must, others, err := divide(orgs, all)
	if err != nil {
		return nil, err
	}
	more := len(must) + len(others)
	if more = more/2 + 1 - len(must); more <= 0 {
		return endorsedBy(must)
	}
	e := &signers{}
	rules := append(e.each(must), outOf(more, e.each(others)))
	return e.policy(outOf(len(rules), rules))
}

// endorsedByPartiesOrArbiter is [endorsedByMajority] of the parties, or the
// arbiter with at least half of the parties and enough of the rest to be more
// than half of all. Where the rest are too few for that, more parties sign.
func endorsedByPartiesOrArbiter(parties []string, arbiter string, all []string) ([]byte, error) {
	must, others, err := divide(parties, all)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(others, arbiter) {
		return nil, errors.New("the arbiter is a party, or not one of all")
	}
	rest := slices.DeleteFunc(slices.Clone(others), func(o string) bool { return o == arbiter })
	majority := (len(must)+len(others))/2 + 1
	half := max((len(must)+1)/2, majority-1-len(rest))
	e := &signers{}
	first := e.each(must)
	if more := majority - len(must); more > 0 {
		first = append(first, outOf(more, e.each(others)))
	}
	second := append(e.each([]string{arbiter}), outOf(half, e.each(must)))
	if more := majority - 1 - half; more > 0 {
		second = append(second, outOf(more, e.each(rest)))
	}
	return e.policy(outOf(1, []*common.SignaturePolicy{outOf(len(first), first), outOf(len(second), second)}))
}

// divide gives those who must sign and the others of all, both sorted.
func divide(orgs, all []string) (must, others []string, err error) {
	if err := errors.Join(checkOrgs(orgs), checkOrgs(all)); err != nil {
		return nil, nil, err
	}
	must = slices.Compact(slices.Sorted(slices.Values(orgs)))
	everyone := slices.Compact(slices.Sorted(slices.Values(all)))
	others = slices.DeleteFunc(slices.Clone(everyone), func(o string) bool { return slices.Contains(must, o) })
	if len(must)+len(others) != len(everyone) {
		return nil, nil, errors.New("demands an organisation that is not one of all")
	}
	return must, others, nil
}

// signers are the organisations that a policy names, each once.
type signers struct{ orgs []string }

func (s *signers) each(orgs []string) []*common.SignaturePolicy {
	rules := make([]*common.SignaturePolicy, 0, len(orgs))
	for _, o := range orgs {
		i := slices.Index(s.orgs, o)
		if i < 0 {
			i, s.orgs = len(s.orgs), append(s.orgs, o)
		}
		rules = append(rules, &common.SignaturePolicy{Type: &common.SignaturePolicy_SignedBy{SignedBy: int32(i)}})
	}
	return rules
}

func (s *signers) policy(rule *common.SignaturePolicy) ([]byte, error) {
	env := &common.SignaturePolicyEnvelope{Rule: rule}
	for _, org := range s.orgs {
		role, err := proto.Marshal(&msp.MSPRole{MspIdentifier: org, Role: msp.MSPRole_PEER})
		if err != nil {
			return nil, err
		}
		env.Identities = append(env.Identities, &msp.MSPPrincipal{PrincipalClassification: msp.MSPPrincipal_ROLE, Principal: role})
	}
	return proto.MarshalOptions{Deterministic: true}.Marshal(env)
}

func outOf(n int, rules []*common.SignaturePolicy) *common.SignaturePolicy {
	return &common.SignaturePolicy{Type: &common.SignaturePolicy_NOutOf_{
		NOutOf: &common.SignaturePolicy_NOutOf{N: int32(n), Rules: rules},
	}}
}

func checkOrgs(orgs []string) error {
	if len(orgs) == 0 || slices.Contains(orgs, "") {
		return errors.New("names no organisation")
	}
	return nil
}
