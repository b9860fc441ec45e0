package money

import (
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// MaxCollect is how many credits one transaction collects.
const MaxCollect = 100

// Credit is what an organisation has been paid and not yet put to its balance.
// It is a record of its own, so that any number of payments to one account go
// side by side. It is worth what the record it comes from says: Collect holds
// the one against the other, and marks the credit, once.
type Credit struct {
	CreditID     string   `json:"creditId"` // the transaction that made it
	Organisation string   `json:"organisation"`
	Currency     Currency `json:"currency"`
	AmountMinor  Minor    `json:"amountMinor"`
	Reason       string   `json:"reason"`    // refund, settlement, sale, redemption ...
	Reference    string   `json:"reference"` // the shipment, component or redemption
	// Number is that of the payment among those of what Reference names.
	Number      uint64       `json:"number"`
	At          measure.Time `json:"at"`
	CollectedBy string       `json:"collectedBy,omitempty" metadata:",optional"` // the transaction that collected it
	CollectedAt measure.Time `json:"collectedAt,omitempty" metadata:",optional"`
}

// NewCredit is a credit that waits.
func NewCredit(organisation string, c Currency, amount Minor, w Why) (Credit, error) {
	if err := c.Check(); err != nil {
		return Credit{}, err
	}
	if err := amount.CheckPositive("amount"); err != nil {
		return Credit{}, err
	}
	return Credit{
		CreditID: w.TransactionID, Organisation: organisation, Currency: c, AmountMinor: amount,
		Reason: w.Reason, Reference: w.Reference, Number: w.Number, At: w.At,
	}, nil
}

// Collect marks the credit as put to the balance; that happens once.
func (c Credit) Collect(w Why) (Credit, error) {
	if c.CollectedBy != "" {
		return c, fault.New(fault.CodeCreditCollected, "credit %s was collected by transaction %s", c.CreditID, c.CollectedBy).
			With("creditId", c.CreditID).With("collectedBy", c.CollectedBy)
	}
	c.CollectedBy, c.CollectedAt = w.TransactionID, max(w.At, c.At)
	return c, nil
}

// Waiting is the entry of a credit in the list of those that wait. It says
// nothing that is relied on: it only makes them be found.
type Waiting struct {
	CreditID string `json:"creditId"`
}

// Payee is who is paid what.
type Payee struct {
	Organisation string `json:"organisation"`
	AmountMinor  Minor  `json:"amountMinor"`
}

// Payout is one payment of what was held for a shipment, as all its parties
// endorsed it: the word that credits are held against.
type Payout struct {
	Source        string       `json:"source"` // the shipment
	Number        uint64       `json:"number"`
	Currency      Currency     `json:"currency"`
	Payees        []Payee      `json:"payees"`
	At            measure.Time `json:"at"`
	TransactionID string       `json:"transactionId"`
}

// Owes reports whether the payout is what the credit comes from.
func (p Payout) Owes(c Credit) bool {
	if p.Source != c.Reference || p.Number != c.Number || p.Currency != c.Currency || p.TransactionID != c.CreditID {
		return false
	}
	for _, x := range p.Payees {
		if x.Organisation == c.Organisation {
			return x.AmountMinor == c.AmountMinor
		}
	}
	return false
}

// Unproven refuses a credit that no protected record stands behind.
func (c Credit) Unproven() error {
	return fault.New(fault.CodeCreditUnproven, "no record that %s protects says that credit %s is owed", c.Organisation, c.CreditID).
		With("creditId", c.CreditID).With("reason", c.Reason).With("reference", c.Reference)
}

// Collection is what one collecting of credits has put to an account.
type Collection struct {
	Organisation string   `json:"organisation"`
	Currency     Currency `json:"currency"`
	Credits      int      `json:"credits"`
	AmountMinor  Minor    `json:"amountMinor"`
	// More credits wait than one request collects.
	More bool `json:"more,omitempty" metadata:",optional"`
}
