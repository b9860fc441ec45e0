package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/gateway/projection"
	"github.com/lifeledger/lifeledger/gateway/projection/pgtest"
)

// TestAKilledGatewaysReadModelIsAFreshReplay: two more gateways of the
// manufacturer, one with each kind of database, are killed ten times each while
// others write. Afterwards their tables are those that `gateway rebuild` makes.
func TestAKilledGatewaysReadModelIsAFreshReplay(t *testing.T) {
	w, ctx := enter(t)
	const currency = "XRM"
	fresh := projection.Config{SQLite: filepath.Join(t.TempDir(), "fresh.db")}
	victims := []projection.Config{{SQLite: filepath.Join(t.TempDir(), "victim.db")}}
	t.Run("with PostgreSQL", func(t *testing.T) {
		url, schema := pgtest.Open(t) // which skips this, and no more, where there is none
		victims = append(victims, projection.Config{Postgres: url, Schema: schema})
		w.killAndCompare(ctx, t, currency, victims, fresh)
	})
	if len(victims) == 1 {
		w.killAndCompare(ctx, t, currency, victims, fresh)
	}
}

func (w *world) killAndCompare(ctx context.Context, t *testing.T, currency string, victims []projection.Config, fresh projection.Config) {
	t.Helper()
	stop := make(chan struct{})
	wrote := make(chan *written, 1)
	go func() { wrote <- write(ctx, w.party(manufacturer), "readmodel", currency, 4, stop) }()
	for i, v := range victims {
		path := w.modelConfig(t, fmt.Sprintf("victim-%d", i), v)
		for range 10 {
			kill := begun(t, w, path)
			rest(ctx, 200*time.Millisecond+time.Duration(rand.Int64N(int64(800*time.Millisecond))))
			kill()
		}
	}
	close(stop)
	check(ctx, t, w.party(manufacturer), currency, <-wrote)

	w.provenance(ctx, t)

	path := w.modelConfig(t, "fresh", fresh)
	out, err := exec.CommandContext(ctx, filepath.Join(w.net.Dir, "bin", "gateway"), "rebuild", "-c", path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Logf("%s", out)
	height, want := sumsOf(ctx, t, fresh, 0)
	for i, v := range victims {
		begun(t, w, w.modelConfig(t, fmt.Sprintf("victim-%d", i), v))
		at, got := sumsOf(ctx, t, v, height)
		t.Logf("victim %d has %d blocks", i, at)
		if diff := cmp.Diff(want, got); diff != "" || at != height {
			t.Errorf("victim %d has %d blocks, a fresh replay %d: %s", i, at, height, diff)
		}
	}
}

// provenance asks the organisation's own gateway where a record comes from, and
// whether the peer has the same.
func (w *world) provenance(ctx context.Context, t *testing.T) {
	t.Helper()
	a := w.party(manufacturer).do(ctx, http.MethodPost, "/provenance", "", `{"keys":["organisation/ManufacturerMSP","organisation/NobodyMSP"],"verify":true}`)
	var p struct {
		Height  uint64
		Records []struct {
			Found   bool
			Present struct{ Transaction, Submitter, TransactionID string }
			Verdict struct{ Agrees, Changing bool }
		}
	}
	if err := json.Unmarshal(a.body, &p); err != nil || len(p.Records) != 2 {
		t.Fatalf("%v: %v", a, err)
	}
	r := p.Records[0]
	if !r.Found || !r.Verdict.Agrees || r.Present.Transaction != "participant:AnnounceOrganisation" || r.Present.Submitter != manufacturer || len(r.Present.TransactionID) != 64 || p.Height == 0 {
		t.Errorf("%s", a.body)
	}
	if r := p.Records[1]; r.Found || !r.Verdict.Agrees {
		t.Errorf("%s", a.body)
	}
}

// modelConfig is the configuration of one more gateway of the manufacturer.
func (w *world) modelConfig(t *testing.T, name string, c projection.Config) string {
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
	model := map[string]string{"sqlite": c.SQLite}
	if c.Postgres != "" {
		file := filepath.Join(t.TempDir(), "url")
		if err := os.WriteFile(file, []byte(c.Postgres+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		model = map[string]string{"postgres": file, "schema": c.Schema}
	}
	config["data"], config["listen"], config["readModel"] = t.TempDir(), free(t), model
	if b, err = yaml.Marshal(config); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(filepath.Dir(own), name+".yaml") // its paths are relative to this directory
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// sumsOf waits until the read model has so many blocks, and gives its checksums.
func sumsOf(ctx context.Context, t *testing.T, c projection.Config, height uint64) (uint64, map[string]string) {
	t.Helper()
	m, err := projection.Open(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = m.Close() }()
	for {
		at, sums, err := m.Checksums(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if at >= height {
			return at, sums
		}
		if !rest(ctx, 100*time.Millisecond) {
			t.Fatalf("the read model has %d blocks, not %d", at, height)
		}
	}
}
