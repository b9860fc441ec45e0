package launch

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/lifeledger/lifeledger/network/crypto"
	"github.com/lifeledger/lifeledger/network/supervise"
	"github.com/lifeledger/lifeledger/network/topology"
)

// maxRestarts is how often a process may end by itself during a start before that is given up.
const maxRestarts = 4

// waitHealthy waits for a process, and gives up early on one that keeps ending.
func (s *starter) waitHealthy(ctx context.Context, spec supervise.Spec) error {
	var before int
	if state, err := s.client.State(ctx); err == nil {
		c, _ := state.Child(spec.Name)
		before = c.Restarts
	}
	for {
		err := probe(ctx, s.Network.layout, s.t, spec)
		if err == nil && spec.Kind == CA {
			err = s.caReady(spec)
		}
		if err == nil {
			return nil
		}
		if state, stateErr := s.client.State(ctx); stateErr == nil {
			if c, ok := state.Child(spec.Name); ok && c.Restarts-before >= maxRestarts {
				return fmt.Errorf("%s keeps ending (%s): %s; see %s", spec.Name, c.LastExit, lastLine(s.LogFile(spec.Name)), s.LogFile(spec.Name))
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready (%v): %s; see %s", spec.Name, err, lastLine(s.LogFile(spec.Name)), s.LogFile(spec.Name))
		case <-time.After(25 * time.Millisecond):
		}
	}
}

// caReady says whether the server answers for both of its CAs.
func (s *starter) caReady(spec supervise.Spec) error {
	o, _ := s.t.Org(spec.Org)
	server := s.server(*o)
	_, root, err := server.Roots()
	if err != nil {
		return err
	}
	return caAnswers(server, root)
}

func caAnswers(server crypto.Server, root *x509.Certificate) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	ca := crypto.NewCA(server.URL(), root)
	defer ca.Close()
	for _, name := range []string{server.TLSCA(), server.IdentityCA()} {
		if err := ca.Info(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// probe asks a process for its health once.
func probe(ctx context.Context, l layout, t *topology.Topology, spec supervise.Spec) error {
	switch spec.Kind {
	case Chaincode: // it has no health service; the doctor calls it through its peer
		return dial(ctx, t.Address(spec.Ports["chaincode"]))
	case CouchDB:
		return answers(ctx, "http://"+t.Address(spec.Ports["couchdb"])+"/_up")
	case Gateway:
		return get(ctx, "http://"+t.Address(spec.Ports["gateway"])+"/readyz")
	case CA: // it tells nothing but its health
		return get(ctx, "http://"+t.Address(spec.Ports["operations"])+"/healthz")
	default:
		client, err := operations(l, spec.Org)
		if err != nil {
			return err
		}
		return getWith(ctx, client, "https://"+t.Address(spec.Ports["operations"])+"/healthz")
	}
}

// operations is a client for the operations endpoints of an organisation's peer and
// orderer, which want to see a TLS certificate of the same organisation.
func operations(l layout, org string) (*http.Client, error) {
	pair, err := tls.LoadX509KeyPair(l.org(org, "admin", "tls", crypto.TLSCert), l.org(org, "admin", "tls", crypto.TLSKey))
	if err != nil {
		return nil, err
	}
	root, err := crypto.ReadCert(l.tlsRoot(org))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(root)
	return &http.Client{Timeout: probeLimit, Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12},
	}}, nil
}

const probeLimit = 3 * time.Second

func dial(ctx context.Context, address string) error {
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", address)
	if err != nil {
		return short(err)
	}
	return conn.Close()
}

var probes = &http.Client{Timeout: probeLimit, Transport: &http.Transport{DisableKeepAlives: true}}

func get(ctx context.Context, url string) error { return getWith(ctx, probes, url) }

func getWith(ctx context.Context, client *http.Client, url string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(r)
	if err != nil {
		return short(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	b, _ := io.ReadAll(io.LimitReader(resp.Body, 300))
	return fmt.Errorf("%s %s", resp.Status, strings.Join(strings.Fields(string(b)), " "))
}

// answers is get for a server that may want a login to say how it is.
func answers(ctx context.Context, url string) error {
	err := get(ctx, url)
	if err != nil && strings.HasPrefix(err.Error(), "401 ") {
		return nil
	}
	return err
}

// short keeps the operating system's words of a network error and drops the addresses around them.
func short(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		var sys *os.SyscallError
		if errors.As(op.Err, &sys) {
			return sys.Err
		}
		return op.Err
	}
	return err
}

// lastLine is the last thing a log says.
func lastLine(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return "no log"
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > 4096 {
		_, _ = f.Seek(-4096, io.SeekEnd)
	}
	b, _ := io.ReadAll(f)
	b = bytes.TrimSpace(b)
	return string(b[bytes.LastIndexByte(b, '\n')+1:])
}
