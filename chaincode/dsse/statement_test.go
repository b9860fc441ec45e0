package dsse_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// word is a body with everything that a body may have.
type word struct {
	Task     string       `json:"task"`
	Minutes  int64        `json:"minutes"`
	Done     bool         `json:"done"`
	Parts    []wordOfPart `json:"parts"`
	Comments []string     `json:"comments,omitempty"`
}

type wordOfPart struct {
	ID string `json:"id"`
}

func said() dsse.Statement[word] {
	return dsse.Statement[word]{
		Ledger: "trade/lifeledger", Kind: "service-work", Subject: "pump-7", Signer: "credential:8017-1", Sequence: 2,
		Previous: strings.Repeat("ab", 32), SignedAt: "2026-03-01T08:00:00.000Z",
		Body: word{Task: `seal "A" <new> & größer`, Minutes: -3, Done: true, Parts: []wordOfPart{{"seal-1"}, {"seal-2"}}},
	}
}

const saidText = `{"ledger":"trade/lifeledger","kind":"service-work","subject":"pump-7","signer":"credential:8017-1","sequence":2,` +
	`"previous":"abababababababababababababababababababababababababababababababab","signedAt":"2026-03-01T08:00:00.000Z",` +
	`"body":{"task":"seal \"A\" <new> & größer","minutes":-3,"done":true,"parts":[{"id":"seal-1"},{"id":"seal-2"}]}}`

func TestAStatementHasOneForm(t *testing.T) {
	s := said()
	payload, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(saidText, string(payload)); diff != "" {
		t.Fatal(diff)
	}
	got, err := dsse.DecodeStatement[word](payload)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&s, got); diff != "" {
		t.Error(diff)
	}
	instead := func(old, new string) string {
		if !strings.Contains(saidText, old) {
			t.Fatalf("the statement has no %q", old)
		}
		return strings.Replace(saidText, old, new, 1)
	}
	for name, text := range map[string]string{
		"a blank":                            instead(`"sequence":2`, `"sequence": 2`),
		"a line break at the end":            saidText + "\n",
		"an unknown member":                  instead("{", `{"x":1,`),
		"an unknown member of the body":      instead(`"done":true`, `"done":true,"x":1`),
		"a member twice":                     instead(`"sequence":2`, `"sequence":2,"sequence":2`),
		"a member in other case":             instead(`"minutes"`, `"Minutes"`),
		"another order":                      instead(`"task":"seal \"A\" <new> & größer","minutes":-3`, `"minutes":-3,"task":"seal \"A\" <new> & größer"`),
		"a missing member":                   instead(`,"done":true`, ``),
		"a null for a list":                  instead(`[{"id":"seal-1"},{"id":"seal-2"}]`, `null`),
		"a null for what is left out":        instead(`}]}}`, `}],"comments":null}}`),
		"an empty list for what is left out": instead(`}]}}`, `}],"comments":[]}}`),
		"an escape that is not needed":       instead("größer", `gr\u00f6\u00dfer`),
		"an escaped slash":                   instead("<new>", `\/`),
		"a control character":                instead("<new>", `\n`),
		"a control character as it is":       instead("<new>", "\n"),
		"a line separator":                   instead("<new>", "\u2028"),
		"an escaped line separator":          instead("<new>", `\u2028`),
		"broken UTF-8":                       instead("<new>", "\xff"),
		"half a surrogate pair":              instead("<new>", `\ud800`),
		"a number with a point":              instead("-3", "-3.0"),
		"a number with an exponent":          instead("-3", "3e1"),
		"a negative zero":                    instead("-3", "-0"),
		"a leading zero":                     instead("-3", "03"),
		"no ledger":                          instead("trade/lifeledger", ""),
		"a subject with a blank":             instead("pump-7", "pump 7"),
		"a signer with a quotation mark":     instead("8017-1", `80\"17`),
		"a signer that is too long":          instead("8017-1", strings.Repeat("8", 257)),
		"a kind in capitals":                 instead("service-work", "Service-work"),
		"no kind":                            instead("service-work", ""),
		"a kind that is too long":            instead("service-work", strings.Repeat("k", 65)),
		"sequence 0":                         instead(`:2,`, `:0,`),
		"a sequence beyond all bounds":       instead(`:2,`, `:1000000000000001,`),
		"a hash in capitals":                 instead("abab", "ABAB"),
		"a short hash":                       instead("abab", ""),
		"the second has one before it":       instead(strings.Repeat("ab", 32), dsse.NoStatement),
		"the first has none before it":       instead(`:2,`, `:1,`),
		"a time without milliseconds":        instead("08:00:00.000Z", "08:00:00Z"),
		"a time of another zone":             instead("08:00:00.000Z", "08:00:00.000+01:00"),
		"a day that is none":                 instead("2026-03-01", "2026-02-30"),
		"something after it":                 saidText + saidText,
		"a body that is a list":              instead(`{"task"`, `[{"task"`),
		"an array":                           "[]",
		"null":                               "null",
		"nothing":                            "",
		"too much":                           instead("<new>", strings.Repeat("x", dsse.MaxStatement)),
	} {
		t.Run("refused: "+name, func(t *testing.T) {
			if s, err := dsse.DecodeStatement[word]([]byte(text)); !fault.Is(err, fault.CodeEnvelopeMalformed) {
				t.Errorf("got %v, %v", s, err)
			}
		})
	}
}

