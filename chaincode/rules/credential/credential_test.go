package credential_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/credential"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

const now measure.Time = "2026-03-01T08:00:00.000Z"

const (
	issuer = "ServiceMSP"
	hour   = 3_600_000
)

func by(actor string, at measure.Time) credential.When {
	return credential.When{Actor: actor, Now: at, TransactionID: "tx"}
}

func key(id string) party.DeviceKey {
	return party.DeviceKey{Number: 99, KeyID: id, Algorithm: "Ed25519", PublicKey: "pk", Since: "forged"}
}

func grant() credential.Grant {
	return credential.Grant{Skills: []string{"hydraulics", "electrics"}, PartNumbers: []string{"PUMP-7", "MOTOR-2"}, ValidFrom: now, ValidUntil: now.Add(24 * hour)}
}

func wantFault(t *testing.T, err error, code fault.Code) {
	t.Helper()
	if code == "" && err != nil || code != "" && !fault.Is(err, code) {
		t.Fatalf("got %v, want %q", err, code)
	}
}

func issued(t *testing.T) credential.Credential {
	t.Helper()
	c, _, err := credential.Issue("eng-1", key("k1"), grant(), by(issuer, now))
	wantFault(t, err, "")
	return c
}

func TestACredentialIsIssued(t *testing.T) {
	given := grant()
	c, e, err := credential.Issue("eng-1", key("k1"), given, by(issuer, now))
	wantFault(t, err, "")
	sorted := credential.Grant{Skills: []string{"electrics", "hydraulics"}, PartNumbers: []string{"MOTOR-2", "PUMP-7"}, ValidFrom: now, ValidUntil: now.Add(24 * hour)}
	first := party.DeviceKey{Number: 1, KeyID: "k1", Algorithm: "Ed25519", PublicKey: "pk", Since: now}
	want := credential.Credential{CredentialID: "eng-1", Issuer: issuer, Status: party.Active, Key: first, Grant: sorted, Events: 1, IssuedAt: now, ChangedAt: now}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Error(diff)
	}
	wantEvent := credential.CredentialEvent{CredentialID: "eng-1", Step: credential.Issued, Key: first, Grant: sorted, At: now, Actor: issuer, TransactionID: "tx"}
	if diff := cmp.Diff(wantEvent, e); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(grant(), given); diff != "" {
		t.Errorf("the caller's lists were changed: %s", diff)
	}
}

func TestWhatIsNoGrant(t *testing.T) {
	many := func(n int) (list []string) {
		for i := range n {
			list = append(list, fmt.Sprint("w", i))
		}
		return list
	}
	for name, c := range map[string]struct {
		spoil func(*credential.Grant)
		want  fault.Code
	}{
		"as it should be":                    {func(*credential.Grant) {}, ""},
		"any type of component":              {func(g *credential.Grant) { g.PartNumbers = []string{"*"} }, ""},
		"no skill":                           {func(g *credential.Grant) { g.Skills = nil }, fault.CodeInvalid},
		"as many skills as there may be":     {func(g *credential.Grant) { g.Skills = many(credential.MaxSkills) }, ""},
		"too many skills":                    {func(g *credential.Grant) { g.Skills = many(credential.MaxSkills + 1) }, fault.CodeInvalid},
		"a skill twice":                      {func(g *credential.Grant) { g.Skills = []string{"a", "b", "a"} }, fault.CodeInvalid},
		"a skill that is no word":            {func(g *credential.Grant) { g.Skills = []string{"a b"} }, fault.CodeIDInvalid},
		"any skill is none":                  {func(g *credential.Grant) { g.Skills = []string{"*"} }, fault.CodeIDInvalid},
		"no part number":                     {func(g *credential.Grant) { g.PartNumbers = []string{} }, fault.CodeInvalid},
		"any type and one":                   {func(g *credential.Grant) { g.PartNumbers = []string{"*", "PUMP-7"} }, fault.CodeIDInvalid},
		"too many part numbers":              {func(g *credential.Grant) { g.PartNumbers = many(credential.MaxPartNumbers + 1) }, fault.CodeInvalid},
		"from then on":                       {func(g *credential.Grant) { g.ValidFrom = now.Add(hour) }, ""},
		"since long ago":                     {func(g *credential.Grant) { g.ValidFrom = "2020-01-01T00:00:00.000Z" }, ""},
		"a beginning that is no time":        {func(g *credential.Grant) { g.ValidFrom = "now" }, fault.CodeTimeInvalid},
		"an end that is no time":             {func(g *credential.Grant) { g.ValidUntil = "" }, fault.CodeTimeInvalid},
		"an end that is now":                 {func(g *credential.Grant) { g.ValidUntil = now }, fault.CodeInvalid},
		"an end a millisecond later":         {func(g *credential.Grant) { g.ValidUntil = now.Add(1) }, ""},
		"an end at the beginning":            {func(g *credential.Grant) { g.ValidFrom, g.ValidUntil = now.Add(hour), now.Add(hour) }, fault.CodeInvalid},
		"ten years":                          {func(g *credential.Grant) { g.ValidUntil = now.Add(credential.MaxValidityMs) }, ""},
		"ten years and a millisecond":        {func(g *credential.Grant) { g.ValidUntil = now.Add(credential.MaxValidityMs + 1) }, fault.CodeInvalid},
		"a time that is written another way": {func(g *credential.Grant) { g.ValidUntil = "2026-03-02T08:00:00Z" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			g := grant()
			c.spoil(&g)
			_, _, err := credential.Issue("eng-1", key("k1"), g, by(issuer, now))
			wantFault(t, err, c.want)
			g = grant()
			c.spoil(&g)
			if g.ValidFrom == now { // a renewal keeps the beginning
				_, _, err = issued(t).Renew(g, by(issuer, now))
				wantFault(t, err, c.want)
			}
		})
	}
	_, _, err := credential.Issue("eng 1", key("k1"), grant(), by(issuer, now))
	wantFault(t, err, fault.CodeIDInvalid)
}

