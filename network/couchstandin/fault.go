package couchstandin

import (
	"encoding/json"
	"errors"
	"net/http"
)

// failure is an answer that says no, in CouchDB's form.
type failure struct {
	status int
	Word   string `json:"error"`
	Reason string `json:"reason"`
}

func (f *failure) Error() string { return f.Word + ": " + f.Reason }

func badRequest(word, reason string) *failure { return &failure{http.StatusBadRequest, word, reason} }

func notDone(what string) *failure {
	return &failure{http.StatusNotImplemented, "not_implemented", "the stand-in for CouchDB does not know " + what}
}

var (
	errTrailing   = errors.New("data after the JSON value")
	errNoDatabase = &failure{http.StatusNotFound, "not_found", "Database does not exist."}
	errMissing    = &failure{http.StatusNotFound, "not_found", "missing"}
	errDeleted    = &failure{http.StatusNotFound, "not_found", "deleted"}
	errConflict   = &failure{http.StatusConflict, "conflict", "Document update conflict."}
	errLogin      = &failure{http.StatusUnauthorized, "unauthorized", "Name or password is incorrect."}
)

// encode is a value as JSON, without the escapes that are meant for HTML.
func encode(v any) string {
	b, err := marshal(v)
	if err != nil {
		return "?"
	}
	return string(b)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := marshal(v)
	if err != nil {
		status, b = http.StatusInternalServerError, []byte(`{"error":"internal","reason":"answer cannot be encoded"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n'))
}

func writeFailure(w http.ResponseWriter, err error) {
	var f *failure
	if !errors.As(err, &f) {
		f = &failure{http.StatusInternalServerError, "internal", err.Error()}
	}
	writeJSON(w, f.status, f)
}

func marshal(v any) ([]byte, error) {
	var b buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return b[:len(b)-1], nil
}

// buffer is the least that an encoder writes to.
type buffer []byte

func (b *buffer) Write(p []byte) (int, error) {
	*b = append(*b, p...)
	return len(p), nil
}
