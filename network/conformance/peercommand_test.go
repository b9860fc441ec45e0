package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/network/consortium"
	"github.com/lifeledger/lifeledger/network/fabricbin"
	"github.com/lifeledger/lifeledger/network/launch"
)

// peerCommand calls the chaincode as somebody does who goes around the gateway:
// with Fabric's own `peer chaincode invoke` and an administrator's identity.
func peerCommand(t *testing.T, l *live) {
	root, err := launch.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	programs, err := fabricbin.Fabric(t.Context(), root, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	id, ccy := unique(400)
	issue := fmt.Sprintf(`{"currency":%q,"amountMinor":1,"reserve":"Bank"}`, ccy)
	if out, err := invoke(t, l, programs, service, string(api.IssueTokensTx), issue, "k"+id); err != nil && !strings.Contains(string(out), string(fault.CodeReplayed)) {
		t.Fatalf("a proper call is refused: %v\n%s", err, out)
	}
	height, err := l.height(maker)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		org  string
		args []string
		want fault.Code
	}{
		"a lower-case name":             {maker, []string{"settlement:issue", issue}, fault.CodeTransactionUnknown},
		"surplus arguments":             {maker, []string{"settlement:Issue", issue, "key", "more"}, fault.CodeArgumentCount},
		"no argument":                   {maker, []string{"settlement:Issue"}, fault.CodeArgumentCount},
		"a member twice":                {maker, []string{"settlement:Issue", strings.Replace(issue, "{", `{"amountMinor":2,`, 1)}, fault.CodeDuplicateKey},
		"a member more":                 {maker, []string{"settlement:Issue", strings.Replace(issue, "{", `{"x":2,`, 1)}, fault.CodeSchema},
		"a fraction":                    {maker, []string{"settlement:Issue", strings.Replace(issue, ":1", ":1.5", 1)}, fault.CodeNotJSON},
		"the same request again":        {service, []string{string(api.IssueTokensTx), issue, "k" + id}, fault.CodeReplayed},
		"an unknown shipment":           {maker, []string{"shipment:Settle", `{"shipmentId":"none` + id + `"}`}, fault.CodeShipmentUnknown},
		"a foreign organisation":        {carrier, []string{"component:Register", `{"componentId":"c` + id + `","partNumber":"P","algorithm":"Ed25519","publicKey":"AA==","location":"X"}`}, fault.CodeNotPermitted},
		"more tokens than there are":    {service, []string{"settlement:Redeem", fmt.Sprintf(`{"currency":%q,"amountMinor":2,"reference":"x"}`, ccy)}, fault.CodeInsufficientFunds},
		"an organisation made up again": {maker, []string{"participant:AnnounceOrganisation", `{"mspId":"` + carrier + `","name":"x","roles":["manufacturer"]}`}, fault.CodeOrgExists},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := invoke(t, l, programs, c.org, c.args...)
			if err == nil {
				t.Fatalf("it is taken: %s", out)
			}
			if f, ok := fault.Parse(message(t, out)); !ok || f.Code != c.want {
				t.Errorf("want %s, got %s", c.want, out)
			}
		})
	}
	t.Run("256 KB and more", func(t *testing.T) { // longer than a command line may be, so not by command
		_, err := l.Submit(maker, "settlement:Issue", issue+strings.Repeat(" ", api.MaxArgument))
		if f, ok := fault.Parse(fmt.Sprint(err)); !ok || f.Code != fault.CodeTooLarge {
			t.Errorf("got %v", err)
		}
	})
	if after, err := l.height(maker); err != nil || after != height {
		t.Errorf("the ledger has %d blocks, before it had %d (%v)", after, height, err)
	}
}

// message takes the chaincode's message, a quoted string, out of what the command prints.
func message(t *testing.T, out []byte) string {
	t.Helper()
	_, rest, _ := strings.Cut(string(out), "message:")
	quoted, err := strconv.QuotedPrefix(rest)
	if err != nil {
		t.Fatalf("no message in %s", out)
	}
	text, err := strconv.Unquote(quoted)
	if err != nil {
		t.Fatalf("%s: %v", quoted, err)
	}
	return text
}

func invoke(t *testing.T, l *live, programs *fabricbin.Programs, org string, args ...string) ([]byte, error) {
	t.Helper()
	call, err := json.Marshal(map[string][]string{"Args": args})
	if err != nil {
		t.Fatal(err)
	}
	own, err := l.Member(org)
	if err != nil {
		t.Fatal(err)
	}
	command := []string{
		"chaincode", "invoke", "--channelID", l.Channel, "--name", l.Chaincode, "--ctor", string(call),
		"--orderer", own.Orderer.Address, "--tls", "--cafile", own.Orderer.TLSRoots, "--waitForEvent", "--waitForEventTimeout", "2m", "--connTimeout", "1m",
	}
	if name := own.Orderer.ServerName; name != "" {
		command = append(command, "--ordererTLSHostnameOverride", name)
	}
	for _, o := range l.Members {
		command = append(command, "--peerAddresses", o.Peer.Address, "--tlsRootCertFiles", o.Peer.TLSRoots)
	}
	for began := time.Now(); ; time.Sleep(again) {
		out, err := run(t, programs, own, command)
		// Whatever is not the chaincode's answer comes of a machine that stalls.
		if err == nil || strings.Contains(string(out), "message:") || time.Since(began) > limit {
			return out, err
		}
	}
}

func run(t *testing.T, programs *fabricbin.Programs, own *consortium.Member, command []string) ([]byte, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, programs.Peer, command...)
	cmd.Env = append(os.Environ(), "FABRIC_CFG_PATH="+programs.Config, "CORE_PEER_LOCALMSPID="+own.MSPID, "CORE_PEER_ADDRESS="+own.Peer.Address,
		"CORE_PEER_MSPCONFIGPATH="+own.Admin.MSP, "CORE_PEER_TLS_ENABLED=true", "CORE_PEER_CLIENT_CONNTIMEOUT=1m", "CORE_PEER_TLS_ROOTCERT_FILE="+own.Peer.TLSRoots)
	return cmd.CombinedOutput()
}
