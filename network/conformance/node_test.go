package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/network/launch"
)

// secondLanguage lets a device in Node.js, which shares no code with ours, make
// its key, register, and record a journey through a gateway, until the shipment
// is settled at what its readings cost.
func secondLanguage(t *testing.T, l *live) {
	program, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed: no device in another language records a journey")
	}
	root, err := launch.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	r := newREST(t, l)
	shipper, err := l.Member(carrier)
	if err != nil {
		t.Fatal(err)
	}
	for i, alg := range []string{"Ed25519", "ECDSA-P256"} {
		t.Run(alg, func(t *testing.T) {
			id, ccy := unique(600 + i)
			began := time.Now().UTC().Add(-10 * time.Minute).Truncate(time.Second)
			lines := make([]string, 0, 120)
			for k := range 120 { // twice warmer than agreed
				temperature := "21.5"
				if k%60 > 40 {
					temperature = "41.001"
				}
				lines = append(lines, fmt.Sprintf("%s,%s,,0,19,-9,980", measure.TimeOf(began.Add(time.Duration(k+1)*time.Second)), temperature))
			}
			job := map[string]any{
				"base": shipper.Gateway.URL, "token": r.tokens[carrier], "ledger": l.Ledger(), "organisation": carrier,
				"shipmentId": "s-" + id, "deviceId": "node-" + id, "algorithm": alg, "secretHex": secret(id),
				"recording": lines, "split": 5, "final": true, "registerOnly": true,
			}
			run := func() {
				in, err := json.Marshal(job)
				if err != nil {
					t.Fatal(err)
				}
				cmd := exec.CommandContext(t.Context(), program, filepath.Join(root, "gateway", "smartpackage", "testdata", "node", "main.mjs"), "deliver")
				cmd.Stdin = bytes.NewReader(in)
				cmd.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+shipper.Gateway.TLSRoots)
				var stderr strings.Builder
				cmd.Stderr = &stderr
				if out, err := cmd.Output(); err != nil {
					t.Fatalf("%v: %s\n%s", err, out, stderr.String())
				}
			}
			run()
			script := func(name, text string) {
				s, err := scenario.Parse(name, []byte("A device in another language.\n-- script --\n"+strings.NewReplacer("DEVICE", "node-"+id, "T0", string(measure.TimeOf(began)), "T1", string(measure.TimeOf(began.Add(5*time.Minute)))).Replace(text)))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := scenario.Run(s.With(cast), r, id, ccy); err != nil {
					t.Fatal(err)
				}
			}
			script("before", agreed)
			delete(job, "registerOnly")
			job["registered"] = true
			run()
			run() // what the ledger has may come again under the same keys
			script("after", arrived)
			b, err := l.Evaluate(service, string(api.GetStreamTx), fmt.Sprintf(`{"shipmentId":%q,"deviceId":%q}`, "s-"+id, "node-"+id))
			if err != nil || !strings.Contains(string(b), `"readings":120`) || !strings.Contains(string(b), `"ended":true`) {
				t.Errorf("%s %v", b, err)
			}
		})
	}
}

// secret is a private key of 32 bytes that no other run has.
func secret(id string) string {
	return fmt.Sprintf("%064x", id)[:64]
}

const agreed = `
consortium
call ManufacturerMSP settlement:Issue {"currency": "${ccy}", "amountMinor": 10000, "reserve": "Bank"}
call ManufacturerMSP shipment:Propose {"shipmentId": "s-${run}", "terms": {"ruleSet": "shipment-1", "consignor": "ManufacturerMSP", "consignee": "ServiceMSP", "payer": "ManufacturerMSP", "currency": "${ccy}", "legs": [{"carrier": "ShipperMSP", "feeMinor": 10000}], "goods": [], "devices": ["DEVICE"], "limits": [{"limitId": "SH7", "rule": "shipment.violation.temperature-high", "milli": 40000, "onDelayMs": 0, "offDelayMs": 0, "penaltyMinor": 1000}], "lateRecordingSeconds": 7200, "settleAfterSeconds": 0}}
let hash = .termsHash
call ManufacturerMSP shipment:AcceptTerms {"shipmentId": "s-${run}", "termsHash": "${hash}"}
call ServiceMSP shipment:AcceptTerms {"shipmentId": "s-${run}", "termsHash": "${hash}"}
call ShipperMSP shipment:AcceptTerms {"shipmentId": "s-${run}", "termsHash": "${hash}"}
call ManufacturerMSP shipment:OfferHandover {"shipmentId": "s-${run}", "to": "ShipperMSP", "occurredAt": "T0"}
call ShipperMSP shipment:AcceptHandover {"shipmentId": "s-${run}"}
`

const arrived = `
call ShipperMSP shipment:OfferHandover {"shipmentId": "s-${run}", "to": "ServiceMSP", "occurredAt": "T1"}
call ServiceMSP shipment:AcceptHandover {"shipmentId": "s-${run}"}
call ManufacturerMSP shipment:Settle {"shipmentId": "s-${run}"}
expect {"paidMinor": 8000, "refundMinor": 2000}
`
