package authority_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/authority"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

var pair = party.DeviceKey{KeyID: "k", Algorithm: "Ed25519"}

func TestWhatAReaderIsLetRead(t *testing.T) {
	hybrid := party.DeviceKey{KeyID: "k", Algorithm: "Ed25519+ML-DSA-65"}
	for name, x := range map[string]struct {
		by, reader string
		key        party.DeviceKey
		grant      authority.Grant
		want       fault.Code
	}{
		"the passport":                         {"Owner", "insurer", pair, hour("passport"), ""},
		"all there is":                         {"Owner", "insurer", pair, hour("parts", "passport", "timeline"), ""},
		"by somebody else":                     {"Carrier", "insurer", pair, hour("passport"), fault.CodeOwnershipNotOwner},
		"nothing":                              {"Owner", "insurer", pair, hour(), fault.CodeInvalid},
		"what nobody reads":                    {"Owner", "insurer", pair, hour("passport", "unlock"), fault.CodeInvalid},
		"a transaction":                        {"Owner", "insurer", pair, hour("component:Relocate"), fault.CodeInvalid},
		"parts, without saying what of them":   {"Owner", "insurer", pair, hour("parts"), fault.CodeInvalid},
		"twice the same":                       {"Owner", "insurer", pair, hour("passport", "passport"), fault.CodeInvalid},
		"without a name":                       {"Owner", "", pair, hour("passport"), fault.CodeIDInvalid},
		"under a name too long":                {"Owner", strings.Repeat("a", 65), pair, hour("passport"), fault.CodeInvalid},
		"with a key that signs no token":       {"Owner", "insurer", hybrid, hour("passport"), fault.CodeInvalid},
		"for longer than anything is promised": {"Owner", "insurer", pair, authority.Grant{Actions: []string{"passport"}, Till: t0.Add(367 * 86400_000)}, fault.CodeInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := authority.GrantReading(crane, x.reader, x.key, x.grant, authority.Delegation{}, at(x.by, 0))
			wantFault(t, err, x.want)
			if x.want == "" && (d.DelegationID != "reader:insurer" || d.Number != 1 || d.Key.Since != t0 || d.MaxUses != 0) {
				t.Errorf("%+v", d)
			}
		})
	}
}

func TestAReaderIsNotShutOutWithoutAWord(t *testing.T) {
	first, err := authority.GrantReading(crane, "insurer", pair, authority.Grant{Actions: []string{"passport"}, Till: t0.Add(60_000)}, authority.Delegation{}, at("Owner", 0))
	wantFault(t, err, "")
	revoked, err := first.Revoke(crane, "the policy has ended", at("Owner", 5))
	wantFault(t, err, "")
	later := first
	later.From = t0.Add(50_000)
	another := party.DeviceKey{KeyID: "other", Algorithm: "ECDSA-P256"}
	to := func(seconds int64, actions ...string) authority.Grant {
		return authority.Grant{Actions: actions, Till: t0.Add(seconds * 1000)}
	}
	from := func(from, till int64, actions ...string) authority.Grant {
		g := to(till, actions...)
		g.From = t0.Add(from * 1000)
		return g
	}
	for name, x := range map[string]struct {
		last  authority.Delegation
		key   party.DeviceKey
		grant authority.Grant
		after int64
		want  fault.Code
	}{
		"for longer":                           {first, pair, to(90, "passport"), 10, ""},
		"more":                                 {first, pair, to(60, "passport", "timeline"), 10, ""},
		"for less time":                        {first, pair, to(59, "passport"), 10, fault.CodeDelegationExists},
		"something else":                       {first, pair, to(90, "timeline"), 10, fault.CodeDelegationExists},
		"from later on":                        {first, pair, from(20, 90, "passport"), 10, fault.CodeDelegationExists},
		"what was to begin, sooner":            {later, pair, from(40, 90, "passport"), 10, ""},
		"what was to begin, later":             {later, pair, from(55, 90, "passport"), 10, fault.CodeDelegationExists},
		"less, once its time is over":          {first, pair, to(90, "timeline"), 61, ""},
		"less, once it is revoked":             {revoked, pair, to(20, "timeline"), 10, ""},
		"with another key":                     {first, another, to(90, "passport"), 10, fault.CodeDelegationExists},
		"with another key, once it is over":    {first, another, to(90, "passport"), 61, fault.CodeDelegationExists},
		"with another key, once it is revoked": {revoked, another, to(90, "passport"), 10, fault.CodeDelegationExists},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := authority.GrantReading(crane, "insurer", x.key, x.grant, x.last, at("Owner", x.after))
			wantFault(t, err, x.want)
			if x.want == "" && (d.Number != 2 || d.Status != authority.Granted || d.RevokedFor+d.RevokedBy != "" || d.Key.Since != t0) {
				t.Errorf("%+v", d)
			}
		})
	}
}

