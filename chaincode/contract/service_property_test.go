package contract_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/credential"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	ruling "github.com/lifeledger/lifeledger/chaincode/rules/service"
	"github.com/lifeledger/lifeledger/chaincode/rules/statement"
)

// servicing is a workshop whose pump a service company keeps under an agreement.
type servicing struct {
	workshop
	rt    *rapid.T // nil where nothing is drawn
	jobs  map[string]*job
	crew  map[string]*crewman
	words []*signedWork
	held  map[string]statement.QuarantineStatus
	tally map[string]int // what was seen, so that a run of nothing is noticed
}

// job is what an onlooker knows of a request.
type job struct {
	status    ruling.RequestStatus
	steps     uint64
	hash      string
	sequences map[string]uint64 // by engineer: statements about it that took effect
	tails     map[string]string
	by        string // who did it
}

// crewman is what an onlooker knows of an engineer.
type crewman struct {
	issuer          ledgertest.Identity
	issued, revoked bool
	number          uint64 // of the present key
	until           measure.Time
	grant           credential.Grant
}

// signedWork is an engineer's word about a request, said at some time or other.
type signedWork struct {
	who, request, previous, hash string
	key, sequence, steps         uint64
	stepsHash                    string
	envelope                     dsse.Envelope
}

const pricePerStep = 10

func newServicing(t testing.TB, rt *rapid.T) *servicing {
	s := &servicing{workshop: newWorkshop(t), rt: rt, jobs: map[string]*job{}, held: map[string]statement.QuarantineStatus{}, tally: map[string]int{}}
	s.crew = map[string]*crewman{"ann": {issuer: service}, "bob": {issuer: service}, "mal": {issuer: maker}}
	s.must(maker, api.IssueTokensTx, api.IssueTokens{Currency: "USD", AmountMinor: 1_000_000, Reserve: "Bank"})
	s.must(maker, api.ProposeAgreementTx, api.ProposeAgreement{AgreementID: "a", Operator: maker.MSPID, Provider: service.MSPID, Currency: "USD", Prices: []ruling.StepPrice{{Step: "look", AmountMinor: pricePerStep}}, Rates: []ruling.UsageRate{}, ValidFrom: s.now()})
	s.must(service, api.AcceptAgreementTx, api.AgreementRef{AgreementID: "a"})
	s.must(maker, api.CoverComponentsTx, api.CoverComponents{AgreementID: "a", Components: []string{pump}})
	s.Advance(time.Second)
	return s
}

// try submits, and holds the answer to the books.
func (s *servicing) try(as ledgertest.Identity, tx api.Transaction, in any, want bool) bool {
	_, err := s.Submit(as, string(tx), argument(s.t, in))
	if f, ok := fault.Parse(fmt.Sprint(err)); err != nil && (!ok || f.Kind == fault.Internal) {
		s.rt.Fatalf("%s: %v", tx, err)
	}
	if (err == nil) != want {
		s.rt.Fatalf("%s by %s: %v, by the books carried out: %v", tx, as.MSPID, err, want)
	}
	return err == nil
}

// good: what this key signs counts now, by its credential alone.
func (s *servicing) good(who string, key uint64) bool {
	m := s.crew[who]
	return m.issued && !m.revoked && key == m.number && s.now() < m.until
}

// covers: it is about hydraulics of pumps.
func (m *crewman) covers() bool {
	return slices.Contains(m.grant.Skills, "hydraulics") && (slices.Contains(m.grant.PartNumbers, "*") || slices.Contains(m.grant.PartNumbers, "PUMP-7"))
}

// grant draws what a credential says; some do not cover the work.
func (s *servicing) grant() credential.Grant {
	g := credential.Grant{Skills: []string{"hydraulics"}, PartNumbers: []string{"*"}, ValidFrom: s.now().Add(-1000), ValidUntil: s.now().Add(draw[int64](s.rt, "valid", 20, 2000, 5000) * 60_000)}
	switch draw(s.rt, "grant", "any", "any", "pump", "other skill", "other type") {
	case "pump":
		g.PartNumbers = []string{"PUMP-7"}
	case "other skill":
		g.Skills = []string{"paint"}
	case "other type":
		g.PartNumbers = []string{"VALVE-1"}
	}
	return g
}

