package contract

import (
	"io"
	"log/slog"

	"github.com/hyperledger/fabric-contract-api-go/v2/contractapi"

	"github.com/lifeledger/lifeledger/chaincode/api"
)

// Assemble puts any contracts behind a guard that keeps its log to itself.
func Assemble(transactions []api.Access, contracts ...contractapi.ContractInterface) (*Guard, error) {
	g, err := assemble(transactions, contracts...)
	if err == nil {
		g.log = slog.New(slog.NewJSONHandler(io.Discard, nil))
	}
	return g, err
}

// Contracts are the product's own.
func Contracts() []contractapi.ContractInterface {
	return []contractapi.ContractInterface{newParticipant(), newComponent(), newShipment(), newSettlement(), newPayChannel(), newService()}
}
