// Package notary owns the notarised answer: one file that holds a question to the
// ledger, its answer, and the signatures of the peers that gave it, so that whoever
// has the organisations' root certificates can check it without a network. It owns
// no way to a peer and no clock. Invariant: a file that [Verify] accepts is, byte
// for byte, what the gateway of an organisation wrote and signed, and everything in
// it but the blocks' numbers is what each counted organisation's peer signed.
package notary

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
)

// Format is the version of the file; another one is another format.
const Format = "lifeledger-notarisation/1"

// MaxFile is how many bytes a file has at most.
const MaxFile = 64 << 20

// Notarised are the questions whose answers are proof. All of them only read:
// what peers answer to a transaction that would write is no statement about what is
// on the ledger, since nobody may ever have submitted it.
func Notarised() []api.Transaction { return []api.Transaction{api.GetMemoryTx, api.GetStatementTx} }

// File is what the file says for people and programs. All of it but Payload,
// Transactions and Signature is said in Payload, too, and only counts as far as it
// is the same.
type File struct {
	Format      string          `json:"format"`
	Channel     string          `json:"channel"`
	Chaincode   string          `json:"chaincode"`
	Version     string          `json:"version"` // of the chaincode, as approved
	Transaction string          `json:"transaction"`
	Argument    json.RawMessage `json:"argument"`
	// TransactionID is of the question; it is on no ledger.
	TransactionID string          `json:"transactionId"`
	AskedAt       string          `json:"askedAt"` // the asking gateway's clock; peers take no question more than 15 minutes off theirs
	AskedBy       string          `json:"askedBy"` // MSP id
	Result        json.RawMessage `json:"result"`
	ResultHash    string          `json:"resultSha256"` // hexadecimal, of the result as the peers gave it
	// Height: the peers' ledgers had at least so many blocks; it follows from the versions of what they read.
	Height       uint64        `json:"heightAtLeast"`
	Endorsements []Endorsement `json:"endorsements"`
	// Transactions says in which blocks the transactions are that the result names.
	// The asking gateway alone says so.
	Transactions []Place `json:"transactions"`
	Payload      []byte  `json:"payload"` // the question and the answer as Fabric encodes them, with all endorsements
	// Signature is the asking gateway's, over the file without it.
	Signature []byte `json:"signature"`
}

// Endorsement is one peer's signature.
type Endorsement struct {
	Organisation string `json:"organisation"` // MSP id
	Certificate  string `json:"certificate"`  // PEM
	Signature    []byte `json:"signature"`
}

// Place is where a transaction is.
type Place struct {
	TransactionID string `json:"transactionId"`
	Block         uint64 `json:"block"`
}

// domain keeps the gateway's signature from being one of anything else: no message
// of Fabric begins like this.
const domain = Format + "\n"

// Write makes the file of an endorsed answer, which is the payload of the envelope
// that Fabric prepares. sign is the asking identity's, and hashes as it needs.
func Write(payload []byte, places []Place, sign func(message []byte) ([]byte, error)) ([]byte, error) {
	a, err := open(payload)
	if err != nil {
		return nil, fmt.Errorf("notarisation: %w", err)
	}
	f := a.file(payload, places)
	unsigned, err := f.encode()
	if err != nil {
		return nil, err
	}
	if f.Signature, err = sign(append([]byte(domain), unsigned...)); err != nil {
		return nil, fmt.Errorf("notarisation: %w", err)
	}
	out, err := f.encode()
	if err == nil && len(out) > MaxFile {
		err = fmt.Errorf("notarisation: %d bytes, more than the %d that a file has at most", len(out), MaxFile)
	}
	return out, err
}

// file is what a file about this answer says: a function of its arguments alone.
func (a *answer) file(payload []byte, places []Place) *File {
	sum := sha256.Sum256(a.result)
	f := &File{
		Format: Format, Channel: a.channel, Chaincode: a.chaincode, Version: a.version, Transaction: a.transaction, Argument: a.argument,
		TransactionID: a.transactionID, AskedAt: a.askedAt.Format(time.RFC3339Nano), AskedBy: a.asker.GetMspid(),
		Result: a.result, ResultHash: hex.EncodeToString(sum[:]), Height: a.height,
		Endorsements: []Endorsement{}, Transactions: slices.Clone(places), Payload: payload,
	}
	for _, e := range a.endorsements {
		f.Endorsements = append(f.Endorsements, Endorsement{e.identity.GetMspid(), string(e.identity.GetIdBytes()), e.signature})
	}
	slices.SortFunc(f.Transactions, func(a, b Place) int { return strings.Compare(a.TransactionID, b.TransactionID) })
	if f.Transactions == nil {
		f.Transactions = []Place{}
	}
	return f
}

// encode is the one form of a file. Go's encoder leaves the texts of argument and
// result as they are, and only sets them out in lines.
func (f *File) encode() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(f); err != nil {
		return nil, fmt.Errorf("notarisation: %w", err)
	}
	return b.Bytes(), nil
}

// maxNamed bounds how many transactions a file says the block of.
const maxNamed = 20_000

// Named lists the transactions that the answer names, each once.
func Named(payload []byte) ([]string, error) {
	a, err := open(payload)
	if err != nil {
		return nil, fmt.Errorf("notarisation: %w", err)
	}
	var result any
	if err := json.Unmarshal(a.result, &result); err != nil {
		return nil, fmt.Errorf("notarisation: result: %w", err)
	}
	all := slices.Compact(slices.Sorted(named(result)))
	return all[:min(len(all), maxNamed)], nil
}

// named walks through a document for all members transactionId.
func named(in any) func(yield func(string) bool) {
	var walk func(in any, yield func(string) bool) bool
	walk = func(in any, yield func(string) bool) bool {
		switch in := in.(type) {
		case []any:
			for _, v := range in {
				if !walk(v, yield) {
					return false
				}
			}
		case map[string]any:
			for name, v := range in {
				if id, ok := v.(string); ok && name == "transactionId" && id != "" {
					if !yield(id) {
						return false
					}
				} else if !walk(v, yield) {
					return false
				}
			}
		}
		return true
	}
	return func(yield func(string) bool) { walk(in, yield) }
}