func TestWhyAReaderIsNotLetRead(t *testing.T) {
	d, err := authority.GrantReading(crane, "insurer", pair, authority.Grant{Actions: []string{"passport", "parts"}, From: t0.Add(10_000), Till: t0.Add(60_000)}, authority.Delegation{}, at("Owner", 0))
	wantFault(t, err, "")
	revoked, err := d.Revoke(crane, "the policy has ended", at("Owner", 20))
	wantFault(t, err, "")
	narrow := d
	narrow.Actions = []string{"passport"}
	sold, back := crane, crane
	sold.Owner, sold.Number, back.Number = "Buyer", 4, 5
	for name, x := range map[string]struct {
		d      authority.Delegation
		asked  authority.Asked
		tenure authority.Tenure
		after  int64
		want   fault.Code
		says   string
	}{
		"in time":                         {d, authority.Asked{What: "passport"}, crane, 10, "", ""},
		"at the last moment":              {d, authority.Asked{What: "passport"}, crane, 60, "", ""},
		"a part":                          {d, authority.Asked{What: "passport", PartID: "engine", Inside: true}, crane, 10, "", ""},
		"too early":                       {d, authority.Asked{What: "passport"}, crane, 9, fault.CodeReadingOver, "it has not begun"},
		"too late":                        {d, authority.Asked{What: "passport"}, crane, 61, fault.CodeReadingOver, "granted by Owner until 2026-03-01T08:01:00.000Z, is not in force: its time is over"},
		"revoked":                         {revoked, authority.Asked{What: "passport"}, crane, 30, fault.CodeReadingOver, "was revoked by Owner at 2026-03-01T08:00:20.000Z: the policy has ended"},
		"revoked, and sold":               {revoked, authority.Asked{What: "timeline"}, sold, 30, fault.CodeReadingOver, "was revoked by Owner"},
		"sold":                            {d, authority.Asked{What: "passport"}, sold, 20, fault.CodeReadingOver, "the component has changed hands"},
		"sold and bought back":            {d, authority.Asked{What: "passport"}, back, 20, fault.CodeReadingOver, "the component has changed hands"},
		"what it does not name":           {d, authority.Asked{What: "timeline"}, crane, 20, fault.CodeDelegationAction, ""},
		"what there is not":               {d, authority.Asked{What: "prices"}, crane, 20, fault.CodeDelegationAction, ""},
		"parts as such":                   {d, authority.Asked{What: "parts"}, crane, 20, fault.CodeInvalid, ""},
		"of a part, what it does not say": {d, authority.Asked{What: "timeline", PartID: "engine", Inside: true}, crane, 20, fault.CodeDelegationAction, ""},
		"a part, without parts":           {narrow, authority.Asked{What: "passport", PartID: "engine", Inside: true}, crane, 20, fault.CodeDelegationAction, ""},
		"a part of something else":        {d, authority.Asked{What: "passport", PartID: "engine"}, crane, 20, fault.CodeReadingPart, ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := x.d.LetsRead(x.asked, x.tenure, t0.Add(x.after*1000))
			wantFault(t, err, x.want)
			if err != nil && !strings.Contains(err.Error(), x.says) {
				t.Errorf("%v does not say %q", err, x.says)
			}
		})
	}
}