func (s *servicing) engineers(who string, by ledgertest.Identity) {
	m := s.crew[who]
	may := m.issued && !m.revoked && by.MSPID == m.issuer.MSPID
	switch draw(s.rt, "to the credential", "issue", "issue", "renew", "renew", "renew", "rotate", "rotate", "revoke") {
	case "issue":
		k, g := s.key(who, 1), s.grant()
		proof, err := scenario.CredentialStatement("lifeledger/lifeledger", who, m.issuer.MSPID, 1, k)
		if err != nil {
			s.rt.Fatal(err)
		}
		if s.try(m.issuer, api.IssueCredentialTx, api.IssueCredential{CredentialID: who, Algorithm: dsse.Ed25519, PublicKey: k.Public.Base64(), Proof: proof, Grant: g}, !m.issued) {
			m.issued, m.number, m.until, m.grant = true, 1, g.ValidUntil, g
		}
	case "renew":
		g := s.grant()
		if s.try(by, api.RenewCredentialTx, api.RenewCredential{CredentialID: who, Skills: g.Skills, PartNumbers: g.PartNumbers, ValidUntil: g.ValidUntil}, may) {
			m.until, m.grant = g.ValidUntil, g
		}
	case "rotate":
		k := s.key(who, m.number+1)
		proof, err := scenario.CredentialStatement("lifeledger/lifeledger", who, by.MSPID, m.number+1, k)
		if err != nil {
			s.rt.Fatal(err)
		}
		if s.try(by, api.RotateCredentialKeyTx, api.RotateCredentialKey{CredentialID: who, Algorithm: dsse.Ed25519, PublicKey: k.Public.Base64(), Proof: proof}, may) {
			m.number++
		}
	case "revoke":
		if s.try(by, api.RevokeCredentialTx, api.RevokeCredential{CredentialID: who, Reason: "r"}, may) {
			m.revoked = true
		}
	}
}

func faultOf(id string) api.ReportFault {
	return api.ReportFault{RequestID: id, ComponentID: pump, Title: "It leaks", Action: ruling.Repair, Skill: "hydraulics", Report: ruling.FaultReport{Description: "oil", Priority: 2}, DueAt: "2199-01-01T00:00:00Z"}
}

// request takes a request a step further, or tries to.
func (s *servicing) request(id string, by ledgertest.Identity) {
	j := s.jobs[id]
	if j == nil {
		if s.try(by, api.ReportFaultTx, faultOf(id), by != carrier) {
			s.jobs[id] = &job{status: ruling.Raised, hash: ruling.NoSteps, sequences: map[string]uint64{}, tails: map[string]string{}}
		}
		return
	}
	what := draw(s.rt, "to the request", "accept", "schedule", "start", "step", "confirm", "return")
	if rapid.IntRange(0, 3).Draw(s.rt, "as it should be") > 0 {
		what = map[ruling.RequestStatus]string{ruling.Raised: "accept", ruling.Accepted: "schedule", ruling.Scheduled: "start", ruling.Started: "step", ruling.Done: "confirm"}[j.status]
		if by = service; j.status == ruling.Done {
			by = maker
		}
	}
	mine, owns := by == service, by == maker
	switch what {
	case "accept":
		if s.try(by, api.AcceptRequestTx, api.RequestRef{RequestID: id}, mine && j.status == ruling.Raised) {
			j.status = ruling.Accepted
		}
	case "schedule":
		who := draw(s.rt, "sent", "ann", "ann", "bob", "mal")
		m := s.crew[who]
		if s.try(by, api.ScheduleRequestTx, api.ScheduleRequest{RequestID: id, EngineerID: who, ScheduledFor: s.now()},
			mine && (j.status == ruling.Accepted || j.status == ruling.Scheduled) && s.good(who, m.number) && m.covers() && m.issuer == service) {
			j.status = ruling.Scheduled
		}
	case "start":
		if s.try(by, api.StartWorkTx, api.RequestRef{RequestID: id}, mine && j.status == ruling.Scheduled) {
			j.status = ruling.Started
		}
	case "step":
		s.step(id, by, mine && j.status == ruling.Started)
	case "confirm":
		if s.try(by, api.ConfirmWorkTx, api.RequestRef{RequestID: id}, owns && j.status == ruling.Done) {
			j.status = ruling.Confirmed
			s.tally["confirmed"]++
		}
	case "return":
		if s.try(by, api.ReturnWorkTx, api.RequestReason{RequestID: id, Reason: "r"}, owns && j.status == ruling.Done) {
			j.status, j.by = ruling.Started, ""
		}
	}
}

