package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/network/consortium"
	"github.com/lifeledger/lifeledger/scripts/rest"
)

// routes says where the REST API has what the replay does. A part in braces is a
// member of the request; the others go into the body, or the query.
var routes = map[api.Transaction]string{
	api.IssueCredentialTx:   "/credentials",
	api.IssueTokensTx:       "/tokens/issues",
	api.SpreadAccountTx:     "/accounts/{organisation}/{currency}/spread",
	api.GetAccountTx:        "/accounts/{organisation}/{currency}",
	api.ProposeAgreementTx:  "/service-agreements",
	api.AcceptAgreementTx:   "/service-agreements/{agreementId}/acceptance",
	api.CoverComponentsTx:   "/service-agreements/{agreementId}/components",
	api.RegisterComponentTx: "/components",
	api.AttachPlanTx:        "/components/{componentId}/plan",
	api.GetPlanTx:           "/components/{componentId}/plan",
	api.ChangePlanTx:        "/components/{componentId}/plan-changes",
	api.RaiseDueTx:          "/components/{componentId}/due-requests",
	api.ReportUsageTx:       "/components/{componentId}/usage-reports",
	api.GetUsageTx:          "/components/{componentId}/usage",
	api.ReportConditionTx:   "/components/{componentId}/condition-reports",
	api.GetConditionTx:      "/components/{componentId}/conditions/{measure}",
	api.GetCareTx:           "/components/{componentId}/care",
	api.ListFindingsTx:      "/components/{of}/findings",
	api.DefineSlotsTx:       "/machines/{machineId}/slots",
	api.ListSlotsTx:         "/machines/{machineId}/slots",
	api.InstallPartsTx:      "/machines/{machineId}/installations",
	api.CompleteAssemblyTx:  "/machines/{machineId}/completion",
	api.RecordMachineScanTx: "/machines/{machineId}/scans",
	api.AssemblyHistoryTx:   "/machines/{of}/history",
	api.ReportFaultTx:       "/service-requests",
	api.GetRequestTx:        "/service-requests/{requestId}",
	api.AcceptRequestTx:     "/service-requests/{requestId}/acceptance",
	api.ScheduleRequestTx:   "/service-requests/{requestId}/schedule",
	api.StartWorkTx:         "/service-requests/{requestId}/start",
	api.RecordStepTx:        "/service-requests/{requestId}/steps",
	api.CompleteWorkTx:      "/service-requests/{requestId}/completion",
	api.ConfirmWorkTx:       "/service-requests/{requestId}/confirmation",
	api.CancelRequestTx:     "/service-requests/{requestId}/cancellation",
}

// gateways are a running network, used through the REST API of both sides.
type gateways struct {
	at    map[side]rest.Gateway
	id    string
	calls atomic.Int64
}

// dial finds the gateways and asks which ledger they have.
func dial(ctx context.Context, c *consortium.Consortium) (*gateways, error) {
	parts, err := c.Parts()
	if err != nil {
		return nil, err
	}
	made, err := rest.New("owner", parts.Manufacturer, behind)
	if err != nil {
		return nil, err
	}
	serves, err := rest.New("service company", parts.Service, behind)
	if err != nil {
		return nil, err
	}
	g := &gateways{at: map[side]rest.Gateway{owner: made, provider: serves}}
	if err := made.Reachable(ctx); err != nil {
		return nil, fmt.Errorf("the network is down; start it with `make up` (%w)", err)
	}
	var pong api.Pong
	if err := made.Get(ctx, "/ledger", &pong); err != nil {
		return nil, err
	}
	g.id = pong.Ledger
	return g, c.Announce(ctx, func(consortium.Member, string) {})
}

// behind: each side's peer sees a moment later what the other side wrote. What is
// not due now is not due a moment later, and what exists stays.
func behind(code string) bool {
	return code != string(fault.CodeNotDue) && !strings.HasSuffix(code, "exists")
}

func (g *gateways) name() string               { return g.id }
func (g *gateways) now() time.Time             { return time.Now().Add(-2 * time.Second) }
func (g *gateways) until(time.Time)            {}
func (g *gateways) organisation(s side) string { return g.at[s].MSPID }

func (g *gateways) do(ctx context.Context, as side, tx api.Transaction, request, out any) error {
	path, rest, err := route(tx, request)
	if err != nil {
		return err
	}
	var body any
	if len(rest) > 0 {
		body = rest
	}
	g.calls.Add(1)
	return no(g.at[as].Post(ctx, path, body, out))
}

func (g *gateways) ask(ctx context.Context, as side, tx api.Transaction, request, out any) error {
	path, rest, err := route(tx, request)
	if err != nil {
		return err
	}
	query := url.Values{}
	for name, value := range rest {
		query.Set(name, text(value))
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return no(g.at[as].Get(ctx, path, out))
}

// no tells a refusal of the ledger's from other trouble.
func no(err error) error {
	var p *rest.Problem
	if errors.As(err, &p) && p.Code != "" {
		return &refusal{fault.Code(p.Code), err}
	}
	return err
}

// route is where a request goes, and the members that are not in its path.
func route(tx api.Transaction, request any) (string, map[string]json.RawMessage, error) {
	path, known := routes[tx]
	if !known {
		return "", nil, fmt.Errorf("%s has no route", tx)
	}
	b, err := json.Marshal(request)
	if err != nil {
		return "", nil, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(b, &members); err != nil {
		return "", nil, err
	}
	for name, value := range members {
		if slot := "{" + name + "}"; strings.Contains(path, slot) {
			path = strings.ReplaceAll(path, slot, url.PathEscape(text(value)))
			delete(members, name)
		}
	}
	return path, members, nil
}

func text(value json.RawMessage) string {
	var s string
	if json.Unmarshal(value, &s) != nil {
		return string(value)
	}
	return s
}
