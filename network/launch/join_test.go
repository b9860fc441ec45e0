package launch

import (
	"context"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/lifeledger/lifeledger/network/consortium"
	"github.com/lifeledger/lifeledger/network/topology"
)

// TestAFourthOrganisationJoinsAndCertificatesAreRenewed is one network, since one takes
// longer to start than what is done on it.
func TestAFourthOrganisationJoinsAndCertificatesAreRenewed(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real Fabric network; run without -short")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	opt := Options{Dir: t.TempDir(), AutoPorts: true, Gateways: true, Progress: t.Logf}
	n, err := Start(ctx, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := n.Consortium().Announce(ctx, func(consortium.Member, string) {}); err != nil {
		t.Fatal(err)
	}
	supplier := topology.Organisation{Name: "supplier", MSPID: "Supplier.IncMSP", DisplayName: "Supplier", Roles: []string{"owner"}, Domain: "supplier.example.com", StateDatabase: "leveldb"}
	for range 2 { // the second time there is nothing to do
		if _, err := AddOrganisation(ctx, opt, supplier); err != nil {
			t.Fatal(err)
		}
	}
	four, err := Open(opt.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(four.Topology.Organisations) != 4 {
		t.Fatalf("%d organisations", len(four.Topology.Organisations))
	}
	level(ctx, t, four)
	t.Run("operations endpoints know their own", func(t *testing.T) {
		o, other := four.Org("supplier"), four.Org("shipper")
		for _, port := range []int{o.Ports.PeerOperations, o.Ports.OrdererOperations} {
			for org, good := range map[string]bool{o.Name: true, other.Name: false} {
				client, err := operations(four.layout, org)
				if err != nil {
					t.Fatal(err)
				}
				if org == other.Name { // it trusts the server, and is not trusted
					own, err := operations(four.layout, o.Name)
					if err != nil {
						t.Fatal(err)
					}
					client.Transport.(*http.Transport).TLSClientConfig.RootCAs = own.Transport.(*http.Transport).TLSClientConfig.RootCAs
				}
				if err := getWith(ctx, client, "https://"+four.Topology.Address(port)+"/metrics"); (err == nil) != good {
					t.Errorf("port %d with a certificate of %s: %v", port, org, err)
				}
			}
		}
	})
	t.Run("the fourth endorses alone with its owner", func(t *testing.T) {
		admin, err := four.connectAdmin(four.Org("supplier").Organisation)
		if err != nil {
			t.Fatal(err)
		}
		defer admin.Close()
		b, err := admin.Evaluate(ctx, four.Topology.Channel.Name, four.Topology.Chaincode.Name, "participant:GetOrganisation", `{"mspId":"Supplier.IncMSP"}`)
		if err != nil {
			t.Error(err)
		}
		t.Logf("%s", b)
	})
	t.Run("three of four orderers go on without the first", func(t *testing.T) {
		first := four.Org("manufacturer").Process(Orderer)
		if err := four.Hold(first); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := four.Release(first); err != nil {
				t.Error(err)
			}
		}()
		c := *four.Consortium()
		c.Members = []consortium.Member{c.Members[1], {MSPID: "Auditors", DisplayName: "x", Roles: []string{"auditor"}}}
		if err := c.Announce(ctx, func(m consortium.Member, what string) { t.Log(m.MSPID, what) }); err != nil {
			t.Error(err)
		}
	})
	before := serials(t, four)
	if err := Renew(ctx, opt, ""); err != nil {
		t.Fatal(err)
	}
	after := serials(t, four)
	if len(before) != 4*8 || len(after) != len(before) {
		t.Errorf("%d certificates before, %d after", len(before), len(after))
	}
	for file, serial := range after {
		if before[file] == nil || serial.Cmp(before[file]) == 0 {
			t.Errorf("%s is not renewed", file)
		}
	}
	level(ctx, t, four)
	c := *four.Consortium()
	c.Members = []consortium.Member{c.Members[3], {MSPID: "Visitors", DisplayName: "x", Roles: []string{"auditor"}}}
	if err := c.Announce(ctx, func(m consortium.Member, what string) { t.Log(m.MSPID, what) }); err != nil {
		t.Errorf("with renewed certificates: %v", err)
	}
}

// serials are the serial numbers of all certificates but the roots.
func serials(t *testing.T, n *Network) map[string]*big.Int {
	t.Helper()
	all, err := n.Certificates()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]*big.Int{}
	for _, f := range all {
		if !f.Cert.IsCA {
			found[f.File] = f.Cert.SerialNumber
		}
	}
	return found
}

// level waits until every peer has the same height, every process is well, and one orderer leads.
func level(ctx context.Context, t *testing.T, n *Network) {
	t.Helper()
	var last string
	for range 600 {
		report, err := n.Status(ctx)
		if err != nil {
			t.Fatal(err)
		}
		leaders, _ := n.Leaders(ctx)
		last = fmt.Sprintf("%d leaders, %+v", leaders, report.Peers)
		well := leaders == 1
		for _, p := range report.Processes {
			if p.Health != "ok" {
				well, last = false, last+" "+p.Name+": "+p.Health
			}
		}
		if well && !slices.ContainsFunc(report.Peers, func(p PeerState) bool {
			return p.Error != "" || p.Ping != "" || p.Height != report.Peers[0].Height
		}) {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal(last)
		case <-time.After(100 * time.Millisecond):
		}
	}
	t.Fatal(last)
}
