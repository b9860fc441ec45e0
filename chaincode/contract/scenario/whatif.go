package scenario

import (
	"strconv"
	"sync"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// WhatIf is a chaincode that can be asked what it would say if some records were
// others. Nothing is stored.
type WhatIf struct {
	shim.Chaincode
	mu    sync.RWMutex
	given map[string][]byte // guarded by mu; by raw key
}

// Given puts records in the place of those that are on the ledger, until the next call.
func (w *WhatIf) Given(records map[string][]byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.given = records
}

// Invoke runs the chaincode on the state as it is, or as it is given.
func (w *WhatIf) Invoke(stub shim.ChaincodeStubInterface) *peer.Response {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if len(w.given) == 0 {
		return w.Chaincode.Invoke(stub)
	}
	return w.Chaincode.Invoke(&given{stub, w.given})
}

type given struct {
	shim.ChaincodeStubInterface
	records map[string][]byte
}

func (g *given) GetState(key string) ([]byte, error) {
	if v, ok := g.records[key]; ok {
		return v, nil
	}
	return g.ChaincodeStubInterface.GetState(key)
}

func (g *given) GetMultipleStates(keys ...string) ([][]byte, error) {
	out, err := g.ChaincodeStubInterface.GetMultipleStates(keys...)
	for i := range out {
		if v, ok := g.records[keys[i]]; ok {
			out[i] = v
		}
	}
	return out, err
}

// Announced is the stored record of an organisation with one role.
func Announced(mspID string, role party.Role) (key string, record []byte) {
	o := `{"docType":"organisation","mspId":` + strconv.Quote(mspID) + `,"name":"x","roles":[` + strconv.Quote(string(role)) + `],"announcedBy":"x","announcedAt":"2026-01-01T00:00:00.000Z"}`
	return ledgertest.Key("organisation", mspID), []byte(o)
}
