package party_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

func by(actor string, at measure.Time) party.When {
	return party.When{Actor: actor, Now: at, TransactionID: "tx"}
}

func consortium(members ...string) party.Consortium {
	return party.Consortium{Founder: members[0], Members: members}
}

func TestWhoMayProposeAChangeOfRolesAndWhatItTakes(t *testing.T) {
	roles := func(rs ...party.Role) []party.Role { return rs }
	b := party.Organisation{MSPID: "B", Roles: roles(party.Owner, party.Shipper)}
	three, four, two := consortium("A", "B", "C"), consortium("A", "B", "C", "D"), consortium("A", "B")
	for name, c := range map[string]struct {
		in              party.Consortium
		actor           string
		grant, withdraw []party.Role
		want            fault.Code
		status          party.RoleChangeStatus
		needed          uint64
		agreed          int
	}{
		"what is one's own is given up at once":          {three, "B", nil, roles(party.Shipper), "", party.RoleChangeDone, 0, 0},
		"all of it may be":                               {three, "B", nil, roles(party.Shipper, party.Owner), "", party.RoleChangeDone, 0, 0},
		"nobody grants itself anything":                  {three, "B", roles(party.Registrar), nil, "", party.RoleChangeOpen, 2, 0},
		"nor in exchange for something":                  {three, "B", roles(party.Registrar), roles(party.Shipper), "", party.RoleChangeOpen, 2, 0},
		"of three, both others have to agree":            {three, "A", nil, roles(party.Shipper), "", party.RoleChangeOpen, 2, 1},
		"of four, two of the three others":               {four, "A", roles(party.Service), nil, "", party.RoleChangeOpen, 2, 1},
		"of two, neither takes anything from the other":  {two, "A", nil, roles(party.Shipper), "", party.RoleChangeOpen, 2, 1},
		"nor gives it anything unasked":                  {two, "A", roles(party.Registrar), nil, "", party.RoleChangeOpen, 2, 1},
		"but one that asks needs the other alone":        {two, "B", roles(party.Registrar), nil, "", party.RoleChangeOpen, 1, 0},
		"a founder alone changes nobody's":               {consortium("A"), "A", nil, roles(party.Shipper), "", party.RoleChangeOpen, 2, 1},
		"who is no member of the consortium has no word": {two, "C", nil, roles(party.Shipper), fault.CodeRoleChangeNotMember, "", 0, 0},
		"a role that is not there is not withdrawn":      {three, "A", nil, roles(party.Auditor), fault.CodeInvalid, "", 0, 0},
		"nor given up":                                           {three, "B", nil, roles(party.Auditor), fault.CodeInvalid, "", 0, 0},
		"a role that is there is not granted":                    {three, "A", roles(party.Owner), nil, fault.CodeInvalid, "", 0, 0},
		"a change changes something":                             {three, "A", nil, nil, fault.CodeInvalid, "", 0, 0},
		"no role comes twice":                                    {three, "A", roles(party.Service, party.Service), nil, fault.CodeInvalid, "", 0, 0},
		"what is granted is a role":                              {three, "A", roles("king"), nil, fault.CodeInvalid, "", 0, 0},
		"one change grants and withdraws, with one word for all": {three, "C", roles(party.Service), roles(party.Owner), "", party.RoleChangeOpen, 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := c.in.Propose(b, party.Wish{ChangeID: "x", Grant: c.grant, Withdraw: c.withdraw, Reason: "so"}, by(c.actor, now))
			wantFault(t, err, c.want)
			if err == nil && (r.Status != c.status || r.Needed != c.needed || len(r.Agreed) != c.agreed || r.MSPID != "B" || r.ProposedBy != c.actor || r.ChangedAt != now) {
				t.Errorf("%+v", r)
			}
		})
	}
	for name, wish := range map[string]party.Wish{
		"there is an id":          {Reason: "so", Withdraw: b.Roles},
		"there is a reason":       {ChangeID: "x", Withdraw: b.Roles},
		"time is not negative":    {ChangeID: "x", Reason: "so", Withdraw: b.Roles, OpenSeconds: -1},
		"a change ends some time": {ChangeID: "x", Reason: "so", Withdraw: b.Roles, OpenSeconds: party.MaxRoleChangeSeconds + 1},
	} {
		if _, err := three.Propose(b, wish, by("A", now)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestWhoseAgreementCounts(t *testing.T) {
	c := consortium("A", "B", "C", "D", "E")
	b := party.Organisation{MSPID: "B", Roles: []party.Role{party.Shipper}}
	r, err := c.Propose(b, party.Wish{ChangeID: "x", Withdraw: b.Roles, Reason: "so", OpenSeconds: 60}, by("A", now))
	wantFault(t, err, "")
	for _, step := range []struct {
		says  string
		actor string
		at    measure.Time
		want  fault.Code
	}{
		{"nobody has a word in its own matter", "B", now, fault.CodeRoleChangeNotMember},
		{"a stranger has none", "X", now, fault.CodeRoleChangeNotMember},
		{"nobody has two", "A", now, fault.CodeRoleChangeGiven},
		{"after its time none counts", "C", now.Add(60_001), fault.CodeRoleChangeOver},
		{"the second of three that it takes", "C", now.Add(60_000), ""},
		{"the third one does it", "D", now.Add(60_000), ""},
		{"then it is done", "E", now.Add(60_000), fault.CodeRoleChangeOver},
	} {
		next, err := r.Agree(c, b, by(step.actor, step.at))
		if step.want == "" && err != nil || step.want != "" && !fault.Is(err, step.want) {
			t.Fatalf("%s: %v", step.says, err)
		}
		r = next
	}
	if r.Status != party.RoleChangeDone || len(r.Agreed) != 3 {
		t.Errorf("%+v", r)
	}
}

// Of two members, each gets a role if both want it, and loses one if it wants to itself.
func TestTwoMembersNeedEachOther(t *testing.T) {
	c, b := consortium("A", "B"), party.Organisation{MSPID: "B", Roles: []party.Role{party.Shipper}}
	taken, err := c.Propose(b, party.Wish{ChangeID: "x", Withdraw: b.Roles, Reason: "so"}, by("A", now))
	wantFault(t, err, "")
	_, err = taken.Agree(c, b, by("A", now))
	wantFault(t, err, fault.CodeRoleChangeGiven)
	asked, err := c.Propose(b, party.Wish{ChangeID: "y", Grant: []party.Role{party.Owner}, Reason: "so"}, by("B", now))
	wantFault(t, err, "")
	done, err := asked.Agree(c, b, by("A", now))
	wantFault(t, err, "")
	if taken.Status != party.RoleChangeOpen || asked.Status != party.RoleChangeOpen || done.Status != party.RoleChangeDone {
		t.Errorf("%+v, %+v, %+v", taken, asked, done)
	}
	third := consortium("A", "B", "C") // who joins later has a word about what is open
	done, err = taken.Agree(third, b, by("C", now))
	wantFault(t, err, "")
	if done.Status != party.RoleChangeDone || done.Needed != 2 {
		t.Errorf("%+v", done)
	}
}

func TestWhoHasLeftHasNoWordAnyMore(t *testing.T) {
	b := party.Organisation{MSPID: "B", Roles: []party.Role{party.Shipper}}
	r, err := consortium("A", "B", "C", "D", "E").Propose(b, party.Wish{ChangeID: "x", Withdraw: b.Roles, Reason: "so"}, by("A", now))
	wantFault(t, err, "")
	left := consortium("B", "C", "D", "E")
	_, err = r.Agree(left, b, by("A", now))
	wantFault(t, err, fault.CodeRoleChangeNotMember)
	r, err = r.Agree(left, b, by("C", now))
	wantFault(t, err, "")
	if r.Status != party.RoleChangeOpen || r.Needed != 2 || len(r.Agreed) != 2 {
		t.Errorf("with the word of one that has left: %+v", r)
	}
	r, err = r.Agree(left, b, by("D", now))
	wantFault(t, err, "")
	if r.Status != party.RoleChangeDone {
		t.Errorf("%+v", r)
	}
}

func TestADecisionOvertakesWhatIsOpen(t *testing.T) {
	c := consortium("A", "B", "C")
	b := party.Organisation{MSPID: "B", Roles: []party.Role{party.Owner, party.Service, party.Shipper}}
	propose := func(id string, role party.Role, actor string) party.RoleChange {
		t.Helper()
		r, err := c.Propose(b, party.Wish{ChangeID: id, Withdraw: []party.Role{role}, Reason: "so"}, by(actor, now))
		wantFault(t, err, "")
		return r
	}
	old, other := propose("old", party.Owner, "A"), propose("other", party.Shipper, "A")
	b = b.Change(propose("own", party.Service, "B"), by("B", now))
	other, err := other.Agree(c, b, by("C", now)) // what B gave up has put off nothing
	wantFault(t, err, "")
	b = b.Change(other, by("C", now))
	_, err = old.Agree(c, b, by("C", now))
	wantFault(t, err, fault.CodeRoleChangeOvertaken)
	_, err = old.Agree(c, b, by("X", now))
	wantFault(t, err, fault.CodeRoleChangeNotMember)
	again, err := propose("again", party.Owner, "A").Agree(c, b, by("C", now))
	wantFault(t, err, "")
	if b = b.Change(again, by("C", now)); len(b.Roles) != 0 || b.Decisions != 2 {
		t.Errorf("%+v", b)
	}
}

func TestAChangeKeepsWhatWasHeldBefore(t *testing.T) {
	o := party.Organisation{MSPID: "B", Roles: []party.Role{party.Owner, party.Shipper}}
	o = o.Change(party.RoleChange{Withdraw: []party.Role{party.Shipper, party.Auditor}}, by("A", now))
	if diff := cmp.Diff([][]party.Role{{party.Owner}, {party.Shipper}}, [][]party.Role{o.Roles, o.Former}); diff != "" {
		t.Error(diff)
	}
	wantFault(t, party.Permit(o, party.CarryShipment), fault.CodeNotPermitted)
	wantFault(t, party.PermitToFinish(o, party.CarryShipment), "")
	wantFault(t, party.PermitToFinish(o, party.RegisterComponent), fault.CodeNotPermitted)
	o = o.Change(party.RoleChange{Grant: []party.Role{party.Shipper}}, by("A", now))
	if diff := cmp.Diff([][]party.Role{{party.Owner, party.Shipper}, {}}, [][]party.Role{o.Roles, o.Former}); diff != "" {
		t.Error(diff)
	}
}

// world is a consortium with everything that has been said about its roles.
type world struct {
	c    party.Consortium
	orgs map[string]party.Organisation
	open []party.RoleChange
}

func (w *world) carryOut(r party.RoleChange) bool {
	next := w.orgs[r.MSPID].Change(r, by("", now))
	var others []party.Organisation
	for _, m := range w.c.Others(r.MSPID) {
		others = append(others, w.orgs[m])
	}
	if party.KeepsARole(next, others) != nil {
		return false
	}
	w.orgs[r.MSPID] = next
	return true
}

// leave takes a member out of the consortium, unless those that stay have no role.
func (w *world) leave(member string) {
	others := w.c.Others(member)
	if slices.ContainsFunc(others, func(m string) bool { return len(w.orgs[m].Roles) > 0 }) {
		w.c.Members = others
	}
}

// TestNoSequenceOfChangesGoesAroundThem: whatever is proposed and agreed to by whom, and
// whoever leaves meanwhile, an organisation may do what a role allows exactly from its
// grant to its withdrawal; it has got that role with the words of a majority of those who
// are the others now, by two at least, of whom it may be one; no other decision about
// it came between; and somebody in the consortium can always announce others.
func TestNoSequenceOfChangesGoesAroundThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "members")
		w := world{orgs: map[string]party.Organisation{}}
		for i := range n {
			id := fmt.Sprintf("M%d", i)
			w.c.Members = append(w.c.Members, id)
			w.orgs[id] = party.Organisation{MSPID: id, Roles: []party.Role{party.Roles()[i]}}
		}
		w.c.Founder = "M0"
		w.orgs["Ghost"] = party.Organisation{MSPID: "Ghost", Roles: []party.Role{party.Owner}}
		names := append(slices.Clone(w.c.Members), "Ghost")
		for i := range rapid.IntRange(1, 40).Draw(t, "steps") {
			before := w.orgs
			w.orgs = make(map[string]party.Organisation)
			for k, o := range before {
				w.orgs[k] = o
			}
			actor := rapid.SampledFrom(names).Draw(t, "actor")
			if rapid.IntRange(0, 9).Draw(t, "leaves") == 0 {
				w.leave(actor)
			}
			var r party.RoleChange
			var err error
			if at := rapid.IntRange(-3, len(w.open)-1).Draw(t, "change"); at >= 0 {
				if r, err = w.open[at].Agree(w.c, w.orgs[w.open[at].MSPID], by(actor, now)); err == nil && (r.Status != party.RoleChangeDone || w.carryOut(r)) {
					w.open[at] = r
				}
			} else {
				some := rapid.SliceOfNDistinct(rapid.SampledFrom(party.Roles()), 0, 3, rapid.ID[party.Role])
				wish := party.Wish{ChangeID: fmt.Sprint("c", i), Grant: some.Draw(t, "grant"), Withdraw: some.Draw(t, "withdraw"), Reason: "so"}
				r, err = w.c.Propose(w.orgs[rapid.SampledFrom(names).Draw(t, "of")], wish, by(actor, now))
				if err == nil && (r.Status != party.RoleChangeDone || w.carryOut(r)) {
					w.open = append(w.open, r)
				}
			}
			w.holds(t, before, r, err)
		}
	})
}

