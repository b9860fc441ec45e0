package contract

import (
	"encoding/json"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// decodeReadings reads the request of RecordReadings. The guard has held it to
// its shape: exact names at every depth, nothing missing, unknown or repeated.
func decodeReadings(request string) (*api.RecordReadings, error) {
	dec := json.NewDecoder(strings.NewReader(request))
	dec.DisallowUnknownFields()
	in := new(api.RecordReadings)
	if err := dec.Decode(in); err != nil {
		return nil, fault.New(fault.CodeSchema, "%s", oneLine(err.Error()))
	}
	if n := len(in.Envelopes); n < 1 || n > api.MaxEnvelopes {
		return nil, fault.New(fault.CodeInvalid, "envelopes must have 1 to %d entries", api.MaxEnvelopes).With("field", "envelopes")
	}
	return in, nil
}
