package component_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func tagged(t *testing.T, tag component.TagClass, change func(*component.Component)) component.Component {
	t.Helper()
	c := component.Component{ComponentID: "c-1", PartNumber: "p-1", Algorithm: "Ed25519", PublicKey: "pk", KeyID: "k", Location: "DEHAM", TagClass: tag}
	if tag == component.Passive {
		c.Algorithm, c.PublicKey, c.KeyID = "", "", ""
	}
	if change != nil {
		change(&c)
	}
	c, _, err := component.Register(c, by(maker))
	wantFault(t, err, "")
	return c
}

func TestWhatIsAnnouncedHasItsForm(t *testing.T) {
	good := component.Component{
		ComponentID: "urn:epc:id:sgtin:4012345.011111.987", PartNumber: "p-1", PublicKey: "pk", Location: "4012345000009", Lot: "L1", TagClass: component.Connected,
		SpecificationHash: hash("spec"), WarrantyMonths: 600, Destination: "NLRTM", WitnessSeconds: component.MaxWitnessSeconds,
	}
	c, _, err := component.Register(good, by(maker))
	wantFault(t, err, "")
	if c.Status != component.Registered || c.Lot != "L1" || c.WarrantyUntil != "" {
		t.Errorf("%+v", c)
	}
	for name, x := range map[string]struct {
		change func(*component.Component)
		want   fault.Code
	}{
		"a URN that is none":               {func(c *component.Component) { c.ComponentID = "urn:epc:id:sgtin:1" }, fault.CodeIDInvalid},
		"a place with a wrong check digit": {func(c *component.Component) { c.Location = "4012345000008" }, fault.CodeIDInvalid},
		"a destination with one":           {func(c *component.Component) { c.Destination = "4012345000008" }, fault.CodeIDInvalid},
		"a destination that is none":       {func(c *component.Component) { c.Destination = "a b" }, fault.CodeIDInvalid},
		"a lot that is none":               {func(c *component.Component) { c.Lot = "*" }, fault.CodeIDInvalid},
		"a specification that is no hash":  {func(c *component.Component) { c.SpecificationHash = strings.Repeat("A", 64) }, fault.CodeInvalid},
		"a negative warranty":              {func(c *component.Component) { c.WarrantyMonths = -1 }, fault.CodeInvalid},
		"a warranty for ever":              {func(c *component.Component) { c.WarrantyMonths = 601 }, fault.CodeInvalid},
		"a maker that never witnesses":     {func(c *component.Component) { c.WitnessSeconds = component.MaxWitnessSeconds + 1 }, fault.CodeInvalid},
		"a class that is none":             {func(c *component.Component) { c.TagClass = "clever" }, fault.CodeInvalid},
		"a tag that signs, without a key":  {func(c *component.Component) { c.PublicKey = "" }, fault.CodeInvalid},
		"no tag and no key":                {func(c *component.Component) { c.TagClass, c.PublicKey = "", "" }, fault.CodeInvalid},
		"a code for a tag that signs":      {func(c *component.Component) { c.ActivationCodeHash = hash("x") }, fault.CodeInvalid},
		"a passive tag with a code, no key": {func(c *component.Component) {
			c.TagClass, c.PublicKey, c.ActivationCodeHash = component.Passive, "", hash("x")
		}, ""},
		"a passive tag with no code or key":   {func(c *component.Component) { c.TagClass, c.PublicKey = component.Passive, "" }, ""},
		"a passive tag with a code of no use": {func(c *component.Component) { c.TagClass, c.ActivationCodeHash = component.Passive, "x" }, fault.CodeInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			c := good
			x.change(&c)
			_, _, err := component.Register(c, by(maker))
			wantFault(t, err, x.want)
		})
	}
}

