package ledgertest

import (
	"slices"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"
)

// majority is the chaincode's policy: more than half of the organisations.
func majority(orgs, endorsers []string) bool {
	n := 0
	for _, o := range orgs {
		if slices.Contains(endorsers, o) {
			n++
		}
	}
	return 2*n > len(orgs)
}

// satisfied evaluates a key's own policy against one peer of each endorser, with
// the peer's rule that one signature serves one demand.
func satisfied(policy []byte, endorsers []string) bool {
	var env common.SignaturePolicyEnvelope
	if proto.Unmarshal(policy, &env) != nil {
		return false
	}
	endorsers = slices.Compact(slices.Sorted(slices.Values(endorsers)))
	return holds(env.GetRule(), env.GetIdentities(), endorsers, make([]bool, len(endorsers)))
}

func holds(rule *common.SignaturePolicy, ids []*msp.MSPPrincipal, endorsers []string, used []bool) bool {
	switch r := rule.GetType().(type) {
	case *common.SignaturePolicy_SignedBy:
		if r.SignedBy < 0 || int(r.SignedBy) >= len(ids) {
			return false
		}
		for i, org := range endorsers {
			if !used[i] && isPeerOf(org, ids[r.SignedBy]) {
				used[i] = true
				return true
			}
		}
		return false
	case *common.SignaturePolicy_NOutOf_:
		n := int32(0)
		for _, sub := range r.NOutOf.GetRules() {
			try := slices.Clone(used)
			if holds(sub, ids, endorsers, try) {
				n++
				copy(used, try)
			}
		}
		return n >= r.NOutOf.GetN()
	}
	return false
}

func isPeerOf(org string, principal *msp.MSPPrincipal) bool {
	role, ok := roleOf(principal)
	return ok && role.GetMspIdentifier() == org &&
		(role.GetRole() == msp.MSPRole_PEER || role.GetRole() == msp.MSPRole_MEMBER)
}

func roleOf(principal *msp.MSPPrincipal) (*msp.MSPRole, bool) {
	var role msp.MSPRole
	if principal.GetPrincipalClassification() != msp.MSPPrincipal_ROLE ||
		proto.Unmarshal(principal.GetPrincipal(), &role) != nil {
		return nil, false
	}
	return &role, true
}

func policyOrgs(policy []byte) []string {
	var env common.SignaturePolicyEnvelope
	if len(policy) == 0 || proto.Unmarshal(policy, &env) != nil {
		return nil
	}
	var orgs []string
	for _, p := range env.GetIdentities() {
		if role, ok := roleOf(p); ok {
			orgs = append(orgs, role.GetMspIdentifier())
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(orgs)))
}
