package contract_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
)

// TestEveryProcessDoesTheSame plays the scenarios in processes that differ in
// what a peer's machine may differ in: processors, time zone, language, garbage
// collection, and the seed of every map. What the peers would sign is the same.
func TestEveryProcessDoesTheSame(t *testing.T) {
	if os.Getenv("LIFELEDGER_FINGERPRINT") != "" {
		fmt.Printf("fingerprint %s\n", fingerprints(t))
		return
	}
	if testing.Short() {
		t.Skip("starts several processes")
	}
	want := fingerprints(t)
	for _, env := range [][]string{
		{"GOMAXPROCS=1", "TZ=UTC", "GOGC=off"},
		{"GOMAXPROCS=2", "TZ=Asia/Kathmandu", "LANG=tr_TR.UTF-8"},
		{"GOMAXPROCS=8", "TZ=America/St_Johns", "GOGC=20"},
		{"GOMAXPROCS=8", "TZ=Pacific/Apia", "GODEBUG=asyncpreemptoff=1"},
	} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestEveryProcessDoesTheSame$", "-test.v")
		cmd.Env = append(append(os.Environ(), "LIFELEDGER_FINGERPRINT=1"), env...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", env, err, out)
		}
		if !strings.Contains(string(out), "fingerprint "+want+"\n") {
			t.Errorf("with %v it is otherwise:\nwant %s\n%s", env, want, out)
		}
	}
}

// fingerprints is one line with a digest for each scenario.
func fingerprints(t *testing.T) string {
	var all []string
	for _, s := range scenarios(t) {
		steps, err := scenario.Run(s, scenario.NewFake(newGuard(t)), "r1", "USD")
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(fingerprint(t, steps))
		all = append(all, s.Name+"="+hex.EncodeToString(sum[:8]))
	}
	return strings.Join(all, " ")
}
