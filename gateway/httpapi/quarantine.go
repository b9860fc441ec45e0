package httpapi

import (
	"bytes"
	"context"
	"encoding/json"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// quarantine brings what was signed before its issuer, where the ledger has refused
// a write because a statement in it comes too late. The write stays refused; that the
// statement is held is one of the problem's params. If that cannot be done now, the
// client is told of the lateness alone and can do it later.
func (s *server) quarantine(ctx context.Context, w Write, refused error) error {
	if !fault.Is(refused, fault.CodeStatementLate) || w.Transaction == ledgerapi.QuarantineStatementTx {
		return refused
	}
	for _, e := range statementsIn(w.Argument) {
		argument, err := encode(ledgerapi.QuarantineStatement{Envelope: e})
		if err != nil {
			return refused
		}
		out, err := s.operations.Do(ctx, Write{Transaction: ledgerapi.QuarantineStatementTx, Argument: argument, Entities: []string{"quarantine"}, Principal: w.Principal})
		if err == nil && out.State == api.Failed {
			err = out.Err
		}
		if err == nil && out.State == api.Committed || fault.Is(err, fault.CodeQuarantineDecided) {
			return fault.From(refused).With("quarantined", "true")
		}
	}
	return refused
}

// statementsIn finds the signed statements of a request, wherever they are in it.
func statementsIn(argument []byte) (found []dsse.Envelope) {
	dec := json.NewDecoder(bytes.NewReader(argument))
	dec.UseNumber()
	var request any
	if dec.Decode(&request) != nil {
		return nil
	}
	var look func(any)
	look = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				look(x)
			}
		case map[string]any:
			if v["payloadType"] != dsse.StatementType {
				for _, x := range v {
					look(x)
				}
				return
			}
			var e dsse.Envelope
			if text, err := json.Marshal(v); err == nil && json.Unmarshal(text, &e) == nil {
				found = append(found, e)
			}
		}
	}
	look(request)
	return found
}
