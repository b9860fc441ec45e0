package projection

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/protobuf/proto"

	"github.com/lifeledger/lifeledger/gateway/fabric"
)

// The environment in which this test's binary is a gateway that will be killed.
const (
	victimChain    = "PROJECTION_TEST_CHAIN"
	victimSQLite   = "PROJECTION_TEST_SQLITE"
	victimPostgres = "PROJECTION_TEST_POSTGRES"
	victimSchema   = "PROJECTION_TEST_SCHEMA"
	victimReplay   = "PROJECTION_TEST_REPLAY" // how many blocks the peer has at the start
)

// kills is how often a process is killed.
const kills = 10

// A process that puts blocks into the read model is killed at ten random moments,
// while it replays and while it follows; afterwards the tables are what a fresh
// replay gives.
func TestAKilledProcessLeavesNoGapAndNoDuplicate(t *testing.T) {
	blocks := story(t)
	chain := filepath.Join(t.TempDir(), "chain")
	writeChain(t, chain)
	onBoth(t, func(t *testing.T, fresh func() Config) {
		want := replayed(t, fresh(), blocks)
		c := fresh()
		random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
		interrupted := 0
		for range kills {
			m := open(t, c)
			height := m.Height()
			if height >= uint64(len(blocks)) { // it was through before: once more from the beginning
				if err := m.Reset(t.Context()); err != nil {
					t.Fatal(err)
				}
				height = 0
			}
			if err := m.Close(); err != nil {
				t.Fatal(err)
			}
			replay := int(height) + random.IntN(len(blocks)-int(height)+1)
			killed(t, c, chain, replay, time.Duration(random.Int64N(int64(800*time.Millisecond))))
			m = open(t, c)
			if h := m.Height(); h > height && h < uint64(len(blocks)) {
				interrupted++
			}
			if err := m.Close(); err != nil {
				t.Fatal(err)
			}
		}
		m := open(t, c)
		running(t, m, newPeer(blocks...))
		await(t, m, uint64(len(blocks)))
		if diff := cmp.Diff(want, sums(t, m, uint64(len(blocks)))); diff != "" {
			t.Error(diff)
		}
		t.Logf("%d of %d were killed in the middle", interrupted, kills)
	})
}

// killed runs a process on the model, and kills it a while after it has begun.
func killed(t *testing.T, c Config, chain string, replay int, after time.Duration) {
	t.Helper()
	killedWhen(t, c, chain, replay, func() { time.Sleep(after) })
}

// killedWhen kills it when wait returns.
func killedWhen(t *testing.T, c Config, chain string, replay int, wait func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestVictim$")
	cmd.Env = append(os.Environ(), victimChain+"="+chain, victimSQLite+"="+c.SQLite, victimPostgres+"="+c.Postgres, victimSchema+"="+c.Schema, victimReplay+"="+strconv.Itoa(replay))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	begun := make([]byte, 1)
	if _, err := out.Read(begun); err != nil { // it says so before it opens the database
		t.Error(err)
	}
	wait()
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	_, _ = io.Copy(io.Discard, out)
	_ = cmd.Wait()
}

// TestVictim is the process that is killed: a model on a peer whose blocks come one by one.
func TestVictim(t *testing.T) {
	if os.Getenv(victimChain) == "" {
		t.Skip("this is the process that TestAKilledProcessLeavesNoGapAndNoDuplicate kills")
	}
	replay, err := strconv.Atoi(os.Getenv(victimReplay))
	if err != nil {
		t.Fatal(err)
	}
	blocks := readChain(t, os.Getenv(victimChain))
	fmt.Println("begun")
	m, err := Open(t.Context(), Config{
		SQLite: os.Getenv(victimSQLite), Postgres: os.Getenv(victimPostgres), Schema: os.Getenv(victimSchema), Batch: 200, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	p := newPeer(blocks[:replay]...)
	go m.Run(context.Background(), p)
	for _, b := range blocks[replay:] {
		p.add(b)
		time.Sleep(time.Millisecond)
	}
	time.Sleep(time.Minute) // nobody waits for it
}

// writeChain puts the blocks into a file, each behind its length.
func writeChain(t *testing.T, path string) {
	t.Helper()
	f, err := told()
	if err != nil {
		t.Fatal(err)
	}
	chain, err := f.Memory.Chain()
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, b := range chain {
		raw, err := proto.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		all = append(binary.BigEndian.AppendUint32(all, uint32(len(raw))), raw...)
	}
	if err := os.WriteFile(path, all, 0o600); err != nil {
		t.Fatal(err)
	}
}

func readChain(t *testing.T, path string) (blocks []*fabric.Block) {
	t.Helper()
	all, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for len(all) > 0 {
		n := binary.BigEndian.Uint32(all)
		var b common.Block
		if err := proto.Unmarshal(all[4:4+n], &b); err != nil {
			t.Fatal(err)
		}
		blocks = append(blocks, fabric.DecodeBlock(&b, "lifeledger"))
		all = all[4+n:]
	}
	return blocks
}