// A reader whom the owner lets read for a second, from next year, or something else, after
// it has shut the door, is told of that all the same.
func TestNoGrantHidesHowTheOneBeforeEnded(t *testing.T) {
	first, err := authority.GrantReading(crane, "insurer", pair, hour("passport"), authority.Delegation{}, at("Owner", 0))
	wantFault(t, err, "")
	revoked, err := first.Revoke(crane, "the policy has ended", at("Owner", 5))
	wantFault(t, err, "")
	moved := func(by string, times uint64) authority.Tenure {
		return authority.Tenure{ComponentID: "crane", Owner: "Owner", Number: crane.Number + times, Before: authority.Ending{By: by, At: t0.Add(7_000), Reason: "it was taken out of a machine"}}
	}
	sold := moved("Owner", 1)
	sold.Owner, sold.Before.Reason = "Buyer", "it went to another owner"
	second := authority.Grant{Actions: []string{"passport"}, Till: t0.Add(11_000)}
	nextYear := authority.Grant{Actions: []string{"passport"}, From: t0.Add(100_000), Till: t0.Add(101_000)}
	const policy, out = "by Owner at 2026-03-01T08:00:05.000Z: the policy has ended", "by Owner at 2026-03-01T08:00:07.000Z: it was taken out of a machine"
	for name, x := range map[string]struct {
		last   authority.Delegation
		tenure authority.Tenure
		grants []authority.Grant
		what   string
		after  int64
		code   fault.Code
		says   string // "": nothing of an ending
	}{
		"for a second":                           {revoked, crane, []authority.Grant{second}, "passport", 12, fault.CodeReadingOver, policy},
		"for a second, twice":                    {revoked, crane, []authority.Grant{second, hour("passport")}, "timeline", 12, fault.CodeDelegationAction, policy},
		"from next year":                         {revoked, crane, []authority.Grant{nextYear}, "passport", 12, fault.CodeReadingOver, policy},
		"something else":                         {revoked, crane, []authority.Grant{hour("timeline")}, "passport", 12, fault.CodeDelegationAction, policy},
		"without what is in it":                  {revoked, crane, []authority.Grant{hour("passport")}, "parts of it", 12, fault.CodeDelegationAction, policy},
		"nothing, put into a machine":            {first, moved("Owner", 1), nil, "passport", 12, fault.CodeReadingOver, out},
		"nothing, put in and taken out":          {first, moved("Owner", 2), nil, "passport", 12, fault.CodeReadingOver, out},
		"for a second, put in and taken out":     {first, moved("Owner", 2), []authority.Grant{second}, "passport", 12, fault.CodeReadingOver, out},
		"nothing, and others had it since":       {first, moved("Buyer", 3), nil, "passport", 12, fault.CodeReadingOver, ""},
		"nothing after a sale":                   {first, sold, nil, "passport", 12, fault.CodeReadingOver, "by Owner at 2026-03-01T08:00:07.000Z: it went to another owner"},
		"for a second by the next owner":         {first, sold, []authority.Grant{second}, "passport", 12, fault.CodeReadingOver, "it went to another owner"},
		"for a second by the next, once revoked": {revoked, sold, []authority.Grant{second}, "passport", 12, fault.CodeReadingOver, policy},
		"for a second, and never shut out":       {authority.Delegation{}, crane, []authority.Grant{second}, "passport", 12, fault.CodeReadingOver, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := x.last
			for _, g := range x.grants {
				next, err := authority.GrantReading(x.tenure, "insurer", pair, g, d, at(x.tenure.Owner, 10))
				wantFault(t, err, "")
				d = next
			}
			asked := authority.Asked{What: x.what}
			if x.what == "parts of it" {
				asked = authority.Asked{What: "passport", PartID: "engine", Inside: true}
			}
			err := d.LetsRead(asked, x.tenure, t0.Add(x.after*1000))
			wantFault(t, err, x.code)
			f := new(fault.Fault)
			if !errors.As(err, &f) || !strings.Contains(f.Detail, x.says) || (f.Param("endedBy") == "Owner") != (x.says != "") || !strings.Contains(x.says, f.Param("endedFor")) {
				t.Errorf("%v does not say %q", err, x.says)
			}
		})
	}
	over, err := authority.GrantReading(moved("Owner", 1), "insurer", pair, hour("passport"), authority.Delegation{Number: 1, Status: authority.Granted, Owner: "Owner", Tenure: crane.Number, Till: t0.Add(6_000)}, at("Owner", 10))
	wantFault(t, err, "")
	if over.Ended != nil {
		t.Errorf("what was over by itself was ended by %+v", over.Ended)
	}
}

// Whatever owners do in whatever order: a reader reads what the last grant under its
// name says, while that is in force; and the first moment at which it is let read less
// than a moment before is that of a revocation, of a sale, or of what was said before.
// Once something was revoked, every refusal says so.
func TestReadingIsWhatTheLastGrantSays(t *testing.T) {
	words := []string{"passport", "timeline"}
	rapid.Check(t, func(t *rapid.T) {
		tenure, now, d, revoked := crane, int64(0), authority.Delegation{}, false
		lets := func() (all []string) {
			for _, w := range words {
				err := d.LetsRead(authority.Asked{What: w}, tenure, t0.Add(now*1000))
				if err == nil {
					all = append(all, w)
					continue
				}
				if f := new(fault.Fault); revoked && (!errors.As(err, &f) || f.Param("reason")+f.Param("endedFor") != "why") {
					t.Fatalf("%v does not say what was revoked", err)
				}
			}
			return all
		}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			now += rapid.Int64Range(0, 5).Draw(t, "later")
			before, may := lets(), false
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0:
				if next, err := d.Revoke(tenure, "why", at(tenure.Owner, now)); err == nil {
					d, may, revoked = next, true, true
					if len(lets()) > 0 {
						t.Fatal("read after it was revoked")
					}
				}
			case 1:
				tenure.Number++
				may = true
				if len(lets()) > 0 {
					t.Fatal("read after it was sold")
				}
			default:
				g := authority.Grant{
					Actions: rapid.SampledFrom([][]string{words, words[:1], words[1:]}).Draw(t, "actions"),
					From:    measure.Time(""), Till: t0.Add((now + rapid.Int64Range(1, 20).Draw(t, "for")) * 1000),
				}
				if next, err := authority.GrantReading(tenure, "insurer", pair, g, d, at(tenure.Owner, now)); err == nil {
					d = next
					if !slices.Equal(lets(), g.Actions) {
						t.Fatalf("granted %v, and reads %v", g.Actions, lets())
					}
				}
			}
			for _, w := range before {
				if !may && !slices.Contains(lets(), w) {
					t.Fatalf("%s was taken away without a word", w)
				}
			}
		}
	})
}
