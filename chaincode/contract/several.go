package contract

import (
	"bytes"
	"sync"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/encoding/protodelim"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// question is the peer's stub for one of several questions: with its own arguments.
type question struct {
	shim.ChaincodeStubInterface
	args [][]byte
	open func() (*ledger.Tx, error) // the caller is read once for all
}

// GetArgs is all that the guard reads of the arguments.
func (q *question) GetArgs() [][]byte { return q.args }

// mostAnswers bounds what one call answers, far below what a peer takes from its
// chaincode in one message.
const mostAnswers = 8 << 20

// askSeveral answers questions that come together, each as if it came alone: one that is
// refused, or that panics, is that in its own answer. What a client is spared is the
// signatures and the way through the peer, which cost more than a question does.
func (g *Guard) askSeveral(stub shim.ChaincodeStubInterface, args [][]byte) *peer.Response {
	if n := len(args); n == 0 || n%2 != 0 || n > 2*api.MaxQuestions {
		return refuse(fault.New(fault.CodeArgumentCount, "%s takes 1 to %d questions, each with one JSON argument; it got %d arguments", api.AskTx, api.MaxQuestions, n))
	}
	for i := 0; i < len(args); i += 2 {
		if tx, known := g.known[string(args[i])]; !known || tx.writes {
			return refuse(fault.New(fault.CodeTransactionUnknown, "no question is called %q", printable(string(args[i]))))
		}
	}
	first := sync.OnceValues(func() (*ledger.Tx, error) { return ledger.Open(stub) })
	var answers bytes.Buffer
	for i := 0; i < len(args); i += 2 {
		answer := g.carryOut(&question{stub, args[i : i+2], first})
		if _, err := protodelim.MarshalTo(&answers, answer); err != nil {
			return refuse(fault.Wrap(err, "encode an answer"))
		}
		if answers.Len() > mostAnswers {
			return refuse(fault.New(fault.CodeTooLarge, "the answers to %d questions take more than %d bytes: ask fewer", len(args)/2, mostAnswers))
		}
	}
	return shim.Success(answers.Bytes())
}

// begin opens the ledger for a transaction, or for one of several questions.
func begin(stub shim.ChaincodeStubInterface) (*ledger.Tx, error) {
	q, ok := stub.(*question)
	if !ok {
		return ledger.Open(stub)
	}
	tx, err := q.open()
	if err != nil {
		return nil, err
	}
	return tx.Again(), nil
}
