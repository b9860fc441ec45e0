package faults

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// linear is how long clients work while processes are killed and frozen; what is
// run for an evening is run longer: go test ./network/faults -run Linear -linear 10m
var linear = flag.Duration("linear", 25*time.Second, "how long TestTheLedgerIsLinearizable loads the network")

// giveUp is how long a client waits for an outcome before it is unknown to it.
const giveUp = 10 * time.Second

// history is what clients did, with the times at which they asked and were told.
type history struct {
	began time.Time
	mu    sync.Mutex
	of    map[string][]porcupine.Operation // by model
	count struct{ told, unknown, refused int }
}

// ask carries a call out at a gateway and notes it, unless it was refused.
func (h *history) ask(ctx context.Context, t *testing.T, model string, id int, c *client, in call, path, key, body string) answer {
	ctx, cancel := context.WithTimeout(ctx, giveUp)
	defer cancel()
	began := time.Since(h.began).Nanoseconds()
	all := c.settled(ctx, path, key, body)
	ended := time.Since(h.began).Nanoseconds()
	a := all[len(all)-1]
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range all {
		if a.code() != "ledger.mismatch" {
			expectNoConflict(t, a)
		}
	}
	out := seen{unknown: true}
	switch {
	case a.ok():
		out = read(a.body)
		h.count.told++
	case a.refused(), a.code() == "ledger.mismatch": // it says that nothing was changed
		h.count.refused++
		return a
	default:
		h.count.unknown++
	}
	h.of[model] = append(h.of[model], operation(id, in, out, began, ended))
	return a
}

// TestTheLedgerIsLinearizable records what clients of three gateways are told
// while gateways, orderers and peers are killed and frozen, and asks whether one
// ledger that does one thing at a time can have said all that.
func TestTheLedgerIsLinearizable(t *testing.T) {
	w, ctx := enter(t)
	const currency, objects = "XLN", 3
	if err := w.fund(ctx, "XLC", objects); err != nil {
		t.Fatal(err)
	}
	var journeys []*journey
	for i := range objects {
		j, err := w.journey(ctx, fmt.Sprint("linear-", i), "XLC", 1)
		if err == nil {
			err = j.agree(ctx)
		}
		if err == nil {
			_, err = w.parties[0].write(ctx, "/components", fmt.Sprint("linear-", i), component(fmt.Sprint("linear-", i), w.parties[0].key))
		}
		if err != nil {
			t.Fatal(err)
		}
		// The devices say at once that they record nothing, so that a delivery can be settled.
		journeys = append(journeys, j)
	}
	if err := w.yard(ctx); err != nil {
		t.Fatal(err)
	}
	w.heal(ctx, t)
	h := &history{began: time.Now(), of: map[string][]porcupine.Operation{}}
	load, stop := context.WithTimeout(ctx, *linear)
	defer stop()
	var wg sync.WaitGroup
	wg.Go(func() { w.trouble(load, t) })
	for i := range 6 { // accounts: each organisation's, two clients on each
		wg.Go(func() { w.tokens(load, t, h, i, currency) })
	}
	for i := range 9 { // each shipment and each component: every party
		wg.Go(func() { journeys[i/3].quarrel(load, t, h, 10+i, w.parties[i%3]) })
		wg.Go(func() { w.trade(load, t, h, 20+i, fmt.Sprint("linear-", i/3), w.parties[i%3]) })
	}
	for i := range 4 { // two machines and two parts: their owner, and who serves them
		wg.Go(func() { w.shunt(load, t, h, 30+i, w.parties[i%2]) })
	}
	wg.Wait()
	for name, m := range map[string]porcupine.Model{"accounts": accounts, "shipments": shipments, "components": components, "yards": yards} {
		judge(t, name, m, h.of[name])
		t.Logf("%s: %d operations", name, len(h.of[name]))
	}
	t.Logf("%d told, %d unknown, %d refused", h.count.told, h.count.unknown, h.count.refused)
	if h.count.told < 30 {
		t.Error("too little was acknowledged to judge by")
	}
}

// tokens issues and redeems at one organisation's account. The manufacturer's
// also pays into escrow and takes it back.
func (w *world) tokens(ctx context.Context, t *testing.T, h *history, id int, currency string) {
	c := w.parties[id%3]
	account := c.org + " " + currency
	for k := 0; ctx.Err() == nil; k++ {
		key := fmt.Sprintf("tokens-%d-%d", id, k)
		switch n := rand.IntN(6); {
		case n < 3:
			in := call{object: account, verb: "issue", minor: int64(1 + n)}
			h.ask(ctx, t, "accounts", id, c, in, "/tokens/issues", key, issue(currency, 1+n))
		case n < 5 || c.org != manufacturer:
			in := call{object: account, verb: "redeem", minor: 2}
			h.ask(ctx, t, "accounts", id, c, in, "/tokens/redemptions", key, fmt.Sprintf(`{"currency":%q,"amountMinor":2,"reference":"test"}`, currency))
		default:
			w.escrow(ctx, t, h, id, c, call{object: account, minor: 3}, currency, key)
		}
	}
}