// holds compares what the last change has done with who has agreed to it.
func (w *world) holds(t *rapid.T, before map[string]party.Organisation, r party.RoleChange, err error) {
	left := 0
	for id, o := range w.orgs {
		if party.Permit(o, party.AnnounceOrganisation) == nil && slices.Contains(w.c.Members, id) {
			left++
		}
		others := w.c.Others(id)
		for _, role := range party.Roles() {
			had, has := before[id].Has(role), o.Has(role)
			if had && !has && party.Permit(o, onlyFor(role)) == nil && onlyFor(role) != "" {
				t.Fatalf("%s may still what only a %s may", id, role)
			}
			if had == has {
				continue
			}
			if err != nil || r.MSPID != id || r.Status != party.RoleChangeDone {
				t.Fatalf("%s has changed by no change of its own: %+v", id, r)
			}
			words := slices.DeleteFunc(slices.Clone(r.Agreed), func(g party.GivenWord) bool { return !slices.Contains(others, g.Member) })
			own, asked := r.ProposedBy == id && !has && len(r.Grant) == 0, 0
			if r.ProposedBy == id {
				asked = 1
			}
			if !own && (2*len(words) <= len(others) || len(words)+asked < 2 || r.Decisions != before[id].Decisions) {
				t.Fatalf("%s has changed by %v of %v", id, r.Agreed, others)
			}
			if !has && !slices.Contains(o.Former, role) {
				t.Fatalf("%s cannot finish as %s", id, role)
			}
		}
	}
	if left == 0 {
		t.Fatal("nobody can announce anybody any more")
	}
}

// onlyFor is an action that this role alone allows; "" where there is none.
func onlyFor(role party.Role) party.Action {
	for _, p := range party.Permissions() {
		if len(p.Roles) == 1 && p.Roles[0] == role {
			return p.Action
		}
	}
	return ""
}
