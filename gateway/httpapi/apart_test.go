package httpapi

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestOperationsApart(t *testing.T) {
	together := newWorld(t)
	separate := newWorld(t, func(c *Config) { c.OperationsApart = true })
	for _, c := range []struct {
		path                           string
		together, separateAPI, ofApart int
	}{
		{"/healthz", 200, 200, 200}, {"/readyz", 200, 404, 200}, {"/metrics", 200, 404, 200},
		{"/docs", 200, 200, 404}, {"/v1/ledger", 401, 401, 404},
	} {
		for name, h := range map[string]struct {
			handler http.Handler
			want    int
		}{"together": {together.handler, c.together}, "API": {separate.handler, c.separateAPI}, "operations": {separate.apart, c.ofApart}} {
			w := httptest.NewRecorder()
			h.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, c.path, nil))
			if w.Code != h.want {
				t.Errorf("%s of %s: %d, want %d", c.path, name, w.Code, h.want)
			}
		}
	}
}
