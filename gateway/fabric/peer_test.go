package fabric

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/proto"
)

// fakePeer is a server that speaks a peer's gateway service over TLS. It endorses
// with the result that its script gives, and checks signatures as an orderer does.
type fakePeer struct {
	gateway.UnimplementedGatewayServer
	peer.UnimplementedDeliverServer
	t   *testing.T
	key *ecdsa.PublicKey // of the gateway's certificate

	endorse  func(orgs []string) error
	evaluate func() error
	question func(tx string, args [][]byte) ([]byte, error) // instead of evaluate; called at the same time from many
	status   func(ctx context.Context, txid string) (*gateway.CommitStatusResponse, error)

	mu        sync.Mutex
	asked     [][]string // organisations of each Endorse, sorted
	args      [][]byte   // of the last proposal
	envelopes [][]byte   // submitted
}

const answer = `{"ok":true}`

func (p *fakePeer) Endorse(_ context.Context, r *gateway.EndorseRequest) (*gateway.EndorseResponse, error) {
	orgs := slices.Sorted(slices.Values(r.GetEndorsingOrganizations()))
	header, args := p.open(r.GetProposedTransaction())
	p.mu.Lock()
	p.asked, p.args = append(p.asked, orgs), args
	p.mu.Unlock()
	if p.endorse != nil {
		if err := p.endorse(orgs); err != nil {
			return nil, err
		}
	}
	action := p.marshal(&peer.ChaincodeAction{Response: &peer.Response{Status: 200, Payload: []byte(answer)}})
	endorsed := p.marshal(&peer.ChaincodeActionPayload{Action: &peer.ChaincodeEndorsedAction{
		ProposalResponsePayload: p.marshal(&peer.ProposalResponsePayload{Extension: action}),
	}})
	payload := p.marshal(&common.Payload{Header: header, Data: p.marshal(&peer.Transaction{
		Actions: []*peer.TransactionAction{{Payload: endorsed}},
	})})
	return &gateway.EndorseResponse{PreparedTransaction: &common.Envelope{Payload: payload}}, nil
}

func (p *fakePeer) Evaluate(_ context.Context, r *gateway.EvaluateRequest) (*gateway.EvaluateResponse, error) {
	_, args := p.open(r.GetProposedTransaction())
	if string(args[0]) == "GetChainInfo" {
		return &gateway.EvaluateResponse{Result: &peer.Response{
			Status: 200, Payload: p.marshal(&common.BlockchainInfo{Height: 7}),
		}}, nil
	}
	if p.question != nil {
		payload, err := p.question(string(args[0]), args[1:])
		return &gateway.EvaluateResponse{Result: &peer.Response{Status: 200, Payload: payload}}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked, p.args = append(p.asked, r.GetTargetOrganizations()), args
	if p.evaluate != nil {
		if err := p.evaluate(); err != nil {
			return nil, err
		}
	}
	return &gateway.EvaluateResponse{Result: &peer.Response{Status: 200, Payload: []byte(answer)}}, nil
}

func (p *fakePeer) Submit(_ context.Context, r *gateway.SubmitRequest) (*gateway.SubmitResponse, error) {
	e := r.GetPreparedTransaction()
	sum := sha256.Sum256(e.GetPayload())
	if !ecdsa.VerifyASN1(p.key, sum[:], e.GetSignature()) {
		p.t.Error("the envelope's signature does not verify")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.envelopes = append(p.envelopes, p.marshal(e))
	return &gateway.SubmitResponse{}, nil
}

func (p *fakePeer) CommitStatus(ctx context.Context, r *gateway.SignedCommitStatusRequest) (*gateway.CommitStatusResponse, error) {
	var request gateway.CommitStatusRequest
	if err := proto.Unmarshal(r.GetRequest(), &request); err != nil {
		p.t.Error(err)
	}
	sum := sha256.Sum256(r.GetRequest())
	if !ecdsa.VerifyASN1(p.key, sum[:], r.GetSignature()) {
		p.t.Error("the status request's signature does not verify")
	}
	return p.status(ctx, request.GetTransactionId())
}

// open takes a proposal apart.
func (p *fakePeer) open(signed *peer.SignedProposal) (*common.Header, [][]byte) {
	var proposal peer.Proposal
	var header common.Header
	var payload peer.ChaincodeProposalPayload
	var spec peer.ChaincodeInvocationSpec
	for _, part := range []struct {
		from func() []byte
		into proto.Message
	}{
		{signed.GetProposalBytes, &proposal}, {proposal.GetHeader, &header},
		{proposal.GetPayload, &payload}, {payload.GetInput, &spec},
	} {
		if err := proto.Unmarshal(part.from(), part.into); err != nil {
			p.t.Error(err)
		}
	}
	return &header, spec.GetChaincodeSpec().GetInput().GetArgs()
}

func (p *fakePeer) marshal(m proto.Message) []byte {
	b, err := proto.Marshal(m)
	if err != nil {
		p.t.Error(err)
	}
	return b
}

func (p *fakePeer) took() (asked [][]string, args []string, envelopes [][]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range p.args {
		args = append(args, string(a))
	}
	return slices.Clone(p.asked), args, slices.Clone(p.envelopes)
}

// start serves the peer and gives a configuration that reaches it.
func (p *fakePeer) start(t *testing.T) Config {
	t.Helper()
	p.t = t
	dir := t.TempDir()
	tlsKey, tlsCert := issue(t, dir, "tls")
	key, _ := issue(t, dir, "user")
	p.key = &key.PublicKey
	pair := tls.Certificate{Certificate: [][]byte{tlsCert}, PrivateKey: tlsKey}
	server := grpc.NewServer(grpc.Creds(credentials.NewServerTLSFromCert(&pair)))
	gateway.RegisterGatewayServer(server, p)
	peer.RegisterDeliverServer(server, p)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := server.Serve(listener); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		server.Stop()
		wg.Wait()
	})
	return Config{
		Address: listener.Addr().String(), TLSRoots: filepath.Join(dir, "tls.pem"), MSPID: "A",
		Certificate: filepath.Join(dir, "user.pem"), Key: filepath.Join(dir, "user.key"),
		Channel: "ch", Chaincode: "cc", Endorsers: []string{"C", "A", "B"},
		IdentityCheck: -1, Log: slog.New(slog.DiscardHandler),
	}
}

func dial(t *testing.T, c Config) *Network {
	t.Helper()
	n, err := Dial(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// issue writes a self-signed certificate and its key to dir.
func issue(t *testing.T, dir, name string, units ...string) (*ecdsa.PrivateKey, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name, OrganizationalUnit: units},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, name+".pem"), "CERTIFICATE", cert)
	write(t, filepath.Join(dir, name+".key"), "PRIVATE KEY", der)
	return key, cert
}

func write(t *testing.T, path, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

func joined(asked [][]string) string {
	var all []string
	for _, orgs := range asked {
		all = append(all, strings.Join(orgs, ""))
	}
	return strings.Join(all, " ")
}
