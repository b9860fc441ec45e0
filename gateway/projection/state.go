package projection

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
)

// state is what is remembered of one subject: the row that has not ended yet, and
// how many there were.
type state struct {
	Stamp  *stamp         `json:"stamp"`
	ID     string         `json:"id,omitempty"` // key of the record that began the row; "": nothing is so
	Value  string         `json:"value,omitempty"`
	From   string         `json:"from,omitempty"`
	Number int64          `json:"number"` // of the row, or of the next one
	Fields map[string]any `json:"fields,omitempty"`

	moved bool // by the batch at hand
}

// stateText writes states as encoding/json does, in a fifth of the time, since a replay
// remembers every subject that there is.
type stateText struct {
	text  []byte
	names []string
	err   error
}

// of is the text of a state.
func (w *stateText) of(s *state) (string, error) {
	w.text, w.err = append(w.text[:0], `{"stamp":{`...), nil
	w.number("block", int64(s.Stamp.Block))
	w.number("number", int64(s.Stamp.Number))
	w.string("transaction", s.Stamp.Transaction)
	w.string("time", s.Stamp.Time)
	w.string("submitter", s.Stamp.Submitter)
	w.end("},")
	for _, f := range []struct{ name, value string }{{"id", s.ID}, {"value", s.Value}, {"from", s.From}} {
		if f.value != "" {
			w.string(f.name, f.value)
		}
	}
	w.number("number", s.Number)
	if len(s.Fields) > 0 {
		w.text = append(w.text, `"fields":{`...)
		w.names = slices.AppendSeq(w.names[:0], maps.Keys(s.Fields))
		slices.Sort(w.names)
		for _, name := range w.names {
			switch v := s.Fields[name].(type) {
			case string:
				w.string(name, v)
			case int64:
				w.number(name, v)
			default:
				w.any(name, v)
			}
		}
		w.end("},")
	}
	w.end("}")
	return string(w.text), w.err
}

// Each value is followed by a comma, in whose place the end comes.

func (w *stateText) name(name string) {
	w.text = append(append(append(w.text, '"'), name...), '"', ':')
}

func (w *stateText) number(name string, n int64) {
	w.name(name)
	w.text = append(strconv.AppendInt(w.text, n, 10), ',')
}

func (w *stateText) string(name, s string) {
	if !plainText(s) {
		w.any(name, s)
		return
	}
	w.name(name)
	w.text = append(append(append(w.text, '"'), s...), '"', ',')
}

func (w *stateText) any(name string, v any) {
	text, err := json.Marshal(v)
	w.err = errors.Join(w.err, err)
	w.name(name)
	w.text = append(append(w.text, text...), ',')
}

func (w *stateText) end(with string) { w.text = append(w.text[:len(w.text)-1], with...) }

// plainText says that JSON has the text as it is.
func plainText(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}

// derivedRow is a row to be put in the place of the one of the same id.
type derivedRow struct {
	*stamp
	key string
	row catalogue.Row
}

// move leads a subject's state on by one record, and gives the rows that change.
func (s *state) move(e catalogue.Entity, m move) (rows []derivedRow) {
	if m.value == s.Value {
		return nil
	}
	var last map[string]any // what a record that ends it says
	if m.value == "" {
		last, m.fields = m.fields, nil
	}
	if s.ID != "" {
		ending := map[string]any{"until": m.at, "endTransactionId": m.Transaction}
		maps.Copy(ending, last)
		rows = append(rows, s.row(e, m.subject, ending))
		s.Number++
	}
	*s = state{Stamp: m.stamp, Value: m.value, From: m.at, Number: s.Number, Fields: m.fields, moved: true}
	if m.value != "" {
		s.ID = m.of.record.ID
		rows = append(rows, s.row(e, m.subject, nil))
	}
	return rows
}

// row is the state as a row; ending is what is known of its end, if it has ended.
func (s *state) row(e catalogue.Entity, subject string, ending map[string]any) derivedRow {
	own := map[string]any{"number": s.Number, "from": s.From}
	id := catalogue.RowID(catalogue.KeyText(e.Name, subject), int(s.Number))
	return derivedRow{s.Stamp, s.ID, catalogue.Row{ID: id, Values: valuesOf(e, ending, s.Fields, own)}}
}
