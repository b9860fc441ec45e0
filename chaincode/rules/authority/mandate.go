package authority

import (
	"slices"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// Mandate says that one action on a component takes the approval of some of
// several members, each of one exact request (ID15). The owner sets it; what it
// binds is what is done in the owner's right. It is a head.
type Mandate struct {
	ComponentID     string       `json:"componentId"`
	Action          string       `json:"action"` // the transaction
	Number          uint64       `json:"number"` // of the owner's mandates for this action, from 1
	Owner           string       `json:"owner"`
	Tenure          uint64       `json:"tenure"`
	Members         []string     `json:"members"`         // "organisation:<MSP id>" or "credential:<id>", sorted
	Threshold       uint64       `json:"threshold"`       // how many of them; 0: it was taken back
	ApprovalSeconds int64        `json:"approvalSeconds"` // how long a request waits for them
	ChangedAt       measure.Time `json:"changedAt"`
	TransactionID   string       `json:"transactionId"`
}

// Bounds of mandates and of what is approved under them.
const (
	MaxMembers             = 16
	MaxApprovalSeconds     = 90 * 24 * 3600
	DefaultApprovalSeconds = 7 * 24 * 3600
	MaxApprovedArgument    = 16 << 10
)

// Quorum is what a mandate asks for.
type Quorum struct {
	Members         []string
	Threshold       uint64
	ApprovalSeconds int64
}

// Set makes a mandate, changes it, or takes it back with a threshold of 0. That
// the present one has been obeyed is decided before this is called.
func (m Mandate) Set(t Tenure, action string, q Quorum, w When) (Mandate, error) {
	if w.Actor != t.Owner {
		return m, notOwner(t)
	}
	if r, ok := RowOf(action); !ok || !r.Mandatable {
		return m, fault.New(fault.CodeMandateAction, "%q takes no mandate", action).With("action", action)
	}
	n := uint64(len(q.Members))
	if n > MaxMembers || uint64(len(slices.Compact(slices.Sorted(slices.Values(q.Members))))) != n || q.Threshold > n || (q.Threshold == 0) != (n == 0) {
		return m, invalid("members", "members names at most %d, each once, of whom 1 to all have to approve; none of none ends a mandate", MaxMembers)
	}
	for _, member := range q.Members {
		kind, id, _ := strings.Cut(member, ":")
		if kind != "organisation" && kind != "credential" {
			return m, invalid("members", "a member is an organisation:<MSP id> or a credential:<id>")
		}
		if err := party.CheckID("members", id); err != nil {
			return m, err
		}
	}
	if q.ApprovalSeconds == 0 {
		q.ApprovalSeconds = DefaultApprovalSeconds
	}
	if q.ApprovalSeconds < 0 || q.ApprovalSeconds > MaxApprovalSeconds {
		return m, invalid("approvalSeconds", "approvalSeconds must be 0 to %d", MaxApprovalSeconds)
	}
	return Mandate{
		ComponentID: t.ComponentID, Action: action, Number: m.Number + 1, Owner: t.Owner, Tenure: t.Number, Members: append([]string{}, slices.Sorted(slices.Values(q.Members))...),
		Threshold: q.Threshold, ApprovalSeconds: q.ApprovalSeconds, ChangedAt: w.Now, TransactionID: w.TransactionID,
	}, nil
}

// InForce reports whether the mandate is the present owner's and not taken back.
func (m Mandate) InForce(t Tenure) bool {
	return m.Threshold > 0 && m.Owner == t.Owner && m.Tenure == t.Number
}

// Binds reports whether the mandate is about what actor does: the owner itself, or
// somebody who could act for it.
func (m Mandate) Binds(t Tenure, actor string) bool {
	r, _ := RowOf(m.Action)
	return m.InForce(t) && (actor == t.Owner || r.Delegable)
}

// ApprovalStatus is where a request under a mandate stands.
type ApprovalStatus string

// The statuses of an approval; one that is open ends by itself at its time.
const (
	ApprovalOpen ApprovalStatus = "open"
	ApprovalUsed ApprovalStatus = "used"
)

// Approval is one exact request that a mandate is about, and who has approved it.
// It serves once. It is a head: the same request may be asked for again.
type Approval struct {
	ComponentID   string         `json:"componentId"`
	RequestHash   string         `json:"requestHash"` // hex SHA-256 of the transaction, the tenure and the argument, with zero bytes between
	Tenure        uint64         `json:"tenure"`
	Transaction   string         `json:"transaction"` // that is to be carried out
	Action        string         `json:"action"`      // whose mandate it is under: the transaction, or that whose mandate it changes
	Argument      string         `json:"argument"`    // as it is hashed: without blanks, members in the order of their names
	Round         uint64         `json:"round"`       // of the same request, from 1
	Mandate       uint64         `json:"mandate"`     // number of the mandate
	Status        ApprovalStatus `json:"status"`
	Given         []GivenConsent `json:"given"`
	AskedBy       string         `json:"askedBy"`
	AskedAt       measure.Time   `json:"askedAt"`
	OpenTill      measure.Time   `json:"openTill"`
	UsedBy        string         `json:"usedBy,omitempty" metadata:",optional"`
	ChangedAt     measure.Time   `json:"changedAt"`
	TransactionID string         `json:"transactionId"` // that changed it last
}

// GivenConsent is one member's word.
type GivenConsent struct {
	Member        string       `json:"member"`
	At            measure.Time `json:"at"`
	TransactionID string       `json:"transactionId"`
}

// ApprovalKind is the kind of an engineer's statement that approves a request.
const ApprovalKind = "approval"

// ApprovalBody is what an engineer signs.
type ApprovalBody struct {
	RequestHash string `json:"requestHash"`
	Round       uint64 `json:"round"`
}

// Ask puts a request to the members; last is the last round of the same request,
// or an empty one. A member that asks has approved.
func (m Mandate) Ask(t Tenure, transaction, hash, argument string, last Approval, w When) (Approval, error) {
	if !m.InForce(t) {
		return last, fault.New(fault.CodeMandateUnknown, "no mandate for %s on %s is in force", m.Action, t.ComponentID)
	}
	member := "organisation:" + w.Actor
	if w.Actor != t.Owner && !slices.Contains(m.Members, member) {
		return last, notMember(m, member)
	}
	if len(argument) > MaxApprovedArgument {
		return last, invalid("argument", "argument must be at most %d bytes", MaxApprovedArgument)
	}
	if last.Status == ApprovalOpen && last.Tenure == t.Number && last.Mandate == m.Number && w.Now <= last.OpenTill {
		return last, fault.New(fault.CodeApprovalOpen, "the request waits for approval already").With("requestHash", hash)
	}
	a := Approval{
		ComponentID: t.ComponentID, RequestHash: hash, Tenure: t.Number, Transaction: transaction, Action: m.Action, Argument: argument, Round: last.Round + 1, Mandate: m.Number,
		Status: ApprovalOpen, Given: []GivenConsent{}, AskedBy: w.Actor, AskedAt: w.Now, OpenTill: w.Now.Add(m.ApprovalSeconds * 1000), ChangedAt: w.Now, TransactionID: w.TransactionID,
	}
	if slices.Contains(m.Members, member) {
		a.Given = append(a.Given, GivenConsent{Member: member, At: w.Now, TransactionID: w.TransactionID})
	}
	return a, nil
}

// Approve adds the word of a member about a round of the request, once.
func (a Approval) Approve(m Mandate, t Tenure, member string, round uint64, w When) (Approval, error) {
	if err := a.open(m, t, w.Now); err != nil {
		return a, err
	}
	if round != a.Round {
		return a, fault.New(fault.CodeApprovalOver, "the request is asked for in round %d", a.Round).With("round", a.Round)
	}
	if !slices.Contains(m.Members, member) {
		return a, notMember(m, member)
	}
	if slices.ContainsFunc(a.Given, func(g GivenConsent) bool { return g.Member == member }) {
		return a, fault.New(fault.CodeApprovalGiven, "%s has approved it", member).With("member", member)
	}
	a.Given = append(slices.Clone(a.Given), GivenConsent{Member: member, At: w.Now, TransactionID: w.TransactionID})
	a.ChangedAt, a.TransactionID = w.Now, w.TransactionID
	return a, nil
}

// Spend lets the request be carried out, once, when enough have approved it.
func (a Approval) Spend(m Mandate, t Tenure, hash string, w When) (Approval, error) {
	if a.open(m, t, w.Now) != nil || uint64(len(a.Given)) < m.Threshold {
		given := 0
		if a.open(m, t, w.Now) == nil {
			given = len(a.Given)
		}
		return a, fault.New(fault.CodeMandateMissing, "%s on %s takes %d approvals of this request, it has %d", m.Action, m.ComponentID, m.Threshold, given).
			With("requestHash", hash).With("threshold", m.Threshold).With("given", given)
	}
	a.Status, a.UsedBy, a.ChangedAt, a.TransactionID = ApprovalUsed, w.Actor, w.Now, w.TransactionID
	return a, nil
}

func (a Approval) open(m Mandate, t Tenure, now measure.Time) error {
	if a.Status != ApprovalOpen || a.Tenure != t.Number || a.Mandate != m.Number || now > a.OpenTill || !m.InForce(t) {
		return fault.New(fault.CodeApprovalOver, "round %d of the request is used, over its time, or of another mandate", a.Round).With("round", a.Round)
	}
	return nil
}

func notMember(m Mandate, member string) error {
	return fault.New(fault.CodeMandateMember, "%s is no member of the mandate for %s", member, m.Action).With("member", member)
}
