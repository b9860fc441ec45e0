package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-gateway/pkg/hash"
	"github.com/hyperledger/fabric-gateway/pkg/identity"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/lifeledger/lifeledger/network/consortium"
	"github.com/lifeledger/lifeledger/network/launch"
)

const orgID = "ManufacturerMSP"

// rig is the network with the two clients that are compared: the product's REST
// gateway, and the least program that fabric-gateway allows.
type rig struct {
	net  *launch.Network
	in   *consortium.Consortium
	org  *consortium.Member
	base string
	auth string
	http *http.Client
	raw  *client.Contract
	conn *grpc.ClientConn
}

func newRig(ctx context.Context, net *launch.Network) (*rig, error) {
	org := net.Org(orgID)
	token, err := os.ReadFile(org.TokenFile("operator"))
	if err != nil {
		return nil, err
	}
	r := &rig{
		net: net, base: org.GatewayURL + "/v1", auth: "Bearer " + strings.TrimSpace(string(token)),
		http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 512}, Timeout: time.Minute},
	}
	r.in = net.Consortium()
	if r.org, err = r.in.Member(orgID); err != nil {
		return nil, err
	}
	var channel *client.Network
	if r.conn, channel, err = dial(r.in, r.org); err != nil {
		return nil, err
	}
	r.raw = channel.GetContract(r.in.Chaincode)
	return r, r.found(ctx)
}

func (r *rig) close() { _ = r.conn.Close() }

// dial is the baseline client: default options, as the tutorials have it.
func dial(c *consortium.Consortium, m *consortium.Member) (*grpc.ClientConn, *client.Network, error) {
	roots, err := os.ReadFile(m.Peer.TLSRoots)
	if err != nil {
		return nil, nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(roots)
	certPEM, err := os.ReadFile(m.Client.Certificate)
	if err != nil {
		return nil, nil, err
	}
	keyPEM, err := os.ReadFile(m.Client.PrivateKey)
	if err != nil {
		return nil, nil, err
	}
	cert, err := identity.CertificateFromPEM(certPEM)
	if err != nil {
		return nil, nil, err
	}
	key, err := identity.PrivateKeyFromPEM(keyPEM)
	if err != nil {
		return nil, nil, err
	}
	id, err := identity.NewX509Identity(m.MSPID, cert)
	if err != nil {
		return nil, nil, err
	}
	sign, err := identity.NewPrivateKeySign(key)
	if err != nil {
		return nil, nil, err
	}
	conn, err := grpc.NewClient(m.Peer.Address, grpc.WithTransportCredentials(credentials.NewClientTLSFromCert(pool, m.Peer.ServerName)),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(100<<20))) // a block may be larger than what is taken by default
	if err != nil {
		return nil, nil, err
	}
	gw, err := client.Connect(id, client.WithSign(sign), client.WithHash(hash.SHA256), client.WithClientConnection(conn))
	if err != nil {
		return nil, nil, errors.Join(err, conn.Close())
	}
	return conn, gw.GetNetwork(c.Channel), nil
}

// found makes the consortium and fills the payer's account.
func (r *rig) found(ctx context.Context) error {
	for _, m := range []string{
		`{"mspId":"ManufacturerMSP","name":"Manufacturer","roles":["manufacturer","shipper"]}`,
		`{"mspId":"ServiceMSP","name":"Service company","roles":["service"]}`,
		`{"mspId":"ShipperMSP","name":"Shipper","roles":["shipper"]}`,
	} {
		if err := r.post(ctx, "/organisations", []byte(m), nil); err != nil {
			return err
		}
	}
	return nil
}

// post is one REST write; anything but a commit is an error.
func (r *rig) post(ctx context.Context, path string, body []byte, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", rand.Text())
	return r.send(req, out)
}

// get is one REST question.
func (r *rig) get(ctx context.Context, path string, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.base+path, nil)
	if err != nil {
		return err
	}
	return r.send(req, out)
}

func (r *rig) send(req *http.Request, out any) error {
	req.Header.Set("Authorization", r.auth)
	res, err := r.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusCreated {
		return fmt.Errorf("%s: %s: %s", req.URL.Path, res.Status, answer)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}

// load keeps n calls in flight for d and gives the calls that ended well per
// second. A call that fails ends the benchmark: a figure with failures in it
// compares nothing.
func load(ctx context.Context, n int, d time.Duration, call func(context.Context, int) (int, error)) (float64, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var done atomic.Int64
	var first error
	var once sync.Once
	var wg sync.WaitGroup
	start := time.Now()
	for w := range n {
		wg.Go(func() {
			for time.Since(start) < d && ctx.Err() == nil {
				got, err := call(ctx, w)
				if err != nil {
					once.Do(func() { first = err; cancel() })
					return
				}
				done.Add(int64(got))
			}
		})
	}
	wg.Wait()
	return float64(done.Load()) / time.Since(start).Seconds(), first
}