func TestOnlyTheIssuerChangesACredential(t *testing.T) {
	c, later := issued(t), now.Add(hour)
	for name, step := range map[string]func(credential.Credential, credential.When) (credential.Credential, credential.CredentialEvent, error){
		"renew": func(c credential.Credential, w credential.When) (credential.Credential, credential.CredentialEvent, error) {
			return c.Renew(grant(), w)
		},
		"rotate": func(c credential.Credential, w credential.When) (credential.Credential, credential.CredentialEvent, error) {
			return c.Rotate(key("k2"), w)
		},
		"revoke": func(c credential.Credential, w credential.When) (credential.Credential, credential.CredentialEvent, error) {
			return c.Revoke("lost", w)
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := step(c, by("OtherMSP", later))
			wantFault(t, err, fault.CodeCredentialIssuer)
			if diff := cmp.Diff(c, got); diff != "" {
				t.Errorf("a refusal changed it: %s", diff)
			}
			next, e, err := step(c, by(issuer, later))
			wantFault(t, err, "")
			if next.Events != 2 || next.ChangedAt != later || e.Number != 1 || e.At != later || !cmp.Equal(e.Grant, next.Grant) || e.Key != next.Key {
				t.Errorf("%+v, %+v", next, e)
			}
			revoked, _, err := c.Revoke("lost", by(issuer, later))
			wantFault(t, err, "")
			_, _, err = step(revoked, by(issuer, later))
			wantFault(t, err, fault.CodeCredentialRevoked)
		})
	}
	_, _, err := c.Rotate(key("k1"), by(issuer, later))
	wantFault(t, err, fault.CodeKeyInvalid)
	_, _, err = c.Revoke("", by(issuer, later))
	wantFault(t, err, fault.CodeInvalid)
	next, _, err := c.Renew(credential.Grant{Skills: []string{"x"}, PartNumbers: []string{"*"}, ValidFrom: "2030-01-01T00:00:00.000Z", ValidUntil: later.Add(hour)}, by(issuer, later))
	wantFault(t, err, "")
	if next.Grant.ValidFrom != now {
		t.Errorf("a renewal moved the beginning to %s", next.Grant.ValidFrom)
	}
}

func TestWhatACredentialCovers(t *testing.T) {
	c := issued(t)
	wantFault(t, c.Covers("hydraulics", "PUMP-7"), "")
	wantFault(t, c.Covers("welding", "PUMP-7"), fault.CodeCredentialCovers)
	wantFault(t, c.Covers("hydraulics", "PUMP-8"), fault.CodeCredentialCovers)
	wantFault(t, c.Covers("hydraulics", "*"), fault.CodeCredentialCovers)
	wantFault(t, c.Covers("", ""), fault.CodeCredentialCovers)
	c.Grant.PartNumbers = []string{"*"}
	wantFault(t, c.Covers("hydraulics", "PUMP-8"), "")
	wantFault(t, c.Covers("welding", "PUMP-8"), fault.CodeCredentialCovers)
}

