package contract

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/authority"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// SetMandate makes an action on a component take the approval of several (ID15).
// What is under a mandate already is changed by its members' approval only.
func (*Component) SetMandate(ctx *Context, in *api.SetMandate) (*authority.Mandate, error) {
	t, err := tenureOf(ctx, in.ComponentID)
	if err != nil {
		return nil, err
	}
	key := mandateKey(t.Tenure, in.Action)
	last, err := ledger.FindOr(ctx.tx, mandates, authority.Mandate{}, key...)
	if err != nil {
		return nil, err
	}
	q := authority.Quorum{Members: in.Members, Threshold: in.Threshold, ApprovalSeconds: in.ApprovalSeconds}
	m, err := last.Set(t.Tenure, in.Action, q, ctx.authorityWhen(t.changedAt, last.ChangedAt))
	if err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, mandates, &m, key...); err != nil {
		return nil, err
	}
	if err := protect(ctx, mandates, []string{m.Owner}, key...); err != nil {
		return nil, err
	}
	return &m, ctx.tx.Announce(api.MandateChangedEvent, m.ComponentID, ledger.NewFact("mandate-set", m.ComponentID, m))
}

// mandateKey is where the present owner's mandate for an action is: each owner's time
// has its own, as with delegations.
func mandateKey(t authority.Tenure, action string) []string {
	return []string{t.ComponentID, action, ledger.HighestFirst(t.Number)}
}

// AskApproval puts one exact request to the members of a mandate: the owner does, or a member.
func (*Component) AskApproval(ctx *Context, in *api.AskApproval) (*authority.Approval, error) {
	t, err := tenureOf(ctx, in.ComponentID)
	if err != nil {
		return nil, err
	}
	governed := governedBy(in.Action, []byte(in.Argument))
	if governed.ComponentID != in.ComponentID {
		return nil, fault.New(fault.CodeInvalid, "argument is not the argument of %s about %s", printable(in.Action), in.ComponentID).With("field", "argument")
	}
	m, err := ledger.Get(ctx.tx, mandates, mandateKey(t.Tenure, governed.Action)...)
	if err != nil {
		return nil, err
	}
	hash, argument := requestHash(t.Tenure, in.Action, []byte(in.Argument))
	last, err := ledger.FindOr(ctx.tx, approvals, authority.Approval{}, in.ComponentID, hash)
	if err != nil {
		return nil, err
	}
	a, err := m.Ask(t.Tenure, in.Action, hash, argument, last, ctx.authorityWhen(t.changedAt, m.ChangedAt, last.ChangedAt))
	if err != nil {
		return nil, err
	}
	return &a, storeApproval(ctx, *m, a, "approval-asked")
}

// Approve is one member's word about a request: an organisation's own, or that of an
// engineer who has signed it.
func (*Component) Approve(ctx *Context, in *api.ApproveRequest) (*authority.Approval, error) {
	t, err := tenureOf(ctx, in.ComponentID)
	if err != nil {
		return nil, err
	}
	a, err := ledger.Get(ctx.tx, approvals, in.ComponentID, in.RequestHash)
	if err != nil {
		return nil, err
	}
	m, err := ledger.Get(ctx.tx, mandates, mandateKey(t.Tenure, a.Action)...)
	if err != nil {
		return nil, err
	}
	w := ctx.authorityWhen(t.changedAt, m.ChangedAt, a.ChangedAt)
	member := "organisation:" + w.Actor
	round := in.Round
	if in.Envelope != nil {
		s, err := openStatement[authority.ApprovalBody](ctx, in.Envelope, authority.ApprovalKind, in.ComponentID, engineer)
		if err != nil {
			return nil, err
		}
		member, round, w.Now = s.Name, s.Body.Round, max(w.Now, s.At)
		if s.Body.RequestHash != a.RequestHash {
			return nil, fault.New(fault.CodeStatementWrong, "the statement approves another request").With("requestHash", s.Body.RequestHash)
		}
	}
	next, err := a.Approve(*m, t.Tenure, member, round, w)
	if err != nil {
		return nil, err
	}
	return &next, storeApproval(ctx, *m, next, "approved")
}

