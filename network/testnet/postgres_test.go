package testnet

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lifeledger/lifeledger/gateway/projection/pgtest"
)

func TestTheGatewayGetsWhatTheURLNames(t *testing.T) {
	house := t.TempDir()
	put := func(name, text string) string {
		t.Helper()
		path := filepath.Join(house, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	n := &Network{Dir: t.TempDir(), Samples: "none"}
	o := Organisation{Name: "org1", Postgres: put("url", "postgres://u:p@db.example:5432/l?sslmode=verify-full&sslrootcert=root.pem\n")}
	if _, err := n.database(o); err == nil || !strings.Contains(err.Error(), "sslrootcert") {
		t.Errorf("a root that is not there: %v", err)
	}
	put("root.pem", "first")
	inside, err := n.database(o)
	if err != nil || inside != "/etc/lifeledger/postgres/url" {
		t.Fatal(inside, err)
	}
	have := func(name, want string) {
		t.Helper()
		text, err := os.ReadFile(n.org(o, "gateway", "postgres", name))
		if err != nil || string(text) != want {
			t.Errorf("%s is %q, %v; want %q", name, text, err, want)
		}
	}
	have("url", "postgres://u:p@db.example:5432/l?sslmode=verify-full&sslrootcert=%2Fetc%2Flifeledger%2Fpostgres%2Fsslrootcert.pem\n")
	have("sslrootcert.pem", "first")
	o.Postgres = put("words", "host=db.example user=u password=secret")
	if _, err := n.database(o); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("what is no URL: %v", err)
	}
	o.Postgres = ""
	if inside, err := n.database(o); err != nil || inside != "" || exists(n.org(o, "gateway", "postgres")) {
		t.Errorf("SQLite again: %q, %v", inside, err)
	}
}

func TestADatabaseOfItsOwnKeepsItsPassword(t *testing.T) {
	n := &Network{Dir: t.TempDir()}
	o := Organisation{Name: "org1", Domain: "org1.example.com", Postgres: ownPostgres}
	var urls [2]string
	for i := range urls {
		if _, err := n.database(o); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(n.org(o, "gateway", "postgres", "url"))
		if err != nil {
			t.Fatal(err)
		}
		urls[i] = string(text)
	}
	if urls[0] != urls[1] || !strings.Contains(urls[0], "@postgres:5432/lifeledger?sslmode=verify-full&sslrootcert=/network/tlsca.pem") {
		t.Errorf("%q", urls)
	}
	found := false
	for _, w := range n.wanted(o) {
		found = found || w.name == "postgres-tls" && w.hosts[0] == "postgres"
	}
	if !found {
		t.Error("nobody certifies the database")
	}
}

func TestAnotherRootIsAnotherContainer(t *testing.T) {
	n, o := &Network{Dir: t.TempDir()}, Organisation{Name: "org1"}
	if err := os.MkdirAll(n.org(o, "gateway", "postgres"), 0o755); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for i, name := range []string{"gateway.yaml", "postgres/url", "postgres/sslrootcert.pem", "postgres/sslrootcert.pem"} {
		if err := os.WriteFile(n.org(o, "gateway", filepath.FromSlash(name)), []byte{byte(i)}, 0o600); err != nil {
			t.Fatal(err)
		}
		sum, err := n.digest(o)
		if err != nil || seen[sum] {
			t.Errorf("%s changed: %s, %v", name, sum, err)
		}
		seen[sum] = true
	}
}

// inPostgres has the third organisation's gateway keep its read model in a PostgreSQL
// outside of all containers, which takes TLS and a password only and listens for that
// organisation's container network alone, and then in SQLite again.
func inPostgres(t *testing.T, n *Network) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	host, err := docker(ctx, "network", "inspect", network(n.Settings.Organisations[2]), "--format", "{{(index .IPAM.Config 0).Gateway}}")
	if err != nil || net.ParseIP(host) == nil {
		t.Fatalf("this machine's address in the organisation's container network: %q, %v", host, err)
	}
	cert, key := selfSigned(t, host)
	url, socket := pgtest.TLS(t, host, cert, key)
	house := t.TempDir()
	for name, content := range map[string]string{"url": url + "&sslrootcert=root.pem", "root.pem": string(cert)} {
		if err := os.WriteFile(filepath.Join(house, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := n.Settings.Organisations[2]
	again := func(postgres string) {
		t.Helper()
		o.Postgres = postgres
		pkg, err := n.makePackage()
		if err != nil {
			t.Fatal(err)
		}
		if err := n.configure(o); err != nil {
			t.Fatal(err)
		}
		if err := n.composeUp(ctx, o, pkg.ID, "gateway"); err != nil {
			t.Fatal(err)
		}
		if err := n.ready(ctx, o); err != nil {
			t.Fatal(err)
		}
	}
	again(filepath.Join(house, "url"))
	db, err := pgx.Connect(ctx, socket)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(context.WithoutCancel(ctx))
	wanted := n.height(ctx, t, o)
	var applied, plain, encrypted int64
	for applied < wanted {
		if err := db.QueryRow(ctx, "SELECT height FROM lifeledger.read_model").Scan(&applied); err != nil && ctx.Err() != nil {
			t.Fatalf("the read model is at block %d, the ledger at %d: %v", applied, wanted, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err := db.QueryRow(ctx, `SELECT count(*) FILTER (WHERE s.ssl), count(*) FILTER (WHERE NOT s.ssl)
		FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE a.application_name = 'lifeledger-gateway'`).Scan(&encrypted, &plain); err != nil || encrypted == 0 || plain > 0 {
		t.Errorf("%d connections with TLS, %d without, %v", encrypted, plain, err)
	}
	m, err := n.Consortium().Member(o.Name)
	if err != nil {
		t.Fatal(err)
	}
	w := newWriter(t, *m)
	if status, text, err := w.call(ctx, "POST", "/v1/queries/components", "", `{"limit": 1}`); err != nil || status != 200 {
		t.Errorf("a question to the read model: %d %s, %v", status, text, err)
	}
	if status, text, err := w.call(ctx, "GET", "/v1/read-model", "", ""); err != nil || status != 200 || !strings.Contains(text, `"database":"postgres"`) {
		t.Errorf("the read model: %d %s, %v", status, text, err)
	}
	again("")
}

// height is the number of the last block that an organisation's peer has.
func (n *Network) height(ctx context.Context, t *testing.T, o Organisation) int64 {
	t.Helper()
	admin, err := n.admin(o)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	height, err := admin.Height(ctx, n.Settings.Channel)
	if err != nil {
		t.Fatal(err)
	}
	return int64(height) - 1
}

func selfSigned(t *testing.T, host string) (cert, key []byte) {
	t.Helper()
	pair, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: fmt.Sprint("postgres at ", host)}, IPAddresses: []net.IP{net.ParseIP(host)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &pair.PublicKey, pair)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(pair)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
}
