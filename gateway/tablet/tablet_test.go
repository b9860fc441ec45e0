package tablet_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/credential"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/gateway/smartpackage"
	"github.com/lifeledger/lifeledger/gateway/tablet"
)

const (
	name = "lifeledger/lifeledger"
	pump = "pump-7"
	fan  = "fan-3"
	ann  = "eng-ann"
)

var (
	maker   = scenario.Client("ManufacturerMSP")
	service = scenario.Client("ServiceMSP")
)

// guard is made once: contract-api takes a while to compile its schemas.
var guard = sync.OnceValues(contract.New)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// site is the contracts on a ledger in memory behind as much of a gateway as a
// tablet needs, and a connection that can be cut.
type site struct {
	*ledgertest.Ledger
	t      testing.TB
	client *smartpackage.Client
	holds  bool // the gateway brings late statements into quarantine by itself
	lose   bool // the answer to the next write is lost on its way
	status int  // what every write is answered with, if it is not 0
	posts  int
}

func newSite(t testing.TB) *site {
	t.Helper()
	g, err := guard()
	check(t, err)
	s := &site{Ledger: ledgertest.New(g, ledgertest.Options{Step: time.Second}), t: t}
	for _, org := range scenario.Organisations() {
		_, err := s.Submit(maker, string(api.AnnounceOrganisationTx), scenario.Announcement(org))
		check(t, err)
	}
	part, err := scenario.NewKey(dsse.Ed25519, "part")
	check(t, err)
	for _, id := range []string{pump, fan} {
		s.must(maker, api.RegisterComponentTx, api.RegisterComponent{ComponentID: id, PartNumber: "PUMP-7", Algorithm: dsse.Ed25519, PublicKey: part.Public.Base64(), Location: "DEHAM"})
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/components/{id}/validations", func(w http.ResponseWriter, r *http.Request) {
		s.write(w, r, api.RecordValidationTx, "componentId", r.PathValue("id"))
	})
	mux.HandleFunc("POST /v1/quarantine", func(w http.ResponseWriter, r *http.Request) { s.write(w, r, api.QuarantineStatementTx, "", "") })
	mux.HandleFunc("GET /v1/statements/{subject}/{signer}", func(w http.ResponseWriter, r *http.Request) {
		answer, err := s.Evaluate(service, string(api.GetStatementChainTx), fmt.Sprintf(`{"subject":%q,"signer":%q}`, r.PathValue("subject"), r.PathValue("signer")))
		s.answer(w, answer, err, false)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s.client = &smartpackage.Client{Base: server.URL, Attempts: 1}
	return s
}

func (s *site) must(as ledgertest.Identity, tx api.Transaction, in any) {
	s.t.Helper()
	b, err := json.Marshal(in)
	check(s.t, err)
	_, err = s.Submit(as, string(tx), string(b))
	check(s.t, err)
}

func (s *site) write(w http.ResponseWriter, r *http.Request, tx api.Transaction, member, value string) {
	s.posts++
	if s.status != 0 {
		w.WriteHeader(s.status)
		return
	}
	request := map[string]any{}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		s.t.Error(err)
	}
	late, err := json.Marshal(map[string]any{"envelope": request["envelope"]})
	if err != nil {
		s.t.Error(err)
	}
	if member != "" {
		request[member] = value
	}
	argument, err := json.Marshal(request)
	if err != nil {
		s.t.Error(err)
	}
	res, err := s.Submit(service, string(tx), string(argument))
	held := false
	if f, ok := fault.Parse(fmt.Sprint(err)); ok && f.Code == fault.CodeStatementLate && s.holds {
		_, failed := s.Submit(service, string(api.QuarantineStatementTx), string(late))
		held = failed == nil
	}
	if s.lose {
		s.lose = false
		panic(http.ErrAbortHandler)
	}
	var answer []byte
	if err == nil {
		answer = res.Tx.Response.GetPayload()
	}
	s.answer(w, answer, err, held)
}

