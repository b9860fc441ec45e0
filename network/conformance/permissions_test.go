package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/authority"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/gateway/api"
	"github.com/lifeledger/lifeledger/gateway/authn"
	"github.com/lifeledger/lifeledger/gateway/httpapi"
	"github.com/lifeledger/lifeledger/gateway/kept"
)

// TestThePermissionsThroughTheGateway holds the table of permissions against what the
// REST API answers, of gateways of all organisations over one in-memory ledger: what
// the ledger allows and refuses arrives as that, and nothing gets past it.
func TestThePermissionsThroughTheGateway(t *testing.T) {
	notOf(t)
	guard, err := contract.New()
	if err != nil {
		t.Fatal(err)
	}
	gateways := make(map[string]*inProcess)
	seen := scenario.NewCoverage()
	for _, s := range stories(t) {
		what := &scenario.WhatIf{Chaincode: guard}
		q := &scenario.Inquiry{Fake: scenario.NewFake(what), What: what, Report: t.Errorf, Seen: seen, Once: true}
		q.Ask = func(org string, args []string) fault.Code {
			g, ok := gateways[org]
			if !ok {
				g = newInProcess(t, org)
				gateways[org] = g
			}
			g.ledger = q.Memory
			return g.post(t, args)
		}
		if _, err := scenario.Run(s, q, "r1", "USD"); err != nil {
			t.Error(err)
		}
	}
	for _, r := range authority.Rows() {
		if !seen.Asked(r.Transaction) {
			t.Errorf("nobody has asked about %s", r.Transaction)
		}
	}
	t.Logf("%d answers", seen.Answers)
}

// inProcess is one organisation's gateway, without a listener, whose writes are only
// asked about.
type inProcess struct {
	organisation string
	ledger       *ledgertest.Ledger
	handler      http.Handler
}

// unasked stands for the read side, for which no write asks.
type unasked struct {
	httpapi.ReadModel
	httpapi.Questions
	httpapi.Passports
	httpapi.SavedQueries
}

func newInProcess(t *testing.T, org string) *inProcess {
	t.Helper()
	spec, err := os.ReadFile("../../gateway/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	g := &inProcess{organisation: org}
	h, err := httpapi.New(httpapi.Config{
		Organisation: org, LedgerName: "lifeledger/lifeledger", Version: "test", Spec: spec, Ledger: g, Operations: g, Authenticator: g,
		ReadModel: unasked{}, Questions: unasked{}, Passports: unasked{}, SavedQueries: unasked{},
		Limits: httpapi.Limits{PerSecond: 1e6, Burst: 1e6}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	g.handler = h.API
	return g
}

// post sends a request. What cannot be said in REST is asked of the ledger directly.
func (g *inProcess) post(t *testing.T, args []string) fault.Code {
	path, body, ok := request(http.MethodPost, args[:2])
	if !ok {
		_, err := g.Do(t.Context(), httpapi.Write{Transaction: ledgerapi.Transaction(args[0]), Argument: []byte(args[1])})
		f := new(fault.Fault)
		if errors.As(err, &f) {
			return f.Code
		}
		return ""
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1"+path, strings.NewReader(string(body)))
	r.Header.Set("Authorization", "Bearer operator")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	rec := httptest.NewRecorder()
	g.handler.ServeHTTP(rec, r)
	answer, err := io.ReadAll(rec.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	if rec.Code == http.StatusOK || rec.Code == http.StatusCreated {
		return ""
	}
	var problem struct{ Code fault.Code }
	if err := json.Unmarshal(answer, &problem); err != nil || fault.KindOf(problem.Code) == fault.Internal || problem.Code == fault.CodeSchema {
		t.Errorf("%s by %s: %d %s", args[0], g.organisation, rec.Code, answer)
		return fault.CodeInternal
	}
	if forbidden := fault.KindOf(problem.Code) == fault.Forbidden; forbidden != (rec.Code == http.StatusForbidden) {
		t.Errorf("%s by %s: %s is answered with %d", args[0], g.organisation, problem.Code, rec.Code)
	}
	return problem.Code
}

// Verify knows one principal, who may call everything: what the organisation may do is
// for the ledger to say.
func (g *inProcess) Verify(context.Context, string) (authn.Principal, error) {
	return authn.Principal{Subject: "operator", Organisation: g.organisation, Roles: []authn.Role{authn.Operator}}, nil
}

func (g *inProcess) Ask(_ context.Context, tx ledgerapi.Transaction, argument []byte, _ bool) (httpapi.LedgerAnswer, error) {
	result, err := g.ledger.Evaluate(scenario.Client(g.organisation), string(tx), string(argument))
	return httpapi.LedgerAnswer{Result: result}, err
}

func (g *inProcess) Notarise(context.Context, ledgerapi.Transaction, []byte, []string) ([]byte, error) {
	return nil, errors.New("nobody signs in memory")
}

func (g *inProcess) Moment() (kept.Moment, bool) { return kept.Moment{}, false }

func (g *inProcess) Ready(context.Context) map[string]error { return nil }

// Do asks what would become of a write.
func (g *inProcess) Do(_ context.Context, w httpapi.Write) (httpapi.Outcome, error) {
	tx, err := g.ledger.Propose(ledgertest.Call{As: scenario.Client(g.organisation), Fn: string(w.Transaction), Args: []string{string(w.Argument)}, Endorsers: scenario.Organisations()[:1]})
	if err == nil {
		err = tx.Err()
	}
	if err != nil {
		if f, ok := fault.Parse(err.Error()); ok {
			return httpapi.Outcome{}, f
		}
		return httpapi.Outcome{}, err
	}
	return httpapi.Outcome{ID: "op", Principal: w.Principal, Transaction: w.Transaction, State: api.Committed, TransactionID: tx.ID, Block: 1, Result: tx.Response.GetPayload()}, nil
}

func (g *inProcess) Start(ctx context.Context, w httpapi.Write) (httpapi.Outcome, error) {
	return g.Do(ctx, w)
}

func (g *inProcess) Get(context.Context, string) (httpapi.Outcome, error) {
	return httpapi.Outcome{}, errors.New("there are no operations")
}
