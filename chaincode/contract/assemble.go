package contract

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/hyperledger/fabric-contract-api-go/v2/contractapi"
	"github.com/hyperledger/fabric-contract-api-go/v2/metadata"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/authority"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// product is one contract of ours.
type product interface {
	contractapi.ContractInterface
	leaveOut(transactions []string)
}

// base is what every contract of ours begins with.
type base struct {
	contractapi.Contract
	left []string
}

func newBase(name string) base {
	return base{Contract: contractapi.Contract{Name: name, TransactionContextHandler: new(Context)}}
}

func (b *base) leaveOut(transactions []string) { b.left = transactions }

// GetIgnoredFunctions is what contract-api asks for: the methods that are no transactions.
func (b *base) GetIgnoredFunctions() []string { return b.left }

// makers make the contracts, each time anew.
func makers() []func() product {
	return []func() product{newParticipant, newComponent, newShipment, newSettlement, newPayChannel, newService}
}

// transaction is what the guard knows of one transaction.
type transaction struct {
	writes    bool
	shape     *shape
	chaincode func() (*contractapi.ContractChaincode, error) // has this transaction alone; made when it is first called
}

// New assembles the contracts behind their guard.
func New() (*Guard, error) {
	for _, t := range api.Transactions() {
		if _, ok := authority.RowOf(string(t.Name)); t.Writes && !ok {
			return nil, fmt.Errorf("%s is not in the table of permissions", t.Name)
		}
	}
	return assemble(api.Transactions(), makers()...)
}

// assemble gives each transaction a chaincode of contract-api's own. Every
// transaction of a chaincode has every type of that chaincode compiled into its
// schema: with all of them in one, a start took seconds and a quarter of a gigabyte.
func assemble(transactions []api.Access, makers ...func() product) (*Guard, error) {
	named := make(map[string]func() product)
	for _, m := range makers {
		named[m().GetName()] = m
	}
	g := &Guard{known: make(map[string]transaction), log: slog.New(slog.NewJSONHandler(os.Stderr, nil))}
	for _, t := range transactions {
		m, ok := named[t.Name.Contract()]
		if !ok {
			return nil, fmt.Errorf("%s is in no contract", t.Name)
		}
		s, err := shapeOfRequest(m(), t.Name)
		if err != nil {
			return nil, err
		}
		g.names = append(g.names, string(t.Name))
		g.known[string(t.Name)] = transaction{t.Writes, s, sync.OnceValues(func() (*contractapi.ContractChaincode, error) { return alone(m(), t.Name) })}
	}
	return g, nil
}

// alone is a chaincode in which the contract has one transaction.
func alone(c product, t api.Transaction) (*contractapi.ContractChaincode, error) {
	_, name, _ := strings.Cut(string(t), ":")
	var others []string
	for m := range reflect.TypeOf(c).Methods() {
		if m.Name != name {
			others = append(others, m.Name)
		}
	}
	c.leaveOut(others)
	cc, err := contractapi.NewChaincode(c)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t, err)
	}
	cc.Info.Title, cc.Info.Version = "lifeledger", Version
	return cc, nil
}

// describe is contract-api's description of all transactions together.
func (g *Guard) describe(inv *invocation) ([]byte, error) {
	var all metadata.ContractChaincodeMetadata
	for _, name := range g.names {
		cc, err := g.known[name].chaincode()
		if err != nil {
			return nil, fault.Wrap(err, "assemble")
		}
		one, err := answer(cc, inv)
		if err != nil {
			return nil, err
		}
		var m metadata.ContractChaincodeMetadata
		if err := json.Unmarshal(one, &m); err != nil {
			return nil, fault.Wrap(err, "metadata of %s", name)
		}
		merge(&all, m)
	}
	b, err := json.Marshal(all)
	if err != nil {
		return nil, fault.Wrap(err, "encode metadata")
	}
	return b, nil
}

func merge(all *metadata.ContractChaincodeMetadata, one metadata.ContractChaincodeMetadata) {
	if all.Contracts == nil {
		*all = one
		return
	}
	maps.Copy(all.Components.Schemas, one.Components.Schemas)
	for _, name := range slices.Sorted(maps.Keys(one.Contracts)) {
		c := one.Contracts[name]
		known, ok := all.Contracts[name]
		if !ok && name != contractapi.SystemContractName {
			c.Default = false // alone, each was; every call names its contract
		}
		if !ok {
			all.Contracts[name] = c
			continue
		}
		for _, t := range c.Transactions {
			if !slices.ContainsFunc(known.Transactions, func(k metadata.TransactionMetadata) bool { return k.Name == t.Name }) {
				known.Transactions = append(known.Transactions, t)
			}
		}
		slices.SortFunc(known.Transactions, func(a, b metadata.TransactionMetadata) int { return strings.Compare(a.Name, b.Name) })
		all.Contracts[name] = known
	}
}
