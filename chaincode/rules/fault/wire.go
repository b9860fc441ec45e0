package fault

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// wire is the one line of JSON that survives the way through the peer: of a
// failed transaction only the message string reaches the client.
type wire struct {
	Fault  int               `json:"fault"`
	Kind   Kind              `json:"kind"`
	Code   Code              `json:"code"`
	Detail string            `json:"detail"`
	Params map[string]string `json:"params,omitempty"`
}

const wireVersion = 1

// Wire is f as one line of JSON: {"fault":1,"kind":…,"code":…,"detail":…,"params":{…}}.
// An internal fault shows its code alone, since its detail may hold a cause.
func (f *Fault) Wire() string {
	if f.Kind == Internal {
		return f.line("internal error")
	}
	return f.line(f.Detail)
}

// line is the wire form with this detail; of an internal fault without params.
func (f *Fault) line(detail string) string {
	w := wire{Fault: wireVersion, Kind: f.Kind, Code: f.Code, Detail: detail}
	if f.Kind != Internal && len(f.Params) > 0 {
		w.Params = make(map[string]string, len(f.Params)) // encoding/json sorts the keys
		for _, p := range f.Params {
			w.Params[p.Name] = p.Value
		}
	}
	b, err := json.Marshal(w)
	if err != nil { // strings and a map of strings always encode
		return `{"fault":1,"kind":"internal","code":"internal","detail":"internal error"}`
	}
	return string(b)
}

// Parse finds a fault's wire form inside a message, which peers wrap in words
// of their own ("chaincode response 500, {…}").
func Parse(message string) (*Fault, bool) {
	i := strings.Index(message, `{"fault":`)
	if i < 0 {
		return nil, false
	}
	var w wire
	err := json.NewDecoder(strings.NewReader(message[i:])).Decode(&w)
	if err != nil || w.Fault != wireVersion || w.Code == "" || !slices.Contains(Kinds(), w.Kind) {
		return nil, false
	}
	f := &Fault{Kind: w.Kind, Code: w.Code, Detail: w.Detail}
	for _, name := range slices.Sorted(maps.Keys(w.Params)) {
		f = f.With(name, w.Params[name])
	}
	return f, true
}
