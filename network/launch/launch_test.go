package launch_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lifeledger/lifeledger/network/doctor"
	"github.com/lifeledger/lifeledger/network/fabricbin"
	"github.com/lifeledger/lifeledger/network/launch"
	"github.com/lifeledger/lifeledger/network/supervise"
	"github.com/lifeledger/lifeledger/network/topology"
)

// TestNetworkFromNothingToNothing starts a real network on free ports, treats it badly,
// and expects it to be as the commands promise.
func TestNetworkFromNothingToNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a whole network")
	}
	opt := launch.Options{Dir: filepath.Join(t.TempDir(), "run"), AutoPorts: true, Topology: pinned(t), Progress: t.Logf}
	n := start(t, opt)
	first := state(t, n)
	if len(first.Children) != 12 {
		t.Fatalf("%d processes", len(first.Children))
	}
	expectHealthy(t, n)
	expectSecretsClosed(t, opt.Dir)

	whole := t // what a subtest starts outlives it
	t.Run("a second start changes nothing", func(t *testing.T) {
		again := start(whole, opt)
		for _, c := range state(t, again).Children {
			if before, _ := first.Child(c.Name); before.Process != c.Process {
				t.Errorf("%s was restarted", c.Name)
			}
		}
	})
	t.Run("a start with another topology is refused", func(t *testing.T) {
		other := opt
		other.Topology = opt.Topology.Clone()
		other.Topology.Channel.BatchTimeout *= 2
		if _, err := launch.Start(t.Context(), other); err == nil {
			t.Error("it was accepted")
		}
		expectHealthy(t, n)
	})
	t.Run("a refused upgrade leaves no trace, a proper one is committed", func(t *testing.T) {
		next := opt
		next.Topology = opt.Topology.Clone()
		next.Topology.Chaincode.Sequence = 5
		if _, err := launch.Start(t.Context(), next); err == nil || !strings.Contains(err.Error(), "the next is 2, not 5") {
			t.Errorf("sequence 5: %v", err)
		}
		expectHealthy(t, n)
		next.Topology.Chaincode.Sequence, next.Topology.Chaincode.Version = 2, "2"

		if _, err := launch.Start(t.Context(), next); err != nil {
			t.Fatal(err)
		}
		expectHealthy(t, n)
		opt.Topology = next.Topology
	})
	t.Run("a killed peer is restarted", func(t *testing.T) {
		peer := n.Org("ServiceMSP").Process(launch.Peer)
		before, _ := state(t, n).Child(peer)
		if err := n.Kill(peer); err != nil {
			t.Fatal(err)
		}
		until(t, "the peer runs again", func() bool {
			c, _ := state(t, n).Child(peer)
			return c.Status == supervise.Running && c.Process != before.Process && c.Restarts > before.Restarts
		})
		until(t, "all is well again", func() bool { return healthy(t, n) })
	})
	t.Run("the doctor sees a chaincode that is held down", func(t *testing.T) {
		chaincode := n.Org("ShipperMSP").Process(launch.Chaincode)
		if err := n.Hold(chaincode); err != nil {
			t.Fatal(err)
		}
		until(t, "the doctor complains", func() bool { return verdict(t, n, "chaincode") == doctor.Fail })
		if err := n.Release(chaincode); err != nil {
			t.Fatal(err)
		}
		until(t, "all is well again", func() bool { return healthy(t, n) })
	})
	t.Run("a stop leaves no process, and a start goes on with the ledger", func(t *testing.T) {
		height := heights(t, n)
		before := state(t, n)
		if err := n.Stop(); err != nil {
			t.Fatal(err)
		}
		expectGone(t, before)
		if r, err := n.Status(t.Context()); err != nil || r.Running {
			t.Errorf("%+v, %v", r, err)
		}
		n = start(whole, opt)
		expectHealthy(t, n)
		if got := heights(t, n); got != height {
			t.Errorf("height %d, was %d", got, height)
		}
	})
	t.Run("a killed supervisor leaves no process, and a start goes on", func(t *testing.T) {
		before := state(t, n)
		if err := before.Supervisor.End(0); err != nil {
			t.Fatal(err)
		}
		expectGone(t, before)
		n = start(whole, opt)
		expectHealthy(t, n)
	})
	last := state(t, n)
	if err := launch.Down(t.Context(), opt.Dir, true); err != nil {
		t.Fatal(err)
	}
	expectGone(t, last)
	if _, err := os.Stat(opt.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the run directory is still there: %v", err)
	}
}

