package faults

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/lifeledger/lifeledger/chaincode/contract/audit"
	"github.com/lifeledger/lifeledger/gateway/projection/pgtest"
	"github.com/lifeledger/lifeledger/network/block"
	"github.com/lifeledger/lifeledger/network/doctor"
	"github.com/lifeledger/lifeledger/network/launch"
)

const (
	manufacturer = "ManufacturerMSP"
	service      = "ServiceMSP"
	carrier      = "ShipperMSP"
	channel      = "lifeledger/lifeledger" // what devices sign for
)

// patience is what only a failure reaches, however busy the machine is.
const patience = 8 * time.Minute

// world is one network for all tests of this package, since starting one takes
// longer than most of them. Each test works on records of its own.
type world struct {
	net     *launch.Network
	parties []*client // manufacturer, service company, shipper
	blocks  *launch.Blocks

	// What the auditor has seen; tests run one after the other.
	auditor *audit.Auditor
	next    uint64
	codes   map[string]map[peer.TxValidationCode]int // by transaction's name
}

var shared struct {
	sync.Once
	world *world
	err   error
	dir   string
}

func TestMain(m *testing.M) {
	code := pgtest.Main(m)
	if w := shared.world; w != nil {
		w.blocks.Close()
		if err := w.net.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	if shared.dir != "" {
		_ = os.RemoveAll(shared.dir)
	}
	os.Exit(code)
}

// enter gives a test the network, whole and with all of it well, and after the
// test heals it and audits every block that the test has made.
func enter(t *testing.T) (*world, context.Context) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a real network")
	}
	shared.Do(func() { shared.world, shared.err = begin(t) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	w := shared.world
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	w.heal(ctx, t)
	t.Cleanup(func() {
		cancel()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		w.heal(ctx, t)
		w.audit(ctx, t)
		if t.Failed() {
			w.confess(t)
		}
	})
	return w, ctx
}

// confess shows what the gateways themselves found wrong.
func (w *world) confess(t *testing.T) {
	t.Helper()
	for _, o := range w.net.Orgs() {
		b, err := os.ReadFile(w.net.LogFile(o.Process(launch.Gateway)))
		if err != nil {
			t.Log(err)
		}
		var told int
		for line := range strings.Lines(string(b)) {
			if (strings.Contains(line, `"level":"ERROR"`) || strings.Contains(line, `"code":"internal"`)) && told < 20 {
				told++
				t.Logf("%s: %.2000s", o.MSPID, line)
			}
		}
	}
}

func begin(t *testing.T) (*world, error) {
	dir, err := os.MkdirTemp("", "lifeledger-faults-")
	if err != nil {
		return nil, err
	}
	shared.dir = dir
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	n, err := launch.Start(ctx, launch.Options{Dir: dir, AutoPorts: true, Gateways: true})
	if err != nil {
		return nil, err
	}
	w := &world{net: n, auditor: audit.New(), codes: map[string]map[peer.TxValidationCode]int{}}
	if w.blocks, err = n.Blocks(manufacturer); err != nil {
		return nil, err
	}
	go w.unstick()
	for _, org := range []string{manufacturer, service, carrier} {
		w.parties = append(w.parties, newClient(t, n, org))
	}
	for _, m := range []string{
		`{"mspId":"ManufacturerMSP","name":"Manufacturer","roles":["manufacturer"]}`,
		`{"mspId":"ServiceMSP","name":"Service company","roles":["service","shipper"]}`,
		`{"mspId":"ShipperMSP","name":"Shipper","roles":["shipper"]}`,
	} {
		if _, err := w.parties[0].write(ctx, "/organisations", "found-"+m[10:20], m); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// party is an organisation's client.
func (w *world) party(org string) *client {
	for _, c := range w.parties {
		if c.org == org {
			return c
		}
	}
	panic("no client of " + org)
}

// heal waits until every process runs and is well, one orderer leads, and all
// peers have the same height.
func (w *world) heal(ctx context.Context, t *testing.T) {
	t.Helper()
	var last []doctor.Result
	for ctx.Err() == nil {
		facts, err := doctor.Gather(ctx, w.net)
		if err == nil {
			var well bool
			if last, well = doctor.Examine(facts); well {
				return
			}
		}
		rest(ctx, 200*time.Millisecond)
	}
	t.Fatalf("the network does not recover: %+v", last)
}

// audit recounts the blocks that it has not seen yet, from the genesis block on.
func (w *world) audit(ctx context.Context, t *testing.T) {
	t.Helper()
	height, err := w.blocks.Height(ctx)
	if err != nil {
		t.Fatal(err)
	}
	from := w.next
	for ; w.next < height; w.next++ {
		b, err := w.blocks.Get(ctx, w.next)
		if err != nil {
			t.Fatal(err)
		}
		all, err := block.Transactions(b)
		if err != nil {
			t.Fatal(err)
		}
		for _, tx := range all {
			if tx.Chaincode != w.net.Topology.Chaincode.Name {
				continue
			}
			w.count(string(tx.Args[0]), tx.Code)
			if !tx.Valid() {
				continue
			}
			if err := w.auditor.Apply(tx.ID, tx.Writes); err != nil {
				t.Errorf("block %d: %v", w.next, err)
			}
		}
	}
	if w.auditor.Counts.Transactions == 0 {
		t.Error("there was nothing to audit")
	}
	t.Logf("audited blocks %d to %d; so far %+v", from, height-1, w.auditor.Counts)
}

func (w *world) count(name string, code peer.TxValidationCode) {
	if w.codes[name] == nil {
		w.codes[name] = map[peer.TxValidationCode]int{}
	}
	w.codes[name][code]++
}

// rest waits, or not so long if the context ends.
func rest(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// stuck is what a Fabric peer says again and again, at longer and longer intervals,
// when its stream of blocks broke at the wrong moment: its verifier is ahead of its
// ledger, and it refuses the block that it needs until it is started anew.
const stuck = "could not be verified: expected block number is"

// unstick starts such peers anew, as an operator would; it ends with the process.
func (w *world) unstick() {
	read := map[string]int{}
	for ; ; time.Sleep(3 * time.Second) {
		for _, o := range w.net.Orgs() {
			name := o.Process(launch.Peer)
			b, err := os.ReadFile(w.net.LogFile(name))
			if err != nil || len(b) <= read[name] {
				continue
			}
			if strings.Count(string(b[read[name]:]), stuck) >= 3 { // once may pass
				read[name] = len(b)
				fmt.Fprintln(os.Stderr, name, "is stuck behind its own verifier, and is started anew")
				if err := w.net.Kill(name); err != nil {
					fmt.Fprintln(os.Stderr, err)
				}
			}
		}
	}
}
