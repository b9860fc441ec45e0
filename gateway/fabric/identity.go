package fabric

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-gateway/pkg/hash"
	"github.com/hyperledger/fabric-gateway/pkg/identity"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/proto"
)

// session is everything that hangs on one identity. It is immutable: a renewed
// certificate makes a new session, and calls under way finish with the old one.
type session struct {
	gateway  *client.Gateway
	network  *client.Network
	contract *client.Contract
	system   *client.Contract // qscc, for the height of the own peer's chain
	creator  []byte           // the identity as Fabric serialises it
	sign     identity.Sign
	hash     hash.Hash
	stamp    stamp
	notAfter time.Time // of the certificate
}

// stamp tells whether the identity files have changed since they were read.
type stamp struct{ certificate, key time.Time }

func stampOf(c Config) (stamp, error) {
	path, err := onlyFile(c.Certificate)
	if err != nil {
		return stamp{}, err
	}
	cert, err := os.Stat(path)
	if err != nil {
		return stamp{}, err
	}
	path, err = onlyFile(c.Key)
	if err != nil {
		return stamp{}, err
	}
	key, err := os.Stat(path)
	if err != nil {
		return stamp{}, err
	}
	return stamp{cert.ModTime(), key.ModTime()}, nil
}

// newSession reads the identity files and puts an identity on the connection.
func newSession(c Config, conn grpc.ClientConnInterface) (*session, error) {
	at, err := stampOf(c)
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	id, sign, digest, err := readIdentity(c)
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	gw, err := client.Connect(id, client.WithSign(sign), client.WithHash(digest), client.WithClientConnection(conn),
		client.WithEvaluateTimeout(c.EvaluateTimeout), client.WithEndorseTimeout(c.EndorseTimeout),
		client.WithSubmitTimeout(c.SubmitTimeout), client.WithCommitStatusTimeout(c.CommitStatusTimeout))
	if err != nil {
		return nil, err
	}
	creator, err := proto.Marshal(&msp.SerializedIdentity{Mspid: id.MspID(), IdBytes: id.Credentials()})
	if err != nil {
		return nil, err
	}
	network := gw.GetNetwork(c.Channel)
	return &session{
		gateway: gw, network: network, contract: network.GetContract(c.Chaincode), system: network.GetContract("qscc"),
		creator: creator, sign: sign, hash: digest, stamp: at, notAfter: id.notAfter,
	}, nil
}

// readIdentity reads certificate and key and checks that they belong together,
// so that a half-finished renewal is not taken for a new identity.
func readIdentity(c Config) (*dated, identity.Sign, hash.Hash, error) {
	path, err := onlyFile(c.Certificate)
	if err != nil {
		return nil, nil, nil, err
	}
	certPEM, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, nil, err
	}
	cert, err := identity.CertificateFromPEM(certPEM)
	if err != nil {
		return nil, nil, nil, err
	}
	if slices.Contains(cert.Subject.OrganizationalUnit, "admin") {
		return nil, nil, nil, errAdministrator
	}
	path, err = onlyFile(c.Key)
	if err != nil {
		return nil, nil, nil, err
	}
	keyPEM, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, nil, err
	}
	key, err := identity.PrivateKeyFromPEM(keyPEM)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("private key: %w", err) // never with the file's content
	}
	digest, same := hash.SHA256, false
	switch k := key.(type) {
	case *ecdsa.PrivateKey:
		same = k.PublicKey.Equal(cert.PublicKey)
	case ed25519.PrivateKey: // signs the message itself; needs channel capability V3_0
		digest = hash.NONE
		public, ok := k.Public().(ed25519.PublicKey)
		same = ok && public.Equal(cert.PublicKey)
	}
	if !same {
		return nil, nil, nil, errors.New("the private key is not the certificate's")
	}
	sign, err := identity.NewPrivateKeySign(key)
	if err != nil {
		return nil, nil, nil, err
	}
	id, err := identity.NewX509Identity(c.MSPID, cert)
	return &dated{id, cert.NotAfter}, sign, digest, err
}

// dated is an identity with the end of its certificate.
type dated struct {
	*identity.X509Identity
	notAfter time.Time
}

// errAdministrator refuses an identity that could change the channel and approve
// chaincode: whoever takes over a gateway must not get that with it.
var errAdministrator = errors.New("the certificate is an administrator's; enrol an identity of type client for the gateway")

// onlyFile finds a certificate or a key: Fabric's own tools put it alone into a
// directory, "signcerts" or "keystore", under a name of their own.
func onlyFile(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.IsDir() {
		return path, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return "", err
	}
	var files []string
	for _, e := range entries {
		if !e.IsDir() {
			files = append(files, filepath.Join(path, e.Name()))
		}
	}
	if len(files) != 1 {
		return "", fmt.Errorf("%s holds %d files, want one alone", path, len(files))
	}
	return files[0], nil
}

func transportCredentials(c Config) (credentials.TransportCredentials, error) {
	roots := c.RootsPEM
	if c.TLSRoots != "" {
		var err error
		if roots, err = os.ReadFile(c.TLSRoots); err != nil {
			return nil, fmt.Errorf("TLS roots: %w", err)
		}
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(roots) {
		return nil, errors.New("TLS roots: no certificate in the file")
	}
	return credentials.NewTLS(&tls.Config{RootCAs: pool, ServerName: c.ServerName, MinVersion: tls.VersionTLS12}), nil
}
