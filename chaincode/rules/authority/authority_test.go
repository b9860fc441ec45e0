package authority_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/authority"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

const t0 measure.Time = "2026-03-01T08:00:00.000Z"

var crane = authority.Tenure{ComponentID: "crane", Owner: "Owner", Number: 3}

func at(actor string, seconds int64) authority.When {
	return authority.When{Actor: actor, Now: t0.Add(seconds * 1000), TransactionID: "tx"}
}

func wantFault(t rapid.TB, err error, code fault.Code) {
	t.Helper()
	if code == "" && err != nil || code != "" && !fault.Is(err, code) {
		t.Fatalf("got %v, want %q", err, code)
	}
}

func hour(actions ...string) authority.Grant {
	return authority.Grant{Actions: actions, Till: t0.Add(3600_000)}
}

func TestWhatIsDelegated(t *testing.T) {
	many := make([]string, authority.MaxActions+1)
	for i := range many {
		many[i] = strings.Repeat("a", i+1)
	}
	for name, x := range map[string]struct {
		by, to string
		grant  authority.Grant
		want   fault.Code
	}{
		"the owner":                       {"Owner", "Carrier", hour("component:Relocate"), ""},
		"somebody else":                   {"Carrier", "Other", hour("component:Relocate"), fault.CodeOwnershipNotOwner},
		"to itself":                       {"Owner", "Owner", hour("component:Relocate"), fault.CodeInvalid},
		"nothing":                         {"Owner", "Carrier", hour(), fault.CodeInvalid},
		"twice the same":                  {"Owner", "Carrier", hour("component:Relocate", "component:Relocate"), fault.CodeInvalid},
		"what cannot be":                  {"Owner", "Carrier", hour("component:OfferPledge"), fault.CodeDelegationAction},
		"to delegate":                     {"Owner", "Carrier", hour("component:Delegate"), fault.CodeDelegationAction},
		"what there is not":               {"Owner", "Carrier", hour("component:Nothing"), fault.CodeDelegationAction},
		"for no time":                     {"Owner", "Carrier", authority.Grant{Actions: []string{"component:Relocate"}, Till: t0}, fault.CodeInvalid},
		"for longer than is allowed":      {"Owner", "Carrier", authority.Grant{Actions: []string{"component:Relocate"}, Till: t0.Add(367 * 86400_000)}, fault.CodeInvalid},
		"until before it begins":          {"Owner", "Carrier", authority.Grant{Actions: []string{"component:Relocate"}, From: t0.Add(9000), Till: t0.Add(8000)}, fault.CodeInvalid},
		"more often than anybody does it": {"Owner", "Carrier", authority.Grant{Actions: []string{"component:Relocate"}, Till: t0.Add(8000), MaxUses: 1_000_001}, fault.CodeInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := authority.Delegate(crane, x.to, x.grant, authority.Delegation{Number: 4}, at(x.by, 0))
			wantFault(t, err, x.want)
		})
	}
	for name, x := range map[string]struct {
		grant authority.Grant
		id    string
		want  fault.Code
	}{
		"a word":                {hour("unlock"), "rent-1", ""},
		"a transaction":         {hour("component:Relocate"), "rent-1", fault.CodeInvalid},
		"no name":               {hour("unlock"), "", fault.CodeIDInvalid},
		"a name too long":       {hour("unlock"), strings.Repeat("a", 65), fault.CodeInvalid},
		"more than can be used": {hour(many...), "rent-1", fault.CodeInvalid},
	} {
		t.Run("to a key, "+name, func(t *testing.T) {
			d, err := authority.GrantToKey(crane, x.id, party.DeviceKey{KeyID: "k"}, x.grant, at("Owner", 0))
			wantFault(t, err, x.want)
			if x.want == "" && (d.DelegationID != "key:rent-1" || d.Key.Number != 1 || d.Key.Since != t0) {
				t.Errorf("%+v", d)
			}
		})
	}
}

