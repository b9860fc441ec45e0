package contract_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/credential"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/statement"
)

// workshop is a ledger with a pump and engineers of the service company.
type workshop struct {
	*ledgertest.Ledger
	t testing.TB
}

const pump = "pump-7"

func newWorkshop(t testing.TB) workshop {
	t.Helper()
	w := workshop{founded(t), t}
	w.must(maker, api.RegisterComponentTx, api.RegisterComponent{ComponentID: pump, PartNumber: "PUMP-7", Algorithm: dsse.Ed25519, PublicKey: w.key("pump", 1).Public.Base64(), Location: "DEHAM"})
	return w
}

func (w workshop) must(as ledgertest.Identity, tx api.Transaction, in any) *ledgertest.Result {
	w.t.Helper()
	r, err := w.Submit(as, string(tx), argument(w.t, in))
	if err != nil {
		w.t.Fatalf("%s: %v", tx, err)
	}
	return r
}

func (w workshop) key(who string, number uint64) *scenario.Key {
	w.t.Helper()
	k, err := scenario.NewKey(dsse.Ed25519, fmt.Sprint(who, "/", number))
	if err != nil {
		w.t.Fatal(err)
	}
	return k
}

func (w workshop) now() measure.Time { return measure.TimeOf(w.Now()) }

func (w workshop) certify(who string, until measure.Time) api.IssueCredential {
	w.t.Helper()
	k := w.key(who, 1)
	proof, err := scenario.CredentialStatement("lifeledger/lifeledger", who, service.MSPID, 1, k)
	if err != nil {
		w.t.Fatal(err)
	}
	return api.IssueCredential{CredentialID: who, Algorithm: dsse.Ed25519, PublicKey: k.Public.Base64(), Proof: proof, Grant: credential.Grant{
		Skills: []string{"hydraulics"}, PartNumbers: []string{"*"}, ValidFrom: w.now().Add(-1000), ValidUntil: until,
	}}
}

// word is a validation that an engineer has signed, perhaps long ago.
type word struct {
	who            string
	number         uint64 // of the key
	sequence       uint64
	previous, hash string
	envelope       dsse.Envelope
}

func (w workshop) sign(who string, number, sequence uint64, previous, remark string) word {
	w.t.Helper()
	s := dsse.Statement[component.ValidationBody]{
		Ledger: "lifeledger/lifeledger", Kind: component.ValidationKind, Subject: pump, Signer: "credential:" + who, Sequence: sequence, Previous: previous, SignedAt: w.now(),
		Body: component.ValidationBody{Skill: "hydraulics", Conclusion: component.Conformant, Evidence: []string{}, Remark: remark},
	}
	payload, err := s.Encode()
	if err != nil {
		w.t.Fatal(err)
	}
	e, err := scenario.Sign(dsse.StatementType, payload, w.key(who, number))
	if err != nil {
		w.t.Fatal(err)
	}
	return word{who, number, sequence, previous, dsse.StatementHash(payload), e}
}

// licence is what an onlooker knows of an engineer.
type licence struct {
	issued, revoked bool
	number          uint64 // of the present key
	until           measure.Time
	effects         []string // hashes of the statements that took effect, in order
}

func (l licence) tail() string {
	if len(l.effects) == 0 {
		return statement.First
	}
	return l.effects[len(l.effects)-1]
}