// escrow proposes a shipment for three, pays into its escrow, takes that back, and
// collects what came back.
func (w *world) escrow(ctx context.Context, t *testing.T, h *history, id int, c *client, in call, currency, key string) {
	shipment := "escrow-" + key
	terms := fmt.Sprintf(`{"ruleSet":"shipment-1","consignor":"ManufacturerMSP","consignee":"ServiceMSP","payer":"ManufacturerMSP","currency":%q,`+
		`"legs":[{"carrier":"ShipperMSP","feeMinor":3}],"goods":[],"devices":["box-linear-0-0"],"limits":[],"lateRecordingSeconds":60,"settleAfterSeconds":60}`, currency)
	a, err := c.step(ctx, "/shipments", "propose-"+key, fmt.Sprintf(`{"shipmentId":%q,"terms":%s}`, shipment, terms))
	if err != nil {
		return
	}
	var s struct{ TermsHash string }
	if err := json.Unmarshal(a.body, &s); err != nil {
		t.Error(err)
		return
	}
	in.verb = "escrow"
	if !h.ask(ctx, t, "accounts", id, c, in, "/shipments/"+shipment+"/acceptance", "pay-"+key, fmt.Sprintf(`{"termsHash":%q}`, s.TermsHash)).ok() {
		return
	}
	if !c.settled(ctx, "/shipments/"+shipment+"/withdrawal", "back-"+key, "")[0].ok() {
		return
	}
	// What came back waits as a credit; both clients of the account go for it.
	path := "/accounts/" + c.org + "/" + currency
	var page struct{ Items []struct{ CreditID string } }
	if a := c.do(ctx, http.MethodGet, path+"/credits?limit=20", "", ""); !a.ok() || json.Unmarshal(a.body, &page) != nil {
		return
	}
	for i, credit := range page.Items {
		in.verb, in.credit = "collect", credit.CreditID
		h.ask(ctx, t, "accounts", id, c, in, path+"/collections", fmt.Sprint("collect-", key, "-", i), fmt.Sprintf(`{"credits":[%q]}`, credit.CreditID))
	}
}

// quarrel does to a shipment's custody what one party can do at all, in any order.
func (j *journey) quarrel(ctx context.Context, t *testing.T, h *history, id int, c *client) {
	for k := 0; ctx.Err() == nil; k++ {
		key := fmt.Sprintf("quarrel-%d-%d", id, k)
		verb := []string{"offer", "offer", "accept", "accept", "decline", "settle"}[rand.IntN(6)]
		path, body := map[string]string{"offer": "/handover-offers", "accept": "/handover-acceptance", "decline": "/handover-refusal", "settle": "/settlement"}[verb], ""
		if verb == "offer" {
			to := carrier
			if c.org == carrier {
				to = service
			}
			body = fmt.Sprintf(`{"to":%q,"occurredAt":%q}`, to, measure.TimeOf(j.began.Add(time.Duration(k)*time.Second)))
		}
		h.ask(ctx, t, "shipments", id, c, call{object: j.id, verb: verb, party: c.org}, j.path(path), key, body)
		rest(ctx, time.Duration(rand.IntN(200))*time.Millisecond)
	}
}

// trade offers, takes and declines a component; its maker holds and releases it too.
func (w *world) trade(ctx context.Context, t *testing.T, h *history, id int, component string, c *client) {
	for k := 0; ctx.Err() == nil; k++ {
		key := fmt.Sprintf("trade-%d-%d", id, k)
		verbs := []string{"offer", "offer", "accept", "accept", "decline"}
		if c.org == manufacturer {
			verbs = append(verbs, "hold", "release", "release")
		}
		in := call{object: component, verb: verbs[rand.IntN(len(verbs))], party: c.org}
		path := map[string]string{
			"offer": "/ownership-offer", "accept": "/ownership-acceptance", "decline": "/ownership-refusal", "hold": "/holds", "release": "/hold-release",
		}[in.verb]
		body := map[string]string{"accept": `{}`, "hold": `{"kind":"safety","reason":"a crack"}`, "release": `{"holder":"manufacturer","reason":"none"}`}[in.verb]
		if in.verb == "offer" {
			in.to = w.parties[rand.IntN(3)].org
			body = fmt.Sprintf(`{"to":%q}`, in.to)
		}
		h.ask(ctx, t, "components", id, c, in, "/components/"+component+path, key, body)
		rest(ctx, time.Duration(rand.IntN(200))*time.Millisecond)
	}
}
