package conformance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/authority"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// inquiry is a backend that asks, before each request of a story that is about to
// succeed, what the others would be told who send the same; it holds every answer
// against the table of permissions. Nothing is submitted, or it is refused.
type inquiry struct {
	scenario.Backend
	live *live
	t    *testing.T
	seen *inquired
	once bool // about the first request of each kind alone
	ask  func(q question) (answers int)
}

// question is one caller's request, which somebody else is about to send with success.
type question struct {
	inquiry
	caller   string
	args     []string
	row      authority.Row
	standing scenario.Standing
	first    bool // nobody has asked about a request of this kind
}

// inquired is what all stories together have asked.
type inquired struct {
	mu           sync.Mutex
	kinds        map[string]bool
	transactions map[string]bool
	answers      int
	took         time.Duration
}

func newInquired() *inquired {
	return &inquired{kinds: make(map[string]bool), transactions: make(map[string]bool)}
}

// note counts, and reports whether the kind is new.
func (s *inquired) note(transaction, kind string) (first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	first = !s.kinds[kind]
	s.kinds[kind], s.transactions[transaction] = true, true
	return first
}

func (s *inquired) count(answers int, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers, s.took = s.answers+answers, s.took+took
}

// expect fails a run that has asked about too little to mean anything.
func (s *inquired) expect(t *testing.T, answers, transactions int) {
	t.Helper()
	t.Logf("%d answers about %d transactions, %d kinds of requests, in %s of all stories together", s.answers, len(s.transactions), len(s.kinds), s.took.Round(time.Second))
	if s.answers < answers || len(s.transactions) < transactions {
		t.Errorf("that is less than %d answers about %d transactions", answers, transactions)
	}
}

// Submit asks first, and then submits.
func (i inquiry) Submit(org string, args ...string) (*scenario.Outcome, error) {
	if row, ok := authority.RowOf(args[0]); ok && len(args) > 1 && i.says(org, org, args) == "" {
		began := time.Now()
		i.seen.count(i.inquire(org, args, row), time.Since(began))
	}
	return i.Backend.Submit(org, args...)
}

func (i inquiry) inquire(org string, args []string, row authority.Row) (answers int) {
	records := &stored{live: i.live, org: org, known: make(map[string][]byte)}
	r, err := scenario.NewRequest(records, args[0], args[1])
	if err != nil {
		return 0 // its form is no question of permission
	}
	if slices.Contains(row.As, authority.ConsortiumMember) {
		return 0 // who endorses is in a record that nobody can ask for; it is asked in process
	}
	first := i.seen.note(row.Transaction, r.Kind(row, org))
	if i.once && !first {
		return 0
	}
	for _, caller := range cast.Organisations() {
		roles := records.roles(caller)
		if len(roles) == 0 {
			continue // nobody has announced it yet
		}
		answers += i.ask(question{i, caller, args, row, r.Standing(row, caller, roles...), first})
	}
	if records.err != nil {
		i.t.Error(records.err)
	}
	return answers
}

// says is the code with which an organisation's peer refuses a caller's request, or "".
func (i inquiry) says(caller, peer string, args []string) fault.Code {
	_, err := i.live.evaluateAt(caller, peer, args...)
	if err == nil {
		return ""
	}
	f, ok := fault.Parse(err.Error())
	if !ok || f.Kind == fault.Internal {
		i.t.Errorf("%s by %s at the peer of %s: %v", args[0], caller, peer, err)
		return fault.CodeInternal
	}
	return f.Code
}

// hold complains where an answer is not what the table says.
func (q question) hold(got fault.Code, where string) {
	if wrong := q.standing.Differs(q.row, got); wrong != "" {
		q.t.Errorf("%s by %s %s: %s: %s", q.args[0], q.caller, where, wrong, q.args[1])
	}
}

// behind is how long another peer may take to have the block that the story's has.
const behind = 30 * time.Second

// askPeers asks the caller's own peer, and all peers about the first request of a kind;
// again, while one may not have seen yet what the story did before.
func askPeers(q question) (answers int) {
	for _, peer := range cast.Organisations() {
		if peer != q.caller && !q.first {
			continue
		}
		got := q.says(q.caller, peer, q.args)
		for began := time.Now(); q.standing.Differs(q.row, got) != "" && time.Since(began) < behind; got = q.says(q.caller, peer, q.args) {
			time.Sleep(again)
		}
		q.hold(got, "at the peer of "+peer)
		answers++
	}
	return answers
}

// askGateways sends a request to the gateway of a caller whom the
// table does not allow it: that has to refuse it, so the story goes on as if nobody had.
func (r rest) askGateways(q question) (answers int) {
	path, body, ok := request(http.MethodPost, q.args[:2])
	if !ok || q.standing.Allowed() {
		return 0
	}
	var code fault.Code
	for began := time.Now(); ; time.Sleep(again) {
		_, err := r.call(q.caller, http.MethodPost, path, "", body)
		if code = ""; err != nil {
			f, ok := fault.Parse(err.Error())
			if !ok {
				q.t.Errorf("%s by %s through its gateway: %v", q.args[0], q.caller, err)
				return 1
			}
			code = f.Code
		}
		if code == "" || q.standing.Differs(q.row, code) == "" || time.Since(began) > behind {
			break
		}
	}
	q.hold(code, "through its gateway")
	return 1
}

// stored are the ledger's records as an organisation's own peer has them, each read once.
type stored struct {
	live  *live
	org   string
	known map[string][]byte
	err   error
}

// Now is the time of the request.
func (s *stored) Now() time.Time { return s.live.Now() }

// State reads a record by its raw key.
func (s *stored) State(key string) []byte {
	if b, ok := s.known[key]; ok {
		return b
	}
	parts := strings.Split(strings.Trim(key, "\x00"), "\x00")
	argument, err := json.Marshal(api.GetRecords{Keys: []string{catalogue.KeyText(parts[0], parts[1:]...)}})
	var found api.StoredRecords
	if err == nil {
		var b []byte
		if b, err = s.live.Evaluate(s.org, string(api.GetRecordsTx), string(argument)); err == nil {
			err = json.Unmarshal(b, &found)
		}
	}
	switch {
	case err != nil:
		s.err = fmt.Errorf("read %q: %w", key, err)
	case len(found.Records) == 1 && found.Records[0].Found:
		s.known[key] = []byte(found.Records[0].Document)
		return s.known[key]
	}
	s.known[key] = nil
	return nil
}

// roles are an organisation's, as it was announced.
func (s *stored) roles(mspID string) []party.Role {
	var o party.Organisation
	if b := s.State(ledgertest.Key("organisation", mspID)); b != nil {
		if err := json.Unmarshal(b, &o); err != nil {
			s.err = err
		}
	}
	return o.Roles
}