func TestTheWarrantyRunsFromTheFirstBuyer(t *testing.T) {
	c := registered(t)
	c.WarrantyMonths, c.OfferedTo = 24, buyer
	c, _, err := c.AcceptOwnership("", by(buyer))
	wantFault(t, err, "")
	if c.WarrantyUntil != "2028-03-01T08:00:00.000Z" {
		t.Errorf("until %s", c.WarrantyUntil)
	}
	c.OfferedTo = "X"
	later := by("X")
	later.Now = now.AddMonths(3)
	c, _, err = c.AcceptOwnership("", later)
	wantFault(t, err, "")
	if c.WarrantyUntil != "2028-03-01T08:00:00.000Z" {
		t.Errorf("a sale begins it anew: %s", c.WarrantyUntil)
	}
	if got := measure.Time("2026-01-31T00:00:00.000Z").AddMonths(1); got != "2026-03-03T00:00:00.000Z" {
		t.Errorf("a month after the end of January: %s", got)
	}
}

// Who activates what, and with what.
func TestActivation(t *testing.T) {
	yes := &component.TagResponse{Challenge: "c", Intact: true}
	broken := &component.TagResponse{Challenge: "c"}
	signs := func(change func(*component.Component)) component.Component {
		return tagged(t, component.ActiveTag, change)
	}
	passive := func(change func(*component.Component)) component.Component {
		return tagged(t, component.Passive, change)
	}
	named := func(c *component.Component) { c.Consignee = buyer }
	coded := func(c *component.Component) { c.ActivationCodeHash = hash("7KQ2") }
	sold := func(c component.Component) component.Component { c.Owner = buyer; return c }
	asked := sold(passive(nil))
	asked.ActivatedBy = buyer
	done := signs(nil)
	done.Status = component.Active
	for name, x := range map[string]struct {
		c     component.Component
		actor string
		shown component.Shown
		want  fault.Code
		after component.Status
	}{
		"the receiver that is named":                  {signs(named), buyer, component.Shown{Response: yes}, "", component.Active},
		"the maker, for the receiver that is named":   {signs(named), maker, component.Shown{Response: yes}, fault.CodeActivationNotParty, ""},
		"the maker, while it is its own":              {signs(nil), maker, component.Shown{Response: yes}, "", component.Active},
		"a stranger with the thing in hand":           {signs(nil), "X", component.Shown{Response: yes}, fault.CodeActivationNotParty, ""},
		"the first buyer":                             {sold(signs(nil)), buyer, component.Shown{Response: yes}, "", component.Active},
		"the maker, after the sale":                   {sold(signs(nil)), maker, component.Shown{Response: yes}, fault.CodeActivationNotParty, ""},
		"the buyer of what another was to receive":    {sold(signs(func(c *component.Component) { c.Consignee = "X" })), buyer, component.Shown{Response: yes}, "", component.Active},
		"without the tag's answer":                    {signs(nil), maker, component.Shown{}, fault.CodeTagChallenge, ""},
		"with a broken seal":                          {signs(nil), maker, component.Shown{Response: broken}, fault.CodeTagBroken, ""},
		"while another claims it":                     {signs(nil), maker, component.Shown{Response: yes, Contested: true}, fault.CodeActivationContested, ""},
		"once more":                                   {done, maker, component.Shown{Response: yes}, fault.CodeActivationDone, ""},
		"what needs none":                             {registered(t), maker, component.Shown{}, fault.CodeActivationDone, ""},
		"with the code":                               {sold(passive(coded)), buyer, component.Shown{Code: "7KQ2"}, "", component.Active},
		"with another code":                           {sold(passive(coded)), buyer, component.Shown{Code: "7KQ3"}, fault.CodeActivationCode, ""},
		"with the code, by a stranger":                {sold(passive(coded)), "X", component.Shown{Code: "7KQ2"}, fault.CodeActivationNotParty, ""},
		"a passive tag, by its maker":                 {passive(nil), maker, component.Shown{}, "", component.Active},
		"a passive tag, by its buyer":                 {sold(passive(nil)), buyer, component.Shown{}, "", component.Registered},
		"the maker's consent before anybody asked":    {sold(passive(nil)), maker, component.Shown{}, fault.CodeActivationNotParty, ""},
		"the maker's consent":                         {asked, maker, component.Shown{}, "", component.Active},
		"a stranger's consent":                        {asked, "X", component.Shown{}, fault.CodeActivationNotParty, ""},
		"the buyer's own consent":                     {asked, buyer, component.Shown{}, "", component.Registered},
		"no consent stands in for the code of a seal": {func() component.Component { c := sold(passive(coded)); c.ActivatedBy = buyer; return c }(), maker, component.Shown{}, fault.CodeActivationNotParty, ""},
	} {
		t.Run(name, func(t *testing.T) {
			x.shown.Place = "NLRTM"
			c, _, e, err := x.c.Activate(x.shown, by(x.actor))
			wantFault(t, err, x.want)
			if err == nil && (c.Status != x.after || (x.after == component.Active) != (e.Step == component.Activated) || (c.ActivatedAt != "") != (x.after == component.Active)) {
				t.Errorf("%+v %+v", c, e)
			}
			if err != nil && c != x.c {
				t.Errorf("refused, but changed: %+v", c)
			}
		})
	}
}

