package party_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

const now measure.Time = "2026-03-01T08:00:00.000Z"

func wantFault(t *testing.T, err error, code fault.Code) {
	t.Helper()
	if code == "" && err != nil || code != "" && !fault.Is(err, code) {
		t.Fatalf("got %v, want %q", err, code)
	}
}

func TestTheFounderAnnouncesItselfAndEveryoneElseIsAnnounced(t *testing.T) {
	roles := func(rs ...party.Role) []party.Role { return rs }
	for name, c := range map[string]struct {
		caller, id, title string
		founded           bool
		roles             []party.Role
		want              fault.Code
	}{
		"the founder announces itself":         {"AlphaMSP", "AlphaMSP", "Alpha", false, roles(party.Shipper, party.Manufacturer), ""},
		"nobody is announced before a founder": {"AlphaMSP", "BetaMSP", "Beta", false, roles(party.Service), fault.CodeNotPermitted},
		"a member announces another":           {"AlphaMSP", "BetaMSP", "Beta", true, roles(party.Service), ""},
		"nobody joins by itself":               {"BetaMSP", "BetaMSP", "Beta", true, roles(party.Service), fault.CodeNotPermitted},
		"an MSP id is an id":                   {"AlphaMSP", "Beta MSP", "Beta", true, roles(party.Service), fault.CodeIDInvalid},
		"there is a name":                      {"AlphaMSP", "BetaMSP", "", true, roles(party.Service), fault.CodeInvalid},
		"the name has at most 100 characters":  {"AlphaMSP", "BetaMSP", strings.Repeat("ä", 101), true, roles(party.Service), fault.CodeInvalid},
		"100 characters are enough":            {"AlphaMSP", "BetaMSP", strings.Repeat("ä", 100), true, roles(party.Service), ""},
		"there is a role":                      {"AlphaMSP", "BetaMSP", "Beta", true, nil, fault.CodeInvalid},
		"no role comes twice":                  {"AlphaMSP", "BetaMSP", "Beta", true, roles(party.Service, party.Owner, party.Service), fault.CodeInvalid},
		"a role is one that there is":          {"AlphaMSP", "BetaMSP", "Beta", true, roles("king"), fault.CodeInvalid},
		"all roles at once, by the founder":    {"AlphaMSP", "BetaMSP", "Beta", true, party.Roles(), ""},
		"no registrar by one member's word":    {"GammaMSP", "BetaMSP", "Beta", true, roles(party.Owner, party.Registrar), fault.CodeRoleEntrusted},
		"no standards body either":             {"GammaMSP", "BetaMSP", "Beta", true, roles(party.StandardsBody), fault.CodeRoleEntrusted},
		"another member announces a trader":    {"GammaMSP", "BetaMSP", "Beta", true, roles(party.Owner, party.Regulator), ""},
	} {
		t.Run(name, func(t *testing.T) {
			given := append([]party.Role{}, c.roles...)
			consortium := party.Consortium{}
			if c.founded {
				consortium = party.Consortium{Founder: "AlphaMSP", Members: []string{"AlphaMSP"}}
			}
			o, err := party.Announce(c.caller, consortium, party.Organisation{MSPID: c.id, Name: c.title, Roles: c.roles, AnnouncedBy: "forged", AnnouncedAt: "forged"}, now)
			wantFault(t, err, c.want)
			if diff := cmp.Diff(given, append([]party.Role{}, c.roles...)); diff != "" {
				t.Errorf("the caller's list was changed: %s", diff)
			}
			if err != nil {
				return
			}
			if o.AnnouncedBy != c.caller || o.AnnouncedAt != now {
				t.Errorf("%+v", o)
			}
			for i, r := range o.Roles {
				if !o.Has(r) || i > 0 && o.Roles[i-1] >= r {
					t.Errorf("roles %v", o.Roles)
				}
			}
		})
	}
}