func TestWhenADelegationEnds(t *testing.T) {
	d, err := authority.Delegate(crane, "Carrier", authority.Grant{Actions: []string{"component:Relocate", "component:AttachDocument"}, From: t0.Add(10_000), Till: t0.Add(60_000), MaxUses: 2}, authority.Delegation{Number: 4}, at("Owner", 0))
	wantFault(t, err, "")
	if d.Number != 5 || d.DelegationID != authority.ToOrganisation("Carrier") || d.Tenure != 3 {
		t.Fatalf("%+v", d)
	}
	sold, back := crane, crane
	sold.Owner, sold.Number, back.Number = "Buyer", 4, 5
	used := d
	used.Uses = 2
	revoked, err := d.Revoke(crane, "lost", at("Owner", 20))
	wantFault(t, err, "")
	for name, x := range map[string]struct {
		d      authority.Delegation
		action string
		tenure authority.Tenure
		after  int64
		want   fault.Code
	}{
		"in time":                           {d, "component:Relocate", crane, 10, ""},
		"at the last moment":                {d, "component:Relocate", crane, 60, ""},
		"too early":                         {d, "component:Relocate", crane, 9, fault.CodeDelegationOver},
		"too late":                          {d, "component:Relocate", crane, 61, fault.CodeDelegationOver},
		"something else":                    {d, "component:ReturnCore", crane, 20, fault.CodeDelegationAction},
		"used up":                           {used, "component:Relocate", crane, 20, fault.CodeDelegationOver},
		"revoked":                           {revoked, "component:Relocate", crane, 20, fault.CodeDelegationOver},
		"after the sale":                    {d, "component:Relocate", sold, 20, fault.CodeDelegationOver},
		"after the component has come back": {d, "component:Relocate", back, 20, fault.CodeDelegationOver},
	} {
		t.Run(name, func(t *testing.T) {
			next, err := x.d.Use(x.action, x.tenure, at("Carrier", x.after))
			wantFault(t, err, x.want)
			if x.want == "" && next.Uses != x.d.Uses+1 {
				t.Error("not counted")
			}
		})
	}
	_, err = d.Revoke(crane, "lost", at("Carrier", 20))
	wantFault(t, err, fault.CodeOwnershipNotOwner)
	_, err = d.Revoke(crane, "", at("Owner", 20))
	wantFault(t, err, fault.CodeInvalid)
	_, err = revoked.Revoke(crane, "lost", at("Owner", 20))
	wantFault(t, err, fault.CodeDelegationOver)
}

// Whatever is tried in whatever order: a delegation is used only by what it names,
// in its time, no more often than it says, never after it was revoked or the
// component has changed hands.
func TestADelegationIsNeverUsedBeyondWhatItAllows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.Uint64Range(0, 4).Draw(t, "most")
		d, err := authority.Delegate(crane, "Carrier", authority.Grant{Actions: []string{"component:Relocate"}, Till: t0.Add(50_000), MaxUses: most}, authority.Delegation{}, at("Owner", 0))
		wantFault(t, err, "")
		now, tenure, uses, over := int64(0), crane, uint64(0), false
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			now += rapid.Int64Range(0, 5).Draw(t, "later")
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				if next, err := d.Revoke(tenure, "why", at(tenure.Owner, now)); err == nil {
					d, over = next, true
				}
			case 1:
				tenure.Number++
				over = true
			default:
				next, err := d.Use("component:Relocate", tenure, at("Carrier", now))
				if may := !over && now <= 50 && (most == 0 || uses < most); may != (err == nil) {
					t.Fatalf("after %d uses at %d, over %v: %v", uses, now, over, err)
				}
				if err == nil {
					d, uses = next, uses+1
				}
			}
		}
	})
}

func TestWhatAHolderSigns(t *testing.T) {
	for action, want := range map[string]fault.Code{"unlock": "", "": fault.CodeInvalid, "Unlock": fault.CodeInvalid, strings.Repeat("a", 41): fault.CodeInvalid} {
		wantFault(t, authority.AccessUse{Action: action, Challenge: "7f"}.Check(), want)
	}
	wantFault(t, authority.AccessUse{Action: "unlock"}.Check(), fault.CodeInvalid)
}

var two = authority.Quorum{Members: []string{"organisation:A", "organisation:B", "credential:c"}, Threshold: 2}

func TestWhoSetsAMandate(t *testing.T) {
	members := make([]string, authority.MaxMembers+1)
	for i := range members {
		members[i] = fmt.Sprint("organisation:m", i)
	}
	for name, x := range map[string]struct {
		by, action string
		quorum     authority.Quorum
		want       fault.Code
	}{
		"the owner":                 {"Owner", "component:OfferOwnership", two, ""},
		"somebody else":             {"A", "component:OfferOwnership", two, fault.CodeOwnershipNotOwner},
		"for what takes none":       {"Owner", "component:Relocate", two, fault.CodeMandateAction},
		"more than there are":       {"Owner", "component:OfferOwnership", authority.Quorum{Members: []string{"organisation:A"}, Threshold: 2}, fault.CodeInvalid},
		"none of some":              {"Owner", "component:OfferOwnership", authority.Quorum{Members: []string{"organisation:A"}}, fault.CodeInvalid},
		"none of none ends it":      {"Owner", "component:OfferOwnership", authority.Quorum{}, ""},
		"the same one twice":        {"Owner", "component:OfferOwnership", authority.Quorum{Members: []string{"organisation:A", "organisation:A"}, Threshold: 1}, fault.CodeInvalid},
		"too many":                  {"Owner", "component:OfferOwnership", authority.Quorum{Members: members, Threshold: 1}, fault.CodeInvalid},
		"a member of no kind":       {"Owner", "component:OfferOwnership", authority.Quorum{Members: []string{"A"}, Threshold: 1}, fault.CodeInvalid},
		"a member of no id":         {"Owner", "component:OfferOwnership", authority.Quorum{Members: []string{"credential:"}, Threshold: 1}, fault.CodeIDInvalid},
		"that waits for years":      {"Owner", "component:OfferOwnership", authority.Quorum{Members: two.Members, Threshold: 1, ApprovalSeconds: authority.MaxApprovalSeconds + 1}, fault.CodeInvalid},
		"that waits for a past one": {"Owner", "component:OfferOwnership", authority.Quorum{Members: two.Members, Threshold: 1, ApprovalSeconds: -1}, fault.CodeInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := authority.Mandate{Number: 6}.Set(crane, x.action, x.quorum, at(x.by, 0))
			wantFault(t, err, x.want)
			if x.want == "" && (m.Number != 7 || m.ApprovalSeconds != authority.DefaultApprovalSeconds || m.InForce(crane) != (x.quorum.Threshold > 0)) {
				t.Errorf("%+v", m)
			}
		})
	}
}