func (s *site) answer(w http.ResponseWriter, answer []byte, err error, held bool) {
	if err == nil {
		_, _ = w.Write(answer)
		return
	}
	f, ok := fault.Parse(err.Error())
	if !ok {
		s.t.Error(err)
	}
	params := map[string]string{}
	for _, p := range f.Params {
		params[p.Name] = p.Value
	}
	if held {
		params["quarantined"] = "true"
	}
	w.WriteHeader(http.StatusUnprocessableEntity)
	_ = json.NewEncoder(w).Encode(map[string]any{"code": f.Code, "detail": f.Detail, "params": params})
}

// certified is a tablet whose engineer is certified.
func (s *site) certified(dir string) (*tablet.Book, *smartpackage.Key) {
	s.t.Helper()
	key, err := smartpackage.GenerateKey(dsse.P256)
	check(s.t, err)
	proof, err := tablet.AnnounceKey(dsse.CredentialKey{Ledger: name, CredentialID: ann, Issuer: service.MSPID, KeyNumber: 1}, key)
	check(s.t, err)
	now := measure.TimeOf(s.Now())
	s.must(service, api.IssueCredentialTx, api.IssueCredential{
		CredentialID: ann, Algorithm: key.Public().Algorithm(), PublicKey: key.Public().Base64(), Proof: *proof,
		Grant: credential.Grant{Skills: []string{"hydraulics"}, PartNumbers: []string{"*"}, ValidFrom: now, ValidUntil: now.Add(3_600_000)},
	})
	return s.open(dir, key), key
}

func (s *site) open(dir string, key *smartpackage.Key) *tablet.Book {
	s.t.Helper()
	b, err := tablet.Open(dir, tablet.Signer{Ledger: name, Name: "credential:" + ann}, key)
	check(s.t, err)
	tablet.SetClock(b, s.Now)
	return b
}

func validate(t testing.TB, b *tablet.Book, id, skill, remark string) tablet.Entry {
	t.Helper()
	e, err := tablet.Sign(b, tablet.Destination{Path: "/v1/components/" + id + "/validations", Member: "envelope"}, component.ValidationKind, id,
		component.ValidationBody{Skill: skill, Conclusion: component.Conformant, Evidence: []string{}, Remark: remark})
	check(t, err)
	return e
}

// remarks are those of the validations that took effect, in order.
func (s *site) remarks(id string) []string {
	s.t.Helper()
	b, err := s.Evaluate(maker, string(api.ListValidationsTx), fmt.Sprintf(`{"of":%q,"limit":200}`, id))
	check(s.t, err)
	var page api.ValidationPage
	check(s.t, json.Unmarshal(b, &page))
	out := []string{}
	for _, v := range page.Items {
		out = append(out, v.Body.Remark)
	}
	return out
}

func (s *site) deliver(b *tablet.Book, want tablet.Delivered) {
	s.t.Helper()
	got, err := b.Deliver(s.t.Context(), s.client)
	if err != nil || got != want {
		s.t.Fatalf("delivered %+v, %v, want %+v", got, err, want)
	}
}

func (s *site) wantRemarks(id string, want ...string) {
	s.t.Helper()
	if got := s.remarks(id); !slices.Equal(got, want) {
		s.t.Errorf("%s has %q, want %q", id, got, want)
	}
}

func TestWhatIsSignedOfflineArrivesInOrder(t *testing.T) {
	s, dir := newSite(t), t.TempDir()
	b, key := s.certified(dir)
	validate(t, b, pump, "hydraulics", "one")
	validate(t, b, fan, "hydraulics", "fan")
	validate(t, b, pump, "hydraulics", "two")
	check(t, b.Close())

	// Switched off and on again: nothing is lost, and the numbers go on.
	b = s.open(dir, key)
	if e := validate(t, b, pump, "hydraulics", "three"); e.Sequence != 3 {
		t.Errorf("%+v", e)
	}
	s.lose = true // the first answer
	if _, err := b.Deliver(t.Context(), s.client); err == nil || len(b.Entries()) != 4 {
		t.Fatalf("%v, %d queued", err, len(b.Entries()))
	}
	s.deliver(b, tablet.Delivered{Taken: 4})
	s.wantRemarks(pump, "one", "two", "three")
	s.wantRemarks(fan, "fan")
	check(t, b.Close())
	b = s.open(dir, key)
	if e := validate(t, b, pump, "hydraulics", "four"); e.Sequence != 4 || len(b.Entries()) != 1 {
		t.Errorf("%+v", e)
	}
	s.deliver(b, tablet.Delivered{Taken: 1})
}

