// Package pgtest starts a PostgreSQL server for the tests of one package: a real
// one, from the system's packages, in a directory of its own, reached by a Unix
// socket only. It owns no table. Invariant: nothing is left when the tests end,
// and a machine without PostgreSQL says so and skips.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// URLVariable names a server to use instead of one that is started: its user must
// be allowed to make schemas.
const URLVariable = "POSTGRES_URL"

var server struct {
	sync.Mutex
	dir string
	cmd *exec.Cmd
	url string
	err error
	n   int // schemas given out
}

// Main runs the tests and stops the server, if one was started. Use it in TestMain.
func Main(m *testing.M) int {
	code := m.Run()
	server.Lock()
	defer server.Unlock()
	if server.cmd != nil {
		_ = server.cmd.Process.Signal(syscall.SIGINT) // "fast shutdown"
		_ = server.cmd.Wait()
	}
	if server.dir != "" {
		_ = os.RemoveAll(server.dir)
	}
	return code
}

// Open gives the URL of a server and the name of a schema that nobody else has,
// which is removed after the test. Without a server the test is skipped.
func Open(t testing.TB) (url, schema string) {
	t.Helper()
	server.Lock()
	defer server.Unlock()
	if server.url == "" && server.err == nil {
		server.url, server.err = start()
	}
	if errors.Is(server.err, exec.ErrNotFound) {
		t.Skip("no PostgreSQL on this machine: what is left out is everything about it; install it (apt-get install postgresql), or name a server in " + URLVariable)
	}
	if server.err != nil {
		t.Fatal(server.err)
	}
	server.n++
	schema = fmt.Sprintf("test_%d_%d", os.Getpid(), server.n)
	t.Cleanup(func() { remove(t, schema) })
	return server.url, schema
}

func remove(t testing.TB, schema string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := pgx.Connect(ctx, server.url)
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = c.Close(ctx) }()
	if _, err := c.Exec(ctx, `DROP SCHEMA IF EXISTS "`+schema+`" CASCADE`); err != nil {
		t.Error(err)
	}
}

// program finds one of PostgreSQL's programs: Debian puts them outside the path.
func program(name string) (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) > 0 {
		slices.Sort(found)
		return found[len(found)-1], nil
	}
	return exec.LookPath(name)
}

func start() (string, error) {
	if url := os.Getenv(URLVariable); url != "" {
		return url, nil
	}
	initdb, err := program("initdb")
	if err != nil {
		return "", err
	}
	postgres, err := program("postgres")
	if err != nil {
		return "", err
	}
	if server.dir, err = os.MkdirTemp("", "lifeledger-postgres-"); err != nil {
		return "", err
	}
	as, err := unprivileged(server.dir)
	if err != nil {
		return "", err
	}
	data := filepath.Join(server.dir, "data")
	// A locale whose order is not that of the bytes: the product must not depend on it.
	if out, err := run(as, initdb, "-D", data, "-U", "lifeledger", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions",
		"--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US").CombinedOutput(); err != nil {
		return "", fmt.Errorf("initdb: %w: %s", err, out)
	}
	server.cmd = run(as, postgres, "-D", data, "-k", server.dir, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "shared_buffers=256MB", "-c", "max_wal_size=2GB")
	if err := server.cmd.Start(); err != nil {
		server.cmd = nil
		return "", err
	}
	url := "host=" + server.dir + " user=lifeledger dbname=postgres"
	return url, ready(url)
}

func run(as *syscall.Credential, name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Dir = "/"
	c.SysProcAttr = &syscall.SysProcAttr{Credential: as, Setpgid: true}
	return c
}

// unprivileged: PostgreSQL refuses to run as root. Its package made a user.
func unprivileged(dir string) (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, err
		}
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(dir, uid, gid)
}

func ready(url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		c, err := pgx.Connect(ctx, url)
		if err == nil {
			return c.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL does not start: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
