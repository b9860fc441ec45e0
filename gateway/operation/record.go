package operation

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/gateway/fabric"
)

// ledgerKeyLength is what is left of a SHA-256 in base32 without padding; the
// ledger takes up to 64 characters.
const ledgerKeyLength = 52

// ledgerKey makes the key that the ledger sees. It knows keys by organisation
// only, so the principal goes into it: two users of one organisation may choose
// the same key. The zero byte keeps ("a", "bc") and ("ab", "c") apart.
func ledgerKey(principal, key string) string {
	sum := sha256.Sum256([]byte(principal + "\x00" + key))
	return base32.StdEncoding.EncodeToString(sum[:])[:ledgerKeyLength]
}

// fingerprint tells whether two requests under one key are the same.
func fingerprint(r Request) []byte {
	h := sha256.New()
	h.Write([]byte(r.Transaction))
	h.Write([]byte{0})
	h.Write(r.Argument)
	return h.Sum(nil)
}

// failure is an [*fabric.Error] as the outbox keeps it. The cause stays out: it
// means nothing to a later process.
type failure struct {
	Condition     fabric.Condition     `json:"condition"`
	Stage         fabric.Stage         `json:"stage"`
	Fault         string               `json:"fault,omitempty"`
	TransactionID string               `json:"transactionId,omitempty"`
	Code          string               `json:"code,omitempty"`
	Peers         []fabric.PeerMessage `json:"peers,omitempty"`
	Attempts      int                  `json:"attempts,omitempty"`
}

func encodeFailure(e *fabric.Error) ([]byte, error) {
	if e == nil {
		return nil, nil
	}
	f := failure{
		Condition: e.Condition, Stage: e.Stage, TransactionID: e.TransactionID,
		Code: e.Code, Peers: e.Peers, Attempts: e.Attempts,
	}
	if e.Fault != nil {
		f.Fault = e.Fault.Wire()
	}
	return json.Marshal(f)
}

func decodeFailure(b []byte) (*fabric.Error, error) {
	if len(b) == 0 {
		return nil, nil
	}
	var f failure
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, err
	}
	e := &fabric.Error{
		Condition: f.Condition, Stage: f.Stage, TransactionID: f.TransactionID,
		Code: f.Code, Peers: f.Peers, Attempts: f.Attempts,
	}
	if parsed, ok := fault.Parse(f.Fault); ok {
		e.Fault = parsed
	}
	return e, nil
}