// A refusal holds up what follows it about the same subject and nothing else; taken
// back, its number is free, and what follows is signed anew.
func TestARefusedStatementIsWithdrawn(t *testing.T) {
	s, dir := newSite(t), t.TempDir()
	b, key := s.certified(dir)
	bad := validate(t, b, pump, "welding", "not certified for it")
	next := validate(t, b, pump, "hydraulics", "next")
	validate(t, b, fan, "hydraulics", "fan")
	if err := b.Withdraw(bad.Hash); err == nil {
		t.Error("a statement that the ledger may take was withdrawn")
	}
	s.deliver(b, tablet.Delivered{Taken: 1, Refused: 1})
	s.wantRemarks(pump)
	if e := b.Entries()[0]; e.Status != tablet.Refused || e.Reason == "" {
		t.Errorf("%+v", e)
	}
	posts := s.posts
	s.deliver(b, tablet.Delivered{})
	if s.posts != posts {
		t.Error("what is refused was shown again")
	}
	check(t, b.Retry(bad.Hash))
	s.deliver(b, tablet.Delivered{Refused: 1})
	check(t, b.Close())
	b = s.open(dir, key)
	check(t, b.Withdraw(bad.Hash))
	if e := b.Entries()[0]; e.Sequence != 1 || e.Previous != dsse.NoStatement || e.Hash == next.Hash {
		t.Errorf("%+v", e)
	}
	s.deliver(b, tablet.Delivered{Taken: 1})
	s.wantRemarks(pump, "next")
	if b.Withdraw(bad.Hash) == nil || b.Retry(bad.Hash) == nil {
		t.Error("what is not queued was withdrawn")
	}
}

// What is wrong with whoever carries a statement says nothing about the statement.
func TestATokenThatIsNotGoodRefusesNothing(t *testing.T) {
	s := newSite(t)
	b, _ := s.certified(t.TempDir())
	validate(t, b, pump, "hydraulics", "one")
	for _, s.status = range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusServiceUnavailable} {
		if _, err := b.Deliver(t.Context(), s.client); err == nil || b.Entries()[0].Status != tablet.Waiting {
			t.Errorf("%d: %v, %+v", s.status, err, b.Entries())
		}
	}
	s.status = 0
	s.deliver(b, tablet.Delivered{Taken: 1})
}

func TestLateStatementsWaitForTheIssuer(t *testing.T) {
	for _, holds := range []bool{true, false} {
		s := newSite(t)
		s.holds = holds
		b, _ := s.certified(t.TempDir())
		validate(t, b, pump, "hydraulics", "before")
		s.deliver(b, tablet.Delivered{Taken: 1})
		one, two := validate(t, b, pump, "hydraulics", "one"), validate(t, b, pump, "hydraulics", "two")
		s.must(service, api.RevokeCredentialTx, api.RevokeCredential{CredentialID: ann, Reason: "tablet lost"})
		s.deliver(b, tablet.Delivered{Held: 1})
		if b.Withdraw(one.Hash) == nil {
			t.Error("a statement that may be released was withdrawn")
		}
		s.deliver(b, tablet.Delivered{Held: 1}) // still
		s.must(service, api.ReleaseStatementTx, api.DecideStatement{Issuer: service.MSPID, Hash: one.Hash, Reason: "on the job sheet"})
		s.deliver(b, tablet.Delivered{Taken: 1, Held: 1})
		s.wantRemarks(pump, "before", "one")
		s.must(service, api.RejectStatementTx, api.DecideStatement{Issuer: service.MSPID, Hash: two.Hash, Reason: "was not there"})
		s.deliver(b, tablet.Delivered{Rejected: 1})
		s.wantRemarks(pump, "before", "one")
		if len(b.Entries()) != 0 {
			t.Errorf("queued %+v", b.Entries())
		}
	}
}

