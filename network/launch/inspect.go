package launch

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"

	"github.com/lifeledger/lifeledger/network/crypto"
	"github.com/lifeledger/lifeledger/network/lifecycle"
	"github.com/lifeledger/lifeledger/network/supervise"
	"github.com/lifeledger/lifeledger/network/topology"
)

// Process is what status tells of one process.
type Process struct {
	Name     string  `json:"name"`
	Kind     string  `json:"kind"`
	Org      string  `json:"organisation"`
	PID      int     `json:"pid"`
	Status   string  `json:"status"`
	Uptime   float64 `json:"uptimeSeconds"`
	Restarts int     `json:"restarts"`
	// Health is "ok" or what is wrong.
	Health   string `json:"health"`
	LastExit string `json:"lastExit,omitempty"`
}

// PeerState is what a peer, or the way to it, tells of its ledger.
type PeerState struct {
	Org    string `json:"organisation"`
	Height uint64 `json:"height"`
	Error  string `json:"error,omitempty"`
	// LastBlock is the time inside the newest block.
	LastBlock time.Time `json:"lastBlock,omitzero"`
	// Ping is empty when the peer's chaincode answered, else what was said instead.
	Ping string `json:"ping,omitempty"`
	// StateDatabase is where its state is: leveldb, couchdb, or what stands in for it.
	StateDatabase string `json:"stateDatabase"`
}

// Report is the state of a network at one moment.
type Report struct {
	Running    bool              `json:"running"`
	Supervisor supervise.Process `json:"supervisor"`
	Started    time.Time         `json:"started,omitzero"`
	Processes  []Process         `json:"processes"`
	Peers      []PeerState       `json:"peers"`
}

// Status asks every process for its health and every peer for its ledger. A network
// that does not run is no error: the report says so.
func (n *Network) Status(ctx context.Context) (*Report, error) {
	state, err := n.client.State(ctx)
	if errors.Is(err, supervise.ErrNotRunning) {
		return &Report{}, nil
	}
	if err != nil {
		return nil, err
	}
	r := &Report{Running: true, Supervisor: state.Supervisor, Started: state.Started, Processes: make([]Process, len(state.Children))}
	var wg sync.WaitGroup
	for i, c := range state.Children {
		wg.Go(func() { r.Processes[i] = n.process(ctx, c) })
	}
	wg.Go(func() { r.Peers = n.peers(ctx) })
	wg.Wait()
	return r, nil
}

func (n *Network) process(ctx context.Context, c supervise.Child) Process {
	p := Process{Name: c.Name, Kind: c.Kind, Org: c.Org, PID: c.Process.PID, Status: string(c.Status), Restarts: c.Restarts, LastExit: c.LastExit}
	if c.Status != supervise.Running {
		p.Health = string(c.Status)
		return p
	}
	p.Uptime = c.Process.Uptime().Seconds()
	p.Health = "ok"
	if err := probe(ctx, n.layout, n.Topology, c.Spec); err != nil {
		p.Health = err.Error()
	}
	return p
}

// peerLimit is how long a peer may take to answer a question about its ledger.
const peerLimit = 5 * time.Second

func (n *Network) peers(ctx context.Context) []PeerState {
	all := make([]PeerState, len(n.Topology.Organisations))
	var wg sync.WaitGroup
	for i, o := range n.Topology.Organisations {
		wg.Go(func() { all[i] = n.peerState(ctx, o) })
	}
	wg.Wait()
	return all
}

func (n *Network) peerState(ctx context.Context, o topology.Organisation) PeerState {
	p := PeerState{Org: o.Name, StateDatabase: o.StateDatabase}
	ctx, cancel := context.WithTimeout(ctx, peerLimit)
	defer cancel()
	admin, err := n.connectAdmin(o)
	if err != nil {
		p.Error, p.Ping = err.Error(), "not asked"
		return p
	}
	defer closeAdmins([]*lifecycle.Admin{admin})
	channel := n.Topology.Channel.Name
	if p.Height, err = admin.Height(ctx, channel); err != nil {
		p.Error, p.Ping = err.Error(), "the peer does not answer"
		return p
	}
	if p.LastBlock, err = admin.LastBlockTime(ctx, channel, p.Height); err != nil {
		p.Error = err.Error()
	}
	if _, err := admin.Evaluate(ctx, channel, n.Topology.Chaincode.Name, Ping...); err != nil {
		p.Ping = err.Error()
	}
	return p
}

// Leaders counts the orderers that say they lead the channel; one is as it should be.
func (n *Network) Leaders(ctx context.Context) (leaders int, err error) {
	for _, o := range n.Topology.Organisations {
		leads, askErr := n.leads(ctx, o)
		if askErr != nil {
			err = fmt.Errorf("orderer.%s: %w", o.Name, askErr)
		}
		if leads {
			leaders++
		}
	}
	return leaders, err
}

func (n *Network) leads(ctx context.Context, o topology.Organisation) (bool, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+n.Topology.Address(o.Ports.OrdererOperations)+"/metrics", nil)
	if err != nil {
		return false, err
	}
	client, err := operations(n.layout, o.Name)
	if err != nil {
		return false, err
	}
	resp, err := client.Do(r)
	if err != nil {
		return false, short(err)
	}
	defer resp.Body.Close()
	want := fmt.Sprintf("consensus_etcdraft_is_leader{channel=%q} 1", n.Topology.Channel.Name)
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if strings.TrimSpace(lines.Text()) == want {
			return true, nil
		}
	}
	return false, lines.Err()
}

// Certificates finds every certificate that the network uses.
func (n *Network) Certificates() ([]crypto.Found, error) {
	return crypto.Inspect(n.layout.path("organisations"))
}

// Blocks reads the blocks of one organisation's peer.
type Blocks struct {
	admin   *lifecycle.Admin
	channel string
}

// Blocks connects to the peer of an organisation, by MSP id or name.
func (n *Network) Blocks(org string) (*Blocks, error) {
	admin, err := n.connectAdmin(n.Org(org).Organisation)
	if err != nil {
		return nil, err
	}
	return &Blocks{admin, n.Topology.Channel.Name}, nil
}

// Close ends the connection.
func (b *Blocks) Close() { closeAdmins([]*lifecycle.Admin{b.admin}) }

// Height is how many blocks the peer has.
func (b *Blocks) Height(ctx context.Context) (uint64, error) { return b.admin.Height(ctx, b.channel) }

// Get reads a block as the peer has committed it, with the validation codes.
func (b *Blocks) Get(ctx context.Context, number uint64) (*common.Block, error) {
	return b.admin.Block(ctx, b.channel, number)
}
