package api

import (
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/paychannel"
)

// OpenChannel offers a payment channel and puts the opener's deposit into it
// (SH14). Proof is a channel key statement signed by the key that it announces.
type OpenChannel struct {
	ChannelID        string         `json:"channelId"`
	Counterparty     string         `json:"counterparty"`
	Currency         money.Currency `json:"currency"`
	DepositMinor     money.Minor    `json:"depositMinor"`
	ChallengeSeconds int64          `json:"challengeSeconds"`
	Algorithm        dsse.Algorithm `json:"algorithm"`
	PublicKey        string         `json:"publicKey"` // base64 SubjectPublicKeyInfo
	Proof            dsse.Envelope  `json:"proof"`
}

// AcceptChannel opens an offered channel, with a deposit of the counterparty's
// own or 0.
type AcceptChannel struct {
	ChannelID    string         `json:"channelId"`
	DepositMinor money.Minor    `json:"depositMinor"`
	Algorithm    dsse.Algorithm `json:"algorithm"`
	PublicKey    string         `json:"publicKey"`
	Proof        dsse.Envelope  `json:"proof"`
}

// TopUpChannel adds to the caller's deposit.
type TopUpChannel struct {
	ChannelID   string      `json:"channelId"`
	AmountMinor money.Minor `json:"amountMinor"`
}

// ReplaceChannelKey gives the caller's side a new key, which has signed Proof.
type ReplaceChannelKey struct {
	ChannelID string         `json:"channelId"`
	Algorithm dsse.Algorithm `json:"algorithm"`
	PublicKey string         `json:"publicKey"`
	Proof     dsse.Envelope  `json:"proof"`
}

// PresentProof puts a balance proof of the other side on record.
type PresentProof struct {
	ChannelID string        `json:"channelId"`
	Proof     dsse.Envelope `json:"proof"`
}

// CloseChannel begins the end of a channel; Proof is the newest one of the other
// side's payments, when the caller has one that is not on record.
type CloseChannel struct {
	ChannelID string         `json:"channelId"`
	Proof     *dsse.Envelope `json:"proof,omitempty" metadata:",optional"`
}

// FinishChannel pays a closed channel out when the time to present proofs is
// over. Lists may say what the payments were for.
type FinishChannel struct {
	ChannelID string      `json:"channelId"`
	Lists     []PayerList `json:"lists,omitempty" metadata:",optional"` // one for each payer at most
}

// FinishChannelJointly pays a channel out at once: Final is the final balance
// signed by both sides' keys.
type FinishChannelJointly struct {
	ChannelID string        `json:"channelId"`
	Final     dsse.Envelope `json:"final"`
	Lists     []PayerList   `json:"lists,omitempty" metadata:",optional"`
}

// PayerList says what one side's payments were for.
type PayerList struct {
	Payer string                `json:"payer"`
	Items []paychannel.PaidItem `json:"items"`
}

// ItemiseChannel puts on record what one side's payments through a finished
// channel were for.
type ItemiseChannel struct {
	ChannelID string                `json:"channelId"`
	Payer     string                `json:"payer"`
	Items     []paychannel.PaidItem `json:"items"`
}

// ReportContradiction puts on record that the other side has signed two proofs
// that cannot both be true.
type ReportContradiction struct {
	ChannelID string        `json:"channelId"`
	First     dsse.Envelope `json:"first"`
	Second    dsse.Envelope `json:"second"`
}

// ChannelRef names a payment channel.
type ChannelRef struct {
	ChannelID string `json:"channelId"`
}

// ItemListRef names what one side of a channel has paid for.
type ItemListRef struct {
	ChannelID string `json:"channelId"`
	Payer     string `json:"payer"`
}

// ShownProofs are the signed envelopes that one event of a channel rests on:
// evidence that can be shown to anybody.
type ShownProofs struct {
	ChannelID     string          `json:"channelId"`
	Number        uint64          `json:"number"` // of the event
	Envelopes     []dsse.Envelope `json:"envelopes"`
	At            measure.Time    `json:"at"`
	TransactionID string          `json:"transactionId"`
}

// ChannelEventPage is a page of a channel's history.
type ChannelEventPage struct {
	Items []paychannel.ChannelEvent `json:"items"`
	Next  string                    `json:"next"`
}

// ShownProofsPage is a page of the envelopes that a channel's events rest on.
type ShownProofsPage struct {
	Items []ShownProofs `json:"items"`
	Next  string        `json:"next"`
}

// ShipmentPaymentPage is a page of the payments for a shipment through channels.
type ShipmentPaymentPage struct {
	Items []paychannel.ShipmentPayment `json:"items"`
	Next  string                       `json:"next"`
}