func (s *servicing) step(id string, by ledgertest.Identity, want bool) {
	if !s.try(by, api.RecordStepTx, api.RecordStep{RequestID: id, Step: "look", Activity: "check"}, want) {
		return
	}
	var r ruling.ServiceRequest
	s.read(api.GetRequestTx, api.RequestRef{RequestID: id}, &r)
	j := s.jobs[id]
	j.steps, j.hash = j.steps+1, r.StepsHash
}

func (s *servicing) read(tx api.Transaction, in, out any) {
	b, err := s.Evaluate(carrier, string(tx), argument(s.t, in))
	if err == nil {
		err = json.Unmarshal(b, out)
	}
	if err != nil {
		s.t.Fatalf("%s: %v", tx, err)
	}
}

// sign has an engineer say that a request is done, as it stands.
func (s *servicing) sign(who, id string, key uint64) *signedWork {
	s.t.Helper()
	j := s.jobs[id]
	w := &signedWork{who: who, request: id, key: key, sequence: j.sequences[who] + 1, previous: j.tails[who], steps: j.steps, stepsHash: j.hash}
	if w.previous == "" {
		w.previous = statement.First
	}
	said := dsse.Statement[ruling.Work]{
		Ledger: "lifeledger/lifeledger", Kind: ruling.WorkStatement, Subject: id, Signer: "credential:" + who, Sequence: w.sequence, Previous: w.previous, SignedAt: s.now(),
		Body: ruling.Work{Outcome: ruling.Passed, Steps: j.steps, StepsHash: j.hash, Mode: "VIB", Mechanism: "2.4", Cause: "3.4", Remarks: "tight"},
	}
	payload, err := said.Encode()
	if err != nil {
		s.t.Fatal(err)
	}
	if w.envelope, err = scenario.Sign(dsse.StatementType, payload, s.key(who, key)); err != nil {
		s.t.Fatal(err)
	}
	w.hash = dsse.StatementHash(payload)
	return w
}

// word does something with a statement that somebody has signed.
func (s *servicing) word(w *signedWork, by ledgertest.Identity) {
	j, m := s.jobs[w.request], s.crew[w.who]
	good, status := s.good(w.who, w.key), s.held[w.hash]
	switch draw(s.rt, "with the statement", "complete", "complete", "complete", "quarantine", "decide") {
	case "complete":
		s.complete(w, by)
	case "quarantine":
		if s.try(by, api.QuarantineStatementTx, api.QuarantineStatement{Envelope: w.envelope}, m.issued && !good && status == "" && w.sequence > j.sequences[w.who]) {
			s.held[w.hash] = statement.Held
		}
	case "decide":
		tx, to := api.ReleaseStatementTx, statement.Released
		if rapid.Bool().Draw(s.rt, "reject") {
			tx, to = api.RejectStatementTx, statement.Rejected
		}
		if s.try(by, tx, api.DecideStatement{Issuer: m.issuer.MSPID, Hash: w.hash, Reason: "r"}, by == m.issuer && status == statement.Held) {
			s.held[w.hash] = to
		}
	}
}