// ListMandates gives a page of a component's mandates, those that were taken back too.
func (*Component) ListMandates(ctx *Context, in *api.ListRequest) (*api.MandatePage, error) {
	p, err := listOf(ctx, mandates, in)
	if err != nil {
		return nil, err
	}
	return &api.MandatePage{Items: values(p.Items), Next: p.Next}, nil
}

// GetApproval gives a request that was put to the members, and who has approved it.
func (*Component) GetApproval(ctx *Context, in *api.ApprovalRef) (*authority.Approval, error) {
	return ledger.Get(ctx.tx, approvals, in.ComponentID, in.RequestHash)
}

func storeApproval(ctx *Context, m authority.Mandate, a authority.Approval, fact string) error {
	if err := ledger.Put(ctx.tx, approvals, &a, a.ComponentID, a.RequestHash); err != nil {
		return err
	}
	if err := protect(ctx, approvals, []string{m.Owner}, a.ComponentID, a.RequestHash); err != nil {
		return err
	}
	return ctx.tx.Announce(api.MandateChangedEvent, a.ComponentID, ledger.NewFact(fact, a.ComponentID, a))
}

// governed is what a request is about, as mandates see it.
type governed struct {
	ComponentID string `json:"componentId"`
	Action      string `json:"action"`
}

// governedBy says which mandate a request is under: of its component, for the
// transaction; changing a mandate, under that mandate.
func governedBy(name string, argument []byte) governed {
	var g governed
	if err := json.Unmarshal(argument, &g); err != nil {
		return governed{}
	}
	if name != string(api.SetMandateTx) {
		g.Action = name
	}
	return g
}

// mandated refuses a request that is under a mandate and lacks approvals, before
// anything is done. Approvals that are enough are used up.
func (i *invocation) mandated() error {
	if r, _ := authority.RowOf(i.name); !r.Mandatable {
		return nil
	}
	g := governedBy(i.name, i.argument)
	if g.ComponentID == "" || g.Action == "" {
		return nil // the form is refused later
	}
	c, found, err := ledger.Find(i.tx, components, g.ComponentID)
	if err != nil || !found {
		return err
	}
	m, found, err := ledger.Find(i.tx, mandates, mandateKey(tenure(*c), g.Action)...)
	if err != nil || !found {
		return err
	}
	if !m.Binds(tenure(*c), i.tx.Caller().MSPID) {
		return nil
	}
	hash, _ := requestHash(tenure(*c), i.name, i.argument)
	a, err := ledger.FindOr(i.tx, approvals, authority.Approval{}, g.ComponentID, hash)
	if err != nil {
		return err
	}
	ctx := Context{tx: i.tx}
	next, err := a.Spend(*m, tenure(*c), hash, ctx.authorityWhen(m.ChangedAt, a.ChangedAt))
	if err != nil {
		return err
	}
	return ledger.Put(i.tx, approvals, &next, g.ComponentID, hash)
}

// requestHash names a request by what it asks for, not by how it is written: of the
// argument, blanks and the order of members do not count. It is of one owner's time:
// what was approved under another owner's mandate is another request.
func requestHash(t authority.Tenure, name string, argument []byte) (hash, canonical string) {
	var v any
	d := json.NewDecoder(bytes.NewReader(argument))
	d.UseNumber()
	if err := d.Decode(&v); err == nil {
		if sorted, err := json.Marshal(v); err == nil {
			argument = sorted
		}
	}
	h := sha256.New()
	h.Write([]byte(name))
	h.Write([]byte{0})
	h.Write(strconv.AppendUint(nil, t.Number, 10))
	h.Write([]byte{0})
	h.Write(argument)
	return hex.EncodeToString(h.Sum(nil)), string(argument)
}
