package contract

import (
	"io"
	"log/slog"

	"github.com/lifeledger/lifeledger/chaincode/api"
)

// Base and Product are what a contract needs to stand behind the guard.
type (
	Base    = base
	Product = product
)

// NewBase is the beginning of a contract.
var NewBase = newBase

// Assemble puts any contracts behind a guard that keeps its log to itself.
func Assemble(transactions []api.Access, makers ...func() Product) (*Guard, error) {
	g, err := assemble(transactions, makers...)
	if err == nil {
		g.log = slog.New(slog.NewJSONHandler(io.Discard, nil))
	}
	return g, err
}

// Contracts are the product's own.
func Contracts() []Product {
	var all []Product
	for _, m := range makers() {
		all = append(all, m())
	}
	return all
}
