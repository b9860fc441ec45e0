package contract

import (
	"slices"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-contract-api-go/v2/contractapi"

	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// Context is what a transaction function gets: the ledger as this transaction
// sees it. It is made by contract-api for each call; the guard put the open
// transaction into the stub.
type Context struct {
	contractapi.TransactionContext
	tx       *ledger.Tx
	name     string       // of the transaction
	allowed  party.Action // that the guard has asked for already
	watching []string     // who endorses protected records, once that has been read
	shop     *bench       // machines and counters that are being changed, once there are any
}

// SetStub takes the transaction over from the guard.
func (c *Context) SetStub(stub shim.ChaincodeStubInterface) {
	c.TransactionContext.SetStub(stub)
	if inv, ok := stub.(*invocation); ok {
		c.tx, c.name, c.allowed = inv.tx, inv.name, inv.allowed
	}
}

// actor is the caller's organisation.
func (c *Context) actor() string { return c.tx.Caller().MSPID }

// now is when a record is made: the transaction's time, or that of the newest
// of the records it follows when that is later. So an entity's records never run
// backwards, and a client whose clock is ahead, by accident or not, holds nobody
// up: those who follow are recorded at its time until theirs has caught up.
func (c *Context) now(last ...measure.Time) measure.Time {
	now := measure.TimeOf(c.tx.Now())
	for _, l := range last {
		now = max(now, l)
	}
	return now
}

// permit refuses what none of the caller's roles allows.
func (c *Context) permit(a party.Action) error {
	if a == c.allowed && a != "" {
		return nil
	}
	return c.holds(a, party.Permit)
}

// holds loads the caller's organisation and holds it to the table.
func (c *Context) holds(a party.Action, permit func(party.Organisation, party.Action) error) error {
	o, found, err := ledger.Find(c.tx, organisations, c.actor())
	if err != nil {
		return err
	}
	if !found {
		return fault.New(fault.CodeCallerUnknown, "%s has not been announced", c.actor()).With("organisation", c.actor())
	}
	return permit(*o, a)
}

// founder is the key of the one consortium record.
const founder = "founder"

// protect lets only a majority of the witnesses that includes all of orgs write
// the record from now on. A key's own policy replaces the chaincode's, so it
// must not ask for less than the chaincode's majority: with the owner alone in
// it, the owner's peer could write anything under the key, a balance included.
func protect[T any](c *Context, k ledger.Kind[T], orgs []string, attrs ...string) error {
	watching, err := c.witnesses()
	if err != nil {
		return err
	}
	all := slices.Concat(watching, orgs)
	slices.Sort(all)
	return ledger.ProtectWithMajority(c.tx, k, orgs, slices.Compact(all), attrs...)
}

// protectWhile is [protect] for as long as a record stands. One that is over is nobody's:
// the next of its place may be another organisation's, such as the next owner's, and the
// last one, should it refuse or be gone, is not asked.
func protectWhile[T any](c *Context, stands bool, k ledger.Kind[T], org string, attrs ...string) error {
	if stands {
		return protect(c, k, []string{org}, attrs...)
	}
	all, err := c.witnesses()
	if err != nil {
		return err
	}
	return ledger.ProtectByMajority(c.tx, k, all, attrs...)
}

// protectForParties lets only all parties of the terms write the record from now
// on, or the arbiter whom they have agreed on with half of them: a party whose
// peer endorses nothing cannot keep the others' money in escrow.
func protectForParties[T any](c *Context, k ledger.Kind[T], t shipment.Terms, attrs ...string) error {
	watching, err := c.witnesses()
	if err != nil {
		return err
	}
	parties := t.Parties()
	all := slices.Concat(watching, parties)
	if t.Arbiter != "" {
		all = append(all, t.Arbiter)
	}
	slices.Sort(all)
	return ledger.ProtectForParties(c.tx, k, parties, t.Arbiter, slices.Compact(all), attrs...)
}

// witnesses are those whose majority endorses protected records. The caller,
// who has been announced, becomes one if it is not.
func (c *Context) witnesses() ([]string, error) {
	if c.watching != nil {
		return c.watching, nil
	}
	consortium, err := ledger.Get(c.tx, consortiums, founder)
	if err != nil {
		return nil, err
	}
	if members := consortium.Members; !slices.Contains(members, c.actor()) && len(members) < party.MaxMembers {
		next, err := consortium.Join(c.actor(), c.now(consortium.ChangedAt))
		if err != nil {
			return nil, err
		}
		if err := ledger.Put(c.tx, consortiums, &next, founder); err != nil {
			return nil, err
		}
		consortium = &next
	}
	c.watching, err = consortium.Witnesses()
	return c.watching, err
}

func (c *Context) componentWhen(last measure.Time) component.When {
	return component.When{Actor: c.actor(), Now: c.now(last), TransactionID: c.tx.ID()}
}

func (c *Context) shipmentWhen(last ...measure.Time) shipment.When {
	return shipment.When{Actor: c.actor(), Now: c.now(last...), TransactionID: c.tx.ID()}
}