// TestOnlyAValidEngineersWordTakesEffect: whatever is issued, renewed, rotated,
// revoked, signed, presented, put into quarantine, released and rejected, by whom and
// in which order: a statement takes effect exactly when its key was good at that
// moment, or its issuer has released it, and it follows the last one. What took
// effect stays.
func TestOnlyAValidEngineersWordTakesEffect(t *testing.T) {
	fewer(t)
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorkshop(t)
		engineers := map[string]*licence{"ann": {}, "bob": {}}
		held := map[string]statement.QuarantineStatus{}
		var pool []word
		try := func(as ledgertest.Identity, tx api.Transaction, in any, want bool) bool {
			_, err := w.Submit(as, string(tx), argument(t, in))
			if f, ok := fault.Parse(fmt.Sprint(err)); err != nil && (!ok || f.Kind == fault.Internal) {
				rt.Fatalf("%s: %v", tx, err)
			}
			if (err == nil) != want {
				rt.Fatalf("%s by %s: %v, want it carried out: %v", tx, as.MSPID, err, want)
			}
			return err == nil
		}
		for i := range rapid.IntRange(1, 40).Draw(rt, "steps") {
			w.Advance(time.Duration(rapid.IntRange(0, 40).Draw(rt, "minutes")) * time.Minute)
			who := draw(rt, "who", "ann", "bob")
			l, by := engineers[who], draw(rt, "by", service, service, maker, carrier)
			mine := by.MSPID == service.MSPID
			may := l.issued && !l.revoked && mine
			switch draw(rt, "step", "certify", "renew", "rotate", "revoke", "sign", "sign", "sign", "present", "present", "present", "present", "quarantine", "quarantine", "decide", "decide") {
			case "certify":
				until := w.now().Add(int64(rapid.IntRange(1, 300).Draw(rt, "valid")) * 60_000)
				if try(service, api.IssueCredentialTx, w.certify(who, until), !l.issued) {
					l.issued, l.number, l.until = true, 1, until
				}
			case "renew":
				until := w.now().Add(int64(rapid.IntRange(1, 300).Draw(rt, "valid")) * 60_000)
				if try(by, api.RenewCredentialTx, api.RenewCredential{CredentialID: who, Skills: []string{"hydraulics"}, PartNumbers: []string{"*"}, ValidUntil: until}, may) {
					l.until = until
				}
			case "rotate":
				k := w.key(who, l.number+1)
				proof, err := scenario.CredentialStatement("lifeledger/lifeledger", who, by.MSPID, l.number+1, k)
				if err != nil {
					rt.Fatal(err)
				}
				if try(by, api.RotateCredentialKeyTx, api.RotateCredentialKey{CredentialID: who, Algorithm: dsse.Ed25519, PublicKey: k.Public.Base64(), Proof: proof}, may) {
					l.number++
				}
			case "revoke":
				if try(by, api.RevokeCredentialTx, api.RevokeCredential{CredentialID: who, Reason: "r"}, may) {
					l.revoked = true
				}
			case "sign":
				next, previous := uint64(len(l.effects)+1), l.tail()
				if j := slices.IndexFunc(pool, func(p word) bool { return p.who == who && p.sequence >= next }); j >= 0 && rapid.Bool().Draw(rt, "follows") {
					next, previous = pool[j].sequence+1, pool[j].hash
				}
				pool = append(pool, w.sign(who, uint64(rapid.IntRange(1, max(1, int(l.number))).Draw(rt, "key")), next, previous, fmt.Sprint(i)))
			}
			if len(pool) == 0 {
				continue
			}
			p := pool[rapid.IntRange(0, len(pool)-1).Draw(rt, "statement")]
			l = engineers[p.who]
			good := l.issued && !l.revoked && p.number == l.number && w.now() < l.until
			follows := p.sequence == uint64(len(l.effects)+1) && p.previous == l.tail()
			status, isHeld := held[p.hash]
			switch draw(rt, "with it", "present", "present", "quarantine", "decide", "nothing") {
			case "present":
				want := l.issued && follows && (!isHeld && good || status == statement.Released)
				if try(by, api.RecordValidationTx, api.RecordValidation{ComponentID: pump, Envelope: p.envelope}, want) {
					l.effects = append(l.effects, p.hash)
				}
			case "quarantine":
				want := l.issued && !good && !isHeld && p.sequence > uint64(len(l.effects))
				if try(by, api.QuarantineStatementTx, api.QuarantineStatement{Envelope: p.envelope}, want) {
					held[p.hash] = statement.Held
				}
			case "decide":
				tx, to := api.ReleaseStatementTx, statement.Released
				if rapid.Bool().Draw(rt, "reject") {
					tx, to = api.RejectStatementTx, statement.Rejected
				}
				if try(by, tx, api.DecideStatement{Issuer: service.MSPID, Hash: p.hash, Reason: "r"}, mine && status == statement.Held) {
					held[p.hash] = to
				}
			}
		}
		recount(t, w.Ledger)
		w.compare(rt, engineers, held)
	})
}

// compare holds the ledger to what the onlooker knows.
func (w workshop) compare(rt *rapid.T, engineers map[string]*licence, held map[string]statement.QuarantineStatus) {
	for who, l := range engineers {
		b, err := w.Evaluate(carrier, string(api.ListStatementsTx), fmt.Sprintf(`{"subject":%q,"signer":"credential:%s","limit":200}`, pump, who))
		var got api.StatementPage
		if err != nil || json.Unmarshal(b, &got) != nil || len(got.Items) != len(l.effects) {
			rt.Fatalf("%s: %s, %v, want %v", who, b, err, l.effects)
		}
		released := uint64(0)
		for i, r := range got.Items {
			if r.Hash != l.effects[i] || r.Sequence != uint64(i+1) || r.Released != (held[r.Hash] == statement.Released) {
				rt.Fatalf("%+v is not what took effect", r)
			}
			if r.Released {
				released++
			}
		}
		if len(l.effects) == 0 {
			continue
		}
		b, err = w.Evaluate(carrier, string(api.ListTalliesTx), fmt.Sprintf(`{"of":%q,"limit":10}`, who))
		var tallies api.TallyPage
		if err != nil || json.Unmarshal(b, &tallies) != nil || len(tallies.Items) != 1 || tallies.Items[0].Statements != uint64(len(l.effects)) || tallies.Items[0].Released != released {
			rt.Fatalf("%s: %s, %v, want %d and %d", who, b, err, len(l.effects), released)
		}
	}
}

