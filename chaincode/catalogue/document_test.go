package catalogue

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
)

// A document is what encoding/json says that it is, however it is written.
func FuzzADocumentIsWhatEncodingJSONSays(f *testing.F) {
	for _, text := range []string{
		`{}`, ` { } x`, `null`, `[]`, `"a"`, `{"a":1,"a":{"b":[true,false,null,"c",-0,12]}}`, `{"a" : "ä\u00e4\n" , "\u0062":1.5e3}`, `{"a":"` + "\xff" + `"}`, `{"a":01}`, `{"a":-}`,
		`{"a":1,}`, `{"a":[1,]}`, `{"a"}`, `{"a":tru}`, `{"a":"b`, `{"a":12345678901234567890}`, `{"a":{"a":{"a":[[[[{}]]]]}}}`, "{\"a\":\"\x01\"}", "\r\n\t{\"\":\"\"}", ``, `{"a":1 2}`, `{"a":1}}`,
	} {
		f.Add([]byte(text))
	}
	nested := append(bytes.Repeat([]byte(`{"a":`), deepest+3), bytes.Repeat([]byte(`}`), deepest+3)...)
	f.Add(bytes.Replace(nested, []byte(`:}`), []byte(`:1}`), 1))
	f.Fuzz(func(t *testing.T, raw []byte) {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		var want map[string]any
		wantErr := d.Decode(&want)
		got, err := parse(raw, nil)
		if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
			t.Fatalf("%q: %v, not %v", raw, err, wantErr)
		}
		if err != nil {
			return
		}
		if want == nil {
			want = map[string]any{}
		}
		if is := got.any(0); !reflect.DeepEqual(is, any(want)) || got[0].next != len(got) {
			t.Fatalf("%q: %v, not %v", raw, is, want)
		}
	})
}

// any is a value as encoding/json gives it.
func (d document) any(at int) any {
	switch v := d[at]; v.kind {
	case 't', 'f':
		return v.kind == 't'
	case '"':
		return v.text
	case '0':
		return json.Number(v.text)
	case '{':
		object := make(map[string]any)
		for i := at + 1; i < v.next; i = d[i].next {
			object[d[i].name] = d.any(d.member(at, d[i].name))
		}
		return object
	case '[':
		list := []any{}
		for i := at + 1; i < v.next; i = d[i].next {
			list = append(list, d.any(i))
		}
		return list
	}
	return nil
}