func TestStandingIsThatOfTheMoment(t *testing.T) {
	c := issued(t)
	rotated, _, err := c.Rotate(key("k2"), by(issuer, now))
	wantFault(t, err, "")
	revoked, _, err := c.Revoke("lost", by(issuer, now))
	wantFault(t, err, "")
	for name, x := range map[string]struct {
		c      credential.Credential
		number uint64
		at     measure.Time
		want   credential.Standing
		fault  fault.Code
	}{
		"from the beginning on":          {c, 1, now, credential.Valid, ""},
		"until the end":                  {c, 1, now.Add(24*hour - 1), credential.Valid, ""},
		"before the beginning":           {c, 1, now.Add(-1), credential.Early, fault.CodeCredentialEarly},
		"at the end":                     {c, 1, now.Add(24 * hour), credential.Expired, fault.CodeStatementLate},
		"revoked":                        {revoked, 1, now, credential.Withdrawn, fault.CodeStatementLate},
		"revoked, before the beginning":  {revoked, 1, now.Add(-1), credential.Withdrawn, fault.CodeStatementLate},
		"with the new key":               {rotated, 2, now, credential.Valid, ""},
		"with the old key":               {rotated, 1, now, credential.Superseded, fault.CodeStatementLate},
		"with a key that is yet to come": {c, 2, now, credential.Superseded, fault.CodeStatementLate},
	} {
		t.Run(name, func(t *testing.T) {
			got := x.c.Standing(x.number, x.at)
			if got != x.want || got.Late() != (x.fault == fault.CodeStatementLate) {
				t.Errorf("got %s", got)
			}
			wantFault(t, x.c.Signs(x.number, x.at), x.fault)
		})
	}
}

func TestAKeyAndItsHalvesAreTaken(t *testing.T) {
	c := issued(t)
	got := c.Uses(0, []string{"h1", "h2"})
	want := []party.KeyUse{
		{KeyID: "k1", CredentialID: "eng-1", Number: 1, At: now},
		{KeyID: "h1", CredentialID: "eng-1", Number: 1, PairKeyID: "k1", At: now},
		{KeyID: "h2", CredentialID: "eng-1", Number: 1, PairKeyID: "k1", At: now},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Whatever an issuer and others try, in any order: a revoked credential signs
// nothing any more, only the issuer changes anything, the key number counts up, and
// the events tell all of it without gaps.
func TestNoSequenceOfStepsRevivesACredential(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := now
		c, e, err := credential.Issue("eng-1", key("k1"), grant(), by(issuer, at))
		if err != nil {
			t.Fatal(err)
		}
		history := []credential.CredentialEvent{e}
		for i := range rapid.IntRange(1, 12).Draw(t, "steps") {
			at = at.Add(rapid.Int64Range(0, 30*hour).Draw(t, "later"))
			w := by(rapid.SampledFrom([]string{issuer, issuer, issuer, "OtherMSP"}).Draw(t, "actor"), at)
			before := c
			next, e, err := c, credential.CredentialEvent{}, error(nil)
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				g := grant()
				g.ValidUntil = at.Add(rapid.Int64Range(-hour, 48*hour).Draw(t, "until"))
				next, e, err = c.Renew(g, w)
			case 1, 2:
				next, e, err = c.Rotate(key(fmt.Sprint("k", rapid.IntRange(1, 3+i).Draw(t, "key"))), w)
			case 3:
				next, e, err = c.Revoke(strings.Repeat("r", rapid.IntRange(0, 2).Draw(t, "reason")), w)
			}
			if err != nil {
				continue
			}
			if before.Status == party.Revoked || w.Actor != issuer || before.IssuedBy(w.Actor) != nil {
				t.Fatalf("%s changed %+v", w.Actor, before)
			}
			history, c = append(history, e), next
			if c.Key.Number != before.Key.Number && (c.Key.Number != before.Key.Number+1 || c.Standing(before.Key.Number, at) == credential.Valid) {
				t.Fatalf("key %d became %d", before.Key.Number, c.Key.Number)
			}
		}
		for n := range uint64(20) {
			valid := c.Standing(n, at) == credential.Valid
			if valid != (c.Status == party.Active && n == c.Key.Number && at >= c.Grant.ValidFrom && at < c.Grant.ValidUntil) {
				t.Fatalf("key %d of %+v is valid: %v", n, c, valid)
			}
		}
		if i := slices.IndexFunc(history, func(e credential.CredentialEvent) bool { return e.Step == credential.Revoked }); i >= 0 && i != len(history)-1 {
			t.Fatalf("something happened after the revocation: %+v", history)
		}
		for i, e := range history {
			if e.Number != uint64(i) {
				t.Fatalf("event %d has number %d", i, e.Number)
			}
		}
	})
}
