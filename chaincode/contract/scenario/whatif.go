package scenario

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/authority"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// WhatIf is a chaincode that can be asked what it would say if some records were
// others. Nothing is stored.
type WhatIf struct {
	shim.Chaincode
	mu    sync.RWMutex
	given map[string][]byte // guarded by mu; by raw key
}

// Given puts records in the place of those that are on the ledger, until the next call.
func (w *WhatIf) Given(records map[string][]byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.given = records
}

// Invoke runs the chaincode on the state as it is, or as it is given.
func (w *WhatIf) Invoke(stub shim.ChaincodeStubInterface) *peer.Response {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if len(w.given) == 0 {
		return w.Chaincode.Invoke(stub)
	}
	return w.Chaincode.Invoke(&given{stub, w.given})
}

type given struct {
	shim.ChaincodeStubInterface
	records map[string][]byte
}

func (g *given) GetState(key string) ([]byte, error) {
	if v, ok := g.records[key]; ok {
		return v, nil
	}
	return g.ChaincodeStubInterface.GetState(key)
}

func (g *given) GetMultipleStates(keys ...string) ([][]byte, error) {
	out, err := g.ChaincodeStubInterface.GetMultipleStates(keys...)
	for i := range out {
		if v, ok := g.records[keys[i]]; ok {
			out[i] = v
		}
	}
	return out, err
}

// Request is one request that the table of permissions is held against.
type Request struct {
	Transaction string
	argument    map[string]any
	ledger      *ledgertest.Ledger
}

// NewRequest reads a request for the ledger as it is now.
func NewRequest(l *ledgertest.Ledger, transaction, argument string) (Request, error) {
	r := Request{Transaction: transaction, ledger: l}
	return r, json.Unmarshal([]byte(argument), &r.argument)
}

// Is reports whether the caller, who has the role, is in the relation.
func (r Request) Is(relation authority.Relation, caller string, role party.Role) bool {
	for _, p := range authority.Places() {
		if p.Relation != relation {
			continue
		}
		switch p.Kind {
		case "role":
			if slices.Contains(p.Members, string(role)) {
				return true
			}
		case "request":
			if names(r.argument, p.Members, caller) || relation == authority.Carrying && r.argument["envelope"] != nil {
				return true
			}
		default:
			if record := r.record(p.Kind, p.Key, caller); record != nil && names(record, p.Members, caller) {
				return true
			}
		}
	}
	return false
}

// Delegated reports whether the owner lets the caller do it now.
func (r Request) Delegated(caller string) bool {
	key, ok := r.key("component.delegation", []string{"componentId", "@delegate"}, caller)
	if !ok || r.ledger.State(key) == nil {
		return false
	}
	var d authority.Delegation
	if json.Unmarshal(r.ledger.State(key), &d) != nil {
		return false
	}
	c := r.record("component", []string{"componentId"}, caller)
	transfers, _ := c["transfers"].(float64)
	t := authority.Tenure{ComponentID: d.ComponentID, Owner: text(c["owner"]), Number: uint64(transfers)}
	return c["installedIn"] == nil && d.Lets(r.Transaction, t, measure.TimeOf(r.ledger.Now())) == nil
}

// State is the key and the state of a record that the request is about; "" without
// a key: the ledger has no such record.
func (r Request) State(of authority.Record) (key, state string) {
	key, ok := r.key(of.Kind, of.Key, "")
	if !ok || r.ledger.State(key) == nil {
		return "", ""
	}
	if s, ok := r.stored(key)["status"].(string); ok {
		return key, s
	}
	return key, of.States[1]
}

// InState is the record under a key as it would be in another state.
func (r Request) InState(key, state string) []byte {
	record := r.stored(key)
	record["status"] = state
	b, err := json.Marshal(record)
	if err != nil {
		panic(err) // it was JSON
	}
	return b
}

func (r Request) record(kind string, members []string, caller string) map[string]any {
	key, ok := r.key(kind, members, caller)
	if !ok {
		return nil
	}
	record := r.stored(key)
	if machine, _ := record["installedIn"].(string); kind == "component" && machine != "" { // it is owned with the outermost machine
		if root := r.stored(ledgertest.Key("component", machine)); root["installedIn"] == nil {
			record["owner"] = root["owner"]
		}
	}
	return record
}

func (r Request) key(kind string, members []string, caller string) (string, bool) {
	attrs := make([]string, len(members))
	for i, m := range members {
		switch m {
		case "@caller":
			attrs[i] = caller
		case "@delegate":
			attrs[i] = authority.ToOrganisation(caller)
		case "@mandate":
			attrs[i] = r.mandate()
		case "@serving":
			attrs[i] = r.serving()
		case "@served", "@servedMachine":
			attrs[i] = r.served(m)
		default:
			attrs[i] = text(r.argument[m])
		}
		if attrs[i] == "" {
			return "", false
		}
	}
	return ledgertest.Key(kind, attrs...), true
}

// mandate is the action whose mandate the request is about.
func (r Request) mandate() string {
	hash := text(r.argument["requestHash"])
	if hash == "" {
		if text(r.argument["action"]) != "component:SetMandate" {
			return text(r.argument["action"])
		}
		var of struct {
			Action string `json:"action"`
		}
		if json.Unmarshal([]byte(text(r.argument["argument"])), &of) != nil {
			return ""
		}
		return of.Action
	}
	return text(r.stored(ledgertest.Key("component.approval", text(r.argument["componentId"]), hash))["action"])
}

// serving is the agreement under which the request's machine or component is served.
func (r Request) serving() string {
	for _, m := range []string{"machineId", "componentId"} {
		if id := text(r.argument[m]); id != "" {
			if a := text(r.stored(ledgertest.Key("service.care", id))["agreementId"]); a != "" {
				return a
			}
		}
	}
	return ""
}

// served is what the service request is about that the request names.
func (r Request) served(what string) string {
	member := map[string]string{"@served": "componentId", "@servedMachine": "machineId"}[what]
	return text(r.stored(ledgertest.Key("service.request", text(r.argument["requestId"])))[member])
}

func (r Request) stored(key string) map[string]any {
	record := make(map[string]any)
	if b := r.ledger.State(key); b != nil {
		if err := json.Unmarshal(b, &record); err != nil {
			panic(err) // the ledger holds JSON alone
		}
	}
	return record
}

// text is a member as an attribute of a key has it.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return ledger.Seq(uint64(v))
	}
	return ""
}

// names reports whether one of the members is the organisation.
func names(record map[string]any, members []string, organisation string) bool {
	for _, m := range members {
		if found(record, strings.Split(m, "."), organisation) {
			return true
		}
	}
	return false
}

func found(v any, path []string, organisation string) bool {
	switch v := v.(type) {
	case []any:
		return slices.ContainsFunc(v, func(x any) bool { return found(x, path, organisation) })
	case map[string]any:
		return len(path) > 0 && found(v[path[0]], path[1:], organisation)
	case string:
		return len(path) == 0 && (v == organisation || v == "organisation:"+organisation)
	}
	return false
}

// Announced is the stored record of an organisation with one role.
func Announced(mspID string, role party.Role) (key string, record []byte) {
	o := `{"docType":"organisation","mspId":` + strconv.Quote(mspID) + `,"name":"x","roles":[` + strconv.Quote(string(role)) + `],"announcedBy":"x","announcedAt":"2026-01-01T00:00:00.000Z"}`
	return ledgertest.Key("organisation", mspID), []byte(o)
}
