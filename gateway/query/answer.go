package query

import (
	"bytes"
	"encoding/json"
)

// Row is one row of an answer.
type Row struct {
	ID       string    // its name in the table
	Record   Values    // what was asked for
	Ledger   Source    // where on the ledger it comes from
	Included []Include // in the order of the question
}

// Values are named values in order; what is lacking is not among them.
type Values []Value

// Value is one of them: a string, an int64, a bool, a []string, or, in a group, nil or an [Average].
type Value struct {
	Name  string
	Value any
}

// Get gives a value; nil where it is lacking.
func (v Values) Get(name string) any {
	for _, x := range v {
		if x.Name == name {
			return x.Value
		}
	}
	return nil
}

// MarshalJSON writes an object, its members in the same order.
func (v Values) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, x := range v {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(x.Name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(x.Value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// Source is where a row comes from.
type Source struct {
	Key           string `json:"key"`
	Block         int64  `json:"block,omitempty"` // lacking, as what follows, where the ledger itself answers
	TransactionID string `json:"transactionId,omitempty"`
	Time          string `json:"time,omitempty"`
	Submitter     string `json:"submitter,omitempty"`
}

// Include is what a relation leads to.
type Include struct {
	Relation string
	Many     bool
	Items    []Row // at most one, unless Many
	More     bool  // there are more than are included
}

// row is what the answer has of a row that was read.
func (p *plan) row(f foundRow) Row {
	r := Row{ID: f.name, Record: Values{}}
	for _, name := range p.checked.Fields {
		if v := f.values[p.index(name)]; v != nil {
			r.Record = append(r.Record, Value{name, v})
		}
	}
	text := func(name string) string { s, _ := f.values[p.index(name)].(string); return s }
	block, _ := f.values[p.index("ledgerBlock")].(int64)
	r.Ledger = Source{text("ledgerKey"), block, text("ledgerTransaction"), text("ledgerTime"), text("ledgerSubmitter")}
	return r
}

// MarshalJSON is the row as the API shows it.
func (r Row) MarshalJSON() ([]byte, error) {
	shown := struct {
		Record   Values `json:"record"`
		Ledger   Source `json:"ledger"`
		Included Values `json:"included,omitempty"`
	}{r.Record, r.Ledger, nil}
	for _, i := range r.Included {
		var v any
		switch {
		case i.Many:
			items := i.Items
			if items == nil {
				items = []Row{}
			}
			v = struct {
				Items []Row `json:"items"`
				More  bool  `json:"more"`
			}{items, i.More}
		case len(i.Items) > 0:
			v = i.Items[0]
		}
		shown.Included = append(shown.Included, Value{i.Relation, v})
	}
	return json.Marshal(shown)
}