func TestAChallengeIsAnsweredOnce(t *testing.T) {
	c := tagged(t, component.Connected, nil)
	l, err := c.Challenge(component.TagChallenge{}, by(buyer))
	wantFault(t, err, "")
	again, err := c.Challenge(l, by(buyer))
	wantFault(t, err, "")
	if len(l.Challenge) != 64 || again.Challenge == l.Challenge || again.Number != 2 {
		t.Errorf("%+v, then %+v", l, again)
	}
	other, err := c.Challenge(component.TagChallenge{}, component.When{Actor: buyer, Now: now, TransactionID: "another"})
	if err != nil || other.Challenge == l.Challenge {
		t.Errorf("another transaction asks the same: %v", err)
	}
	_, err = l.Answer(component.TagResponse{Challenge: again.Challenge}, by(buyer))
	wantFault(t, err, fault.CodeTagChallenge)
	_, err = component.TagChallenge{}.Answer(component.TagResponse{}, by(buyer))
	wantFault(t, err, fault.CodeTagChallenge)
	late := by(buyer)
	late.Now = l.OpenTill.Add(1)
	_, err = l.Answer(component.TagResponse{Challenge: l.Challenge}, late)
	wantFault(t, err, fault.CodeTagChallenge)
	answered, err := l.Answer(component.TagResponse{Challenge: l.Challenge}, by(buyer))
	wantFault(t, err, "")
	_, err = answered.Answer(component.TagResponse{Challenge: l.Challenge}, by(buyer))
	wantFault(t, err, fault.CodeTagChallenge)
	_, err = tagged(t, component.Passive, nil).Challenge(l, by(buyer))
	wantFault(t, err, fault.CodeTagSilent)
}