// Whatever the members do, in whatever order and however often: a request is carried
// out only after enough different ones have approved this round of it, in time, and
// once for each round.
func TestARequestIsCarriedOutOnceForEachQuorum(t *testing.T) {
	m, err := authority.Mandate{}.Set(crane, "component:OfferOwnership", authority.Quorum{Members: two.Members, Threshold: 2, ApprovalSeconds: 60}, at("Owner", 0))
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		var a authority.Approval
		now, opened, open, given := int64(0), int64(0), false, map[string]bool{}
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			now += rapid.Int64Range(0, 12).Draw(t, "later")
			inTime := open && now <= opened+60
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0:
				by := rapid.SampledFrom([]string{"Owner", "A", "Other"}).Draw(t, "by")
				next, err := m.Ask(crane, "component:OfferOwnership", "h", "{}", a, at(by, now))
				if may := by != "Other" && !inTime; may != (err == nil) {
					t.Fatalf("asked by %s at %d: %v", by, now, err)
				}
				if err == nil {
					a, opened, open, given = next, now, true, map[string]bool{}
					if by == "A" {
						given["organisation:A"] = true
					}
				}
			case 1, 2, 3:
				member := rapid.SampledFrom(append(slices.Clone(two.Members), "organisation:Other")).Draw(t, "member")
				next, err := a.Approve(m, crane, member, a.Round, at("x", now))
				if may := inTime && member != "organisation:Other" && !given[member]; may != (err == nil) {
					t.Fatalf("approved by %s at %d: %v", member, now, err)
				}
				if err == nil {
					a, given[member] = next, true
				}
			default:
				next, err := a.Spend(m, crane, "h", at("Owner", now))
				if may := inTime && len(given) >= 2; may != (err == nil) {
					t.Fatalf("carried out after %d at %d: %v", len(given), now, err)
				}
				if err == nil {
					a, open = next, false
				}
			}
		}
	})
}

func TestAMandateBindsWhatIsDoneInTheOwnersRight(t *testing.T) {
	sold := crane
	sold.Owner, sold.Number = "Buyer", 4
	for action, others := range map[string]bool{"component:OfferOwnership": true, "component:ReleaseHold": false} {
		m, err := authority.Mandate{}.Set(crane, action, two, at("Owner", 0))
		wantFault(t, err, "")
		if !m.Binds(crane, "Owner") || m.Binds(crane, "Other") != others || m.Binds(sold, "Buyer") || m.Binds(sold, "Owner") {
			t.Errorf("%s binds the wrong ones", action)
		}
		changed, err := m.Set(crane, action, two, at("Owner", 1))
		wantFault(t, err, "")
		a, err := m.Ask(crane, action, "h", "{}", authority.Approval{}, at("A", 1))
		wantFault(t, err, "")
		_, err = a.Approve(changed, crane, "organisation:B", 1, at("B", 2))
		wantFault(t, err, fault.CodeApprovalOver)
		_, err = a.Approve(m, sold, "organisation:B", 1, at("B", 2))
		wantFault(t, err, fault.CodeApprovalOver)
		_, err = a.Approve(m, crane, "organisation:B", 2, at("B", 2))
		wantFault(t, err, fault.CodeApprovalOver)
		_, err = m.Ask(sold, action, "h", "{}", authority.Approval{}, at("Buyer", 1))
		wantFault(t, err, fault.CodeMandateUnknown)
		_, err = m.Ask(crane, action, "h", strings.Repeat("x", authority.MaxApprovedArgument+1), authority.Approval{}, at("A", 1))
		wantFault(t, err, fault.CodeInvalid)
	}
}

func TestWhatWasApprovedInAnOwnersTimeEndsWithIt(t *testing.T) {
	back := crane
	back.Number = 5
	set := func(of authority.Tenure) authority.Mandate {
		m, err := authority.Mandate{}.Set(of, "component:OfferOwnership", two, at("Owner", 0))
		wantFault(t, err, "")
		return m
	}
	before, now := set(crane), set(back) // the first of each time
	a, err := before.Ask(crane, "component:OfferOwnership", "h", "{}", authority.Approval{}, at("A", 0))
	wantFault(t, err, "")
	a, err = a.Approve(before, crane, "organisation:B", 1, at("B", 1))
	wantFault(t, err, "")
	_, err = a.Spend(before, crane, "h", at("Owner", 2))
	wantFault(t, err, "")
	_, err = a.Spend(now, back, "h", at("Owner", 2))
	wantFault(t, err, fault.CodeMandateMissing)
	_, err = a.Approve(now, back, "credential:c", 1, at("x", 2))
	wantFault(t, err, fault.CodeApprovalOver)
}