// The whole table of who may do what, row by row.
func TestPermissions(t *testing.T) {
	const m, se, sh, ow, ce, au, re = party.Manufacturer, party.Service, party.Shipper, party.Owner, party.Certifier, party.Auditor, party.Regulator
	const rg, sb = party.Registrar, party.StandardsBody
	want := map[party.Action][]party.Role{
		party.AnnounceOrganisation: {m, se, sh, ow, ce, au, re, rg, sb},
		party.RegisterDevice:       {m, se, sh, ow},
		party.IssueCredential:      {m, se, ce},
		party.CarryStatement:       {m, se, sh, ow, ce, au, re, rg, sb},
		party.AskLedger:            {m, se, sh, ow, ce, au, re, rg, sb},
		party.RegisterComponent:    {m},
		party.OwnComponent:         {m, se, sh, ow},
		party.KeepMachine:          {m, se, sh, ow},
		party.ProvideService:       {se},
		party.ScanComponent:        {m, se, sh, ow, ce, au, re, rg, sb},
		party.ContestComponent:     {m, se, ce},
		party.TestComponent:        {se, ce},
		party.ReworkComponent:      {m, se},
		party.ProposeShipment:      {m, se, sh, ow},
		party.CarryShipment:        {sh},
		party.RecordReadings:       {m, se, sh, ow, ce, au, re, rg, sb},
		party.HoldAccount:          {m, se, sh, ow},
		party.VerifyOrganisation:   {rg},
		party.PublishStandard:      {sb},
	}
	seen := map[party.Action]bool{}
	for _, p := range party.Permissions() {
		if seen[p.Action] || p.Says == "" {
			t.Errorf("row %+v is there twice or says nothing", p)
		}
		seen[p.Action] = true
		for _, r := range party.Roles() {
			o := party.Organisation{MSPID: "AlphaMSP", Roles: []party.Role{r}}
			err := party.Permit(o, p.Action)
			may := false
			for _, allowed := range want[p.Action] {
				may = may || allowed == r
			}
			if may {
				wantFault(t, err, "")
			} else {
				wantFault(t, err, fault.CodeNotPermitted)
			}
		}
	}
	if len(seen) != len(want) {
		t.Errorf("%d actions, want %d", len(seen), len(want))
	}
	wantFault(t, party.Permit(party.Organisation{}, party.RecordReadings), fault.CodeNotPermitted)
	wantFault(t, party.Permit(party.Organisation{Roles: party.Roles()}, "fly"), fault.CodeNotPermitted)
}

func TestADeviceAndItsKeys(t *testing.T) {
	key := func(id string) party.DeviceKey {
		return party.DeviceKey{Number: 99, KeyID: id, Algorithm: "Ed25519", PublicKey: "pk", Since: "forged"}
	}
	_, err := party.NewDevice("AlphaMSP", "d 1", key("k1"), now)
	wantFault(t, err, fault.CodeIDInvalid)
	d, err := party.NewDevice("AlphaMSP", "d-1", key("k1"), now)
	wantFault(t, err, "")
	want := party.Device{DeviceID: "d-1", Organisation: "AlphaMSP", Status: party.Active, Key: party.DeviceKey{Number: 1, KeyID: "k1", Algorithm: "Ed25519", PublicKey: "pk", Since: now}, RegisteredAt: now, ChangedAt: now}
	if diff := cmp.Diff(want, d); diff != "" || d.Signs() != nil {
		t.Error(diff)
	}
	_, err = d.Rotate("BetaMSP", key("k2"), now)
	wantFault(t, err, fault.CodeNotPermitted)
	_, err = d.Rotate("AlphaMSP", key("k1"), now)
	wantFault(t, err, fault.CodeKeyInvalid)
	later := now.Add(1)
	e, err := d.Rotate("AlphaMSP", key("k2"), later)
	wantFault(t, err, "")
	if e.Key.Number != 2 || e.Key.KeyID != "k2" || e.Key.Since != later || e.ChangedAt != later || e.RegisteredAt != now || d.Key.KeyID != "k1" {
		t.Errorf("%+v", e)
	}
	_, err = e.Revoke("BetaMSP", "lost", later)
	wantFault(t, err, fault.CodeNotPermitted)
	_, err = e.Revoke("AlphaMSP", "", later)
	wantFault(t, err, fault.CodeInvalid)
	r, err := e.Revoke("AlphaMSP", "lost", later)
	wantFault(t, err, "")
	if r.Status != party.Revoked || r.RevokedFor != "lost" || r.Key != e.Key {
		t.Errorf("%+v", r)
	}
	wantFault(t, r.Signs(), fault.CodeDeviceRevoked)
	_, err = r.Rotate("AlphaMSP", key("k3"), later)
	wantFault(t, err, fault.CodeDeviceRevoked)
	_, err = r.Revoke("AlphaMSP", "again", later)
	wantFault(t, err, fault.CodeDeviceRevoked)
}