// Two scans after one another, and what they show.
func TestScans(t *testing.T) {
	c := tagged(t, component.ActiveTag, func(c *component.Component) { c.Destination = "NLRTM" })
	received := c
	received.ActivatedAt = now
	at := func(place string, minutes int64, count uint64) component.TagScan {
		return component.TagScan{Place: place, Purpose: component.Check, OccurredAt: now.Add(-3_600_000 + minutes*60_000), TagCount: count}
	}
	receipt := func(s component.TagScan) component.TagScan { s.Purpose = component.Receipt; return s }
	stolen := []component.Hold{{Active: true, Kind: component.StolenHold}}
	for name, x := range map[string]struct {
		c       component.Component
		first   component.TagScan
		second  component.TagScan
		answer  *component.TagResponse
		holds   []component.Hold
		shows   string
		lastIs2 bool
	}{
		"the next place":                         {c, at("DEHAM", 0, 1), at("NLRTM", 30, 2), nil, nil, "", true},
		"another place at once":                  {c, at("DEHAM", 0, 0), at("NLRTM", 0, 0), nil, nil, "duplicate-scan", true},
		"the same place at once":                 {c, at("DEHAM", 0, 0), at("DEHAM", 0, 0), nil, nil, "", true},
		"the tag counts on":                      {c, at("DEHAM", 0, 7), at("DEHAM", 30, 8), nil, nil, "", true},
		"the tag counts the same":                {c, at("DEHAM", 0, 7), at("DEHAM", 30, 7), nil, nil, "duplicate-scan", true},
		"the tag counts back":                    {c, at("DEHAM", 0, 7), at("DEHAM", 30, 6), nil, nil, "duplicate-scan", true},
		"an earlier scan that comes late":        {c, at("DEHAM", 30, 7), at("DEHAM", 0, 6), nil, nil, "", false},
		"an earlier scan with a later count":     {c, at("DEHAM", 30, 7), at("DEHAM", 0, 8), nil, nil, "duplicate-scan", false},
		"received where it is destined":          {c, at("DEHAM", 0, 0), receipt(at("NLRTM", 30, 0)), nil, nil, "", true},
		"received elsewhere":                     {c, at("DEHAM", 0, 0), receipt(at("BEANR", 30, 0)), nil, nil, "diverted", true},
		"received elsewhere, after its delivery": {received, at("DEHAM", 0, 0), receipt(at("BEANR", 30, 0)), nil, nil, "", true},
		"looked at elsewhere on its way":         {c, at("DEHAM", 0, 0), at("BEANR", 30, 0), nil, nil, "", true},
		"reported stolen":                        {c, at("DEHAM", 0, 0), at("BEANR", 30, 0), nil, stolen, "stolen", true},
		"its seal is broken":                     {c, at("DEHAM", 0, 0), at("BEANR", 30, 0), &component.TagResponse{}, nil, "seal-broken", true},
		"all of it":                              {c, at("DEHAM", 0, 3), receipt(at("BEANR", 0, 3)), &component.TagResponse{}, stolen, "duplicate-scan duplicate-scan diverted stolen seal-broken", true},
	} {
		t.Run(name, func(t *testing.T) {
			trail, _, found, err := component.ScanTrail{}.Scan(x.c, x.first, nil, nil, by("X"))
			wantFault(t, err, "")
			if len(found) != 0 {
				t.Errorf("the first shows %+v", found)
			}
			trail, s, found, err := trail.Scan(x.c, x.second, x.answer, x.holds, by("X"))
			wantFault(t, err, "")
			var types []string
			for _, f := range found {
				types = append(types, string(f.Type))
			}
			if got := strings.Join(types, " "); got != x.shows {
				t.Errorf("shows %q, want %q", got, x.shows)
			}
			if s.Number != 2 || s.ScannedBy != "X" || s.Proven != (x.answer != nil) || (trail.Last.Number == 2) != x.lastIs2 || trail.Scans != 2 {
				t.Errorf("%+v %+v", s, trail)
			}
		})
	}
	_, _, _, err := component.ScanTrail{}.Scan(c, component.TagScan{Place: "DEHAM", Purpose: component.Check, OccurredAt: now.Add(measure.MaxSkewMs + 1)}, nil, nil, by("X"))
	wantFault(t, err, fault.CodeScanTime)
}

func TestFindingsAreNumberedAndClosedByWhoAnswersForThem(t *testing.T) {
	c := registered(t)
	c.Owner = buyer
	l := component.FindingLog{ComponentID: c.ComponentID}
	contest, err := c.Contest("not theirs", "", by("X"))
	wantFault(t, err, "")
	_, err = c.Contest("mine", "", by(maker))
	wantFault(t, err, fault.CodeInvalid)
	_, err = c.Contest("not theirs", "paper", by("X"))
	wantFault(t, err, fault.CodeInvalid)
	l, found := l.Raise([]component.Found{{Type: component.MissingPart, SlotID: "s"}, contest}, "7", by("X"))
	if len(found) != 2 || found[0].Number != 1 || found[1].Number != 2 || l.Open != 2 || l.Contested != 1 || found[0].Evidence != "7" {
		t.Fatalf("%+v %+v", l, found)
	}
	for name, x := range map[string]struct {
		finding int
		mspID   string
		roles   []party.Role
		want    fault.Code
	}{
		"the owner":                       {0, buyer, nil, ""},
		"the maker":                       {0, maker, nil, ""},
		"who found it":                    {0, "X", nil, fault.CodeFindingNotParty},
		"a regulator":                     {0, office, []party.Role{party.Regulator}, fault.CodeFindingNotParty},
		"contested, the owner":            {1, buyer, nil, fault.CodeFindingNotParty},
		"contested, who announced it":     {1, maker, nil, fault.CodeFindingNotParty},
		"contested, who said so":          {1, "X", nil, ""},
		"contested, decided by regulator": {1, office, []party.Role{party.Regulator}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			next, f, err := l.Close(found[x.finding], c, party.Organisation{MSPID: x.mspID, Roles: x.roles}, "seen to", by(x.mspID))
			wantFault(t, err, x.want)
			if err == nil && (f.Open || f.ClosedBy != x.mspID || next.Open != 1 || next.Contested != uint64(1-x.finding)) {
				t.Errorf("%+v %+v", next, f)
			}
			if err == nil {
				_, _, err = next.Close(f, c, party.Organisation{MSPID: x.mspID, Roles: x.roles}, "again", by(x.mspID))
				wantFault(t, err, fault.CodeFindingClosed)
			}
		})
	}
}