// TestARevocationIsSeenInItsBlock: of a statement and a revocation that do not know
// of one another, the one that comes first in the block decides.
func TestARevocationIsSeenInItsBlock(t *testing.T) {
	for name, first := range map[string]bool{"the statement first": true, "the revocation first": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorkshop(t)
			w.must(service, api.IssueCredentialTx, w.certify("ann", w.now().Add(3_600_000)))
			said := w.endorse(service, api.RecordValidationTx, api.RecordValidation{ComponentID: pump, Envelope: w.sign("ann", 1, 1, statement.First, "").envelope})
			revoked := w.endorse(service, api.RevokeCredentialTx, api.RevokeCredential{CredentialID: "ann", Reason: "r"})
			if first {
				for _, r := range w.Commit(said, revoked) {
					if !r.Valid() {
						t.Error(r.Code)
					}
				}
				return
			}
			r := w.Commit(revoked, said)
			if !r[0].Valid() || r[1].Code != peer.TxValidationCode_MVCC_READ_CONFLICT {
				t.Errorf("%v, %v", r[0].Code, r[1].Code)
			}
		})
	}
}

func (w workshop) endorse(as ledgertest.Identity, tx api.Transaction, in any) *ledgertest.Tx {
	w.t.Helper()
	r, err := w.Endorse(as, string(tx), []string{argument(w.t, in)}, scenario.Organisations()...)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// TestOnlyTheIssuersPeerChangesWhatItAnswersFor: neither a credential nor a statement
// in quarantine changes by the word of a majority without it, nor by its own alone.
func TestOnlyTheIssuersPeerChangesWhatItAnswersFor(t *testing.T) {
	for bits := range 8 {
		var by []string
		for i, o := range scenario.Organisations() {
			if bits&(1<<i) != 0 {
				by = append(by, o)
			}
		}
		w := newWorkshop(t)
		w.must(service, api.IssueCredentialTx, w.certify("ann", w.now().Add(3_600_000)))
		w.must(service, api.RevokeCredentialTx, api.RevokeCredential{CredentialID: "ann", Reason: "r"})
		late := w.sign("ann", 1, 1, statement.First, "")
		w.must(carrier, api.QuarantineStatementTx, api.QuarantineStatement{Envelope: late.envelope})
		want := peer.TxValidationCode_VALID
		if len(by) < 2 || !slices.Contains(by, service.MSPID) {
			want = peer.TxValidationCode_ENDORSEMENT_POLICY_FAILURE
		}
		for _, key := range []string{ledgertest.Key("credential", "ann"), ledgertest.Key("statement.quarantine", service.MSPID, late.hash)} {
			if got := forge(w.Ledger, key, by...); got != want {
				t.Errorf("%q by %v: got %v, want %v", key, by, got, want)
			}
		}
	}
}

// TestTheLongestStatementFitsIntoATransaction: as long as a statement may be, with the
// longest signature, it comes as far as the rules.
func TestTheLongestStatementFitsIntoATransaction(t *testing.T) {
	w := newWorkshop(t)
	key, err := scenario.NewKey(dsse.P256MLDSA, "machine")
	if err != nil {
		t.Fatal(err)
	}
	w.must(maker, api.RegisterComponentTx, api.RegisterComponent{ComponentID: "m", PartNumber: "M", Algorithm: dsse.P256MLDSA, PublicKey: key.Public.Base64(), Location: "DEHAM"})
	s := dsse.Statement[component.ValidationBody]{
		Ledger: "lifeledger/lifeledger", Kind: component.ValidationKind, Subject: "m", Signer: "component:m", Sequence: 1, Previous: statement.First, SignedAt: w.now(),
		Body: component.ValidationBody{Skill: component.SelfTest, Conclusion: component.Conformant, Evidence: []string{}},
	}
	short, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, over := range []int{0, 1} {
		s.Body.Remark = strings.Repeat("x", dsse.MaxStatement-len(short)+over)
		payload, err := s.Encode()
		if over > 0 {
			if !fault.Is(err, fault.CodeEnvelopeMalformed) {
				t.Errorf("%d bytes: %v", len(payload), err)
			}
			continue
		}
		if err != nil || len(payload) != dsse.MaxStatement {
			t.Fatalf("%d bytes: %v", len(payload), err)
		}
		e, err := scenario.Sign(dsse.StatementType, payload, key)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.Submit(service, string(api.RecordValidationTx), argument(t, api.RecordValidation{ComponentID: "m", Envelope: e}))
		wantFault(t, err, fault.CodeInvalid) // the remark is too long, and nothing else is
	}
}

// TestAStatementCostsTheSameWhateverWasSaidBefore: what its transaction reads and
// writes is the same behind one statement and behind many.
func TestAStatementCostsTheSameWhateverWasSaidBefore(t *testing.T) {
	w := newWorkshop(t)
	w.must(service, api.IssueCredentialTx, w.certify("ann", w.now().Add(3_600_000)))
	previous := statement.First
	var second, last [2]int
	for n := range uint64(200) {
		p := w.sign("ann", 1, n+1, previous, "")
		set := w.must(service, api.RecordValidationTx, api.RecordValidation{ComponentID: pump, Envelope: p.envelope}).Tx.RWSet
		previous, last = p.hash, [2]int{len(set.GetReads()), len(set.GetWrites())}
		if len(set.GetRangeQueriesInfo()) > 0 {
			t.Fatal("a range was read")
		}
		if n == 1 {
			second = last
		}
	}
	if second != last {
		t.Errorf("reads and writes: %v for the second, %v for the last", second, last)
	}
}
