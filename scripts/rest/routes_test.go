package rest_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/scripts/rest"
)

// TestEveryTransactionHasARoute holds the table to the transactions there are.
func TestEveryTransactionHasARoute(t *testing.T) {
	for _, a := range api.Transactions() {
		if rest.Routes[a.Name] == "" {
			t.Errorf("%s has no route", a.Name)
		}
	}
	if len(rest.Routes) != len(api.Transactions()) {
		t.Errorf("%d routes for %d transactions", len(rest.Routes), len(api.Transactions()))
	}
}

// TestEveryRouteIsInTheDescription holds the routes to the API's own description, so
// that a changed path is found without a network.
func TestEveryRouteIsInTheDescription(t *testing.T) {
	text, err := os.ReadFile("../../gateway/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	slot := regexp.MustCompile(`\{[^}]*\}`)
	described := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^  (/\S+):`).FindAllStringSubmatch(string(text), -1) {
		described[strings.TrimPrefix(slot.ReplaceAllString(m[1], "{}"), "/v1")] = true
	}
	for tx, path := range rest.Routes {
		if !described[slot.ReplaceAllString(path, "{}")] {
			t.Errorf("%s goes to %s, which openapi.yaml does not have", tx, path)
		}
	}
}

func TestWhereARequestGoes(t *testing.T) {
	for name, c := range map[string]struct{ request, path, rest string }{
		"a part of the path is a member":          {`{"componentId":"pump 7","to":"ShipperMSP"}`, "/components/pump%207/ownership-offer", "?to=ShipperMSP"},
		"nothing is left":                         {`{"componentId":"p"}`, "/components/p/ownership-offer", ""},
		"what is empty cannot be said in a path":  {`{"componentId":""}`, "/components/{componentId}/ownership-offer", "?componentId="},
		"a number is written as it is":            {`{"componentId":"p","n":7}`, "/components/p/ownership-offer", "?n=7"},
		"what is missing stays in its braces":     {`{}`, "/components/{componentId}/ownership-offer", ""},
		"a brace in an id does not name a member": {`{"componentId":"{to}","to":"x"}`, "/components/%7Bto%7D/ownership-offer", "?to=x"},
	} {
		t.Run(name, func(t *testing.T) {
			path, members, err := rest.Route(api.OfferOwnershipTx, json.RawMessage(c.request))
			if err != nil {
				t.Fatal(err)
			}
			if got := rest.Query(path, members); path != c.path || got != c.path+c.rest {
				t.Errorf("%s and %s", path, got)
			}
		})
	}
}
