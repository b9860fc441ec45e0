package party_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

var hash = strings.Repeat("a", 64)

func TestARegistrarVerifiesOthersForATime(t *testing.T) {
	good := party.Verification{Evidence: "register of companies", Reference: "HRB 1", EvidenceHash: hash, Until: now.AddMonths(12)}
	for name, c := range map[string]struct {
		actor  string
		change func(*party.Verification)
		want   fault.Code
	}{
		"another organisation":           {"R", func(*party.Verification) {}, ""},
		"never itself":                   {"O", func(*party.Verification) {}, fault.CodeNotPermitted},
		"by something that it looked at": {"R", func(v *party.Verification) { v.Evidence = "" }, fault.CodeInvalid},
		"that can be found":              {"R", func(v *party.Verification) { v.Reference = "" }, fault.CodeInvalid},
		"that has a hash":                {"R", func(v *party.Verification) { v.EvidenceHash = hash[1:] }, fault.CodeInvalid},
		"not until now":                  {"R", func(v *party.Verification) { v.Until = now }, fault.CodeInvalid},
		"for five years at most":         {"R", func(v *party.Verification) { v.Until = now.AddMonths(60).Add(1) }, fault.CodeInvalid},
		"for five years":                 {"R", func(v *party.Verification) { v.Until = now.AddMonths(60) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			v := good
			c.change(&v)
			o, v, err := party.Standing{MSPID: "O"}.Verify(v, by(c.actor, now))
			wantFault(t, err, c.want)
			if err == nil && (v.Registrar != "R" || v.Number != 1 || v.Status != party.VerificationGiven || v.Since != now || len(o.Verified) != 1 || o.Verified[0].Until != v.Until) {
				t.Errorf("%+v %+v", o, v)
			}
		})
	}
}

func TestAnOrganisationSaysByWhomItIsVerifiedNow(t *testing.T) {
	o := party.Standing{MSPID: "O"}
	verify := func(registrar string, at measure.Time) party.Verification {
		t.Helper()
		next, v, err := o.Verify(party.Verification{Evidence: "x", Reference: "y", EvidenceHash: hash, Until: at.AddMonths(1)}, by(registrar, at))
		wantFault(t, err, "")
		o = next
		return v
	}
	first := verify("R", now)
	verify("Q", now)
	again := verify("R", now.Add(1))
	if len(o.Verified) != 2 || o.Verified[0].Registrar != "Q" || o.Verified[1].Number != again.Number || o.Verifications != 3 {
		t.Fatalf("%+v", o)
	}
	_, _, err := again.Withdraw(o, "x", by("Q", now))
	wantFault(t, err, fault.CodeNotPermitted)
	_, _, err = again.Withdraw(o, "", by("R", now))
	wantFault(t, err, fault.CodeInvalid)
	o, first, err = first.Withdraw(o, "a mistake", by("R", now.Add(2))) // which was replaced already
	wantFault(t, err, "")
	if len(o.Verified) != 2 || first.Status != party.VerificationWithdrawn || first.Until != now.AddMonths(1) {
		t.Fatalf("%+v %+v", o, first)
	}
	_, _, err = first.Withdraw(o, "a mistake", by("R", now))
	wantFault(t, err, fault.CodeVerificationOver)
	o, _, err = again.Withdraw(o, "moved away", by("R", now.Add(3)))
	wantFault(t, err, "")
	if len(o.Verified) != 1 || o.Verified[0].Registrar != "Q" {
		t.Fatalf("%+v", o)
	}
	verify("P", now.AddMonths(2)) // the others have ended by then
	if len(o.Verified) != 1 || o.Verified[0].Registrar != "P" {
		t.Fatalf("%+v", o)
	}
	for i := range party.MaxVerified - 1 {
		verify(fmt.Sprint("X", i), now.AddMonths(2))
	}
	_, _, err = o.Verify(party.Verification{Evidence: "x", Reference: "y", EvidenceHash: hash, Until: now.AddMonths(3)}, by("one-more", now.AddMonths(2)))
	wantFault(t, err, fault.CodeInvalid)
}

func TestAStandardIsPublishedSupersededAndWithdrawn(t *testing.T) {
	good := party.Standard{StandardID: "LL-17", Version: "2026", Title: "Cold chains", DocumentHash: hash}
	for name, change := range map[string]func(*party.Standard){
		"it has an id":       func(s *party.Standard) { s.StandardID = "LL 17" },
		"it has a version":   func(s *party.Standard) { s.Version = "" },
		"it has a title":     func(s *party.Standard) { s.Title = "" },
		"it has a document":  func(s *party.Standard) { s.DocumentHash = "" },
		"which has one hash": func(s *party.Standard) { s.DocumentHash = strings.ToUpper(hash) },
	} {
		s := good
		change(&s)
		if _, err := s.Publish(by("B", now)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	s, err := good.Publish(by("B", now))
	wantFault(t, err, "")
	wantFault(t, s.Serves(), "")
	s, err = s.Supersede("2027", by("B", now))
	wantFault(t, err, "")
	wantFault(t, s.Serves(), "")
	_, err = s.Supersede("2028", by("B", now))
	wantFault(t, err, fault.CodeStandardOver)
	_, err = s.Withdraw("an error in table 3", by("C", now))
	wantFault(t, err, fault.CodeNotPermitted)
	_, err = s.Withdraw("", by("B", now))
	wantFault(t, err, fault.CodeInvalid)
	s, err = s.Withdraw("an error in table 3", by("B", now))
	wantFault(t, err, "")
	wantFault(t, s.Serves(), fault.CodeStandardOver)
	_, err = s.Withdraw("an error in table 3", by("B", now))
	wantFault(t, err, fault.CodeStandardOver)
	if s.SupersededBy != "2027" || s.Publisher != "B" || s.PublishedAt != now {
		t.Errorf("%+v", s)
	}
}
