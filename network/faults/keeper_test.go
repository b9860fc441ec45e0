package faults

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

// TestSilenceReleasesTheMoney: the consignee says nothing and nobody settles. A
// second gateway of the manufacturer, which keeps what falls due, asks for the
// settlement when the agreed time is over; and what it was not told of because it
// was killed it learns when it is back.
func TestSilenceReleasesTheMoney(t *testing.T) {
	w, ctx := enter(t)
	const currency = "XKE"
	if err := w.fund(ctx, currency, 2); err != nil {
		t.Fatal(err)
	}
	path := keeping(t, w)
	kill := begun(t, w, path)
	for i, id := range []string{"silence-seen", "silence-missed"} {
		if i > 0 { // it is away while this one is delivered
			kill()
		}
		j, err := w.journey(ctx, id, currency, 1)
		if err != nil {
			t.Fatal(err)
		}
		j.accept = 2
		if err := j.pickUp(ctx); err != nil {
			t.Fatal(err)
		}
		if err := j.deliver(ctx); err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			begun(t, w, path)
		}
		w.awaitSettled(ctx, t, id)
		w.expectBalance(ctx, t, carrier, currency, 60*(i+1))
	}
	w.expectBalance(ctx, t, manufacturer, currency, 80)
}

// keeping is the configuration of a second gateway of the manufacturer.
func keeping(t *testing.T, w *world) string {
	t.Helper()
	own := w.net.Org(manufacturer).GatewayConfig
	b, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	var config map[string]any
	if err := yaml.Unmarshal(b, &config); err != nil {
		t.Fatal(err)
	}
	config["data"] = t.TempDir()
	config["keeper"] = map[string]bool{"enabled": true}
	config["listen"] = free(t)
	if b, err = yaml.Marshal(config); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(filepath.Dir(own), "keeper.yaml") // its paths are relative to this directory
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// free is an address that nobody listens at.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// begun starts the gateway; it ends with the test, or killed before that.
func begun(t *testing.T, w *world, path string) (kill func()) {
	t.Helper()
	c := exec.Command(filepath.Join(w.net.Dir, "bin", "gateway"), "-c", path)
	log, err := os.CreateTemp(t.TempDir(), "log")
	if err != nil {
		t.Fatal(err)
	}
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	killed := false
	kill = func() {
		if killed {
			return
		}
		killed = true
		_ = c.Process.Kill()
		_ = c.Wait()
		if b, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("the keeper says: %s", b[max(len(b)-4000, 0):])
		}
		log.Close()
	}
	t.Cleanup(kill)
	return kill
}

func (w *world) awaitSettled(ctx context.Context, t *testing.T, id string) {
	t.Helper()
	for {
		var s struct{ Status string }
		w.party(carrier).get(ctx, t, "/shipments/"+id, &s)
		if s.Status == "settled" {
			return
		}
		if !rest(ctx, 200*time.Millisecond) {
			t.Fatalf("%s is %s", id, s.Status)
		}
	}
}
