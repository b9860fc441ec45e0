package launch_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lifeledger/lifeledger/network/doctor"
	"github.com/lifeledger/lifeledger/network/launch"
	"github.com/lifeledger/lifeledger/network/topology"
)

// TestANewIndexIsApprovedByTheNextStart: a package that changed under a committed
// definition is approved again, and the peers make its indexes, on a stand-in for CouchDB.
func TestANewIndexIsApprovedByTheNextStart(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a whole network")
	}
	top := pinned(t)
	top.Chaincode.Source = t.TempDir() // of which only the indexes are read, since the binary is given
	for i := range top.Organisations {
		top.Organisations[i].StateDatabase = topology.CouchStandIn
	}
	declare := func(field string) {
		dir := filepath.Join(top.Chaincode.Source, "META-INF", "statedb", "couchdb", "indexes")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		text := `{"index":{"fields":["docType","` + field + `"]},"ddoc":"lifeledger","name":"` + field + `","type":"json"}`
		if err := os.WriteFile(filepath.Join(dir, field+".json"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	declare("owner")
	var mu sync.Mutex
	var told []string
	opt := launch.Options{Dir: filepath.Join(t.TempDir(), "run"), AutoPorts: true, Topology: top, Progress: func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, format)
		t.Logf(format, args...)
	}}
	n := start(t, opt)
	hasIndexes(t, n, "owner")

	declare("changedAt")
	n = start(t, opt)
	hasIndexes(t, n, "changedAt", "owner")
	if n := len(slices.DeleteFunc(slices.Clone(told), func(s string) bool { return !strings.Contains(s, "approves the chaincode's new package") })); n != 3 {
		t.Errorf("%d organisations approved the new package", n)
	}
	told = nil
	start(t, opt)
	if slices.ContainsFunc(told, func(s string) bool { return strings.Contains(s, "new package") }) {
		t.Error("an unchanged package was approved again")
	}
	expectHealthy(t, n)
}

// hasIndexes waits until every peer's database has the declared indexes, which are these.
func hasIndexes(t *testing.T, n *launch.Network, names ...string) {
	t.Helper()
	for _, o := range n.Topology.Organisations {
		until(t, o.Name+" has "+strings.Join(names, " and "), func() bool {
			declared, present, err := n.Indexes(t.Context(), o)
			if err == nil && !slices.Equal(declared, names) {
				t.Fatalf("declared: %v", declared)
			}
			return err == nil && !slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(present, name) })
		})
	}
	if got := verdict(t, n, "indexes"); got != doctor.OK {
		t.Errorf("the doctor says %s", got)
	}
}
