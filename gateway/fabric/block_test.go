package fabric

import (
	"bytes"
	"testing"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
)

// chainOf is a ledger of four blocks after the first: two writes, a block of a
// valid transaction and one in conflict with it, a removal, and an event alone.
func chainOf(t testing.TB) []*common.Block {
	t.Helper()
	l := ledgertest.New(ledgertest.Func(func(stub shim.ChaincodeStubInterface) *peer.Response {
		fn, args := stub.GetFunctionAndParameters()
		var err error
		switch fn {
		case "put":
			if _, err = stub.GetState(args[0]); err == nil {
				err = stub.PutState(args[0], []byte(args[1]))
			}
		case "remove":
			err = stub.DelState(args[0])
		case "tell":
			err = stub.SetEvent("told", []byte(args[0]))
		}
		if err != nil {
			return shim.Error(err.Error())
		}
		return shim.Success(nil)
	}), ledgertest.Options{})
	as := ledgertest.Identity{MSPID: "ServiceMSP", Name: "gateway"}
	endorse := func(fn string, args ...string) *ledgertest.Tx {
		tx, err := l.Endorse(as, fn, args)
		if err != nil {
			t.Fatal(err)
		}
		return tx
	}
	l.Commit(endorse("put", "a", "1"))
	l.Commit(endorse("put", "a", "2"), endorse("put", "a", "3"))
	l.Commit(endorse("remove", "a"))
	l.Commit(endorse("tell", "news"))
	chain, err := l.Chain()
	if err != nil {
		t.Fatal(err)
	}
	return chain
}

func TestDecodingBlocks(t *testing.T) {
	chain := chainOf(t)
	var blocks []*Block
	for i, b := range chain {
		k := DecodeBlock(b, "lifeledger")
		if k.Number != uint64(i) || k.Altered || len(k.Hash) != 32 {
			t.Errorf("block %d: %+v", i, k)
		}
		if i > 0 && !bytes.Equal(k.Previous, blocks[i-1].Hash) {
			t.Errorf("block %d does not name the one before", i)
		}
		blocks = append(blocks, k)
	}
	if len(blocks[0].Transactions) != 0 {
		t.Errorf("a configuration is no transaction: %+v", blocks[0].Transactions)
	}
	if len(blocks[2].Transactions) != 1 {
		t.Fatalf("what is not valid writes nothing: %+v", blocks[2].Transactions)
	}
	second := blocks[2].Transactions[0]
	if second.Number != 0 || len(second.ID) != 64 || second.Submitter != "ServiceMSP" || second.Function != "put" || second.Broken != nil ||
		len(second.Writes) != 1 || second.Writes[0].Key != "a" || string(second.Writes[0].Value) != "2" || second.Time.IsZero() {
		t.Errorf("%+v", second)
	}
	if w := blocks[3].Transactions[0].Writes; len(w) != 1 || !w[0].Removed || w[0].Key != "a" {
		t.Errorf("a removal: %+v", w)
	}
	if x := blocks[4].Transactions[0]; x.EventName != "told" || string(x.Event) != "news" || len(x.Writes) != 0 {
		t.Errorf("an event: %+v", x)
	}
	if got := outcomes(chain[2]); len(got) != 2 || got[0].code != valid || got[1].code != mvcc {
		t.Errorf("outcomes: %+v", got)
	}
	if other := DecodeBlock(chain[1], "another"); len(other.Transactions) != 0 {
		t.Errorf("another chaincode's: %+v", other.Transactions)
	}
}

func TestWhatIsNotAsItsHeaderSays(t *testing.T) {
	chain := chainOf(t)
	altered := proto.CloneOf(chain[1])
	altered.Data.Data[0][len(altered.Data.Data[0])-1] ^= 1
	if !DecodeBlock(altered, "lifeledger").Altered {
		t.Error("altered data are taken")
	}
	renumbered := proto.CloneOf(chain[1])
	renumbered.Header.Number = 7
	if bytes.Equal(DecodeBlock(renumbered, "lifeledger").Hash, DecodeBlock(chain[1], "lifeledger").Hash) {
		t.Error("the number is not in the hash")
	}

	// One transaction that cannot be read does not hide its neighbour.
	broken := proto.CloneOf(chain[1])
	broken.Data.Data = append([][]byte{[]byte("not an envelope")}, broken.Data.Data...)
	broken.Metadata.Metadata[common.BlockMetadataIndex_TRANSACTIONS_FILTER] = []byte{0, 0}
	k := DecodeBlock(broken, "lifeledger")
	if len(k.Transactions) != 2 || k.Transactions[0].Broken == nil || k.Transactions[1].Broken != nil || len(k.Transactions[1].Writes) != 1 {
		t.Errorf("%+v", k.Transactions)
	}

	// A block without validation codes says nothing.
	bare := proto.CloneOf(chain[1])
	bare.Metadata = nil
	if k := DecodeBlock(bare, "lifeledger"); len(k.Transactions) != 0 {
		t.Errorf("%+v", k.Transactions)
	}

	hashed := proto.CloneOf(chain[1])
	value, err := proto.Marshal(&common.Metadata{Value: []byte("the peer's own")})
	if err != nil {
		t.Fatal(err)
	}
	hashed.Metadata.Metadata[common.BlockMetadataIndex_COMMIT_HASH] = value
	if k := DecodeBlock(hashed, "lifeledger"); string(k.CommitHash) != "the peer's own" {
		t.Errorf("commit hash %q", k.CommitHash)
	}
}
