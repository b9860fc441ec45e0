package paychannel

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// MaxItems is how many shipments one side's payments can be for.
const MaxItems = 200

// PaidItem is what a payer has paid for one shipment through a channel, in sum.
type PaidItem struct {
	ShipmentID  string      `json:"shipmentId"`
	AmountMinor money.Minor `json:"amountMinor"`
}

// ItemList says what all of a side's payments through a finished channel were
// for. The payer has signed its hash; it never changes.
type ItemList struct {
	ChannelID       string         `json:"channelId"`
	Payer           string         `json:"payer"`
	Payee           string         `json:"payee"`
	Currency        money.Currency `json:"currency"`
	CumulativeMinor money.Minor    `json:"cumulativeMinor"`
	ShortMinor      money.Minor    `json:"shortMinor"` // of that, not covered by the payer's deposit
	Reference       string         `json:"reference"`
	Items           []PaidItem     `json:"items"` // by shipment
	At              measure.Time   `json:"at"`
	TransactionID   string         `json:"transactionId"`
}

// ShipmentPayment is one item as it is found from the shipment.
type ShipmentPayment struct {
	ShipmentID    string         `json:"shipmentId"`
	ChannelID     string         `json:"channelId"`
	Payer         string         `json:"payer"`
	Payee         string         `json:"payee"`
	Currency      money.Currency `json:"currency"`
	AmountMinor   money.Minor    `json:"amountMinor"`
	At            measure.Time   `json:"at"`
	TransactionID string         `json:"transactionId"`
}

// ReferenceOf is the hash that a balance proof names the list by: SHA-256 of
// {"items":[{"shipmentId":"…","amountMinor":1},…]}, compact. The list is refused
// unless each shipment stands in it once, in the order of the ids.
func ReferenceOf(items []PaidItem) (string, money.Minor, error) {
	if len(items) < 1 || len(items) > MaxItems {
		return "", 0, invalid("items", "there must be 1 to %d items", MaxItems)
	}
	var sum money.Minor
	for i, it := range items {
		if err := party.CheckID("shipmentId", it.ShipmentID); err != nil {
			return "", 0, err
		}
		if i > 0 && it.ShipmentID <= items[i-1].ShipmentID {
			return "", 0, invalid("items", "items must be in the order of their shipment ids, each once")
		}
		if err := it.AmountMinor.CheckPositive("amountMinor"); err != nil {
			return "", 0, err
		}
		var err error
		if sum, err = money.Add(sum, it.AmountMinor); err != nil {
			return "", 0, err
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(struct {
		Items []PaidItem `json:"items"`
	}{items}); err != nil {
		return "", 0, fault.Wrap(err, "encode items")
	}
	h := sha256.Sum256(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
	return hex.EncodeToString(h[:]), sum, nil
}

// Itemise puts on record what a side's payments were for, once the channel is
// finished: exactly the list whose hash the payer signed.
func (c PaymentChannel) Itemise(payerID string, items []PaidItem, w When) (PaymentChannel, ItemList, error) {
	if err := c.expect(Finished); err != nil {
		return c, ItemList{}, err
	}
	if _, _, err := c.sides(w.Actor); err != nil {
		return c, ItemList{}, err
	}
	payer, payee, err := c.sides(payerID)
	if err != nil {
		return c, ItemList{}, invalid("payer", "%s is no side of this channel", payerID)
	}
	if payer.Itemised {
		return c, ItemList{}, fault.New(fault.CodeItemsRecorded, "what %s paid for is on record", payerID)
	}
	hash, sum, err := ReferenceOf(items)
	if err != nil {
		return c, ItemList{}, err
	}
	if payer.Paid == nil || hash != payer.Paid.Reference || sum != payer.Paid.CumulativeMinor {
		return c, ItemList{}, fault.New(fault.CodeItemsMismatch, "the list has the hash %s and the sum %d, which %s has not signed", hash, sum, payerID).With("reference", hash)
	}
	payer.Itemised = true
	return c.with(payer), ItemList{
		ChannelID: c.ChannelID, Payer: payer.Organisation, Payee: payee.Organisation, Currency: c.Currency, CumulativeMinor: sum,
		ShortMinor: payer.ShortMinor, Reference: hash, Items: items, At: w.Now, TransactionID: w.TransactionID,
	}, nil
}

// RecordItemised is the event of lists that were put on record afterwards.
func (c PaymentChannel) RecordItemised(w When) (PaymentChannel, ChannelEvent) {
	return c.record(ChannelEvent{Step: StepItemised}, w)
}

// Payments are the items as they are found from their shipments.
func (l ItemList) Payments() []ShipmentPayment {
	out := make([]ShipmentPayment, len(l.Items))
	for i, it := range l.Items {
		out[i] = ShipmentPayment{
			ShipmentID: it.ShipmentID, ChannelID: l.ChannelID, Payer: l.Payer, Payee: l.Payee, Currency: l.Currency,
			AmountMinor: it.AmountMinor, At: l.At, TransactionID: l.TransactionID,
		}
	}
	return out
}
