package scenario

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/authority"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// Request is one request that the table of permissions is held against.
type Request struct {
	Transaction string
	argument    map[string]any
	ledger      Records
}

// Records are the records of a ledger as they are now.
type Records interface {
	State(key string) []byte // nil: there is none
	Now() time.Time
}

// NewRequest reads a request for the ledger as it is now.
func NewRequest(l Records, transaction, argument string) (Request, error) {
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
	key, ok := r.key("component.delegation", []string{"componentId", "@delegate", "@tenure"}, caller)
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
		case "@founder":
			attrs[i] = "founder"
		case "@delegate":
			attrs[i] = authority.ToOrganisation(caller)
		case "@mandate":
			attrs[i] = r.mandate()
		case "@tenure":
			transfers, _ := r.stored(ledgertest.Key("component", text(r.argument["componentId"])))["transfers"].(float64)
			attrs[i] = ledger.HighestFirst(uint64(transfers))
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

// serving is the agreement under which the request's machine or component is served,
// or the machines that it is in.
func (r Request) serving() string {
	for _, m := range []string{"machineId", "componentId"} {
		for id := text(r.argument[m]); id != ""; id = text(r.stored(ledgertest.Key("component", id))["installedIn"]) {
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

// Standing is what the table of permissions says of a caller, for one request.
type Standing struct {
	May       bool // its roles allow the transaction
	Related   bool // it is in one of the relations, or was delegated
	Delegated bool
}

// Standing weighs a caller with these roles.
func (r Request) Standing(row authority.Row, caller string, roles ...party.Role) Standing {
	s := Standing{
		May:       row.Needs == "" || party.Permit(party.Organisation{MSPID: caller, Roles: roles}, row.Needs) == nil,
		Delegated: row.Delegable && r.Delegated(caller),
	}
	s.Related = len(row.As) == 0 || s.Delegated || slices.ContainsFunc(row.As, func(a authority.Relation) bool {
		return slices.ContainsFunc(roles, func(role party.Role) bool { return r.Is(a, caller, role) })
	})
	return s
}

// Allowed: the table lets the caller do it.
func (s Standing) Allowed() bool { return s.May && s.Related }

// Differs says what is wrong with an answer, the code of a refusal or "" for none; it
// is "" when the table says the same.
func (s Standing) Differs(row authority.Row, got fault.Code) string {
	denied := got != "" && (got == row.Refusal || fault.KindOf(got) == fault.Forbidden)
	switch {
	case s.Allowed() && denied && row.Also == "":
		return fmt.Sprintf("refused with %s, and the table allows it", got)
	case !s.Allowed() && got == "":
		return fmt.Sprintf("taken, and the table does not allow it (role %v, relation %v)", s.May, s.Related)
	case !s.Allowed() && !denied:
		return fmt.Sprintf("refused with %s, which does not say that it is not allowed", got)
	}
	return ""
}

// held is the state of one record that a request is about.
type held struct {
	authority.Record
	key, state string
}

// states are those that the row speaks of.
func (r Request) states(row authority.Row) (all []held) {
	for _, of := range authority.Records() {
		if statesOf(row, of) == nil {
			continue
		}
		if key, state := r.State(of); key != "" {
			all = append(all, held{of, key, state})
		}
	}
	return all
}

// Kind is one word for all requests that are the same to the table: in the same
// relations, and about records in the same states.
func (r Request) Kind(row authority.Row, org string) string {
	kind := row.Transaction
	for _, a := range row.As {
		kind += fmt.Sprint(" ", r.Is(a, org, ""))
	}
	for _, h := range r.states(row) {
		kind += " " + h.state
	}
	return kind
}