// A power cut between the steps of a withdrawal leaves a gap, which opening the book
// closes.
func TestAPowerCutInTheMiddleOfAWithdrawal(t *testing.T) {
	s, dir := newSite(t), t.TempDir()
	b, key := s.certified(dir)
	bad := validate(t, b, pump, "welding", "bad")
	validate(t, b, pump, "hydraulics", "one")
	validate(t, b, pump, "hydraulics", "two")
	s.deliver(b, tablet.Delivered{Refused: 1})
	check(t, b.Close())
	check(t, os.Remove(filepath.Join(dir, "queue", fmt.Sprintf("%020d.json", bad.Number))))
	check(t, os.WriteFile(filepath.Join(dir, "queue", fmt.Sprintf("%020d.json.partial", 9)), []byte("{"), 0o600))
	b = s.open(dir, key)
	s.deliver(b, tablet.Delivered{Taken: 2})
	s.wantRemarks(pump, "one", "two")
}

func TestANewTabletContinues(t *testing.T) {
	s := newSite(t)
	b, key := s.certified(t.TempDir())
	check(t, b.Continue(t.Context(), s.client, fan)) // nothing was said yet
	validate(t, b, pump, "hydraulics", "one")
	if err := b.Continue(t.Context(), s.client, pump); err == nil {
		t.Error("it continued behind what is queued")
	}
	s.deliver(b, tablet.Delivered{Taken: 1})

	forgetful := s.open(t.TempDir(), key)
	validate(t, forgetful, pump, "hydraulics", "another one")
	if _, err := forgetful.Deliver(t.Context(), s.client); !errors.Is(err, tablet.ErrForked) || len(forgetful.Entries()) != 1 {
		t.Errorf("got %v", err)
	}
	s.wantRemarks(pump, "one")

	knowing := s.open(t.TempDir(), key)
	check(t, knowing.Continue(t.Context(), s.client, pump))
	if e := validate(t, knowing, pump, "hydraulics", "two"); e.Sequence != 2 {
		t.Errorf("%+v", e)
	}
	s.deliver(knowing, tablet.Delivered{Taken: 1})
	s.wantRemarks(pump, "one", "two")
}

func TestABookIsOneSigners(t *testing.T) {
	s, dir := newSite(t), t.TempDir()
	b, key := s.certified(dir)
	who := tablet.Signer{Ledger: name, Name: "credential:" + ann}
	if _, err := tablet.Open(dir, who, key); err == nil {
		t.Error("it was opened twice")
	}
	check(t, b.Close())
	for _, other := range []tablet.Signer{{Ledger: "other/lifeledger", Name: who.Name}, {Ledger: name, Name: "credential:bob"}} {
		if _, err := tablet.Open(dir, other, key); err == nil {
			t.Errorf("it was opened for %+v", other)
		}
	}
	b = s.open(dir, key)
	for _, to := range []tablet.Destination{{}, {Path: "/v1/x"}, {Member: "envelope"}} {
		if _, err := tablet.Sign(b, to, "validation", pump, component.ValidationBody{Evidence: []string{}}); err == nil {
			t.Errorf("%+v is somewhere to go", to)
		}
	}
	if _, err := tablet.Sign(b, tablet.Destination{Path: "/v1/x", Member: "envelope"}, "validation", pump, component.ValidationBody{}); err == nil {
		t.Error("a body without its list was signed")
	}
	if len(b.Entries()) != 0 {
		t.Error("what cannot be signed was queued")
	}
}
