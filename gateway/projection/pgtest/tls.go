package pgtest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// password is the one of every server that asks for one.
const password = "a-password-of-tests"

// TLS starts a server of the test's own that listens at host and takes only connections
// with TLS and a password, as one in a company does. It gives a URL for others, which
// names no root, and one that reaches the server by its socket. Without PostgreSQL on
// this machine the test is skipped.
func TLS(t testing.TB, host string, cert, key []byte) (url, socket string) {
	t.Helper()
	if net.ParseIP(host) == nil {
		t.Fatalf("%q is no address", host)
	}
	initdb, err := program("initdb")
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("no PostgreSQL on this machine: left out; install it (apt-get install postgresql)")
	}
	postgres, err2 := program("postgres")
	dir, err3 := os.MkdirTemp("", "lifeledger-postgres-")
	if err := errors.Join(err, err2, err3); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	as, err := unprivileged(dir)
	if err != nil {
		t.Fatal(err)
	}
	data, file := filepath.Join(dir, "data"), func(name string) string { return filepath.Join(dir, name) }
	for name, content := range map[string][]byte{
		"password": []byte(password), "server.crt": cert, "server.key": key,
		"hba": []byte("local all all trust\nhostssl all all all scram-sha-256\n"),
	} {
		if err := errors.Join(os.WriteFile(file(name), content, 0o600), give(file(name), as)); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := run(as, initdb, "-D", data, "-U", "lifeledger", "-A", "scram-sha-256", "--pwfile", file("password"), "-E", "UTF8", "--no-sync", "--no-instructions").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v: %s", err, out)
	}
	port, err := freePort(host)
	if err != nil {
		t.Fatal(err)
	}
	cmd := run(as, postgres, "-D", data, "-k", dir, "-c", "listen_addresses="+host, "-p", port, "-c", "fsync=off", "-c", "hba_file="+file("hba"),
		"-c", "ssl=on", "-c", "ssl_cert_file="+file("server.crt"), "-c", "ssl_key_file="+file("server.key"))
	var says bytes.Buffer
	cmd.Stderr = &says
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGINT) // "fast shutdown"
		if _ = cmd.Wait(); t.Failed() {
			t.Logf("PostgreSQL says:\n%s", &says)
		}
	})
	socket = fmt.Sprintf("host=%s port=%s user=lifeledger dbname=postgres", dir, port)
	if err := ready(socket); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("postgres://lifeledger:%s@%s/postgres?sslmode=verify-full", password, net.JoinHostPort(host, port)), socket
}

// give makes a file the server's own.
func give(file string, as *syscall.Credential) error {
	if as == nil {
		return nil
	}
	return os.Chown(file, int(as.Uid), int(as.Gid))
}

func freePort(host string) (string, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}
