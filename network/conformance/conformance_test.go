package conformance

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract/audit"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/network/block"
	"github.com/lifeledger/lifeledger/network/consortium"
	"github.com/lifeledger/lifeledger/network/launch"
)

// TestConformance is one network and everything that is compared on it, since a
// network takes longer to start than all the rest.
func TestConformance(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real Fabric network of three organisations; run without -short")
	}
	n := target(t)
	l := connect(t, n)
	all := stories(t)
	i := slices.IndexFunc(all, func(s *scenario.Scenario) bool { return s.Name == "founding" })
	all[0], all[i] = all[i], all[0] // it wants an empty ledger
	// Left out where somebody has founded already, and then it alone.
	t.Run("founding", func(t *testing.T) { play(t, l, all[0], 0) })
	all = answerable(t, l, all)
	direct, through := newInquired(), newInquired()
	t.Run("scenarios", func(t *testing.T) {
		for i, s := range all[1:] {
			t.Run(s.Name, func(t *testing.T) {
				t.Parallel()
				play(t, inquiry{Backend: l, live: l, t: t, seen: direct, ask: askPeers}, s, i+1)
			})
		}
	})
	t.Run("scenarios through the REST API", func(t *testing.T) {
		for i, s := range all[1:] {
			t.Run(s.Name, func(t *testing.T) {
				t.Parallel()
				r := newREST(t, l)
				play(t, inquiry{Backend: r, live: l, t: t, seen: through, once: true, ask: r.askGateways}, s, 200+i)
			})
		}
	})
	t.Run("the permissions were asked of peers", func(t *testing.T) { direct.expect(t, 2500, 110) })
	t.Run("the permissions were asked of gateways", func(t *testing.T) { through.expect(t, 150, 110) })
	t.Run("every organisation has the same passports", func(t *testing.T) { passports(t, l) })
	t.Run("refusals change nothing", func(t *testing.T) { refusalsChangeNothing(t, l, all) })
	t.Run("a device in another language", func(t *testing.T) { secondLanguage(t, l) })
	t.Run("the peer's own command", func(t *testing.T) { peerCommand(t, l) })
	t.Run("a notarised memory", func(t *testing.T) { notarised(t, l) })
	t.Run("a reader outside the channel", func(t *testing.T) { outsider(t, l) })
	t.Run("validation codes", func(t *testing.T) { validationCodes(t, l) })
	t.Run("key order and pages", func(t *testing.T) { keyOrder(t, l) })
	t.Run("every block is audited", func(t *testing.T) { recount(t, l) })
}

// elsewhere is the environment variable that names a network which runs already: a file
// or a directory as package consortium reads it.
const elsewhere = "LIFELEDGER_CONSORTIUM"

// notOf leaves a test out that says nothing about the network that is named.
func notOf(t *testing.T) {
	t.Helper()
	if os.Getenv(elsewhere) != "" {
		t.Skip("left out: it is not about the network that " + elsewhere + " names; run without it")
	}
}

// target is the network that is held to the in-memory ledger: one of its own, or the one
// that is named, which is left as it is and running.
func target(t *testing.T) *consortium.Consortium {
	t.Helper()
	var c *consortium.Consortium
	if path := os.Getenv(elsewhere); path != "" {
		var err error
		if c, err = consortium.Load(path); err != nil {
			t.Fatalf("%s: %v", elsewhere, err)
		}
	} else {
		n, err := launch.Start(t.Context(), launch.Options{Dir: t.TempDir(), AutoPorts: true, Gateways: true, Progress: t.Logf})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := n.Stop(); err != nil {
				t.Error(err)
			}
		})
		c = n.Consortium()
	}
	parts, err := c.Parts()
	if err != nil {
		t.Fatal(err)
	}
	cast = scenario.Cast{Manufacturer: parts.Manufacturer.MSPID, Service: parts.Service.MSPID, Shipper: parts.Shipper.MSPID}
	maker, service, carrier = cast.Manufacturer, cast.Service, cast.Shipper
	return c
}

// recount audits what all of the above has left on the ledger, block by block.
func recount(t *testing.T, l *live) {
	height, err := l.height(service)
	if err != nil {
		t.Fatal(err)
	}
	a := audit.New()
	for number := range height {
		b, err := l.block(service, number)
		if err != nil {
			t.Fatal(err)
		}
		all, err := block.Transactions(b)
		if err != nil {
			t.Fatal(err)
		}
		for _, tx := range all {
			if !tx.Valid() || tx.Chaincode != l.Chaincode {
				continue
			}
			if err := a.Apply(tx.ID, tx.Writes); err != nil {
				t.Errorf("block %d: %v", number, err)
			}
		}
	}
	t.Logf("%d blocks: %+v", height, a.Counts)
	if a.Counts.Settlements == 0 {
		t.Error("no settlement was audited")
	}
}

// answerable leaves out the story of the peers that cannot answer questions, where they can.
func answerable(t *testing.T, l *live, all []*scenario.Scenario) []*scenario.Scenario {
	t.Helper()
	_, err := l.Evaluate(service, string(api.FindRecordsTx), `{"entity": "components", "limit": 1}`)
	if err != nil && strings.Contains(err.Error(), string(fault.CodeQueryState)) {
		return all
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Log("ledger-questions is left out: it is about LevelDB, and these peers are on CouchDB")
	return slices.DeleteFunc(all, func(s *scenario.Scenario) bool { return s.Name == "ledger-questions" })
}

func stories(t *testing.T) []*scenario.Scenario {
	t.Helper()
	root, err := launch.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	all, err := scenario.Load(filepath.Join(root, "chaincode", "contract", "testdata", "scenarios"))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// unique is an id and a currency that no other run on any ledger uses at this time.
func unique(number int) (id, ccy string) {
	return fmt.Sprintf("%xn%d", time.Now().UnixMilli(), number), fmt.Sprintf("X%c%c", 'A'+number/26, 'A'+number%26)
}

func play(t *testing.T, b scenario.Backend, s *scenario.Scenario, number int) {
	t.Helper()
	id, ccy := unique(number)
	steps, err := scenario.Run(s.With(cast), b, id, ccy)
	switch {
	case errors.Is(err, scenario.ErrNotFresh):
		t.Skip("the ledger is not empty any more")
	case err != nil:
		t.Error(err)
	}
	t.Logf("%d calls", len(steps))
}

// still is a backend on which a refusal must not make a block.
type still struct {
	*live
	t *testing.T
}

func (s still) Submit(org string, args ...string) (*scenario.Outcome, error) {
	before, err := s.height(org)
	if err != nil {
		return nil, err
	}
	out, refused := s.live.Submit(org, args...)
	after, err := s.height(org)
	if err != nil {
		return nil, err
	}
	if refused != nil && after != before {
		s.t.Errorf("%s was refused and the ledger grew from %d to %d blocks", args[0], before, after)
	}
	return out, refused
}

// refusalsChangeNothing plays the stories that are full of bad input, alone on
// the network, and looks at the height after each refusal.
func refusalsChangeNothing(t *testing.T, l *live, all []*scenario.Scenario) {
	for i, s := range all {
		if slices.Contains([]string{"form", "readings-refused", "settle-early"}, s.Name) {
			t.Run(s.Name, func(t *testing.T) { play(t, still{l, t}, s, 100+i) })
		}
	}
}
