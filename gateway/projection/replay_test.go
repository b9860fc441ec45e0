package projection

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/protobuf/proto"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/gateway/fabric"
)

// registered is a chain of announcements of components in blocks of a hundred, as
// a peer sends them.
var registered = sync.OnceValues(func() (chain sent, err error) {
	g, err := contract.New()
	if err != nil {
		return nil, err
	}
	f := scenario.NewFake(g)
	maker, service := scenario.DefaultCast().Manufacturer, scenario.DefaultCast().Service
	for _, member := range []string{`{"mspId":"` + maker + `","name":"Maker","roles":["manufacturer"]}`, `{"mspId":"` + service + `","name":"Service","roles":["service"]}`} {
		if _, err := f.Submit(maker, string(api.AnnounceOrganisationTx), member); err != nil {
			return nil, err
		}
	}
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, err
	}
	for block := range 40 {
		var txs []*ledgertest.Tx
		for i := range 100 {
			b, err := json.Marshal(api.RegisterComponent{
				ComponentID: fmt.Sprintf("c-%d-%d", i, block), PartNumber: "PUMP-200", Algorithm: dsse.Ed25519, PublicKey: base64.StdEncoding.EncodeToString(der), Location: "4012345000009",
			})
			if err != nil {
				return nil, err
			}
			tx, err := f.Memory.Endorse(scenario.Client(maker), string(api.RegisterComponentTx), []string{string(b)})
			if err != nil {
				return nil, err
			}
			if err := tx.Err(); err != nil {
				return nil, err
			}
			txs = append(txs, tx)
		}
		f.Memory.Commit(txs...)
	}
	return sending(f)
})

// sending is a ledger's chain as a peer sends it.
func sending(f scenario.Fake) (chain sent, err error) {
	blocks, err := f.Memory.Chain()
	if err != nil {
		return nil, err
	}
	for _, b := range blocks {
		raw, err := proto.Marshal(b)
		if err != nil {
			return nil, err
		}
		chain = append(chain, raw)
	}
	return chain, nil
}

// sent is a chain that a peer sends; it never grows. What is done with is overwritten,
// as it is where the next block comes to lie.
type sent [][]byte

func (s sent) ChainHeight(context.Context) (uint64, error) { return uint64(len(s)), nil }

func (s sent) Blocks(ctx context.Context, from uint64, give func(*fabric.Block) error) error {
	for _, raw := range s[from:] {
		var b common.Block
		if err := proto.Unmarshal(raw, &b); err != nil {
			return err
		}
		block := fabric.DecodeBlock(&b, "lifeledger")
		block.Release = func() {
			for _, d := range b.GetData().GetData() {
				for i := range d {
					d[i] = 0xff
				}
			}
		}
		if err := give(block); err != nil {
			return err
		}
	}
	<-ctx.Done()
	return ctx.Err()
}

// Nothing of a block is read once its place may be another's.
func TestWhatIsDoneWithIsNotRead(t *testing.T) {
	f, err := told()
	if err != nil {
		t.Fatal(err)
	}
	chain, err := sending(*f)
	if err != nil {
		t.Fatal(err)
	}
	onBoth(t, func(t *testing.T, fresh func() Config) {
		want := replayed(t, fresh(), story(t))
		m := open(t, fresh())
		if err := m.Rebuild(t.Context(), chain, func(Progress) {}); err != nil {
			t.Fatal(err)
		}
		if got := sums(t, m, uint64(len(chain))); !maps.Equal(got, want) {
			t.Errorf("%v, not %v", got, want)
		}
	})
}

// BenchmarkRebuild is a replay from the first block to the last index, of a chain
// whose blocks are read from bytes.
func BenchmarkRebuild(b *testing.B) {
	chain, err := registered()
	if err != nil {
		b.Fatal(err)
	}
	n, transactions := 0, 0
	for b.Loop() {
		n++
		m, err := Open(b.Context(), Config{SQLite: filepath.Join(b.TempDir(), fmt.Sprint(n, ".db")), Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
		if err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		if err := m.Rebuild(b.Context(), chain, func(Progress) {}); err != nil {
			b.Fatal(err)
		}
		b.Logf("%s", time.Since(began))
		if err := m.DB().QueryRow(`SELECT count(*) FROM ledger_transactions`).Scan(&transactions); err != nil {
			b.Fatal(err)
		}
		if err := m.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(transactions*n)/b.Elapsed().Seconds(), "tx/s")
}
