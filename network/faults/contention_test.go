package faults

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/gateway/smartpackage"
)

// TestPartiesThatAcceptAtOnceAllSucceed: three gateways write the same head at
// the same moment, so that two of three are found invalid at commit. None of
// that reaches a client.
func TestPartiesThatAcceptAtOnceAllSucceed(t *testing.T) {
	n, maker := start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	parties := []*client{maker, newClient(t, n, "ServiceMSP"), newClient(t, n, "ShipperMSP")}
	key, err := smartpackage.GenerateKey(dsse.Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	device, err := smartpackage.NewRegistration("lifeledger/lifeledger", "box-1", manufacturer, key)
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(device)
	if err != nil {
		t.Fatal(err)
	}
	const shipments = 6
	for path, text := range map[string]string{
		"/devices":       string(body),
		"/tokens/issues": fmt.Sprintf(`{"currency":"USD","amountMinor":%d,"reserve":"test"}`, 100*shipments),
	} {
		if _, err := maker.write(ctx, path, "set-up"+strings.ReplaceAll(path, "/", "-"), text); err != nil {
			t.Fatal(err)
		}
	}
	for i := range shipments {
		acceptAtOnce(ctx, t, parties, fmt.Sprint("s-", i))
	}
	again := 0
	for _, c := range parties {
		again += c.reendorsed(ctx, t)
	}
	if again == 0 {
		t.Error("nobody met a conflict: this test shows nothing")
	}
	t.Logf("%d conflicts, none shown to a client", again)
	var account struct{ BalanceMinor, Postings int }
	maker.get(ctx, t, "/accounts/ManufacturerMSP/USD", &account)
	if account.BalanceMinor != 0 || account.Postings != 1+shipments {
		t.Errorf("the payer has %d tokens after %d postings", account.BalanceMinor, account.Postings)
	}
}

// acceptAtOnce proposes a shipment, lets every party accept at the same moment,
// and expects that each gets a commit for its first and only request.
func acceptAtOnce(ctx context.Context, t *testing.T, parties []*client, id string) {
	t.Helper()
	terms := `{"ruleSet":"shipment-1","consignor":"ManufacturerMSP","consignee":"ServiceMSP","payer":"ManufacturerMSP","currency":"USD",` +
		`"legs":[{"carrier":"ShipperMSP","feeMinor":100}],"goods":[],"devices":["box-1"],"limits":[],"lateRecordingSeconds":60,"settleAfterSeconds":60}`
	as, err := parties[0].write(ctx, "/shipments", "propose-"+id, fmt.Sprintf(`{"shipmentId":%q,"terms":%s}`, id, terms))
	if err != nil {
		t.Fatal(err)
	}
	var proposed struct{ TermsHash string }
	if err := json.Unmarshal(as[len(as)-1].body, &proposed); err != nil {
		t.Fatal(err)
	}
	for _, c := range parties { // each gateway's peer has to have seen the proposal
		c.await(ctx, t, "/shipments/"+id)
	}
	var wg sync.WaitGroup
	for i, c := range parties {
		wg.Go(func() {
			a := c.do(ctx, http.MethodPost, "/shipments/"+id+"/acceptance", fmt.Sprint("accept-", id, i), fmt.Sprintf(`{"termsHash":%q}`, proposed.TermsHash))
			if a.err != nil || a.status != http.StatusOK {
				t.Errorf("party %d: %d %s %v", i, a.status, a.body, a.err)
			}
		})
	}
	wg.Wait()
	var s struct{ Status string }
	parties[0].get(ctx, t, "/shipments/"+id, &s)
	if s.Status != "agreed" {
		t.Errorf("%s is %s", id, s.Status)
	}
}

// reendorsed is how many transactions the gateway has endorsed anew, from its metrics.
func (c *client) reendorsed(ctx context.Context, t *testing.T) int {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(c.base, "/v1")+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		var count int
		if _, err := fmt.Sscanf(lines.Text(), "lifeledger_gateway_reendorsements_total %d", &count); err == nil {
			return count
		}
	}
	t.Fatalf("no such metric (%v)", lines.Err())
	return 0
}

// await waits until a resource is there.
func (c *client) await(ctx context.Context, t *testing.T, path string) {
	t.Helper()
	for {
		a := c.do(ctx, http.MethodGet, path, "", "")
		if a.err == nil && a.status == http.StatusOK {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("GET %s: %d %s %v", path, a.status, a.body, a.err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