func TestWhatHasNoOneFormIsNotSigned(t *testing.T) {
	for name, spoil := range map[string]func(*dsse.Statement[word]){
		"a missing list":      func(s *dsse.Statement[word]) { s.Body.Parts = nil },
		"a tab":               func(s *dsse.Statement[word]) { s.Body.Task = "a\tb" },
		"a line separator":    func(s *dsse.Statement[word]) { s.Body.Task = "a\u2028b" },
		"broken UTF-8":        func(s *dsse.Statement[word]) { s.Body.Task = "a\xff" },
		"no time":             func(s *dsse.Statement[word]) { s.SignedAt = "" },
		"no previous":         func(s *dsse.Statement[word]) { s.Previous = "" },
		"more than there may": func(s *dsse.Statement[word]) { s.Body.Task = strings.Repeat("x", dsse.MaxStatement) },
	} {
		s := said()
		spoil(&s)
		if payload, err := s.Encode(); !fault.Is(err, fault.CodeEnvelopeMalformed) {
			t.Errorf("%s: got %q, %v", name, payload, err)
		}
	}
}

func TestOpenStatement(t *testing.T) {
	engineer, other := newSigner(t, dsse.Ed25519, 1), newSigner(t, dsse.P256, 2)
	s := said()
	payload, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	e := engineer.envelope(t, dsse.StatementType, payload)
	got, hash, err := dsse.OpenStatement[word](e, engineer.public)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&s, got); diff != "" || hash != dsse.StatementHash(payload) {
		t.Error(diff, hash)
	}
	if c, err := dsse.Claims(e); err != nil || c != (dsse.Claim{Ledger: s.Ledger, Kind: s.Kind, Subject: s.Subject, Signer: s.Signer, Sequence: 2}) {
		t.Errorf("claims %+v, %v", c, err)
	}
	if any, _, err := dsse.OpenStatement[json.RawMessage](e, engineer.public); err != nil || !strings.HasPrefix(string(any.Body), `{"task"`) {
		t.Errorf("of any kind: %v, %v", any, err)
	}
	forged := engineer.envelope(t, dsse.StatementType, []byte(strings.Replace(saidText, "-3", "-4", 1)))
	forged.Signatures = e.Signatures
	for name, c := range map[string]struct {
		envelope *dsse.Envelope
		key      *dsse.PublicKey
		want     fault.Code
	}{
		"another key than the signer's": {e, other.public, fault.CodeEnvelopeKey},
		"no key":                        {e, nil, fault.CodeEnvelopeKey},
		"another payload":               {forged, engineer.public, fault.CodeEnvelopeSignature},
		"an envelope of another type":   {engineer.envelope(t, kind, payload), engineer.public, fault.CodeEnvelopeMalformed},
		"a payload that is none":        {engineer.envelope(t, dsse.StatementType, []byte("{}")), engineer.public, fault.CodeEnvelopeMalformed},
		"no envelope":                   {nil, engineer.public, fault.CodeEnvelopeMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			if s, hash, err := dsse.OpenStatement[word](c.envelope, c.key); !fault.Is(err, c.want) || s != nil || hash != "" {
				t.Errorf("got %v, %q, %v, want %s", s, hash, err, c.want)
			}
		})
	}
	for name, e := range map[string]*dsse.Envelope{"another type": engineer.envelope(t, kind, payload), "no statement": engineer.envelope(t, dsse.StatementType, []byte(`{"signer":"x"}`)), "none": nil} {
		if c, err := dsse.Claims(e); !fault.Is(err, fault.CodeEnvelopeMalformed) {
			t.Errorf("claims of %s: %+v, %v", name, c, err)
		}
	}
}

// Whatever a body's texts and numbers are: it is signed in the one form that is
// read again, or not at all.
func TestStatementsReadAsTheyWereWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := said()
		s.Body.Task, s.Body.Minutes = rapid.String().Draw(t, "task"), rapid.Int64().Draw(t, "minutes")
		s.Body.Comments = rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "comments")
		payload, err := s.Encode()
		if err != nil {
			return
		}
		got, err := dsse.DecodeStatement[word](payload)
		if err != nil {
			t.Fatalf("%q is not read: %v", payload, err)
		}
		if got.Body.Task != s.Body.Task || got.Body.Minutes != s.Body.Minutes || len(got.Body.Comments) != len(s.Body.Comments) {
			t.Fatalf("%q became %+v", payload, got)
		}
	})
}

func FuzzDecodeStatement(f *testing.F) {
	f.Add([]byte(saidText))
	f.Add([]byte(strings.Replace(saidText, "größer", `\\ \"`, 1)))
	f.Add([]byte(strings.Replace(saidText, `}]}}`, `}],"comments":["n","null"]}}`, 1)))
	f.Fuzz(func(t *testing.T, payload []byte) {
		s, err := dsse.DecodeStatement[word](payload)
		if err != nil {
			if !fault.Is(err, fault.CodeEnvelopeMalformed) {
				t.Fatalf("%q: %v", payload, err)
			}
			return
		}
		if again, err := s.Encode(); err != nil || string(again) != string(payload) {
			t.Fatalf("%q is a second form of %q (%v)", payload, again, err)
		}
		if any, err := dsse.DecodeStatement[json.RawMessage](payload); err != nil || any.Signer != s.Signer {
			t.Fatalf("%q is not read without its body: %v", payload, err)
		}
	})
}