func TestIsItGenuine(t *testing.T) {
	c := registered(t)
	fresh, gone := tagged(t, component.ActiveTag, nil), c
	gone.Status = component.Decommissioned
	held := component.Bearing{Holds: []component.Hold{{Active: true, By: maker, Reason: "rust"}}, Recalls: []component.Recall{{Active: true, Manufacturer: maker}}}
	for name, x := range map[string]struct {
		got  component.Authenticity
		want component.Verdict
		says int
	}{
		"an ordinary one":       {c.Authentic(component.Bearing{}, component.FindingLog{}), component.Genuine, 0},
		"nobody has shown it":   {fresh.Authentic(component.Bearing{}, component.FindingLog{}), component.Genuine, 1},
		"held and recalled":     {c.Authentic(held, component.FindingLog{}), component.Withdrawn, 2},
		"decommissioned":        {gone.Authentic(component.Bearing{}, component.FindingLog{}), component.Withdrawn, 1},
		"something does not go": {c.Authentic(held, component.FindingLog{Open: 1}), component.Suspect, 3},
		"another made it":       {c.Authentic(component.Bearing{}, component.FindingLog{Open: 1, Contested: 1}), component.Suspect, 2},
		"no such code":          {component.NotRegistered("x"), component.Unknown, 1},
	} {
		if x.got.Verdict != x.want || len(x.got.Says) != x.says || x.got.Says == nil {
			t.Errorf("%s: %+v", name, x.got)
		}
	}
}

// TestAnAnswerFitsATextMessage: whoever is named and whatever speaks against it.
func TestAnAnswerFitsATextMessage(t *testing.T) {
	c := registered(t)
	c.WarrantyUntil = "2028-03-01T00:00:00.000Z"
	long := strings.Repeat("M", 96)
	huge := c
	huge.Manufacturer, huge.PartNumber, huge.Status = long, long, component.Decommissioned
	one := component.Bearing{Holds: []component.Hold{{Active: true, By: maker, Reason: "größer: rust"}}}
	many := component.Bearing{Recalls: []component.Recall{{Manufacturer: long}}}
	for range 99 {
		many.Holds = append(many.Holds, component.Hold{By: long, Reason: "日本語"})
	}
	for name, x := range map[string]struct {
		got  component.Authenticity
		want string
	}{
		"an ordinary one": {c.Authentic(component.Bearing{}, component.FindingLog{}), "Genuine. Maker " + maker + ", part " + c.PartNumber + ". Warranty until 2028-03-01."},
		"held":            {c.Authentic(one, component.FindingLog{}), "DO NOT USE. Maker " + maker + ", part " + c.PartNumber + ". Warranty until 2028-03-01. Held by " + maker + "."},
		"something does not fit": {c.Authentic(component.Bearing{}, component.FindingLog{Open: 1}),
			"SUSPECT. Maker " + maker + ", part " + c.PartNumber + ". Warranty until 2028-03-01. Something about it does not fit."},
		"the longest": {huge.Authentic(many, component.FindingLog{Open: 1, Contested: 1}),
			"SUSPECT. Maker " + long[:22] + ".., part " + long[:22] + ".. Warranty until 2028-03-01. +103 more."},
		"no such code": {component.NotRegistered("x"), "Unknown code: re-check the code."},
	} {
		got := x.got.Message()
		if len(got) > component.MaxMessage || strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%s: %d characters: %q", name, len(got), got)
		}
		if got != x.want {
			t.Errorf("%s: %q, want %q", name, got, x.want)
		}
	}
}
