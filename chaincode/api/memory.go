package api

import (
	"github.com/lifeledger/lifeledger/chaincode/rules/assembly"
	"github.com/lifeledger/lifeledger/chaincode/rules/authority"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
)

// ProductMemory is all that the ledger says about one component, as one document
// that may lie anywhere: on a tag, in a cloud, in a decentralised store (CM10,
// CM12). It follows from the records alone, so its bytes are the same on every
// peer; its SHA-256 can be put on the ledger as a document of the kind
// [component.MemoryDocument]. Each record names the transaction that wrote it.
type ProductMemory struct {
	Ledger    string                `json:"ledger"` // channel/chaincode
	Component component.Component   `json:"component"`
	Owner     string                `json:"owner"`                                    // now; of an installed part, the owner of the machine
	CarriedIn string                `json:"carriedIn,omitempty" metadata:",optional"` // the shipment that it is in
	End       *component.Retirement `json:"end,omitempty" metadata:",optional"`
	// Events are its route: where it was, whose, in which machine.
	Events      []component.LifeEvent        `json:"events"`
	Documents   []component.AttachedDocument `json:"documents"` // of materials, production and rights, by hash
	Tests       []component.TestReport       `json:"tests"`
	Concessions []component.ConcessionRecord `json:"concessions"`
	Processes   []component.ProcessRecord    `json:"processes"`
	Validations []component.Validation       `json:"validations"`
	Holds       []component.Hold             `json:"holds"`
	Findings    []component.Finding          `json:"findings"`
	Scans       []component.TagScan          `json:"scans"`
	Pledges     []component.PledgeRecord     `json:"pledges"`
	// Delegations and Mandates are who may do what with it, besides its owner.
	Delegations []authority.Delegation   `json:"delegations"`
	Mandates    []authority.Mandate      `json:"mandates"`
	Usage       ComponentUsage           `json:"usage"`
	Parts       []assembly.AssemblyEvent `json:"parts"` // what was put into it and taken out, if it is a machine
	Services    []service.ServiceRequest `json:"services"`
	Steps       []service.ServiceStep    `json:"steps"` // of the services, in their order
	// Truncated: there is more on the ledger than one document holds.
	Truncated bool `json:"truncated"`
}

// MaxMemory is how many records of one kind a memory holds.
const MaxMemory = 1000

// CheckMemory asks whether the ledger has the hash of somebody's copy of a memory.
type CheckMemory struct {
	ComponentID string `json:"componentId"`
	Hash        string `json:"hash"` // hex SHA-256 of the copy
}

// MemoryChecked is the answer. A copy that is anchored is as it was when the
// anchor was put down; Since counts what has happened to the component after that.
type MemoryChecked struct {
	ComponentID string                      `json:"componentId"`
	Hash        string                      `json:"hash"`
	Anchored    bool                        `json:"anchored"`
	Anchor      *component.AttachedDocument `json:"anchor,omitempty" metadata:",optional"` // the first with this hash
	Since       uint64                      `json:"since,omitempty" metadata:",optional"`
}