// complete presents a statement, which takes effect exactly when all is right.
func (s *servicing) complete(w *signedWork, by ledgertest.Identity) {
	j, m, status := s.jobs[w.request], s.crew[w.who], s.held[w.hash]
	follows := w.sequence == j.sequences[w.who]+1 && (w.previous == j.tails[w.who] || w.sequence == 1)
	right := j.status == ruling.Started && j.steps > 0 && w.steps == j.steps && w.stepsHash == j.hash && m.issuer == service
	counts := m.issued && (status == "" && s.good(w.who, w.key) || status == statement.Released)
	if s.try(by, api.CompleteWorkTx, api.CompleteWork{RequestID: w.request, Statement: w.envelope}, follows && right && counts && m.covers()) {
		j.status, j.by = ruling.Done, w.who
		j.sequences[w.who], j.tails[w.who] = w.sequence, w.hash
		s.tally["done"]++
		if status == statement.Released {
			s.tally["released"]++
		}
	} else if follows && right && m.issued && !counts {
		s.tally["kept from a revoked or expired engineer"]++
		if status == "" && rapid.Bool().Draw(s.rt, "to its issuer") { // who says that it was in time
			s.try(by, api.QuarantineStatementTx, api.QuarantineStatement{Envelope: w.envelope}, m.issued)
			s.try(m.issuer, api.ReleaseStatementTx, api.DecideStatement{Issuer: m.issuer.MSPID, Hash: w.hash, Reason: "r"}, true)
			s.held[w.hash] = statement.Released
			s.complete(w, by)
		}
	} else if follows && right && !m.covers() {
		s.tally["kept from an uncertified engineer"]++
	}
}

// compare holds the ledger to the books: how far each request is, by whom, and what
// was paid for it.
func (s *servicing) compare() {
	paid := money.Minor(0)
	for id, j := range s.jobs {
		var r ruling.ServiceRequest
		s.read(api.GetRequestTx, api.RequestRef{RequestID: id}, &r)
		by := ""
		if r.Result != nil {
			by = r.Result.EngineerID
		}
		if r.Status != j.status || r.Steps != j.steps || by != j.by {
			s.rt.Fatalf("%+v, by the books %+v", r, j)
		}
		if j.status == ruling.Confirmed {
			paid += money.Minor(j.steps) * pricePerStep
		}
	}
	var a money.Account
	s.read(api.GetAccountTx, api.AccountRef{Organisation: maker.MSPID, Currency: "USD"}, &a)
	if a.BalanceMinor != 1_000_000-paid {
		s.rt.Fatalf("the owner has %d left, by the books %d were paid", a.BalanceMinor, paid)
	}
}

// TestOnlyACertifiedEngineerClosesAJob: whatever is issued, renewed, rotated, revoked,
// raised, begun, recorded, signed, quarantined and released, by whom and in which
// order: a job is done exactly when an engineer of the contracted company has signed
// for all its steps, with a key that is good as that is recorded, or whose statement
// was released, and with a credential for this skill and this type. It is paid once.
func TestOnlyACertifiedEngineerClosesAJob(t *testing.T) {
	checks(t, "200")
	seen := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		s := newServicing(t, rt)
		for range 120 {
			s.Advance(time.Duration(rapid.IntRange(0, 20).Draw(rt, "minutes")) * time.Minute)
			who, by := draw(rt, "who", "ann", "ann", "bob", "mal"), draw(rt, "by", service, service, service, maker, maker, carrier)
			id := draw(rt, "request", "r0", "r1", "r2")
			switch n := rapid.IntRange(0, 10).Draw(rt, "what"); {
			case n < 1 || !s.crew["ann"].issued:
				s.engineers(who, by)
			case n < 7:
				s.request(id, by)
			case n < 9 && s.jobs[id] != nil:
				s.words = append(s.words, s.sign(who, id, max(1, draw(rt, "key", s.crew[who].number, s.crew[who].number, s.crew[who].number, 1))))
				s.word(s.words[len(s.words)-1], by)
			case len(s.words) > 0:
				s.word(s.words[len(s.words)-1-min(len(s.words)-1, rapid.IntRange(0, 5).Draw(rt, "statement"))], by)
			}
		}
		s.compare()
		recount(t, s.Ledger)
		for what, n := range s.tally {
			seen[what] += n
		}
	})
	t.Log(seen)
	if seen["done"] == 0 || seen["kept from a revoked or expired engineer"] == 0 || seen["kept from an uncertified engineer"] == 0 {
		t.Errorf("%v: this test shows little", seen)
	}
}

