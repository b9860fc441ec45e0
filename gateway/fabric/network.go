package fabric

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/gateway/kept"
)

// Network is the way to one channel through the organisation's own peer. It is
// safe for concurrent use.
type Network struct {
	config  Config
	conn    *grpc.ClientConn
	peer    gateway.GatewayClient   // on conn
	session atomic.Pointer[session] // replaced by watchIdentity alone
	roster  *roster
	gate    *gate
	stream  *stream
	answers *kept.Answers // of the own peer to timeless questions; errors never, since some pass by themselves
	flights flights

	stop context.CancelFunc // ends the goroutines below
	done sync.WaitGroup     // stream.run, watchIdentity
}

// Dial prepares the way to the peer. It does not wait for the peer: a gateway may
// start first. It fails only for what cannot mend itself, such as a missing file.
func Dial(config Config) (*Network, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("fabric: %w", err)
	}
	creds, err := transportCredentials(config)
	if err != nil {
		return nil, fmt.Errorf("fabric: %w", err)
	}
	conn, err := connect(config.Address, creds)
	if err != nil {
		return nil, fmt.Errorf("fabric: %w", err)
	}
	first, err := newSession(config, conn)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("fabric: %w", err), conn.Close())
	}
	ctx, stop := context.WithCancel(context.Background())
	n := &Network{
		config: config, conn: conn, peer: gateway.NewGatewayClient(conn), stop: stop,
		answers: kept.New(keptAnswers, keptAnswerBytes), roster: newRoster(config.MSPID, config.Endorsers),
		gate: newGate(config.InFlight, config.AdmissionWait, config.Observer),
	}
	n.session.Store(first)
	n.flights.send = n.carry
	n.stream = newStream(n, config)
	n.done.Go(func() { n.stream.run(ctx) })
	n.done.Go(func() { n.watchIdentity(ctx) })
	return n, nil
}

// connect makes the one connection. The backoff is explicit: without one, a peer
// that is away for a second is met with a storm of calls when it comes back, and
// with gRPC's own of up to two minutes it is missed for long.
func connect(address string, creds credentials.TransportCredentials) (*grpc.ClientConn, error) {
	return grpc.NewClient(address,
		grpc.WithTransportCredentials(creds),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second},
			MinConnectTimeout: 3 * time.Second,
		}),
		// A peer refuses pings more often than once a minute.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 65 * time.Second, Timeout: 10 * time.Second}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(100<<20), grpc.MaxCallSendMsgSize(100<<20)),
		grpc.WithIdleTimeout(0),
	)
}

// Close ends the event stream and the connection. Calls under way fail.
func (n *Network) Close() error {
	n.stop()
	err := n.conn.Close()
	n.done.Wait()
	return errors.Join(err, n.session.Load().gateway.Close())
}

// Organisations lists who endorses, in the order of their MSP ids.
func (n *Network) Organisations() []string { return append([]string(nil), n.roster.all...) }

// Height is the number of the next block that the event stream expects; 0 while
// the stream has never been up.
func (n *Network) Height() uint64 { return n.stream.height() }

// Live reports whether the event stream is up.
func (n *Network) Live() bool { return n.stream.live() }

// NotAfter is the end of the certificate that is in use.
func (n *Network) NotAfter() time.Time { return n.session.Load().notAfter }

// Evaluate asks the own organisation's peer, which has seen every commit that
// this gateway has reported.
func (n *Network) Evaluate(ctx context.Context, tx api.Transaction, argument []byte) ([]byte, error) {
	return n.EvaluateAt(ctx, n.config.MSPID, tx, argument)
}

// watchIdentity takes up renewed identity files.
func (n *Network) watchIdentity(ctx context.Context) {
	if n.config.IdentityCheck < 0 {
		return
	}
	tick := time.NewTicker(n.config.IdentityCheck)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if at, err := stampOf(n.config); err != nil || at == n.session.Load().stamp {
			continue
		}
		next, err := newSession(n.config, n.conn)
		if err != nil { // files half written; the next tick sees them whole
			n.config.Log.Warn("renewed identity not taken up", "error", err)
			continue
		}
		n.session.Store(next) // the old gateway is not closed: that would cut its calls
		n.config.Log.Info("renewed identity taken up", "mspId", n.config.MSPID)
	}
}
