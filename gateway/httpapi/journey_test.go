package httpapi

import (
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3filter"

	"github.com/lifeledger/lifeledger/chaincode/rules/component"
)

func init() {
	openapi3filter.RegisterBodyDecoder(asHTML, openapi3filter.PlainBodyDecoder)
	openapi3filter.RegisterBodyDecoder(asMarkdown, openapi3filter.PlainBodyDecoder)
	openapi3filter.RegisterBodyDecoder(asText, openapi3filter.PlainBodyDecoder)
	for _, forms := range streams {
		for _, form := range forms {
			openapi3filter.RegisterBodyDecoder(form, openapi3filter.PlainBodyDecoder)
		}
	}
}

// TestAJourneyStatementHasThreeForms: the client chooses; who takes anything gets
// JSON. The lists of the examples never end: a document holds so much and says so.
func TestAJourneyStatementHasThreeForms(t *testing.T) {
	for accept, want := range map[string]struct {
		status  int
		content string
		says    string
	}{
		"":                             {200, "application/json", `"truncated":true`},
		"*/*":                          {200, "application/json", `"ledger":"`},
		"text/html, */*;q=.1":          {200, "text/html; charset=utf-8", "<h1>Shipment SH-2026-0001</h1>"},
		"text/markdown":                {200, "text/markdown; charset=utf-8", "# Shipment SH-2026-0001"},
		"text/html;q=0, text/markdown": {200, "text/markdown", "## Excursions"},
		"image/png":                    {406, "application/problem+json", "request.not-acceptable"},
	} {
		t.Run(accept, func(t *testing.T) {
			w := newWorld(t)
			headers := []string{"Accept", accept}
			if accept == "" {
				headers = nil
			}
			res := w.send(t, "GET", "/v1/shipments/SH-2026-0001/journey-statement", "", headers...)
			body := text(t, res)
			if res.StatusCode != want.status || !strings.HasPrefix(res.Header.Get("Content-Type"), want.content) || want.status == 200 && !strings.Contains(body, want.says) {
				t.Errorf("%d %s: %s", res.StatusCode, res.Header.Get("Content-Type"), body)
			}
		})
	}
}

// TestAnAuthenticityIsATextMessage: one line, for who asks for text.
func TestAnAuthenticityIsATextMessage(t *testing.T) {
	w := newWorld(t)
	res := w.send(t, "GET", "/v1/components/urn:epc:id:sgtin:4012345.011111.987/authenticity", "", "Accept", "text/plain")
	body := text(t, res)
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/plain; charset=utf-8" || strings.Count(body, "\n") != 1 || !strings.HasPrefix(body, "Genuine. Maker ") || len(body) > component.MaxMessage+1 {
		t.Errorf("%d %s: %q", res.StatusCode, res.Header.Get("Content-Type"), body)
	}
}