func TestHalfMadeNetworkIsMadeAnew(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a whole network")
	}
	opt := launch.Options{Dir: t.TempDir(), AutoPorts: true, Progress: t.Logf}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	broken := opt
	broken.Progress = func(format string, args ...any) {
		if format == "identities issued" {
			cancel()
		}
	}
	if _, err := launch.Start(ctx, broken); err == nil {
		t.Fatal("a cancelled start succeeded")
	}
	if _, err := supervise.ReadState(opt.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something was left running: %v", err)
	}
	n := start(t, opt)
	expectHealthy(t, n)
}

func TestTakenPortIsNamed(t *testing.T) {
	if testing.Short() {
		t.Skip("builds binaries")
	}
	top := topology.Default()
	if err := top.AutoPorts(); err != nil {
		t.Fatal(err)
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", top.Address(0)) // the kernel knows one that is free
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	top.Organisations[0].Ports.CA = l.Addr().(*net.TCPAddr).Port
	_, err = launch.Start(t.Context(), launch.Options{Dir: t.TempDir(), Topology: top})
	if err == nil {
		t.Fatal("it started")
	}
	t.Log(err)
	if pid, _ := launch.Listener(l.Addr().(*net.TCPAddr).Port); pid != os.Getpid() {
		t.Errorf("the listener is said to be process %d", pid)
	}
}

// pinned is the default network with a chaincode that no edit of the sources changes
// while the test runs.
func pinned(t *testing.T) *topology.Topology {
	t.Helper()
	root, err := launch.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	top := topology.Default()
	built, err := fabricbin.Build(t.Context(), root, "chaincode", top.Chaincode.Source, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	top.Chaincode.Binary = filepath.Join(t.TempDir(), "chaincode")
	if err := fabricbin.Install(built, top.Chaincode.Binary); err != nil {
		t.Fatal(err)
	}
	return top
}

// patience is what only a failure reaches, however busy the machine is.
const patience = 5 * time.Minute

func start(t *testing.T, opt launch.Options) *launch.Network {
	t.Helper()
	n, err := launch.Start(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Stop(); err != nil {
			t.Error(err)
		}
	})
	return n
}

func state(t *testing.T, n *launch.Network) *supervise.State {
	t.Helper()
	s, err := n.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func examine(t *testing.T, n *launch.Network) (results []doctor.Result, healthy bool) {
	t.Helper()
	facts, err := doctor.Gather(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return doctor.Examine(facts)
}

func healthy(t *testing.T, n *launch.Network) bool {
	t.Helper()
	_, well := examine(t, n)
	return well
}

func verdict(t *testing.T, n *launch.Network, check string) doctor.Verdict {
	t.Helper()
	results, _ := examine(t, n)
	for _, r := range results {
		if r.Check == check {
			return r.Verdict
		}
	}
	return ""
}

func expectHealthy(t *testing.T, n *launch.Network) {
	t.Helper()
	// A shared machine may stall a process long enough for the orderers to elect anew.
	var results []doctor.Result
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		var well bool
		if results, well = examine(t, n); well {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%+v", results)
		}
	}
}

func heights(t *testing.T, n *launch.Network) uint64 {
	t.Helper()
	var height uint64
	until(t, "every peer tells the same height", func() bool {
		r, err := n.Status(t.Context())
		if err != nil || !r.Running {
			t.Fatalf("%+v, %v", r, err)
		}
		height = r.Peers[0].Height
		for _, p := range r.Peers {
			if p.Height == 0 || p.Height != height {
				return false
			}
		}
		return true
	})
	return height
}

// expectSecretsClosed looks for private keys and tokens that others could read.
func expectSecretsClosed(t *testing.T, dir string) {
	t.Helper()
	for _, pattern := range []string{"organisations/*/*/*/*.key", "organisations/*/*/msp/keystore/*", "organisations/*/*/tls/server.key", "tokens/*.key", "tokens/*.jwt", "ca/*/*.yaml", "ca/*/msp/keystore/*", "ca/*/identities/msp/keystore/*"} {
		files, _ := filepath.Glob(filepath.Join(dir, pattern))
		for _, f := range files {
			if info, err := os.Stat(f); err != nil || info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s: %v, %v", f, info.Mode(), err)
			}
		}
	}
}

func expectGone(t *testing.T, s *supervise.State) {
	t.Helper()
	until(t, "the supervisor is gone", func() bool { return !s.Supervisor.Alive() })
	for _, c := range s.Children {
		until(t, c.Name+" is gone", func() bool { return !c.Process.Alive() })
	}
}

func until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !cond(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
	}
}