func TestWhatBecameOfAKey(t *testing.T) {
	for _, c := range []struct {
		number, present uint64
		holder, want    party.Status
	}{
		{2, 2, party.Active, party.Active},
		{1, 2, party.Active, party.Superseded},
		{2, 2, party.Revoked, party.Revoked},
		{1, 2, party.Revoked, party.Revoked},
	} {
		if got := party.KeyStatus(c.number, c.present, c.holder); got != c.want {
			t.Errorf("key %d of %d, holder %s: %s", c.number, c.present, c.holder, got)
		}
	}
}

func TestIDs(t *testing.T) {
	for _, id := range []string{"a", "7", "urn:epc:id:sgtin:4012345.011111.987", "A_b-c.d:e", strings.Repeat("x", 96)} {
		wantFault(t, party.CheckID("id", id), "")
	}
	for _, id := range []string{"", ".a", "_a", ":a", "-a", "a b", "a/b", "a~b", "ä", "a\x00", "a\n", strings.Repeat("x", 97), "\xff", "a%20", "١"} {
		wantFault(t, party.CheckID("id", id), fault.CodeIDInvalid)
	}
}

func TestTextForPeople(t *testing.T) {
	for _, text := range []string{"a", "Größe", "日本語", "a b, c!", "é", strings.Repeat("語", 20)} {
		wantFault(t, party.CheckText("name", text, 1, 20), "")
	}
	wantFault(t, party.CheckText("name", "", 0, 20), "")
	for name, text := range map[string]string{
		"empty": "", "too long": strings.Repeat("x", 21), "a tab": "a\tb", "a new line": "a\nb", "a line separator": "a\u2028b", "a paragraph separator": "a\u2029b",
		"a direction mark": "a\u202eb", "a joiner without width": "a\u200db", "a byte order mark": "\ufeffa", "private": "\ue000", "deletion": "\x7f", "broken UTF-8": "a\xff",
		"what a decoder puts for half a surrogate pair": "a\ufffd",
	} {
		t.Run(name, func(t *testing.T) { wantFault(t, party.CheckText("name", text, 1, 20), fault.CodeInvalid) })
	}
}

func FuzzCheckID(f *testing.F) {
	for _, s := range []string{"a", "urn:epc:id:sgtin:4012345.011111.987", "", ".", "a\x00", "ä"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, id string) {
		if party.CheckID("id", id) != nil {
			return
		}
		if id == "" || len(id) > party.MaxID || strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-") != "" || strings.ContainsAny(id[:1], "._:-") {
			t.Fatalf("%q was accepted", id)
		}
	})
}

func FuzzCheckText(f *testing.F) {
	for _, s := range []string{"a", "Größe", "a\u202eb", "\xff", "a\nb"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if party.CheckText("name", text, 1, 20) != nil {
			return
		}
		if n := utf8.RuneCountInString(text); !utf8.ValidString(text) || n < 1 || n > 20 || strings.ContainsAny(text, "\x00\n\r\t\u2028\u2029\u200e\u200f\u202e\ufeff") {
			t.Fatalf("%q was accepted", text)
		}
	})
}