// cycle has a fault of the pump reported, repaired by ann in one step, and paid for,
// and says how much each transaction read and wrote, and how long it took.
func (s *servicing) cycle(part, id string) (sizes []ledgertest.Size, took time.Duration) {
	j := &job{sequences: map[string]uint64{}, tails: map[string]string{}}
	s.jobs[id] = j
	do := func(as ledgertest.Identity, tx api.Transaction, in any) *ledgertest.Tx {
		s.t.Helper()
		began := time.Now()
		r := s.must(as, tx, in)
		took += time.Since(began)
		sizes = append(sizes, r.Tx.Size())
		return r.Tx
	}
	report := faultOf(id)
	report.ComponentID = part
	ref := api.RequestRef{RequestID: id}
	do(maker, api.ReportFaultTx, report)
	do(service, api.AcceptRequestTx, ref)
	do(service, api.ScheduleRequestTx, api.ScheduleRequest{RequestID: id, EngineerID: "ann", ScheduledFor: s.now()})
	do(service, api.StartWorkTx, ref)
	var step ruling.ServiceStep
	if err := json.Unmarshal(do(service, api.RecordStepTx, api.RecordStep{RequestID: id, Step: "look", Activity: "check"}).Response.GetPayload(), &step); err != nil {
		s.t.Fatal(err)
	}
	j.steps, j.hash = 1, step.StepsHash
	do(service, api.CompleteWorkTx, api.CompleteWork{RequestID: id, Statement: s.sign("ann", id, 1).envelope})
	do(maker, api.ConfirmWorkTx, ref)
	return sizes, took
}

// TestAServiceCostsTheSameWhateverWasBefore: on a part with ten thousand past events,
// the transactions of a service read and write as much as on one with ten, and take
// as long: at most a tenth longer, by turns, in the median.
func TestAServiceCostsTheSameWhateverWasBefore(t *testing.T) {
	many, pairs := 10_000, 100
	if testing.Short() {
		many, pairs = 200, 10
	}
	s := newServicing(t, nil)
	s.must(service, api.IssueCredentialTx, s.certify("ann", s.now().Add(365*24*3_600_000)))
	number := 1_000_000
	service1 := func(part string) ([]ledgertest.Size, time.Duration) {
		number++
		return s.cycle(part, fmt.Sprint("r", number))
	}
	events := func(part string) int { // component events, request events and steps, as they are written
		s.must(maker, api.OfferOwnershipTx, api.OfferOwnership{ComponentID: part, To: service.MSPID})
		s.must(maker, api.DeclineOwnershipTx, api.ComponentRef{ComponentID: part})
		service1(part)
		return 2 + 7
	}
	past := 0
	for past < many {
		past += events(pump)
	}
	var ratios []float64
	for i := range pairs {
		part := fmt.Sprintf("pump-%03d", i)
		s.must(maker, api.RegisterComponentTx, api.RegisterComponent{ComponentID: part, PartNumber: "PUMP-7", Algorithm: dsse.Ed25519, PublicKey: s.key("other", 1).Public.Base64(), Location: "DEHAM"})
		s.must(maker, api.CoverComponentsTx, api.CoverComponents{AgreementID: "a", Components: []string{part}})
		events(part)
		var few, long []ledgertest.Size
		var short, behind time.Duration
		if i%2 == 0 {
			few, short = service1(part)
			long, behind = service1(pump)
		} else {
			long, behind = service1(pump)
			few, short = service1(part)
		}
		for n := range few {
			if few[n].Bytes-long[n].Bytes > 0 { // which of the two comes first has fewer digits in what both write
				few[n].Bytes, long[n].Bytes = long[n].Bytes, few[n].Bytes
			}
			sameSize(t, few[n], long[n])
		}
		ratios = append(ratios, float64(behind)/float64(short))
	}
	slices.Sort(ratios)
	median := ratios[len(ratios)/2]
	t.Logf("%d past events to 10: time %.3f, half of the pairs between %.3f and %.3f", past, median, ratios[len(ratios)/4], ratios[len(ratios)*3/4])
	if !testing.Short() && median > 1.10 {
		t.Errorf("a service behind %d events takes %.3f times as long as behind 10", past, median)
	}
}
